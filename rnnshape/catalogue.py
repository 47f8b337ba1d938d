"""The recurrent layers that have a name of their own on the command line, one row each.

What is true of every layer is said here once; what is special to one is its row.
"""

from __future__ import annotations

from dataclasses import dataclass

SPATIAL_AXES = ("rows", "cols", "depth")


@dataclass(frozen=True, slots=True)
class CellState:
    """A state of a cell: its letter, what stands in its name (`final_memory_state`), and what it is in words."""

    letter: str
    name: str
    words: str


HIDDEN = CellState("h", "", "hidden state h")
"""The one state of a cell whose output it is."""
MEMORY, CARRY = CellState("h", "memory", "hidden state h"), CellState("c", "carry", "carry state c")
"""The two states of an LSTM's cell."""
CELL_STATES = ((HIDDEN,), (MEMORY, CARRY))
"""The states of each kind of cell, in the order in which it returns them."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: as it is typed, its Keras class, the name of its first argument, its number of spatial axes."""

    typed: str
    keras: str
    size: str = "units"
    spatial: int = 0


LAYERS = (
    Layer("simple-rnn", "SimpleRNN"),
    Layer("gru", "GRU"),
    Layer("lstm", "LSTM"),
    Layer("conv-lstm-1d", "ConvLSTM1D", size="filters", spatial=1),
    Layer("conv-lstm-2d", "ConvLSTM2D", size="filters", spatial=2),
    Layer("conv-lstm-3d", "ConvLSTM3D", size="filters", spatial=3),
)

TYPED = tuple(layer.typed for layer in LAYERS)
_BY_WORD = {word.lower(): layer for layer in LAYERS for word in (layer.typed, layer.keras)}


RECURRENT = (*(layer.keras for layer in LAYERS), "RNN")
"""The Keras layers that run over a time axis and take the flags return_sequences and return_state."""

TOP_LEVEL = ("Sequential", "Model", "Input", "DTypePolicy", "FloatDTypePolicy")
"""What is not in keras.layers but in keras itself, and is written without a module in front of it."""

MODULES = ("initializers", "regularizers", "constraints", "activations", "dtype_policies", "mixed_precision", "random")
"""Keras's modules of what a layer is built with. A name that begins with one of them is Keras's."""

ACTIVATIONS = (
    *(
        "relu",
        "relu6",
        "leaky_relu",
        "sigmoid",
        "hard_sigmoid",
        "tanh",
        "hard_tanh",
        "softmax",
        "log_softmax",
        "linear",
    ),
    *("softplus", "softsign", "swish", "silu", "hard_silu", "hard_swish", "gelu", "elu", "selu", "celu", "glu", "mish"),
    *(
        "exponential",
        "log_sigmoid",
        "soft_shrink",
        "hard_shrink",
        "tanh_shrink",
        "threshold",
        "sparse_plus",
        "squareplus",
    ),
)
"""Names of activations that Keras knows; people forget their quotes."""

ARGUMENTS = (
    *("activation", "recurrent_activation", "use_bias", "kernel_initializer", "recurrent_initializer"),
    *("bias_initializer", "unit_forget_bias", "kernel_regularizer", "recurrent_regularizer", "bias_regularizer"),
    *("activity_regularizer", "kernel_constraint", "recurrent_constraint", "bias_constraint", "dropout"),
    *("recurrent_dropout", "reset_after", "use_cudnn", "data_format", "dtype", "name", "trainable", "implementation"),
)
"""The constructor arguments of the layers above that are no options of their own: they are given by --set."""

REFUSED = {
    "Lambda": "runs a function, and an expression has none",
    "TFSMLayer": "runs a saved program from a folder",
    "TorchModuleWrapper": "runs a module of PyTorch",
    "JaxLayer": "runs a function of JAX",
    "FlaxLayer": "runs a module of Flax",
}
"""Keras's layers that run something else than Keras, and what that is."""

READ_FROM_FILES = ("vocabulary",)
"""The arguments of Keras's layers that are the name of a file where they are a string."""

RENAMED = {
    "CuDNNLSTM": "LSTM",
    "CuDNNGRU": "GRU",
    "TimeDistributedDense": "TimeDistributed(Dense(…))",
    "Merge": "Concatenate, Add, Multiply or Average",
    "AbstractRNNCell": "a subclass of keras.layers.Layer",
    "ConvRecurrent2D": "ConvLSTM2D",
    "AtrousConvolution1D": "Conv1D(…, dilation_rate=…)",
    "AtrousConvolution2D": "Conv2D(…, dilation_rate=…)",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "MaxoutDense": "Dense",
    "Highway": "Dense",
    "ThresholdedReLU": "ReLU(threshold=…)",
    "LocallyConnected1D": "Conv1D",
    "LocallyConnected2D": "Conv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "LSTMV2": "LSTM",
    "GRUV2": "GRU",
    "LSTMCellV2": "LSTMCell",
    "GRUCellV2": "GRUCell",
    "BasicLSTMCell": "LSTMCell",
    "BasicRNNCell": "SimpleRNNCell",
    "MultiRNNCell": "StackedRNNCells",
}
"""Names of layers in Keras 1, Keras 2 and TensorFlow 1, and what stands for them today."""

MEANT = {
    "bilstm": "lstm --bidirectional",
    "bigru": "gru --bidirectional",
    "bidirectional": "lstm --bidirectional, or 'Bidirectional(LSTM(4))'",
    "rnn": "simple-rnn, or 'RNN(LSTMCell(4))'",
    "convlstm": "conv-lstm-2d",
}
"""What is to be typed for words that people use for no layer in particular."""


def today(word: str) -> str | None:
    """Return what stands in Keras 3 for the name of a layer in an older one, in whatever case it is written."""
    return next((new for old, new in RENAMED.items() if old.lower() == word.strip().lower()), None)


def by_word(word: str) -> Layer | None:
    """Return the layer that a word of the command line names: `gru`, `GRU`, `SimpleRNN`, `conv-lstm-2d`."""
    return _BY_WORD.get(word.strip().lower())


def known_words() -> tuple[str, ...]:
    """Return every spelling that `by_word` takes, as shown to people."""
    return (*TYPED, *(layer.keras for layer in LAYERS))
