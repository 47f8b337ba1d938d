"""The columns that the tensors of an answer are shown in: those of which there is something to say.

A cell is a text in pieces, as in `rnnshape.show.rows`; a format spells them.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable

from rnnshape.show.rows import PLAIN_DTYPE, Code, Row, Section, Words, shape_code


class Column(enum.Enum):
    """One thing that is known of a tensor; the value is the heading."""

    LINE = "line"
    PLACE = "at"
    MARK = "mark"
    NAME = "tensor"
    SHAPE = "shape"
    AXES = "axes"
    DTYPE = "dtype"
    MEANING = "what it is"


def columns(section: Section) -> list[Column]:
    """Return the columns of an answer; one that would be empty, or tell what goes without saying, is left out."""
    needed = {
        Column.LINE: any(row.line is not None for row in section.rows),
        Column.PLACE: any(row.place for row in section.rows),
        Column.MARK: any(row.marks for row in section.rows),
        Column.SHAPE: any(row.shape is not None for row in section.rows),
        Column.DTYPE: any(row.dtype != PLAIN_DTYPE for row in section.rows),
    }
    return [column for column in Column if needed.get(column, True)]


def cell(row: Row, column: Column) -> Words:
    """Return what stands in this column of a tensor's row."""
    return _CELLS[column](row)


def spelled(words: Iterable[str], *, code: Callable[[str], str], plain: Callable[[str], str]) -> str:
    """Return a text as a format spells it: pieces that are code by the one function, all others by the other one."""
    return "".join(code(piece) if isinstance(piece, Code) else plain(piece) for piece in words)


def _place(row: Row) -> Words:
    return (Code(row.place) if row.place.startswith("[") else row.place,)


_CELLS: dict[Column, Callable[[Row], Words]] = {
    Column.LINE: lambda row: ("" if row.line is None else str(row.line),),
    Column.PLACE: _place,
    Column.MARK: lambda row: (row.sign,),
    Column.NAME: lambda row: (Code(row.name),),
    Column.SHAPE: lambda row: (Code(shape_code(row.shape or ())),),
    Column.AXES: lambda row: (", ".join(row.axes),),
    Column.DTYPE: lambda row: (row.dtype,),
    Column.MEANING: lambda row: (row.meaning,),
}
