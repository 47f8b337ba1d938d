"""The table as CSV, one line for each tensor."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from rnnshape.errors import RnnshapeError
from rnnshape.report import Report
from rnnshape.show import notes
from rnnshape.show.console import safe
from rnnshape.show.marks import Marks, Part, marks

_HEADINGS = ("layer", "input", "tensor", "at", "shape", "axes", "dtype", "what it is", "mark", "equals", "error")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(answers: Sequence[Report | RnnshapeError]) -> str:
    """Return the answers as CSV. No cell is a formula to a spreadsheet: one that looks so gets an apostrophe."""
    found = iter(marks([answer for answer in answers if isinstance(answer, Report)]))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_HEADINGS)
    for answer in answers:
        rows = [_failed(answer)] if isinstance(answer, RnnshapeError) else _rows(answer, next(found))
        writer.writerows([_inert(safe(cell, "utf-8")) for cell in row] for row in rows)
    return stream.getvalue()


def _rows(report: Report, found: Marks) -> Iterator[tuple[str, ...]]:
    for tensor in report.tensors:
        carried = found.of(tensor.name)
        equals = []
        for one in carried:
            sign = " ≈ " if one.mark.is_close else " = "
            said = sign.join([*one.own, *one.others])
            equals.append(f"part of {(*one.others, *one.mark.statement)[0]}" if one.part is Part.MERGED else said)
        yield (
            report.layer,
            notes.shape_code(report.input.shape),
            tensor.name,
            "".join(f"[{step}]" for step in tensor.path or ()),
            notes.shape_code(tensor.shape),
            ", ".join(tensor.axes),
            tensor.dtype,
            tensor.meaning,
            "".join(one.mark.letter for one in carried),
            "; ".join(equals),
            "",
        )


def _failed(error: RnnshapeError) -> tuple[str, ...]:
    return (error.layer or "", *[""] * (len(_HEADINGS) - 2), error.message)


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
