"""The table: every returned tensor, and what equals what, at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from rnnshape.errors import RnnshapeError
from rnnshape.report import Report
from rnnshape.show import comparison, grid, notes, rows
from rnnshape.show.fold import fill, fold, fold_assignment
from rnnshape.show.grid import Cell, Grid, Look, Row, plain
from rnnshape.show.marks import Marks, Part, families, marks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

_HEADINGS = ("tensor", "at", "shape", "axes", "what it is", "equals")
_MEANING = 4
_EQUALS = 5


def table(reports: Sequence[Report | RnnshapeError]) -> RenderableType:
    """Return what is shown for these answers, in their order; an error among them says what went wrong.

    It fits the width it is rendered at: columns that find no room go below their row, and nothing is cut.
    """
    return _Table(tuple(reports))


@dataclass(frozen=True, slots=True)
class _Table:
    items: tuple[Report | RnnshapeError, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        look = Look(options.max_width, options.encoding)
        for line in _lines(self.items, look):
            line.no_wrap, line.overflow = True, "ignore"
            yield line


@dataclass(frozen=True, slots=True)
class _Group:
    """One answer, ready to be laid out."""

    heading: list[Text]
    rows: list[Row]
    unpack: list[Text]
    notes: list[notes.Note]


def _lines(items: Sequence[Report | RnnshapeError], look: Look) -> Iterator[Text]:
    groups = _groups(items, look)
    if not groups:
        return
    every = [row for group in groups for row in group.rows]
    count = _EQUALS + 1 if any(row.cells[_EQUALS].lines for row in every) else _EQUALS
    columns = grid.layout(_HEADINGS[:count], every, look, wraps=_MEANING) if every else None
    if len(groups) == 1:
        yield from _alone(groups[0], columns, look)
    else:
        yield from _together(groups, columns, look, [item for item in items if isinstance(item, Report)])


def _alone(group: _Group, columns: Grid | None, look: Look) -> Iterator[Text]:
    yield from group.heading
    if columns is not None:
        yield Text()
        yield from grid.head(columns)
        yield from _rows(group.rows, columns)
        yield Text()
        yield from group.unpack
        if group.notes:
            yield Text()
    yield from notes.lines(group.notes, look)


def _together(groups: Sequence[_Group], columns: Grid | None, look: Look, reports: Sequence[Report]) -> Iterator[Text]:
    """Yield one table over all groups; what is to be noted of all of them is said once, below."""
    shared = [note for note in groups[0].notes if all(note in group.notes for group in groups)]
    if any(len(family) > 1 for family in families(reports)):
        shared.insert(0, notes.Note("One letter is one value throughout: the runs share their weights and inputs."))
    if columns is not None:
        yield from grid.head(columns)
    for at, group in enumerate(groups):
        if at:
            yield Text()
        yield from group.heading
        if columns is not None:
            yield from _rows(group.rows, columns)
        yield from group.unpack
        yield from notes.lines([note for note in group.notes if note not in shared], look)
    if shared:
        yield Text()
        yield from notes.lines(shared, look)
    if comparison.is_worth_it(reports):
        yield Text()
        yield from comparison.comparison(reports, look)


def _rows(laid_out: Iterable[Row], columns: Grid) -> Iterator[Text]:
    for row in laid_out:
        yield from grid.body(row, columns)


def _groups(items: Sequence[Report | RnnshapeError], look: Look) -> list[_Group]:
    reports = [item for item in items if isinstance(item, Report)]
    marked = iter(marks(reports))
    paired = [(item, next(marked) if isinstance(item, Report) else None) for item in items]
    brackets = any(
        carried.part is not Part.WHOLE
        for _, found in paired if found is not None
        for some in found.by_tensor.values()
        for carried in some
    )  # fmt: skip
    return [
        _failed(item, look) if isinstance(item, RnnshapeError) else _group(item, found or Marks((), {}), look, brackets)
        for item, found in paired
    ]


def _group(report: Report, found: Marks, look: Look, brackets: bool) -> _Group:  # noqa: FBT001
    return _Group(
        heading=_heading(report, look),
        rows=[_row(row, look, brackets) for row in rows.rows(report, found)],
        unpack=[Text(line) for line in fold_assignment(look.safe(str(report.unpack)), look.width)],
        notes=notes.notes(report),
    )


def _failed(error: RnnshapeError, look: Look) -> _Group:
    layer = [Text(line, "bold") for line in fold(look.safe(error.layer), look.width)] if error.layer else []
    said = [notes.Note(error.message, style="", lead="✗", lead_style="bold red")]
    if error.hint:
        said.append(notes.Note(error.hint))
    return _Group(heading=layer, rows=[], unpack=[], notes=said)


def _heading(report: Report, look: Look) -> list[Text]:
    """Return the layer as code and what it was called with, on one line where they fit."""
    lines = [Text(line, "bold") for line in fold(look.safe(str(report.layer)), look.width)]
    phrases = [look.safe(phrase) for phrase in notes.called_with(report)]
    called = " ".join(phrases)
    if len(lines) == 1 and lines[0].cell_len + 1 + cell_len(called) <= look.width:
        return [lines[0].append(f" {called}", "not bold dim")]
    return lines + [Text(line, "dim") for line in fill(phrases, look.width, "  ")]


def _row(row: rows.Row, look: Look, brackets: bool) -> Row:  # noqa: FBT001
    tensor = row.tensor
    return Row(
        mark=_mark(row, brackets),
        cells=(
            plain(look.safe(tensor.name), f"bold {row.colour}".rstrip()),
            plain(row.place, "dim"),
            plain(notes.shape_code(tensor.shape)),
            plain(look.safe(", ".join(tensor.axes)), "dim"),
            plain(look.safe(tensor.meaning)),
            _equals(row, look),
        ),
    )


def _mark(row: rows.Row, brackets: bool) -> tuple[grid.Span, ...]:  # noqa: FBT001
    """Return ` A`, `[A]` where a slice of the tensor is A, `(A)` where the tensor is merged into A."""
    spans: list[grid.Span] = []
    for part, (opening, closing) in rows.BRACKETS.items():
        letters = [(mark.letter, f"bold {mark.colour}") for mark in row.marks(part)]
        if letters:
            spans += [(opening or " ", ""), *letters, (closing, "")] if brackets else letters
    return tuple(span for span in spans if span[0])


def _equals(row: rows.Row, look: Look) -> Cell:
    if not row.equals:
        return _equals_nothing(row.alone)
    below = tuple((look.safe(one.said()), one.mark.colour) for one in row.equals)
    alone = tuple((look.safe(one.said(with_sign=True)), one.mark.colour) for one in row.equals)
    return Cell(below, alone)


def _equals_nothing(why: rows.Alone) -> Cell:
    match why:
        case rows.Alone.CONSTANT:
            return plain("constant, so compared with nothing", "dim")
        case rows.Alone.UNDECIDED:
            return plain("undecided: its values vary too little", "dim")
        case rows.Alone.NOTHING:
            return Cell(((why.value, "dim"),), ((f"equals {why.value}", "dim"),))
    return Cell((), ())
