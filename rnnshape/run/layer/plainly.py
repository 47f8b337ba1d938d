"""Which queries are so small that nothing needs to be estimated: told by arithmetic alone."""

from __future__ import annotations

import functools
import inspect
import math
from typing import Any

from rnnshape.catalogue import TIME_DISTRIBUTED
from rnnshape.expression import Call
from rnnshape.run import engine
from rnnshape.run.layer.anatomy import Layout
from rnnshape.run.layer.smaller import integers, is_unrolled

PLAINLY_SMALL = 2**24
"""Numbers in any tensor up to which nothing needs to be estimated."""
_MOST_STEPS = 5_000
"""Timesteps of one loop."""
_MOST_LAID_OUT = 30
"""Layers and cells, times the timesteps where these are laid out one by one."""
_AS_ONE = 5
"""How many layers without a state cost as much as a recurrent one."""
_MOST_WORK = 2e9
_WIDTHS = frozenset(("units", "filters", "output_dim"))


def is_plainly_small(call: Call, layer: Any, layout: Layout) -> bool:
    """Tell, by arithmetic alone, whether the query is far below every limit."""
    if None in layout.shape or _laid_out(call, layer, layout) > _MOST_LAID_OUT:
        return False
    sizes = [size for size in layout.shape if size is not None]
    largest, growth = max(integers(call), default=1), _growth(call)
    numbers = math.prod(sizes) * growth
    weights = 8 * largest * (largest + sizes[-1])
    per_step = math.prod(sizes[:-1]) * growth * 8 * largest
    is_long = (layout.size("timesteps") or 1) * growth > _MOST_STEPS
    work = math.prod(sizes[:-1]) * growth * weights
    return max(numbers, weights, per_step) <= PLAINLY_SMALL and work <= _MOST_WORK and not is_long


def has_plainly_few_weights(call: Call, shape: tuple[int, ...]) -> bool:
    """Tell, by arithmetic alone, whether a layer for inputs of this shape can be made with all of its weights."""
    largest = max(integers(call), default=1)
    return 8 * largest * (largest + shape[-1]) <= PLAINLY_SMALL and max(shape) <= PLAINLY_SMALL


def _laid_out(call: Call, layer: Any, layout: Layout) -> float:
    """Return how many layers and cells there are, with the steps of what is laid out one by one."""
    wrappers = sum(inner.name == TIME_DISTRIBUTED for inner in call.calls())
    if wrappers > 1 or (wrappers and call.name != TIME_DISTRIBUTED):
        return _MOST_LAID_OUT + 1
    steps = (layout.size("timesteps") or 1) if wrappers or is_unrolled(call) else 1
    return steps * weighed_layers(call, layer)


def weighed_layers(call: Call, layer: Any) -> float:
    """Return the number of recurrent layers and cells in a layer that may not be built yet; others count less."""
    cells = cells_in(layer)
    return cells + max(0, len(list(call.calls())) - 1 - cells) / _AS_ONE


def _growth(call: Call) -> int:
    """Return a bound on how many times as large as its input a tensor may become, the last axis aside."""
    return math.prod(_largest_of(inner) for inner in call.calls() if not _has_a_width(inner))


def _largest_of(call: Call) -> int:
    """Return the largest integer among the call's own arguments, those of calls inside it aside."""
    inside = [number for inner in list(call.calls())[1:] for number in integers(inner)]
    own = [number for number in integers(call) if number not in inside]
    return max(own, default=1) or 1


def _has_a_width(call: Call) -> bool:
    """Tell whether what the layer is given as an integer is the size of its last axis."""
    return not call.is_users and _takes_a_width(call.name)


@functools.cache
def _takes_a_width(name: str) -> bool:
    cls = getattr(engine.load().layers, name, None)
    return inspect.isclass(cls) and bool(_WIDTHS & set(inspect.signature(cls.__init__).parameters))


def cells_in(layer: Any) -> int:
    """Return the number of cells in a layer that may not be built yet; one for a layer without any."""
    return max(1, sum(_cells(layer)))


def _cells(layer: Any) -> list[int]:
    inside = [getattr(layer, name, None) for name in ("cell", "layer", "forward_layer", "backward_layer")]
    inside += [*(getattr(layer, "cells", None) or ()), *(getattr(layer, "layers", None) or ())]
    parts = {id(part): part for part in inside if part is not None}
    found = [cells for part in parts.values() for cells in _cells(part)]
    return found or [int(hasattr(layer, "state_size"))]
