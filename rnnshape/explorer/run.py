"""Running the real layer: random weights and inputs, one call per draw, the values as NumPy arrays."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnnshape.equality import Steps
from rnnshape.errors import InvalidQuery
from rnnshape.explorer import masks, nest
from rnnshape.explorer.anatomy import Layout
from rnnshape.explorer.calling import caller
from rnnshape.explorer.states import initial_states, reset_states
from rnnshape.explorer.stepping import states_at_every_step
from rnnshape.names import Path
from rnnshape.query import Query

_SPREAD = 0.7
"""Keeps random recurrent weights from blowing up an unbounded activation over a long time axis."""


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

    stepped: tuple[tuple[np.ndarray[Any, Any], ...], ...] = ()
    """The states after every timestep, one tuple of arrays for each draw, where they were asked for."""

    def and_more(self, other: Run) -> Run:
        """Return the same with the draws of another run behind its own."""
        return replace(
            self,
            draws=self.draws + other.draws,
            trials=self.trials + other.trials,
            stepped=self.stepped + other.stepped,
        )

    @property
    def steps(self) -> Steps | None:
        """The first and the last unmasked step of each row, for each draw; None without a mask."""
        given = [trial.given for trial in self.trials if trial.given is not None]
        return Steps(first=tuple(one.first for one in given), last=tuple(one.last for one in given)) if given else None


def run(layer: Any, query: Query, layouts: Sequence[Layout], *, first_draw: int = 0) -> Run:
    """Return the values of a run of a built layer on each layout, each with other random weights and inputs.

    The layouts' shapes must be known in full. Weights and inputs depend on the seed and the number of the draw alone,
    so that two layers with weights of the same shapes get the same weights.
    """
    if query.mask is not None and not masks.takes_mask(layer):
        message = f"{query.layer.name} takes no mask. Received: {query.layer}"
        raise InvalidQuery(message, hint=f"Leave out --mask {query.mask}.", layer=str(query.layer))
    values, trials, stepped = [], [], []
    for draw, layout in enumerate(layouts, first_draw):
        random = np.random.default_rng([query.seed, draw])
        mask = None if query.mask is None else masks.given(query.mask, layer, layout, layouts[0])
        inputs = _random_inputs(random, tuple(size for size in layout.shape if size is not None), layout)
        inputs = masks.padded(inputs, mask)
        draw_weights(layer, random)
        reset_states(layer)
        states = initial_states(layer, query, layout, random)
        call = functools.partial(caller(layer, layout, training=query.training), inputs, states)
        value, trial = masks.tried(layer, call, mask)
        values.append(value)
        trials.append(trial)
        if query.every_state:
            rows = None if mask is None else mask.rows
            stepped.append(tuple(states_at_every_step(layer, inputs, states, rows)))
    flat = [[(path, np.asarray(leaf)) for path, leaf in nest.leaves(value)] for value in values]
    return Run(
        value=values[0],
        paths=tuple(path for path, _ in flat[0]),
        dtypes=tuple(str(array.dtype) for _, array in flat[0]),
        device=_device(values[0]),
        draws=tuple(tuple(array for _, array in leaves) for leaves in flat),
        trials=tuple(trials),
        stepped=tuple(stepped),
    )


def _random_inputs(random: np.random.Generator, shape: tuple[int, ...], layout: Layout) -> Any:
    if layout.dtype == "int32":
        return random.integers(0, layout.largest, size=shape, dtype="int32")
    return random.standard_normal(size=shape, dtype="float32")


def draw_weights(layer: Any, random: np.random.Generator) -> None:
    """Fill every weight with random non-zero numbers; what is not trained (variances, say) stays positive."""
    trainable = {id(weight) for weight in getattr(layer, "trainable_weights", ())}
    for weight in getattr(layer, "weights", ()):
        shape = tuple(weight.shape)
        if not np.issubdtype(np.dtype(weight.dtype if weight.dtype != "bfloat16" else "float32"), np.floating):
            continue
        if id(weight) not in trainable:
            weight.assign(random.uniform(0.5, 1.5, size=shape).astype("float32"))
            continue
        fan_in = int(np.prod(shape[:-1])) if len(shape) > 1 else 3
        bound = _SPREAD * (3 / max(fan_in, 1)) ** 0.5
        weight.assign((random.random(size=shape, dtype="float32") * 2 - 1) * bound)


def _device(value: Any) -> str:
    """Return the kind of device that the first tensor is on: CPU, GPU, …."""
    _, leaf = next(nest.leaves(value))
    return (getattr(leaf, "device", "").rpartition("device:")[2].partition(":")[0] or "CPU").upper()
