"""How many axes the layers of an expression take, and where one of them is lost: for advice, from the names alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rnnshape.catalogue import BIDIRECTIONAL, EMBEDDING, RECURRENT, RNN, SEQUENTIAL, TIME_DISTRIBUTED, by_class
from rnnshape.expression import Call, Items, flag

_WHOLE = (*RECURRENT, BIDIRECTIONAL, TIME_DISTRIBUTED)
"""The layers that take a whole sequence."""
_SPATIAL = re.compile(r"(?:Depthwise|Separable)?Conv(\d)D\w*|(?!Global)\w*Pool(?:ing)?(\d)D|\w+(?:ing|Dropout)(\d)D")
_KEEPS = re.compile(r"Dense|\w*Dropout|\w*Normalization|Activation|\w*ReLU|Masking|Gaussian\w+|Identity|Softmax")
"""The layers that return as many axes as they take, whatever they take."""
_LOSES = re.compile(r"Flatten|Global\w+")


def stack_of(call: Call | None) -> tuple[Call, ...]:
    """Return the layers of the first Sequential in the expression."""
    for inner in call.calls() if call is not None else ():
        listed = next((value for value in (*inner.args, inner.argument("layers")) if isinstance(value, Items)), None)
        if inner.name == SEQUENTIAL and listed is not None:
            return tuple(item for item in listed.values if isinstance(item, Call))
    return ()


def lost_time(stack: Sequence[Call]) -> tuple[Call, Call] | None:
    """Return the layer that takes the time axis away, and the one that wants it; None where none is missed."""
    lost: Call | None = None
    for layer in stack:
        if lost is not None and layer.name in _WHOLE:
            return lost, layer
        if layer.name in (*RECURRENT, BIDIRECTIONAL):
            lost = None if flag(layer, "return_sequences") is True else layer
        elif _LOSES.fullmatch(layer.name):
            lost = layer
        elif not _KEEPS.fullmatch(layer.name):
            lost = None  # RepeatVector, Reshape: it may make one anew
    return None


def rank(call: Call) -> int | None:
    """Return how many axes a layer's input has; None where any number may do, or nobody knows."""
    if call.name == SEQUENTIAL:
        first = next((layer for layer in stack_of(call) if not _KEEPS.fullmatch(layer.name)), None)
        return None if first is None else rank(first)
    inside = call.args[0] if call.args else call.argument("layer")
    if call.name in (TIME_DISTRIBUTED, BIDIRECTIONAL) and isinstance(inside, Call):
        inner = rank(inside)
        return (inner or 2) + 1 if call.name == TIME_DISTRIBUTED else inner or 3
    row, spatial = by_class(call.name), _SPATIAL.fullmatch(call.name)
    if row is not None and call.name == row.keras:
        return row.spatial + 3
    if spatial is not None:
        return int(next(filter(None, spatial.groups()))) + 2
    return {RNN: 3, EMBEDDING: 2}.get(call.name)


def reaches(stack: Sequence[Call], layer: str) -> bool:
    """Tell whether the layer that Keras names so (`conv2d`) gets as many axes as the whole stack does."""
    for one in stack:
        if _keras_name(one.name) == layer:
            return True
        if not _KEEPS.fullmatch(one.name):
            return False
    return not stack


def example(axes: int, call: Call | None) -> str:
    """Return an input of so many axes, as it is typed: a batch, times and spaces, features.

    Keras lays out every step of a TimeDistributed, so that there are few of them.
    """
    outer = 0
    while call is not None and call.name == TIME_DISTRIBUTED:
        inside = call.args[0] if call.args else call.argument("layer")
        outer, call = outer + 1, inside if isinstance(inside, Call) else None
    middle = ["2"] * outer + ["10"] * (axes - 2 - outer)
    return ",".join(["32", *middle, "8"])


def _keras_name(name: str) -> str:
    """Return what Keras calls a layer of this class: ConvLSTM2D is conv_lstm2d."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()
