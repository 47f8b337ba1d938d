"""The words in a diagram: tensors by name, letter and colour, and one step's output by its index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rich.cells import cell_len

from rnnshape.report import Tensor
from rnnshape.show.diagram.scene import Row, Scene
from rnnshape.show.grid import Span, width
from rnnshape.show.look import Look
from rnnshape.show.marks import Carried, Mark, Marks, Part
from rnnshape.show.palette import FAINT
from rnnshape.show.rows import Tone
from rnnshape.structure import Place


@dataclass(frozen=True, slots=True)
class Label:
    """A name or an index, the letters of its marks in front of it, and its shape behind it."""

    text: str
    style: str = ""
    front: tuple[Span, ...] = ()
    back: tuple[Span, ...] = ()

    @property
    def spans(self) -> tuple[Span, ...]:
        """All pieces in their order."""
        return (*self.front, (self.text, self.style), *self.back)

    @property
    def letters(self) -> int:
        """How many cells the letters take, and the space behind them."""
        return width(self.front)

    @property
    def width(self) -> int:
        """How many cells all of it takes."""
        return width(self.spans)

    @property
    def left(self) -> int:
        """How many cells stand to the left of the middle of the text."""
        return self.letters + cell_len(self.text) // 2

    @property
    def right(self) -> int:
        """How many cells stand to the right of the middle of the text."""
        return self.width - self.left - 1

    def padded(self, letters: int) -> Label:
        """Return the label with as much room in front as these letters take."""
        missing = letters - self.letters
        return replace(self, front=((" " * missing, ""), *self.front)) if missing > 0 else self


@dataclass(frozen=True, slots=True)
class Labels:
    """What is written on a diagram; `shapes`: there is room for those of tensors."""

    scene: Scene
    found: Marks
    look: Look
    shapes: bool

    def step(self, step: int) -> str:
        """Return what stands where a step's inputs come in."""
        return "inputs" if self.scene.is_cell else f"t={step}"

    def output(self, row: Row, step: int) -> Label:
        """Return what stands where the output of this step leaves the row."""
        if self.scene.merged is not None:
            return Label(self._part(row, step))
        if not self.scene.sequences and row.half is not None:
            # A half of a tensor: the letters belong to the whole.
            return Label(f"{row.output.name}{row.index(step)}", self.look.tone(Tone.STRONG))
        if not self.scene.sequences:
            return self.name(row.output)
        index = row.index(self._output_step(row, step))
        marks = [one.mark for one in self.found.of(row.output.name) if self._is_here(one, row, step)]
        return Label(index, "", self._letters(marks))

    def outputs(self, row: Row) -> Label | None:
        """Return what stands beside (or beyond) the outputs of a row, if they need a name."""
        if self.scene.merged is None:
            return self.name(row.output) if self.scene.sequences else None
        if row is self.scene.rows[0]:
            return None
        forward, backward = ("f[t]", "b[t]") if self.scene.sequences else map(self._last_part, self.scene.rows)
        at = "[:, t, :]" if self.scene.sequences else ""
        said = f"{at} = {self.scene.merged.format(f=forward, b=backward)}"
        named = self.name(row.output)
        return replace(named, back=((said, ""), *((f"  {text}", style) for text, style in named.back)))

    def name(self, tensor: Tensor) -> Label:
        """Return a tensor's name with its letters, and its shape where shapes are shown."""
        found = self.found.of(tensor.name)
        whole = [one.mark for one in found if one.part is Part.WHOLE]
        merged = [one.mark for one in found if one.part is Part.MERGED]
        front = self._letters(whole)
        if merged:
            front = (*front, ("(", ""), *self._letters(merged)[:-1], (") ", ""))
        shape = ((f" {tuple(tensor.shape)}", FAINT),) if self.shapes else ()
        return Label(tensor.name, self.look.tone(Tone.STRONG), front, shape)

    def way(self, tensor: Tensor) -> str:
        """Return the style of a tensor's way out: one that has a mark stands out."""
        return "" if any(one.part is Part.WHOLE for one in self.found.of(tensor.name)) else FAINT

    def _last_part(self, row: Row) -> str:
        return self._part(row, 0 if row.leftwards else (self.scene.steps or 0) - 1)

    def _part(self, row: Row, step: int) -> str:
        side = "f" if row is self.scene.rows[0] else "b"
        return f"{side}[{self._output_step(row, step)}]"

    def _output_step(self, row: Row, step: int) -> int:
        """Return the index in the output of what leaves at this step of time; the last one is -1."""
        count = self.scene.steps
        if count is None:
            return -1 - step if row.reverses else step
        index = count - 1 - step if row.reverses else step
        return -1 if index == count - 1 else index

    def _letters(self, marks: Iterable[Mark]) -> tuple[Span, ...]:
        letters = [(mark.letter, self.look.mark(mark)) for mark in marks]
        return (*letters, (" ", "")) if letters else ()

    def _is_here(self, one: Carried, row: Row, step: int) -> bool:
        """Tell whether a slice that carries a mark is the output of this row at this step."""
        first = Place.FIRST_STEP_REVERSED if row.reverses else Place.FIRST_STEP
        last = Place.LAST_STEP_REVERSED if row.reverses else Place.LAST_STEP
        here = {{-1: Place.LAST, 0: Place.FIRST}.get(self._output_step(row, step))}
        here |= {place for place, at in ((first, self.scene.first_step), (last, self.scene.last_step)) if at == step}
        return any((at.side, at.half) == (row.side, row.half) and at.place in here for at in one.own)
