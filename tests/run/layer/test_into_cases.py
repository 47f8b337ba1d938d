"""`--into`, case by case: what is said to fit is passed to bare Keras once more."""

from __future__ import annotations

import numpy as np
import pytest
from keras import layers

from rnnshape import explore
from rnnshape.errors import InvalidQuery, KerasRefused


def document(layer, **options):
    return explore(layer, **{"batch": 3, "time": 5, "features": 2, **options}).to_dict()


H_AND_C = "[final_memory_state, final_carry_state]"
JOINED = (
    "[concatenate([forward_final_memory_state, backward_final_memory_state], axis=-1), "
    "concatenate([forward_final_carry_state, backward_final_carry_state], axis=-1)]"
)
INTO = [
    ("LSTM(4, return_state=True)", "LSTM(4)", True, H_AND_C, None),
    ("GRU(4, return_state=True)", "GRU(4)", True, "[final_state]", None),
    ("LSTM(4)", "LSTM(4)", False, None, None),
    ("LSTM(4, return_state=True)", "LSTM(8)", False, H_AND_C, "LSTM(4)"),
    ("LSTM(4, return_state=True)", "LSTM(units=8)", False, H_AND_C, "LSTM(units=4)"),
    ("LSTM(4, return_state=True)", "GRU(4)", False, "[final_memory_state]", None),
    ("GRU(4, return_state=True)", "LSTM(4)", False, "[final_state, zeros_like(final_state)]", None),
    ("Bidirectional(LSTM(4, return_state=True))", "LSTM(8)", False, JOINED, None),
    ("Bidirectional(LSTM(4, return_state=True))", "LSTM(7)", False, JOINED, "LSTM(8)"),
    (
        "Bidirectional(GRU(4, return_state=True), merge_mode=None)",
        "Bidirectional(GRU(4))",
        True,
        "[forward_final_state, backward_final_state]",
        None,
    ),
    (
        "LSTM(4, return_state=True)",
        "Bidirectional(LSTM(4))",
        False,
        "[final_memory_state, final_carry_state, final_memory_state, final_carry_state]",
        None,
    ),
    (
        "RNN([LSTMCell(4), GRUCell(6)], return_state=True)",
        "RNN([LSTMCell(4), GRUCell(6)])",
        True,
        "[[cell_0_final_memory_state, cell_0_final_carry_state], [cell_1_final_state]]",
        None,
    ),
    ("GRU(4, return_state=True)", "RNN([GRUCell(4), GRUCell(4)])", False, "[[final_state], [final_state]]", None),
    ("LSTMCell(4)", "LSTM(4)", True, H_AND_C, None),
    (
        "Bidirectional(LSTM(4, return_state=True))",
        "RNN(LSTMCell(4))",
        False,
        JOINED,
        "RNN(LSTMCell(8))",
    ),
    (
        "RNN([GRUCell(4), LSTMCell(4)], return_state=True)",
        "RNN([LSTMCell(4), GRUCell(4)])",
        False,
        "[[cell_0_final_state, zeros_like(cell_0_final_state)], [cell_1_final_memory_state]]",
        None,
    ),
    ("ConvLSTM1D(4, 3, return_state=True)", "LSTM(4)", False, None, None),
    (
        "Bidirectional(GRU(4, return_state=True))",
        "Bidirectional(GRU(8))",
        False,
        "[forward_final_state, backward_final_state]",
        "Bidirectional(GRU(4))",
    ),
    (
        "Bidirectional(GRU(4, return_state=True), backward_layer=GRU(6, go_backwards=True, return_state=True))",
        "RNN(GRUCell(4))",
        False,
        "[concatenate([forward_final_state, backward_final_state], axis=-1)]",
        "RNN(GRUCell(10))",
    ),
]


def test_into_another_convolution():
    """Its states have the size of its own output: only with padding can they be those of the layer before."""
    layer = "ConvLSTM1D(4, 3, padding='same', return_state=True)"
    assert document(layer, into="ConvLSTM1D(4, 3, padding='same')")["into"]["fits"]
    assert not document(layer, into="ConvLSTM1D(4, 3)")["into"]["fits"]
    assert not document(layer, into="ConvLSTM2D(4, 3)")["into"]["fits"]


@pytest.mark.parametrize(("layer", "decoder", "fits", "states", "other"), INTO)
def test_into(layer, decoder, fits, states, other):
    """The proof is the run: what is said to fit is passed to the bare Keras layer, here once more."""
    found = document(layer, into=decoder)
    into = found["into"]
    assert (into["layer"], into["fits"], into["initial_state"]) == (decoder, fits, states)
    assert into.get("layer_that_fits") == other
    assert (into["change"] is None) == fits
    if states is not None:
        values = {tensor["name"]: np.ones(tensor["shape"], "float32") for tensor in found["tensors"]}
        names = {"concatenate": np.concatenate, "zeros_like": np.zeros_like, **vars(layers)}
        passed = eval(states, names, values)  # noqa: S307 - our own expression
        built = eval(other or decoder, names)  # noqa: S307
        assert built(np.ones((3, 4, 2), "float32"), initial_state=passed).shape[0] == 3


def test_into_a_layer_that_fails_with_states_of_the_right_shapes():
    """A stack of one LSTM cell, unrolled, takes its own output for a list of states: that is no matter of fitting."""
    found = document("RNN([LSTMCell(4)], return_state=True)", into="RNN([LSTMCell(4)], unroll=True)")["into"]
    assert (found["fits"], found["initial_state"]) == (False, None)
    assert found["wants"] == found["gives"]
    assert found["change"].startswith("Keras fails at calling RNN with states of the right shapes: ")


def test_into_a_layer_that_cannot_be_built():
    with pytest.raises(KerasRefused, match="output size would be"):
        document("LSTM(4, return_state=True)", into="ConvLSTM1D(4, 30)")
    with pytest.raises(KerasRefused, match="nope"):
        document("LSTM(4, return_state=True)", into="LSTM(4, kernel_initializer='nope')")


def test_into_a_layer_without_states():
    with pytest.raises(InvalidQuery, match="takes no initial_state"):
        document("LSTM(4, return_state=True)", into="Dense(4)")
