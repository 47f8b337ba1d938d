"""The cases that Keras tests its own recurrent layers with: constructor arguments, an input, the shape that comes back.

Taken from the tests that ship with Keras (`keras/src/layers/rnn/*_test.py`); the user-made cells are ours.
"""

from __future__ import annotations

import textwrap

import pytest

from rnnshape import explore

CELLS = """
    import keras
    from keras import ops


    class One(keras.layers.Layer):
        def __init__(self, units, state_size=None, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.state_size = state_size or units

        def build(self, shape):
            self.ahead = self.add_weight(shape=(shape[-1], self.units), name="ahead")
            self.around = self.add_weight(shape=(self.units, self.units), name="around")

        def call(self, inputs, states):
            output = ops.matmul(inputs, self.ahead) + ops.matmul(states[0], self.around)
            return output, [output]


    class Two(One):
        def __init__(self, units, state_size=None, **kwargs):
            super().__init__(units, state_size or [units, units], **kwargs)
            self.output_size = units

        def call(self, inputs, states):
            first = ops.matmul(inputs, self.ahead) + ops.matmul(states[0], self.around)
            second = ops.tanh(first) - states[1]
            return first + second, [first, second]
"""

REGULARIZED = "bias_regularizer='l1', kernel_regularizer='l2', recurrent_regularizer='l2'"
TRAINED = {"training": True}

# layer, input shape, shape of what comes back, how it is called
CASES = [
    *(
        case
        for name in ("SimpleRNN", "GRU", "LSTM")
        for case in (
            (f"{name}(3, dropout=0.5)", (3, 2, 4), (3, 3), TRAINED),
            (f"{name}(3, dropout=0.5, recurrent_dropout=0.5)", (3, 2, 4), (3, 3), TRAINED),
            (f"{name}(3, return_sequences=True, {REGULARIZED})", (3, 2, 4), (3, 2, 3), {}),
            (f"{name}(3, go_backwards=True, unroll=True)", (2, 3, 4), (2, 3), {}),
            (f"{name}(4, stateful=True)", (2, 3, 4), (2, 4), {}),
            (f"{name}(2, return_sequences=True, zero_output_for_mask=True)", (2, 4, 4), (2, 4, 2), {"mask": "1,1,0,1"}),
            (f"{name}(2, go_backwards=True)", (2, 4, 4), (2, 2), {"mask": "1,1,0,1"}),
            (f"{name}(4)", (2, 3, 4), (2, 4), {"initial_state": "random"}),
        )
    ),
    ("GRU(3, reset_after=False)", (2, 3, 4), (2, 3), {}),
    ("GRU(3, use_bias=False)", (2, 3, 4), (2, 3), {}),
    ("LSTM(3, unit_forget_bias=False)", (2, 3, 4), (2, 3), {}),
    ("RNN(keras_cases_cells.One(5, state_size=5))", (3, 2, 4), (3, 5), {}),
    ("RNN(keras_cases_cells.One(5, state_size=[5]))", (3, 2, 4), (3, 5), {}),
    ("RNN(keras_cases_cells.One(5, state_size=(5,)))", (3, 2, 4), (3, 5), {}),
    ("RNN(keras_cases_cells.One(5), return_sequences=True)", (3, 2, 4), (3, 2, 5), {}),
    ("RNN(keras_cases_cells.One(5), go_backwards=True, unroll=True)", (3, 2, 4), (3, 5), {}),
    ("RNN(keras_cases_cells.Two(5, state_size=[5, 5]))", (3, 2, 4), (3, 5), {}),
    ("RNN(keras_cases_cells.Two(5, state_size=(5, 5)))", (3, 2, 4), (3, 5), {}),
    ("RNN(keras_cases_cells.Two(5), return_sequences=True)", (3, 2, 4), (3, 2, 5), {}),
    *(
        case
        for cell in ("keras_cases_cells.One({})", "keras_cases_cells.Two({})")
        for cells in [", ".join(cell.format(units) for units in (3, 4, 5))]
        for case in (
            (f"RNN([{cells}])", (2, 3, 4), (2, 5), {}),
            (f"RNN([{cells}], return_sequences=True)", (2, 3, 4), (2, 3, 5), {}),
        )
    ),
    *(
        (f"RNN([{cells}], return_sequences=True)", (2, 3, 4), (2, 3, 5), {})
        for name in ("SimpleRNNCell", "GRUCell", "LSTMCell")
        for cells in [", ".join(f"{name}({units}, dropout=0.1, recurrent_dropout=0.1)" for units in (3, 4, 5))]
    ),
    ("Bidirectional(SimpleRNN(4))", (3, 2, 4), (3, 8), {}),
    (
        "Bidirectional(SimpleRNN(4), backward_layer=SimpleRNN(4, go_backwards=True), merge_mode='sum')",
        (3, 2, 4),
        (3, 4),
        {},
    ),
    ("Bidirectional(GRU(2, return_sequences=True), merge_mode='sum')", (2, 3, 4), (2, 3, 2), {}),
    ("Bidirectional(LSTM(2, stateful=True))", (2, 3, 4), (2, 4), {}),
    ("Bidirectional(GRU(2))", (2, 4, 4), (2, 4), {"mask": "1,1,0,1"}),
    ("Bidirectional(LSTM(2))", (2, 3, 4), (2, 4), {"initial_state": "random"}),
    ("TimeDistributed(Dense(1, use_bias=False))", (3, 2, 4), (3, 2, 1), {}),
    ("TimeDistributed(Conv2D(64, (3, 3)))", (32, 10, 128, 128, 3), (32, 10, 126, 126, 64), {}),
    ("ConvLSTM1D(5, 3, padding='same')", (3, 2, 4, 3), (3, 4, 5), {}),
    ("ConvLSTM1D(5, 3, padding='valid', recurrent_dropout=0.5)", (3, 2, 8, 3), (3, 6, 5), TRAINED),
    ("ConvLSTM1D(5, 3, padding='valid', return_sequences=True)", (3, 2, 8, 3), (3, 2, 6, 5), {}),
    ("ConvLSTM2D(5, 3, padding='same')", (3, 2, 4, 4, 3), (3, 4, 4, 5), {}),
    ("ConvLSTM2D(5, 3, padding='valid', recurrent_dropout=0.5)", (3, 2, 8, 8, 3), (3, 6, 6, 5), TRAINED),
    ("ConvLSTM2D(5, 3, padding='valid', return_sequences=True)", (3, 2, 8, 8, 3), (3, 2, 6, 6, 5), {}),
    ("ConvLSTM3D(5, 3, padding='same')", (3, 2, 4, 4, 4, 3), (3, 4, 4, 4, 5), {}),
    ("ConvLSTM3D(5, 3, padding='valid', recurrent_dropout=0.5)", (3, 2, 8, 8, 8, 3), (3, 6, 6, 6, 5), TRAINED),
    ("ConvLSTM3D(5, 3, padding='valid', return_sequences=True)", (3, 2, 8, 8, 8, 3), (3, 2, 6, 6, 6, 5), {}),
]


@pytest.fixture
def cells(tmp_path, monkeypatch):
    (tmp_path / "keras_cases_cells.py").write_text(textwrap.dedent(CELLS))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("layer", "shape", "output", "called"), CASES, ids=lambda value: str(value).replace(" ", ""))
def test_the_shape_that_keras_expects(cells, layer, shape, output, called):
    found = explore(layer, input=shape, **called).to_dict()
    assert found["tensors"][0]["shape"] == list(output)
    assert found["declared"]["agrees"]


STATES = [
    ("RNN(keras_cases_cells.One(8), return_state=True)", [(3, 8), (3, 8)]),
    ("RNN(keras_cases_cells.One(8), return_sequences=True, return_state=True)", [(3, 4, 8), (3, 8)]),
    ("RNN(keras_cases_cells.Two(8), return_state=True)", [(3, 8), (3, 8), (3, 8)]),
    ("RNN(keras_cases_cells.Two(8), return_sequences=True, return_state=True)", [(3, 4, 8), (3, 8), (3, 8)]),
    ("RNN([keras_cases_cells.One(3), keras_cases_cells.One(2)], return_state=True)", [(3, 2), (3, 3), (3, 2)]),
    (
        "RNN([keras_cases_cells.Two(3), keras_cases_cells.Two(2)], return_state=True)",
        [(3, 2), (3, 3), (3, 3), (3, 2), (3, 2)],
    ),
    ("Bidirectional(LSTM(2, return_state=True))", [(3, 4), (3, 2), (3, 2), (3, 2), (3, 2)]),
]


@pytest.mark.parametrize(("layer", "shapes"), STATES)
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_the_shapes_of_the_states_at_known_and_unknown_sizes(cells, layer, shapes, known):
    sizes = (3, 4, 5) if known else (None, None, 5)
    found = explore(layer, input=sizes).to_dict()
    at = {3: sizes[0], 4: sizes[1]}
    wanted = [
        [at[shape[0]], *(at[4] if len(shape) == 3 and i == 0 else n for i, n in enumerate(shape[1:]))]
        for shape in shapes
    ]
    assert [tensor["shape"] for tensor in found["tensors"]] == wanted
