"""The tensors of answers as CSV, a line for each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from rnnshape.errors import RnnshapeError
from rnnshape.program_report import ProgramReport
from rnnshape.report import Report
from rnnshape.show.console import safe
from rnnshape.show.marks import Carried, Part
from rnnshape.show.rows import ONLY, Answer, Answers, Kind, Row, Section, shape_code
from rnnshape.show.sections import sections

_HEADINGS = (
    "layer", "input", "tensor", "at", "shape", "axes", "dtype", "what it is", "mark", "equals", "error", "line", "how",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(answers: Answers, shown: object = None, *, first: int = 1) -> str:  # noqa: ARG001
    """Return the answers as CSV, whatever the picture is.

    `equals` tells what a tensor equals, or what is close to it, with ≈ before it. `how` tells it in a word for each:
    `equal` (bit for bit), `close` (but for rounding), `part` (of what a merge is made of); or why nothing is said:
    `constant`, `undecided`. No cell is a formula to a spreadsheet: one that looks so gets an apostrophe. The headings
    are in front of the first answer, whose number (`first`) is 1.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    if first == 1:
        writer.writerow(_HEADINGS)
    for answer, section in zip(answers, sections(answers), strict=True):
        for line in _lines(answer, section):
            writer.writerow([_inert(safe(cell, "utf-8")) for cell in line])
    return stream.getvalue()


def _lines(answer: Answer, section: Section) -> Iterator[tuple[str, ...]]:
    if isinstance(answer, RnnshapeError):
        yield _failed(answer.layer or "", answer.message)
    elif isinstance(answer, ProgramReport):
        for tensor, row in zip(answer.tensors, section.rows, strict=True):
            layer = "" if tensor.step is None else answer.steps[tensor.step].layer
            yield layer, "", *_cells(answer, row)
        if answer.error is not None:
            yield _failed(answer.error.text or "", answer.summary, str(answer.error.line))
    else:
        for row in section.rows:
            yield str(answer.layer), shape_code(answer.input.shape), *_cells(answer, row)


def _cells(answer: Report | ProgramReport, row: Row) -> tuple[str, ...]:
    return (
        row.name,
        "" if row.place == ONLY else row.place,
        shape_code(row.shape or ()),
        ", ".join(row.axes),
        row.dtype,
        row.meaning,
        row.sign,
        "; ".join(map(_equals, row.marks)),
        "",
        "" if row.line is None else str(row.line),
        "; ".join(map(_how, row.marks)) or _uncompared(answer, row.name),
    )


def _equals(one: Carried) -> str:
    """Return what a tensor, or a part of it, equals: `x`, `≈ x`, `[:, -1, :] = x`, `part of x`."""
    if one.part is Part.MERGED:
        return f"part of {(*one.others, *one.mark.statement)[0]}"
    sign = (Kind.CLOSE if one.mark.is_close else Kind.EQUAL).value
    text = f" {sign} ".join((*one.own, *one.others))
    return f"{sign} {text}" if one.part is Part.WHOLE and one.mark.is_close else text


def _how(one: Carried) -> str:
    if one.part is Part.MERGED:
        return "part"
    return "close" if one.mark.is_close else "equal"


def _uncompared(answer: Report | ProgramReport, name: str) -> str:
    if name in (answer.constant or ()):
        return "constant"
    return "undecided" if name in (answer.undecided or ()) else ""


def _failed(layer: str, message: str, line: str = "") -> tuple[str, ...]:
    return (layer, *[""] * (_HEADINGS.index("error") - 1), message, line, "")


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
