"""The command: its options, and what it does with them.

What is asked of a layer comes from the one list of `rnnshape.options`; what only the command line has, such as the
form in which the answers are shown, is declared here.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnshape import __version__, catalogue
from rnnshape.cli import answering, workers
from rnnshape.cli.helppage import Command
from rnnshape.cli.workers import Wish
from rnnshape.errors import InvalidQuery
from rnnshape.options import NAMES, Option, Part, option_of, typed

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rnnshape.cli.answering import Answer
    from rnnshape.options import Options
    from rnnshape.programs import Source
    from rnnshape.request import Request

MANY = 1_000_000
"""Queries that are not run before --yes is given."""

app = typer.Typer(
    add_completion=False,  # see `scripts`
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _completion(words: Sequence[str], *, several: bool = False) -> Callable[[str], list[str]]:
    """Return the completion of an option whose value is one of these words, or several of them with commas between."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",") if several else ("", "", incomplete)
        given = before.split(",")
        return [f"{before}{comma}{word}" for word in words if word.startswith(last) and word not in given]

    return complete


def _option(
    *spellings: str,
    say: str,
    panel: str = Part.SHOWN.value,
    values: str | None = None,
    choices: Sequence[str] = (),
    several: bool = False,
    default: object = None,
) -> Any:
    """Return Typer's option for these words of ours; they mean what they mean in `rnnshape.options.Option`."""
    return typer.Option(
        *spellings,
        help=say if default is None else f"{say} Default: {default}.",
        metavar="|".join(choices) or values,
        autocompletion=_completion(choices, several=several) if choices else None,
        show_default=False,
        rich_help_panel=panel,
    )


def _listed(name: str, option: Option) -> inspect.Parameter:
    """Return the parameter for one of the options that are listed."""
    asks = _option(
        *filter(None, (typed(name), option.short)),
        say=option.say,
        panel=option.part.value,
        values=option.values,
        choices=option.choices,
        several=option.several,
        default=option.default,
    )
    has_value = bool(option.values or option.choices)
    kind: Any = bool if not has_value else list[str] | None if option.repeatable else str | None
    unsaid = None if has_value else False
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=unsaid, annotation=Annotated[kind, asks])


def _with_the_listed(function: Callable[..., int]) -> Callable[..., int]:
    """Give a function that takes `**asked` a parameter for each of the options that are listed."""
    own = inspect.signature(function, eval_str=True)
    parameters = [one for one in own.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    at = sum(one.kind is not inspect.Parameter.KEYWORD_ONLY for one in parameters)
    parameters[at:at] = [_listed(name, option_of(name)) for name in NAMES]
    function.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]  # where Typer looks
    return function


def _print_version(ctx: typer.Context, wanted: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if wanted and not ctx.resilient_parsing:
        answering.write(f"rnnshape {__version__}\n")
        raise typer.Exit


_HELP = f"""Run Keras recurrent layers; show every tensor that comes back, and which of them are equal.

\b
LAYER is one of
  {" ".join(catalogue.TYPED)}
or a Keras expression, which carries its own constructor arguments, such as
  "Bidirectional(LSTM(4), merge_mode='sum')"
or Keras code, which is read and not executed, such as
  "x = LSTM(4)(inputs)", snippet.py, notebook.ipynb
or - to read code, or layers one a line, from standard input.

Where a size takes several values, every combination is run."""

_LAYERS = typer.Argument(metavar="LAYER...", autocompletion=_completion(catalogue.TYPED), show_default=False)
_VERSION = typer.Option(
    "--version", help="The version.", callback=_print_version, is_eager=True, rich_help_panel=Part.SHOWN.value
)
_HELP_PANEL = "Help"


@app.command(cls=Command, help=_HELP, epilog="For example:  rnnshape gru --units 4 --return-state")
@_with_the_listed
def main(  # noqa: PLR0913
    layer: Annotated[list[str] | None, _LAYERS] = None,
    *,
    json: Annotated[bool, _option("--json", say="One JSON document per query, one a line.")] = False,
    code: Annotated[bool, _option("--code", say="A Python script that does the same.")] = False,
    diagram: Annotated[bool, _option("--diagram", say="The layer unrolled over time.")] = False,
    explain: Annotated[bool, _option("--explain", say="The answer in sentences, too; and in PyTorch.")] = False,
    measure: Annotated[
        bool, _option("--measure", say="Time a forward call of each layer, relative to the fastest.")
    ] = False,
    save: Annotated[
        str | None, _option("--save", say="Write it to a file: .svg .html .txt .md .csv .json.", values="FILE")
    ] = None,
    strict: Annotated[
        bool, _option("--strict", say="Exit 1 if declared shapes are not the real ones, or --into does not fit.")
    ] = False,
    quiet: Annotated[bool, _option("--quiet", "-q", say="No table; the exit status tells.")] = False,
    jobs: Annotated[
        str | None,
        _option("--jobs", "-j", say="Processes that share many queries.", values="N", default="one per core"),
    ] = None,
    yes: Annotated[bool, _option("--yes", say=f"Run more than {MANY:,} queries.")] = False,
    worker: Annotated[
        str | None,
        _option("--worker", say="Tell about the warm interpreter, or end it.", choices=[wish.value for wish in Wish]),
    ] = None,
    debug: Annotated[bool, _option("--debug", say="Show tracebacks and TensorFlow's log on errors.")] = False,
    version: Annotated[bool, _VERSION] = False,
    install_completion: Annotated[
        bool,
        _option(
            "--install-completion",
            say="Install completion for this shell, or bash|zsh|fish|powershell.",
            panel=_HELP_PANEL,
        ),
    ] = False,
    show_completion: Annotated[
        bool,
        _option("--show-completion", say="Show the script that does it, of this shell or that one.", panel=_HELP_PANEL),
    ] = False,
    **asked: Any,
) -> int:
    """Answer the queries that the options make, in the form that they choose; return the exit status."""
    workers.check_policy()
    if worker is not None:
        return workers.answer(worker, json=json)
    if install_completion or show_completion:
        return _complete_shell(layer or [], install=install_completion)
    if sum((json, code, diagram)) > 1:
        raise InvalidQuery("--json, --code and --diagram are three ways to show an answer: choose one.")
    from rnnshape.cli.words import parts_of

    parts = parts_of(layer or [])
    words = [part for part in parts if isinstance(part, str)]
    if len(words) < len(parts):
        answers = _with_code(parts, asked, save=save, with_script=code)
        total = len(parts)
    else:
        queries = _request(words, asked, save=save, most=None if yes else MANY)
        answers, total = _answers(queries, jobs=jobs, measure=measure, with_progress=not quiet), queries.total
    if explain:
        answers = answering.explained(answers)
    picture = _diagram if diagram else _table
    if json:
        answers = answering.print_json(answers, pretty=total == 1)
    elif code:
        answers = answering.print_code(answers)
    elif not quiet:
        answers = answering.print_picture(answers, picture)
    if save is not None:
        answers = answering.saved(answers, save, picture)
    return answering.exit_status(answers, strict=strict, says_errors=quiet and not (json or code))


def _complete_shell(words: Sequence[str], *, install: bool) -> int:
    """Install or show the completion script of the shell that is named, or of the one around us."""
    from rnnshape.cli import scripts

    shell = scripts.named(words)
    if install:
        answering.write(f"{shell} completion is in {scripts.install(shell)}; it begins with the next {shell}.\n")
    else:
        answering.write(scripts.script(shell))
    return 0


def _request(layers: Sequence[str], given: Mapping[str, Any], *, save: str | None, most: int | None) -> Request:
    """Return what is asked for; everything that can be wrong with it is found before Keras is imported."""
    from rnnshape.options import for_layers
    from rnnshape.request import request

    options = _options(given)
    for_layers(options)
    asked = request(layers, options, most=most)
    _check_save(save)
    return asked


def _options(given: Mapping[str, Any]) -> Options:
    from rnnshape.options import read_options

    return read_options({name: value for name, value in given.items() if value not in (None, False, [], ())})


def _check_save(save: str | None) -> None:
    if save is not None:
        from rnnshape.show.save import check_path

        check_path(save)


def _with_code(
    parts: Sequence[Source | str], given: Mapping[str, Any], *, save: str | None, with_script: bool
) -> Iterable[Answer]:
    """Return the answers to words of which some are code; what can be wrong with the words is found first."""
    from rnnshape.options import for_code
    from rnnshape.programs import read_lets

    options = _options(given)
    if not any(isinstance(part, str) for part in parts):
        for_code(options)
    lets = read_lets(dict(options.let or ()))
    _check_save(save)
    if options.mask is not None and (with_script or options.run):
        message = f"--mask goes with code that is read and shown, not with {'--code' if with_script else '--run'}."
        raise InvalidQuery(message, hint="Leave --mask out.")
    return answering.answers_with_code(parts, options, lets, with_script=with_script)


def _answers(asked: Request, *, jobs: str | None, measure: bool, with_progress: bool) -> Iterable[Answer]:
    """Return the answers as they come; of many, a person sees how far they are."""
    from rnnshape.cli.words import read_jobs

    answers: Iterable[Answer] = answering.answers_to(asked, jobs=read_jobs(jobs), measure=measure)
    if len(asked) > 1 and with_progress and answering.is_terminal(sys.stderr):
        from rnnshape.show import progress

        answers = progress.with_progress(answers, asked.total)
    return answers


def _table(answers: Sequence[Answer]) -> RenderableType:
    from rnnshape.show.answers import table

    return table(answers)


def _diagram(answers: Sequence[Answer]) -> RenderableType:
    from rnnshape.show.answers import diagram

    return diagram(answers)


@functools.cache
def command() -> Any:
    """Return the command, which Typer would otherwise build anew each time it is called."""
    return typer.main.get_command(app)
