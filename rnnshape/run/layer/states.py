"""A layer's initial states: what it starts from, nested as it wants them, and what it is called with."""

from __future__ import annotations

import contextlib
import inspect
from typing import Any

import numpy as np

from rnnshape import tree
from rnnshape.errors import InvalidQuery
from rnnshape.query import InitialState, Query
from rnnshape.run import engine
from rnnshape.run.layer.anatomy import Layout, is_cell
from rnnshape.run.layer.whose import all_parts


def reset_states(layer: Any) -> None:
    """Have the stateful layers in a layer start anew: from what a first call of theirs starts from."""
    for part in all_parts(layer):
        kept = tree.flat(getattr(part, "states", None)) if getattr(part, "stateful", False) else []
        kept = [state for state in kept if hasattr(state, "assign")]
        if not kept:
            continue
        # Keras's own reset_state assigns zeros, whatever the cell starts from.
        start = [np.zeros(tuple(state.shape), "float32") for state in kept]
        with contextlib.suppress(Exception):
            asked = tree.flat(part.get_initial_state(batch_size=kept[0].shape[0]))
            start = asked if [tuple(one.shape) for one in asked] == [tuple(state.shape) for state in kept] else start
        for state, value in zip(kept, start, strict=True):
            state.assign(value)


def accepted_states(layer: Any, batch: int) -> Any:
    """Return what the layer starts from, nested as it accepts initial states; None where it has no states.

    The layer has to be built, and is asked: it may read its weights, draw random numbers, or return NumPy arrays. In
    the graph that a layer was built in (`with graph.as_default()`), nothing is computed and nothing allocated.
    """
    forward = getattr(layer, "forward_layer", None)
    if forward is not None:
        halves = (accepted_states(forward, batch), accepted_states(layer.backward_layer, batch))
        return None if None in halves else [*halves[0], *halves[1]]
    if not hasattr(layer, "state_size"):
        return None
    ask, ops = getattr(layer, "get_initial_state", None), engine.load().ops
    if ask is not None and _takes_batch_size(ask):
        states = ask(batch_size=batch)
    elif is_cell(layer):
        states = _zeros(layer.state_size, batch)
    else:
        return None
    found = tree.as_lists(states if isinstance(states, list | tuple) else [states])
    return tree.mapped(lambda state: state if hasattr(state, "shape") else ops.convert_to_tensor(state), found)


def starts_from(layer: Any) -> str | None:
    """Return what a layer that has been run starts from, by itself: it is asked again with other weights.

    None where that is zeros; "ones", "random numbers", "a weight", or "values of its own".
    """
    try:
        first = _values(layer)
        if not any(value.any() for value in first):
            return None
        if all((value == 1).all() for value in first):
            return "ones"
        if not _same(first, _values(layer)):
            return "random numbers"
        weights = [weight for weight in layer.weights if "float" in str(weight.dtype)]
        kept = [np.asarray(weight) for weight in weights]
        for weight, value in zip(weights, kept, strict=True):
            weight.assign(value + 1)
        try:
            return "values of its own" if _same(first, _values(layer)) else "a weight"
        finally:
            for weight, value in zip(weights, kept, strict=True):
                weight.assign(value)
    except Exception:  # noqa: BLE001 - a layer that does not tell has told nothing
        return None


def _values(layer: Any) -> list[np.ndarray[Any, Any]]:
    return [np.asarray(state) for state in tree.flat(accepted_states(layer, 2))]


def _same(some: list[np.ndarray[Any, Any]], others: list[np.ndarray[Any, Any]]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(some, others, strict=True))


def _takes_batch_size(ask: Any) -> bool:
    try:
        inspect.signature(ask).bind(batch_size=1)
    except TypeError:
        return False
    return True


def _zeros(sizes: Any, batch: int) -> Any:
    """Return zeros for a `state_size`: a number, a shape, or several of these."""
    sizes = sizes if isinstance(sizes, list | tuple) else [sizes]
    ops = engine.load().ops
    return [ops.zeros((batch, *([size] if isinstance(size, int) else tuple(size)))) for size in sizes]


def initial_states(layer: Any, query: Query, layout: Layout, random: np.random.Generator) -> Any:
    """Return the states to call the layer with; None where it is to start from its own."""
    if query.initial_state is None and not is_cell(layer):
        return None
    accepted = accepted_states(layer, layout.shape[0] or 1)
    if accepted is None:
        message = f"{query.layer.name} takes no initial_state. Received: {query.layer}"
        raise InvalidQuery(message, layer=str(query.layer))

    def fill(leaf: Any) -> Any:
        shape = tuple(int(size) for size in leaf.shape)
        if query.initial_state is InitialState.RANDOM:
            return random.uniform(-1, 1, size=shape).astype("float32")
        return np.zeros(shape, "float32")

    return tree.mapped(fill, accepted)
