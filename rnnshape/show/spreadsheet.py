"""The table as CSV, one line for each tensor."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from rnnshape.errors import RnnshapeError
from rnnshape.program_report import ProgramReport
from rnnshape.report import Report
from rnnshape.show.console import safe
from rnnshape.show.equals import Alone, Row, program_rows, rows
from rnnshape.show.marks import marks
from rnnshape.show.rows import shape_code

_HEADINGS = (
    "layer",
    "input",
    "tensor",
    "at",
    "shape",
    "axes",
    "dtype",
    "what it is",
    "mark",
    "equals",
    "error",
    "line",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(answers: Sequence[Report | ProgramReport | RnnshapeError]) -> str:
    """Return the answers as CSV. No cell is a formula to a spreadsheet: one that looks so gets an apostrophe."""
    found = iter(marks([answer for answer in answers if isinstance(answer, Report)]))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_HEADINGS)
    for answer in answers:
        if isinstance(answer, RnnshapeError):
            lines = [_failed(answer.layer or "", answer.message)]
        elif isinstance(answer, ProgramReport):
            lines = list(_program(answer))
        else:
            given = shape_code(answer.input.shape)
            lines = [(str(answer.layer), given, *_cells(row), "", "") for row in rows(answer, next(found))]
        writer.writerows([_inert(safe(cell, "utf-8")) for cell in line] for line in lines)
    return stream.getvalue()


def _program(report: ProgramReport) -> Iterator[tuple[str, ...]]:
    for tensor, row in zip(report.tensors, program_rows(report), strict=True):
        layer = "" if tensor.step is None else report.steps[tensor.step].layer
        yield layer, "", *_cells(row), "", str(tensor.line)
    if report.error is not None:
        yield _failed(report.error.text or "", report.summary, str(report.error.line))


def _cells(row: Row) -> tuple[str, ...]:
    tensor = row.tensor
    equals = "; ".join(one.said() for one in row.equals)
    return (
        tensor.name,
        "" if row.place == "bare" else row.place,
        shape_code(tensor.shape),
        ", ".join(tensor.axes),
        tensor.dtype,
        tensor.meaning,
        "".join(one.mark.letter for one in row.equals),
        equals or (row.alone.value if row.alone in (Alone.CONSTANT, Alone.UNDECIDED) else ""),
    )


def _failed(layer: str, message: str, line: str = "") -> tuple[str, ...]:
    return (layer, *[""] * (len(_HEADINGS) - 3), message, line)


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
