"""The tensors that are compared, and the slices of them that are worth comparing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnnshape.equality import values as of
from rnnshape.equality.values import Array, Signature, Values

# Places, in the order in which they are told; where two pick the same elements, the first is kept.
WHOLE, LAST, FIRST, LAST_STEP, FIRST_STEP, FIRST_STEP_REVERSED, LAST_STEP_REVERSED = range(7)
_CODES = {
    LAST: (":", "-1"),
    FIRST: (":", "0"),
    LAST_STEP: ("rows", "last_step"),
    FIRST_STEP: ("rows", "first_step"),
    # A sequence in the order in which a layer ran backwards: step -1 is timestep 0, step -1 - t is timestep t.
    FIRST_STEP_REVERSED: ("rows", "-1 - first_step"),
    LAST_STEP_REVERSED: ("rows", "-1 - last_step"),
}
# Sides of the last axis.
FULL, LEFT, RIGHT = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One returned tensor to compare.

    `draws` holds its value in each draw, of shape (batch, …) or, with `has_time`, (batch, timesteps, …).
    `half` is the width of the first half of the last axis, where the tensor is two tensors side by side;
    `half_shown` is the number written for it, where the values were run at another size than the asked one.
    With `is_reversed` the first step is the last timestep.
    """

    name: str
    draws: tuple[Array, ...]
    has_time: bool = False
    half: int | None = None
    half_shown: int | None = None
    is_reversed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The first and the last unmasked step of each row, for each draw: integer arrays of shape (batch,).

    A row without any has -1. There is no such place then, in no row: NumPy has no index for it.
    """

    first: tuple[Array, ...]
    last: tuple[Array, ...]


class Key(NamedTuple):
    """Where an expression's values come from: which subject, which place in time, which side of the last axis."""

    owner: int
    place: int
    side: int


@dataclass(frozen=True, slots=True)
class Term:
    """A tensor or a slice of one."""

    key: Key
    code: str
    values: Values
    signature: Signature
    half: int | None

    @property
    def is_whole(self) -> bool:
        """Whether this is a tensor and no slice of one."""
        return (self.key.place, self.key.side) == (WHOLE, FULL)


Groups = dict[Signature, list[Term]]
"""Terms of equal values, in the order of the subjects."""


def terms_of(owner: int, subject: Subject, steps: Steps | None) -> Iterator[Term]:
    """Yield a tensor and its slices."""
    half, rank = subject.half, subject.draws[0].ndim
    if half is not None and not all(array.ndim and 0 < half < array.shape[-1] for array in subject.draws):
        half = None
    for place, code, indices in _places(subject, steps):
        axes = rank - (place >= LAST)
        for side in (FULL, LEFT, RIGHT) if half is not None and axes > 1 else (FULL,):
            last = (slice(None), slice(None, half), slice(half, None))[side]
            arrays = tuple(
                array[index] if side == FULL else array[index][..., last]
                for array, index in zip(subject.draws, indices, strict=True)
            )
            key = Key(owner, place, side)
            yield Term(key, subject.name + _index(code, rank, side, subject), arrays, of.signature(arrays), half)


def _places(subject: Subject, steps: Steps | None) -> Iterator[tuple[int, tuple[str, ...], list[tuple[Any, ...]]]]:
    """Yield the places in time, each with its code and its index for each draw.

    A place that some row does not have is left out. So is one that picks the very elements that one before it picks,
    in every draw: a mask that masks nothing makes `last_step` the last step, and that is no finding.
    """
    draws = subject.draws
    yield WHOLE, (), [()] * len(draws)
    if not subject.has_time or any(array.ndim < 2 for array in draws):
        return
    known: list[list[Array]] = []
    sizes = [array.shape[:2] for array in draws]
    for place, chosen in (
        (LAST, [np.full(batch, time - 1) for batch, time in sizes]),
        (FIRST, [np.zeros(batch, int) for batch, _ in sizes]),
        *_steps(subject, steps, sizes),
    ):
        if not all(
            len(at) == batch and 0 <= at.min() <= at.max() < time
            for at, (batch, time) in zip(chosen, sizes, strict=True)
        ):
            continue
        if any(all(map(np.array_equal, chosen, others)) for others in known):
            continue
        known.append(list(chosen))
        # One index for both kinds of places: row by row, the step that was chosen.
        yield place, _CODES[place], [(np.arange(len(at)), at) for at in chosen]


def _steps(
    subject: Subject, steps: Steps | None, sizes: Sequence[tuple[int, ...]]
) -> Iterator[tuple[int, Sequence[Array]]]:
    """Yield the places of unmasked steps, where there is a mask, each with the step of each row for each draw."""
    if steps is None:
        return
    if not subject.is_reversed:
        yield from ((LAST_STEP, steps.last), (FIRST_STEP, steps.first))
        return
    for place, chosen in ((FIRST_STEP_REVERSED, steps.first), (LAST_STEP_REVERSED, steps.last)):
        yield place, [time - 1 - at for at, (_, time) in zip(chosen, sizes, strict=True)]


def _index(code: tuple[str, ...], rank: int, side: int, subject: Subject) -> str:
    """Return the code of an index: `[:, -1, :]`, `[:, 0, 4:]`, `[rows, last_step]`; nothing for a whole tensor."""
    if side == FULL:
        # With an index array in front, full slices behind it add nothing but length.
        parts = list(code) if not code or code[0] == "rows" else [*code, *[":"] * (rank - len(code))]
    else:
        half = subject.half_shown or subject.half
        parts = [*code, *[":"] * (rank - len(code) - 1), f":{half}" if side == LEFT else f"{half}:"]
    return f"[{', '.join(parts)}]" if parts else ""
