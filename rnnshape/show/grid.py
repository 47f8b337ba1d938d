"""Rows and columns that fit: as many columns as there is room for, the rest of a row on lines of its own below it.

No cell is ever cut. Where nothing limits the width, every row is one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from rnnshape.show.console import NATURAL_WIDTH, safe
from rnnshape.show.fold import prose

Span = tuple[str, str]
"""A piece of text and its style."""

_GAP = 2
_NARROWEST = 20
"""A column of words that is narrower than this reads worse than the same words on a line of their own."""


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to write on."""

    width: int
    encoding: str

    @property
    def is_natural(self) -> bool:
        """Whether nothing limits the width: a pipe or a file."""
        return self.width >= NATURAL_WIDTH

    def safe(self, text: str) -> str:
        """Return the text as it can be written here."""
        return safe(text, self.encoding)


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a row: what stands in its column, and what stands on a line of its own, without a heading."""

    lines: tuple[Span, ...]
    alone: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the mark in front, pieced together from spans, and a cell for each heading."""

    mark: tuple[Span, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A layout: the first `len(widths)` fields stand in columns, the others below their row."""

    headings: tuple[str, ...]
    widths: tuple[int, ...]
    mark_width: int
    look: Look

    @property
    def width(self) -> int:
        """How wide the columns are together."""
        return _total(self.mark_width, self.widths)


def plain(text: str, style: str = "") -> Cell:
    """Return a cell that says the same in a column and on a line of its own."""
    return Cell(((text, style),), ((text, style),)) if text else Cell((), ())


def layout(headings: Sequence[str], rows: Sequence[Row], look: Look, *, wraps: int | None = None) -> Grid:
    """Return the grid with the most columns that fit; the column number `wraps` may wrap to help the last one in."""
    mark_width = max((sum(cell_len(text) for text, _ in row.mark) for row in rows), default=0)
    natural = [
        max(cell_len(heading), *(_cell_width(row.cells[at], look) for row in rows))
        for at, heading in enumerate(headings)
    ]
    spare = look.width - _total(mark_width, natural)
    if wraps is not None and spare < 0 and natural[wraps] + spare >= _NARROWEST:
        natural[wraps] += spare
    count = len(natural)
    while count > 1 and _total(mark_width, natural[:count]) > look.width:
        count -= 1
    return Grid(tuple(headings), tuple(natural[:count]), mark_width, look)


def head(grid: Grid) -> list[Text]:
    """Return the headings and the rule below them."""
    cells = [[Text(heading, "dim")] for heading in grid.headings[: len(grid.widths)]]
    wide = max(grid.width, 1)
    return [*_beside(Text(""), cells, grid), Text(grid.look.safe("─") * min(wide, grid.look.width), "dim")]


def body(row: Row, grid: Grid) -> list[Text]:
    """Return the lines of one row."""
    look = grid.look
    columns = [_column(cell, width, look) for cell, width in zip(row.cells, grid.widths, strict=False)]
    lines = _beside(Text.assemble(*row.mark), columns, grid)
    indent = " " * (grid.mark_width + _GAP + 2 if grid.mark_width else 2)
    for cell in row.cells[len(grid.widths) :]:
        for text, style in cell.alone:
            lines += [Text(indent + line, style) for line in prose(text, look.width - len(indent), "  ")]
    return [clip for line in lines for clip in _within(line, look)]


def _total(mark_width: int, widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1) + (mark_width + _GAP if mark_width else 0)


def _cell_width(cell: Cell, look: Look) -> int:
    if look.is_natural:
        return sum(cell_len(text) for text, _ in cell.lines) + 2 * max(len(cell.lines) - 1, 0)
    return max((cell_len(text) for text, _ in cell.lines), default=0)


def _column(cell: Cell, width: int, look: Look) -> list[Text]:
    if look.is_natural:
        return [Text("; ").join(Text(text, style) for text, style in cell.lines)]
    return [Text(line, style) for text, style in cell.lines for line in prose(text, width)]


def _beside(mark: Text, columns: Sequence[list[Text]], grid: Grid) -> list[Text]:
    """Return the columns side by side, without spaces at the ends of the lines."""
    lines = []
    for at in range(max(1, *map(len, columns))):
        line, filled = Text(), 0
        start = 0
        parts = [(mark if at == 0 else Text(), grid.mark_width)] if grid.mark_width else []
        parts += [
            (cell[at] if at < len(cell) else Text(), width) for cell, width in zip(columns, grid.widths, strict=True)
        ]
        for part, width in parts:
            if part.plain:
                line.append(" " * (start - filled)).append_text(part)
                filled = start + part.cell_len
            start += width + _GAP
        lines.append(line)
    return lines


def _within(line: Text, look: Look) -> list[Text]:
    """Return the line, broken at its width if even one name is wider than the screen."""
    if line.cell_len <= look.width:
        return [line]
    style = line.spans[0].style if line.spans else line.style
    return [Text(part, style) for part in prose(line.plain, look.width)]
