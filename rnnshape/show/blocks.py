"""Answers as the blocks of a page, in their order: tables, lists, code. What HTML, Markdown and LaTeX spell.

Nothing here knows how one of them spells it: a text is in pieces, of which some are code and some are marks.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rnnshape.show.answers import parts
from rnnshape.show.columns import Column, cell, columns
from rnnshape.show.look import Shown
from rnnshape.show.matrix import Matrix
from rnnshape.show.overview import Overview, Query
from rnnshape.show.program.diagnosis import diagnosed
from rnnshape.show.rows import Answers, Code, Note, Problem, Row, Section, Signs, Small, Tone, Words, plain
from rnnshape.show.sections import said_of

_FLAGS = {
    (False, False): "neither flag",
    (False, True): "return_state",
    (True, False): "return_sequences",
    (True, True): "both flags",
}
"""What the columns of a matrix are called, by return_sequences and return_state."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text: marks first, or another sign; then a lead that stands out, and the words. `wrong`: it is bad news."""

    words: Words = ()
    signs: Signs = ()
    sign: str = ""
    lead: str = ""
    wrong: bool = False
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """What the next blocks are about: a layer or a file, and what it was called with."""

    title: Words
    words: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list of texts."""

    items: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Paste:
    """Lines of code to paste."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """What is shown as it is in a terminal: where and why a program stopped."""

    shown: Shown


class Kind(enum.Enum):
    """What a column of a table holds."""

    TEXT = "text"
    NAME = "name"
    """It tells what a row is about."""
    NUMBER = "number"
    PROSE = "prose"


@dataclass(frozen=True, slots=True)
class Group:
    """Some rows of a table, with a title of their own or without one; `below` is what is said of the last of them."""

    title: str
    rows: tuple[tuple[Said, ...], ...]
    below: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `about` is its heading."""

    headings: tuple[str, ...]
    kinds: tuple[Kind, ...]
    groups: tuple[Group, ...]
    about: Heading | None = None


Block = Heading | Items | Paste | Picture | Table | Said


def blocks(answers: Answers) -> Iterator[list[Block]]:
    """Yield the blocks of each answer; many layers are one, with one table, as in a terminal."""
    for part in parts(answers):
        match part:
            case Section():
                yield list(_section(part))
            case Matrix():
                yield list(_matrix(part))
            case Overview():
                yield list(_overview(part))


def _section(section: Section) -> Iterator[Block]:
    yield from _notes(section.before)
    about = Heading((Code(section.title),), " ".join(section.called_with)) if section.title else None
    yield from [_tensors(section, about)] if section.rows else filter(None, [about])
    yield from _facts(section)
    yield from _problem(section.error) if section.error else ()
    yield from [Paste((section.unpack,))] if section.unpack else []
    yield from _notes(_last(section))
    if section.then is not None:
        yield Said(("With the fix:",))
        yield from _section(section.then)


def _problem(problem: Problem) -> Iterator[Block]:
    if problem.stopped is not None:
        yield Picture(diagnosed(problem.stopped))
    else:
        yield Said((problem.message,), wrong=True)
        yield from [Said((problem.hint,))] if problem.hint else []


def _tensors(section: Section, about: Heading | None = None) -> Table:
    shown = columns(section)
    kinds = {Column.LINE: Kind.NUMBER, Column.NAME: Kind.NAME, Column.MEANING: Kind.PROSE}
    return Table(
        headings=tuple(one.value for one in shown),
        kinds=tuple(kinds.get(one, Kind.TEXT) for one in shown),
        groups=tuple(Group(some[0].layer, tuple(_row(row, shown) for row in some)) for some in section.groups),
        about=about,
    )


def _row(row: Row, shown: Sequence[Column]) -> tuple[Said, ...]:
    return tuple(Said(signs=row.signs) if one is Column.MARK else Said(cell(row, one)) for one in shown)


def _facts(section: Section) -> Iterator[Items]:
    """Yield what equals what, and what the signs mean, as one list."""
    said = tuple(
        Said(one.words, ((one.part, (one.mark,)),)) if one.mark else Said(one.words, sign=one.sign)
        for one in said_of(section)
    )
    yield from [Items(said)] if said else []


def _last(section: Section) -> list[Note]:
    return [*section.notes, *(Note((said,)) for said in (section.size, section.whose) if said)]


def _notes(notes: Iterable[Note]) -> Iterator[Block]:
    """Yield notes: those that are sentences as lists, tables and code between them."""
    for is_sentence, some in itertools.groupby(notes, lambda note: note.table is None and not note.paste):
        if is_sentence:
            yield Items(tuple(map(_note, some)))
        else:
            for note in some:
                yield _small(note.table) if note.table is not None else Paste((plain(note.words),))


def _note(note: Note) -> Said:
    words = (f"{note.spare} ", *note.words) if note.spare else note.words
    return Said(words, lead=note.lead, wrong=note.tone is Tone.WRONG, strong=note.tone is Tone.STRONG)


def _small(table: Small) -> Table:
    return Table(
        headings=table.headings,
        kinds=tuple(_kind(at, table.right, 0) for at in range(len(table.headings))),
        groups=(Group("", tuple(tuple(Said((text,)) for text in row) for row in table.rows)),),
    )


def _kind(at: int, numbers: Iterable[int], name: int) -> Kind:
    if at == name:
        return Kind.NAME
    return Kind.NUMBER if at in numbers else Kind.TEXT


def _overview(shown: Overview) -> Iterator[Block]:
    kinds = [_kind(at, shown.numbers, -1) for at in range(len(shown.headings))]
    yield Table(
        headings=(*shown.headings, *shown.places, *shown.more),
        kinds=(*kinds, *(Kind.TEXT for _ in shown.places), *(Kind.NUMBER for _ in shown.more)),
        groups=tuple(_queries(shown)),
        about=Heading(shown.title, " ".join(shown.section.called_with)),
    )
    for kind in shown.kinds:
        yield from _section(kind)
    yield from _notes(_last(shown.section))


def _queries(shown: Overview) -> Iterator[Group]:
    """Yield the rows; one of which there is something to say ends a group, and an error is a group without rows."""
    rows: list[tuple[Said, ...]] = []
    for row in shown.rows:
        if isinstance(row, Query):
            places = (Said((Code(one.shape),), one.signs) if one else Said() for one in row.places)
            rows.append((*(Said((text,)) for text in row.varying), *places, *(Said((text,)) for text in row.more)))
            below = tuple(map(_note, row.notes))
        else:
            below = tuple(_failed(row))
        if below:
            yield Group("", tuple(rows), below)
            rows = []
    yield from [Group("", tuple(rows))] if rows else []


def _failed(section: Section) -> Iterator[Said]:
    if section.error is not None:
        yield Said((Code(section.title), f": {section.error.message}"), wrong=True)
        yield from [Said((section.error.hint,))] if section.error.hint else []


def _matrix(shown: Matrix) -> Iterator[Block]:
    section, front, back = shown.section, (Column.MARK, Column.NAME), (Column.SHAPE, Column.MEANING)
    rows = tuple(
        (*_row(row, front), *(Said((Code(place),)) for place in places), *_row(row, back))
        for row, places in zip(section.rows, shown.places, strict=True)
    )
    yield Table(
        headings=("mark", "tensor", *(_FLAGS[flags] for flags in shown.flags), "shape", "what it is"),
        kinds=(Kind.TEXT, Kind.NAME, *(Kind.TEXT for _ in shown.flags), Kind.TEXT, Kind.PROSE),
        groups=(Group("", rows),),
        about=Heading((Code(section.title),), " ".join(section.called_with)),
    )
    yield from _facts(section)
    yield Paste(shown.unpacks)
    yield from _notes(_last(section))
