"""What fixes have to know of Keras's layers: a few families of names."""

from __future__ import annotations

import ast
import re

from rnnshape.fixes.source import called

RECURRENT = frozenset({"SimpleRNN", "GRU", "LSTM", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
STATES = {"SimpleRNN": ("h",), "GRU": ("h",), "LSTM": ("h", "c"), **{f"ConvLSTM{n}D": ("h", "c") for n in (1, 2, 3)}}
"""How many states each layer returns, and what they are usually called."""

CONVOLUTIONS = {
    **{f"{kind}{n}D": n for kind in ("Conv", "SeparableConv", "Convolution") for n in (1, 2, 3)},
    **{f"{kind}{n}D": n for kind in ("MaxPooling", "AveragePooling", "MaxPool", "AvgPool") for n in (1, 2, 3)},
    **{f"{kind}{n}D": n for kind in ("UpSampling", "ZeroPadding", "Cropping") for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": n for n in (1, 2, 3)},
    "DepthwiseConv1D": 1,
    "DepthwiseConv2D": 2,
    **{f"ConvLSTM{n}D": n + 1 for n in (1, 2, 3)},
}
"""The layers that work along that many axes between the batch's and the channels'."""

MERGES = {
    "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot",
    "add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot",
}  # fmt: skip
ATTENTION = {"Attention", "AdditiveAttention", "MultiHeadAttention"}
WRAPPERS = {"Bidirectional", "TimeDistributed"}
MODELS = {"Model", "Sequential", "Input", "InputLayer"}
WIDTH = {"Dense": "units", "SimpleRNN": "units", "GRU": "units", "LSTM": "units", "SimpleRNNCell": "units",
         "GRUCell": "units", "LSTMCell": "units", "Embedding": "output_dim", "Conv1D": "filters", "Conv2D": "filters",
         "Conv3D": "filters", "RepeatVector": "n", "TimeDistributedDense": "units"}  # fmt: skip
"""The argument that is the width of what a layer returns; for all but `Embedding` it is the first one."""

KEEP_WIDTH = {"Dropout", "SpatialDropout1D", "Activation", "BatchNormalization", "LayerNormalization", "RepeatVector",
              "Masking", "GaussianNoise", "ReLU", "LeakyReLU"}  # fmt: skip
"""Layers whose output is as wide as what they get."""

_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*\Z")


def is_layer(call: ast.Call) -> bool:
    """Tell whether the call makes a layer, as far as its name goes."""
    name = called(call)
    return (bool(_CLASS.match(name)) and any(each.islower() for each in name) and name not in MODELS) or name in (
        "GRU",
        "LSTM",
        "RNN",
    )


def core(call: ast.Call) -> ast.Call:
    """Return the layer in a `Bidirectional`, or the layer itself."""
    if called(call) != "Bidirectional":
        return call
    inner = call.args[0] if call.args else next((each.value for each in call.keywords if each.arg == "layer"), None)
    return inner if isinstance(inner, ast.Call) else call


def is_recurrent(call: ast.Call) -> bool:
    """Tell whether the call makes a recurrent layer, in a `Bidirectional` or not."""
    return called(core(call)) in RECURRENT


def snake(name: str) -> str:
    """Return what Keras calls a layer of this class: `conv_lstm2d`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
