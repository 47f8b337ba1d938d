"""The draws of a program, be it one layer or code: each runs it with other random weights, inputs and noise.

- numbers: random inputs and weights
- noise: what is random while a layer is called
- graphs: a call that is traced once, and run in every draw
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from rnnshape.run.drawing.noise import noise
from rnnshape.run.drawing.numbers import CALMEST, Array, draw_weights, is_in_range
from rnnshape.run.layer.states import reset_states

Values_co = TypeVar("Values_co", bound="HasArrays", covariant=True)


class HasArrays(Protocol):
    """The values of one draw."""

    def of_layers(self) -> Iterable[Array]:
        """Return what layers returned."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw: its number, the level of its weights (see `numbers.CALMEST`), and the generator of its inputs."""

    number: int
    calm: int
    random: np.random.Generator


class Program(Protocol[Values_co]):
    """What can be run again and again.

    `has_noise`: something random may happen in it beside what is drawn. `mark` tells its noise from that of any other
    program.
    """

    @property
    def seed(self) -> int:
        """The seed of everything that is random."""

    @property
    def has_noise(self) -> bool:
        """Whether its noise is drawn, too."""

    @property
    def mark(self) -> int:
        """A number which is the same in every process."""

    @property
    def owners(self) -> Sequence[Any]:
        """The layers whose weights are drawn."""

    def known(self, number: int, calm: int) -> Values_co | None:
        """Return the draw of this number and level of weights, where it was made before."""

    def run(self, draw: Draw) -> Values_co:
        """Make all calls, the weights being drawn, and return what comes back."""


def draw_in_range(program: Program[Values_co], numbers: Sequence[int], *, calm: int = 0) -> list[Values_co]:
    """Return the draws of these numbers, with weights so small that no value explodes and no activation is saturated.

    All have the same level of weights, from `calm` on. Where no weights are small enough, it is that one.

    Weights depend on the seed, the number and the level alone, so that two layers with weights of the same shapes get
    the same ones; inputs are drawn behind them.
    """
    for level in range(calm, CALMEST + 1):
        found = list(_draws(program, numbers, level))
        if all(is_in_range(values.of_layers()) for values in found):
            return found
    return list(_draws(program, numbers, calm))


def noise_of(program: Program[Any], number: int) -> AbstractContextManager[None]:
    """Have the noise of a draw of this number meanwhile."""
    if not program.has_noise:
        return nullcontext()
    return noise(program.owners, (program.seed, number, program.mark))


def _draws(program: Program[Values_co], numbers: Sequence[int], calm: int) -> Iterator[Values_co]:
    for number in numbers:
        known = program.known(number, calm)
        if known is not None:
            yield known
            continue
        random = np.random.default_rng([program.seed, number])
        with noise_of(program, number):
            for owner in program.owners:
                draw_weights(owner, random, number, calm=calm)
                reset_states(owner)
            yield program.run(Draw(number, calm, random))
