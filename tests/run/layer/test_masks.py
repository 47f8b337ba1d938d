"""What becomes of masks inside of a layer: used, lost, passed over, made; and what a padded input shows."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from bruteforce import Expressions, Value
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rnnshape import explore
from rnnshape.run.layer.masks import made_in
from rnnshape.show.code import code
from rnnshape.show.console import as_text
from rnnshape.show.diagram import diagram

LAST, STEP = "whole_sequence_output[:, -1, :]", "whole_sequence_output[rows, last_step]"
STATE = "final_memory_state"
LSTM = "LSTM(4, return_sequences=True, return_state=True)"
CONV = "Conv1D(6, 3, padding='same')"
TOKENS = "Embedding(10, 3, mask_zero=True)"


def document(layer, **options):
    return explore(layer, **{"batch": 3, "time": 5, "features": 2, **options}).to_dict()


def equal_of_returned(found):
    """Return the statements about what the model returns; there are others about what is on its way."""
    returned = [tensor["name"] for tensor in found["tensors"] if tensor["path"] is not None]
    return [one for one in found["equal"] if any(code.partition("[")[0] in returned for code in one)]


def inside(*layers):
    return f"Sequential([{', '.join(layers)}])"


# what stands in front of an LSTM; where the mask lengths:5,3,1 is lost, what the inputs are padded with, what is made
FRONTS = [
    ((), None, None, None),
    (("Dense(3)",), None, None, None),
    (("TimeDistributed(Dense(3))", "Dropout(0.5)", "LayerNormalization()"), None, None, None),
    (("GRU(3, return_sequences=True)",), None, None, None),
    (("Bidirectional(GRU(3, return_sequences=True))",), None, None, None),
    (("Sequential([Dense(3), Activation('relu')])",), None, None, None),
    ((CONV,), CONV, None, None),
    (("Dense(3)", CONV, "Dense(2)"), CONV, None, None),
    (("Sequential([Dense(3), Conv1D(6, 3, padding='same')])",), CONV, None, None),
    (("Reshape((5, 2))",), "Reshape((5, 2))", None, None),
    (("MaxPooling1D(1)",), "MaxPooling1D(1)", None, None),
    (("Embedding(10, 3)",), "Embedding(10, 3)", None, None),
    (("Masking()",), None, 0, "Masking()"),
    (("Masking(mask_value=-1.5)",), None, -1.5, "Masking(mask_value=-1.5)"),
    ((TOKENS,), None, 0, TOKENS),
    ((inside(TOKENS), "Dense(3)"), None, 0, TOKENS),
    ((TOKENS, CONV), CONV, 0, TOKENS),
    (("Dense(3)", "Masking()"), "Masking()", None, "Masking()"),
]


@pytest.mark.parametrize(("front", "lost", "padding", "made"), FRONTS, ids=[" ".join(front[0]) for front in FRONTS])
def test_a_mask_is_used_or_lost_on_its_way(front, lost, padding, made):
    found = document(inside(*front, LSTM), mask="lengths:5,3,1")
    mask = found["mask"]
    assert (mask["applied"], mask.get("lost_at"), mask.get("padding")) == (lost is None, lost, padding)
    assert found.get("masks_made") == ([made] if made else None)
    assert equal_of_returned(found) == [[LAST, STATE] if lost else [LAST, STEP, STATE]]
    assert (mask["first_step"], mask["last_step"], found["broken"]) == ([0, 0, 0], [4, 2, 0], [])


@pytest.mark.parametrize("size", [{"time": 60}, {"time": None, "batch": None}], ids=["traced", "small"])
def test_a_mask_is_lost_in_a_graph_and_at_small_sizes_as_well(size):
    found = document(inside(CONV, LSTM), **{**size, "mask": "right:3"})
    assert (found["mask"]["applied"], found["mask"]["lost_at"]) == (False, CONV)
    assert document(inside(TOKENS, LSTM), **{**size, "mask": "right:3"})["mask"]["applied"]


def test_a_mask_that_was_used_and_is_lost_before_another_layer_that_takes_one():
    found = document(inside("GRU(4, return_sequences=True)", CONV, LSTM), mask="right:2")
    assert (found["mask"]["applied"], found["mask"]["lost_at"]) == (True, CONV)


# A mask ends where a layer has used it up, or where none takes one.
ENDED = [
    (inside("LSTM(4)", "RepeatVector(3)", LSTM), True),
    (inside("LSTM(4)", "Dense(3)"), True),
    (inside("GlobalAveragePooling1D()"), True),
    (inside("Dense(3)", "Dense(2)"), False),
    ("TimeDistributed(Dense(3))", False),
]


@pytest.mark.parametrize(("layer", "applied"), ENDED)
def test_a_mask_that_no_layer_misses_is_not_lost(layer, applied):
    mask = document(layer, mask="right:2")["mask"]
    assert (mask["applied"], mask.get("lost_at")) == (applied, None)


@pytest.mark.parametrize("mask", ["right:0", "left:0", "lengths:5,5,5", "1,1,1,1,1"])
def test_a_mask_that_masks_nothing_is_not_lost(mask):
    report = explore(inside(CONV, LSTM), batch=3, time=5, features=2, mask=mask)
    assert (report.mask.applied, report.mask.lost_at) == (False, None)
    assert "the mask masks nothing" in str(report)


@pytest.mark.parametrize("training", [True, False])
def test_without_the_mask_the_noise_is_the_same(training):
    """Or else dropout alone would make a lost mask look as if it had changed something."""
    found = document(inside("Dropout(0.5)", CONV, LSTM), mask="right:2", training=training)
    assert (found["mask"]["applied"], found["mask"]["lost_at"]) == (False, CONV)
    assert document(inside("Dropout(0.5)", LSTM), mask="right:2", training=training)["mask"]["applied"]


def test_a_stateful_layer_begins_anew_without_the_mask():
    stateful = "LSTM(4, return_sequences=True, return_state=True, stateful=True)"
    assert document(inside(CONV, stateful), mask="right:2")["mask"]["applied"] is False


USERS = """
import keras


class PassesOver(keras.layers.Layer):
    def call(self, inputs, mask=None):
        return inputs * 2.0


class Needs(keras.layers.Layer):
    def call(self, inputs, mask):
        return keras.ops.where(mask[..., None], inputs, 1.0)


class Shortens(keras.layers.Layer):
    def call(self, inputs, mask=None):
        return inputs[:, ::2]

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else mask[:, ::2]
"""


@pytest.mark.parametrize(
    ("layers", "applied", "lost"),
    [
        (("PassesOver()",), False, None),
        (("PassesOver()", LSTM), False, "my_masks.py:PassesOver()"),
        (("Needs()",), True, None),
        (("Shortens()", LSTM), True, None),
        (("Shortens()",), False, None),
    ],
)
def test_users_layers_do_with_a_mask_what_they_like(tmp_path, monkeypatch, layers, applied, lost):
    (tmp_path / "my_masks.py").write_text(USERS)
    monkeypatch.chdir(tmp_path)
    users, *rest = layers
    layer = f"my_masks.py:{users}" if not rest else inside(f"my_masks.py:{users}", *rest)
    mask = document(layer, mask="right:3")["mask"]
    assert (mask["applied"], mask.get("lost_at")) == (applied, lost)


MADE = [
    (inside(TOKENS, LSTM), [TOKENS]),
    (inside("Dense(3)", "Masking()", "Dropout(0.5)", LSTM), ["Masking()"]),
    (inside("Input((5, 2))", "Masking(2.0)", LSTM), ["Masking(2.0)"]),
    (inside("Masking()", "Dense(3)", "Masking(1)", LSTM), ["Masking()"]),
    ("TimeDistributed(Sequential([Masking(), GRU(3)]))", ["Masking()"]),
    ("Masking()", ["Masking()"]),
    (inside("Embedding(10, 3)", LSTM), None),
    ("lstm", None),
]


@pytest.mark.parametrize(("layer", "made"), MADE)
def test_masks_that_are_made_inside_are_told(layer, made):
    sizes = {"input": (3, 5, 4, 2)} if layer.startswith("Time") else {"batch": 3, "time": 5, "features": 2}
    report = explore(layer, **sizes)
    assert report.to_dict().get("masks_made") == made
    assert ("makes a mask" in str(report)) == bool(made)


@pytest.mark.parametrize(
    ("layer", "lost"),
    [
        (inside(TOKENS, CONV, LSTM), [CONV]),
        (inside("Dense(3)", "Masking()", "Dropout(0.5)", CONV, LSTM), [CONV]),
        (inside(TOKENS, "Sequential([Dense(3)])", CONV, "Dense(3)", LSTM), [CONV]),
        (inside(TOKENS, CONV, "Dense(3)"), None),
        (inside(TOKENS, "LSTM(4)", "RepeatVector(3)", LSTM), None),
        (inside(TOKENS, LSTM), None),
    ],
)
def test_a_mask_that_is_made_and_lost_is_told(layer, lost):
    report = explore(layer, batch=3, time=5, features=2)
    assert report.to_dict().get("masks_lost") == lost
    assert ("is lost at" in str(report)) == bool(lost)
    masked = explore(layer, batch=3, time=5, features=2, mask="right:2")
    assert masked.to_dict().get("masks_lost") == lost
    assert str(masked).count("is lost at") == bool(lost) + (masked.mask.lost_at not in (None, *(lost or ())))


def test_no_call_is_watched_where_nothing_can_make_a_mask(monkeypatch):
    """So that the answer for a recurrent layer costs what it did."""
    monkeypatch.setattr("rnnshape.run.layer.masks._watched", lambda **_: pytest.fail("watched"))
    for layer in ("lstm", "Bidirectional(GRU(3))", inside("GRU(3, return_sequences=True)", LSTM)):
        assert document(layer)["tensors"]
    assert made_in(()) == []


SEQUENCES = {"return_sequences": True, "return_state": True, "zero_output_for_mask": True}


@pytest.mark.parametrize(
    ("mask", "first"), [("left:2", True), ("lengths:5,3,1", False), ("0,1,1,1,0", True), ("right:2", False)]
)
@pytest.mark.parametrize("layer", ["simple-rnn", "gru", "lstm"])
def test_a_layer_that_runs_backwards_has_its_state_at_the_first_unmasked_step(layer, mask, first):
    found = document(layer, mask=mask, go_backwards=True, every_state=True, **SEQUENCES)
    state = "final_memory_state" if layer == "lstm" else "final_state"
    place = "whole_sequence_output[rows, -1 - first_step]" if first else LAST
    assert [place, state] in [[one for one in statement if "every" not in one] for statement in found["equal"]]
    assert found["broken"] == ([[LAST, state]] if first else [])


def test_a_bidirectional_layer_in_reversed_order_has_both_states_at_unmasked_steps():
    flags = "return_sequences=True, return_state=True"
    layer = f"Bidirectional(GRU(4, go_backwards=True, {flags}), backward_layer=GRU(4, {flags}))"
    assert document(layer, mask="0,1,1,0,0")["equal"] == [
        ["whole_sequence_output[rows, -1 - first_step, :4]", "forward_final_state"],
        ["whole_sequence_output[rows, -1 - last_step, 4:]", "backward_final_state"],
    ]


@pytest.mark.parametrize(("mask", "said"), [("0,0,0,0,0", "no row has"), ("lengths:0,3,5", "first_step=[none, 0, 0]")])
def test_a_row_without_an_unmasked_step_has_none(mask, said):
    report = explore("gru", batch=3, time=5, mask=mask, **SEQUENCES)
    missing = mask.startswith("0")
    assert report.mask.first_step == ((None,) * 3 if missing else (None, 0, 0))
    assert report.mask.last_step == ((None,) * 3 if missing else (None, 2, 4))
    assert said in str(report)
    assert not any("_step" in code for statement in report.equal for code in statement)


def test_the_diagram_marks_the_unmasked_step_of_a_layer_that_runs_backwards():
    found = explore("gru", batch=3, time=5, mask="left:2", go_backwards=True, **SEQUENCES)
    assert found.equal == (("whole_sequence_output[rows, -1 - first_step]", "final_state"),)
    assert re.search(r"\[:, 3, :\] +A \[:, 2, :\] +\[:, 1, :\]", as_text(diagram([found])))


@pytest.mark.parametrize(("mask", "row"), [("0,0,0,0,0", None), ("lengths:0,3,5", 1), ("lengths:0,0,5", 2)])
def test_the_diagram_is_drawn_for_a_row_that_has_an_unmasked_step(mask, row):
    text = as_text(diagram([explore("gru", batch=3, time=5, mask=mask, return_state=True)]))
    assert (f"drawn for row {row} of the batch" in text) == (row is not None)
    assert "None" not in text


def test_the_diagram_dots_no_step_of_a_mask_that_masks_nothing():
    assert "dotted" not in as_text(diagram([explore("gru", batch=3, time=5, mask="right:0")]))


# layer, mask, a line of the script
SCRIPTS = [
    (inside(TOKENS, LSTM), "lengths:5,3,1", "inputs = keras.ops.where(mask, inputs, 0)"),
    (inside("Masking(-1.5)", LSTM), "left:2", "inputs = keras.ops.where(mask[:, :, None], inputs, -1.5)"),
    (inside(CONV, LSTM), "right:2", "mask = np.broadcast_to(np.arange(5) < 3, (3, 5))"),
    (LSTM, "lengths:0,3,5", "lengths = np.array([0, 3, 5])"),
    (
        "GRU(4, return_sequences=True, return_state=True, go_backwards=True, zero_output_for_mask=True)",
        "left:2",
        "assert np.array_equal(np.array(whole_sequence_output)[rows, -1 - first_step], final_state)",
    ),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("layer", "mask", "line"), SCRIPTS)
def test_the_script_masks_and_pads_as_the_answer_does(layer, mask, line):
    script = code(explore(layer, batch=3, time=5, features=2, mask=mask))
    assert line in re.sub(r"\(\n +(.*)\n\)", r"(\1)", script)
    exec(compile(script, "script", "exec"), {})  # noqa: S102 - a script of our own making


# --- the same questions, asked of bare Keras

TIME, BATCH = 4, 2
PARTS = [
    "Dense(3)",
    "Conv1D(3, 2, padding='same')",
    "GRU(3, return_sequences=True)",
    "Dropout(0.5)",
    "Activation('tanh')",
]
BEGINNINGS = {None: None, "Masking()": 0, "Masking(-2.0)": -2.0, "Embedding(7, 3, mask_zero=True)": 0}


def built(parts):
    """Return bare Keras's Sequential of these layers."""
    import keras

    names = {name: getattr(keras.layers, name) for part in parts for name in [part.partition("(")[0]]}
    return keras.Sequential([eval(part, names) for part in parts])  # noqa: S307 - layers of this file


def without_masks(parts):
    """Return the same layers, of which the first makes no mask."""
    first = {"Masking": "Activation('linear')", "Embedding": "Embedding(7, 3)"}
    return [first.get(parts[0].partition("(")[0], parts[0]), *parts[1:]]


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
@settings(
    max_examples=12, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)  # fmt: skip
@given(
    st.sampled_from(list(BEGINNINGS)), st.lists(st.sampled_from(PARTS), max_size=2),
    st.lists(st.integers(0, TIME), min_size=BATCH, max_size=BATCH), st.booleans(),
)  # fmt: skip
def test_masks_in_drawn_models(beginning, middle, lengths, zero):
    padding = BEGINNINGS[beginning]
    last = f"LSTM(3, return_sequences=True, return_state=True, zero_output_for_mask={zero})"
    parts = [*([beginning] if beginning else []), *middle, last]
    found = document(inside(*parts), batch=BATCH, time=TIME, mask=f"lengths:{','.join(map(str, lengths))}")
    rows = np.arange(TIME) < np.array(lengths)[:, None]
    random = np.random.default_rng(5)
    masked, bare = built(parts), built(without_masks(parts))
    draws, changes = [], False
    for _ in range(2):
        if beginning and beginning.startswith("Embedding"):
            inputs = random.integers(1, 7, size=(BATCH, TIME))
        else:
            inputs = random.normal(size=(BATCH, TIME, 2)).astype("float32")
        steps = rows.reshape(*rows.shape, *[1] * (inputs.ndim - 2))
        inputs = inputs if padding is None else np.where(steps, inputs, np.array(padding, inputs.dtype))
        masked(inputs)
        masked.set_weights([random.normal(0, 0.6, weight.shape) for weight in masked.get_weights()])
        bare(inputs)
        bare.set_weights(masked.get_weights())
        draws.append([np.asarray(leaf) for leaf in masked(inputs, mask=rows)])
        # Masking hands on zeros at the steps that it masks, whether or not a layer behind it sees its mask.
        plain = [np.asarray(leaf) for leaf in bare(inputs if padding is None else np.where(steps, inputs, 0))]
        changes |= not all(np.allclose(one, other, atol=1e-6) for one, other in zip(draws[-1], plain, strict=True))
    assert found["mask"]["applied"] == changes
    conv = next((part for part in parts if part.startswith("Conv1D")), None)
    assert found["mask"].get("lost_at") == (conv if not rows.all() else None)
    returned = [tensor for tensor in found["tensors"] if tensor["path"] is not None]
    tensors = [
        Value(tensor["name"], list(values), tensor["path"] == [0])
        for tensor, values in zip(returned, zip(*draws, strict=True), strict=True)
    ]
    steps = {} if 0 in lengths else {"first_step": np.zeros(BATCH, int), "last_step": np.array(lengths) - 1}
    expressions = Expressions(tensors, steps)
    said = {frozenset(pair) for statement in equal_of_returned(found) for pair in itertools.combinations(statement, 2)}
    for pair in said:
        one, other = map(expressions.evaluate, pair)
        assert all(np.array_equal(*both) for both in zip(one, other, strict=True)), f"false: {pair}"
    for name, place in ((LAST, "last"), (STEP, "last_step")):
        key = ("", place, "", "whole_sequence_output")
        holds = (
            key in expressions.values
            and expressions.varies(key)
            and all(
                np.array_equal(*both)
                for both in zip(expressions.values[key], expressions.values["", "", "", STATE], strict=True)
            )
        )
        dropped = place == "last_step" and set(lengths) in ({TIME}, {1})
        assert dropped or (frozenset({name, STATE}) in said) == holds, f"missed: {name}"
