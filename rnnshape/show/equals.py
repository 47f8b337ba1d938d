"""What a tensor equals, said beside it: for Markdown and CSV."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rnnshape.program_report import ProgramReport, ProgramTensor
from rnnshape.report import Report, Tensor
from rnnshape.show.marks import Carried, Mark, Marks, Part, marks_of

BRACKETS = {Part.WHOLE: ("", ""), Part.SLICE: ("[", "]"), Part.MERGED: ("(", ")")}
"""What stands around the letters of marks: how much of the tensor is in the class."""


class Alone(enum.Enum):
    """Why a tensor equals nothing."""

    NOTHING = "nothing else here"
    CONSTANT = "constant"
    UNDECIDED = "undecided"
    ONLY = ""
    """There is no other tensor."""


@dataclass(frozen=True, slots=True)
class Equal:
    """What a tensor, or a slice of it, equals.

    `own` are its slices in the class (empty unless `part` is SLICE), `others` what they equal; of a merge, `others`
    holds what the merge equals, or else the merge.
    """

    mark: Mark
    part: Part
    own: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def sign(self) -> str:
        """Return the sign between what is equal: ≈ where that is so but for rounding."""
        return "≈" if self.mark.is_close else "="

    def said(self, code: Callable[[str], str] = str, *, with_sign: bool = False) -> str:
        """Return it in words, each expression spelled by `code`; `with_sign` puts a = in front, too."""
        if self.part is Part.MERGED:
            return f"part of {code(self.others[0])}"
        text = f" {self.sign} ".join(map(code, (*self.own, *self.others)))
        has_sign = self.part is Part.WHOLE and (with_sign or self.mark.is_close)
        return f"{self.sign} {text}" if has_sign else text


@dataclass(frozen=True, slots=True)
class Row:
    """One tensor: where it is (`[1][0]`, `bare`, `stepped`), what it equals, and why it equals nothing."""

    tensor: Tensor | ProgramTensor
    place: str
    equals: tuple[Equal, ...]
    alone: Alone

    def marks(self, part: Part) -> list[Mark]:
        """Return the marks of the classes that this much of the tensor is in."""
        return [one.mark for one in self.equals if one.part is part]


def rows(report: Report, found: Marks) -> list[Row]:
    """Return a row for each tensor of a report, with the report's marks."""
    return [_row(report, tensor, found.of(tensor.name)) for tensor in report.tensors]


def program_rows(report: ProgramReport) -> list[Row]:
    """Return a row for each tensor of a program."""
    found = marks_of([tensor.name for tensor in report.tensors], report.equal, report.close or ())
    return [_row(report, tensor, found.of(tensor.name)) for tensor in report.tensors]


def _row(report: Report | ProgramReport, tensor: Tensor | ProgramTensor, carried: Sequence[Carried]) -> Row:
    place = "stepped" if tensor.path is None else "".join(f"[{step}]" for step in tensor.path) or "bare"
    return Row(tensor, place, tuple(map(_equal, carried)), _alone(report, tensor))


def _equal(one: Carried) -> Equal:
    others = (*one.others, *one.mark.statement)[:1] if one.part is Part.MERGED else one.others
    return Equal(one.mark, one.part, one.own, others)


def _alone(report: Report | ProgramReport, tensor: Tensor | ProgramTensor) -> Alone:
    if tensor.name in (report.constant or ()):
        return Alone.CONSTANT
    if tensor.name in (report.undecided or ()):
        return Alone.UNDECIDED
    return Alone.ONLY if len(report.tensors) == 1 else Alone.NOTHING
