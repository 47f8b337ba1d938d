"""The layout of every table: a section's heading, its rows and facts, and its last lines, as lines that fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from rnnshape.show import grid, lines
from rnnshape.show.fold import fill, fold
from rnnshape.show.grid import Cell, Grid, Heading
from rnnshape.show.look import Look
from rnnshape.show.marks import Part
from rnnshape.show.rows import Note, Row, Section, Tone, shape_code
from rnnshape.show.shorter import LEVELS, shorter


def heading(section: Section, look: Look) -> Iterator[Text]:
    """Yield what ran, and what it was called with: on one line where they fit."""
    strong = look.tone(Tone.STRONG)
    title = [Text(line, strong) for line in fold(look.safe(section.title), look.width)] if section.title else []
    phrases = [look.safe(phrase) for phrase in section.called_with]
    called = " ".join(phrases)
    if phrases and len(title) == 1 and title[0].cell_len + 1 + cell_len(called) <= look.width:
        title[0] = Text.assemble(title[0], f" {called}")
        phrases = []
    yield from title
    if phrases:
        yield from (Text(f"  {line}") for line in fill(phrases, look.width - 2))
    yield from lines.notes(section.before, look)


def tensors(section: Section, look: Look, *, apart: bool = True) -> Iterator[Text]:
    """Yield the rows, and below them each fact once; `apart` asks for an empty line in front."""
    if not section.rows:
        return
    brackets = any(one.part is not Part.WHOLE for row in section.rows for one in row.marks)
    columns, rows = _fitted(section.rows, look, brackets=brackets)
    if apart:
        yield Text()
    yield from grid.head(columns)
    for row in rows:
        yield from grid.body(row, columns)
    if section.facts:
        yield Text()
        start = grid.total(columns.headings[:_SIGN], columns.widths) + columns.headings[_SIGN].gap
        yield from lines.facts(section, look, start, brackets=brackets)


def last(section: Section, look: Look) -> Iterator[Text]:
    """Yield the number of parameters and whose answer it is: on one line where they fit."""
    said = [part for part in (section.size, section.whose) if part]
    if len("; ".join(said)) <= look.width:
        said = ["; ".join(said)] if said else []
    yield from lines.notes([Note((part,), Tone.QUIET) for part in said], look)


_SIGN, _NAME, _MEANING = 2, 3, 6
_BELOW = 13
"""The column at which a line that stands below its row begins at the latest."""
_COLUMNS = (
    Heading("line", gap=0, right=True, stays=True),
    Heading("at", gap=1, stays=True),
    Heading("", gap=1, stays=True),
    Heading("tensor", stays=True),
    Heading("shape"),
    Heading("axes"),
    Heading("what it is"),
    Heading("made by"),
)


def _fitted(tensors: Sequence[Row], look: Look, *, brackets: bool) -> tuple[Grid, list[tuple[Cell, ...]]]:
    """Return the first of the layouts that fits, the most telling first, and its rows."""
    rows: list[tuple[Cell, ...]] = []
    for plan in _PLANS_WITH_LAYERS if any(row.layer for row in tensors) else _PLANS:
        rows = [
            _cells(row, plan, look, brackets=brackets, with_line=not at or row.line != tensors[at - 1].line)
            for at, row in enumerate(tensors)
        ]
        headings = tuple(Heading("last axis") if at == 5 and plan.axes == 1 else one for at, one in enumerate(_COLUMNS))
        widths = grid.natural(headings, rows)
        if grid.total(headings, widths) <= look.width:
            return grid.layout(headings, widths, look), rows
    return grid.layout(_COLUMNS, widths, look, wraps=_MEANING, indent=_indent(widths)), rows


def _indent(widths: Sequence[int]) -> int:
    """Return where a line begins that stands below its row: a little right of the name."""
    return min(grid.total(_COLUMNS[:_NAME], widths) + _COLUMNS[_NAME].gap + 2, _BELOW)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How much is told: the axes (2: all, 1: the last), what made a tensor, how far words are left out."""

    axes: int = 0
    layer: bool = False
    words: int = 0


_IN_WORDS = tuple(_Plan(words=level) for level in range(LEVELS + 1))
_PLANS = (_Plan(2), _Plan(1), *_IN_WORDS)
_PLANS_WITH_LAYERS = (_Plan(2, layer=True), _Plan(layer=True), *_IN_WORDS)
"""What made a tensor tells more than its axes."""


def _cells(row: Row, plan: _Plan, look: Look, *, brackets: bool, with_line: bool) -> tuple[Cell, ...]:
    axes = ("", row.axes[-1] if row.axes else "", ", ".join(row.axes))[plan.axes]
    shape = "" if row.shape is None else shape_code(row.shape)
    return (
        grid.plain(f"{row.line:>4}" if row.line is not None and with_line else "", look.quiet),
        grid.plain(look.safe(row.place), look.quiet),
        Cell(lines.signs(row.signs, look, brackets=brackets), ()),
        grid.plain(look.safe(row.name), look.tone(Tone.STRONG)),
        grid.plain(shape if row.dtype == "float32" or not shape else f"{shape} {row.dtype}"),
        grid.only_in_column(look.safe(axes), look.quiet),
        Cell(((look.safe(shorter(row.meaning, plan.words)), ""),), ((look.safe(_below(row, look)), ""),)),
        grid.only_in_column(look.safe(row.layer if plan.layer else ""), look.quiet),
    )


def _below(row: Row, look: Look) -> str:
    """Return what a tensor is for a line below its row: in as many words as fit there beside its shape."""
    room = look.width - _BELOW - cell_len(shape_code(row.shape or ())) - 2
    said = (shorter(row.meaning, level) for level in range(LEVELS + 1))
    return next((words for words in said if cell_len(words) <= room), row.meaning)
