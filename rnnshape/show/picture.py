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

WIDTH = 100
"""The most columns that a picture has: in a page, it is seen at the size of the text around it."""

_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours on one ground, in hex. `colours` are those that have names in a terminal."""

    ground: str
    ink: str
    dim: str
    colours: dict[str, str]


LIGHT = Theme(
    ground="#ffffff",
    ink="#1f2328",
    dim="#59636e",
    colours={
        "red": "#b3261e", "green": "#116329", "yellow": "#7d4e00", "blue": "#0550ae", "magenta": "#8250df",
        "cyan": "#0f6674", "black": "#1f2328", "white": "#59636e",
    },
)  # fmt: skip
DARK = Theme(
    ground="#161b22",
    ink="#dee2e7",
    dim="#9aa4af",
    colours={
        "red": "#ff9b92", "green": "#56d364", "yellow": "#e3b341", "blue": "#79b8ff", "magenta": "#e091f0",
        "cyan": "#56d4dd", "black": "#9aa4af", "white": "#dee2e7",
    },
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text in one look, and the column that it begins in. `colour` is a name, empty for the ink."""

    text: str
    column: int
    colour: str = ""
    bold: bool = False
    dim: bool = False

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
                yield Piece(written, at, _colour(style), bool(style.bold), bool(style.dim))
            column += cell_len(part)


def _colour(style: Style) -> str:
    number = None if style.color is None else style.color.number
    return "" if number is None else _NAMES[number % len(_NAMES)]


def _console() -> Console:
    return Console(
        file=io.StringIO(),
        width=WIDTH,
        height=25,
        color_system="standard",
        force_terminal=True,
        force_jupyter=False,
        force_interactive=False,
        no_color=False,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
