"""The command and its options, each declared once: spelling, values, words of the help, completion."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnshape import __version__, catalogue
from rnnshape.cli import answering, workers
from rnnshape.cli.helppage import Command
from rnnshape.cli.workers import Wish
from rnnshape.errors import InvalidQuery
from rnnshape.mask import FORMS as MASK_FORMS
from rnnshape.query import InitialState, MergeMode

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rnnshape.cli.answering import Answer
    from rnnshape.request import Request

app = typer.Typer(
    add_completion=False,  # see `scripts`
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _complete(words: Sequence[str], *, several: bool = False) -> Callable[[str], list[str]]:
    """Return the completion of an option whose value is one of these words, or several of them with commas between."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",") if several else ("", "", incomplete)
        given = before.split(",")
        return [f"{before}{comma}{word}" for word in words if word.startswith(last) and word not in given]

    return complete


def _print_version(ctx: typer.Context, wanted: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if wanted and not ctx.resilient_parsing:
        answering.write(f"rnnshape {__version__}\n")
        raise typer.Exit


MANY = 1_000_000
"""Queries that are not run before --yes is given."""

_LAYER = "The layer"
_INPUT = "Its input"
_CALL = "How it is called"
_SHOW = "What is shown"
_HELP_PANEL = "Help"

_Words = str | None


def _asks(
    panel: str,
    *names: str,
    say: str,
    values: str | Sequence[str] | None = None,
    several: bool = False,
    default: str = "",
) -> Any:
    """Declare an option: its spellings, what it says in the help, its values (or their name), its default in words.

    `several` of its values may be given, with commas between; of numbers, `N,…` says so.
    """
    choices = None if values is None or isinstance(values, str) else values
    return typer.Option(
        *names,
        help=f"{say} Default: {default}." if default else say,
        metavar="|".join(choices) if choices else None if values is None else str(values),
        autocompletion=None if choices is None else _complete(choices, several=several),
        show_default=False,
        rich_help_panel=panel,
    )


_HELP = f"""Run Keras recurrent layers; show every tensor that comes back, and which of them are equal.

\b
LAYER is one of
  {" ".join(catalogue.TYPED)}
or a Keras expression, which carries its own constructor arguments, such as
  "Bidirectional(LSTM(4), merge_mode='sum')"
or - to read layers from standard input, one a line.

Where a size takes several values, every combination is run."""


@app.command(cls=Command, help=_HELP, epilog="For example:  rnnshape gru --units 4 --return-state")
def main(  # noqa: PLR0913
    ctx: typer.Context,
    layer: Annotated[
        list[str] | None,
        typer.Argument(metavar="LAYER...", autocompletion=_complete(catalogue.TYPED), show_default=False),
    ] = None,
    units: Annotated[
        _Words, _asks(_LAYER, "--units", "-u", say="Units (filters of a ConvLSTM).", values="N,…", default="4")
    ] = None,
    return_sequences: Annotated[
        bool, _asks(_LAYER, "--return-sequences", say="Return every timestep's output.")
    ] = False,
    return_state: Annotated[bool, _asks(_LAYER, "--return-state", say="Return the final states, too.")] = False,
    go_backwards: Annotated[
        bool, _asks(_LAYER, "--go-backwards", say="Run from the last timestep to the first.")
    ] = False,
    stateful: Annotated[bool, _asks(_LAYER, "--stateful", say="Keep the states for the next batch.")] = False,
    unroll: Annotated[bool, _asks(_LAYER, "--unroll", say="Lay the timesteps out instead of looping.")] = False,
    zero_output_for_mask: Annotated[
        bool, _asks(_LAYER, "--zero-output-for-mask", say="Output zeros at masked timesteps.")
    ] = False,
    bidirectional: Annotated[bool, _asks(_LAYER, "--bidirectional", say="Wrap it in Bidirectional.")] = False,
    merge_mode: Annotated[
        _Words,
        _asks(
            _LAYER,
            "--merge-mode",
            say="How Bidirectional merges its two outputs.",
            values=[mode.value for mode in MergeMode],
            several=True,
            default="concat",
        ),
    ] = None,
    all_flags: Annotated[
        bool,
        _asks(_LAYER, "--all-flags", say="Every combination of return_sequences and return_state, with equal weights."),
    ] = False,
    kernel_size: Annotated[
        _Words, _asks(_LAYER, "--kernel-size", say="Of a ConvLSTM.", values="N,…", default="3")
    ] = None,
    strides: Annotated[_Words, _asks(_LAYER, "--strides", say="Of a ConvLSTM.", values="N,…", default="1")] = None,
    padding: Annotated[
        _Words,
        _asks(_LAYER, "--padding", say="Of a ConvLSTM.", values=("valid", "same"), several=True, default="valid"),
    ] = None,
    dilation_rate: Annotated[
        _Words, _asks(_LAYER, "--dilation-rate", say="Of a ConvLSTM.", values="N,…", default="1")
    ] = None,
    set_: Annotated[
        list[str] | None,
        _asks(_LAYER, "--set", say="Any other constructor argument; repeatable.", values="NAME=VALUE"),
    ] = None,
    batch: Annotated[
        _Words, _asks(_INPUT, "--batch", "-b", say="Batch size, or none.", values="N,…", default="32")
    ] = None,
    time: Annotated[
        _Words, _asks(_INPUT, "--time", "-t", say="Timesteps, or none.", values="N,…", default="10")
    ] = None,
    features: Annotated[
        _Words, _asks(_INPUT, "--features", "-f", say="Features (channels).", values="N,…", default="8")
    ] = None,
    space: Annotated[
        list[str] | None,
        _asks(_INPUT, "--space", say="Rows,cols,… of a ConvLSTM's input.", values="N,…", default="8 per axis"),
    ] = None,
    input_: Annotated[
        list[str] | None,
        _asks(_INPUT, "--input", say="The whole input shape at once, such as 32,10,8.", values="N,N,…"),
    ] = None,
    mask: Annotated[_Words, _asks(_CALL, "--mask", say=f"{MASK_FORMS}.", values="MASK")] = None,
    initial_state: Annotated[
        _Words,
        _asks(
            _CALL,
            "--initial-state",
            say="Start from these states instead of the layer's own.",
            values=[state.value for state in InitialState],
        ),
    ] = None,
    training: Annotated[bool, _asks(_CALL, "--training", say="Call it with training=True.")] = False,
    into: Annotated[
        _Words,
        _asks(
            _CALL, "--into", say="Do the states fit this layer's initial_state? What makes them?", values="EXPRESSION"
        ),
    ] = None,
    seed: Annotated[
        _Words, _asks(_CALL, "--seed", say="Of the random weights and inputs.", values="N", default="0")
    ] = None,
    json: Annotated[bool, _asks(_SHOW, "--json", say="One JSON document per query, one a line.")] = False,
    code: Annotated[bool, _asks(_SHOW, "--code", say="A Python script that does the same.")] = False,
    diagram: Annotated[bool, _asks(_SHOW, "--diagram", say="The layer unrolled over time.")] = False,
    explain: Annotated[bool, _asks(_SHOW, "--explain", say="The answer in sentences, too; and in PyTorch.")] = False,
    weights: Annotated[bool, _asks(_SHOW, "--weights", say="What each weight is, and why there are so many.")] = False,
    every_state: Annotated[
        bool, _asks(_SHOW, "--every-state", say="The states after every timestep, too: by stepping the cell.")
    ] = False,
    measure: Annotated[
        bool, _asks(_SHOW, "--measure", say="Time a forward call of each layer, relative to the fastest.")
    ] = False,
    save: Annotated[
        _Words, _asks(_SHOW, "--save", say="Write it to a file: .svg .html .txt .md .csv .json.", values="FILE")
    ] = None,
    strict: Annotated[
        bool, _asks(_SHOW, "--strict", say="Exit 1 if declared shapes are not the real ones, or --into does not fit.")
    ] = False,
    quiet: Annotated[bool, _asks(_SHOW, "--quiet", "-q", say="No table; the exit status tells.")] = False,
    jobs: Annotated[
        _Words,
        _asks(_SHOW, "--jobs", "-j", say="Processes that share many queries.", values="N", default="one per core"),
    ] = None,
    yes: Annotated[bool, _asks(_SHOW, "--yes", say="Run more than a million queries.")] = False,
    worker: Annotated[
        _Words,
        _asks(
            _SHOW, "--worker", say="Tell about the warm interpreter, or end it.", values=[wish.value for wish in Wish]
        ),
    ] = None,
    debug: Annotated[bool, _asks(_SHOW, "--debug", say="Show tracebacks and TensorFlow's log on errors.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="The version.", callback=_print_version, is_eager=True, rich_help_panel=_SHOW),
    ] = False,
    install_completion: Annotated[
        bool, _asks(_HELP_PANEL, "--install-completion", say="Install completion for the current shell.")
    ] = False,
    show_completion: Annotated[
        bool,
        _asks(_HELP_PANEL, "--show-completion", say="Show the script that does it, to put it where you want it."),
    ] = False,
) -> int:
    """Answer the queries that the options make, in the form that they choose; return the exit status."""
    workers.check_policy()
    if worker is not None:
        return workers.answer(worker, json=json)
    if install_completion or show_completion:
        return _complete_shell(install=install_completion)
    if sum((json, code, diagram)) > 1:
        raise InvalidQuery("--json, --code and --diagram are three ways to show an answer: choose one.")
    given = {name.rstrip("_"): value for name, value in ctx.params.items()}
    return _answer(_request(layer or [], given, yes=yes), given)


def _complete_shell(*, install: bool) -> int:
    """Install or show the completion script of the shell around us."""
    from rnnshape.cli import scripts

    shell = scripts.shell_around()
    if install:
        answering.write(f"{shell} completion is in {scripts.install(shell)}; it begins with the next {shell}.\n")
    else:
        answering.write(scripts.script(shell))
    return 0


def _request(layers: Sequence[str], given: Mapping[str, Any], *, yes: bool) -> Request:
    """Return what is asked for; everything that can be wrong with it is found before Keras is imported."""
    from rnnshape.cli.words import words_of
    from rnnshape.options import NAMES, read_options
    from rnnshape.request import request

    raw = {name: given[name] for name in NAMES if given[name] not in (None, False, [], ())}
    asked = request(words_of(layers), read_options(raw), most=None if yes else MANY)
    if given["save"] is not None:
        from rnnshape.show.save import check_path

        check_path(given["save"])
    return asked


def _answer(asked: Request, given: Mapping[str, Any]) -> int:
    """Answer the queries and show the answers as was asked for; return the exit status."""
    from rnnshape.cli.words import read_jobs

    answers: Iterable[Answer] = answering.answers_to(asked, jobs=read_jobs(given["jobs"]), measure=given["measure"])
    if len(asked) > 1 and not given["quiet"] and answering.is_terminal(sys.stderr):
        from rnnshape.show.progress import with_progress

        answers = with_progress(answers, asked.total)
    if given["explain"]:
        answers = answering.explained(answers)
    picture = _diagram if given["diagram"] else _table
    if given["json"]:
        answers = answering.print_json(answers, pretty=asked.total == 1)
    elif given["code"]:
        answers = answering.print_code(answers)
    elif not given["quiet"]:
        answers = answering.print_picture(answers, picture)
    if given["save"] is not None:
        answers = answering.saved(answers, given["save"], picture)
    return answering.exit_status(answers, strict=given["strict"])


def _table(answers: Sequence[Answer]) -> RenderableType:
    from rnnshape.show.table import table

    return table(answers)


def _diagram(answers: Sequence[Answer]) -> RenderableType:
    from rnnshape.show.diagram import diagram

    return diagram(answers)


@functools.cache
def command() -> Any:
    """Return the command, which Typer would otherwise build anew each time it is called."""
    return typer.main.get_command(app)
