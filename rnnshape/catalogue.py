"""What is special to a layer of Keras's: one row for each recurrent layer, and the names of the other classes.

What is true of every layer is said once, where it is used; what is special to one is its row. A row is all that a
recurrent layer of Keras's costs: its word on the command line, its names, gates, diagram, code and PyTorch's names
come from it. Whatever else of rnnshape asks for a class by its name takes the name from here.
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


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate of a cell: the letter that Keras's code has for it, and its name."""

    letter: str
    name: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A class of cells: its states as it returns them, the first one its output, and its gates as its kernel has them.

    The gates are read off Keras's code: `lstm.py`, `gru.py` and `conv_lstm.py` of Keras 3 split the columns so.
    """

    keras: str
    states: tuple[CellState, ...]
    gates: tuple[Gate, ...]


@dataclass(frozen=True, slots=True)
class Torch:
    """The layer of `torch.nn` that computes the same. `gates` is their order there, where it is another one."""

    name: str
    gates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: as it is typed, its Keras class, its cell, its first argument, its number of spatial axes."""

    typed: str
    keras: str
    cell: Cell
    size: str = "units"
    spatial: int = 0
    torch: Torch | None = None


HIDDEN = CellState("h", "", "hidden state h")
"""The one state of a cell."""
MEMORY, CARRY = CellState("h", "memory", "hidden state h"), CellState("c", "carry", "carry state c")
"""The two states of an LSTM's cell."""
_LSTM_GATES = (Gate("i", "input"), Gate("f", "forget"), Gate("c", "candidate"), Gate("o", "output"))
_GRU_GATES = (Gate("z", "update"), Gate("r", "reset"), Gate("h", "candidate"))
_CONV_LSTM = Cell("ConvLSTMCell", (MEMORY, CARRY), _LSTM_GATES)

LAYERS = (
    Layer("simple-rnn", "SimpleRNN", Cell("SimpleRNNCell", (HIDDEN,), (Gate("h", "candidate"),)), torch=Torch("RNN")),
    Layer("gru", "GRU", Cell("GRUCell", (HIDDEN,), _GRU_GATES), torch=Torch("GRU", ("r", "z", "n"))),
    Layer("lstm", "LSTM", Cell("LSTMCell", (MEMORY, CARRY), _LSTM_GATES), torch=Torch("LSTM")),
    Layer("conv-lstm-1d", "ConvLSTM1D", _CONV_LSTM, size="filters", spatial=1),
    Layer("conv-lstm-2d", "ConvLSTM2D", _CONV_LSTM, size="filters", spatial=2),
    Layer("conv-lstm-3d", "ConvLSTM3D", _CONV_LSTM, size="filters", spatial=3),
)

TYPED = tuple(layer.typed for layer in LAYERS)
CELL_STATES = tuple(dict.fromkeys(layer.cell.states for layer in LAYERS))
"""The states of each kind of cell, in the order in which it returns them."""
GATES = {gate.letter: gate.name for layer in LAYERS for gate in layer.cell.gates}
_BY_WORD = {word.lower(): layer for layer in LAYERS for word in (layer.typed, layer.keras)}
_BY_CLASS = {name: layer for layer in LAYERS for name in (layer.keras, layer.cell.keras)}

RNN, STACKED_CELLS = "RNN", "StackedRNNCells"
BIDIRECTIONAL, TIME_DISTRIBUTED = "Bidirectional", "TimeDistributed"
SEQUENTIAL, MODEL, INPUT = "Sequential", "Model", "Input"
INPUTS = (INPUT, "InputLayer")
"""What says what the input is, and is no layer that does anything."""
EMBEDDING, MASKING, REPEAT = "Embedding", "Masking", "RepeatVector"

RECURRENT = (*(layer.keras for layer in LAYERS), RNN)
"""The Keras layers that run over a time axis and take the flags return_sequences and return_state."""

BY_STEP = (
    EMBEDDING, MASKING, "Dense", TIME_DISTRIBUTED, "Dropout", "SpatialDropout1D", "GaussianNoise",
    "GaussianDropout", "Activation", "ReLU", "LeakyReLU", "LayerNormalization", "BatchNormalization",
)  # fmt: skip
"""Layers that do the same at every timestep."""

TOP_LEVEL = (SEQUENTIAL, MODEL, INPUT, "DTypePolicy", "FloatDTypePolicy")
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
    *("recurrent_dropout", "reset_after", "use_cudnn", "data_format", "name", "trainable", "implementation"),
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


def by_torch(name: str) -> Layer | None:
    """Return the layer that a class of `torch.nn` has for its counterpart: `torch.nn.GRU`, `nn.RNN`."""
    home, _, last = name.rpartition(".")
    found = (layer for layer in LAYERS if layer.torch is not None and layer.torch.name.lower() == last.lower())
    return next(found, None) if home in ("torch.nn", "nn") else None


def by_class(name: str) -> Layer | None:
    """Return the layer that a Keras class is, or whose cell it is: `LSTM`, `LSTMCell`."""
    return _BY_CLASS.get(name)


def cell_of(name: str) -> Cell | None:
    """Return the cell of this Keras class; None where it is the class of no cell."""
    return next((layer.cell for layer in LAYERS if layer.cell.keras == name), None)


def known_words() -> tuple[str, ...]:
    """Return every spelling that `by_word` takes, as shown to people."""
    return (*TYPED, *(layer.keras for layer in LAYERS))
