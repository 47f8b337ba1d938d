"""The random inputs and weights of a draw, from the seed and the number of the draw alone.

The numbers keep the usual activations where they tell one value from another: neither dead (a ReLU's zeros), nor
saturated (a tanh of 1), nor exploded (an exponential over a long time). The first draws are of both signs. Where they
do not tell enough, the later ones are positive, which wakes what was dead.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from rnnshape.run.layer.anatomy import Layout
from rnnshape.trace import FIRST_DRAWS

Array = np.ndarray[Any, Any]

CALMEST = 3
"""The last of the levels at which weights are drawn; each makes them smaller than the one before."""

_CALMER = 1 / 8
_SPREAD = 0.7
"""Keeps random recurrent weights from blowing up an unbounded activation over a long time axis."""
_SUM = 0.6
"""What the weights of a unit add up to in the positive draws; below 1 no state grows from step to step."""
_DRIVES = (3.0, 0.25, 1.0, None)
"""How large inputs and biases are in the draws after the first ones, in turn: some activations are dead below 0.5, and
some saturated from 1. None is a draw of both signs, like the first ones."""
_LEAST, _MOST = 0.05, 1.5
"""How far from 0, and from the value that masks a timestep, an input is at least, and at most."""
_HUGE = 1e4
_MANY = 0.25
"""As large a part of the values is at a limit of ±1 where an activation is saturated."""


def inputs(random: np.random.Generator, layer: Any, layout: Layout, draw: int) -> Array:
    """Return random inputs of a layout whose sizes are known."""
    shape = tuple(size for size in layout.shape if size is not None)
    if layout.largest:
        return whole(random, shape, layout.largest).astype(layout.dtype)
    return real(random, shape, draw, apart_from=masking_values([layer])).astype(layout.dtype, copy=False)


def whole(random: np.random.Generator, shape: tuple[int, ...], largest: int) -> Array:
    """Return random whole numbers below the largest one: from 1 upwards, for 0 is padding."""
    return random.integers(min(1, largest - 1), max(largest, 1), size=shape, dtype="int32")


def real(random: np.random.Generator, shape: tuple[int, ...], draw: int, *, apart_from: Iterable[float] = ()) -> Array:
    """Return random real numbers: of both signs in the first draws, and apart from 0 and from what masks a timestep."""
    drive = _drive(draw)
    if drive is not None:
        found = _around(drive, random, shape)
    else:
        found = random.uniform(_LEAST, _MOST, size=shape).astype("float32")
        found *= random.integers(0, 2, size=shape, dtype="int8") * 2 - 1
    for value in apart_from:
        # Whether it masks or not must not hang on a number that was hit by accident.
        found[np.abs(found - value) < _LEAST / 2] += _LEAST
    return found


def masking_values(layers: Iterable[Any]) -> list[float]:
    """Return the values at which the layers, and those inside them, mask a timestep."""
    found = [getattr(part, "mask_value", None) for layer in layers for part in _parts(layer)]
    return [float(value) for value in found if isinstance(value, int | float)]


def _drive(draw: int) -> float | None:
    """Return how large the inputs and biases of a positive draw are; None for a draw of both signs."""
    return None if draw < FIRST_DRAWS else _DRIVES[(draw - FIRST_DRAWS) % len(_DRIVES)]


def _around(size: float, random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return random.uniform(0.5 * size, 1.5 * size, size=shape).astype("float32")


def _parts(layer: Any) -> Iterable[Any]:
    """Return a layer and all layers and cells in it; what is no layer has no parts."""
    flatten = getattr(layer, "_flatten_layers", None)
    return (layer,) if flatten is None else flatten()


def draw_weights(layer: Any, random: np.random.Generator, draw: int, *, calm: int = 0) -> None:
    """Fill every weight with random non-zero numbers; what is not trained (variances, say) stays positive."""
    trainable = {id(weight) for weight in getattr(layer, "trainable_weights", ())}
    tables = _tables(layer)
    drive, scale = _drive(draw), _CALMER**calm
    for weight in getattr(layer, "weights", ()):
        shape = tuple(weight.shape)
        if not is_float(weight):
            continue
        # What is frozen is drawn as it would be if it were trained; a table of vectors has inputs for each row.
        if id(weight) not in trainable and len(shape) < 2:
            weight.assign(_around(1, random, shape))
            continue
        is_added = len(shape) < 2 or id(weight) in tables
        fan_in = 1 if is_added else max(int(np.prod(shape[:-1])), 1)
        if drive is not None:
            weight.assign(_around(scale * (drive / 2 if is_added else _SUM / fan_in), random, shape))
            continue
        bound = _SPREAD * scale * (1 if len(shape) < 2 else (3 / fan_in) ** 0.5)
        weight.assign((random.random(size=shape, dtype="float32") * 2 - 1) * bound)


def is_float(weight: Any) -> bool:
    """Tell whether a weight holds real numbers, of whichever precision."""
    return bool(np.issubdtype(np.dtype(weight.dtype if weight.dtype != "bfloat16" else "float32"), np.floating))


def _tables(layer: Any) -> set[int]:
    """Return the weights that are looked up, not multiplied with: an input takes one row of them."""
    return {id(weight) for part in _parts(layer) if hasattr(part, "embeddings") for weight in part.weights}


def is_in_range(arrays: Iterable[Array]) -> bool:
    """Tell whether what a layer returned tells values apart: it has not exploded, nor is it saturated at ±1."""
    for array in arrays:
        if array.dtype.kind in "biuSUO" or not array.size:
            continue
        with np.errstate(all="ignore"):
            size = np.abs(array)
            is_huge = not bool((size <= _HUGE).all())
        if is_huge or np.count_nonzero(size == 1) > _MANY * size.size:
            return False
    return True
