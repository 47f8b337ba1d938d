"""Several queries at once: combinations of flags with the same weights and inputs, and layers measured in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rnnshape.equality import Subject
from rnnshape.errors import RnnshapeError
from rnnshape.explorer.answer import compare_found, report_of, subject
from rnnshape.explorer.finding import Found, find
from rnnshape.explorer.measure import measure
from rnnshape.expression import Call, flag
from rnnshape.query import Query
from rnnshape.report import Combination, Report, Statement


def explore_together(queries: Sequence[Query]) -> list[Report | RnnshapeError]:
    """Return a report for each combination, or the error where it cannot be answered.

    Weights and inputs are drawn from the seed alone, so that they are the same in all; that they were is checked.
    """
    found = [_found_or_error(query) for query in queries]
    answered = [item for item in found if isinstance(item, Found)]
    same = bool(answered) and _same_weights(answered)
    across = _equal_across(answered) if same else ()
    return [
        replace(report_of(item), same_weights=same, combination=_combination(query.layer), equal_across=across)
        if isinstance(item, Found)
        else item
        for query, item in zip(queries, found, strict=True)
    ]


def explore_measured(queries: Sequence[Query]) -> list[Report | RnnshapeError]:
    """Return the reports of independent queries, with the time of a forward call of each layer."""
    found = [_found_or_error(query) for query in queries]
    measured = measure([item if isinstance(item, Found) else None for item in found])
    return [
        replace(report_of(item), measured=times) if isinstance(item, Found) else item
        for item, times in zip(found, measured, strict=True)
    ]


def _found_or_error(query: Query) -> Found | RnnshapeError:
    try:
        return find(query)
    except RnnshapeError as error:
        return error


def _combination(call: Call) -> Combination:
    return Combination(**{name: flag(call, name) is True for name in ("return_sequences", "return_state")})


def _same_weights(found: Sequence[Found]) -> bool:
    first, *others = ([np.asarray(weight) for weight in item.layer.weights] for item in found)
    return all(
        len(weights) == len(first) and all(np.array_equal(a, b) for a, b in zip(weights, first, strict=True))
        for weights in others
    )


def _equal_across(found: Sequence[Found]) -> tuple[Statement, ...]:
    """Return the classes of equal values among all tensors of all combinations.

    A name stands for the tensor of that name in any combination, so one whose values differ from combination to
    combination (dropout is random) takes no part.
    """
    subjects: dict[str, list[Subject]] = {}
    for item in found:
        for at, named in enumerate(item.named):
            subjects.setdefault(named.name, []).append(subject(item, at, named))
    one_each = [group[0] for group in subjects.values() if all(_same_values(group[0], other) for other in group[1:])]
    return compare_found(one_each, found[0].run).equal


def _same_values(one: Subject, other: Subject) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one.draws, other.draws, strict=True))
