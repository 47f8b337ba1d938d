"""The states after every timestep, which no Keras layer returns: by stepping the layer's own cell with its own weights.

What comes out is compared with what the layer returned, like any other tensor: it is equal where it is bit for bit,
and close where the two differ in rounding.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from rnnshape.errors import InvalidQuery
from rnnshape.explorer import engine
from rnnshape.explorer.anatomy import Layout, is_recurrent
from rnnshape.query import Query

MOST_STEPS = 300
"""Timesteps that are stepped one by one, at more than a millisecond each."""


def check(query: Query, layer: Any, layout: Layout) -> None:
    """Refuse what cannot be stepped.

    Raises:
        InvalidQuery: the layer has no cell to step, dropout would be random, or there are too many timesteps.

    """
    shown = str(query.layer)
    if not is_recurrent(layer):
        raise InvalidQuery(f"--every-state steps a recurrent layer's cell. Received: {shown}", layer=shown)
    if query.training:
        message = "--every-state compares with what the layer returned, and --training makes that random."
        raise InvalidQuery(message, hint="Leave out --training.", layer=shown)
    time = layout.size("timesteps") or 1
    if time > MOST_STEPS:
        message = f"--every-state steps at most {MOST_STEPS} timesteps. Received: {time}"
        raise InvalidQuery(message, hint="Give --time a smaller number, or none.", layer=shown)


def states_at_every_step(layer: Any, inputs: Any, states: Any, mask: Any) -> list[np.ndarray[Any, Any]]:
    """Return each state after every timestep, of shape (batch, timesteps, …): forward's, then backward's.

    They are in the order of the input's timesteps for both directions of Bidirectional, as its output is; for any
    other layer in the order in which it runs.
    """
    if not hasattr(layer, "forward_layer"):
        return _of_one(layer, inputs, states, mask)
    count = None if states is None else len(states) // 2
    forward = _of_one(layer.forward_layer, inputs, None if states is None else states[:count], mask)
    backward = _of_one(layer.backward_layer, inputs, None if states is None else states[count:], mask)
    return [*forward, *(np.flip(steps, axis=1) for steps in backward)]


def _of_one(layer: Any, inputs: Any, states: Any, mask: Any) -> list[np.ndarray[Any, Any]]:
    tree = engine.load().tree
    now = layer.get_initial_state(batch_size=len(inputs)) if states is None else tree.map_structure(_tensor, states)
    now = list(now) if isinstance(now, list | tuple) else [now]
    order = range(inputs.shape[1])
    seen: list[list[Any]] = []
    for step in reversed(order) if layer.go_backwards else order:
        _, after = layer.cell(_tensor(inputs[:, step]), now)
        after = tree.pack_sequence_as(now, tree.flatten(after))
        if mask is not None:
            # A masked step leaves the states as they are.
            after = tree.map_structure(functools.partial(_where_unmasked, mask[:, step]), after, now)
        now = after
        seen.append([np.asarray(state) for state in tree.flatten(now)])
    return [np.stack(steps, axis=1) for steps in zip(*seen, strict=True)]


def _tensor(value: Any) -> Any:
    return engine.load().ops.convert_to_tensor(value)


def _where_unmasked(counts: Any, new: Any, old: Any) -> Any:
    """Return the new state of the rows that count, the old one of the others."""
    rows = np.reshape(counts, (-1, *[1] * (len(new.shape) - 1)))
    return engine.load().ops.where(rows, new, old)
