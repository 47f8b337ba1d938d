"""Several answers as one table: a row for each query, and what is the same in many of them said once."""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rnnshape.errors import RnnshapeError
from rnnshape.report import Report, Tensor
from rnnshape.show import notes
from rnnshape.show.marks import Marks, families, marks
from rnnshape.show.matrix import one_letter
from rnnshape.show.rows import ONLY, Answers, Code, Fact, Note, Section, Signs, Tone, Words, signs, typed_shape
from rnnshape.show.sections import facts_of, failed, place, rows_of
from rnnshape.show.varying import Varying, varying
from rnnshape.structure import Term

SIZE, TIME = "parameters", "time of a call"
"""The headings of the last columns."""

_REDUCED = Note(("where a size is None, or too large, the values were compared at small sizes",), Tone.QUIET)


@dataclass(frozen=True, slots=True)
class Place:
    """A tensor of one query: its marks, and its shape (with its type, where that is not float32)."""

    signs: Signs
    shape: str


@dataclass(frozen=True, slots=True)
class Query:
    """A row: the values of what varies, a tensor for each place (None: there is none), and what else was found.

    `more` is what the last columns have; `notes` are those that do not hold of all queries.
    """

    varying: tuple[str, ...]
    places: tuple[Place | None, ...]
    more: tuple[str, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """Several answers.

    `headings` name what varies, `numbers` those of them that are numbers; `places` are the places in the return value,
    `more` the last columns: SIZE, TIME, or none.
    `kinds` says once what several queries return alike: the names, what they are, and what equals what; its titles are
    the layers. `section` is what holds of all queries; without a title, their layers differ.
    """

    section: Section
    headings: tuple[str, ...]
    numbers: frozenset[int]
    places: tuple[str, ...]
    more: tuple[str, ...]
    rows: tuple[Query | Section, ...]
    kinds: tuple[Section, ...]

    @property
    def title(self) -> Words:
        """The layer, or how many queries there are."""
        return (Code(self.section.title) if self.section.title else f"{len(self.rows):,} queries",)


def overview(answers: Answers) -> Overview:
    """Return what is shown of several answers; an error is a section among the rows."""
    reports = [answer for answer in answers if isinstance(answer, Report)]
    found = varying(reports)
    marked = marks(reports)
    shared, own = _notes(reports)
    places = sorted(dict.fromkeys(_column(one) for report in reports for one in report.tensors), key=_order)
    sizes = [f"{report.parameters.total:,}" for report in reports]
    last = {SIZE: sizes if len(set(sizes)) > 1 else [], TIME: [notes.time(report.measured) for report in reports]}
    more = [name for name, values in last.items() if any(values)]
    rows = (
        Query(
            varying=tuple(column.said(at) for column in found.columns),
            places=tuple(_places(report, places, marked[at])),
            more=tuple(last[name][at] for name in more),
            notes=tuple(own[at]),
        )
        for at, report in enumerate(reports)
    )
    return Overview(
        section=Section(
            title="" if any(column.name == "layer" for column in found.columns) else found.layer(range(len(reports))),
            called_with=found.called_with,
            notes=tuple(shared),
            size=notes.size(reports[0]) if len(set(sizes)) == 1 else "",
            whose=notes.whose(reports[0].versions, reports[0].ran.device, reports[0].ran.seed),
        ),
        headings=tuple(column.name for column in found.columns),
        numbers=frozenset(at for at, column in enumerate(found.columns) if column.is_number),
        places=tuple(places),
        more=tuple(more),
        rows=tuple(failed(answer) if isinstance(answer, RnnshapeError) else next(rows) for answer in answers),
        kinds=tuple(_kinds(reports, marked, found)),
    )


def _column(tensor: Tensor) -> str:
    """Return the column of a tensor: its place, or its name where it is not returned.

    The only one stands in the column of first ones.
    """
    found = place(tensor)
    return "[0]" if found == ONLY else found if tensor.path is not None else tensor.name


def _order(one: str) -> tuple[bool, str]:
    """Return what puts the places in Keras's order, and in front of what is not returned."""
    return (not one.startswith("["), one)


def _places(report: Report, places: Sequence[str], found: Marks) -> Iterator[Place | None]:
    here = {_column(one): one for one in report.tensors}
    for tensor in map(here.get, places):
        shape = "" if tensor is None else typed_shape(tensor.shape, tensor.dtype)
        yield None if tensor is None else Place(signs(found.of(tensor.name)), shape)


def _notes(reports: Sequence[Report]) -> tuple[list[Note], list[list[Note]]]:
    """Return the notes that all reports have, and of each report the others."""
    every = [list(notes.found(report)) for report in reports]
    count = collections.Counter(note for some in every for note in dict.fromkeys(some))
    shared = [note for note in every[0] if count[note] == len(reports)]
    if any(report.ran.reduced_to for report in reports):
        shared.append(_REDUCED)
    if any(len(family) > 1 for family in families(reports)):
        shared.append(one_letter("combinations of the flags"))
    return shared, [[note for note in some if count[note] < len(reports)] for some in every]


def _kinds(reports: Sequence[Report], marked: Sequence[Marks], found: Varying) -> Iterator[Section]:
    """Yield what is returned alike, once, in the order of the first queries that return it."""
    kinds: dict[object, tuple[Section, list[int]]] = {}
    for at, report in enumerate(reports):
        kind = _kind(report, marked[at], _sizes(found, at))
        rows = tuple((row.name, row.place, row.meaning, row.axes, row.dtype, row.sign) for row in kind.rows)
        key = (rows, tuple(fact.terms for fact in kind.facts), kind.unpack, kind.notes)
        kinds.setdefault(key, (kind, []))[1].append(at)
    titles = [found.layer(some) for _, some in kinds.values()]
    for title, (kind, some) in zip(titles, kinds.values(), strict=True):
        more = tuple(found.alike(some)) if titles.count(title) > 1 else ()
        yield replace(kind, title=", ".join((title, *more)) if len(kinds) > 1 else "")


def _sizes(found: Varying, at: int) -> dict[int, str]:
    """Return the names of the sizes that vary, by the numbers that they are in one query."""
    names = [column for column in found.columns if column.name in ("units", "filters")]
    return {size: column.name for column in names if isinstance(size := column.values[at], int)}


def _kind(report: Report, found: Marks, sizes: dict[int, str]) -> Section:
    rows = tuple(replace(row, shape=None) for row in rows_of(report, found))
    facts = tuple(_general(fact, sizes) for fact in facts_of(found, report.same_shape_different_values))
    states = report.states
    takes = (Note(notes.takes(report), spare="takes"),) if states is not None else ()
    return Section(title="", rows=rows, facts=facts, unpack=str(report.unpack), notes=takes)


def _general(fact: Fact, sizes: dict[int, Any]) -> Fact:
    """Return the fact with the names of sizes where an index has a size: `[:, -1, :units]`."""

    def named(term: Term) -> str:
        half = term.at.half
        return f"{term.tensor}{replace(term.at, half=sizes.get(half, half))}" if half is not None else str(term)

    return (
        replace(fact, terms=tuple(one.written(named) for one in fact.mark.statement)) if fact.mark and sizes else fact
    )
