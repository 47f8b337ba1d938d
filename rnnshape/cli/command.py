"""The command: one parameter for each option of the list in `rnnshape.options`, which says everything about it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from rnnshape import catalogue
from rnnshape.cli.helppage import SHORT, Command
from rnnshape.options import ALL, Option, option_of, read_options, typed

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


def _parameter(name: str, option: Option) -> inspect.Parameter:
    """Return Typer's parameter for an option of the list."""
    asks: Any = typer.Option(
        *filter(None, (typed(name), option.short)),
        help=option.sentence,
        metavar=None if option.is_switch else option.metavar,
        autocompletion=_completion(option.choices, several=option.several) if option.choices else None,
        show_default=False,
        rich_help_panel=option.part.value,
    )
    kind: Any = bool if option.is_switch else list[str] | None if option.repeatable else str | None
    unsaid = False if option.is_switch else None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=unsaid, annotation=Annotated[kind, asks])


def _with_all_options(function: Callable[..., int]) -> Callable[..., int]:
    """Give a function that takes `**given` a parameter for each option of the list."""
    own = inspect.signature(function, eval_str=True)
    kept = [one for one in own.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    listed = [_parameter(name, option_of(name)) for name in ALL]
    function.__signature__ = own.replace(parameters=[*kept, *listed])  # type: ignore[attr-defined]  # where Typer looks
    return function


_LAYERS = typer.Argument(metavar="LAYER...", autocompletion=_completion(catalogue.TYPED), show_default=False)


@app.command(cls=Command, help=SHORT)
@_with_all_options
def main(context: typer.Context, layer: Annotated[list[str] | None, _LAYERS] = None, **given: Any) -> int:
    """Answer what is asked, and return the exit status; the context's object is the most that may be asked here."""
    from rnnshape.cli import asking, workers

    workers.check_policy()
    said = {name: value for name, value in given.items() if value not in (None, False, [], ())}
    return asking.answer(layer or [], read_options(said, known=ALL), most=context.obj)


@functools.cache
def command() -> Any:
    """Return the command, which Typer would otherwise build anew each time it is called."""
    return typer.main.get_command(app)
