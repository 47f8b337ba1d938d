"""The trace of code -> its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rnnshape import trace as seen
from rnnshape.answer.comparison import compare_tensors, of_one_call
from rnnshape.equality import Findings
from rnnshape.program_report import (
    Cause,
    Fix,
    Program,
    ProgramError,
    ProgramMask,
    ProgramParameters,
    ProgramRan,
    ProgramReport,
    ProgramTensor,
    Step,
    StepDeclared,
)
from rnnshape.report import Versions


def report_of(
    trace: seen.CodeTrace,
    versions: Versions,
    *,
    findings: Findings | None = None,
    fixes: Sequence[Fix] = (),
    cause: Cause | None = None,
    hint: str | None = None,
    with_fix: ProgramReport | None = None,
) -> ProgramReport:
    """Return the report of what happened when a program ran.

    Args:
        trace: what happened.
        versions: whose answer it is.
        findings: which of its tensors are equal, where that was found out already.
        fixes: changes with which the program runs, the best one first, where it stopped.
        cause: where the reason lies that it stopped.
        hint: what to do about it, in words.
        with_fix: the report of the program with the first fix in it.

    """
    findings = findings or compare_tensors(trace)
    fix = fixes[0] if fixes and trace.stop is None else None
    return ProgramReport(
        program=Program(
            source=trace.source, lines=_count(trace.lines), executed=trace.executed, model=trace.is_model or None
        ),
        inputs=trace.inputs,
        steps=tuple(_step(one) for one in trace.steps),
        tensors=tuple(_tensor(one) for one in trace.tensors),
        equal=findings.equal,
        same_shape_different_values=of_one_call(findings.same_shape_different_values, trace),
        assumed=trace.assumed,
        skipped=trace.skipped,
        parameters=ProgramParameters(total=trace.parameters),
        ran=ProgramRan(seed=trace.seed, draws=trace.draws, device=trace.device, sizes=dict(trace.sizes)),
        versions=versions,
        error=None if trace.stop is None else _error(trace.stop, trace.lines, fixes, cause, hint),
        close=findings.close or None,
        constant=findings.constant or None,
        undecided=findings.undecided or None,
        fails_later=tuple(replace(one, fix=fix) for one in trace.fails_later) or None,
        masks=trace.masks or None,
        mask=_mask(trace.mask),
        with_fix=with_fix,
    )


def _mask(mask: seen.TracedMask | None) -> ProgramMask | None:
    """Return the mask with the steps of the first draw; None in a row without any."""
    if mask is None:
        return None
    first, last = (
        tuple(None if step < 0 else int(step) for step in steps[0]) if steps else None
        for steps in (mask.first, mask.last)
    )
    return ProgramMask(given=mask.given, first_step=first, last_step=last)


def _count(lines: Sequence[str]) -> int:
    """Return the number of lines, without the empty ones at the end."""
    return max((number for number, line in enumerate(lines, 1) if line.strip()), default=0)


def _step(one: seen.TracedStep) -> Step:
    agrees = None in (one.declared, one.returned) or one.declared == one.returned
    return Step(
        line=one.line,
        layer=one.layer,
        name=one.name,
        inputs=one.inputs,
        initial_state=None if one.initial_state is None else _nested(one.initial_state),
        mask=one.mask,
        training=one.training,
        returns=one.returns,
        parameters=one.parameters,
        declared=StepDeclared(
            agrees=agrees, structure=one.declared or one.returned, returned=None if agrees else one.returned
        ),
        kind=one.kind.value,
        shared=one.is_shared or None,
        calls=one.calls if one.calls > 1 else None,
    )


def _nested(names: seen.Nested) -> list[object]:
    """Return nested names as lists; a single one is a list of one."""
    return [names] if isinstance(names, str) else [one if isinstance(one, str) else _nested(one) for one in names]


def _tensor(one: seen.TracedTensor) -> ProgramTensor:
    return ProgramTensor(
        name=one.name,
        variable=one.variable,
        line=one.line,
        step=one.step,
        path=one.path or (),
        shape=one.shape,
        axes=one.axes,
        dtype=one.dtype,
        meaning=one.meaning,
        masked=one.masked,
        unchanged=one.unchanged,
    )


def _error(
    stop: seen.Stop, lines: Sequence[str], fixes: Sequence[Fix], cause: Cause | None, hint: str | None
) -> ProgramError:
    text = lines[stop.line - 1] if 0 < stop.line <= len(lines) else None
    return ProgramError(
        code=stop.code,
        line=stop.line,
        message=stop.message,
        hint=hint or stop.hint,
        fix=fixes[0] if fixes else None,
        kind=stop.kind,
        text=text,
        column=stop.column,
        end_column=stop.end_column if stop.end_line == stop.line else None if text is None else len(text),
        operands=stop.operands or None,
        cause=cause,
        other_fixes=tuple(fixes[1:]) or None,
    )
