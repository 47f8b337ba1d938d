"""What is said of the weights, held against a step that is computed by hand from the gates and their order."""

from __future__ import annotations

import numpy as np
import pytest

from rnnshape import explore

SIZES = {"batch": 2, "time": 3, "features": 5, "units": 4}


def parameters(layer, **options):
    return explore(layer, **({} if "(" in layer else SIZES), weights=True, **options).to_dict()["parameters"]


FORMULAS = [
    ("simple-rnn", {}, "units * (features + units + 1)"),
    ("lstm", {}, "4 * units * (features + units + 1)"),
    ("gru", {}, "3 * units * (features + units + 2)"),
    ("gru", {"set": {"reset_after": False}}, "3 * units * (features + units + 1)"),
    ("lstm", {"set": {"use_bias": False}}, "4 * units * (features + units)"),
    ("lstm", {"bidirectional": True}, "2 * 4 * units * (features + units + 1)"),
    ("conv-lstm-1d", {}, "4 * filters * (3 * features + 3 * filters + 1)"),
    ("RNN([LSTMCell(4), GRUCell(6)])", {}, None),
    ("Dense(3)", {}, None),
    ("Dropout(0.5)", {}, None),
]


@pytest.mark.parametrize(("layer", "options", "by_name"), FORMULAS, ids=str)
def test_the_formula_gives_the_number_of_parameters(layer, options, by_name):
    found = parameters(layer, **options)
    assert found.get("formula_by_name") == by_name
    if found["weights"]:
        assert eval(found["formula"]) == found["total"]  # noqa: S307 - numbers, + and *
    if by_name is not None:
        names = {"units": 4, "filters": 4, "features": 5}
        assert eval(by_name, {}, names) == found["total"]  # noqa: S307


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        ("TimeDistributed(LSTM(4))", {"input": (2, 3, 6, 5)}),
        ("TimeDistributed(TimeDistributed(LSTM(4)))", {"input": (2, 3, 2, 6, 5)}),
        ("Sequential([Sequential([TimeDistributed(LSTM(4))])])", {"input": (2, 3, 6, 5)}),
        ("Bidirectional(RNN([LSTMCell(4)]))", {}),
        ("weights_around.Around()", {}),
    ],
    ids=str,
)
def test_the_gates_are_found_in_whatever_is_around_them(layer, options, tmp_path, monkeypatch):
    (tmp_path / "weights_around.py").write_text(AROUND)
    monkeypatch.chdir(tmp_path)
    weights = parameters(layer, **options)["weights"]
    assert weights
    assert all(weight["gates"] == ["i", "f", "c", "o"] for weight in weights)


AROUND = """
import keras


class Around(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.rnns = [keras.layers.LSTM(4, return_sequences=True), keras.layers.LSTM(3)]

    def call(self, inputs):
        return self.rnns[1](self.rnns[0](inputs))


class Turned(keras.layers.LSTMCell):
    def call(self, inputs, states, training=False):
        return super().call(inputs, states[::-1], training=training)
"""


def test_of_a_subclass_that_is_called_in_its_own_way_no_gates_are_known(tmp_path, monkeypatch):
    (tmp_path / "weights_turned.py").write_text(AROUND)
    monkeypatch.chdir(tmp_path)
    assert not any("gates" in weight for weight in parameters("RNN(weights_turned.Turned(4))")["weights"])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def split(columns, gates):
    return dict(zip(gates, np.split(columns, len(gates), axis=-1), strict=True))


def lstm_step(x, h, c, weights, gates):
    kernel, recurrent, bias = weights
    g = split(x @ kernel + h @ recurrent + bias, gates)
    carry = sigmoid(g["f"]) * c + sigmoid(g["i"]) * np.tanh(g["c"])
    return sigmoid(g["o"]) * np.tanh(carry), carry


def gru_step(x, h, weights, gates):
    kernel, recurrent, bias = weights
    inputs, state = split(x @ kernel + bias[0], gates), split(h @ recurrent + bias[1], gates)
    z, r = sigmoid(inputs["z"] + state["z"]), sigmoid(inputs["r"] + state["r"])
    return z * h + (1 - z) * np.tanh(inputs["h"] + r * state["h"])


def random_layer(name):
    from keras import layers

    layer = getattr(layers, name)(4)
    layer.build((2, 5))
    random = np.random.default_rng(0)
    layer.set_weights([random.uniform(-1, 1, weight.shape) for weight in layer.get_weights()])
    return layer, random.uniform(-1, 1, (2, 5)), random.uniform(-1, 1, (2, 4)), random.uniform(-1, 1, (2, 4))


def gates_of(layer):
    (gates,) = {tuple(weight["gates"]) for weight in parameters(layer)["weights"]}
    return gates


def test_the_gates_of_an_lstm_are_in_this_order():
    cell, x, h, c = random_layer("LSTMCell")
    output, (_, carry) = cell(x, [h, c])
    expected, expected_carry = lstm_step(x, h, c, cell.get_weights(), gates_of("lstm"))
    np.testing.assert_allclose(output, expected, rtol=1e-5)
    np.testing.assert_allclose(carry, expected_carry, rtol=1e-5)


def test_the_gates_of_a_gru_are_in_this_order_and_its_bias_has_two_rows():
    cell, x, h, _ = random_layer("GRUCell")
    output, _ = cell(x, [h])
    np.testing.assert_allclose(output, gru_step(x, h, cell.get_weights(), gates_of("gru")), rtol=1e-5)


def test_another_order_of_the_gates_would_be_noticed():
    cell, x, h, c = random_layer("LSTMCell")
    wrong, _ = lstm_step(x, h, c, cell.get_weights(), ("f", "i", "c", "o"))
    assert not np.allclose(cell(x, [h, c])[0], wrong, rtol=1e-3)


def test_axes_have_a_name_for_each_axis():
    for layer in ("simple-rnn", "gru", "lstm", "conv-lstm-1d", "conv-lstm-2d", "conv-lstm-3d"):
        for weight in parameters(layer)["weights"]:
            assert len(weight["axes"]) == len(weight["shape"])
            assert weight["shape"][-1] == len(weight["gates"]) * 4
