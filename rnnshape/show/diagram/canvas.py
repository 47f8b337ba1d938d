"""A sheet of cells to draw on with box-drawing characters, and their ASCII spelling."""

from __future__ import annotations

import itertools

from rich.cells import cell_len
from rich.text import Text

_ASCII = str.maketrans(
    "┌┐└┘├┤┬┴┼╭╮╰╯─│►◄▲▼┄┆·",
    "+++++++++++++-|><^v.:.",
)
"""One character for one, so that an ASCII picture has the same places as the other."""


class Overlap(Exception):
    """Two things would stand in the same place."""


class Canvas:
    """Characters and their styles by place; x grows to the right, y downwards, both from anywhere."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], tuple[str, str]] = {}

    def put(self, x: int, y: int, text: str, style: str = "", *, over: bool = False) -> None:
        """Write a text from this place to the right.

        Raises:
            Overlap: something stands there already, unless it is to be written `over`.

        """
        for character in text:
            if not over and (x, y) in self._cells:
                raise Overlap
            self._cells[x, y] = (character, style)
            wide = cell_len(character)
            if wide == 2:
                self._cells[x + 1, y] = ("", style)
            x += wide

    def down(self, x: int, y: int, other: int, style: str = "") -> None:
        """Draw a vertical line between two rows, both included."""
        for at in range(min(y, other), max(y, other) + 1):
            self.put(x, at, "│", style)

    def is_free(self, x: int, y: int, width: int) -> bool:
        """Tell whether nothing is written on these places."""
        return all((at, y) not in self._cells for at in range(x, x + width))

    @property
    def width(self) -> int:
        """How many columns are between the first and the last one that is written on, both included."""
        columns = [x for x, _ in self._cells]
        return max(columns) - min(columns) + 1 if columns else 0

    def lines(self, *, ascii_only: bool) -> list[Text]:
        """Return the sheet, cut to what is written on."""
        if not self._cells:
            return []
        left = min(x for x, _ in self._cells)
        rows = range(min(y for _, y in self._cells), max(y for _, y in self._cells) + 1)
        return [self._line(y, left, ascii_only=ascii_only) for y in rows]

    def _line(self, y: int, left: int, *, ascii_only: bool) -> Text:
        line = Text()
        last = max((x for (x, row), (text, _) in self._cells.items() if row == y and text.strip()), default=left - 1)
        cells = [self._cells.get((x, y), (" ", "")) for x in range(left, last + 1)]
        for style, run in itertools.groupby(cells, key=lambda cell: cell[1]):
            text = "".join(character for character, _ in run)
            line.append(text.translate(_ASCII) if ascii_only else text, style)
        return line
