"""What is compared with what: all tensors of a program that have values, be it code or a layer alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from rnnshape.equality import Findings, Steps, Subject, compare, holds
from rnnshape.report import Statement
from rnnshape.structure import Expression
from rnnshape.trace import FIRST_DRAWS, CallOf, Drawn, TracedMask, TracedTensor

_ROUNDS_IF_CONSTANT, _MOST_ROUNDS = 1, 5
"""How often two more draws are made at most: where something is constant, which may be so by accident, and where the
draws do not tell."""
NOTHING = Findings(equal=(), close=(), same_shape_different_values=(), constant=())


def compare_tensors(tensors: Iterable[TracedTensor], mask: TracedMask | None) -> Findings:
    """Return what is equal among tensors, with the first and last unmasked steps where there is a mask."""
    subjects = [_subject(tensor) for tensor in tensors]
    if not subjects:
        return NOTHING
    return compare(subjects, Steps(first=mask.first, last=mask.last) if mask is not None and mask.first else None)


def compare_drawn(drawn: Drawn) -> Findings:
    """Return what is equal among all tensors of a layer and of what was called around it."""
    tensors = [tensor for call in drawn.calls if call.of is not CallOf.UNMASKED for tensor in call.tensors]
    return compare_tensors(tensors, drawn.mask)


def compare_across(family: Sequence[Drawn]) -> Findings:
    """Return what is equal among the returned tensors of several calls that share weights and inputs.

    A name stands for the tensor of that name in any of them, so one whose values differ from call to call (dropout is
    random) takes no part.
    """
    by_name: dict[str, list[TracedTensor]] = {}
    for drawn in family:
        for tensor in drawn.tensors_of(CallOf.LAYER) or ():
            by_name.setdefault(tensor.name, []).append(tensor)
    one_each = [group[0] for group in by_name.values() if all(_same_values(group[0], other) for other in group[1:])]
    return compare_tensors(one_each, family[0].mask)


def of_one_call(groups: Iterable[Statement], call_of: Mapping[str, object]) -> tuple[Statement, ...]:
    """Return the groups cut down to tensors that one call returns: others of one shape are many, and say nothing.

    Args:
        groups: names of tensors of one shape.
        call_of: the call that returns each of them; one that is not here belongs to none.

    """
    found = []
    for group in groups:
        by_call: dict[object, list[Expression]] = {}
        for name in group:
            if name in call_of:
                by_call.setdefault(call_of[name], []).append(name)
        found += [tuple(names) for names in by_call.values() if len(names) > 1]
    return tuple(found)


def needs_more_draws(drawn: Drawn, findings: Findings) -> bool:
    """Tell whether two more draws are to be made before this is said: a ReLU may give zeros alone in one draw."""
    rounds = _ROUNDS_IF_CONSTANT if findings.is_partly_constant else 0
    rounds = _MOST_ROUNDS if findings.is_unsure else rounds
    return drawn.draws < FIRST_DRAWS + 2 * rounds


def broken_by_mask(drawn: Drawn) -> tuple[Statement, ...] | None:
    """Return the statements that hold without the mask and do not hold with it; None where there is no mask."""
    if drawn.mask is None:
        return None
    masked, unmasked = drawn.tensors_of(CallOf.LAYER) or (), drawn.tensors_of(CallOf.UNMASKED)
    if unmasked is None:
        return ()
    without = compare([_subject(tensor) for tensor in unmasked])
    subjects = [_subject(tensor) for tensor in masked]
    statements = zip(without.equal, without.statements, strict=True)
    return tuple(codes for codes, statement in statements if not holds(statement, subjects))


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
