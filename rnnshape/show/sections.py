"""Reports -> sections, what is shown of each answer in every format: its rows, each fact once, what the signs mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rnnshape.errors import RnnshapeError
from rnnshape.program_report import ProgramReport
from rnnshape.report import Report, Statement, Tensor
from rnnshape.show import notes
from rnnshape.show.marks import Carried, Marks, Part, marks
from rnnshape.show.rows import INSIDE, ONLY, STEPPED, Answers, Fact, Kind, Problem, Row, Section, Sign
from rnnshape.show.varying import called_with


def sections(answers: Answers) -> Iterator[Section]:
    """Yield a section for each answer, in their order; the letters are shared where values are."""
    found = iter(marks([answer for answer in answers if not isinstance(answer, RnnshapeError)]))
    for answer in answers:
        match answer:
            case RnnshapeError():
                yield failed(answer)
            case Report():
                yield _layer(answer, next(found))
            case ProgramReport():
                # What only a program needs is not imported for a layer.
                from rnnshape.show.program.section import program_section

                yield program_section(answer, next(found))


def failed(error: RnnshapeError) -> Section:
    """Return what is shown of an error."""
    return Section(title=error.layer or "", error=Problem(error.message, error.hint or ""))


def _layer(report: Report, found: Marks) -> Section:
    return Section(
        title=str(report.layer),
        called_with=called_with([report]),
        rows=rows_of(report, found),
        facts=tuple(facts_of(found, report.same_shape_different_values)),
        unpack=str(report.unpack),
        notes=tuple(notes.notes(report)),
        size=notes.size(report),
        whose=notes.whose(report.versions, report.ran.device, report.ran.seed),
    )


def rows_of(report: Report, found: Marks) -> tuple[Row, ...]:
    """Return a row for each tensor of a layer's answer: those on the way first, as they come about."""
    ordered = sorted(report.tensors, key=lambda tensor: tensor.layer is None)
    return tuple(_row(tensor, found) for tensor in ordered)


def _row(tensor: Tensor, found: Marks) -> Row:
    meaning = f"{tensor.meaning}, masked" if tensor.masked else tensor.meaning
    return Row.of(tensor, found, meaning, place=place(tensor), layer=str(tensor.layer or ""))


def place(tensor: Tensor) -> str:
    """Return a tensor's place in the return value: `[1][0]`, ONLY; STEPPED or INSIDE for what is not returned."""
    if tensor.path is None:
        return STEPPED if tensor.layer is None else INSIDE
    return "".join(f"[{step}]" for step in tensor.path) or ONLY


def facts_of(found: Marks, different: Sequence[Statement]) -> Iterator[Fact]:
    """Yield what equals what, in the order of the letters, and then what only has the same shape."""
    for mark in found.all:
        parts = {one.part for some in found.by_tensor.values() for one in some if one.mark is mark}
        kind = Kind.CLOSE if mark.is_close else Kind.EQUAL
        yield Fact(kind, mark.statement, mark, next(part for part in Part if part in parts))
    for group in different:
        yield Fact(Kind.DIFFERENT, group)


def said_of(section: Section) -> Iterator[Fact | Sign]:
    """Yield each fact, and then what the signs mean that are no plain letters, those that occur."""
    yield from section.facts
    carried = [one for row in section.rows for one in row.marks]
    for part, said in ((Part.SLICE, _slice), (Part.MERGED, _merged)):
        some = [one for one in carried if one.part is part]
        if some:
            # One of them says how all of them are read; a step is the plainest.
            first = next((one for one in some if part is Part.SLICE and _is_step(one)), some[0])
            yield Sign((said(first),), part, first.mark)
    if any(fact.kind is Kind.CLOSE for fact in section.facts):
        yield Sign(("equal but for rounding",))


def _slice(one: Carried) -> str:
    return f"a {'step' if _is_step(one) else 'part'} of it is {one.mark.letter}"


def _merged(one: Carried) -> str:
    return f"{one.mark.letter} is made from it"


def _is_step(one: Carried) -> bool:
    return all(index.is_step for index in one.own)
