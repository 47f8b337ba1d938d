"""Answers as an SVG document: one that follows the reader's light or dark theme, or is made for one of them."""

from __future__ import annotations

import enum
import hashlib
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape

from rich.cells import cell_len
from rich.console import RenderableType

from rnnshape.show import strokes
from rnnshape.show.answers import title
from rnnshape.show.picture import DARK, LIGHT, Piece, Theme, columns, pieces
from rnnshape.show.rows import Answers
from rnnshape.show.strokes import CELL, LINE, Stroke
from rnnshape.show.table import table

_MARGIN = 2 * CELL
_BASELINE = 18
"""How far below the top of its line a text stands."""
_SCALE = 0.7
"""How large a unit of the picture is by itself, in pixels: so its text is as large as that of a page, 14 pixels."""
_FONT = '20px "DejaVu Sans Mono",Menlo,Consolas,"Liberation Mono",monospace'


class Ground(enum.Enum):
    """What a picture is made for: `AUTO` follows the reader's theme, light where the viewer knows of none."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


def render(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the picture, by default the table, as an SVG document."""
    return as_svg(shown or table(answers), title(answers))


def as_svg(shown: RenderableType, title: str, ground: Ground = Ground.AUTO) -> str:
    """Return what is shown as an SVG document; the same text gives the same document."""
    lines = pieces(shown)
    plain = "\n".join(piece.text for line in lines for piece in line)
    # Several pictures may stand in one page: each has a class of its own, which depends on nothing but the picture.
    name = f"rnnshape-{hashlib.sha256(plain.encode('utf-8', 'replace')).hexdigest()[:12]}"
    width, height = columns(lines) * CELL + 2 * _MARGIN, len(lines) * LINE + 2 * _MARGIN
    size = f'viewBox="0 0 {width} {height}" width="{width * _SCALE:.0f}" height="{height * _SCALE:.0f}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="{name}" role="img" {size}>',
            f"<title>{escape(title)}</title>",
            f"<style>\n{_style(name, ground)}\n</style>",
            f'<rect class="ground" width="{width}" height="{height}" rx="10"/>',
            *_grounds(lines),
            *_paths(lines),
            *_texts(lines),
            "</svg>\n",
        ]
    )


def _style(name: str, ground: Ground) -> str:
    rules = [
        f".{name} text{{font:{_FONT};white-space:pre}}",
        f".{name} .b{{font-weight:bold}}",
        f".{name} path{{fill:none;stroke-width:2}}",
        f".{name} path.{Stroke.DOTTED.value}{{stroke-dasharray:3 3}}",
    ]
    rules += _colours(name, DARK if ground is Ground.DARK else LIGHT)
    if ground is Ground.AUTO:
        rules += ["@media (prefers-color-scheme:dark){", *_colours(name, DARK), "}"]
    return "\n".join(rules)


def _colours(name: str, theme: Theme) -> Iterator[str]:
    yield f".{name} .ground{{fill:{theme.ground}}}"
    for one, colour in (("ink", theme.ink), ("dim", theme.dim)):
        yield f".{name} .{one}{{fill:{colour}}}"
        yield f".{name} path.{one}{{fill:none;stroke:{colour}}}"
        yield f".{name} path.{one}.{Stroke.FILLED.value}{{fill:{colour};stroke:none}}"


def _grounds(lines: Sequence[Sequence[Piece]]) -> Iterator[str]:
    """Yield what is behind the pieces that bring a ground with them."""
    for row, line in enumerate(lines):
        for piece in line:
            if piece.ground:
                x, y = _MARGIN + piece.column * CELL, _MARGIN + row * LINE
                # A little wider than its letter, and apart from the line above and the line below.
                place = f'x="{x - 2}" y="{y + 1}" width="{piece.width * CELL + 4}" height="{LINE - 2}"'
                yield f'<rect {place} rx="4" fill="{piece.ground}"/>'


def _paths(lines: Sequence[Sequence[Piece]]) -> Iterator[str]:
    """Yield a path for each look: what is drawn alike, wherever it is."""
    found: dict[tuple[Stroke, str], list[str]] = defaultdict(list)
    for piece, text, x, y, is_drawn in _runs(lines):
        if is_drawn:
            at = x
            for kind, run in itertools.groupby(text, key=strokes.stroke):
                part = "".join(run)
                found[kind, _look(piece)].append(strokes.path(part, at, y))
                at += len(part) * CELL
    for (kind, look), path in found.items():
        yield f'<path class="{look} {kind.value}" d="{"".join(path)}"/>'


def _texts(lines: Sequence[Sequence[Piece]]) -> Iterator[str]:
    for piece, text, x, y, is_drawn in _runs(lines):
        if not is_drawn:
            classes = " ".join(filter(None, ["" if piece.ink else _look(piece), "b" if piece.bold else ""]))
            fill = f' fill="{piece.ink}"' if piece.ink else ""
            # The length is told, so that columns stand where they are in a font that is wider or narrower.
            place = f'x="{x}" y="{y + _BASELINE}" textLength="{cell_len(text) * CELL}"'
            yield f'<text class="{classes}" {place}{fill}>{escape(text)}</text>'


def _runs(lines: Sequence[Sequence[Piece]]) -> Iterator[tuple[Piece, str, int, int, bool]]:
    """Yield what is drawn, and what is written, with the upper left corner of each."""
    for row, line in enumerate(lines):
        for piece in line:
            column = piece.column
            for is_drawn, run in itertools.groupby(piece.text, key=strokes.DRAWN.__contains__):
                text = "".join(run)
                written = text.strip(" ")
                x = _MARGIN + (column + len(text) - len(text.lstrip(" "))) * CELL
                if written:
                    yield piece, written, x, _MARGIN + row * LINE, is_drawn
                column += cell_len(text)


def _look(piece: Piece) -> str:
    return "dim" if piece.dim else "ink"
