"""What there is to say of a program besides its tensors and what equals what."""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence

from rnnshape.program_report import ProgramReport
from rnnshape.show.notes import counted, uncompared, unmasked
from rnnshape.show.notes import whose as whose_answer
from rnnshape.show.rows import Code, Note, Tone

_MOST_COUNTS = 20
"""Layers whose parameters are told one by one."""


def notes(report: ProgramReport) -> Iterator[Note]:
    """Yield everything to be said below the facts, what matters most first."""
    yield from _mask(report)
    for one in report.masks or ():
        yield Note((f"line {one.line}: ", Code(one.layer), " makes a mask" if one.made else " loses the mask"))
    yield from _failing_later(report)
    yield from _broken_promises(report)
    yield from uncompared(report)
    if report.skipped:
        yield Note((f"passed over: {_skipped(report)}",), Tone.QUIET)
    if report.parameters.total:
        yield Note((_parameters(report),))
    if not report.tensors and report.error is None:
        yield Note(("no tensors: this code calls no Keras layer",))


def whose(report: ProgramReport) -> str:
    """Return the sizes and the seed that the values come from, and whose answer it is."""
    ran = report.ran
    if not report.tensors:
        return ""
    if not ran.draws:
        return whose_answer(report.versions, ran.device, None)
    sizes = ", ".join(f"{name} = {size}" for name, size in ran.sizes.items())
    values = f"values from a run with {sizes}" if sizes else "values from a run at the code's own sizes"
    return f"{values}, {whose_answer(report.versions, ran.device, ran.seed)}"


def _mask(report: ProgramReport) -> Iterator[Note]:
    mask = report.mask
    if mask is None:
        return
    yield Note((Code(f"mask={mask.given}"), ": the inputs hold zeros at the masked steps"), Tone.QUIET)
    if mask.first_step is not None and mask.last_step is not None:
        rows = Code(f"rows = arange({len(mask.last_step)})")
        yield Note((f"{unmasked(mask.first_step, mask.last_step)}; ", rows), Tone.QUIET)


def _failing_later(report: ProgramReport) -> Iterator[Note]:
    for one in report.fails_later or ():
        yield Note((one.message,), Tone.WRONG, f"line {one.line}: with values, in fit or predict, this fails:")
        if one.fix is not None:
            said = Code(one.fix.code.strip()), f"  (line {one.fix.line}; tried: it runs)"
            yield Note(said, Tone.GOOD, "fix:")


def _broken_promises(report: ProgramReport) -> Iterator[Note]:
    for step in report.steps:
        if not step.declared.agrees:
            said = "declared ", Code(str(step.declared.structure)), ", returned ", Code(str(step.declared.returned))
            yield Note(said, Tone.WRONG, f"line {step.line}: {step.layer}:")


def _skipped(report: ProgramReport) -> str:
    lines: dict[str, list[int]] = collections.defaultdict(list)
    for one in report.skipped:
        lines[one.what].append(one.line)
    return ", ".join(f"{what} (line{'s' if len(at) > 1 else ''} {_numbers(at)})" for what, at in lines.items())


def _numbers(numbers: Sequence[int]) -> str:
    unique = list(dict.fromkeys(map(str, numbers)))
    return ", ".join(unique[:5]) + (", …" if len(unique) > 5 else "")


def _parameters(report: ProgramReport) -> str:
    """Return the parameters of each layer that has some, once each, and in all."""
    each = {step.name: step.parameters for step in report.steps if step.parameters and step.kind == "layer"}
    total = counted(report.parameters.total, "parameter")
    if len(each) < 2:
        return total
    said = [f"{name} {count:,}" for name, count in each.items()]
    more = [f"{len(said) - _MOST_COUNTS:,} more"] if len(said) > _MOST_COUNTS else []
    return f"{total}: {', '.join([*said[:_MOST_COUNTS], *more])}"
