"""Equality as marks: each class of equal values gets a letter, and each tensor carries some of them."""

from __future__ import annotations

import enum
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rnnshape.program_report import ProgramReport
from rnnshape.report import Report, Statement
from rnnshape.structure import Expression, Index, Term

Found = Report | ProgramReport
"""What has statements of its tensors."""


class Part(enum.Enum):
    """How much of a tensor is in a class: all of it, a slice, or it as one side of a merge."""

    WHOLE = "whole"
    SLICE = "slice"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Mark:
    """One class: its number, from 0, and its expressions, which are equal (or close)."""

    number: int
    statement: Statement
    is_close: bool = False

    @property
    def letter(self) -> str:
        """A, B, C, …."""
        return letter(self.number)


@dataclass(frozen=True, slots=True)
class Carried:
    """A mark on one tensor.

    `own` are the slices of this tensor in the class (`[:, -1, :]`; empty unless `part` is SLICE), `others` the
    expressions of the class that are not this tensor or its slices.
    """

    mark: Mark
    part: Part
    own: tuple[Index, ...]
    others: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one report: all of them, and by tensor those that it carries."""

    all: tuple[Mark, ...]
    by_tensor: dict[str, tuple[Carried, ...]]

    def of(self, name: str) -> tuple[Carried, ...]:
        """Return the marks that the tensor of this name carries, whole ones first."""
        return self.by_tensor.get(name, ())


def marks(reports: Sequence[Found]) -> list[Marks]:
    """Return the marks of each report shown, of a layer or of a program.

    Reports with the same weights and inputs (`--all-flags`) share their marks: one fact has one letter in
    all of them, if it holds across them. Any other report begins again at A.
    """
    found = []
    for family in families(reports):
        found += [
            _carried([tensor.name for tensor in report.tensors], known)
            for report, known in zip(family, _marks_of(family), strict=True)
        ]
    return found


def families(reports: Sequence[Found]) -> list[list[Found]]:
    """Return the reports in order, those of one `--all-flags` run together: the next run repeats a combination."""
    found: list[list[Found]] = []
    for report in reports:
        seen = [member.combination if isinstance(member, Report) else None for member in found[-1]] if found else []
        is_next = isinstance(report, Report) and report.same_weights and report.combination not in seen
        if is_next and seen and None not in seen:
            found[-1].append(report)
        else:
            found.append([report])
    return found


def letter(number: int) -> str:
    """Return A, B, … Z, AA, AB, … for 0, 1, …."""
    count = len(string.ascii_uppercase)
    front = letter(number // count - 1) if number >= count else ""
    return front + string.ascii_uppercase[number % count]


def _marks_of(family: Sequence[Found]) -> list[tuple[Mark, ...]]:
    """Return the marks that may stand in each report of a family.

    What holds across the reports, and what is equal to that in one of them, is one mark in all of them. Anything else
    holds within its report alone: a layer with noise gives a tensor other values in each run.
    """
    across = [one for report in family if isinstance(report, Report) for one in report.equal_across or ()]
    known = {code for statement in across for code in statement}
    everywhere = [
        statement
        for statement in _merged([*across, *(one for report in family for one in report.equal)])
        if not known.isdisjoint(statement)
    ]
    shared = {code for statement in everywhere for code in statement}
    equal: list[tuple[Statement, int | None]] = [(statement, None) for statement in everywhere]
    equal += [
        (statement, at)
        for at, report in enumerate(family)
        for statement in _merged(one for one in report.equal if shared.isdisjoint(one))
    ]
    close = dict.fromkeys(statement for report in family for statement in report.close or ())
    found: list[tuple[Mark, int | None]] = []
    for number, (statement, only) in enumerate([*equal, *((statement, None) for statement in close)]):
        mark = Mark(number, statement, number >= len(equal))
        found.append((mark, only))
    return [tuple(mark for mark, only in found if only in (None, at)) for at in range(len(family))]


def _merged(statements: Iterable[Statement]) -> list[Statement]:
    """Return the statements with those made one that share an expression, in the order of their first ones."""
    classes: list[dict[Expression, None]] = []
    for statement in statements:
        joined = dict.fromkeys(statement)
        touched = [known for known in classes if not known.keys().isdisjoint(joined)]
        if touched:
            for known in touched:
                touched[0].update(known)
            touched[0].update(joined)
            classes = [known for known in classes if known is touched[0] or known not in touched[1:]]
        else:
            classes.append(joined)
    return [tuple(known) for known in classes]


def _carried(names: Sequence[str], shared: tuple[Mark, ...]) -> Marks:
    by_tensor: dict[str, list[Carried]] = {name: [] for name in names}
    for mark in shared:
        for name in names:
            carried = _carry(name, mark)
            if carried is not None:
                by_tensor[name].append(carried)
    order = list(Part)
    return Marks(
        all=tuple(mark for mark in shared if any(one.mark is mark for some in by_tensor.values() for one in some)),
        by_tensor={
            name: tuple(sorted(some, key=lambda one: order.index(one.part))) for name, some in by_tensor.items()
        },
    )


def _carry(name: str, mark: Mark) -> Carried | None:
    """Return how the tensor is in the class, or None when it is not."""
    if name in mark.statement:
        return Carried(mark, Part.WHOLE, (), _others(mark, lambda one: one == name))
    slices = {one: one.at for one in mark.statement if isinstance(one, Term) and one.tensor == name}
    if slices:
        return Carried(mark, Part.SLICE, tuple(slices.values()), _others(mark, lambda one: one in slices))
    if any(one.has(name) for one in mark.statement):
        return Carried(mark, Part.MERGED, (), _others(mark, lambda one: one.has(name)))
    return None


def _others(mark: Mark, is_mine: Callable[[Expression], bool]) -> tuple[Expression, ...]:
    return tuple(one for one in mark.statement if not is_mine(one))
