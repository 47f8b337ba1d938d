"""An error -> what a person reads of it: what was wrong, and what to type instead."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

from rnnshape.errors import RnnshapeError
from rnnshape.show.look import Look
from rnnshape.show.rows import Tone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult


def error_text(error: RnnshapeError) -> RenderableType:
    """Return the error's message and hint."""
    return _Error(error)


@dataclass(frozen=True, slots=True)
class _Error:
    error: RnnshapeError

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        look = Look.of(console, options)
        yield Text.assemble(("error:", look.alarm), f" {self.error.message}")
        if self.error.hint:
            yield Text.assemble((" hint:", look.tone(Tone.STRONG)), f" {self.error.hint}")
