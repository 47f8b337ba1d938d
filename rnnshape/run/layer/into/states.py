"""The states that a layer returned, and the places for them in another one: in directions, cells and letters.

The letter is what a state is to its cell: h or c. It is None where nobody can know, as of a user's own cell or layer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from rnnshape.catalogue import HIDDEN
from rnnshape.names import Anatomy, CellStates, Kind
from rnnshape.structure import Expression, Form, Merge, Zeros
from rnnshape.tree import Size


@dataclass(frozen=True, slots=True)
class State:
    """A returned state, or one made from several.

    `code` is the NumPy expression over the tensors' names, `value` its value in the run, `shape` its shape at the
    sizes that were asked for (an unknown size is None).
    """

    code: Expression
    value: np.ndarray[Any, Any]
    shape: tuple[int | None, ...]
    letter: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a state. `free` is the axis whose size may be any, because the layer's units may change."""

    shape: tuple[int | None, ...]
    letter: str | None = None
    free: int | None = None

    def takes(self, state: State) -> bool:
        """Tell whether the state has the shape and, as far as that is known, the letter that this place wants."""
        return self.has_shape_of(state) and (self.letter == state.letter or None in (self.letter, state.letter))

    def has_shape_of(self, state: State) -> bool:
        """Tell whether the state has the shape that this place wants."""
        free = None if self.free is None else self.free % len(self.shape)
        return len(self.shape) == len(state.shape) and all(
            at == free or None in sizes or sizes[0] == sizes[1]
            for at, sizes in enumerate(zip(self.shape, state.shape, strict=True))
        )


Item = TypeVar("Item", State, Slot)
Cells = list[list[Item]]
"""The states of each cell of one direction, bottom first."""


def by_cell(items: Iterable[Item], anatomy: Anatomy, *, are_kerass: bool) -> list[Cells[Item]]:
    """Return the states of each direction by cell, with their letters where the layer and its cells are Keras's own.

    Of a layer whose states are others than its cells say, all are one cell's, with unknown letters.
    """
    found = list(items)
    sides = [anatomy.cells, anatomy.backward] if anatomy.kind is Kind.BIDIRECTIONAL else [anatomy.cells]
    if sum(cell.count for cells in sides for cell in cells) != len(found):
        return [[[replace(item, letter=None) for item in found]]]
    left = iter(found)
    return [
        [[replace(next(left), letter=letter) for letter in _letters(cell, are_kerass=are_kerass)] for cell in cells]
        for cells in sides
    ]


def _letters(cell: CellStates, *, are_kerass: bool) -> list[str | None]:
    if are_kerass and cell.is_known:
        return [state.letter for state in cell.states]
    return [HIDDEN.letter if are_kerass and cell.count == 1 else None] * cell.count


def joined(a: State, b: State, axis: int) -> State | None:
    """Return both side by side; None where their other axes differ."""
    at = axis % len(a.shape)
    rest = [shape[:at] + shape[at + 1 :] for shape in (a.shape, b.shape)]
    if len(a.shape) != len(b.shape) or rest[0] != rest[1]:
        return None
    sizes = (a.shape[at], b.shape[at])
    width = None if None in sizes else sum(size for size in sizes if size is not None)
    value = np.concatenate([a.value, b.value], axis=axis)
    shape = Size((*a.shape[:at], width, *a.shape[at + 1 :]))
    return State(Merge(Form.SIDE_BY_SIDE, a.code, b.code, axis), value, shape, _common(a, b))


def added(a: State, b: State) -> State | None:
    """Return the sum; None where the shapes differ."""
    if a.shape != b.shape:
        return None
    return State(Merge(Form.SUM, a.code, b.code), a.value + b.value, a.shape, _common(a, b))


def zeros_like(a: State) -> State:
    """Return zeros in the place of a state that did not come back."""
    return State(Zeros(a.code), np.zeros_like(a.value), a.shape)


def _common(a: State, b: State) -> str | None:
    return a.letter if a.letter == b.letter else None
