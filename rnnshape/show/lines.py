"""Facts, notes and small tables as lines that fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rich.cells import cell_len
from rich.text import Text

from rnnshape.show import grid
from rnnshape.show.fold import fill, fold_assignment, prose
from rnnshape.show.grid import Heading
from rnnshape.show.look import Look
from rnnshape.show.marks import Mark, Marks, Part
from rnnshape.show.rows import BRACKETS, Fact, Kind, Note, Problem, Section, Sign, Small, Tone, plain
from rnnshape.show.sections import said_of

_LEAST = 20
"""No text is made narrower than this."""


def signs(marks: Iterable[tuple[Part, Sequence[Mark]]], look: Look, *, brackets: bool) -> tuple[grid.Span, ...]:
    """Return `A`, `[A]`, `(A)` as spans; where `brackets` are in the column, a plain letter leaves room for one."""
    found: list[grid.Span] = []
    for part, some in marks:
        opening, closing = BRACKETS[part]
        found += [(opening or " " * brackets, ""), *((mark.letter, look.mark(mark)) for mark in some), (closing, "")]
    return tuple(span for span in found if span[0])


def facts(section: Section, look: Look, start: int) -> Iterator[Text]:
    """Yield each fact, its sign at the column `start`, and what the signs mean that are no plain letters."""
    said = [(_sign(one, look, brackets=section.has_brackets), _pieces(one)) for one in said_of(section)]
    wide = max((grid.width(sign) for sign, _ in said), default=0)
    indent = min(start, look.width // 4)
    room = max(look.width - indent - wide - 2, _LEAST)
    for sign, text in said:
        front = Text.assemble(" " * indent, *sign, " " * (wide - grid.width(sign) + 2))
        for line in fill(map(look.safe, text), room):
            yield from grid.within(front.append(line), look)
            front = Text(" " * (indent + wide + 2))


def letters(found: Marks, look: Look) -> Iterator[Text]:
    """Yield what the letters in a drawing stand for."""
    for mark in found.all:
        kind = Kind.CLOSE if mark.is_close else Kind.EQUAL
        said = look.safe(f" {kind.value} ".join(mark.statement))
        for at, line in enumerate(prose(said, look.width - 3, "  ")):
            yield Text.assemble((" ", "") if at else (mark.letter, look.mark(mark)), "  ", line)


def _sign(one: Fact | Sign, look: Look, *, brackets: bool) -> tuple[grid.Span, ...]:
    if one.mark is None:
        return ((" " * brackets, ""), (look.safe(one.sign), look.tone(Tone.STRONG)))
    return signs([(one.part, [one.mark])], look, brackets=brackets)


def _pieces(fact: Fact | Sign) -> list[str]:
    """Return a fact in pieces between which it may be broken."""
    if isinstance(fact, Sign):
        return [plain(fact.words)]
    if fact.kind is Kind.DIFFERENT:
        return [*(f"{code}," for code in fact.terms[:-1]), f"{fact.terms[-1]}:", fact.claim]
    return [*(f"{code} {fact.kind.value}" for code in fact.terms[:-1]), fact.terms[-1]]


def problem(found: Problem, look: Look, layer: str = "") -> Iterator[Text]:
    """Yield what went wrong, with the layer that it went wrong with, and what to type instead."""
    said = (f"{layer}: ", found.message) if layer else (found.message,)
    yield from notes([Note(said, Tone.WRONG)], look)
    if found.hint:
        yield from notes([Note((found.hint,), indent=2)], look)


def notes(said: Iterable[Note], look: Look, indent: int = 0) -> Iterator[Text]:
    """Yield the notes as lines that fit, this far from the left."""
    for one in said:
        note = replace(one, indent=one.indent + indent) if indent else one
        if note.apart:
            yield Text()
        if note.table is not None:
            yield from _small(note.table, look)
        elif note.paste:
            yield from (Text(line) for line in fold_assignment(look.safe(plain(note.words)), look.width))
        else:
            yield from _sentence(note, look)


def _sentence(note: Note, look: Look) -> Iterator[Text]:
    lead, text = look.safe(note.lead), look.safe(note.text)
    if note.spare and cell_len(note.spare) + 1 + cell_len(text) <= look.width - note.indent:
        text = f"{note.spare} {text}"
    left = len(lead) or (len(text) if note.tone is Tone.STRONG else 0)
    front = Text(" " * note.indent)
    if note.tone is Tone.WRONG:
        front.append("!", look.alarm).append(" ")
    for line in prose(text, max(look.width - front.cell_len, _LEAST), "" if note.tone is Tone.WRONG else "  "):
        shown = Text(line, look.quiet if note.tone is Tone.QUIET else "")
        shown.stylize(look.tone(note.tone), 0, left)
        left = max(left - len(line), 0)
        yield front + shown
        front = Text(" " * front.cell_len)


def _small(table: Small, look: Look) -> Iterator[Text]:
    headings = [Heading(text, gap=2 if at else 0, right=at in table.right) for at, text in enumerate(table.headings)]
    rows = [
        [grid.plain(look.safe(text), look.tone(Tone.STRONG) if at == 0 else "") for at, text in enumerate(row)]
        for row in table.rows
    ]
    last = len(headings) - 1
    columns = grid.layout(headings, grid.natural(headings, rows), look, wraps=-1 if last in table.right else last)
    yield from grid.head(columns)
    for row in rows:
        yield from grid.body(row, columns)
