"""Answers in the parts that are shown, in their order: several layers in one table, anything else by itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from rnnshape.program_report import ProgramReport
from rnnshape.report import Report
from rnnshape.show.console import safe
from rnnshape.show.notes import has_blocks
from rnnshape.show.rows import Answers, Section
from rnnshape.show.sections import sections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rnnshape.show.matrix import Matrix
    from rnnshape.show.overview import Overview


def parts(answers: Answers) -> Iterator[Section | Matrix | Overview]:
    """Yield what is shown of these answers; a program comes between two tables of layers."""
    for _, run in itertools.groupby(answers, key=lambda answer: isinstance(answer, ProgramReport)):
        some = list(run)
        reports = [answer for answer in some if isinstance(answer, Report)]
        if len(reports) < 2 or any(map(has_blocks, reports)):
            yield from sections(some)
        else:
            # What only several answers need is not imported for one.
            from rnnshape.show.matrix import matrix
            from rnnshape.show.overview import overview

            yield (matrix(reports) if len(reports) == len(some) else None) or overview(some)


def title(answers: Answers) -> str:
    """Return what was asked, in one line."""
    names = dict.fromkeys(
        answer.program.source if isinstance(answer, ProgramReport) else str(answer.layer or "") for answer in answers
    )
    return safe(", ".join(name for name in names if name) or "rnnshape", "utf-8")
