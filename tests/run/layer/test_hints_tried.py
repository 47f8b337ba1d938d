"""What a hint says to type is typed, and runs."""

from __future__ import annotations

import re

import keras
import pytest

from rnnshape import catalogue, explore
from rnnshape.errors import RnnshapeError
from rnnshape.run.layer.build import arguments_of

SMALL = {"batch": 2, "time": 3, "features": 4}


def hint_of(layer, **options):
    with pytest.raises(RnnshapeError) as caught:
        explore(layer, **options)
    assert caught.value.hint
    return caught.value.hint


# a layer, an input that it does not take
WHOLE = [
    ("TimeDistributed(GRU(4))", None),
    ("TimeDistributed(TimeDistributed(GRU(4)))", None),
    ("Conv2D(4, 3)", None),
    ("SeparableConv2D(4, 3)", None),
    ("Conv3D(3, 2)", None),
    ("MaxPooling2D()", None),
    ("ZeroPadding2D()", None),
    ("Sequential([Dense(4), LSTM(4)])", (32, 8)),
    ("Sequential([Dropout(0.1), Conv2D(4, 3)])", None),
    ("SpatialDropout1D(0.2)", (3, 4)),
    ("GlobalMaxPooling2D()", None),
    ("RepeatVector(3)", (3, 4, 5)),
]


@pytest.mark.parametrize(("layer", "given"), WHOLE)
def test_the_input_that_is_named_is_taken(layer, given):
    hint = hint_of(layer, **({} if given is None else {"input": given}))
    named = re.search(r"--input ([\d,]+)$", hint)
    assert explore(layer, input=named[1]).tensors


# a stack, what the hint says to change in it, and with what
STACKS = [
    ("Sequential([LSTM(6), Dense(4), GRU(3)])", "give LSTM return", "LSTM(6", "LSTM(6, return_sequences=True"),
    (
        "Sequential([Bidirectional(GRU(6)), Dense(4), Dropout(0.1), TimeDistributed(Dense(3))])",
        "give GRU return",
        "GRU(6",
        "GRU(6, return_sequences=True",
    ),
    ("Sequential([Dense(4), GlobalAveragePooling1D(), LSTM(4)])", "leave out Glob", "GlobalAveragePooling1D(), ", ""),
    ("Sequential([LSTM(6, return_sequences=True), Flatten(), GRU(3)])", "leave out Flatten()", "Flatten(), ", ""),
    (
        "Sequential([LSTM(6), RepeatVector(3), LSTM(5), Dense(2), GRU(3)])",
        "LSTM(5) gives",
        "LSTM(5",
        "LSTM(5, return_sequences=True",
    ),
]


@pytest.mark.parametrize(("stack", "said", "old", "new"), STACKS)
def test_the_layer_that_lost_the_time_axis_is_named(stack, said, old, new):
    assert said in hint_of(stack, **SMALL)
    assert explore(stack.replace(old, new), **SMALL).tensors


def test_of_two_layers_that_do_not_go_together_the_second_is_named():
    hint = hint_of("Sequential([Conv2D(3, 2), LSTM(4)])", input=(3, 8, 8, 2))
    assert hint == "The layer before lstm gives it 4 axes, and it wants 3."


@pytest.mark.parametrize(
    ("argument", "typed", "right"),
    [
        ("activation", "rlu", "relu"),
        ("recurrent_activation", "sigmod", "sigmoid"),
        ("kernel_initializer", "glorot_unifrom", "glorot_uniform"),
        ("kernel_regularizer", "ll2", "l2"),
        ("bias_constraint", "nonneg", "non_neg"),
        ("dtype", "flaot16", "float16"),
    ],
)
def test_the_nearest_name_that_keras_has_is_named_first(argument, typed, right):
    assert hint_of("lstm", set={argument: typed}, **SMALL).startswith(f"Did you mean {right}?")
    if argument != "dtype":  # on a CPU the orthogonal initializer makes no small numbers
        assert explore("lstm", set={argument: right}, **SMALL).tensors


@pytest.mark.parametrize("argument", ["activation", "kernel_initializer", "kernel_regularizer", "kernel_constraint"])
def test_every_name_that_is_listed_is_taken(argument):
    listed = hint_of("gru", set={argument: "zzz"}, **SMALL).partition("Keras has ")[2]
    names = listed.removesuffix(".").removesuffix(" and more").split(", ")
    assert names
    for name in names:
        keras.layers.GRU(4, **{argument: name})


def test_the_catalogue_has_every_argument_that_is_no_option():
    from rnnshape.options import NAMES

    known = set().union(*(arguments_of(getattr(keras.layers, layer.keras)) for layer in catalogue.LAYERS))
    theirs = {"units", "filters", "autocast", "seed", "input_shape", "input_dim"}
    assert known - set(NAMES) - theirs == set(catalogue.ARGUMENTS) - {"implementation"}
    assert all(callable(getattr(keras.activations, name)) for name in catalogue.ACTIVATIONS)
