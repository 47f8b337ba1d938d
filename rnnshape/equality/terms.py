"""The tensors that are compared, and the slices of them that are worth comparing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnnshape.equality import values as of
from rnnshape.equality.values import Array, Signature, Values
from rnnshape.structure import Index, Place, Side
from rnnshape.structure import Term as Code


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
    place: Place
    side: Side


@dataclass(frozen=True, slots=True)
class Term:
    """A tensor or a slice of one: `code` says which, `values` are its values in each draw."""

    key: Key
    code: Code
    values: Values
    signature: Signature
    half: int | None
    times: tuple[int, ...]
    """The number of timesteps of the tensor that this is a step of, for each draw; for a whole one, any above 1."""

    def varies(self) -> bool:
        """Tell whether the values are evidence. Of a step, they are none where there is a single one."""
        longer = tuple(array for array, at in zip(self.values, self.times, strict=True) if at > 1)
        return of.vary(longer or self.values)

    @property
    def is_whole(self) -> bool:
        """Whether this is a tensor and no slice of one."""
        return self.code.is_whole


Groups = dict[Signature, list[Term]]
"""Terms of equal values, in the order of the subjects."""


def terms_of(owner: int, subject: Subject, steps: Steps | None) -> Iterator[Term]:
    """Yield a tensor and its slices."""
    half, rank = subject.half, subject.draws[0].ndim
    if half is not None and not all(array.ndim and 0 < half < array.shape[-1] for array in subject.draws):
        half = None
    for place, indices in _places(subject, steps):
        axes = rank - (place is not Place.WHOLE)
        for side in Side if half is not None and axes > 1 else (Side.FULL,):
            last = (slice(None), slice(None, half), slice(half, None))[side]
            arrays = tuple(
                array[index] if side is Side.FULL else array[index][..., last]
                for array, index in zip(subject.draws, indices, strict=True)
            )
            key = Key(owner, place, side)
            times = tuple(2 if place is Place.WHOLE else array.shape[1] for array in subject.draws)
            shown = None if side is Side.FULL else subject.half_shown or half
            code = Code(subject.name, Index(place, rank, side, shown))
            yield Term(key, code, arrays, of.signature(arrays), half, times)


def values_at(subject: Subject, key: Key) -> Values:
    """Return the values of the tensor, or of a slice of it that needs no mask, in each draw."""
    index: tuple[Any, ...] = {
        Place.WHOLE: (), Place.LAST: (slice(None), -1), Place.FIRST: (slice(None), 0)
    }[key.place]  # fmt: skip
    side = (slice(None), slice(None, subject.half), slice(subject.half, None))[key.side]
    return tuple(array[index] if key.side is Side.FULL else array[index][..., side] for array in subject.draws)


def _places(subject: Subject, steps: Steps | None) -> Iterator[tuple[Place, list[tuple[Any, ...]]]]:
    """Yield the places in time, each with its index for each draw.

    A place that some row does not have is left out. So is one that picks the very elements that one before it picks,
    in every draw: a mask that masks nothing makes `last_step` the last step, and that is no finding.
    """
    draws = subject.draws
    yield Place.WHOLE, [()] * len(draws)
    if not subject.has_time or any(array.ndim < 2 for array in draws):
        return
    known: list[list[Array]] = []
    sizes = [array.shape[:2] for array in draws]
    for place, chosen in (
        (Place.LAST, [np.full(batch, time - 1) for batch, time in sizes]),
        (Place.FIRST, [np.zeros(batch, int) for batch, _ in sizes]),
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
        yield place, [(np.arange(len(at)), at) for at in chosen]


def _steps(
    subject: Subject, steps: Steps | None, sizes: Sequence[tuple[int, ...]]
) -> Iterator[tuple[Place, Sequence[Array]]]:
    """Yield the places of unmasked steps, where there is a mask, each with the step of each row for each draw."""
    if steps is None:
        return
    if not subject.is_reversed:
        yield from ((Place.LAST_STEP, steps.last), (Place.FIRST_STEP, steps.first))
        return
    for place, chosen in ((Place.FIRST_STEP_REVERSED, steps.first), (Place.LAST_STEP_REVERSED, steps.last)):
        yield place, [time - 1 - at for at, (_, time) in zip(chosen, sizes, strict=True)]
