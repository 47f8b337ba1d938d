"""Running the real layer: one call per draw, the values as NumPy arrays."""

from __future__ import annotations

import functools
import itertools
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnnshape import tree
from rnnshape.equality import Steps
from rnnshape.errors import InvalidQuery
from rnnshape.query import Query
from rnnshape.run.layer import draws, masks
from rnnshape.run.layer.anatomy import Layout
from rnnshape.run.layer.calling import caller
from rnnshape.run.layer.on_the_way import Way, way_through
from rnnshape.run.layer.states import initial_states, reset_states
from rnnshape.run.layer.stepping import states_at_every_step, watching
from rnnshape.structure import Path


@dataclass(frozen=True, slots=True)
class Run:
    """The values of all draws. `value` is the first draw's return value as it came."""

    value: Any
    paths: tuple[Path, ...]
    dtypes: tuple[str, ...]
    device: str
    draws: tuple[tuple[np.ndarray[Any, Any], ...], ...]
    """One tuple of arrays for each draw, in return order."""
    trials: tuple[masks.Trial, ...] = ()
    """What is known of the masks, for each draw."""

    inside: tuple[tuple[tuple[np.ndarray[Any, Any], ...], ...], ...] = ()
    """What each layer on the way through a Sequential returned, one tuple of arrays for each of them, in each draw."""
    way: Way | None = None
    """Those layers."""

    stepped: tuple[tuple[np.ndarray[Any, Any], ...], ...] = ()
    """The states after every timestep, one tuple of arrays for each draw, where they were asked for."""

    layouts: tuple[Layout, ...] = ()
    """The input of each of the first draws."""

    calms: tuple[int, ...] = ()
    """How often the weights of each draw were made smaller, since the values were out of range."""

    def and_more(self, other: Run) -> Run:
        """Return the same with the draws of another run behind its own."""
        return replace(
            self,
            draws=self.draws + other.draws,
            trials=self.trials + other.trials,
            inside=self.inside + other.inside,
            stepped=self.stepped + other.stepped,
            calms=self.calms + other.calms,
        )

    @property
    def steps(self) -> Steps | None:
        """The first and the last unmasked step of each row, for each draw; None without a mask."""
        given = [trial.given for trial in self.trials if trial.given is not None]
        return Steps(first=tuple(one.first for one in given), last=tuple(one.last for one in given)) if given else None


def run_in_range(layer: Any, query: Query, layouts: Sequence[Layout], *, first_draw: int = 0, calm: int = 0) -> Run:
    """Return a run (see `run`) with weights so small that no value explodes and no activation is saturated.

    Where no weights are small enough, it is that with the largest ones.
    """
    for level in range(calm, draws.CALMEST + 1):
        found = run(layer, query, layouts, first_draw=first_draw, calm=level)
        every = zip(found.draws, found.inside, strict=True)
        if all(draws.is_in_range([*arrays, *itertools.chain(*inside)]) for arrays, inside in every):
            return found
    return run(layer, query, layouts, first_draw=first_draw, calm=calm)


def run(layer: Any, query: Query, layouts: Sequence[Layout], *, first_draw: int = 0, calm: int = 0) -> Run:
    """Return the values of a run of a built layer on each layout, each with other random weights and inputs.

    The layouts' shapes must be known in full. Weights and inputs depend on the seed and the number of the draw alone
    (and on how calm it is to be), so that two layers with weights of the same shapes get the same weights. The noise,
    if there is any in the layer, is another one in each run.
    """
    if query.mask is not None and not masks.takes_mask(layer):
        message = f"{query.layer.name} takes no mask. Received: {query.layer}"
        raise InvalidQuery(message, hint=f"Leave out --mask {query.mask}.", layer=str(query.layer))
    values, trials, stepped, insides = [], [], [], []
    way = way_through(layer)
    number = _number(query)
    with draws.noise(layer, (query.seed, first_draw, number)):
        for draw, layout in enumerate(layouts, first_draw):
            random = np.random.default_rng([query.seed, draw])
            mask = None if query.mask is None else masks.given(query.mask, layer, layout, layouts[0])
            inputs = masks.padded(draws.inputs(random, layer, layout, draw), mask)
            draws.draw_weights(layer, random, draw, calm=calm)
            reset_states(layer)
            states = initial_states(layer, query, layout, random)
            called = caller(layer, layout, training=query.training, eager=query.every_state, target=way.target)
            call = functools.partial(called, inputs, states)
            noise = functools.partial(draws.noise, layer, (query.seed, draw, number))
            with watching(layer, needed=query.every_state) as seen:
                value, trial = masks.tried(layer, call, mask, noise)
            value, inside = way.parted(value)
            values.append(value)
            trials.append(trial.of_the_first(len(tree.flat(value))))
            insides.append(tuple(tuple(map(np.asarray, tree.flat(one))) for one in inside))
            if query.every_state:
                rows = None if mask is None else mask.rows
                stepped.append(tuple(states_at_every_step(layer, inputs, states, rows, seen)))
    flat = [[(path, np.asarray(leaf)) for path, leaf in tree.leaves(value)] for value in values]
    return Run(
        value=values[0],
        paths=tuple(path for path, _ in flat[0]),
        dtypes=tuple(str(array.dtype) for _, array in flat[0]),
        device=_device(values[0]),
        draws=tuple(tuple(array for _, array in leaves) for leaves in flat),
        trials=tuple(trials),
        inside=tuple(insides),
        way=way,
        stepped=tuple(stepped),
        layouts=tuple(layouts),
        calms=(calm,) * len(layouts),
    )


def _number(query: Query) -> int:
    """Return a number for what is run, which is the same in every process, to tell one run's noise from another's."""
    return zlib.crc32(f"{query.layer} {query.mask}".encode())


def _device(value: Any) -> str:
    """Return the kind of device that the first tensor is on: CPU, GPU, …."""
    _, leaf = next(tree.leaves(value))
    return (getattr(leaf, "device", "").rpartition("device:")[2].partition(":")[0] or "CPU").upper()
