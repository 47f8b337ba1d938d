"""What a run writes down: names, what was assumed and passed over, masks, values, and where it stopped."""

from __future__ import annotations

import numpy as np
import pytest

from rnnshape.program import read, read_value
from rnnshape.query import Sizes
from rnnshape.run.code import run_program
from rnnshape.trace import StepKind


def traced(text, lets=None, **options):
    return run_program(
        read(text), {name: read_value(code, name=name) for name, code in (lets or {}).items()}, **options
    )


def names(trace):
    return [tensor.name for tensor in trace.tensors]


def named(trace, name):
    return next(tensor for tensor in trace.tensors if tensor.name == name)


STATES = ["lstm_final_memory_state", "lstm_final_carry_state"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = Input((3, 2))\nx = LSTM(4)(x)\nx = Dense(2)(x)", ["x", "x_2", "x_3"]),
        ("x = Input((3, 2))\nx = Dense(2)(x)\nx_2 = Dense(2)(x)", ["x", "x_3", "x_2"]),
        ("y = LSTM(4)(Input((3, 2)))", ["input_layer", "y"]),
        ("LSTM(4, return_state=True)(Input((3, 2)))", ["input_layer", "lstm_output", *STATES]),
        ("x = Input((3, 2))\ny, _, _ = LSTM(4, return_state=True)(x)", ["x", "y", "_", "__2"]),
        ("x = Input((3, 2))\ny, *s = LSTM(4, return_state=True)(x)", ["x", "y", *STATES]),
        ("m = Sequential([Input((3, 2)), LSTM(4), Dense(2)])", ["input_layer", "lstm", "dense"]),
        ("m = Sequential()\nm.add(LSTM(4, input_shape=(3, 2), name='a b'))", ["input_layer", "a_b"]),
        ("def f(x):\n    y = Dense(3)(x)\n    return y\nx = Input((2,))\nz = f(x)", ["x", "z"]),
        ("a = Input((3, 2))\nb = a", ["a", "b"]),
        ("a = Input((3, 2))\na = a", ["a"]),
        ("a = Input((3, 2))\nb = a\na = Dense(2)(b)\na = b", ["a", "b", "a_2", "a_3"]),
        ("größe = Input((3, 2))", ["größe"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_tensors_have_the_names_that_the_code_gives(text, expected):
    assert names(traced(text, draws=0)) == expected


@pytest.mark.parametrize(
    ("text", "assumed", "shapes"),
    [
        ("x = Input((steps, n))\ny = LSTM(n)(x)", {"steps": "13", "n": "17"}, [(None, 13, 17), (None, 17)]),
        ("y = LSTM(4)(x)", {"x": "Input(batch_shape=(32, 10, 8))"}, [(32, 10, 8), (32, 4)]),
        ("y = Embedding(9, 4)(x)", {"x": "Input(batch_shape=(32, 10), dtype='int32')"}, [(32, 10), (32, 10, 4)]),
        ("y = Dense(len(chars))(Input((3,)))", {"len(chars)": "13"}, [(None, 3), (None, 13)]),
        ("y = Dense(n * 2 + 1)(Input((3,)))", {"n": "13"}, [(None, 3), (None, 27)]),
        ("y = Dropout(rate)(Input((3,)))", {"rate": "0.25"}, [(None, 3), (None, 3)]),
        ("m.add(Dense(2, input_shape=(3,)))", {"m": "Sequential()"}, [(None, 3), (None, 2)]),
        ("y = Dense(2, activation=act)(Input((3,)))", {}, [(None, 3), (None, 2)]),
        ("m = Sequential([GRU(5)])", {"the input of m": "Input(batch_shape=(32, 10, 8))"}, [(32, 10, 8), (32, 5)]),
        ("n = X.shape[2]\ny = LSTM(n)(X)", {"X": "np.zeros((32, 10, 8))"}, [(32, 10, 8), (32, 8)]),
        ("self.rnn = LSTM(4)\ny = self.rnn(x)", {"x": "Input(batch_shape=(32, 10, 8))"}, [(32, 10, 8), (32, 4)]),
        ("y = ConvLSTM2D(3, 3)(x)", {"x": "Input(batch_shape=(32, 10, 8, 8, 8))"}, [(32, 10, 8, 8, 8), (32, 6, 6, 3)]),
    ],
)
def test_what_is_not_defined_is_assumed_and_told(text, assumed, shapes):
    trace = traced(text, draws=0)
    assert trace.stop is None
    assert {item.name: item.code for item in trace.assumed} == assumed
    assert [tensor.shape for tensor in trace.tensors] == shapes


def test_assumed_inputs_have_the_sizes_that_were_asked_for():
    trace = traced("y = LSTM(4)(x)", sizes=Sizes(batch=2, time=None, features=3), draws=0)
    assert [tensor.shape for tensor in trace.tensors] == [(2, None, 3), (2, 4)]


def test_given_values_go_before_assumed_and_unread_ones():
    text = "import pandas as pd\ndata = pd.read_csv('a.csv')\ny = LSTM(n)(data)"
    trace = traced(text, {"n": "k * 2", "k": "3", "data": "np.zeros((5, 4, 2))"}, draws=0)
    assert (trace.assumed, named(trace, "y").shape, named(trace, "data").line) == ((), (5, 6), 2)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("import pandas as pd\nn = pd.read_csv('a.csv').n\ny = LSTM(n)(Input((3, 2)))", "Give it: --let n=16"),
        ("X = load()\ny = LSTM(4)(X)", 'Give it: --let "X=np.zeros((32, 10, 8))"'),
        ("if flag: pass", "Give it: --let flag=True"),
    ],
)
def test_what_is_not_known_can_be_given_by_its_name(text, hint):
    stop = traced(text, draws=0).stop
    assert (stop.code, stop.hint) == ("not-read", hint)


def test_a_given_value_that_fails_is_told_where_it_is_used():
    stop = traced("x = 1\ny = LSTM(n)(x)", {"n": "1 // 0"}, draws=0).stop
    assert (stop.kind, stop.line) == ("ZeroDivisionError", 2)
    assert "--let n" in stop.message


def test_what_is_passed_over_is_told_by_line():
    text = (
        "m = Sequential([Input((3, 2)), LSTM(4)])\nm.compile('adam', 'mse')\nprint(m)\nm.summary()\nm.save('m.keras')"
    )
    assert [(item.line, item.what) for item in traced(text, draws=0).skipped] == [
        (2, "m.compile"), (3, "print"), (4, "m.summary"), (5, "m.save"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("z = y + undefined", ["y + undefined"]),
        ("z = undefined * y", ["undefined * y"]),
        ("z = y > undefined", ["y > undefined"]),
        ("z = tf.matmul(y, undefined)", ["tf.matmul(y, undefined)"]),
        ("os.system('true')", ["os.system"]),
        ("z = GRU(4, activation=own)(Input((3, 2)))", ["activation=own"]),
        ("z = GRU(4, name=own)(Input((3, 2)))", []),
        ("n = undefined + 1", []),
        ("n = undefined(2)", []),
    ],
)
def test_a_tensor_that_is_lost_to_what_is_not_known_is_told(line, what):
    trace = traced(f"import os\ny = GRU(4)(Input((3, 2)))\n{line}", draws=0)
    assert trace.stop is None
    assert [(item.line, item.what) for item in trace.skipped] == [(3, one) for one in what]


def test_steps_say_what_was_called_with_what():
    first = "x = Input((3, 2))\n_, h, c = LSTM(n, return_state=True)(x)\n"
    text = first + "y = LSTM(n)(x, initial_state=[h, c], training=True)"
    last = traced(text, {"n": "5"}, draws=0).steps[-1]
    assert (last.line, last.layer, last.name, last.kind) == (3, "LSTM(5)", "lstm_1", StepKind.LAYER)
    assert (last.inputs, last.initial_state, last.training, last.returns) == (("x",), ("h", "c"), True, ("y",))
    assert last.parameters == 4 * 5 * (2 + 5 + 1)


def test_a_layer_that_is_called_again_is_shared_and_counted_once():
    trace = traced("l = LSTM(3)\na = l(Input((4, 2)))\nb = l(Input((5, 2)))", draws=0)
    assert [step.is_shared for step in trace.steps] == [False, True]
    assert trace.parameters == 4 * 3 * (2 + 3 + 1)


def test_masks_are_told_where_they_are_made_and_lost():
    first = "x = Input((6,))\ny = Embedding(9, 4, mask_zero=True)(x)\n"
    text = first + "z = LSTM(3, return_sequences=True)(y)\nw = Conv1D(2, 2)(z)"
    trace = traced(text)
    masked = [(tensor.name, tensor.masked) for tensor in trace.tensors]
    assert masked == [
        ("x", False),
        ("y", True),
        ("z", True),
        ("w", False),
    ]
    assert [(change.line, change.made) for change in trace.masks] == [(2, True), (4, False)]
    assert all(draw.min() >= 1 and draw.max() <= 8 for draw in named(trace, "x").draws)


def test_values_are_those_of_the_layers_with_sizes_of_their_own():
    first = "x = Input((None, 2))\ny, h = GRU(3, return_sequences=True, return_state=True)(x)\n"
    text = first + "z = y[:, -1]\nw = Dropout(0.5)(z)"
    trace = traced(text)
    assert trace.draws == 2
    for draw in range(2):
        np.testing.assert_array_equal(named(trace, "z").draws[draw], named(trace, "h").draws[draw])
    assert not np.array_equal(named(trace, "h").draws[0], named(trace, "h").draws[1])
    assert named(trace, "w").unchanged == "z"
    sizes = [size for _, size in trace.sizes]
    assert len(set(sizes)) == len(sizes) == 2


def test_unknown_sizes_that_have_to_be_alike_are_alike():
    trace = traced("a = Input((None, 2))\nb = Input((None, 2))\nc = Concatenate()([a, b])")
    assert all(tensor.draws for tensor in trace.tensors)
    assert trace.fails_later == ()


def test_the_batch_is_the_codes_own():
    trace = traced("x = Input((4, 2))\ny = LSTM(3)(x, initial_state=[np.zeros((6, 3)), np.zeros((6, 3))])")
    assert named(trace, "y").draws[0].shape == (6, 3)


def test_data_that_stands_for_data_is_drawn_anew():
    trace = traced("x = np.zeros((3, 4, 2))\ny = LSTM(5)(x)\ns = np.zeros((3, 5))\nz = GRU(5)(x, initial_state=s)")
    assert named(trace, "x").draws[0].any()
    assert not named(trace, "s").draws[0].any()


def test_what_fails_with_values_only_is_told_and_stops_nothing():
    trace = traced("x = Input((4, 3))\nh = Input((6,))\ny = GRU(5)(x, initial_state=h)\nz = Dense(2)(y)")
    assert (trace.stop, named(trace, "z").shape, named(trace, "z").draws) == (None, (None, 2), ())
    assert [item.line for item in trace.fails_later] == [3]


def test_a_stop_has_the_place_and_the_operands():
    text = "a = Input((5, 3))\nb = LSTM(8)(a)\nc = Concatenate(\n    axis=1)([a, b])\nd = Dense(2)(c)"
    trace = traced(text)
    stop = trace.stop
    assert (stop.code, stop.kind, stop.line, stop.column, stop.end_line) == ("keras-refused", "ValueError", 3, 4, 4)
    assert [(item.code, item.shape, item.line) for item in stop.operands] == [
        ("a", (None, 5, 3), 1),
        ("b", (None, 8), 2),
    ]
    assert [tensor.name for tensor in trace.tensors if tensor.draws] == ["a", "b"]


def test_a_model_that_refuses_a_layer_tells_what_it_had():
    stop = traced("m = Sequential()\nm.add(Dense(6, input_shape=(3,)))\nm.add(LSTM(4))", draws=0).stop
    assert [(item.code, item.shape, item.line) for item in stop.operands] == [("dense", (None, 6), 2)]
    assert 'layer "lstm"' in stop.message


def test_a_class_of_the_codes_own_stops_only_where_it_is_used():
    text = "class A(Layer):\n    pass\nx = Input((3, 2))\ny = LSTM(4)(x)\nz = A()(y)"
    trace = traced(text, draws=0)
    assert (names(trace), trace.stop.line, trace.stop.kind) == (["x", "y"], 1, "NotRead")
    assert "--run" in trace.stop.hint


def test_sequential_without_an_input_takes_that_of_its_data():
    trace = traced(
        "m = Sequential([GRU(3, return_sequences=True), GRU(2)])\ny = m(np.ones((2, 4, 5), 'float32'))", draws=0
    )
    assert named(trace, "gru").shape[1:] == (4, 3)
    assert trace.assumed == ()


def test_layers_are_numbered_as_in_a_fresh_process():
    for _ in range(2):
        trace = traced("x = Input((3, 2))\ny = LSTM(4)(x)\nz = LSTM(4)(x)", draws=0)
        assert [step.name for step in trace.steps] == ["lstm", "lstm_1"]


def test_the_same_seed_gives_the_same_values():
    text = "x = np.random.rand(2, 3, 4)\ny = LSTM(5)(x)"
    one, other, third = (traced(text, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(named(one, "y").draws, named(other, "y").draws)
    assert not np.array_equal(named(one, "y").draws, named(third, "y").draws)
