"""The states after every timestep, held against what the layer itself returns and against shorter runs of it."""

from __future__ import annotations

import textwrap

import numpy as np
import pytest

from rnnshape import explore
from rnnshape.errors import InvalidQuery

SIZES = {"batch": 3, "time": 5, "features": 2, "every_state": True}
BOTH = {"return_sequences": True, "return_state": True}


def statements(report):
    return {frozenset(statement) for statement in (*report.equal, *(report.close or ()))}


EXPECTED = [
    (
        "lstm",
        BOTH,
        [
            {"whole_sequence_output", "every_memory_state"},
            {"whole_sequence_output[:, -1, :]", "final_memory_state"},
            {"final_carry_state", "every_carry_state[:, -1, :]"},
        ],
    ),
    (
        "gru",
        BOTH,
        [{"whole_sequence_output", "every_state"}, {"whole_sequence_output[:, -1, :]", "final_state"}],
    ),
    ("simple-rnn", {"return_state": True}, [{"output", "final_state", "every_state[:, -1, :]"}]),
    ("lstm", {"go_backwards": True, **BOTH}, [{"whole_sequence_output", "every_memory_state"}]),
    ("lstm", {"mask": "lengths:5,3,1", **BOTH}, [{"whole_sequence_output", "every_memory_state"}]),
    ("gru", {"initial_state": "random", **BOTH}, [{"whole_sequence_output", "every_state"}]),
    ("gru", {"stateful": True, **BOTH}, [{"whole_sequence_output", "every_state"}]),
]


@pytest.mark.parametrize(
    ("layer", "options", "expected"), EXPECTED, ids=lambda value: "" if isinstance(value, list) else str(value)
)
def test_the_last_of_every_state_is_the_final_one(layer, options, expected):
    found = statements(explore(layer, **SIZES, **options))
    for statement in expected:
        assert any(statement <= said for said in found), (statement, found)


def test_both_directions_are_in_the_order_of_the_input():
    found = statements(explore("lstm", bidirectional=True, **SIZES, **BOTH))
    assert any({"forward_final_carry_state", "forward_every_carry_state[:, -1, :]"} <= said for said in found)
    assert any({"backward_final_carry_state", "backward_every_carry_state[:, 0, :]"} <= said for said in found)


def test_stacks_and_convolutions():
    report = explore("RNN([LSTMCell(4), GRUCell(6)], return_sequences=True, return_state=True)", **SIZES)
    assert [tensor.name for tensor in report.tensors if tensor.path is None] == [
        "cell_0_every_memory_state",
        "cell_0_every_carry_state",
        "cell_1_every_state",
    ]
    assert any({"whole_sequence_output", "cell_1_every_state"} <= said for said in statements(report))
    report = explore("ConvLSTM1D(2, 3, return_sequences=True)", **SIZES)
    assert any({"whole_sequence_output", "every_memory_state"} <= said for said in statements(report))


def test_every_carry_state_is_the_final_one_of_a_shorter_run():
    """What no layer returns, from bare Keras: run it once for each number of timesteps."""
    from keras import layers

    from rnnshape.run.layer.stepping import states_at_every_step

    layer = layers.LSTM(4, return_state=True)
    inputs = np.random.default_rng(0).normal(size=(3, 6, 2)).astype("float32")
    layer.build(inputs.shape)
    _, every_carry = states_at_every_step(layer, inputs, None, None)
    for step in range(6):
        _, _, carry = layer(inputs[:, : step + 1])
        np.testing.assert_allclose(every_carry[:, step], carry, rtol=1e-5, atol=1e-6)


def test_they_are_not_in_the_unpacking_line_and_have_no_place_in_the_return_value():
    document = explore("gru", return_state=True, **SIZES).to_dict()
    assert document["unpack"] == "output, final_state = layer(inputs)"
    assert document["tensors"][-1] == {
        "name": "every_state",
        "path": None,
        "shape": [3, 5, 4],
        "axes": ["batch", "timesteps", "units"],
        "dtype": "float32",
        "meaning": "hidden state h after every timestep, by stepping the cell",
    }


def test_at_unknown_sizes():
    report = explore("gru", return_state=True, every_state=True, batch=None, time=None)
    assert report.tensors[-1].shape == (None, None, 4)


# A cell's own start, in its own words: what a layer starts from is what its cell is stepped from.
CELLS = """
    import keras
    import numpy as np
    from keras import ops


    class Cell(keras.layers.SimpleRNNCell):
        pass


    class FromOnes(Cell):
        def get_initial_state(self, batch_size=None):
            return [ops.ones((batch_size, self.units))]


    class FromAWeight(Cell):
        def build(self, shape):
            super().build(shape)
            self.start = self.add_weight(shape=(1, self.units), name="start")

        def get_initial_state(self, batch_size=None):
            return [ops.repeat(self.start, batch_size, axis=0)]


    class FromNoise(Cell):
        def get_initial_state(self, batch_size=None):
            return [np.random.default_rng().normal(size=(batch_size, self.units)).astype("float32")]


    class Noisy(Cell):
        def call(self, inputs, states, training=False):
            noise = keras.random.normal(ops.shape(states[0]))
            return super().call(inputs, [states[0] + noise], training=training)
"""


@pytest.fixture
def cells(tmp_path, monkeypatch):
    (tmp_path / "start_cells.py").write_text(textwrap.dedent(CELLS))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("stateful", ["", ", stateful=True"])
@pytest.mark.parametrize("cell", ["FromOnes", "FromAWeight", "FromNoise"])
def test_the_cell_is_stepped_from_what_the_layer_starts_from(cells, cell, stateful):
    report = explore(f"RNN(start_cells.{cell}(4), return_sequences=True{stateful})", **SIZES)
    assert {"whole_sequence_output", "every_state"} in statements(report)


@pytest.mark.parametrize(
    "layers",
    [
        "GRU(4, return_sequences=True)",
        "Masking(), GRU(4, return_sequences=True)",
        "Dropout(0.5), GRU(4, return_sequences=True)",
        "Embedding(5, 3, mask_zero=True), GRU(4, return_sequences=True)",
        "Dense(3), Sequential([Dense(2), GRU(4, return_sequences=True)])",
    ],
)
def test_the_last_layer_of_a_model_is_stepped_with_what_it_was_given(layers):
    options = {"training": True} if "Dropout" in layers else {}
    report = explore(f"Sequential([{layers}])", batch=3, time=5, every_state=True, **options)
    assert {"whole_sequence_output", "every_state"} in statements(report)


def test_the_order_of_a_layer_that_runs_backwards_is_told():
    (tensor,) = (one for one in explore("gru", go_backwards=True, **SIZES).tensors if one.path is None)
    assert tensor.meaning == "hidden state h after every timestep, in reversed order, by stepping the cell"


@pytest.mark.parametrize("arguments", [{}, {"dropout": 0.5, "training": False}, {"use_bias": False}])
def test_training_in_which_nothing_is_random_is_stepped(arguments):
    training = arguments.pop("training", True)
    report = explore("lstm", set=arguments, training=training, **SIZES, **BOTH)
    assert any({"whole_sequence_output", "every_memory_state"} <= said for said in statements(report))


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        ("LSTM(4, dropout=0.5)", {"training": True}),
        ("GRU(4, recurrent_dropout=0.5)", {"training": True}),
        ("RNN([GRUCell(3), LSTMCell(4, dropout=0.5)])", {"training": True}),
        ("RNN(start_cells.Noisy(4))", {}),
    ],
    ids=str,
)
def test_a_cell_that_is_random_is_refused(cells, layer, options):
    with pytest.raises(InvalidQuery, match="the layer's cell is random"):
        explore(layer, **SIZES, **options)


@pytest.mark.parametrize(
    ("layer", "options"),
    [("Dense(3)", {}), ("LSTMCell(3)", {}), ("gru", {"time": 1000}), ("Sequential([RepeatVector(400), GRU(2)])", {})],
    ids=str,
)
def test_what_cannot_be_stepped_is_refused(layer, options):
    with pytest.raises(InvalidQuery, match="--every-state"):
        explore(layer, **{**SIZES, **options})
