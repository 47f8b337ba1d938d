"""Reports -> sections: what is shown of each answer, for every format alike."""

from __future__ import annotations

from collections.abc import Iterator

from rnnshape.errors import RnnshapeError
from rnnshape.program_report import ProgramReport
from rnnshape.report import Report, Tensor
from rnnshape.show import notes
from rnnshape.show.facts import facts_of, place
from rnnshape.show.marks import Marks, marks
from rnnshape.show.rows import Answer, Answers, Problem, Row, Section
from rnnshape.show.varying import called_with


def sections(answers: Answers) -> Iterator[Section]:
    """Yield a section for each answer, in their order; the letters are shared where values are."""
    found = iter(marks([answer for answer in answers if isinstance(answer, Report)]))
    for answer in answers:
        yield section(answer, next(found) if isinstance(answer, Report) else None)


def section(answer: Answer, found: Marks | None = None) -> Section:
    """Return what is shown of one answer, with these marks or else marks of its own."""
    if isinstance(answer, RnnshapeError):
        return Section(title=answer.layer or "", error=Problem(answer.message, answer.hint or ""))
    if isinstance(answer, ProgramReport):
        # What only a program needs is not imported for a layer.
        from rnnshape.show.program.section import program_section

        return program_section(answer)
    return _layer(answer, marks([answer])[0] if found is None else found)


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
    return Row(
        name=tensor.name,
        shape=tensor.shape,
        axes=tensor.axes,
        dtype=tensor.dtype,
        meaning=f"{tensor.meaning}, masked" if tensor.masked else tensor.meaning,
        marks=found.of(tensor.name),
        place=place(tensor),
        layer="" if tensor.layer is None else str(tensor.layer),
    )
