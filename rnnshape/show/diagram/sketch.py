"""The sheet that a layer is drawn on: which steps have a column there, where each column stands, the row of inputs."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from rnnshape.show.diagram.canvas import Canvas
from rnnshape.show.diagram.labels import Labels
from rnnshape.show.diagram.scene import Scene
from rnnshape.show.palette import FAINT, TONES
from rnnshape.show.rows import Tone

FOLD = " ··· "
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


class Sketch:
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
        self.canvas.put(self.centres[-1] + beside, 0, "inputs", TONES[Tone.STRONG])

    def folds(self, y: int) -> None:
        """Write dots where steps are left out."""
        for at in self._folded():
            middle = (self.centres[at] + self.right + self.centres[at + 1] - self.left) // 2
            if self.canvas.is_free(middle - 2, y, 5):
                self.canvas.put(middle - 1, y, "···", FAINT)

    def style(self, step: int, style: str) -> str:
        """Return the style of something at this step: what is masked steps back."""
        return FAINT if step in self.scene.masked else style

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
            arrow = self.sign + 3 + (len(FOLD) + 1 if self.is_folded(at) else 0)
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
