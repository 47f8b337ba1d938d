"""Answers as an SVG document."""

from __future__ import annotations

from rnnshape.show.answers import table, title
from rnnshape.show.picture import as_svg

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import RenderableType

    from rnnshape.show.formats import Answers


def render(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the picture, by default the table, as an SVG document."""
    return as_svg(shown or table(answers), title(answers))
