"""Options -> queries: which layers and sizes are asked for, and what is refused before anything runs."""

from __future__ import annotations

import dataclasses
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnshape.errors import InvalidQuery
from rnnshape.options import ALL, NAMES, Options, read_options
from rnnshape.request import request


def layers(words, **raw):
    return [str(query.layer) for family in request(words, read_options(raw)) for query in family]


def inputs(words, **raw):
    found = []
    for (query,) in request(words, read_options(raw)):
        sizes = query.sizes
        found.append(sizes.shape or (sizes.batch, sizes.time, *(sizes.space or ()), sizes.features))
    return found


LAYERS = [
    (["gru"], {}, ["GRU(4)"]),
    (["GRU"], {}, ["GRU(4)"]),
    (["SimpleRNN"], {}, ["SimpleRNN(4)"]),
    (["simplernn"], {"units": "3"}, ["SimpleRNN(3)"]),
    (["lstm"], {"return_state": True, "return_sequences": True}, ["LSTM(4, return_sequences=True, return_state=True)"]),
    (["lstm"], {"set": ["use_bias=False"]}, ["LSTM(4, use_bias=False)"]),
    (["lstm"], {"set": ["activation=relu", "dropout=0.5"]}, ["LSTM(4, activation='relu', dropout=0.5)"]),
    (["lstm"], {"set": ["activation='relu'"]}, ["LSTM(4, activation='relu')"]),
    (["lstm"], {"set": ["units=7"]}, ["LSTM(units=7)"]),
    (["lstm"], {"set": ["kernel-initializer=None"]}, ["LSTM(4, kernel_initializer=None)"]),
    (["lstm"], {"set": {"kernel_regularizer": "l2"}}, ["LSTM(4, kernel_regularizer='l2')"]),
    (["lstm"], {"set": ["bias_initializer=initializers.Constant(2)"]}, None),
    (["gru"], {"bidirectional": True}, ["Bidirectional(GRU(4))"]),
    (
        ["gru"],
        {"bidirectional": True, "merge_mode": "sum,none"},
        ["Bidirectional(GRU(4), merge_mode='sum')", "Bidirectional(GRU(4), merge_mode=None)"],
    ),
    (["gru", "lstm"], {"units": "4,5"}, ["GRU(4)", "GRU(5)", "LSTM(4)", "LSTM(5)"]),
    (["conv-lstm-2d"], {}, ["ConvLSTM2D(4, kernel_size=3)"]),
    (
        ["conv-lstm-1d"],
        {"units": 2, "kernel_size": "3,5", "padding": "same", "strides": 2},
        [
            "ConvLSTM1D(2, kernel_size=3, strides=2, padding='same')",
            "ConvLSTM1D(2, kernel_size=5, strides=2, padding='same')",
        ],
    ),
    (["conv-lstm-2d"], {"kernel_size": "3 x 2"}, ["ConvLSTM2D(4, kernel_size=(3, 2))"]),
    (["conv-lstm-2d"], {"kernel_size": (3, 2), "strides": 2}, ["ConvLSTM2D(4, kernel_size=(3, 2), strides=2)"]),
    (
        ["conv-lstm-3d"],
        {"kernel_size": "3,3x2X1", "dilation_rate": "1×2*1"},
        [
            "ConvLSTM3D(4, kernel_size=3, dilation_rate=(1, 2, 1))",
            "ConvLSTM3D(4, kernel_size=(3, 2, 1), dilation_rate=(1, 2, 1))",
        ],
    ),
    (
        ["conv-lstm-2d"],
        {"kernel_size": [(3, 2), 5]},
        [
            "ConvLSTM2D(4, kernel_size=(3, 2))",
            "ConvLSTM2D(4, kernel_size=5)",
        ],
    ),
    (["conv-lstm-2d"], {"set": ["kernel_size=(3, 5)"]}, ["ConvLSTM2D(4, kernel_size=(3, 5))"]),
    (["tf.keras.layers.GRU(7)", "gru"], {}, ["GRU(7)", "GRU(4)"]),
    (["LSTM(4)"], {"return_state": True}, ["LSTM(4, return_state=True)"]),
    (["LSTM(4, return_state=True)"], {"return_state": True}, ["LSTM(4, return_state=True)"]),
    (
        ["Bidirectional(GRU(3), 'sum')"],
        {"return_sequences": True, "return_state": True},
        ["Bidirectional(GRU(3, return_sequences=True, return_state=True), 'sum')"],
    ),
    (
        ["Bidirectional(layer=GRU(3), backward_layer=GRU(3, go_backwards=True))"],
        {"return_state": True},
        ["Bidirectional(layer=GRU(3, return_state=True), backward_layer=GRU(3, go_backwards=True, return_state=True))"],
    ),
    (["RNN(LSTMCell(4), True)"], {"return_state": True}, ["RNN(LSTMCell(4), True, return_state=True)"]),
    (["RNN(LSTMCell(4), True)"], {"return_sequences": True}, ["RNN(LSTMCell(4), True)"]),
    (["my.Layer(4)"], {"return_state": True}, ["my.Layer(4, return_state=True)"]),
    (
        ["GRU(3, 'relu')"],
        {"all_flags": True},
        [
            "GRU(3, 'relu')",
            "GRU(3, 'relu', return_sequences=True)",
            "GRU(3, 'relu', return_state=True)",
            "GRU(3, 'relu', return_sequences=True, return_state=True)",
        ],
    ),
]


@pytest.mark.parametrize(("words", "raw", "expected"), LAYERS, ids=str)
def test_which_layers_are_asked_for(words, raw, expected):
    found = layers(words, **raw)
    if expected is None:
        assert len(found) == 1
    else:
        assert found == expected


INTO = [
    ("lstm", "gru", {"units": 5}, "GRU(5)"),
    ("lstm", "LSTM", {"bidirectional": True, "return_state": True}, "LSTM(4)"),
    ("LSTM(units=6)", "lstm", {}, "LSTM(6)"),
    ("RNN([LSTMCell(4), GRUCell(7)])", "gru", {}, "GRU(7)"),
    ("Sequential([LSTM(4), GRU(3, return_state=True)])", "gru", {}, "GRU(3)"),
    (
        "conv-lstm-2d",
        "conv-lstm-2d",
        {"kernel_size": 5, "padding": "same"},
        "ConvLSTM2D(4, kernel_size=5, padding='same')",
    ),
    ("lstm", "conv-lstm-1d", {}, "ConvLSTM1D(4, kernel_size=3)"),
    ("lstm", "LSTM(9)", {}, "LSTM(9)"),
]


@pytest.mark.parametrize(("word", "into", "raw", "expected"), INTO)
def test_a_bare_name_in_into_takes_the_units_of_the_layer(word, into, raw, expected):
    ((query,),) = request([word], read_options({**raw, "into": into}))
    assert str(query.into) == expected


INPUTS = [
    ({}, [(32, 10, 8)]),
    ({"batch": 3, "time": 5, "features": 2}, [(3, 5, 2)]),
    ({"batch": "2,none", "time": "5"}, [(2, 5, 8), (None, 5, 8)]),
    ({"batch": None}, [(None, 10, 8)]),
    ({"time": [4, 5], "features": [1, 2]}, [(32, 4, 1), (32, 4, 2), (32, 5, 1), (32, 5, 2)]),
    ({"input": ["3,4,5", "none,none,2"]}, [(3, 4, 5), (None, None, 2)]),
    ({"input": (3, 4, 5)}, [(3, 4, 5)]),
    ({"input": ["(3, 4, 5)", "[None, None, 2,]"]}, [(3, 4, 5), (None, None, 2)]),
    ({"mask": "lengths:5,3,1"}, [(3, 10, 8)]),
    ({"mask": "1,1,0"}, [(32, 3, 8)]),
    ({"mask": "lengths:15,3"}, [(2, 15, 8)]),
    ({"mask": "right:3", "time": 4}, [(32, 4, 8)]),
]


@pytest.mark.parametrize(("raw", "expected"), INPUTS, ids=str)
def test_which_sizes_are_asked_for(raw, expected):
    assert inputs(["gru"], **raw) == expected


def test_space_may_be_repeated():
    for space in (["9x7", "9,7"], "9x7,9*7", [(9, 7), "9X7"]):
        assert inputs(["conv-lstm-2d"], space=space, batch=1) == [(1, 10, 9, 7, 8)] * 2
    assert inputs(["conv-lstm-2d"], space=["8,9", "4,4"], batch=1) == [(1, 10, 8, 9, 8), (1, 10, 4, 4, 8)]


REFUSED = [
    ([], {}, "Which layer"),
    (["lsmt"], {}, "Did you mean lstm?"),
    (["conv-lstm"], {}, "Did you mean conv-lstm-"),
    (["convlstm2"], {}, "Did you mean conv-lstm-2d?"),
    (["bilstm"], {}, "Did you mean lstm --bidirectional?"),
    (["Bi-GRU"], {}, "Did you mean gru --bidirectional?"),
    (["CuDNNLSTM"], {}, "in Keras 3 it is lstm."),
    (["keras.layers.cudnngru"], {}, "in Keras 3 it is gru."),
    (["ConvRecurrent2D"], {}, "in Keras 3 it is conv-lstm-2d."),
    (["gru"], {"mask": "post:3"}, "Did you mean right:3?"),
    (["gru"], {"mask": "pre:2"}, "Did you mean left:2?"),
    (["rnn"], {}, "Did you mean simple-rnn, or 'RNN(LSTMCell(4))'?"),
    (["keras.layers.GRU"], {}, "Did you mean gru, or 'keras.layers.GRU(4)'?"),
    (["torch.nn.GRU"], {}, "Did you mean gru, of Keras?"),
    (["nn.LSTM"], {}, "Did you mean lstm, of Keras?"),
    (["lstm,gru"], {}, "Type spaces between layers: lstm gru"),
    (["LSTM+ GRU/conv-lstm-1d"], {}, "Type spaces between layers: lstm gru conv-lstm-1d"),
    (["lstm,", "gru"], {}, "Did you mean lstm?"),
    (["gru", "4"], {}, "Sizes are options: --units 4."),
    (["gru", "True"], {}, "A flag such as --return-state takes no value."),
    (["lstm", "off"], {}, "To switch it off, leave it out."),
    (["nothing-like-it"], {}, "An expression is a call"),
    (["gru"], {"input": "32x10x8"}, "--input 32,10,8"),
    (["gru"], {"input": "32 10 8"}, "--input 32,10,8"),
    (["LSTM"], {"units": "0"}, "from 1"),
    (["gru"], {"units": ""}, "units"),
    (["gru"], {"units": "4x2"}, "units"),
    (["conv-lstm-2d"], {"kernel_size": "3x"}, "kernel_size"),
    (["conv-lstm-2d"], {"kernel_size": "3x0"}, "kernel_size"),
    (["conv-lstm-2d"], {"space": "9x"}, "space"),
    (["gru"], {"units": "4,,8"}, "units"),
    (["gru"], {"units": "4,-1"}, "Received: units=-1"),
    (["gru"], {"units": "none"}, "units"),
    (["gru"], {"units": True}, "units"),
    (["gru"], {"units": 4.0}, "units"),
    (["gru"], {"units": "٤"}, "units"),
    (["gru"], {"units": "9" * 30}, "units"),
    (["gru"], {"features": "none"}, "features"),
    (["gru"], {"time": "1e3"}, "time"),
    (["gru"], {"input": "32"}, "whole shape"),
    (["gru"], {"input": "3,4,5", "time": "4"}, "--time does not go with it"),
    (["gru"], {"merge_mode": "sum"}, "Add --bidirectional"),
    (["gru"], {"bidirectional": True, "merge_mode": "avg"}, "Did you mean ave?"),
    (["gru"], {"kernel_size": "3"}, "ConvLSTM"),
    (["conv-lstm-1d"], {"padding": "sane"}, "Did you mean same?"),
    (["gru"], {"set": ["use_bias"]}, "NAME=VALUE"),
    (["gru"], {"set": ["=3"]}, "NAME=VALUE"),
    (["gru"], {"set": ["x=[y for y in z]"]}, "expression"),
    (["gru"], {"set": ["units=3"], "units": "4"}, "both"),
    (["gru"], {"mask": "rigth:3"}, "mask"),
    (["gru"], {"mask": "right:30", "time": "10"}, "--time 30"),
    (["gru"], {"mask": "lengths:3,2", "batch": "3"}, "--batch 2"),
    (["gru"], {"initial_state": "ones"}, "zeros or random"),
    (["gru"], {"seed": "-1"}, "seed"),
    (["gru"], {"seed": "1" * 19}, "seed"),
    (["gru"], {"return_state": "yes"}, "True or False"),
    (["gru"], {"unit": 4}, "Did you mean units?"),
    (["LSTM(4)"], {"units": "4"}, "--units does not go with it"),
    (["LSTM(4)"], {"go_backwards": True, "return_state": True}, "--go-backwards does not go with it"),
    (["LSTM(4, return_state=False)"], {"return_state": True}, "--return-state and return_state=False in the expr"),
    (["RNN(LSTMCell(4), False)"], {"return_sequences": True}, "Leave out --return-sequences, or return_sequences"),
    (["Bidirectional(LSTM(4, return_state=True))"], {"all_flags": True}, "--all-flags and return_state=True"),
    (["Dense(4)"], {"return_state": True}, "Dense is none"),
    (["LSTMCell(4)"], {"return_state": True}, "LSTMCell is none"),
    (["Sequential([LSTM(4), Dense(2)])"], {"all_flags": True}, "into the layer that is meant"),
    (["Sequential([LSTM(4, return_state=True)])"], {"all_flags": True}, "--all-flags and return_state=True"),
    (["Dense(units='a')"], {"into": "lstm"}, "--into 'LSTM(4)'"),
    (["gru", "LSTM(4)"], {"bidirectional": True}, "--bidirectional does not go with it"),
]


@pytest.mark.parametrize(("words", "raw", "said"), REFUSED, ids=str)
def test_refusals_say_what_to_type_instead(words, raw, said):
    with pytest.raises(InvalidQuery) as caught:
        list(request(words, read_options(raw)))
    assert said in f"{caught.value.message} {caught.value.hint}"


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=20) | st.none() | st.integers() | st.booleans()))
def test_whatever_is_given_is_read_or_refused(raw):
    try:
        asked = list(request(["gru"], read_options(raw)))
    except InvalidQuery as error:
        assert error.message  # noqa: PT017 - either way is right
    else:
        assert all(str(query.layer) for family in asked for query in family)


def test_every_option_is_on_the_command_line_under_its_own_name():
    from rnnshape.cli.command import main

    parameters = inspect.signature(main).parameters
    assert [field.name for field in dataclasses.fields(Options)] == list(parameters)[2:]
    assert list(parameters)[:2] == ["context", "layer"]


@pytest.mark.parametrize("name", [name for name in ALL if name not in NAMES])
def test_what_the_command_line_alone_has_is_no_option_of_a_question(name):
    with pytest.raises(InvalidQuery, match=f"no option {name}"):
        read_options({name: True})
