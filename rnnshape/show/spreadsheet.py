"""The table as CSV, one line for each tensor."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from rnnshape.errors import RnnshapeError
from rnnshape.report import Report
from rnnshape.show import notes
from rnnshape.show.console import safe
from rnnshape.show.marks import marks
from rnnshape.show.rows import Alone, Row, rows

_HEADINGS = ("layer", "input", "tensor", "at", "shape", "axes", "dtype", "what it is", "mark", "equals", "error")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(answers: Sequence[Report | RnnshapeError]) -> str:
    """Return the answers as CSV. No cell is a formula to a spreadsheet: one that looks so gets an apostrophe."""
    found = iter(marks([answer for answer in answers if isinstance(answer, Report)]))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_HEADINGS)
    for answer in answers:
        if isinstance(answer, RnnshapeError):
            lines = [_failed(answer)]
        else:
            lines = [_cells(answer, row) for row in rows(answer, next(found))]
        writer.writerows([_inert(safe(cell, "utf-8")) for cell in line] for line in lines)
    return stream.getvalue()


def _cells(report: Report, row: Row) -> tuple[str, ...]:
    tensor = row.tensor
    equals = "; ".join(one.said() for one in row.equals)
    return (
        report.layer,
        notes.shape_code(report.input.shape),
        tensor.name,
        "" if row.place == "bare" else row.place,
        notes.shape_code(tensor.shape),
        ", ".join(tensor.axes),
        tensor.dtype,
        tensor.meaning,
        "".join(one.mark.letter for one in row.equals),
        equals or (row.alone.value if row.alone in (Alone.CONSTANT, Alone.UNDECIDED) else ""),
        "",
    )


def _failed(error: RnnshapeError) -> tuple[str, ...]:
    return (error.layer or "", *[""] * (len(_HEADINGS) - 2), error.message)


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
