"""Answers for `cut` and `awk`: a record a line, the same nine fields in each, with a tab between them.

| | field | |
| --- | --- | --- |
| 1 | answer | its number, from 1 |
| 2 | record | what the line is: see below |
| 3 | mark | the letters of what is equal: `A`, `[A]` for a slice, `(A)` for a part of what was merged |
| 4 | name | the tensor, the layer, the statement, the message |
| 5 | shape | as --input takes it: `32,10,8`; `none` is an unknown size |
| 6 | at | the place in the return value, `1.0` for [1][0], or `inside` or `stepped`; of code, the line |
| 7 | axes | `batch,timesteps,units` |
| 8 | dtype | |
| 9 | what it is | in words |

Records: `asked` (the layer and its input, or where code comes from), `call` (a call in code, or
a layer inside), `tensor`, `equal`,
`close`, `different` (same shape, different values), `constant`, `undecided`, `unpack`, `parameters` (their number),
`error`, `hint`, `fix` (a changed line, and the shape that it gives). A field that does not apply is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass

from rnnshape.errors import RnnshapeError
from rnnshape.program_report import ProgramReport
from rnnshape.report import Report, Shape
from rnnshape.show.console import safe
from rnnshape.show.rows import ONLY, Answer, Answers, Kind, Row, Section, listed
from rnnshape.show.rows import plain as in_words
from rnnshape.show.sections import sections

_RECORDS = {Kind.EQUAL: "equal", Kind.CLOSE: "close", Kind.DIFFERENT: "different"}
_BETWEEN = {Kind.EQUAL: " = ", Kind.CLOSE: " ≈ ", Kind.DIFFERENT: ", "}


@dataclass(frozen=True, slots=True)
class Record:
    """A line, without the number of its answer."""

    record: str
    mark: str = ""
    name: str = ""
    shape: str = ""
    at: str = ""
    axes: str = ""
    dtype: str = ""
    meaning: str = ""


def render(answers: Answers, shown: object = None, *, first: int = 1) -> str:  # noqa: ARG001
    """Return the answers as records, whatever the picture is; `first` is the number of the first one."""
    return "".join(
        "\t".join([str(number), *(safe(field, "utf-8") for field in astuple(record))]) + "\n"
        for number, (answer, section) in enumerate(zip(answers, sections(answers), strict=True), first)
        for record in _records(answer, section)
    )


def _records(answer: Answer, section: Section) -> Iterator[Record]:
    if isinstance(answer, RnnshapeError):
        yield Record("asked", name=answer.layer or "")
        yield Record("error", name=answer.message)
        yield from [Record("hint", name=answer.hint)] if answer.hint else []
        return
    if isinstance(answer, ProgramReport):
        yield Record("asked", name=answer.program.source)
    else:
        given = answer.input
        axes, shape = ",".join(given.axes), _shape(given.shape)
        yield Record("asked", name=str(answer.layer), shape=shape, axes=axes, dtype=given.dtype)
    yield from _tensors(section)
    yield from _facts(answer, section)
    yield from [Record("unpack", name=section.unpack)] if section.unpack else []
    yield Record("parameters", name=str(answer.parameters.total))
    if isinstance(answer, ProgramReport):
        yield from _errors(answer)


def _tensors(section: Section) -> Iterator[Record]:
    """Yield the tensors behind the call that returns them, where that is not the one that was asked for."""
    for rows in section.groups:
        if rows[0].layer:
            yield Record("call", name=rows[0].layer, at=str(rows[0].called_at or ""))
        yield from map(_tensor, rows)


def _tensor(row: Row) -> Record:
    return Record(
        "tensor",
        mark=row.sign,
        name=row.name,
        shape=_shape(row.shape or ()),
        at=_place(row.place) if row.line is None else str(row.line),
        axes=",".join(row.axes),
        dtype=row.dtype,
        meaning=row.meaning,
    )


def _facts(answer: Report | ProgramReport, section: Section) -> Iterator[Record]:
    for fact in section.facts:
        sign = fact.sign if fact.mark is not None else ""
        yield Record(_RECORDS[fact.kind], mark=sign, name=in_words(listed(fact.terms, _BETWEEN[fact.kind])))
    yield from (Record("constant", name=name) for name in answer.constant or ())
    yield from (Record("undecided", name=name) for name in answer.undecided or ())


def _errors(report: ProgramReport) -> Iterator[Record]:
    error = report.error
    if error is None:
        return
    yield Record("error", name=error.message, at=str(error.line))
    yield from [Record("hint", name=error.hint)] if error.hint else []
    for fix in (error.fix, *(error.other_fixes or ())):
        if fix is not None:
            yield Record("fix", name=fix.code.strip(), shape=_shape(fix.then or ()), at=str(fix.line))


def _place(place: str) -> str:
    """Return a place in the return value as its numbers; a word for what is not returned stays."""
    return "" if place == ONLY else place.strip("[]").replace("][", ".")


def _shape(shape: Shape) -> str:
    return ",".join("none" if size is None else str(size) for size in shape)
