"""Drawing a layer over time: its cells side by side, the states from cell to cell, what leaves where.

Both directions of a layer read the inputs, so those stand between them: the one row is drawn upwards from there, the
other one downwards. Everything is placed by its distance from the inputs; `outward` is the sign of the y axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from rnnshape.report import Tensor
from rnnshape.show.diagram.canvas import Canvas
from rnnshape.show.diagram.labels import Label, Labels
from rnnshape.show.diagram.scene import Row, Scene, State
from rnnshape.show.diagram.sketch import FOLD, Plan, Sketch
from rnnshape.show.palette import FAINT


def draw(scene: Scene, plan: Plan, labels: Labels) -> Canvas:
    """Return the picture.

    Raises:
        Overlap: there is no room for it in this plan.

    """
    sketch = Sketch(scene, plan, labels)
    sketch.inputs()
    for at, row in enumerate(scene.rows):
        _Direction(sketch, row, plan.turned[at], outward=1 if at else -1).draw()
    return sketch.canvas


@dataclass(frozen=True, slots=True)
class _Exit:
    """A state that is returned, and the line on which it leaves the last cell."""

    tensor: Tensor
    y: int
    sign: str


class _Direction:
    """One row of cells, drawn outward from the inputs."""

    def __init__(self, sketch: Sketch, row: Row, turned: bool, *, outward: int) -> None:  # noqa: FBT001
        self.sketch = sketch
        self.canvas = sketch.canvas
        self.row = row
        self.turned = turned
        self.outward = outward
        self.ahead = -1 if row.leftwards else 1
        self.front, self.back = (sketch.left, sketch.right) if row.leftwards else (sketch.right, sketch.left)
        self.ends = sketch.centres[::-1] if row.leftwards else sketch.centres
        self.y = 0
        self.reach = 0
        """How far the labels of the outputs reach, from the last cell's centre on."""

    def draw(self) -> None:
        exits: list[_Exit] = []
        for at, floor in enumerate(self.row.floors):
            self.y += self.outward
            self._arrows(from_inputs=at == 0)
            lines = self._boxes(floor.name, max(1, len(floor.states)), is_last=at == len(self.row.floors) - 1)
            for state, y in zip(floor.states, lines, strict=False):
                self._pass_along(state, y)
                if state.tensor is not None:
                    exits.append(_Exit(state.tensor, y, state.sign))
        self._outputs()
        letters = max((self.sketch.labels.name(one.tensor).letters for one in exits), default=0)
        if self.turned:
            self._turned(exits, letters)
        else:
            for one in exits:
                self._beside(one, letters)

    def _arrows(self, *, from_inputs: bool) -> None:
        """Draw the arrows that go into the cells from below (or from above)."""
        for step, centre in zip(self.sketch.plan.steps, self.sketch.centres, strict=True):
            if not (from_inputs and step in self.sketch.scene.masked):
                self.canvas.put(centre, self.y, "▲" if self.outward < 0 else "▼", self.sketch.style(step, ""))

    def _boxes(self, name: str, height: int, *, is_last: bool) -> list[int]:
        """Draw the cells of one floor; return the lines of its states, the uppermost first."""
        near = self.y + self.outward
        far = near + self.outward * (height + 1)
        self.y = far
        top, bottom = min(near, far), max(near, far)
        for step, centre in zip(self.sketch.plan.steps, self.sketch.centres, strict=True):
            masked = step in self.sketch.scene.masked
            line, side = ("┄", "┆") if masked else ("─", "│")
            left, right = centre - self.sketch.left, centre + self.sketch.right
            inner = self.sketch.box - 2
            self.canvas.put(left, top, f"┌{line * inner}┐", FAINT)
            self.canvas.put(left, bottom, f"└{line * inner}┘", FAINT)
            for y in range(top + 1, bottom):
                self.canvas.put(left, y, side, FAINT)
                self.canvas.put(right, y, side, FAINT)
            if not masked:
                self.canvas.put(left + 1, top + 1, f"{name:^{inner}}")
            if not is_last or self._puts_out(step):
                self.canvas.put(centre, far, "┴" if self.outward < 0 else "┬", FAINT, over=True)
        return list(range(top + 1, bottom))

    def _pass_along(self, state: State, y: int) -> None:
        """Draw a state's arrows: into the first cell, from cell to cell, and through masked ones."""
        steps = self.sketch.plan.steps[::-1] if self.row.leftwards else self.sketch.plan.steps
        start = self.sketch.scene.start
        first = self.ends[0] - self.ahead * (self.back + self.sketch.sign + 5)
        self.canvas.put(first, y, start, FAINT)
        self._arrow(first + 2 * self.ahead, self.ends[0] - self.ahead * (self.back + 1), y, state.sign)
        for at, (centre, following) in enumerate(zip(self.ends, self.ends[1:], strict=False)):
            here, there = centre + self.ahead * (self.front + 1), following - self.ahead * (self.back + 1)
            fold = self.sketch.is_folded(len(steps) - 2 - at if self.row.leftwards else at)
            self._arrow(here, there, y, state.sign, fold=fold)
            self._tee(centre, y, steps[at])
        for step, centre in zip(steps, self.ends, strict=True):
            if step in self.sketch.scene.masked:
                self.canvas.put(centre - self.sketch.left + 1, y, "─" * (self.sketch.box - 2), FAINT)

    def _arrow(self, start: int, end: int, y: int, sign: str, *, fold: bool = False) -> None:
        """Draw an arrow between two columns, both included, with the state's sign behind its first dash."""
        length = abs(end - start) + 1
        body = f"─{sign}" if self.ahead > 0 else f"─{sign[::-1]}"
        body += "─" * (length - 1 - len(body))
        if fold:
            middle = length // 2
            body = body[: middle - 2] + FOLD + body[middle + 3 :]
        text = f"{body}►" if self.ahead > 0 else f"{body}►"[::-1].replace("►", "◄")
        self.canvas.put(min(start, end), y, text, FAINT)

    def _tee(self, centre: int, y: int, step: int) -> None:
        if step not in self.sketch.scene.masked:
            self.canvas.put(centre + self.ahead * self.front, y, "├" if self.ahead > 0 else "┤", FAINT, over=True)

    def _puts_out(self, step: int) -> bool:
        """Tell whether the output of this step is part of what is returned."""
        return self.sketch.scene.sequences or step == self._last_step()

    def _last_step(self) -> int:
        steps = self.sketch.plan.steps
        return steps[0] if self.row.leftwards else steps[-1]

    def _outputs(self) -> None:
        labels = self.sketch.labels
        self.y += self.outward
        arrows = self.y
        self.y += self.outward
        for step, centre in zip(self.sketch.plan.steps, self.sketch.centres, strict=True):
            if not self._puts_out(step):
                continue
            label = labels.output(self.row, step)
            self.canvas.put(centre, arrows, "▲" if self.outward < 0 else "▼", self.sketch.style(step, label.style))
            if centre == self.ends[-1]:
                self.reach = label.right if self.ahead > 0 else label.left
            self._put(centre - label.left, self.y, label, faint=step in self.sketch.scene.masked)
        if self.sketch.scene.sequences:
            self.sketch.folds(self.y)
        name = labels.outputs(self.row)
        if name is None:
            return
        if self.sketch.plan.named_beside and self.sketch.scene.sequences:
            beside = self.sketch.centres[-1] + self.sketch.right + self.sketch.sign + 5
            self._put(beside, self.y, name)
        else:
            self.y += self.outward
            start = self.sketch.centres[0] - self.sketch.left
            self._put(start, self.y, name)
            # Whatever comes next to it keeps its distance.
            self.canvas.put(start + name.width, self.y, " ")

    def _beside(self, one: _Exit, letters: int) -> None:
        """Draw a state's way out, straight on to its name; the letters of all names stand in one column."""
        label = self.sketch.labels.name(one.tensor).padded(letters if self.ahead > 0 else 0)
        edge = self._way_out(one)
        length = len(one.sign) + 3
        arrow = f"─{one.sign}─►" if self.ahead > 0 else f"◄─{one.sign}─"
        style = self.sketch.labels.way(one.tensor)
        self.canvas.put(edge if self.ahead > 0 else edge - length + 1, one.y, arrow, style)
        at = edge + length + 1 if self.ahead > 0 else edge - length - label.width
        self._put(at, one.y, label)

    def _turned(self, exits: Sequence[_Exit], letters: int) -> None:
        """Draw the ways out around the corner: the one that is farthest out turns first, so that none cross."""
        beyond = max(self.sketch.sign + 2, self.reach - self.front + 1)
        for at, one in enumerate(sorted(exits, key=lambda one: one.y * self.outward, reverse=True)):
            self.y += self.outward
            label = self.sketch.labels.name(one.tensor).padded(letters)
            style = self.sketch.labels.way(one.tensor)
            edge = self._way_out(one)
            corner = edge + self.ahead * (beyond + at)
            self.canvas.put(min(edge, corner), one.y, self._to_the_corner(one.sign, abs(corner - edge)), style)
            self.canvas.down(corner, one.y + self.outward, self.y - self.outward, style)
            bend = {(1, -1): "╮", (-1, -1): "╭", (1, 1): "╯", (-1, 1): "╰"}[self.ahead, self.outward]
            line = "─" * (at + 1)
            if self.ahead > 0:
                self.canvas.put(corner - at - 2, self.y, f"◄{line}{bend}", style)
                self._put(corner - at - 3 - label.width, self.y, label)
            else:
                self.canvas.put(corner, self.y, f"{bend}{line}►", style)
                self._put(corner + at + 4, self.y, label)

    def _to_the_corner(self, sign: str, length: int) -> str:
        body = f"─{sign}" + "─" * (length - len(sign) - 1)
        bend = {(1, -1): "╯", (-1, -1): "╰", (1, 1): "╮", (-1, 1): "╭"}[self.ahead, self.outward]
        return f"{body}{bend}" if self.ahead > 0 else f"{bend}{f'─{sign}'.ljust(length, '─')[::-1]}"

    def _way_out(self, one: _Exit) -> int:
        """Return the column behind the last cell, where a state leaves."""
        self._tee(self.ends[-1], one.y, self._last_step())
        return self.ends[-1] + self.ahead * (self.front + 1)

    def _put(self, x: int, y: int, label: Label, *, faint: bool = False) -> None:
        for text, style in label.spans:
            self.canvas.put(x, y, text, FAINT if faint and not style else style)
            x += cell_len(text)
