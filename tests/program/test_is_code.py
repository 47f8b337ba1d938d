"""Which words of the command line are code, and which are a layer."""

from __future__ import annotations

import pytest

from rnnshape.cli.words import parts_of
from rnnshape.program import is_code

CODE = [
    "model = Sequential([LSTM(4)])",
    "model = keras.Sequential([keras.Input((3, 2)), keras.layers.LSTM(4)])",
    "x = Input((3, 2))",
    "y = LSTM(4)(x)",
    "model.add(LSTM(4))",
    "y, h = GRU(4, return_state=True)(x)",
    "units = 4",
    "a = LSTM(4); b = GRU(4)",
]
LAYERS = ["gru", "LSTM(4)", "layer = LSTM(4)", "self.rnn = keras.layers.LSTM(4)", "Sequential([LSTM(4)])", "m.keras"]


@pytest.mark.parametrize("word", CODE)
def test_code(word):
    assert is_code(word)


@pytest.mark.parametrize("word", LAYERS)
def test_a_layer(word):
    assert not is_code(word)


def test_the_first_line_below_the_quote_is_line_1():
    (source,) = parts_of(["\nx = Input((3, 2))\ny = LSTM(4)(x)\n"])
    assert source.text.splitlines() == ["x = Input((3, 2))", "y = LSTM(4)(x)"]
