"""Rows and columns that fit: as many columns as there is room for, the rest of a row on lines of its own below it.

No cell is ever cut. Where nothing limits the width, every row is one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from rnnshape.show.fold import prose
from rnnshape.show.look import Look

Span = tuple[str, str]
"""A piece of text and its style."""

NARROWEST = 20
"""A column of words that is narrower than this reads worse than the same words on a line of their own."""


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column, and how the column stands: `gap` cells behind the one before, numbers at the right.

    `stays`: it is never moved below its row.
    """

    text: str
    gap: int = 2
    right: bool = False
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a row: what stands in its column, and what stands on a line of its own where that has no room."""

    spans: tuple[Span, ...]
    below: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A layout: the first `len(widths)` fields stand in columns, the others below their row, from `indent` on."""

    headings: tuple[Heading, ...]
    widths: tuple[int, ...]
    indent: int
    look: Look

    @property
    def width(self) -> int:
        """How wide the columns are together."""
        return total(self.headings, self.widths)


def width(spans: Iterable[Span]) -> int:
    """Return how many cells these pieces take."""
    return sum(cell_len(text) for text, _ in spans)


def plain(text: str, style: str = "") -> Cell:
    """Return a cell that says the same in a column and on a line of its own."""
    return spans((text, style)) if text else Cell((), ())


def spans(*some: Span) -> Cell:
    """Return a cell that says the same in a column and on a line of its own, pieced together."""
    return Cell(some, some)


def only_in_column(text: str, style: str = "") -> Cell:
    """Return a cell that is left out where its column does not fit."""
    return Cell(((text, style),) if text else (), ())


def natural(headings: Sequence[Heading], rows: Iterable[Sequence[Cell]]) -> tuple[int, ...]:
    """Return the widths that all columns have where nothing limits them; a column without any cell has none."""
    widths = [0] * len(headings)
    for row in rows:
        for at, cell in enumerate(row):
            if cell.spans:
                widths[at] = max(widths[at], width(cell.spans))
    heads = [cell_len(heading.text) for heading in headings]
    return tuple(max(head, wide) if wide else 0 for head, wide in zip(heads, widths, strict=True))


def total(headings: Sequence[Heading], widths: Sequence[int]) -> int:
    """Return how wide these columns are together; the gap in front of the first one counts."""
    return sum(heading.gap + wide for heading, wide in zip(headings, widths, strict=False) if wide)


def layout(headings: Sequence[Heading], widths: Sequence[int], look: Look, *, wraps: int = -1, indent: int = 2) -> Grid:
    """Return the grid with the most columns that fit; the column number `wraps` may wrap to help the last ones in.

    What has no column stands below its row, `indent` cells from the left.
    """
    kept = list(widths)
    spare = look.width - total(headings, kept)
    if wraps >= 0 and spare < 0 and kept[wraps] + spare >= NARROWEST:
        kept[wraps] += spare
    count = len(kept)
    while count > 1 and not headings[count - 1].stays and total(headings, kept[:count]) > look.width:
        count -= 1
    return Grid(tuple(headings), tuple(kept[:count]), indent, look)


def head(grid: Grid) -> list[Text]:
    """Return the line of headings; none where no column has one."""
    cells = [[Text(heading.text, grid.look.quiet)] for heading in grid.headings[: len(grid.widths)]]
    return [line for line in _beside(cells, grid) if line.plain]


def body(row: Sequence[Cell], grid: Grid) -> list[Text]:
    """Return the lines of one row."""
    look = grid.look
    lines = _beside([_column(cell, wide, look) for cell, wide in zip(row, grid.widths, strict=False)], grid)
    lines += _below([cell for cell in row[len(grid.widths) :] if cell.below], grid)
    return [clip for line in lines for clip in within(line, look)]


def _below(cells: Sequence[Cell], grid: Grid) -> list[Text]:
    """Return what has no column: on one line where it fits, else each cell on lines of its own."""
    indent = " " * min(grid.indent, max(grid.look.width - NARROWEST, 2))
    room = grid.look.width - len(indent)
    whole = Text("  ").join(Text.assemble(*cell.below) for cell in cells)
    if whole.cell_len <= room:
        return [Text(indent) + whole] if cells else []
    said = [("".join(text for text, _ in cell.below), cell.below[0][1]) for cell in cells]
    return [Text(indent + line, style) for text, style in said for line in prose(text, room, "  ")]


def _column(cell: Cell, wide: int, look: Look) -> list[Text]:
    if look.is_natural or width(cell.spans) <= wide:
        return [Text.assemble(*cell.spans)] if cell.spans else []
    style = cell.spans[0][1]
    return [Text(line, style) for line in prose("".join(text for text, _ in cell.spans), wide)]


def _beside(columns: Sequence[list[Text]], grid: Grid) -> list[Text]:
    """Return the columns side by side, without spaces at the ends of the lines."""
    lines = []
    for at in range(max(1, *map(len, columns))):
        line, filled, start = Text(), 0, 0
        for cell, heading, wide in zip(columns, grid.headings, grid.widths, strict=False):
            if not wide:
                continue
            start += heading.gap
            if at < len(cell) and cell[at].plain:
                part = cell[at]
                shift = wide - part.cell_len if heading.right else 0
                line.append(" " * (start + shift - filled)).append_text(part)
                filled = start + shift + part.cell_len
            start += wide
        lines.append(line)
    return lines


def within(line: Text, look: Look) -> list[Text]:
    """Return the line, broken at its width if even one name is wider than the screen."""
    if line.cell_len <= look.width:
        return [line]
    style = line.spans[0].style if line.spans else line.style
    return [Text(part, style) for part in prose(line.plain, look.width)]
