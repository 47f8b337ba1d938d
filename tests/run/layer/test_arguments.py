"""Keras decides what is an argument: what it takes is run; for what it refuses, the nearest that it takes is named."""

from __future__ import annotations

import keras
import pytest

from rnnshape import explore
from rnnshape.errors import InvalidQuery
from rnnshape.run.layer.build import arguments_of

SIZES = {"batch": 2, "time": 10, "features": 3}


@pytest.mark.parametrize(
    "word",
    [
        "GRU(4, implementation=1)",
        "LSTM(4, input_dim=3)",
        "LeakyReLU(alpha=0.1)",
        "LayerNormalization(rms_scaling=True)",
        "LSTM(4, input_shape=(10, 3))",
    ],
)
def test_what_keras_takes_is_run(word):
    assert explore(word, **SIZES).tensors


def test_what_an_embedding_says_of_its_input_is_taken():
    assert explore("Embedding(50, 8, input_length=10)", batch=2).input.shape == (2, 10)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("LSTM(4, batch_input_shape=(2, 10, 3))", "Did you mean input_shape?"),
        ("LSTM(4, retrun_state=True)", "Did you mean return_state?"),
        ("Bidirectional(GRU(4, unrol=True))", "Did you mean unroll?"),
        ("Bidirectional(GRU(4), merge='sum')", "Did you mean merge_mode?"),
        ("Sequential(layer=[GRU(4)])", "Did you mean layers?"),
        ("GRU(4, nosuch=1)", "It takes activation, "),
        ("StringLookup(nosuch=1)", "It takes activity_regularizer, "),
        ("GRU(4, kernel_initializer=initializers.Constant(valu=2))", "Did you mean value?"),
    ],
)
def test_what_keras_refuses_has_a_hint(word, hint):
    with pytest.raises(InvalidQuery, match="has no argument") as caught:
        explore(word, **SIZES)
    assert hint in caught.value.hint


NEEDED = {
    **{name: {"units": 3} for name in ("SimpleRNN", "GRU", "LSTM", "SimpleRNNCell", "GRUCell", "LSTMCell", "Dense")},
    **{name: {"filters": 3, "kernel_size": 3} for name in ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Conv1D")},
    "RNN": {"cell": keras.layers.LSTMCell(3)},
    "StackedRNNCells": {"cells": [keras.layers.LSTMCell(3)]},
    "Bidirectional": {"layer": keras.layers.LSTM(3)},
    "TimeDistributed": {"layer": keras.layers.Dense(3)},
    "Embedding": {"input_dim": 3, "output_dim": 3},
    "InputLayer": {"shape": (3,)},
}


@pytest.mark.parametrize("name", NEEDED)
def test_every_argument_that_is_offered_is_one(name):
    cls = getattr(keras.layers, name)
    offered = arguments_of(cls)
    assert set(NEEDED[name]) <= offered
    for argument in offered:
        try:
            cls(**{argument: None, **NEEDED[name]})
        except Exception as error:  # noqa: BLE001 - None is no value of some
            assert "keyword argument" not in str(error)  # noqa: PT017
