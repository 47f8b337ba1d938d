"""The states after every timestep, which no Keras layer returns: by stepping the layer's own cell with its own weights.

The cell starts from what the layer itself started from, and is given what the layer itself was given: both are written
down while the layer is called (`watching`). What comes out is compared with what the layer returned, like any other
tensor: it is equal where it is bit for bit, and close where the two differ in rounding.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnshape.errors import InvalidQuery
from rnnshape.query import Query
from rnnshape.run import engine
from rnnshape.run.layer.anatomy import Layout, last_of
from rnnshape.run.layer.states import accepted_states
from rnnshape.run.layer.whose import all_parts

MOST_STEPS = 300
"""Timesteps that are stepped one by one, at more than a millisecond each."""


@dataclass(frozen=True, slots=True)
class Loop:
    """What a layer went over in one call: the sequences, the states that it began with, the mask of the steps."""

    sequences: Any
    states: Any
    mask: Any
    training: bool = False


Loops = dict[int, Loop]
"""By the identity of the layer."""


def check(query: Query, layer: Any, layout: Layout) -> None:
    """Refuse what cannot be stepped.

    Raises:
        InvalidQuery: the layer has no cell to step, or there are too many timesteps.

    """
    shown = str(query.layer)
    if _directions(layer) is None:
        raise InvalidQuery(f"--every-state steps a recurrent layer's cell. Received: {shown}", layer=shown)
    _check_steps(layout.size("timesteps") or 1)


def _check_steps(time: int) -> None:
    if time > MOST_STEPS:
        message = f"--every-state steps at most {MOST_STEPS} timesteps. Received: {time}"
        raise InvalidQuery(message, hint="Give --time a smaller number, or none.")


def _directions(layer: Any) -> tuple[Any, ...] | None:
    """Return the recurrent layers that the output comes from, forward first; None where it comes from others."""
    layers = engine.load().layers
    last = last_of(layer)
    both = isinstance(last, layers.Bidirectional)
    found = (last.forward_layer, last.backward_layer) if both else (last,)
    return found if all(isinstance(one, layers.RNN) for one in found) else None


@contextlib.contextmanager
def watching(layer: Any, *, needed: bool) -> Iterator[Loops]:
    """Write down, while a layer is called eagerly, what each of its directions goes over in the first call."""
    seen: Loops = {}
    directions = (_directions(layer) or ()) if needed else ()
    for one in directions:
        object.__setattr__(
            one, "inner_loop", _writing_down(one.inner_loop, functools.partial(seen.setdefault, id(one)))
        )
    try:
        yield seen
    finally:
        for one in directions:
            object.__delattr__(one, "inner_loop")


def _writing_down(loop: Any, write: Any) -> Any:
    def written(sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:  # noqa: FBT001, FBT002
        # The states of a stateful layer are variables, which are others after the call.
        began = engine.load().tree.map_structure(np.array, initial_state)
        write(Loop(sequences, began, mask, bool(training)))
        return loop(sequences=sequences, initial_state=initial_state, mask=mask, training=training)

    return written


def states_at_every_step(
    layer: Any, inputs: Any, states: Any, mask: Any, seen: Loops | None = None
) -> list[np.ndarray[Any, Any]]:
    """Return each state after every timestep, of shape (batch, timesteps, …): forward's, then backward's.

    They are in the order of the input's timesteps for both directions of Bidirectional, as its output is; for any
    other layer in the order in which it runs. What was `seen` of the call goes before what the layer was called with.

    Raises:
        InvalidQuery: the cell is random (dropout in training, say), or there are too many timesteps.

    """
    directions = _directions(layer) or ()
    count = None if states is None else len(states) // len(directions)
    found: list[np.ndarray[Any, Any]] = []
    for at, one in enumerate(directions):
        own = None if states is None or count is None else states[at * count : (at + 1) * count]
        loop = (seen or {}).get(id(one)) or Loop(inputs, own, mask)
        steps = _of_one(one, loop)
        found += [np.flip(each, axis=1) for each in steps] if at else steps
    return found


def _of_one(layer: Any, loop: Loop) -> list[np.ndarray[Any, Any]]:
    tree = engine.load().tree
    time = loop.sequences.shape[1]
    _check_steps(time)
    began = accepted_states(layer, len(loop.sequences)) if loop.states is None else loop.states
    now = list(tree.map_structure(_tensor, began))
    _check_not_random(layer, loop, now)
    seen: list[list[Any]] = []
    for step in reversed(range(time)) if layer.go_backwards else range(time):
        after = tree.pack_sequence_as(now, tree.flatten(_stepped(layer.cell, loop, step, now)))
        if loop.mask is not None:
            # A masked step leaves the states as they are.
            counts = np.asarray(loop.mask)[:, step]
            after = tree.map_structure(functools.partial(_where_unmasked, counts), after, now)
        now = after
        seen.append([np.asarray(state) for state in tree.flatten(now)])
    _without_dropout_masks(layer.cell)
    return [np.stack(steps, axis=1) for steps in zip(*seen, strict=True)]


def _stepped(cell: Any, loop: Loop, step: int, states: Any) -> Any:
    training = {"training": True} if loop.training and getattr(cell, "_call_has_training_arg", False) else {}
    _, after = cell(_tensor(loop.sequences[:, step]), states, **training)
    return after


def _check_not_random(layer: Any, loop: Loop, states: Any) -> None:
    """Refuse a cell that gives something else in the same step."""
    tree = engine.load().tree
    # Of zeros, dropout leaves zeros.
    states = tree.map_structure(lambda state: state + 0.5, states)
    both = []
    for _ in range(2):
        _without_dropout_masks(layer.cell)
        both.append([np.asarray(state) for state in tree.flatten(_stepped(layer.cell, loop, 0, states))])
    _without_dropout_masks(layer.cell)
    if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(*both, strict=True)):
        message = "--every-state compares with what the layer returned, and the layer's cell is random."
        hint = "Leave out --training, or the dropout." if loop.training else None
        raise InvalidQuery(message, hint=hint)


def _without_dropout_masks(cell: Any) -> None:
    """Have dropout drawn anew: Keras's cells keep their masks for all timesteps of a call."""
    for part in all_parts(cell):
        for name in ("reset_dropout_mask", "reset_recurrent_dropout_mask"):
            reset = getattr(part, name, None)
            if reset is not None:
                reset()


def _tensor(value: Any) -> Any:
    return engine.load().ops.convert_to_tensor(value)


def _where_unmasked(counts: Any, new: Any, old: Any) -> Any:
    """Return the new state of the rows that count, the old one of the others."""
    rows = np.reshape(counts, (-1, *[1] * (len(new.shape) - 1)))
    return engine.load().ops.where(rows, new, old)
