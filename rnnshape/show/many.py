"""Many queries as lines: a row for each, a column for each place, and below what they have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.text import Text

from rnnshape.show import grid, layout, lines
from rnnshape.show.fold import fold_assignment, prose
from rnnshape.show.grid import Cell, Grid, Heading
from rnnshape.show.look import Look
from rnnshape.show.matrix import Matrix
from rnnshape.show.overview import SIZE, TIME, Overview, Place, Query, overview
from rnnshape.show.rows import Row, Section, Tone, plain, sign_text, typed_shape
from rnnshape.show.shorter import LEVELS, shorter

_INDENT = 4
"""The column at which lines begin that stand below their row."""
_IN_WORDS = {SIZE: "{} parameters", TIME: "a call takes {}"}
"""What the last columns say on a line below their row."""


def several(shown: Matrix | Overview, look: Look) -> Iterator[Text]:
    """Return the lines of several answers in one table."""
    if isinstance(shown, Overview):
        return _many(shown, look)
    return _four(shown, look) or _many(overview(shown.reports), look)


def _many(shown: Overview, look: Look) -> Iterator[Text]:
    yield from layout.heading(replace(shown.section, title=plain(shown.title)), look)
    yield Text()
    yield from _rows(shown, look)
    for kind in shown.kinds:
        yield from _kind(kind, look)
    yield Text()
    yield from lines.notes(shown.section.notes, look)
    yield from layout.last(shown.section, look)


def _four(shown: Matrix, look: Look) -> Iterator[Text] | None:
    """Return the lines of the combinations of the two flags; None where they do not fit beside each other."""
    flags = [Heading("", gap=1 if at else 2) for at in range(len(shown.flags))]
    headings = (Heading("", gap=1), Heading("tensor"), *flags, Heading("shape", gap=3), Heading("what it is"))
    for level in range(LEVELS + 1):
        rows = [
            _flag_cells(row, places, level, look, brackets=shown.section.has_brackets)
            for row, places in zip(shown.section.rows, shown.places, strict=True)
        ]
        found = grid.natural(headings, rows)
        wide = max(len("yes"), *found[2:-2])
        widths = (*found[:2], *(wide for _ in flags), *found[-2:])
        if grid.total(headings, widths) <= look.width:
            break
    if grid.total(headings[:-2], widths) > look.width:
        return None
    return _combinations(shown, rows, grid.layout(headings, widths, look, indent=_INDENT), look)


def _combinations(shown: Matrix, rows: Sequence[tuple[Cell, ...]], columns: Grid, look: Look) -> Iterator[Text]:
    section = shown.section
    yield from layout.heading(section, look)
    yield Text()
    front = grid.total(columns.headings[:2], columns.widths)
    for at, name in enumerate(("return_sequences", "return_state")):
        said = " ".join(f"{'yes' if flags[at] else 'no':<{columns.widths[2]}}" for flags in shown.flags)
        yield Text(f"{name:>{front}}  {said}".rstrip(), look.quiet)
    yield from grid.head(columns)
    for row in rows:
        yield from grid.body(row, columns)
    yield Text()
    yield from lines.facts(section, look, columns.headings[0].gap)
    yield Text()
    for unpack in shown.unpacks:
        yield from (Text(line) for line in fold_assignment(look.safe(unpack), look.width))
    yield from lines.notes(section.notes, look)
    yield from layout.last(section, look)


def _flag_cells(row: Row, places: Sequence[str], level: int, look: Look, *, brackets: bool) -> tuple[Cell, ...]:
    shape = typed_shape(row.shape or (), row.dtype)
    below = layout.in_words(row, look.width - _INDENT - len(shape) - 2, otherwise=row.meaning)
    return (
        Cell(lines.signs(row.signs, look, brackets=brackets), ()),
        grid.plain(look.safe(row.name), look.tone(Tone.STRONG)),
        *(grid.plain(look.safe(one)) for one in places),
        grid.plain(shape),
        Cell(((look.safe(shorter(row.meaning, level)), ""),), ((look.safe(below), ""),)),
    )


def _rows(shown: Overview, look: Look) -> Iterator[Text]:
    queries = [row for row in shown.rows if isinstance(row, Query)]
    headings = tuple(_headings(shown))
    signs = [
        max(len(sign_text(one.signs)) if one else 0 for one in places)
        for places in zip(*(row.places for row in queries), strict=True)
    ]
    cells = [_cells(row, shown, signs, look) for row in queries]
    columns = grid.layout(headings, grid.natural(headings, cells), look, indent=_INDENT)
    left = iter(cells)
    yield from grid.head(columns)
    for row in shown.rows:
        if isinstance(row, Query):
            yield from grid.body(next(left), columns)
            yield from lines.notes(row.notes, look, indent=_INDENT)
        elif row.error is not None:
            yield from lines.problem(row.error, look, row.title)


def _headings(shown: Overview) -> Iterator[Heading]:
    for at, name in enumerate(shown.headings):
        yield Heading(name, gap=2 if at else 1, right=at in shown.numbers, stays=True)
    for one in shown.places:
        yield Heading(one if len(shown.places) > 1 or one.startswith("[") else "shape", gap=3)
    yield from (Heading(name, right=name == SIZE) for name in shown.more)


def _cells(row: Query, shown: Overview, signs: Sequence[int], look: Look) -> tuple[Cell, ...]:
    front = (grid.plain(look.safe(text), look.tone(Tone.STRONG)) for text in row.varying)
    places = (_place(one, name, wide, look) for one, name, wide in zip(row.places, shown.places, signs, strict=True))
    more = (
        Cell(((text, ""),), ((_IN_WORDS[name].format(text), ""),)) if text else Cell((), ())
        for name, text in zip(shown.more, row.more, strict=True)
    )
    return (*front, *places, *more)


def _place(one: Place | None, name: str, wide: int, look: Look) -> Cell:
    if one is None:
        return Cell((), ())
    signs = lines.signs(one.signs, look, brackets=False)
    gap = " " * (wide - grid.width(signs) + 1) if wide else ""
    spans = (*signs, (gap, ""), (one.shape, ""))
    below = ((f"{look.safe(name)} ", ""), *signs, (" " if signs else "", ""), (one.shape, ""))
    return Cell(tuple(span for span in spans if span[0]), tuple(span for span in below if span[0]))


def _kind(kind: Section, look: Look) -> Iterator[Text]:
    """Yield what several queries return alike."""
    if kind.title:
        yield Text()
        yield from (Text(line, look.tone(Tone.STRONG)) for line in prose(look.safe(kind.title), look.width, "  "))
    yield from layout.tensors(kind, look, apart=not kind.title)
    yield Text()
    yield from (Text(line) for line in fold_assignment(look.safe(kind.unpack), look.width))
    yield from lines.notes(kind.notes, look)
