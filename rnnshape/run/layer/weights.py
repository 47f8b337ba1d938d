"""A layer's weights under names that do not depend on how many layers were made before it in the process."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from rnnshape.report import Parameters, Weight
from rnnshape.run.layer.whose import parts


def parameters_of(layer: Any) -> Parameters:
    """Return the layer's weights, in Keras's order, and their number of parameters."""
    weights: list[Weight] = []
    taken: set[str] = set()
    for prefix, _, weight in owned_weights(layer):
        name = _unused(prefix + weight.name, taken)
        weights.append(Weight(name=name, shape=tuple(int(size) for size in weight.shape)))
    total = sum(math.prod(weight.shape) for weight in weights)
    return Parameters(total=total, weights=tuple(weights))


def owned_weights(layer: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield (prefix of its name, innermost layer or cell that it belongs to, weight), in Keras's order."""
    owners = {id(weight): (prefix, owner) for weight, prefix, owner in _owners(layer, "")}
    for weight in getattr(layer, "weights", ()):
        prefix, owner = owners[id(weight)]
        yield prefix, owner, weight


def _owners(layer: Any, prefix: str, around: tuple[int, ...] = ()) -> Iterator[tuple[Any, str, Any]]:
    """Yield (weight, prefix, owner) of each weight, once for each part of the layer around it, the innermost last."""
    for weight in getattr(layer, "weights", ()):
        yield weight, prefix, layer
    for more, inner in parts(layer):
        if id(inner) not in around:
            yield from _owners(inner, prefix + more, (*around, id(layer)))


def _unused(name: str, taken: set[str]) -> str:
    unique, count = name, 2
    while unique in taken:
        unique, count = f"{name}_{count}", count + 1
    taken.add(unique)
    return unique
