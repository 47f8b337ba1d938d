"""`explore` and `watch` from Python: what may be asked, and that nothing is changed by asking."""

from __future__ import annotations

import inspect
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rnnshape
from rnnshape import InvalidQuery, KerasRefused, RnnshapeError, explore, watch
from rnnshape.api import LayerOptions
from rnnshape.options import NAMES

X = np.random.default_rng(0).standard_normal((3, 5, 8)).astype("float32")


def built(cls="LSTM", **options):
    import keras

    layer = getattr(keras.layers, cls)(4, return_state=True, return_sequences=True, **options)
    layer(X)
    return layer


def model():
    import keras

    return keras.Sequential([keras.Input((None, 8)), keras.layers.GRU(4), keras.layers.Dense(2)])


def own_model():
    import keras

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = keras.layers.LSTM(4, dropout=0.5)

        def call(self, x, training=False):
            return self.inner(x, training=training)

    return Net()


SHAPES = {
    "a built layer": (lambda: explore(built()), [(None, 5, 8), (None, 5, 4), (None, 4), (None, 4)]),
    "a layer on an array": (lambda: explore(built("GRU"), X), [(3, 5, 8), (3, 5, 4), (3, 4)]),
    "a layer that is not built": (lambda: explore(unbuilt(), X), [(3, 5, 8), (3, 4)]),
    "a layer on a symbolic tensor": (lambda: explore(unbuilt(), symbolic()), [(None, 7, 2), (None, 4)]),
    "a dense layer": (lambda: explore(dense(), X[:, 0]), [(3, 8), (3, 4)]),
    "a cell": (lambda: explore(cell(), X[:, 0]), [(3, 8), (3, 4), (3, 4), (3, 4), (3, 4), (3, 4)]),
    "a cell with states": (lambda: explore(cell(), X[:, 0], initial_state=[X[:, 0, :4], X[:, 1, :4]]), None),
    "a model": (lambda: explore(model()), [(None, None, 8), (None, 4), (None, 2)]),
    "a model on an array": (lambda: explore(model(), X), [(3, 5, 8), (3, 2)]),
    "a model of one's own": (lambda: explore(own_model(), X, training=True), [(3, 5, 8), (3, 4)]),
    "code": (lambda: explore("x = Input((n, 8))\ny = LSTM(4)(x)", let={"n": "6"}), [(None, 6, 8), (None, 4)]),
    "a layer in words": (lambda: explore("gru", batch=2, time=3, return_state=True), [(2, 4), (2, 4)]),
}


def unbuilt():
    import keras

    return keras.layers.LSTM(4)


def symbolic():
    import keras

    return keras.Input((7, 2))


def dense():
    import keras

    return keras.layers.Dense(4)


def cell():
    import keras

    return keras.layers.LSTMCell(4)


@pytest.mark.parametrize(("ask", "shapes"), SHAPES.values(), ids=SHAPES)
def test_what_is_asked_is_answered(ask, shapes):
    report = ask()
    found = [tensor.shape for tensor in report.tensors]
    assert shapes is None or found == shapes
    assert "</section>" in report._repr_html_()
    assert report.to_dict()["schema_version"] == 1


def test_states_masks_and_training_are_passed_on():
    mask = np.array([[True] * 5, [True] * 3 + [False] * 2, [True] * 5])
    states = [np.ones((3, 4), "float32"), np.zeros((3, 4), "float32")]
    report = explore(built(), X, mask=mask, initial_state=states, training=True)
    (step,) = report.steps
    assert step.mask == "mask"
    assert step.initial_state == ["initial_state_0", "initial_state_1"]
    assert step.training
    assert ("lstm_whole_sequence_output[:, -1, :]", "lstm_final_memory_state") in [
        tuple(name.replace(step.name, "lstm") for name in one) for one in report.equal
    ]


BAD = {
    "a number": (lambda: explore(3), InvalidQuery, "Received: 3"),
    "nothing": (lambda: explore(None), InvalidQuery, "Received: None"),
    "a class": (lambda: explore(int), InvalidQuery, "layer must be"),
    "no inputs": (lambda: explore(unbuilt()), InvalidQuery, "not built"),
    "wrong inputs": (lambda: explore(built(), X[0]), KerasRefused, "expected ndim=3"),
    "inputs for words": (lambda: explore("gru", X), InvalidQuery, "takes no inputs"),
    "no such option": (lambda: explore("gru", unitz=4), InvalidQuery, "Did you mean units"),
    "an option of words": (lambda: explore(built(), X, units=4), InvalidQuery, "units does not go with a layer"),
    "an option of a layer": (lambda: explore("x = 1\ny = 2", units=4), InvalidQuery, "units does not go with code"),
    "code's for a layer": (lambda: explore("gru", run=True), InvalidQuery, "--run goes with code"),
    "a let for a layer": (lambda: explore("lstm", let={"n": "4"}), InvalidQuery, r"y = LSTM\(units\)\(x\)"),
    "a broken let": (lambda: explore("x = Input((n, 8))\ny = x", let={"n": "4 +"}), InvalidQuery, "n is no value"),
    "a model that raises": (lambda: explore(raising(), X), KerasRefused, "this one never runs"),
    "a model that is not built": (lambda: explore(own_model()), InvalidQuery, "not built"),
    "no such file": (lambda: explore("nowhere.keras"), InvalidQuery, "no file"),
}


def raising():
    import keras

    class Raising(keras.Model):
        def call(self, x):
            raise RuntimeError(f"this one never runs on {x.shape}")

    return Raising()


@pytest.mark.parametrize(("ask", "error", "said"), BAD.values(), ids=BAD)
def test_what_cannot_be_asked_ends_well(ask, error, said):
    with pytest.raises(error, match=said) as caught:
        ask()
    assert isinstance(caught.value, RnnshapeError)
    assert "--input" not in str(caught.value)


def state_of(layer):
    """Return everything that asking must not change."""
    import keras
    import tensorflow as tf
    from keras.src.backend.common import global_state
    from tensorflow.python.eager import context

    tracker = vars(global_state.GLOBAL_STATE_TRACKER)
    seeds = tracker.get("global_seed_generator")
    return {
        "variables": [np.array(variable).tobytes() for variable in layer.variables],
        "states": [np.array(state).tobytes() for state in keras.tree.flatten(getattr(layer, "states", None) or [])],
        "trainable": [part.trainable for part in layer._flatten_layers()],
        "built": [part.built for part in layer._flatten_layers()],
        "calls": [len(part._inbound_nodes) for part in layer._flatten_layers()],
        "names": dict(tracker.get("object_name_uids", {})),
        "seed": None if seeds is None else np.array(seeds.state).tobytes(),
        "tracker": id(global_state.GLOBAL_STATE_TRACKER),
        "python": random.getstate(),
        "numpy": repr(np.random.get_state()),  # noqa: NPY002 - the one that users have
        "tensorflow": np.array(tf.random.get_global_generator().state).tobytes(),
        "operations": context.context()._rng and context.context()._rng.getstate(),
        "next": keras.backend.floatx(),
    }


def frozen():
    layer = built()
    layer.trainable = False
    return layer


def kept():
    layer = built(stateful=True)
    layer(X)
    return layer


def refused(layer):
    with pytest.raises(KerasRefused):
        explore(layer, X[0])


ASKED = {
    "a layer": (built, explore),
    "a layer on an array": (built, lambda layer: explore(layer, X, training=True)),
    "a stateful layer": (kept, lambda layer: explore(layer, X)),
    "a frozen layer": (frozen, lambda layer: explore(layer, X)),
    "noise": (lambda: built("GRU", dropout=0.5), lambda layer: explore(layer, X, training=True)),
    "a layer that is not built": (unbuilt, lambda layer: explore(layer, X)),
    "a cell": (cell, lambda layer: explore(layer, X[:, 0])),
    "a model": (model, explore),
    "a model on an array": (model, lambda layer: explore(layer, X)),
    "a model of one's own": (own_model, lambda layer: explore(layer, X)),
    "a name": (built, lambda _: explore("gru", units=4, training=True)),
    "code": (built, lambda _: explore("x = Input((6, 8))\ny = Dropout(0.5)(LSTM(4)(x), training=True)")),
    "an error": (built, refused),
}


@pytest.mark.parametrize(("make", "ask"), ASKED.values(), ids=ASKED)
def test_everything_is_afterwards_as_it_was(make, ask):
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    layer = make()
    keras.random.normal((2,))
    tf.random.normal((2,))
    before = state_of(layer)
    ask(layer)
    assert state_of(layer) == before


def test_the_check_sees_a_change():
    layer = built(stateful=True)
    before = state_of(layer)
    layer(X)
    unbuilt()
    now = state_of(layer)
    assert {name for name in now if now[name] != before[name]} >= {"states", "names", "python"}


def test_a_block_is_watched():
    layer, whole = built(), model()
    before = [np.array(weight) for weight in (*layer.weights, *whole.weights)]
    with watch() as seen:
        y, h, c = layer(X)  # noqa: RUF059 - a name of the code
        for _ in range(3):
            z = whole(X)
    report = seen.report
    assert [tensor.name for tensor in report.tensors] == ["X", "y", "h", "c", "z"]
    assert ("y[:, -1, :]", "h") in report.equal
    assert [step.calls for step in report.steps] == [None, 3]
    assert Path(__file__).read_text(encoding="utf-8").splitlines()[report.steps[0].line - 1].strip() == (
        "y, h, c = layer(X)  # noqa: RUF059 - a name of the code"
    )
    assert seen._repr_html_() == seen.report._repr_html_()
    assert seen.report is report
    for weight, value in zip((*layer.weights, *whole.weights), before, strict=True):
        np.testing.assert_array_equal(weight, value)
    assert y.shape == (3, 5, 4)
    assert c.shape == (*z.shape[:1], 4)


def test_a_model_is_built_and_watched():
    import keras

    with watch() as seen:
        x = keras.Input((None, 8))
        y = keras.layers.LSTM(4, return_sequences=True)(x)
        last = y[:, -1]
    assert [(tensor.name, tensor.shape) for tensor in seen.report.tensors] == [
        ("x", (None, None, 8)),
        ("y", (None, None, 4)),
        ("last", (None, 4)),
    ]
    assert last is not None


def test_an_exception_leaves_the_block_and_is_told():
    layer = built()
    with pytest.raises(ValueError, match="ndim"), watch() as seen:  # noqa: PT012 - a block is what it is about
        layer(X)
        layer(X[0])
    assert seen.report.error.kind == "ValueError"
    assert len(seen.report.steps) == 1


def test_a_block_is_asked_after_its_end_alone():
    with pytest.raises(InvalidQuery, match="not over"):
        _ = watch().report
    with watch() as seen:
        with pytest.raises(InvalidQuery, match="not over"):
            _ = seen.report
        with pytest.raises(InvalidQuery, match="one block"):
            seen.__enter__()


def test_calls_outside_of_the_block_are_not_seen():
    import keras

    layer, call, trace = built(), keras.layers.Layer.__call__, sys.gettrace()
    with watch() as seen:
        assert keras.layers.Layer.__call__ is not call
    layer(X)
    assert seen.report.steps == ()
    assert keras.layers.Layer.__call__ is call
    assert sys.gettrace() is trace


def test_the_signature_names_every_option():
    assert set(LayerOptions.__annotations__) == set(NAMES) - {"let", "run"}
    assert set(NAMES) <= set(inspect.signature(explore).parameters)


TYPED = """
import rnnshape
from rnnshape import InvalidQuery, explore, watch

print(explore("gru", units=4, return_state=True, time=None).states)
print(explore("x = 1", let={}).steps)
print(explore(print, [1], training=True).tensors)
with watch() as seen:
    pass
print(seen.report.steps)
explore("gru", unitz=4)
explore("gru", units="four")
explore(3)
"""


def test_wrong_options_are_found_by_a_type_checker(tmp_path):
    file = tmp_path / "typed.py"
    file.write_text(TYPED)
    words = ["-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "--follow-imports=silent", str(file)]
    done = subprocess.run(
        [sys.executable, *words, "--config-file="],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=tmp_path,
        env={"PATH": "/usr/bin", "MYPYPATH": str(Path(rnnshape.__file__).parent.parent)},
    )
    lines = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    assert lines == {11, 12, 13}, done.stdout + done.stderr


def test_all_that_is_exported_is_there():
    for name in rnnshape.__all__:
        assert getattr(rnnshape, name) is not None
