"""Reports as Python's users get them: the pure data of `report` and `program_report`, which shows and saves itself."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import Any

from rnnshape import program_report, report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import RenderableType

    from rnnshape.differences import Difference


class _Shown:
    """What shows itself: printed, in a notebook, and in files."""

    __slots__ = ()

    def __rich__(self) -> RenderableType:
        """Return the table."""
        from rnnshape.show.table import table

        return table([self])  # type: ignore[list-item]  # each kind of reports below is one of its kinds

    def _repr_html_(self) -> str:
        """Return the table as HTML: how a notebook shows a report."""
        from rnnshape.show.html import fragment

        return fragment([self])  # type: ignore[list-item]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the table to a file, in the form that its suffix names: .svg, .html, .md, .csv, .txt, .json and more.

        Raises:
            InvalidQuery: the suffix is none of these, or there can be no such file.
            RnnshapeError: the file could not be written; an existing one is as it was.

        """
        from rnnshape.show.save import save

        save([self], path)  # type: ignore[list-item]

    def differences(self, other: report.Report | program_report.ProgramReport) -> tuple[Difference, ...]:
        """Return what differs between this answer and a later one of the same question; nothing if they say the same.

        Each difference prints as a line. Versions and times are not compared.
        """
        from rnnshape.differences import differences

        return differences(self.to_dict(), other.to_dict())  # type: ignore[attr-defined]

    def __str__(self) -> str:
        """Return the table as plain text, neither cut nor wrapped."""
        from rnnshape.show.console import as_text

        return as_text(self.__rich__())


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(report.Report, _Shown):
    """Everything that was found out about one layer: it prints as the table, and `to_dict()` is the JSON document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramReport(program_report.ProgramReport, _Shown):
    """Everything that was found out about a program, a model or a block; it prints and saves as a `Report` does."""

    with_fix: ProgramReport | None = None


def of_layer(found: report.Report) -> Report:
    """Return a report that shows itself."""
    return Report(**_fields(found))


def of_program(found: program_report.ProgramReport) -> ProgramReport:
    """Return a report that shows itself, and so does the one with the fix."""
    fields = _fields(found)
    if found.with_fix is not None:
        fields["with_fix"] = of_program(found.with_fix)
    return ProgramReport(**fields)


def _fields(found: report.Report | program_report.ProgramReport) -> dict[str, Any]:
    return {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
