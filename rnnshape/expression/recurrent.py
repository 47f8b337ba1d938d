"""What an expression says of the recurrent layer in it: its flags, and how many units it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rnnshape.catalogue import BIDIRECTIONAL, INPUTS, RECURRENT, RNN, SEQUENTIAL, by_word
from rnnshape.expression.data import Call, Items

_BY_POSITION = ("cell", "return_sequences", "return_state", "go_backwards", "stateful", "unroll")
"""The first arguments of RNN. The other recurrent layers have their flags far behind."""


def stacked(call: Call) -> list[Call]:
    """Return the layers of a Sequential, the one that meets the inputs first; none of any other layer."""
    listed = call.args[0] if call.args else call.argument("layers")
    if call.name != SEQUENTIAL or not isinstance(listed, Items):
        return []
    return [one for one in listed.values if isinstance(one, Call) and one.name not in INPUTS]


def flag_layer(call: Call) -> Call:
    """Return the layer that takes the flags: what a Bidirectional wraps, or else the layer itself."""
    inside = call.args[0] if call.args else call.argument("layer")
    return inside if call.name == BIDIRECTIONAL and isinstance(inside, Call) else call


def flag(call: Call, name: str) -> object:
    """Return what an expression says of a flag; None where it says nothing."""
    layer = flag_layer(call)
    if layer.name == RNN and name in _BY_POSITION[: len(layer.args)]:
        return layer.args[_BY_POSITION.index(name)]
    return layer.argument(name)


def takes_flags(call: Call) -> bool:
    """Tell whether a layer may take flags: a recurrent one of Keras's, or any of a user's."""
    layer = flag_layer(call)
    return layer.name in RECURRENT or layer.is_users


def with_flags(call: Call, flags: Mapping[str, bool]) -> Call:
    """Return the expression with the true ones of these flags; both layers of a Bidirectional get them."""
    said = {name: True for name, is_on in flags.items() if is_on and flag(call, name) is None}
    if call.name != BIDIRECTIONAL:
        return call.with_arguments(**said)
    wrapped = [value.with_arguments(**said) if isinstance(value, Call) else value for value in call.args]
    kwargs = [
        (name, value.with_arguments(**said) if isinstance(value, Call) and name.endswith("layer") else value)
        for name, value in call.kwargs
    ]
    return replace(call, args=tuple(wrapped), kwargs=tuple(kwargs))


def units(call: Call) -> int | None:
    """Return the number of units of a recurrent layer, of its last cell, or of the last layer of a Sequential.

    None is returned where the expression does not tell.
    """
    first = call.args[0] if call.args else None
    for value in (first, *(call.argument(name) for name in ("units", "filters", "layer", "cell", "cells", "layers"))):
        last = value.values[-1] if isinstance(value, Items) and value.values else value
        if isinstance(last, int) and not isinstance(last, bool):
            return last
        if isinstance(last, Call):
            return units(last)
    return None


def like(word: str, call: Call) -> Call | None:
    """Return the layer that a bare name such as lstm means beside another: with as many units, and no flags.

    A ConvLSTM takes the sizes of another one's kernel, too. None is returned where the units are not known.
    """
    layer, size, other = by_word(word), units(call), flag_layer(call)
    if layer is None or size is None:
        return None
    named = [(name, other.argument(name)) for name in ("kernel_size", "strides", "padding", "dilation_rate")]
    kernel = [(name, value) for name, value in named if value is not None] or [("kernel_size", 3)]
    return Call(layer.keras, (size,), tuple(kernel) if layer.spatial else ())
