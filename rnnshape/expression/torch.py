"""A layer of PyTorch as it is typed -> the expression of Keras's layer that computes the same."""

from __future__ import annotations

from rnnshape.catalogue import BIDIRECTIONAL, RNN, SEQUENTIAL, Layer, by_torch
from rnnshape.expression.data import Call, Items

_BY_POSITION = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional")
"""The first arguments of `torch.nn.LSTM` and `torch.nn.GRU`. A cell and `torch.nn.RNN` share the first two alone."""
_SILENT = frozenset({"batch_first", "dropout", "device", "dtype"})
"""Arguments that change nothing in which layer it is: PyTorch's dropout is one between the layers of a stack."""
_KNOWN = {*_BY_POSITION, "nonlinearity", *_SILENT}
_CELL = "Cell"
_MOST_LAYERS = 8


def instead_of_torch(call: Call) -> str | None:
    """Return which layer of Keras's to type for a layer of PyTorch; None for any other call.

    What PyTorch takes and Keras has nothing for (`proj_size`) leaves the layer without its arguments.
    """
    layer = by_torch(call.name.removesuffix(_CELL))
    if layer is None or call.file is not None:
        return None
    given = _arguments(call, layer)
    units, features, count = given.get("hidden_size"), given.get("input_size"), given.get("num_layers", 1)
    if not isinstance(units, int) or count not in range(1, _MOST_LAYERS + 1) or not given.keys() <= _KNOWN:
        return f"That is a layer of PyTorch. Did you mean {layer.typed}, of Keras?"
    sizes = f" --features {features}" if isinstance(features, int) else ""
    return f'That is a layer of PyTorch. Keras\'s is: rnnshape "{_in_keras(call, layer, given)}"{sizes}'


def _arguments(call: Call, layer: Layer) -> dict[str, object]:
    """Return the arguments by their names; those behind the second have names for an LSTM and a GRU alone."""
    is_plain = layer.torch is not None and layer.torch.name != RNN and not call.name.endswith(_CELL)
    names = (*_BY_POSITION, "more")[: None if is_plain else 2]
    named = dict(zip((*names, *["more"] * len(call.args)), call.args, strict=False))
    return {**named, **dict(call.kwargs)}


def _in_keras(call: Call, layer: Layer, given: dict[str, object]) -> Call:
    own: list[tuple[str, object]] = []
    if given.get("nonlinearity", "tanh") != "tanh":
        own.append(("activation", given["nonlinearity"]))
    if given.get("bias") is False:
        own.append(("use_bias", False))
    one = Call(layer.keras, (given["hidden_size"],), tuple(own))
    cell = Call(layer.cell.keras, one.args, one.kwargs)
    if call.name.endswith(_CELL):
        return Call(RNN, (cell,))
    count = int(str(given.get("num_layers", 1)))
    all_of_it = {"return_sequences": True, "return_state": True}
    if not given.get("bidirectional"):
        stack = Call(RNN, (Items((cell,) * count, is_list=True),)) if count > 1 else one
        return stack.with_arguments(**all_of_it)
    if count > 1:  # Each layer takes both directions of the one before, which no stack of cells does.
        both = Call(BIDIRECTIONAL, (one.with_arguments(return_sequences=True),))
        return Call(SEQUENTIAL, (Items((both,) * count, is_list=True),))
    return Call(BIDIRECTIONAL, (one.with_arguments(**all_of_it),))
