"""The layout of every table: a section's heading, its rows and facts, and its last lines, as lines that fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from rnnshape.show import grid, lines
from rnnshape.show.fold import fill, fold
from rnnshape.show.grid import Cell, Grid, Heading
from rnnshape.show.look import Look
from rnnshape.show.rows import Note, Row, Section, Tone, shape_code, typed_shape
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
    columns, rows = _fitted(section, look)
    if apart:
        yield Text()
    yield from grid.head(columns)
    for row in rows:
        yield from grid.body(row, columns)
    if section.facts:
        yield Text()
        start = grid.total(columns.headings[:_SIGN], columns.widths) + columns.headings[_SIGN].gap
        yield from lines.facts(section, look, start)


def last(section: Section, look: Look) -> Iterator[Text]:
    """Yield the number of parameters and whose answer it is: on one line where they fit."""
    said = [part for part in (section.size, section.whose) if part]
    if len("; ".join(said)) <= look.width:
        said = ["; ".join(said)] if said else []
    yield from lines.notes([Note((part,), Tone.QUIET) for part in said], look)


_SIGN, _NAME, _AXES, _MEANING = 2, 3, 5, 6
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


_LAST_AXIS = Heading("last axis")


def _fitted(section: Section, look: Look) -> tuple[Grid, list[tuple[Cell, ...]]]:
    """Return the first of the layouts that fits, the most telling first, and its rows."""
    tensors, brackets = section.rows, section.has_brackets
    fronts = [
        _front(row, look, brackets=brackets, with_line=not at or row.line != tensors[at - 1].line)
        for at, row in enumerate(tensors)
    ]
    front_widths = grid.natural(_COLUMNS[:_AXES], fronts)
    for plan in _PLANS_WITH_LAYERS if any(row.layer for row in tensors) else _PLANS:
        told = [_told(row, plan, look) for row in tensors]
        headings = (*_COLUMNS[:_AXES], _LAST_AXIS if plan.axes == 1 else _COLUMNS[_AXES], *_COLUMNS[_MEANING:])
        widths = (*front_widths, *grid.natural(headings[_AXES:], told))
        if grid.total(headings, widths) <= look.width:
            break
    else:
        room = look.width - grid.total(headings[:_MEANING], widths) - headings[_MEANING].gap
        told = [_told_within(row, max(room, grid.NARROWEST), look) for row in tensors]
        widths = (*front_widths, *grid.natural(headings[_AXES:], told))
    indent = min(grid.total(_COLUMNS[:_NAME], widths) + _COLUMNS[_NAME].gap + 2, _BELOW)
    columns = grid.layout(headings, widths, look, wraps=_MEANING, indent=indent)
    return columns, [(*front, *rest) for front, rest in zip(fronts, told, strict=True)]


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


def _front(row: Row, look: Look, *, brackets: bool, with_line: bool) -> tuple[Cell, ...]:
    """Return the cells that are the same however much is told."""
    shape = "" if row.shape is None else typed_shape(row.shape, row.dtype)
    return (
        grid.plain(f"{row.line:>4}" if row.line is not None and with_line else "", look.quiet),
        grid.plain(look.safe(row.place), look.quiet),
        Cell(lines.signs(row.signs, look, brackets=brackets), ()),
        grid.plain(look.safe(row.name), look.tone(Tone.STRONG)),
        grid.plain(shape),
    )


def _told(row: Row, plan: _Plan, look: Look) -> tuple[Cell, ...]:
    """Return the cells of the axes, of what it is, and of what made it."""
    axes = ("", row.axes[-1] if row.axes else "", ", ".join(row.axes))[plan.axes]
    return (
        grid.only_in_column(look.safe(axes), look.quiet),
        grid.only_in_column(look.safe(shorter(row.meaning, plan.words))),
        grid.only_in_column(look.safe(row.layer if plan.layer else ""), look.quiet),
    )


def _told_within(row: Row, room: int, look: Look) -> tuple[Cell, ...]:
    """Return the same cells where not all rows have room for the fewest words: of each, as many as it has room for."""
    nothing = Cell((), ())
    column = (look.safe(in_words(row, room)), "")
    shape = cell_len(shape_code(row.shape or ()))
    below = (look.safe(in_words(row, look.width - _BELOW - shape - 2, otherwise=row.meaning)), "")
    return nothing, Cell((column,), (below,)), nothing


def in_words(row: Row, room: int, otherwise: str = "") -> str:
    """Return what a tensor is, in as many words as fit; where none do, what stands for it, or the fewest words."""
    said = (shorter(row.meaning, level) for level in range(LEVELS + 1))
    return next((words for words in said if cell_len(words) <= room), otherwise or shorter(row.meaning, LEVELS))
