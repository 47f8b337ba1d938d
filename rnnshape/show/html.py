"""Answers as an HTML document."""

from __future__ import annotations

from rnnshape.show.answers import table, title
from rnnshape.show.picture import as_html

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import RenderableType

    from rnnshape.show.formats import Answers


def render(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the picture, by default the table, as an HTML document."""
    return as_html(shown or table(answers), title(answers))
