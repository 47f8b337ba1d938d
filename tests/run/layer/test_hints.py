"""What is advised when Keras refuses: by its message, and by the layer that was typed."""

from __future__ import annotations

import pytest

from rnnshape.run.layer.hints import hint_for

NDIM_2, NDIM_3 = "expected ndim=3, found ndim=2", "expected ndim=2, found ndim=3"
TENSORS = "Layer gru expects 1 input(s), but it received 2 input tensors"
ARGUMENT = "LSTMCell got an unexpected keyword argument 'go_backwards'"

# what Keras says, the layer, a part of the advice; None: there is none
ADVICE = [
    (NDIM_2, "Sequential([LSTM(6), GRU(3)])", "give LSTM return_sequences=True"),
    (NDIM_2, "Sequential([Bidirectional(LSTM(6)), GRU(3)])", "give LSTM return_sequences=True"),
    (NDIM_2, "TimeDistributed(Sequential(layers=[LSTM(6), GRU(3)]))", "give LSTM return_sequences=True"),
    (
        NDIM_2,
        "Sequential([LSTM(6, return_sequences=True), Dense(2), Flatten(), GRU(3)])",
        "(batch, timesteps, features)",
    ),
    (NDIM_2, "RNN([GRUCell(3), GRU(4)])", "write GRUCell"),
    (NDIM_2, "LSTM(4)", "--input"),
    (NDIM_2, "LSTM(4", "--input"),
    (NDIM_3, "Sequential([LSTM(6, return_sequences=True), RepeatVector(3)])", "give LSTM return_sequences=False"),
    (NDIM_3, "Sequential([LSTM(6, return_sequences=True), Dense(2), RepeatVector(3)])", "--input 32,8"),
    (
        TENSORS,
        "Sequential([LSTM(6, return_sequences=True), LSTM(6, return_state=True), GRU(3)])",
        "off LSTM(6, return_s",
    ),
    (TENSORS, "Sequential([Two(), GRU(3)])", None),
    (ARGUMENT, "Bidirectional(LSTMCell(4))", "write LSTM."),
    (ARGUMENT, "Bidirectional(my.OddCell(4))", "write RNN(my.OddCell(4))"),
    (ARGUMENT, "Bidirectional(Dense(4))", "takes a recurrent layer"),
    (ARGUMENT, "Bidirectional(LSTM(4))", None),
    (ARGUMENT, "RNN(LSTMCell(4))", None),
    ("Incompatible shapes: [2,4] vs. [2,6]", "Bidirectional(LSTM(4), 'sum', backward_layer=LSTM(6))", "the same width"),
    ("Incompatible shapes: [2,4] vs. [2,6]", "LSTM(4)", None),
    ("nothing that anybody knows", "LSTM(4)", None),
]


@pytest.mark.parametrize(("said", "layer", "advice"), ADVICE)
def test_advice(said, layer, advice):
    found = hint_for(said, layer)
    if advice is None:
        assert found is None
    else:
        assert advice in found
