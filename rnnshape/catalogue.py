"""The recurrent layers that have a name of their own on the command line, one row each.

What is true of every layer is said here once; what is special to one is its row.
"""

from __future__ import annotations

from dataclasses import dataclass

SPATIAL_AXES = ("rows", "cols", "depth")


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


MEANT = {
    "bilstm": "lstm --bidirectional",
    "bigru": "gru --bidirectional",
    "bidirectional": "lstm --bidirectional, or 'Bidirectional(LSTM(4))'",
    "rnn": "simple-rnn, or 'RNN(LSTMCell(4))'",
    "convlstm": "conv-lstm-2d",
}
"""What is to be typed for words that people use for no layer in particular."""


def by_word(word: str) -> Layer | None:
    """Return the layer that a word of the command line names: `gru`, `GRU`, `SimpleRNN`, `conv-lstm-2d`."""
    return _BY_WORD.get(word.strip().lower())


def known_words() -> tuple[str, ...]:
    """Return every spelling that `by_word` takes, as shown to people."""
    return (*TYPED, *(layer.keras for layer in LAYERS))
