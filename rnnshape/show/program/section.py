"""The answer to a program as a section: a row for each tensor in the order of the code, and all else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rnnshape.program_report import Assumed, ProgramReport, ProgramTensor
from rnnshape.show.marks import Marks, marks
from rnnshape.show.notes import counted
from rnnshape.show.program.notes import notes, whose
from rnnshape.show.rows import Code, Note, Problem, Row, Section, Tone
from rnnshape.show.sections import facts_of

_LENGTH = re.compile(r"len\((\w+)\)")


def program_section(report: ProgramReport, found: Marks) -> Section:
    """Return what is shown of a program with these marks. What is said of one with a fix is said of the fixed one."""
    rows = tuple(_rows(report, found))
    answer = report if report.error is None else report.with_fix or report
    return Section(
        title=report.program.source,
        called_with=(_read(report),),
        before=tuple(_assumptions(report)),
        rows=rows,
        facts=tuple(facts_of(found, report.same_shape_different_values)) if rows else (),
        notes=tuple(notes(answer)),
        whose=whose(answer),
        error=_problem(report),
        then=None if answer is report else program_section(answer, *marks([answer])),
    )


def _read(report: ProgramReport) -> str:
    count = counted(report.program.lines, "line")
    if report.program.model:
        return f"(a model, as {count} of code)"
    return f"({count}, {'executed' if report.program.executed else 'read, not executed'})"


def _assumptions(report: ProgramReport) -> Iterator[Note]:
    """Yield what was assumed; where the code stopped early, some of it shows only with the fix."""
    fixed = report.with_fix.assumed if report.with_fix is not None else ()
    variables = {given.variable for answer in (report, report.with_fix) if answer for given in answer.inputs}
    for one in dict.fromkeys((*report.assumed, *fixed)):
        yield _assumed(one, variables)


def _assumed(one: Assumed, variables: set[str | None]) -> Note:
    """Say what was assumed, and how to give it."""
    if one.code.startswith("Input(") and one.name not in variables:
        said = f"assumed: the input of {one.name} is ", Code(one.code), " (set it in the code)"
        return Note(said, Tone.STRONG)
    length = _LENGTH.fullmatch(one.name)
    name = length[1] if length is not None else one.name
    how = (" (set it with ", Code(f"--let {name}=…"), ")") if name.isidentifier() else ()
    return Note(("assumed: ", Code(f"{one.name} = {one.code}"), *how), Tone.STRONG)


def _rows(report: ProgramReport, found: Marks) -> Iterator[Row]:
    before: tuple[int, int | None] = (0, None)
    for tensor in report.tensors:
        at = (tensor.line, tensor.step)
        call = report.steps[tensor.step] if tensor.step is not None and at != before else None
        called = {"layer": call.layer, "called_at": call.line} if call else {}
        yield Row.of(tensor, found, _meaning(report, tensor), line=tensor.line, **called)
        before = at


def _meaning(report: ProgramReport, tensor: ProgramTensor) -> str:
    said = [tensor.meaning]
    if tensor.unchanged is not None:
        said = [f"{tensor.unchanged}, handed through unchanged"]
    is_assumed = any(one.name == tensor.name and one.assumed for one in report.inputs)
    if is_assumed and "assumed" not in tensor.meaning:
        said.append("assumed")
    if tensor.masked:
        said.append("masked")
    calls = report.steps[tensor.step].calls if tensor.step is not None else None
    if calls is not None:
        said.append(f"the first of {calls:,} calls")
    return ", ".join(filter(None, said))


def _problem(report: ProgramReport) -> Problem | None:
    error = report.error
    return None if error is None else Problem(report.summary, error.hint or "", error)
