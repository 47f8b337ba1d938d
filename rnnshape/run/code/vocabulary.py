"""How many tokens an input may hold, where it ends up in an Embedding."""

from __future__ import annotations

from typing import Any

from rnnshape.run import engine
from rnnshape.run.code.world import Called, Made, World

_HANDS_THROUGH = frozenset({"Reshape", "Permute", "Flatten", "RepeatVector", "Concatenate", "Identity", "Lambda"})


def vocabularies(world: World) -> dict[Made, int]:
    """Return the number of tokens of each tensor that an Embedding takes, followed back to where it comes from."""
    found: dict[Made, int] = {}
    for call in reversed(world.calls):
        size = _of_call(call, found)
        if size is None:
            continue
        for made in call.inputs:
            found[made] = min(size, found.get(made, size))
            if made.alias is not None:
                found[made.alias] = min(size, found.get(made.alias, size))
    return found


def _of_call(call: Called, found: dict[Made, int]) -> int | None:
    size = of_layer(call.owner) if call.owner is not None else None
    if size is not None:
        return size
    if call.owner is None or type(call.owner).__name__ in _HANDS_THROUGH:
        sizes = [found[made] for made in call.outputs if made in found]
        return min(sizes) if sizes else None
    return None


def of_layer(layer: Any) -> int | None:
    """Return the number of tokens that a layer takes: an Embedding, or what begins with one."""
    keras = engine.load()
    if isinstance(layer, keras.layers.Embedding):
        return int(layer.input_dim)
    if isinstance(layer, keras.layers.TimeDistributed):
        return of_layer(layer.layer)
    if isinstance(layer, keras.Sequential):
        return of_layer(layer.layers[0]) if layer.layers else None
    if isinstance(layer, keras.Model):
        sizes = [size for inner in layer.layers if (size := of_layer(inner)) is not None]
        return min(sizes) if sizes and len(getattr(layer, "inputs", None) or ()) == len(sizes) else None
    return None
