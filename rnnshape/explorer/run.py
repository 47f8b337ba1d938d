"""Running the real layer: random weights and inputs, one call per draw, the values as NumPy arrays."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnnshape.errors import InvalidQuery
from rnnshape.explorer import nest
from rnnshape.explorer.anatomy import Layout, is_cell
from rnnshape.explorer.calling import caller
from rnnshape.explorer.states import initial_states, reset_states
from rnnshape.explorer.stepping import states_at_every_step, watching
from rnnshape.mask import MaskSpec, first_and_last
from rnnshape.names import Path
from rnnshape.query import Query

Steps = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
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
    steps: tuple[Steps, ...] = ()
    """The first and the last unmasked step of each row, for each draw, where there is a mask."""

    stepped: tuple[tuple[np.ndarray[Any, Any], ...], ...] = ()
    """The states after every timestep, one tuple of arrays for each draw, where they were asked for."""

    def and_more(self, other: Run) -> Run:
        """Return the same with the draws of another run behind its own."""
        return replace(
            self,
            draws=self.draws + other.draws,
            steps=self.steps + other.steps,
            stepped=self.stepped + other.stepped,
        )


def run(layer: Any, query: Query, layouts: Sequence[Layout], *, first_draw: int = 0) -> Run:
    """Return the values of a run of a built layer on each layout, each with other random weights and inputs.

    The layouts' shapes must be known in full. Weights and inputs depend on the seed and the number of the draw alone,
    so that two layers with weights of the same shapes get the same weights.
    """
    if query.mask is not None and not _takes_mask(layer):
        message = f"{query.layer.name} takes no mask. Received: {query.layer}"
        raise InvalidQuery(message, hint=f"Leave out --mask {query.mask}.", layer=str(query.layer))
    masks = [_mask(query.mask, layout, layouts[0]) for layout in layouts]
    values, stepped = [], []
    for draw, layout in enumerate(layouts, first_draw):
        random = np.random.default_rng([query.seed, draw])
        inputs = _random_inputs(random, tuple(size for size in layout.shape if size is not None), layout)
        draw_weights(layer, random)
        reset_states(layer)
        states = initial_states(layer, query, layout, random)
        mask = masks[draw - first_draw]
        call = caller(layer, layout, training=query.training, eager=query.every_state)
        rows = None if mask is None else mask[0]
        with watching(layer, needed=query.every_state) as seen:
            values.append(call(inputs, states, rows))
        if query.every_state:
            stepped.append(tuple(states_at_every_step(layer, inputs, states, rows, seen)))
    flat = [[(path, np.asarray(leaf)) for path, leaf in nest.leaves(value)] for value in values]
    return Run(
        value=values[0],
        paths=tuple(path for path, _ in flat[0]),
        dtypes=tuple(str(array.dtype) for _, array in flat[0]),
        device=_device(values[0]),
        draws=tuple(tuple(array for _, array in leaves) for leaves in flat),
        steps=tuple(mask[1] for mask in masks if mask is not None),
        stepped=tuple(stepped),
    )


def _takes_mask(layer: Any) -> bool:
    parameters = inspect.signature(layer.call).parameters.values()
    return any(item.name == "mask" or item.kind is item.VAR_KEYWORD for item in parameters) and not is_cell(layer)


def _random_inputs(random: np.random.Generator, shape: tuple[int, ...], layout: Layout) -> Any:
    if layout.largest:
        return random.integers(0, layout.largest, size=shape, dtype="int32").astype(layout.dtype)
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


def _mask(spec: MaskSpec | None, layout: Layout, asked: Layout) -> Any:
    """Return the mask of the asked layout, each step repeated where this layout is longer, and its Steps."""
    if spec is None:
        return None
    time = asked.size("timesteps") or 1
    batch = layout.shape[0] or 1
    # All rows are alike but for lengths: there may be a million of them.
    rows = spec.rows(batch if spec.batch else 1, time)
    repeated = np.array(rows, dtype=bool).repeat((layout.size("timesteps") or 1) // time, axis=1)
    first, last = first_and_last(tuple(map(tuple, repeated.tolist())))
    mask = np.broadcast_to(repeated, (batch, repeated.shape[1])).copy()
    return mask, (np.broadcast_to(first, batch), np.broadcast_to(last, batch))


def _device(value: Any) -> str:
    """Return the kind of device that the first tensor is on: CPU, GPU, …."""
    _, leaf = next(nest.leaves(value))
    return (getattr(leaf, "device", "").rpartition("device:")[2].partition(":")[0] or "CPU").upper()
