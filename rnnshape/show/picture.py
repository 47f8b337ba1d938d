"""What a terminal shows, as pieces of text in their places, for pictures of it; and the colours that those have."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style

from rnnshape.show.console import DECIDED

WIDTH = 100
"""The most columns that a picture has: in a page, it is seen at the size of the text around it."""


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours on one ground, in hex: of text, and of what matters less."""

    ground: str
    ink: str
    dim: str


LIGHT = Theme(ground="#ffffff", ink="#1f2328", dim="#59636e")
DARK = Theme(ground="#161b22", ink="#dee2e7", dim="#9aa4af")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text in one look, and the column that it begins in.

    `ink` and `ground` are its own colours, in hex, if it brings some with it: they are the same in every theme.
    """

    text: str
    column: int
    bold: bool = False
    dim: bool = False
    ink: str = ""
    ground: str = ""

    @property
    def width(self) -> int:
        """How many columns it takes."""
        return cell_len(self.text)


def pieces(shown: RenderableType) -> list[list[Piece]]:
    """Return what is shown line by line; a gap of two spaces or more parts two pieces."""
    console = _console()
    natural = max(map(Segment.get_line_length, _lines(console, shown, WIDTH)), default=0)
    return [list(_in_places(line)) for line in _lines(console, shown, max(natural, 1))]


def columns(lines: list[list[Piece]]) -> int:
    """Return how many columns the longest line has."""
    return max((line[-1].column + line[-1].width for line in lines if line), default=0)


def _lines(console: Console, shown: RenderableType, width: int) -> list[list[Segment]]:
    found = console.render_lines(shown, console.options.update(width=width), pad=False)
    while found and not _is_written(found[-1]):
        found.pop()
    return found


def _is_written(line: list[Segment]) -> bool:
    return any(segment.text.strip() for segment in line)


def _in_places(line: list[Segment]) -> Iterator[Piece]:
    column = 0
    for style, run in itertools.groupby(line, key=lambda segment: segment.style or Style.null()):
        text = "".join(segment.text for segment in run if not segment.control)
        for part in re.split("( {2,})", text):
            written = part.strip(" ")
            if written:
                at = column + len(part) - len(part.lstrip(" "))
                yield Piece(written, at, bool(style.bold), bool(style.dim), *colours(style))
            column += cell_len(part)


def colours(style: Style | str) -> tuple[str, str]:
    """Return the colours of letters and of their ground, in hex; empty ones where they have no ground of their own."""
    found = Style.parse(style) if isinstance(style, str) else style
    if found.bgcolor is None or found.bgcolor.is_default or found.color is None:
        return "", ""
    return found.color.get_truecolor().hex, found.bgcolor.get_truecolor().hex


def _console() -> Console:
    return Console(
        file=io.StringIO(),
        width=WIDTH,
        height=25,
        color_system="256",
        force_terminal=True,
        _environ={},
        **DECIDED,
    )
