"""What is compared with what: all tensors of a program that have values, be it code or a layer alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np

from rnnshape.equality import Findings, Steps, Subject, compare, still_equal
from rnnshape.report import Statement
from rnnshape.structure import Expression
from rnnshape.trace import FIRST_DRAWS, MORE_DRAWS, StepKind, Trace, TracedTensor

_ROUNDS_IF_CONSTANT, _MOST_ROUNDS = 1, 5
"""How often two more draws are made at most: where something is constant, which may be so by accident, and where the
draws do not tell."""
_MOST_DRAWN = 100
"""Tensors that are trace in all of these rounds; among more there always are some that come near a merge of others."""


def compare_tensors(trace: Trace) -> Findings:
    """Return what is equal among all tensors of a program that have values in every draw.

    That a layer handed a tensor through as it was is told of that tensor itself. It takes part in merges alone:
    `x + Dropout(0.5)(x)` is a sum of two tensors of the program.
    """
    subjects = [_subject(one) for one in _told(trace) if len(one.draws) == trace.draws > 0]
    mask = trace.mask
    found = compare(subjects, Steps(first=mask.first, last=mask.last) if mask is not None and mask.first else None)
    unchanged = {one.name for one in trace.tensors if one.unchanged is not None}
    return _without(unchanged, found) if unchanged else found


def _told(trace: Trace) -> list[TracedTensor]:
    """Return the tensors that are told of: not those of the call without the mask, which have the same names."""
    kinds = [step.kind for step in trace.steps]
    return [one for one in trace.tensors if one.step is None or kinds[one.step] is not StepKind.UNMASKED]


def _without(names: Collection[str], found: Findings) -> Findings:
    """Return what is said of other tensors than these."""

    def told(groups: Iterable[Statement]) -> tuple[Statement, ...]:
        kept = (tuple(one for one in group if one not in names) for group in groups)
        return tuple(group for group in kept if len(group) > 1)

    return replace(
        found,
        equal=told(found.equal),
        close=told(found.close),
        same_shape_different_values=told(found.same_shape_different_values),
        constant=tuple(name for name in found.constant if name not in names),
        undecided=tuple(name for name in found.undecided if name not in names),
    )


def as_one(family: Sequence[Trace]) -> Trace:
    """Return several calls that share weights and inputs as one program, of the tensors that they returned.

    A name stands for the tensor of that name in any of them, so one whose values differ from call to call (dropout is
    random) takes no part.
    """
    by_name: dict[str, list[TracedTensor]] = {}
    for trace in family:
        for tensor in trace.tensors_of(StepKind.LAYER):
            by_name.setdefault(tensor.name, []).append(tensor)
    alike = (group[0] for group in by_name.values() if all(_same_values(group[0], other) for other in group[1:]))
    return replace(family[0], tensors=tuple(alike))


def of_one_call(groups: Iterable[Statement], trace: Trace) -> tuple[Statement, ...]:
    """Return the groups cut down to tensors that one call returns: others of one shape are many, and say nothing.

    The states after every timestep are told of with what the layer returned.
    """
    cells = {at for at, step in enumerate(trace.steps) if step.kind is StepKind.CELL}
    call_of = {one.name: 0 if one.step in cells else one.step for one in _told(trace) if one.step is not None}
    found = []
    for group in groups:
        by_call: dict[int, list[Expression]] = {}
        for name in group:
            if name in call_of:
                by_call.setdefault(call_of[name], []).append(name)
        found += [tuple(names) for names in by_call.values() if len(names) > 1]
    return tuple(found)


def needs_more_draws(trace: Trace, findings: Findings) -> bool:
    """Tell whether two more draws are to be made before this is said: a ReLU may give zeros alone in one draw.

    What no layer returned, such as states of zeros, is constant because the code says so.
    """
    of_layers = {one.name for one in trace.tensors if one.step is not None} - _of_functions(trace)
    rounds = _ROUNDS_IF_CONSTANT if of_layers & findings.partly_constant else 0
    if findings.is_unsure:
        rounds = max(1, min(_MOST_ROUNDS, _MOST_DRAWN // max(len(trace.tensors), 1)))
    return trace.draws < FIRST_DRAWS + MORE_DRAWS * rounds


def _of_functions(trace: Trace) -> set[str]:
    return {one.name for one in trace.tensors_of(StepKind.FUNCTION)}


def broken_by_mask(trace: Trace) -> tuple[Statement, ...] | None:
    """Return the statements that hold without the mask and do not hold with it; None where there is no mask."""
    if trace.mask is None:
        return None
    masked, unmasked = list(trace.tensors_of(StepKind.LAYER)), list(trace.tensors_of(StepKind.UNMASKED))
    if not unmasked:
        return ()
    without = compare([_subject(tensor) for tensor in unmasked])
    subjects = [_subject(tensor) for tensor in masked]
    statements = zip(without.equal, without.statements, strict=True)
    return tuple(codes for codes, statement in statements if not still_equal(statement, subjects))


def _subject(tensor: TracedTensor) -> Subject:
    # One step in every draw: first step is last step, which is no finding.
    has_steps = any(draw.ndim > 1 and draw.shape[1] > 1 for draw in tensor.draws)
    return Subject(
        name=tensor.name,
        draws=tensor.draws,
        has_time=tensor.has_time and has_steps,
        half=tensor.half,
        half_shown=tensor.half_shown,
        is_reversed=tensor.is_reversed,
    )


def _same_values(one: TracedTensor, other: TracedTensor) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one.draws, other.draws, strict=True))
