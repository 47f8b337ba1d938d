"""Several layers side by side: what each returns, its states, weights and parameters, and how long a call takes."""

from __future__ import annotations

from collections.abc import Sequence

from rnnshape.report import Measured, Report
from rnnshape.show.rows import Small

_HEADINGS = ("layer", "returns", "states", "weights", "parameters")
_TIME = "time of a call"


def is_worth_it(reports: Sequence[Report]) -> bool:
    """Tell whether there is something to compare: different layers, or times."""
    classes = {(report.layer.file, report.layer.name) for report in reports}
    return len(reports) > 1 and (len(classes) > 1 or any(report.measured for report in reports))


def comparison(reports: Sequence[Report]) -> Small:
    """Return the comparison, in the order of the reports."""
    measured = any(report.measured for report in reports)
    headings = (*_HEADINGS, _TIME) if measured else _HEADINGS
    return Small(headings, tuple(_cells(report)[: len(headings)] for report in reports), frozenset({1, 3, 4}))


def _cells(report: Report) -> tuple[str, ...]:
    return (
        str(report.layer),
        f"{len(report.tensors):,}",
        str(report.states.structure) if report.states else "none",
        f"{len(report.parameters.weights):,}",
        f"{report.parameters.total:,}",
        _time(report.measured),
    )


def _time(measured: Measured | None) -> str:
    if measured is None:
        return "not measured"
    low, high = (f"{seconds * 1e3:.2f}" for seconds in measured.quartiles)
    spread = f"{measured.median * 1e3:.2f} ms ({low}–{high})"
    return f"{measured.relative:.2f} x the fastest, {spread}" if measured.relative > 1 else f"fastest, {spread}"
