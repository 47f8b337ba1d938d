"""The graph of a program's calls: which tensor goes into which call, states included.

Every tensor that is used has a lane at the left, from the row that makes it to the last call that takes it:

    ●    encoder_inputs  (None, None, 71)
    ╰──▶ LSTM(256, return_state=True)
    ●    state_h  (None, 256)
    │ ●  state_c  (None, 256)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.text import Text

from rnnshape import tree
from rnnshape.program_report import ProgramReport, ProgramTensor, Step
from rnnshape.show.fold import prose
from rnnshape.show.lines import letters
from rnnshape.show.look import Look
from rnnshape.show.marks import Marks, Part
from rnnshape.show.palette import FAINT, NAME, PLAIN
from rnnshape.show.program.diagnosis import diagnosis
from rnnshape.show.rows import shape_code

_ASCII = str.maketrans("│●○╰├┴┼─▶", "|o.`+++->")


def graph(report: ProgramReport, found: Marks, look: Look) -> Iterator[Text]:
    """Yield the graph of a program's calls, from top to bottom in the order of the code."""
    yield from _Graph(report, found, look).lines()
    if found.all:
        yield Text()
        yield from letters(found, look)
    if report.error is not None:
        yield Text()
        yield from diagnosis(report.error, look)


@dataclass(slots=True)
class _Graph:
    """The rows of the graph, and the lanes that are open where the next one is drawn."""

    report: ProgramReport
    found: Marks
    look: Look
    lanes: list[str | None] = field(default_factory=list)
    width: int = 0
    last_use: dict[str, int] = field(default_factory=dict)

    def lines(self) -> list[Text]:
        """Return all rows."""
        self.last_use = {name: at for at, step in enumerate(self.report.steps) for name in taken(step)}
        # The lanes are laid out twice: how many there are at most is known only at the end.
        for _ in range(2):
            self.lanes = []
            found = list(self._rows())
        return found

    def _rows(self) -> Iterator[Text]:
        before = -1
        for tensor in self.report.tensors:
            if tensor.step is not None:
                for at in range(before + 1, tensor.step + 1):
                    yield from self._call(at, self.report.steps[at])
                before = max(before, tensor.step)
            yield from self._tensor(tensor)

    def _tensor(self, tensor: ProgramTensor) -> Iterator[Text]:
        is_used = tensor.name in self.last_use
        at = self._open(tensor.name)
        gutter = "".join(
            ("● " if is_used else "○ ") if lane == at else "│ " if name else "  "
            for lane, name in enumerate(self.lanes)
        )
        whole = [one.mark for one in self.found.of(tensor.name) if one.part is Part.WHOLE]
        text = Text(self._gutter(gutter), FAINT)
        text.append(self.look.safe(tensor.name), NAME)
        text.append(f"  {shape_code(tensor.shape)}", PLAIN)
        yield text.append(f"  {''.join(mark.letter for mark in whole)}", self.look.mark(whole[0])) if whole else text
        if not is_used:
            self.lanes[at] = None

    def _open(self, name: str) -> int:
        """Return the lane of a tensor: the first that is free."""
        free = next((at for at, taken_by in enumerate(self.lanes) if taken_by is None), len(self.lanes))
        self.lanes[free : free + 1] = [name]
        self.width = max(self.width, len(self.lanes))
        return free

    def _call(self, number: int, step: Step) -> Iterator[Text]:
        used = {at for at, name in enumerate(self.lanes) if name in taken(step)}
        ending = {at for at in used if self.last_use[self.lanes[at] or ""] == number}
        gutter = self._arrow(used, ending)
        for at in ending:
            self.lanes[at] = None
        said = [step.layer, *_said(step)]
        rest = self._lanes()
        for at, part in enumerate(said):
            front = self._gutter(gutter if at == 0 else rest)
            room = max(self.look.width - len(front), 20)
            for row, line in enumerate(prose(self.look.safe(part), room, "  ")):
                style = PLAIN if at == 0 else FAINT
                yield Text(front if row == 0 else self._gutter(rest), FAINT).append(line, style)

    def _arrow(self, used: set[int], ending: set[int]) -> str:
        """Return the lanes of a row with a call: those that it takes are joined into an arrow."""
        if not used:
            return self._lanes()
        first = min(used)
        cells = []
        for at in range(max(self.width, len(self.lanes))):
            name = self.lanes[at] if at < len(self.lanes) else None
            if at < first:
                cells.append("│ " if name else "  ")
            elif at in used:
                sign = ("├╰" if at == first else "┼┴")[at in ending]
                cells.append(f"{sign}─")
            else:
                cells.append("│─" if name else "──")
        return f"{''.join(cells)}▶ "

    def _lanes(self) -> str:
        """Return the lanes of a row that is about none of them."""
        return "".join("│ " if name else "  " for name in self.lanes)

    def _gutter(self, cells: str) -> str:
        wide = 2 * self.width + 2
        text = f"{cells:<{wide}}"
        return text.translate(_ASCII) if self.look.is_ascii else text


def taken(step: Step) -> tuple[str, ...]:
    """Return the names of all tensors that a call takes: inputs, states, mask."""
    return (*step.inputs, *tree.flat(step.initial_state or []), *([step.mask] if step.mask else []))


def _said(step: Step) -> Iterator[str]:
    """Yield what a call takes besides its inputs; and its inputs where they are several."""
    if len(step.inputs) > 1:
        yield f"takes {', '.join(step.inputs)}"
    if step.initial_state:
        yield f"initial_state={tree.as_code(step.initial_state)}"
    if step.mask:
        yield f"mask={step.mask}"
