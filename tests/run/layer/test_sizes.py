"""Sizes that are unknown, huge or degenerate: a right answer, or a clear reason why not, and nothing large is made.

What was run is what `reduced_to` says; nothing here looks at a clock.
"""

from __future__ import annotations

import math
import re

import pytest

from rnnshape import explore
from rnnshape.errors import InvalidQuery, KerasRefused
from rnnshape.expression import parse
from rnnshape.query import Sizes
from rnnshape.run.layer import sizes
from rnnshape.run.layer.anatomy import layout_of
from rnnshape.run.layer.build import build
from rnnshape.run.layer.cost import cost_of_call
from rnnshape.run.layer.declared import declare

BOTH = {"return_sequences": True, "return_state": True}
WRITTEN = "return_sequences=True, return_state=True"
LAST = "whole_sequence_output[:, -1, :]"


def document(layer, **options):
    return explore(layer, **options).to_dict()


def shapes(found):
    return [tuple(tensor["shape"]) for tensor in found["tensors"] if "layer" not in tensor]


# layer, options, shapes
UNKNOWN = [
    ("gru", {"batch": None, **BOTH}, [(None, 10, 4), (None, 4)]),
    ("gru", {"time": None, **BOTH}, [(32, None, 4), (32, 4)]),
    ("gru", {"time": None, "batch": None, **BOTH}, [(None, None, 4), (None, 4)]),
    ("gru", {"input": (None, None, 3), "bidirectional": True}, [(None, 8)]),
    ("lstm", {"batch": None, "bidirectional": True, "merge_mode": "none"}, [(None, 4), (None, 4)]),
    (
        "RNN([LSTMCell(4), GRUCell(6)], return_state=True)",
        {"batch": None},
        [(None, 6), (None, 4), (None, 4), (None, 6)],
    ),
    ("conv-lstm-2d", {"batch": None, "time": None, **BOTH}, [(None, None, 6, 6, 4), (None, 6, 6, 4), (None, 6, 6, 4)]),
    ("Bidirectional(LSTM(4), backward_layer=LSTM(6, go_backwards=True))", {"batch": None}, [(None, 10)]),
    (
        f"Bidirectional(LSTM(4, {WRITTEN}), backward_layer=GRU(6, {WRITTEN}, go_backwards=True))",
        {"batch": None, "time": None},
        [(None, None, 10), (None, 4), (None, 4), (None, 6)],
    ),
    ("Bidirectional(ConvLSTM1D(5, 3, data_format='channels_first'))", {"batch": None}, [(None, 5, 12)]),
    ("Sequential([LSTM(6, return_sequences=True), GRU(3)])", {"batch": None, "time": None}, [(None, 3)]),
    ("TimeDistributed(Dense(3))", {"batch": None, "time": None}, [(None, None, 3)]),
    ("LSTMCell(4)", {"batch": None}, [(None, 4)] * 3),
]


@pytest.mark.parametrize(("layer", "options", "expected"), UNKNOWN)
def test_unknown_sizes_are_none_and_all_others_right(layer, options, expected):
    found = document(layer, **options)
    assert shapes(found) == expected
    assert None not in found["ran"]["reduced_to"]["input"]
    known = [size for size in options.get("input", ()) if size]
    # The same as where all is known.
    same = {name: value for name, value in options.items() if name not in ("batch", "time", "input")}
    assert document(layer, **same, batch=3, time=5, features=known[0] if known else 8)["equal"] == found["equal"]


# layer, options, shapes, parameters
HUGE = [
    ("lstm", {"units": 200_000, **BOTH}, [(32, 10, 200_000), (32, 200_000), (32, 200_000)], 4 * 200_000 * 200_009),
    ("gru", {"batch": 1_000_000, "time": 100_000}, [(1_000_000, 4)], 168),
    ("gru", {"batch": 1_000_000, "time": 100_000, "bidirectional": True, **BOTH},
     [(1_000_000, 100_000, 8), (1_000_000, 4), (1_000_000, 4)], 336),
    ("gru", {"features": 2**31 - 1}, [(32, 4)], 12 * (2**31 - 1 + 4 + 2)),
    ("simple-rnn", {"time": 2**31 - 1, **BOTH}, [(32, 2**31 - 1, 4), (32, 4)], 52),
    ("gru", {"unroll": True, "time": 100_000}, [(32, 4)], 168),
    ("conv-lstm-2d", {"space": (100_000, 100_000), **BOTH},
     [(32, 10, 99_998, 99_998, 4), (32, 99_998, 99_998, 4), (32, 99_998, 99_998, 4)], 1744),
    ("conv-lstm-1d", {"space": (100_000_000,), "kernel_size": 1_000_001}, [(32, 99_000_000, 4)],
     1_000_001 * 16 * 12 + 16),
    ("conv-lstm-3d", {"space": (1_000, 1_000, 1_000), "strides": 2}, [(32, 499, 499, 499, 4)], 27 * 16 * 12 + 16),
    ("conv-lstm-2d", {"kernel_size": 50_000, "space": (60_000, 70_000)}, [(32, 10_001, 20_001, 4)],
     50_000**2 * 16 * 12 + 16),
    ("RNN([LSTMCell(100000), GRUCell(300000)], return_state=True)", {},
     [(32, 300_000), (32, 100_000), (32, 100_000), (32, 300_000)], None),
    ("Bidirectional(LSTM(400000), backward_layer=GRU(600000, go_backwards=True))", {}, [(32, 1_000_000)], None),
    ("Sequential([LSTM(300000, return_sequences=True), GRU(5)])", {}, [(32, 5)], None),
    ("Embedding(1000000000, 4)", {}, [(32, 10, 4)], 4_000_000_000),
    ("Dense(1000000)", {"features": 1_000_000}, [(32, 10, 1_000_000)], None),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "options", "expected", "parameters"), HUGE)
def test_huge_sizes_are_answered_from_a_small_run(layer, options, expected, parameters):
    found = document(layer, **options)
    assert shapes(found) == expected
    assert parameters in (None, found["parameters"]["total"])
    reduced = found["ran"]["reduced_to"]
    numbers = 1
    for size in reduced["input"]:
        numbers *= size
    assert numbers < 1_000_000
    assert all(int(number) <= 1_000 for number in re.findall(r"\d+", reduced["layer"]))


def test_the_halves_of_a_huge_bidirectional_are_told_at_the_asked_sizes():
    layer = f"Bidirectional(LSTM(400000, {WRITTEN}), backward_layer=LSTM(600000, {WRITTEN}, go_backwards=True))"
    assert document(layer)["equal"] == [
        ["whole_sequence_output[:, -1, :400000]", "forward_final_memory_state"],
        ["whole_sequence_output[:, 0, 400000:]", "backward_final_memory_state"],
    ]


def test_huge_sizes_that_keras_refuses_are_refused():
    with pytest.raises(KerasRefused, match="zero or negative"):
        document("conv-lstm-2d", kernel_size=50_000, space=(100, 100))
    with pytest.raises(KerasRefused, match=r"too large \(more than 2\*\*63 - 1 entries\)$"):
        document("conv-lstm-2d", kernel_size=50_000, space=(60_000, 70_000), units=100_000)
    with pytest.raises(KerasRefused) as caught:
        document("Sequential([LSTM(300000), GRU(5)])")
    assert "LSTM(300000) gives its last output alone" in caught.value.hint
    with pytest.raises(KerasRefused) as caught:
        document("gru", stateful=True, batch=None)
    assert "--batch" in caught.value.hint


def test_a_mask_at_huge_sizes():
    found = document("gru", batch=1_000_000, mask="right:3", **BOTH)
    assert found["equal"] == [[LAST, "whole_sequence_output[rows, last_step]", "final_state"]]
    found = document("gru", batch=None, time=None, mask="lengths:5,3,1", bidirectional=True, **BOTH)
    assert [LAST.replace(":]", ":4]"), "forward_final_state"] in found["broken"]


@pytest.mark.parametrize("available", [0, 2**24])
def test_the_memory_that_is_available_decides(monkeypatch, available):
    """Above what is plainly small, that is: that much there always is."""
    query = {"batch": 4_000, "time": 200, "features": 32, **BOTH}
    assert document("simple-rnn", **query)["ran"]["reduced_to"] is None
    monkeypatch.setattr(sizes, "available_memory", lambda: available)
    found = document("simple-rnn", **query)
    assert found["ran"]["reduced_to"] is not None
    assert shapes(found) == [(4_000, 200, 4), (4_000, 4)]
    assert found["equal"] == [[LAST, "final_state"]]
    assert document("simple-rnn", **BOTH)["ran"]["reduced_to"] is None


@pytest.mark.parametrize("name", ["batch", "time", "features", "units"])
def test_a_size_of_zero_or_less_is_refused_in_words(name):
    for size in (0, -1):
        with pytest.raises(InvalidQuery, match=rf"{name} must be a whole number from 1 .*{name}={size}"):
            document("gru", **{name: size})
    with pytest.raises(InvalidQuery, match="space must be"):
        document("conv-lstm-2d", space=(0, 3))
    with pytest.raises(InvalidQuery, match="input must be"):
        document("gru", input=(0, 3, 4))


# Degenerate sizes: the answers are those of any sizes.
STATES = {"simple-rnn": "final_state", "gru": "final_state", "lstm": "final_memory_state"}
DEGENERATE = [
    {"batch": 1},
    {"time": 1},
    {"features": 1},
    {"units": 1},
    {"batch": 1, "time": 1, "features": 1, "units": 1},
    {"time": 1, "units": 1},
    {"batch": 4, "time": 4, "features": 4, "units": 4},
    {"batch": 4, "time": 3, "features": 2, "units": 4},
]


@pytest.mark.parametrize("changed", DEGENERATE, ids=str)
@pytest.mark.parametrize("layer", ["simple-rnn", "lstm"])
def test_degenerate_sizes_change_no_answer(layer, changed):
    options = {"batch": 3, "time": 5, "features": 2, "units": 6, **changed}
    state, units = STATES[layer], options["units"]
    assert document(layer, **options, **BOTH)["equal"] == [[LAST, state]]
    assert document(layer, **options, bidirectional=True, **BOTH)["equal"] == [
        [f"whole_sequence_output[:, -1, :{units}]", f"forward_{state}"],
        [f"whole_sequence_output[:, 0, {units}:]", f"backward_{state}"],
    ]
    merged = document(layer, **options, bidirectional=True, merge_mode="ave", return_state=True)["equal"]
    assert merged == [["output", f"(forward_{state} + backward_{state}) / 2"]]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("layer", STATES)
def test_relu_that_gives_zeros_makes_no_finding(layer, seed):
    """Many of these draws are zeros throughout; what is said holds in all others, and there are enough of them."""
    options = {"batch": 1, "time": 2, "features": 1, "units": 1, "set": {"activation": "relu"}, "seed": seed}
    found = document(layer, **options, **BOTH)
    assert found["equal"] in ([[LAST, STATES[layer]]], [])
    if found["equal"] == []:
        assert found["constant"]
    found = document(layer, **options, bidirectional=True, merge_mode="sum", return_state=True)
    assert found["equal"] in (
        [["output", f"forward_{STATES[layer]} + backward_{STATES[layer]}"]],
        [],
    )


def test_a_constant_is_told_as_such():
    """A softmax over a single unit is one, whatever it is given."""
    found = document("simple-rnn", units=1, **BOTH, set={"activation": "softmax"})
    assert found["equal"] == []
    assert found["constant"] == ["whole_sequence_output", "final_state"]


@pytest.mark.parametrize("activation", ["linear", "relu", "sigmoid", "hard_sigmoid", "softmax"])
def test_activations(activation):
    found = document("gru", **BOTH, set={"activation": activation})
    assert found["equal"] == [[LAST, "final_state"]]
    assert document("simple-rnn", time=400, **BOTH, set={"activation": activation})["equal"] == [[LAST, "final_state"]]


def nested(times, inner):
    return "TimeDistributed(" * times + inner + ")" * times


# layer, options, shapes: each is small along every axis, or in every argument, and large as a whole.
LARGE_AS_A_WHOLE = [
    ("Dense(2)", {"input": (2,) * 29}, [(2,) * 29]),
    (nested(12, "Dense(3)"), {"input": (2,) * 14}, [(2,) * 13 + (3,)]),
    (nested(9, "LSTM(3)"), {"input": (2,) * 12}, [(2,) * 10 + (3,)]),
    (nested(2, "Dense(3)"), {"input": (4, 300, 300, 5)}, [(4, 300, 300, 3)]),
    ("TimeDistributed(Dense(4))", {"input": (2, 50_000, 8)}, [(2, 50_000, 4)]),
    ("TimeDistributed(LSTM(4))", {"input": (2, 500, 10, 8)}, [(2, 500, 4)]),
    (
        "TimeDistributed(LSTM(4, return_sequences=True))",
        {"input": (2, 2**31 - 1, 10, 8)},
        [(2, 2**31 - 1, 10, 4)],
    ),
    ("TimeDistributed(Dense(4))", {"input": (None, 500, 8)}, [(None, 500, 4)]),
    (f"Sequential([{', '.join(['UpSampling1D(60)'] * 5)}])", {}, [(32, 10 * 60**5, 8)]),
    ("Sequential([RepeatVector(1000000), LSTM(5, return_sequences=True)])", {"input": (3, 8)}, [(3, 1_000_000, 5)]),
    ("Sequential([Conv1D(500, 9), Conv1D(500, 9)])", {"time": 100_000}, [(32, 99_984, 500)]),
    ("Sequential([Input((100000, 8)), LSTM(5)])", {}, [(32, 5)]),
    ("GRU(4, unroll=1)", {"time": 100_000}, [(32, 4)]),
    ("RNN([LSTMCell(4), GRUCell(4)], return_state=True)", {"time": 200, "every_state": True}, None),
]


@pytest.mark.parametrize(("layer", "options", "expected"), LARGE_AS_A_WHOLE)
def test_what_is_large_as_a_whole_is_reduced(layer, options, expected):
    found = document(layer, **options)
    if expected is not None:
        assert shapes(found) == expected
    assert math.prod(found["ran"]["reduced_to"]["input"]) < 20_000


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        ("TimeDistributed(Dense(4))", {"input": (2, 40, 8)}),
        ("TimeDistributed(LSTM(4))", {"input": (2, 8, 6, 8)}),
        ("GRU(4, unroll=True)", {"time": 30}),
        ("gru", {"time": 5_000}),
        ("gru", {"units": 1_000, "batch": 1, "time": 1}),
        (f"RNN([{', '.join(['LSTMCell(2)'] * 12)}])", {"batch": 2, "time": 4}),
        ("Sequential([Embedding(1000, 16), Bidirectional(LSTM(64)), Dense(10)])", {}),
        ("gru", {"time": 2_500, "batch": 1, "mask": ",".join(["1", "0"] * 1_250)}),
    ],
)
def test_what_is_modest_as_a_whole_is_run_as_asked(layer, options):
    assert document(layer, **options)["ran"]["reduced_to"] is None


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        ("TimeDistributed(LSTM(4))", {"input": (2, 5, 6, 8)}),
        ("TimeDistributed(Dense(3))", {"input": (2, 5, 8)}),
        (nested(2, "GRU(3)"), {"input": (2, 3, 4, 5, 6)}),
        ("TimeDistributed(Conv1D(4, 3))", {"input": (2, 3, 9, 5)}),
    ],
)
def test_one_step_tells_what_all_of_them_declare(layer, options):
    call, shape = parse(layer), Sizes(shape=options["input"])
    layout = layout_of(build(call), shape, call=call)
    assert sizes.at_asked_sizes(call, layout).declaration == declare(build(call), layout)


def test_the_cost_of_a_call_counts_every_step_that_is_laid_out_or_looped():
    import tensorflow as tf

    def cost(text, **options):
        call, graph = parse(text), tf.Graph()
        with graph.as_default():
            layer = build(call)
            layout = layout_of(layer, Sizes(**options), call=call)
            declare(layer, layout)
        return cost_of_call(layer, layout, graph)

    # Of (2, T, 5) times (5, 3): 30 multiplications for each timestep, and its operations.
    few, many = (cost("TimeDistributed(Dense(3))", shape=(2, time, 5)) for time in (10, 1_010))
    assert many.work - few.work >= 30 * 1_000
    assert many.laid_out - few.laid_out >= 1_000
    few, many = (cost("LSTM(3)", shape=(2, time, 5)) for time in (10, 1_010))
    assert many.laid_out == few.laid_out
    assert many.work - few.work >= 1_000 * 2 * 12 * (5 + 3)
    # (2, 50, 5) with a kernel of (3, 5, 7), which gives 48 steps.
    assert 2 * 48 * 7 * 15 <= cost("Conv1D(7, 3)", shape=(2, 50, 5)).work <= 3 * 2 * 48 * 7 * 15
    assert cost("UpSampling1D(1000)", shape=(2, 50, 5)).numbers >= 2 * 50_000 * 5


def test_more_layers_than_can_be_run_are_refused_in_words():
    cells = ", ".join(["LSTMCell(4)"] * 100)
    for options in ({}, {"every_state": True}):
        with pytest.raises(InvalidQuery, match="RNN has more layers than can be run") as caught:
            document(f"RNN([{cells}])", **options)
        assert re.search(r"at most \d+ recurrent", caught.value.hint)


def test_what_keras_refuses_only_at_small_sizes_is_told_as_that():
    with pytest.raises(InvalidQuery, match="too large to run as asked, and at small sizes Keras refuses it"):
        document("Sequential([Reshape((30000, 2000)), LSTM(3)])", input=(32, 60_000_000))


@pytest.mark.parametrize(("rows", "steps", "limit"), [(8_000, 8_000, "8,000 steps"), (20_000, 60, "20,000 rows")])
def test_a_mask_that_is_too_large_to_run_is_refused_in_words(rows, steps, limit):
    mask = "lengths:" + ",".join(str(at % steps + 1) for at in range(rows))
    with pytest.raises(InvalidQuery, match=limit) as caught:
        document("gru", batch=rows, time=steps, mask=mask)
    assert "lengths, or shorter ones" in caught.value.hint


def test_a_short_mask_on_a_long_time_axis_is_run_on_a_short_one():
    mask = "lengths:" + ",".join(str(at % 4 + 1) for at in range(300))
    found = document("gru", batch=300, time=10_000, mask=mask, **BOTH)
    assert found["ran"]["reduced_to"]["input"] == [300, 6, 8]
    assert shapes(found) == [(300, 10_000, 4), (300, 4)]
    assert found["mask"]["last_step"][:5] == [0, 1, 2, 3, 0]
