"""A layer's weights under names that do not depend on how many layers were made before it in the process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rnnshape.report import Parameters, Weight


def parameters_of(layer: Any) -> Parameters:
    """Return the layer's weights, in Keras's order, and their number of parameters."""
    prefixes = dict(_prefixes(layer, ""))
    weights: list[Weight] = []
    taken: set[str] = set()
    for weight in getattr(layer, "weights", ()):
        name = _unused(prefixes.get(id(weight), "") + weight.name, taken)
        weights.append(Weight(name=name, shape=tuple(int(size) for size in weight.shape)))
    total = sum(_product(weight.shape) for weight in weights)
    return Parameters(total=total, weights=tuple(weights))


def _prefixes(layer: Any, prefix: str) -> Iterator[tuple[int, str]]:
    """Yield (id of a weight, prefix of its name), for the innermost named part that the weight belongs to."""
    for weight in getattr(layer, "weights", ()):
        yield id(weight), prefix
    for name, side in (("forward_layer", "forward_"), ("backward_layer", "backward_")):
        if getattr(layer, name, None) is not None:
            yield from _prefixes(getattr(layer, name), prefix + side)
    if getattr(layer, "cell", None) is not None:
        yield from _prefixes(layer.cell, prefix)
    for word in ("cells", "layers"):
        for at, inner in enumerate(getattr(layer, word, None) or ()):
            yield from _prefixes(inner, f"{prefix}{word[:-1]}_{at}_")


def _unused(name: str, taken: set[str]) -> str:
    unique, count = name, 2
    while unique in taken:
        unique, count = f"{name}_{count}", count + 1
    taken.add(unique)
    return unique


def _product(sizes: tuple[int, ...]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product
