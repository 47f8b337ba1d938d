"""Several layers side by side: what each returns, its states, weights and parameters, and how long a call takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from rnnshape.report import Measured, Report
from rnnshape.show import grid
from rnnshape.show.grid import Cell, Look, Row, plain

_HEADINGS = ("layer", "returns", "states", "weights", "parameters")
_TIME = "time of a call"


def is_worth_it(reports: Sequence[Report]) -> bool:
    """Tell whether there is something to compare: different layers, or times."""
    classes = {(report.layer.file, report.layer.name) for report in reports}
    return len(reports) > 1 and (len(classes) > 1 or any(report.measured for report in reports))


def comparison(reports: Sequence[Report], look: Look) -> Iterator[Text]:
    """Yield the lines of the comparison, in the order of the reports."""
    measured = any(report.measured for report in reports)
    headings = (*_HEADINGS, _TIME) if measured else _HEADINGS
    rows = [Row((), _cells(report, look)[: len(headings)]) for report in reports]
    columns = grid.layout(headings, rows, look)
    yield from grid.head(columns)
    for row in rows:
        yield from grid.body(row, columns)


def _cells(report: Report, look: Look) -> tuple[Cell, ...]:
    count = len(report.tensors)
    return (
        plain(look.safe(str(report.layer)), "bold"),
        _said(str(count), "tensor" if count == 1 else "tensors"),
        _said(look.safe(str(report.states.structure) if report.states else "none"), "states"),
        _said(str(len(report.parameters.weights)), "weights"),
        _said(str(report.parameters.total), "parameters"),
        _time(report.measured, look),
    )


def _said(value: str, unit: str) -> Cell:
    """Return a cell that needs no unit below its heading, and has one on a line of its own."""
    return Cell(((value, ""),), ((f"{unit}: {value}" if value.startswith(("[", "n")) else f"{value} {unit}", ""),))


def _time(measured: Measured | None, look: Look) -> Cell:
    if measured is None:
        return plain("not measured", "dim")
    low, high = (f"{seconds * 1e3:.2f}" for seconds in measured.quartiles)
    spread = look.safe(f"{measured.median * 1e3:.2f} ms ({low}–{high})")
    return plain(f"{measured.relative:.2f} x the fastest, {spread}" if measured.relative > 1 else f"fastest, {spread}")
