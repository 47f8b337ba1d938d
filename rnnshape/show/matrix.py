"""The combinations of return_sequences and return_state in one table: each tensor once, and where it comes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rnnshape.report import Report
from rnnshape.show import notes
from rnnshape.show.marks import Marks, Part, families, marks
from rnnshape.show.rows import ONLY, Fact, Note, Row, Section
from rnnshape.show.sections import facts_of, rows_of
from rnnshape.show.varying import called_with


@dataclass(frozen=True, slots=True)
class Matrix:
    """The combinations in one table.

    `section` has a row for each tensor that comes back in any of them, all facts, and the notes; it has no places.
    `flags` are return_sequences and return_state of each combination, `places` where each tensor comes back in each
    (empty: nowhere), `unpacks` the assignment of each.
    """

    reports: tuple[Report, ...]
    section: Section
    flags: tuple[tuple[bool, bool], ...]
    places: tuple[tuple[str, ...], ...]
    unpacks: tuple[str, ...]


def matrix(reports: Sequence[Report]) -> Matrix | None:
    """Return the matrix of these reports.

    None where they are no combinations of one query, or where a tensor equals something else in each of them.
    """
    if len(families(reports)) != 1 or len(reports) < 2:
        return None
    marked = marks(reports)
    every = [{row.name: row for row in rows_of(report, found)} for report, found in zip(reports, marked, strict=True)]
    rows = _merged(every)
    if rows is None:
        return None
    return Matrix(
        reports=tuple(reports),
        section=_section(reports, marked, rows),
        flags=tuple(
            (one.return_sequences, one.return_state) for one in (report.combination for report in reports) if one
        ),
        places=tuple(tuple(some[row.name].place if row.name in some else "" for some in every) for row in rows),
        unpacks=tuple(str(report.unpack) for report in reports),
    )


def one_letter(where: str) -> Note:
    """Return what is to be known of letters that stand in several answers."""
    return Note((f"One letter is one value in all {where}: they have the same weights and inputs.",))


def _merged(every: Sequence[dict[str, Row]]) -> list[Row] | None:
    """Return each tensor once, the outputs first; None where one is not the same in all combinations that have it."""
    rows: dict[str, Row] = {}
    for name, row in (pair for some in every for pair in some.items()):
        known = rows.setdefault(name, row)
        if (row.shape, row.dtype, _signs(row)) != (known.shape, known.dtype, _signs(known)):
            return None
    first = [name for some in every for name, row in some.items() if row.place in (ONLY, "[0]")]
    return [rows[name] for name in dict.fromkeys([*first, *rows])]


def _signs(row: Row) -> list[tuple[int, object]]:
    return [(one.mark.number, one.part) for one in row.marks]


def _section(reports: Sequence[Report], marked: Sequence[Marks], rows: Sequence[Row]) -> Section:
    plain = min(reports, key=lambda report: len(str(report.layer)))
    facts = _once(
        fact
        for report, found in zip(reports, marked, strict=True)
        for fact in facts_of(found, report.same_shape_different_values)
    )
    found = dict.fromkeys(note for report in reports for note in notes.notes(report))
    return Section(
        title=str(plain.layer),
        called_with=called_with([plain]),
        rows=tuple(rows),
        facts=tuple(facts),
        notes=(one_letter("of them"), *found),
        size=notes.size(plain),
        whose=notes.whose(plain.versions, plain.ran.device, plain.ran.seed),
    )


def _once(facts: Iterable[Fact]) -> list[Fact]:
    """Return each fact once, by its letter; of a class that is all of a tensor in one combination, it says so."""
    order = list(Part)
    found: dict[object, Fact] = {}
    for fact in sorted(facts, key=lambda one: order.index(one.part)):
        found.setdefault(fact.mark.number if fact.mark else fact.terms, fact)
    return sorted(found.values(), key=lambda one: (one.mark is None, one.mark.number if one.mark else 0))
