"""Drawing a layer over time: its cells side by side, the states from cell to cell, what leaves where.

Both directions of a layer read the inputs, so those stand between them: the one row is drawn upwards from there, the
other one downwards. Everything is placed by its distance from the inputs; `outward` is the sign of the y axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from rnnshape.report import Tensor
from rnnshape.show.canvas import Canvas
from rnnshape.show.labels import Label, Labels
from rnnshape.show.scene import Row, Scene, State

_QUIET = "dim"
_FOLD = " ··· "
_LEAST_BOX = 7


@dataclass(frozen=True, slots=True)
class Plan:
    """One way of laying a scene out.

    `steps` are the steps that are drawn, `turned` says for each row whether the states' names stand beyond the
    outputs instead of beside the cells, `named_beside` whether the output's name stands beside its steps,
    `is_tight` whether the columns stand as close to one another as they can.
    """

    steps: tuple[int, ...]
    turned: tuple[bool, ...]
    named_beside: bool
    is_tight: bool


def draw(scene: Scene, plan: Plan, labels: Labels) -> Canvas:
    """Return the picture.

    Raises:
        Overlap: there is no room for it in this plan.

    """
    sketch = _Sketch(scene, plan, labels)
    sketch.inputs()
    for at, row in enumerate(scene.rows):
        _Direction(sketch, row, plan.turned[at], outward=1 if at else -1).draw()
    return sketch.canvas


class _Sketch:
    """The sheet, and where the columns of the steps are on it."""

    def __init__(self, scene: Scene, plan: Plan, labels: Labels) -> None:
        self.scene = scene
        self.plan = plan
        self.labels = labels
        self.canvas = Canvas()
        floors = [floor for row in scene.rows for floor in row.floors]
        self.box = max(_LEAST_BOX, *(cell_len(floor.name) + 4 for floor in floors))
        # The arrows up and down stand in the middle; of an even number of columns, in the right one of the two.
        self.left = self.box // 2
        self.right = self.box - 1 - self.left
        self.sign = max((len(state.sign) for floor in floors for state in floor.states), default=0)
        self.centres = self._centres()

    def inputs(self) -> None:
        """Write the steps, and the word inputs behind them."""
        for step, centre in zip(self.plan.steps, self.centres, strict=True):
            text = self.labels.step(step)
            self.canvas.put(centre - len(text) // 2, 0, text, self.style(step, ""))
        self.folds(0)
        if self.scene.is_cell:
            return
        beside = (
            len(self.labels.step(self.plan.steps[-1])) // 2 + 3 if self.plan.is_tight else self.right + self.sign + 5
        )
        self.canvas.put(self.centres[-1] + beside, 0, "inputs", "bold")

    def folds(self, y: int) -> None:
        """Write dots where steps are left out."""
        for at in self._folded():
            middle = (self.centres[at] + self.right + self.centres[at + 1] - self.left) // 2
            if self.canvas.is_free(middle - 2, y, 5):
                self.canvas.put(middle - 1, y, "···", _QUIET)

    def style(self, step: int, style: str) -> str:
        """Return the style of something at this step: what is masked steps back."""
        return _QUIET if step in self.scene.masked else style

    def is_folded(self, at: int) -> bool:
        """Tell whether steps are left out between this column and the next."""
        return at in self._folded()

    def _folded(self) -> list[int]:
        steps = self.plan.steps
        return [at for at in range(len(steps) - 1) if steps[at + 1] != steps[at] + 1]

    def _centres(self) -> list[int]:
        around = [self._around(step) for step in self.plan.steps]
        centres = [0]
        for at in range(len(self.plan.steps) - 1):
            arrow = self.sign + 3 + (len(_FOLD) + 1 if self.is_folded(at) else 0)
            right, left = around[at][1], around[at + 1][0]
            is_wide = self.is_folded(at) and not self.plan.is_tight
            room = 2 * max(left, right) + 6 if is_wide else left + right + 2
            apart = max(self.box + arrow, room)
            centres.append(centres[-1] + apart)
        return centres

    def _around(self, step: int) -> tuple[int, int]:
        """Return how far the labels of a step reach to the left of its column's centre, and to the right."""
        if not self.scene.sequences:
            return self.left, self.right
        found = [self.labels.output(row, step) for row in self.scene.rows]
        return max(label.left for label in found), max(label.right for label in found)


@dataclass(frozen=True, slots=True)
class _Exit:
    """A state that is returned, and the line on which it leaves the last cell."""

    tensor: Tensor
    y: int
    sign: str


class _Direction:
    """One row of cells, drawn outward from the inputs."""

    def __init__(self, sketch: _Sketch, row: Row, turned: bool, *, outward: int) -> None:  # noqa: FBT001
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
            self.canvas.put(left, top, f"┌{line * inner}┐", _QUIET)
            self.canvas.put(left, bottom, f"└{line * inner}┘", _QUIET)
            for y in range(top + 1, bottom):
                self.canvas.put(left, y, side, _QUIET)
                self.canvas.put(right, y, side, _QUIET)
            if not masked:
                self.canvas.put(left + 1, top + 1, f"{name:^{inner}}")
            if not is_last or self._puts_out(step):
                self.canvas.put(centre, far, "┴" if self.outward < 0 else "┬", _QUIET, over=True)
        return list(range(top + 1, bottom))

    def _pass_along(self, state: State, y: int) -> None:
        """Draw a state's arrows: into the first cell, from cell to cell, and through masked ones."""
        steps = self.sketch.plan.steps[::-1] if self.row.leftwards else self.sketch.plan.steps
        start = self.sketch.scene.start
        first = self.ends[0] - self.ahead * (self.back + self.sketch.sign + 5)
        self.canvas.put(first, y, start, _QUIET)
        self._arrow(first + 2 * self.ahead, self.ends[0] - self.ahead * (self.back + 1), y, state.sign)
        for at, (centre, following) in enumerate(zip(self.ends, self.ends[1:], strict=False)):
            here, there = centre + self.ahead * (self.front + 1), following - self.ahead * (self.back + 1)
            fold = self.sketch.is_folded(len(steps) - 2 - at if self.row.leftwards else at)
            self._arrow(here, there, y, state.sign, fold=fold)
            self._tee(centre, y, steps[at])
        for step, centre in zip(steps, self.ends, strict=True):
            if step in self.sketch.scene.masked:
                self.canvas.put(centre - self.sketch.left + 1, y, "─" * (self.sketch.box - 2), _QUIET)

    def _arrow(self, start: int, end: int, y: int, sign: str, *, fold: bool = False) -> None:
        """Draw an arrow between two columns, both included, with the state's sign behind its first dash."""
        length = abs(end - start) + 1
        body = f"─{sign}" if self.ahead > 0 else f"─{sign[::-1]}"
        body += "─" * (length - 1 - len(body))
        if fold:
            middle = length // 2
            body = body[: middle - 2] + _FOLD + body[middle + 3 :]
        text = f"{body}►" if self.ahead > 0 else f"{body}►"[::-1].replace("►", "◄")
        self.canvas.put(min(start, end), y, text, _QUIET)

    def _tee(self, centre: int, y: int, step: int) -> None:
        if step not in self.sketch.scene.masked:
            self.canvas.put(centre + self.ahead * self.front, y, "├" if self.ahead > 0 else "┤", _QUIET, over=True)

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
            self.canvas.put(x, y, text, _QUIET if faint and not style else style)
            x += cell_len(text)
