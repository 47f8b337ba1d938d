"""As many draws as an answer takes: whatever ran is drawn again while its draws do not tell what is equal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from rnnshape.answer.comparison import compare_tensors, needs_more_draws
from rnnshape.equality import Findings
from rnnshape.trace import Trace

Ran = TypeVar("Ran")
Traced = TypeVar("Traced", bound=Trace)


def gathered(
    ran: Ran, traced: Callable[[Ran], Traced], with_more_draws: Callable[[Ran], Ran]
) -> tuple[Ran, Traced, Findings]:
    """Return what ran, its trace, and what is equal in it, after as many draws as this takes.

    Args:
        ran: one layer, several that share their weights, or code.
        traced: writes down what is to be compared.
        with_more_draws: draws again, unless that cannot be done.

    """
    trace = traced(ran)
    findings = compare_tensors(trace)
    while needs_more_draws(trace, findings):
        ran = with_more_draws(ran)
        after = traced(ran)
        if after.draws == trace.draws:
            break
        trace = after
        findings = compare_tensors(trace)
    return ran, trace, findings
