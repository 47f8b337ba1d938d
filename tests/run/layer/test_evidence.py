"""What is evidence with real layers: terms that matter, noise that differs from run to run, inputs that hit nothing."""

from __future__ import annotations

import numpy as np
import pytest

from rnnshape import explore
from rnnshape.layers import explore_together
from rnnshape.options import read_options
from rnnshape.request import request
from rnnshape.run.drawing import numbers
from rnnshape.run.drawing.noise import noise
from rnnshape.run.layer.anatomy import Layout

BOTH = {"return_sequences": True, "return_state": True}
LAST, H, C = "whole_sequence_output[:, -1, :]", "final_memory_state", "final_carry_state"
SMALL = {"batch": 2, "time": 3, "features": 2}


def together(layer, **options):
    (family,) = request([layer], read_options({"all_flags": True, **SMALL, **options}))
    return explore_together(family)


@pytest.mark.parametrize("seed", range(3))
def test_a_state_that_vanishes_beside_another_is_no_term(seed):
    found = explore("lstm", set={"activation": "exponential"}, seed=seed, **BOTH)
    assert (found.equal, found.close) == (((LAST, H),), None)
    merged = explore(
        "lstm", set={"activation": "exponential"}, seed=seed, return_state=True, bidirectional=True, merge_mode="sum"
    )
    assert merged.equal == (("output", f"forward_{H} + backward_{H}"),)
    assert merged.close is None


@pytest.mark.parametrize("activation", ["relu", "soft_shrink", "sparse_sigmoid", "exponential"])
@pytest.mark.parametrize(("mode", "merge"), [("sum", "{} + {}"), ("mul", "{} * {}"), ("ave", "({} + {}) / 2")])
def test_a_merge_is_found_where_single_units_die_or_saturate(activation, mode, merge):
    sizes = {"batch": 1, "time": 1, "features": 1, "units": 1}
    asked = {"set": {"activation": activation}, "bidirectional": True, "merge_mode": mode, "return_state": True}
    found = explore("gru", **asked, **sizes)
    assert found.equal == (("output", merge.format("forward_final_state", "backward_final_state")),)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("layer", ["lstm", "conv-lstm-1d"])
@pytest.mark.parametrize("mode", ["sum", "ave", "mul"])
def test_a_merge_is_found_in_a_coarse_type_whatever_the_seed(layer, mode, seed):
    asked = {"bidirectional": True, "merge_mode": mode, "return_state": True, "dtype": "mixed_bfloat16", **SMALL}
    found = explore(layer, seed=seed, **asked)
    assert len(found.equal) == 1
    assert found.close is None


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        ("gru", {"set": {"dropout": 0.5}}),
        ("gru", {"set": {"dropout": 0.5, "seed": 1}, "bidirectional": True}),
        ("lstm", {"set": {"recurrent_dropout": 0.5, "seed": 1}}),
        ("simple-rnn", {}),
    ],
)
def test_noise_is_another_one_in_each_run(layer, options):
    noisy = bool(options)
    found = together(layer, training=True, **options)
    assert all(report.same_weights for report in found)
    assert bool(found[0].equal_across) is not noisy
    assert found[3].equal, "within a run there is one noise"
    assert together(layer, **options)[0].equal_across, "without training there is none"


def test_noise_depends_on_the_seed_alone_and_leaves_keras_as_it_was():
    import keras

    layer = keras.layers.Dropout(0.5)
    x = np.ones((4, 50), "float32")
    keras.utils.set_random_seed(3)
    expected = np.asarray(keras.random.normal((3,)))
    keras.utils.set_random_seed(3)
    found = []
    for key in ((0, 0), (0, 0), (0, 1)):
        with noise([layer], key):
            found.append((np.asarray(layer(x, training=True)), np.asarray(keras.random.normal((3,)))))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])
    assert not np.array_equal(found[0][0], found[2][0])
    assert not np.array_equal(found[0][1], found[2][1])
    np.testing.assert_array_equal(np.asarray(keras.random.normal((3,))), expected)


@pytest.mark.parametrize("seed", range(4))
def test_no_token_is_padding_by_accident(seed):
    tokens = "Sequential([Embedding({}, 4, mask_zero=True), Bidirectional(LSTM(4, {}))])"
    flags = "return_sequences=True, return_state=True"
    for vocabulary in (1, 2, 3, 100):
        equal = explore(tokens.format(vocabulary, flags), seed=seed, batch=8, time=5).equal
        if vocabulary > 1:
            assert equal == (
                ("whole_sequence_output[:, -1, :4]", f"forward_{H}"),
                ("whole_sequence_output[:, 0, 4:]", f"backward_{H}"),
            )


@pytest.mark.parametrize(("vocabulary", "least", "most"), [(1, 0, 0), (2, 1, 1), (3, 1, 2), (100, 1, 99)])
def test_tokens_are_never_zero_where_there_are_others(vocabulary, least, most):
    layout = Layout((50, 50), ("batch", "timesteps"), "int32", vocabulary)
    found = numbers.inputs(np.random.default_rng(0), None, layout, 0)
    assert (found.min(), found.max()) == (least, most)


@pytest.mark.parametrize("draw", range(8))
@pytest.mark.parametrize("value", [0.0, 0.5, -1.0, 1])
def test_no_input_is_near_to_what_masks_a_timestep(draw, value):
    import keras

    layer = keras.Sequential([keras.layers.Masking(mask_value=value), keras.layers.GRU(1)])
    layout = Layout((100, 100, 1), ("batch", "timesteps", "features"))
    found = numbers.inputs(np.random.default_rng(draw), layer, layout, draw)
    assert np.abs(found - value).min() > 0.01
    assert np.abs(found).min() > 0.01


@pytest.mark.parametrize(
    "layer",
    [
        "LSTM(4, return_sequences=True, return_state=True, trainable=False)",
        "Sequential([Rescaling(255.0), LSTM(4, return_sequences=True, return_state=True)])",
        "Sequential([Embedding(10000, 3), LSTM(4, return_sequences=True, return_state=True, dtype='float16')])",
    ],
)
def test_what_saturates_is_drawn_in_its_range(layer):
    found = explore(layer)
    assert found.equal == ((LAST, H),)
    assert (found.constant, found.undecided) == (None, None)


@pytest.mark.parametrize(
    ("values", "is_in_range"),
    [
        ([0.5, -3.0], True),
        ([0.0, 0.0], True),
        ([1e9, 0.5], False),
        ([np.nan, 0.5], False),
        ([np.inf], False),
        ([1.0, -1.0, 0.5], False),
    ],
)
def test_range(values, is_in_range):
    assert numbers.is_in_range([np.array([0.5]), np.array(values)]) is is_in_range


def test_a_tensor_that_is_neither_constant_nor_varies_is_undecided(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evidence_layers.py").write_text(
        "import keras\n"
        "class Steady(keras.layers.Layer):\n"
        "    def call(self, inputs):\n"
        "        return inputs, keras.ops.full((2, 2), keras.ops.max(inputs))\n"
    )
    found = explore("evidence_layers.py:Steady()", **SMALL)
    assert found.undecided == (found.tensors[1].name,)
    assert found.to_dict()["undecided"] == [found.tensors[1].name]
