"""Answers of both kinds in one picture: single layers in one table, each program by itself, in their order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from rnnshape.errors import RnnshapeError
from rnnshape.program_report import ProgramReport
from rnnshape.report import Report
from rnnshape.show.console import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import RenderableType

Answer = Report | ProgramReport | RnnshapeError
OfLayers = Callable[[Sequence[Report | RnnshapeError]], "RenderableType"]
OfProgram = Callable[[ProgramReport], "RenderableType"]


def table(answers: Sequence[Answer]) -> RenderableType:
    """Return the tables of these answers."""
    from rnnshape.show import table as layers_table

    return _together(answers, layers_table.table, _program_table)


def title(answers: Sequence[Answer]) -> str:
    """Return what was asked, in one line."""
    names = dict.fromkeys(
        answer.program.source if isinstance(answer, ProgramReport) else str(answer.layer or "") for answer in answers
    )
    return safe(", ".join(name for name in names if name) or "rnnshape", "utf-8")


def diagram(answers: Sequence[Answer]) -> RenderableType:
    """Return the diagrams of these answers."""
    from rnnshape.show import diagram as layers_diagram
    from rnnshape.show import program

    return _together(answers, layers_diagram.diagram, program.diagram)


def _program_table(report: ProgramReport) -> RenderableType:
    # What only a program needs is not imported for a layer.
    from rnnshape.show import program

    return program.table(report)


def _together(answers: Sequence[Answer], of_layers: OfLayers, of_program: OfProgram) -> RenderableType:
    from rich.console import Group

    parts = list(_parts(answers, of_layers, of_program))
    apart = [part for at, one in enumerate(parts) for part in (("", one) if at else (one,))]
    return parts[0] if len(parts) == 1 else Group(*apart)


def _parts(answers: Sequence[Answer], of_layers: OfLayers, of_program: OfProgram) -> Iterator[RenderableType]:
    for _, group in itertools.groupby(answers, key=lambda answer: isinstance(answer, ProgramReport)):
        some = list(group)
        layers = [answer for answer in some if not isinstance(answer, ProgramReport)]
        if layers:
            yield of_layers(layers)
        yield from (of_program(answer) for answer in some if isinstance(answer, ProgramReport))
