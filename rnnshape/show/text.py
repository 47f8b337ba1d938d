"""What a pipe would get, as a form: plain text, neither cut nor wrapped."""

from __future__ import annotations

from rich.console import RenderableType

from rnnshape.show.console import as_text
from rnnshape.show.rows import Answers
from rnnshape.show.table import table


def render(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the picture, by default the table, as plain text."""
    return as_text(shown or table(answers)) + "\n"
