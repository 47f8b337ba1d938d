"""A layer's initial states: what it accepts, nested as it wants them, and what it is called with."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnshape.errors import InvalidQuery
from rnnshape.explorer import engine
from rnnshape.explorer.anatomy import Layout, is_cell
from rnnshape.query import InitialState, Query


def reset_states(layer: Any) -> None:
    """Set the states that a stateful layer keeps back to zeros, wherever in the layer they are."""
    for name in ("forward_layer", "backward_layer", "layer"):
        inner = getattr(layer, name, None)
        if inner is not None:
            reset_states(inner)
    for inner in getattr(layer, "layers", ()):
        reset_states(inner)
    if getattr(layer, "stateful", False) and getattr(layer, "states", None) is not None:
        tree = engine.load().tree
        for state in tree.flatten(layer.states):
            state.assign(np.zeros(tuple(state.shape), "float32"))


def accepted_states(layer: Any, batch: int) -> Any:
    """Return the initial states that the layer accepts, nested as it wants them, as symbolic zeros.

    None where the layer has no states. Nothing is computed and nothing allocated.
    """
    import tensorflow as tf

    with tf.Graph().as_default():
        return _zeros(layer, batch)


def _zeros(layer: Any, batch: int) -> Any:
    forward = getattr(layer, "forward_layer", None)
    if forward is not None:
        halves = (_zeros(forward, batch), _zeros(layer.backward_layer, batch))
        return None if None in halves else [*halves[0], *halves[1]]
    if not (hasattr(layer, "state_size") and hasattr(layer, "get_initial_state")):
        if is_cell(layer):
            sizes = layer.state_size
            ops = engine.load().ops
            sizes = sizes if isinstance(sizes, list | tuple) else [sizes]
            return [ops.zeros((batch, *(size if isinstance(size, list | tuple) else [size]))) for size in sizes]
        return None
    states = layer.get_initial_state(batch_size=batch)
    return list(states) if isinstance(states, list | tuple) else [states]


def initial_states(layer: Any, query: Query, layout: Layout, random: np.random.Generator) -> Any:
    """Return the states to call the layer with; None where it is to start from its own."""
    if query.initial_state is None and not is_cell(layer):
        return None
    batch = layout.shape[0] or 1
    symbolic = accepted_states(layer, batch)
    if symbolic is None:
        message = f"{query.layer.name} takes no initial_state. Received: {query.layer}"
        raise InvalidQuery(message, layer=str(query.layer))

    def fill(leaf: Any) -> Any:
        shape = tuple(int(size) for size in leaf.shape)
        if query.initial_state is InitialState.RANDOM:
            return random.uniform(-1, 1, size=shape).astype("float32")
        return np.zeros(shape, "float32")

    def walk(value: Any) -> Any:
        return [walk(item) for item in value] if isinstance(value, list | tuple) else fill(value)

    return walk(symbolic)
