"""Answers as HTML: a whole page, or the piece of one that a notebook shows. Both follow the reader's theme."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from rnnshape.show.answers import table, title
from rnnshape.show.picture import Piece, pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import RenderableType

    from rnnshape.show.formats import Answers

# Colours are mixed with the colour of the text around them, which is dark on a light ground and light on a dark one:
# so they can be read in any theme, and nobody has to be asked which one it is.
_STYLE = """\
.rnnshape { overflow-x: auto; text-align: start; }
.rnnshape pre { margin: 0; font: 14px/1.1 "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace; \
color: inherit; background: transparent; }
.rnnshape .dim { color: color-mix(in srgb, currentColor 70%, transparent); }
"""
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 1.5em; font-family: system-ui, sans-serif; color: CanvasText; background: Canvas; }}
{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def render(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the picture, by default the table, as an HTML page."""
    return _PAGE.format(title=escape(title(answers)), style=_STYLE, body=_picture(shown or table(answers)))


def fragment(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the same as a piece of a page that styles nothing but itself: what a notebook shows."""
    return f"<style>\n{_STYLE}</style>\n{_picture(shown or table(answers))}"


def _picture(shown: RenderableType) -> str:
    text = "\n".join(_line(line) for line in pieces(shown))
    # Whoever has no mouse can scroll only what can have the focus.
    return f'<div class="rnnshape" tabindex="0"><pre>{text}</pre></div>'


def _line(line: Sequence[Piece]) -> str:
    return "".join(_spans(line))


def _spans(line: Sequence[Piece]) -> Iterator[str]:
    at = 0
    for piece in line:
        yield " " * (piece.column - at)
        look = f'style="color:{piece.ink};background:{piece.ground}"' if piece.ground else 'class="dim"' * piece.dim
        text = f"<span {look}>{escape(piece.text)}</span>" if look else escape(piece.text)
        yield f"<b>{text}</b>" if piece.bold else text
        at = piece.column + piece.width
