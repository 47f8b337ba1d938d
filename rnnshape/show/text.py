"""What a pipe would get, as a form: plain text, neither cut nor wrapped."""

from __future__ import annotations

from rnnshape.show.answers import table
from rnnshape.show.console import as_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import RenderableType

    from rnnshape.show.formats import Answers


def render(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the picture, by default the table, as plain text."""
    return as_text(shown or table(answers)) + "\n"
