"""Screens and pipes for the renderers' tests: streams that only look like them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rnnshape.errors import RnnshapeError
from rnnshape.report import Report
from rnnshape.show.console import stdout_console
from rnnshape.show.table import table

if TYPE_CHECKING:
    from rich.text import Text


class Stream(io.TextIOWrapper):
    """A text stream that keeps what is written to it, and says that it is a terminal or that it is none."""

    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def text(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode(self.encoding)


def shown(
    items: Sequence[Report | RnnshapeError],
    *,
    width: int | None = None,
    encoding: str = "utf-8",
    environ: Mapping[str, str] | None = None,
) -> str:
    """Return the table as a terminal of that width gets it, or a pipe where there is none."""
    stream = Stream(terminal=width is not None, encoding=encoding)
    columns = {} if width is None else {"COLUMNS": str(width)}
    stdout_console(stream, environ={**columns, **(environ or {})}).print(table(items))
    return stream.text()


def plain(items: Sequence[Report | RnnshapeError], *, width: int | None = None, encoding: str = "utf-8") -> str:
    """Return the same without colour."""
    return shown(items, width=width, encoding=encoding, environ={"NO_COLOR": "1"})


def cell_len(line: str) -> int:
    """Return how many cells a line takes on a screen."""
    import rich.cells

    return rich.cells.cell_len(line)


def styled(text: str, style: str) -> Text:
    """Return a text in a style, for a console to print."""
    from rich.text import Text

    return Text(text, style)
