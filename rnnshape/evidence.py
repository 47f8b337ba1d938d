"""As many draws as an answer takes: whatever ran is drawn again while its draws do not tell what is equal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from rnnshape.answer.comparison import compare_drawn, needs_more_draws
from rnnshape.equality import Findings
from rnnshape.trace import Drawn

Ran = TypeVar("Ran")
Traced = TypeVar("Traced", bound=Drawn)


def gathered(
    ran: Ran, traced: Callable[[Ran], Traced], with_more_draws: Callable[[Ran], Ran]
) -> tuple[Ran, Traced, Findings]:
    """Return what ran, its trace, and what is equal in it, after as many draws as this takes.

    Args:
        ran: one layer, several that share their weights, or code.
        traced: writes down what is to be compared.
        with_more_draws: draws again.

    """
    trace = traced(ran)
    findings = compare_drawn(trace)
    while needs_more_draws(trace, findings):
        ran = with_more_draws(ran)
        trace = traced(ran)
        findings = compare_drawn(trace)
    return ran, trace, findings
