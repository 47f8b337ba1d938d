"""The table: every returned tensor, and what equals what, at a glance. Of a layer and of a program alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from rnnshape.errors import RnnshapeError
from rnnshape.report import Report
from rnnshape.show import lines
from rnnshape.show.fold import fold_assignment
from rnnshape.show.layout import heading, last, tensors
from rnnshape.show.look import Look
from rnnshape.show.notes import has_blocks
from rnnshape.show.rows import Section, Tone
from rnnshape.show.sections import sections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult


def table(reports: Sequence[Report | RnnshapeError]) -> RenderableType:
    """Return what is shown for these answers, in their order; an error among them says what went wrong.

    It fits the width it is rendered at: columns that find no room go below their row, and nothing is cut.
    """
    return _Table(tuple(reports))


@dataclass(frozen=True, slots=True)
class _Table:
    items: tuple[Report | RnnshapeError, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        look = Look.of(console, options)
        for line in _lines(self.items, look):
            line.no_wrap, line.overflow = True, "ignore"
            yield line


def _lines(items: Sequence[Report | RnnshapeError], look: Look) -> Iterator[Text]:
    reports = [item for item in items if isinstance(item, Report)]
    if len(reports) > 1 and not any(map(has_blocks, reports)):
        yield from _several(items, reports, look)
        return
    for at, section in enumerate(sections(items)):
        if at:
            yield Text()
        yield from whole(section, look)


def _several(items: Sequence[Report | RnnshapeError], reports: Sequence[Report], look: Look) -> Iterator[Text]:
    """Return the lines of several answers in one table."""
    # What only several answers need is not imported for one.
    from rnnshape.show.many import four, many
    from rnnshape.show.matrix import matrix
    from rnnshape.show.overview import overview

    flags = matrix(reports) if len(reports) == len(items) else None
    return (four(flags, look) if flags else None) or many(overview(items), look)


def whole(section: Section, look: Look) -> Iterator[Text]:
    """Yield all lines of one answer."""
    yield from heading(section, look)
    if section.error is not None:
        yield from lines.problem(section.error, look)
    yield from tensors(section, look)
    if section.unpack:
        yield Text()
        yield from (Text(line) for line in fold_assignment(look.safe(section.unpack), look.width))
        if section.notes and section.notes[0].tone is Tone.WRONG and not section.notes[0].apart:
            yield Text()
    yield from lines.notes(section.notes, look)
    yield from last(section, look)
