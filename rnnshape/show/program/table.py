"""The table of a program: the rows and the facts of every table, and an error at its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text

from rnnshape.program_report import ProgramReport
from rnnshape.show import lines
from rnnshape.show.layout import heading, last, tensors
from rnnshape.show.look import Look
from rnnshape.show.program.diagnosis import diagnosis
from rnnshape.show.program.section import program_section
from rnnshape.show.rows import Tone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult


def table(report: ProgramReport) -> RenderableType:
    """Return what is shown for a program. It fits the width it is rendered at, and nothing is cut."""
    return _Table(report)


@dataclass(frozen=True, slots=True)
class _Table:
    report: ProgramReport

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in _lines(self.report, Look.of(console, options)):
            line.no_wrap, line.overflow = True, "ignore"
            yield line


def _lines(report: ProgramReport, look: Look) -> Iterator[Text]:
    section = program_section(report)
    yield from heading(section, look)
    yield from tensors(section, look)
    if section.error is not None:
        yield Text()
        yield from diagnosis(report, look)
        if section.then is not None and section.then.rows:
            yield Text()
            yield Text("with the fix:", look.tone(Tone.STRONG))
            yield from tensors(section.then, look)
    if section.notes or section.size or section.whose:
        yield Text()
    yield from lines.notes(section.notes, look)
    yield from last(section, look)
