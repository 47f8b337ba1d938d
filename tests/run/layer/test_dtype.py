"""`--dtype`, the policy of the layer and the dtype of its input: in the answer, the table, the code, the estimate."""

from __future__ import annotations

import contextlib

import keras
import numpy as np
import pytest

from rnnshape import InvalidQuery, KerasRefused, Report, cli, explore
from rnnshape.options import read_options
from rnnshape.query import Dtype, Query
from rnnshape.request import request
from rnnshape.run.layer import sizes
from rnnshape.run.layer.anatomy import Layout
from rnnshape.show.code import code

SMALL = {"batch": 3, "time": 4, "features": 2}
FLOATS = [dtype.value for dtype in Dtype if dtype not in (Dtype.INT32, Dtype.BFLOAT16)]


def returned_by_keras(cls: str, dtype: str) -> str:
    """Return the dtype that the bare layer returns, which has the policy as its argument."""
    value = np.ones((3, 4, 2), "float32")
    return keras.backend.standardize_dtype(getattr(keras.layers, cls)(4, dtype=dtype)(value).dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("layer", "cls"), [("gru", "GRU"), ("lstm", "LSTM"), ("simple-rnn", "SimpleRNN")])
def test_a_layer_returns_what_keras_returns_under_the_policy(layer, cls, dtype):
    report = explore(layer, return_sequences=True, return_state=True, dtype=dtype, **SMALL)
    assert {tensor.dtype for tensor in report.tensors} == {returned_by_keras(cls, dtype)}
    assert report.input.dtype == Dtype(dtype).input
    assert report.dtype_policy == (None if dtype == "float32" else dtype)
    assert any(statement[0].endswith("[:, -1, :]") for statement in report.equal)
    assert Report.from_dict(report.to_dict()) == report


# a question under a policy of short numbers, and what is equal in its answer
ASKED = [
    (
        ("gru",),
        {"bidirectional": True, "return_state": True, "merge_mode": "concat"},
        "concatenate([forward_final_state, backward_final_state]",
    ),
    (("lstm",), {"return_state": True, "into": "lstm"}, "final_memory_state"),
    (("gru",), {"return_sequences": True, "return_state": True, "mask": "right:2"}, "[rows, last_step]"),
    (("gru",), {"return_state": True, "initial_state": "random"}, "final_state"),
    (("gru",), {"return_state": True, "batch": None}, "final_state"),
    (("gru",), {"return_state": True, "stateful": True}, "final_state"),
    (("RNN([LSTMCell(4), GRUCell(4)], return_state=True)",), {}, "output"),
    (("Sequential([Masking(), GRU(4, return_state=True)])",), {}, "final_state"),
    (("LSTM(4, dtype='float16', return_state=True)",), {}, "output"),
    (("conv-lstm-1d",), {"return_state": True}, "output"),
]


@pytest.mark.parametrize(("words", "options", "equal"), ASKED, ids=str)
def test_every_way_of_calling_goes_with_it(words, options, equal):
    report = explore(*words, dtype="float16", **{**SMALL, **options})
    assert {tensor.dtype for tensor in report.tensors} == {"float16"}
    assert any(equal in one for statement in (*report.equal, *(report.close or ())) for one in statement)
    assert report.into is None or report.into.fits


def test_states_at_every_step_are_equal_or_close():
    report = explore("gru", return_sequences=True, every_state=True, dtype="float16", **SMALL)
    names = {name.partition("[")[0] for one in (*report.equal, *(report.close or ())) for name in one}
    assert names == {tensor.name for tensor in report.tensors}


def test_all_flags_share_it(capsys):
    assert cli.run(["gru", "--all-flags", "--dtype", "mixed_float16", "--batch", "2", "--time", "3"]) == 0
    out = capsys.readouterr().out
    assert "float16" in out
    assert "policy mixed_float16" in out
    assert "whole_sequence_output[:, -1, :]" in out


def test_whole_numbers_go_where_a_layer_takes_them():
    assert explore("Embedding(10, 4)", dtype="int32", **SMALL).input.dtype == "int32"
    assert explore("Embedding(10, 4)", dtype="float16", **SMALL).tensors[0].dtype == "float16"
    report = explore("gru", dtype="int32", **SMALL)
    assert (report.input.dtype, report.tensors[0].dtype, report.dtype_policy) == ("int32", "float32", None)


@pytest.mark.parametrize(
    ("layer", "dtype", "hint"),
    [("conv-lstm-2d", "int32", "--dtype float32"), ("gru", "bfloat16", "mixed_bfloat16")],
)
def test_a_layer_that_refuses_gets_keras_s_words_and_a_hint(layer, dtype, hint):
    with pytest.raises(KerasRefused) as caught:
        explore(layer, dtype=dtype)
    assert hint in str(caught.value.hint)


def test_what_the_hints_say_works():
    assert explore("conv-lstm-2d", dtype="float32").tensors
    assert explore("gru", dtype="mixed_bfloat16").tensors[0].dtype == "bfloat16"
    assert explore("gru", dtype="bfloat16", set={"recurrent_initializer": "glorot_uniform"}).input.dtype == "bfloat16"


@pytest.mark.parametrize(
    ("word", "options"),
    [
        ("LSTM(4, dtype='float16')", {"dtype": "float64"}),
        ("LSTM(4, dtype=keras.DTypePolicy('mixed_float16'))", {"dtype": "float16"}),
        ("RNN(GRUCell(4, dtype='float32'))", {"dtype": "int32"}),
        ("Sequential([Input((4, 2), dtype='float64'), GRU(4)])", {"dtype": "mixed_float16"}),
        ("gru", {"dtype": "float16", "set": {"dtype": "float64"}}),
        ("gru", {"dtype": "float8"}),
        ("x = LSTM(4)(x)", {"dtype": "float16"}),
    ],
)
def test_contradictions_are_refused(word, options):
    with pytest.raises(InvalidQuery, match="dtype"):
        explore(word, **options)


@pytest.mark.parametrize(
    "word",
    [
        "LSTM(4, dtype='float16')",
        "LSTM(4, dtype=keras.DTypePolicy('float16'))",
        "Sequential([Input((4, 2), dtype='float16'), GRU(4)])",
    ],
)
def test_what_an_expression_says_itself_may_be_said_again(word):
    assert len(request([word], read_options({"dtype": "float16"}))) == 1


@pytest.mark.parametrize("layer", ["gru", "conv-lstm-2d"])
def test_keras_s_own_policy_is_afterwards_what_it_was(layer):
    before = keras.mixed_precision.dtype_policy().name
    with contextlib.suppress(KerasRefused):
        explore(layer, dtype="mixed_float16", set={"activation": "none-such"})
    assert keras.mixed_precision.dtype_policy().name == before
    assert explore("gru", **SMALL).tensors[0].dtype == "float32"


def test_the_estimate_counts_long_numbers_as_such():
    def taken(given, **options):
        return sizes._bytes_of_a_number(keras.layers.Dense(2, **options), Layout((2, 3), ("batch", "features"), given))

    assert (taken("float32"), taken("float64"), taken("float32", dtype="float64")) == (4, 8, 8)
    # Our own random numbers have four bytes, however short the layer's are.
    assert taken("float16", dtype="float16") == 4


@pytest.mark.parametrize("dtype", ["float16", "mixed_float16", "int32"])
def test_the_script_is_of_that_dtype_and_runs(dtype):
    report = explore("gru", return_state=True, return_sequences=True, dtype=dtype, **SMALL)
    script = code(report)
    assert (f'set_dtype_policy("{dtype}")' in script) is (dtype != "int32")
    before = keras.mixed_precision.dtype_policy()
    names: dict[str, object] = {}
    try:
        exec(script, names)  # noqa: S102 - the script that a user would run
    finally:
        keras.mixed_precision.set_dtype_policy(before)
    assert keras.backend.standardize_dtype(names["inputs"].dtype) == report.input.dtype
    assert keras.backend.standardize_dtype(names["final_state"].dtype) == report.tensors[1].dtype


def test_the_picture_says_it(capsys):
    assert cli.run(["gru", "--dtype", "float16", "--diagram"]) == 0
    assert "float16" in capsys.readouterr().out


def test_a_query_without_it_has_keras_s_default():
    ((query,),) = request(["gru"], read_options({}))
    assert (query.dtype, query.policy) == (None, None)
    assert Query(layer=query.layer, dtype=Dtype.INT32).policy is None
