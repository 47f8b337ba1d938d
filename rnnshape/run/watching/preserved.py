"""What a call of a layer changes, put back as it was: its weights and states, and the state that all layers share."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from rnnshape.run import engine


@contextlib.contextmanager
def preserved(layers: Iterable[Any] = ()) -> Iterator[None]:
    """Have everything be as before afterwards: these layers, and the generators and names of all.

    Those are Keras's names and seeds, and the generators of TensorFlow, NumPy and Python.
    """
    engine.load()
    with contextlib.ExitStack() as stack:
        stack.enter_context(_generators())
        stack.enter_context(_session())
        for layer in layers:
            stack.enter_context(_layer(layer))
        yield


@contextlib.contextmanager
def _layer(layer: Any) -> Iterator[None]:
    parts = list({id(part): part for part in layer._flatten_layers()}.values())  # noqa: SLF001 - no public name
    states = engine.load().tree.flatten([getattr(part, "states", None) for part in parts])
    kept_in = [*layer.variables, *(state for state in states if hasattr(state, "assign"))]
    values = [(variable, np.array(variable)) for variable in kept_in]
    attributes = [(vars(part), dict(vars(part)), _lists(vars(part))) for part in parts]
    tracked = [found for part in parts for found in _tracked(part)]
    try:
        yield
    finally:
        for now, before, lists in attributes:
            now.clear()
            now.update(before)
            for kept, items in lists:
                # A list of Keras's own tells others of each change; it is put back without a word.
                list.__setitem__(kept, slice(None), items)
        for numbers, owned in tracked:
            numbers.clear()
            numbers.update(owned)
        for variable, value in values:
            variable.assign(value)


def _lists(attributes: dict[str, Any]) -> list[tuple[list[Any], list[Any]]]:
    """Return the lists among attributes, with what is in them: the calls that Keras notes, weights and losses."""
    return [(value, list(value)) for value in attributes.values() if isinstance(value, list)]


def _tracked(part: Any) -> list[tuple[set[int], set[int]]]:
    """Return the sets in which Keras keeps what a layer owns, with what is in them."""
    known = getattr(getattr(part, "_tracker", None), "stored_ids", {})
    return [(numbers, set(numbers)) for numbers in known.values()]


@contextlib.contextmanager
def _session() -> Iterator[None]:
    """Keep what Keras has for all layers: the counters of their names, and the generator without a seed."""
    from keras.src.backend.common import global_state

    trackers = ("GLOBAL_STATE_TRACKER", "GLOBAL_SETTINGS_TRACKER")
    before = [(name, getattr(global_state, name)) for name in trackers if hasattr(global_state, name)]
    contents = [(tracker, dict(vars(tracker))) for _, tracker in before]
    counters = [(value, dict(value)) for _, inside in contents for value in inside.values() if isinstance(value, dict)]
    # Variables that wait to be initialized stand in one of these lists.
    waiting = [found for _, inside in contents for found in _lists(inside)]
    generators = [value for _, inside in contents for value in inside.values() if hasattr(value, "state")]
    states = [(generator.state, np.array(generator.state)) for generator in generators]
    try:
        yield
    finally:
        for name, tracker in before:
            setattr(global_state, name, tracker)
        for tracker, inside in contents:
            vars(tracker).clear()
            vars(tracker).update(inside)
        for kept, items in waiting:
            kept[:] = items
        for counter, counts in counters:
            counter.clear()
            counter.update(counts)
        for variable, value in states:
            variable.assign(value)


@contextlib.contextmanager
def _generators() -> Iterator[None]:
    from tensorflow.python.eager import context
    from tensorflow.python.ops import stateful_random_ops

    shared = getattr(stateful_random_ops, "global_generator", None)
    state = None if shared is None else np.array(shared.state)
    eager = getattr(context.context(), "_rng", None)
    of_operations = None if eager is None else eager.getstate()
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the one that users have
    try:
        yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002 - as above
        if eager is not None and of_operations is not None:
            eager.setstate(of_operations)
        stateful_random_ops.global_generator = shared
        if shared is not None:
            shared.state.assign(state)
