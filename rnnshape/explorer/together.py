"""Several queries at once: combinations of flags with the same weights and inputs, and layers measured in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rnnshape.equality import Findings, Subject
from rnnshape.errors import RnnshapeError
from rnnshape.explorer.answer import compare_found, needs_more_draws, report_of, subject
from rnnshape.explorer.finding import Found, find, run_again, with_more_draws
from rnnshape.explorer.measure import measure
from rnnshape.expression import Call, flag
from rnnshape.query import Query
from rnnshape.report import Combination, Report, Statement


def explore_together(queries: Sequence[Query]) -> list[Report | RnnshapeError]:
    """Return a report for each combination, or the error where it cannot be answered.

    Weights and inputs are drawn from the seed alone, so that they are the same in all; that they were is checked.
    """
    found = [_found_or_error(query) for query in queries]
    answered = _alike([item for item in found if isinstance(item, Found)])
    same = bool(answered) and _same_weights(answered)
    answered, across = _decided_across(answered) if same else (answered, ())
    reports = iter(
        [
            replace(report_of(item), same_weights=same, combination=_combination(item.query.layer), equal_across=across)
            for item in answered
        ]
    )
    return [next(reports) if isinstance(item, Found) else item for item in found]


def _alike(found: Sequence[Found]) -> list[Found]:
    """Return the same, all run with the weights of the one whose weights had to be the smallest."""
    calm = max((item.run.calms[-1] for item in found), default=0)
    return [item if item.run.calms[-1] == calm else run_again(item, calm=calm) for item in found]


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


def _decided_across(found: Sequence[Found]) -> tuple[list[Found], tuple[Statement, ...]]:
    """Return the classes of equal values among all tensors of all combinations, after as many draws as this takes."""
    findings = _compare_across(found)
    while needs_more_draws(found[0], findings):
        more = [with_more_draws(item) for item in found]
        calm = max(item.run.calms[-1] for item in more)
        found = [
            new if new.run.calms[-1] == calm else with_more_draws(old, calm=calm)
            for old, new in zip(found, more, strict=True)
        ]
        findings = _compare_across(found)
    return list(found), findings.equal


def _compare_across(found: Sequence[Found]) -> Findings:
    """Compare all tensors of all combinations.

    A name stands for the tensor of that name in any combination, so one whose values differ from combination to
    combination (dropout is random) takes no part.
    """
    subjects: dict[str, list[Subject]] = {}
    for item in found:
        for at, named in enumerate(item.named):
            subjects.setdefault(named.name, []).append(subject(item, at, named))
    one_each = [group[0] for group in subjects.values() if all(_same_values(group[0], other) for other in group[1:])]
    return compare_found(one_each, found[0].run)


def _same_values(one: Subject, other: Subject) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one.draws, other.draws, strict=True))
