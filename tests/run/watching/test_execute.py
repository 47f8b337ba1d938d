"""Code that is executed because its user asked for it: what is seen of it, and how it is run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rnnshape.answer import report_of
from rnnshape.errors import InvalidQuery
from rnnshape.options import for_layers, read_options
from rnnshape.program import read, read_value
from rnnshape.programs import Source, execute_code
from rnnshape.run.watching.execute import execute
from rnnshape.versions import installed

CASES = json.loads((Path(__file__).parents[2] / "snippets" / "cases.json").read_text(encoding="utf-8"))
OWN = [case for case in CASES if case["needs"] == "execution (own classes)"]


def ran(text, path=None, **lets):
    return execute(
        read(text, source="text"), path, {name: read_value(code, name=name) for name, code in lets.items()}
    ).trace()


@pytest.mark.parametrize("case", OWN, ids=lambda case: case["id"])
def test_code_with_classes_of_its_own_is_answered_as_keras_has_it(case):
    trace = ran(case["code"], **case["let"])
    truth = case["truth"]
    stop = trace.stop
    assert (stop and (stop.kind, stop.line)) == (truth["error"] and (truth["error"]["type"], truth["error"]["line"]))
    found = [(tensor.variable, tensor.line, tensor.kind, tensor.shape) for tensor in trace.tensors]
    for tensor in truth["tensors"]:
        assert (tensor["name"], tensor["line"], tensor["kind"], tuple(tensor["shape"])) in found
    values = {tensor.name: tensor.draws for tensor in trace.tensors}
    for one, other in truth["equal"]:
        assert len(values[one]) == trace.draws == 2
        for first, second in zip(values[one], values[other], strict=True):
            np.testing.assert_array_equal(first, second)


def test_there_are_such_cases():
    assert len(OWN) == 8


NET = """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.lstm = layers.LSTM(4, return_sequences=True, return_state=True)
        self.head = layers.Dense(2)

    def call(self, inputs):
        seq, h, c = self.lstm(inputs)
        return self.head(h)

net = Net()
"""
STEPS = {
    "a functional model": (
        "x = Input((None, 8))\ny, h, c = LSTM(4, return_sequences=True, return_state=True)(x)\nz = y[:, -1, :]",
        [("LSTM(4, return_sequences=True, return_state=True)", 2, None), ("GetItem", 3, None)],
    ),
    "a loop over layers": (
        "x = Input((5, 8))\nfor n in (4, 3):\n    x = GRU(n, return_sequences=True)(x)",
        [("GRU(4, return_sequences=True)", 3, None), ("GRU(3, return_sequences=True)", 3, None)],
    ),
    "a loop over steps": (
        (
            "cell = GRUCell(4)\ns = [tf.zeros((2, 4))]\nx = tf.random.normal((2, 5, 3))\n"
            "for t in range(5):\n    out, s = cell(x[:, t], s)"
        ),
        [("GRUCell(4)", 5, 5)],
    ),
    "an own model": (
        NET + "y = net(tf.random.normal((2, 5, 3)))",
        [
            ("LSTM(4, return_sequences=True, return_state=True)", 9, None),
            ("Dense(2)", 10, None),
            ("Net()", 13, None),
        ],
    ),
    "an own training step": (
        NET + "@tf.function\ndef step(x):\n    out = net(x, training=True)\n    return out\n"
        "x = tf.random.normal((2, 5, 3))\nfor n in range(3):\n    step(x)",
        [
            ("LSTM(4, return_sequences=True, return_state=True)", 9, 2),
            ("Dense(2)", 10, 2),
            ("Net()", 15, 2),
        ],
    ),
    "training": (
        (
            "model = Sequential([Input((5, 3)), LSTM(4), Dense(1)])\nmodel.compile('sgd', 'mse')\n"
            "model.fit(np.ones((4, 5, 3)), np.ones((4, 1)), epochs=2, verbose=0)"
        ),
        [("LSTM(4)", 1, None), ("Dense(1)", 1, None), ("Sequential([LSTM(4), Dense(1)])", 3, None)],
    ),
}


@pytest.mark.parametrize(("text", "steps"), STEPS.values(), ids=STEPS)
def test_each_call_of_a_layer_is_seen_once(text, steps):
    trace = ran(text)
    assert trace.stop is None
    assert trace.executed
    report = report_of(trace, installed())
    assert [(step.layer, step.line) for step in report.steps] == [(layer, line) for layer, line, _ in steps]
    for step, (_, _, calls) in zip(report.steps, steps, strict=True):
        assert (step.calls is None) == (calls is None)
        assert calls is None or step.calls >= calls


def test_names_and_equalities_are_those_of_the_code():
    report = report_of(ran(NET + "data = tf.random.normal((2, 5, 3))\ny = net(data)"), installed())
    assert [tensor.name for tensor in report.tensors] == ["data", "seq", "h", "c", "dense", "y"]
    assert ("seq[:, -1, :]", "h") in report.equal
    assert [one.name for one in report.inputs] == ["data"]


def test_no_equality_is_claimed_behind_a_call_that_was_made_again():
    text = (
        "cell = GRUCell(4)\ns = [tf.zeros((2, 4))]\nx = tf.random.normal((2, 5, 3))\n"
        "for t in range(5):\n    out, s = cell(x[:, t], s)\ny = Dense(3)(out)"
    )
    found = {tensor.name: tensor for tensor in ran(text).tensors}
    assert found["y"].shape == (2, 3)
    assert found["y"].draws == ()
    assert len(found["out"].draws) == 2


SEQ = (
    "x = tf.random.normal((2, 5, 3))\nseq, h = GRU(4, return_sequences=True, return_state=True)(x)\n"
    "def own(value):\n    return value[:, -1, :]\n"
)
COMPUTED = {
    "an index": ("last = seq[:, -1, :]", 2),
    "a function of TensorFlow's": ("last = tf.gather(seq, 4, axis=1)", 2),
    "a function of NumPy's": ("last = np.asarray(seq[:, -1])", 2),
    "arithmetic": ("last = (h + h) / 2", 2),
    "a name bound anew": ("seq = seq[:, -1, :]\nlast = seq", 2),
    "a function of the code's own": ("last = own(seq)", 0),
    "random numbers": ("last = h + 0 * tf.random.normal((2, 4))", 0),
    "a method": ("last = h.numpy()", 0),
}


@pytest.mark.parametrize(("line", "draws"), COMPUTED.values(), ids=COMPUTED)
def test_what_a_library_computes_of_tensors_is_computed_anew(line, draws):
    trace = ran(SEQ + line)
    assert trace.stop is None
    last = trace.tensors[-1]
    assert last.shape == (2, 4)
    assert len(last.draws) == draws
    assert "last" in [one.name for one in trace.tensors]
    first = next(one for one in trace.tensors if one.name == "h")
    for draw, other in zip(last.draws, first.draws, strict=False):
        np.testing.assert_allclose(draw, other, rtol=1e-6)
    assert [one.name for one in trace.inputs] == ["x"]


STOPS = {
    "Keras refuses": ("x = Input((8,))\ny = LSTM(4)(x)", "ValueError", 2, "keras-refused"),
    "inside a function": ("def f(x):\n    return 1 / x\n\nf(0)", "ZeroDivisionError", 2, "keras-refused"),
    "no such name": ("x = Input((nope, 3))", "NameError", 1, "keras-refused"),
    "it ends itself": ("x = Input((3, 3))\nraise SystemExit(3)", "SystemExit", 2, "keras-refused"),
}


@pytest.mark.parametrize(("text", "kind", "line", "code"), STOPS.values(), ids=STOPS)
def test_an_exception_is_told_at_its_line(text, kind, line, code):
    stop = ran(text).stop
    assert (stop.kind, stop.line, stop.code) == (kind, line, code)


def test_the_operands_of_the_failing_line_are_told():
    stop = ran("x = Input((8,))\ny = LSTM(4)(x)").stop
    assert [(one.code, one.shape) for one in stop.operands] == [("x", (None, 8))]
    assert stop.column < stop.end_column


def test_a_change_is_tried_without_running_the_code_again(tmp_path):
    mark = tmp_path / "runs"
    text = f"x = Input((6, 8))\nopen({str(mark)!r}, 'a').write('.')\ny = LSTM(4)(x)\nz = LSTM(3)(y)"
    report = execute_code(Source(text))
    assert (report.error.line, report.error.fix.line) == (4, 3)
    assert "return_sequences=True" in report.error.fix.code
    assert report.error.operands[0].line == 3
    assert mark.read_text() == "."


def test_what_cannot_be_noted_is_no_error_of_the_code():
    text = "x = Input((6, 8))\ny = LSTM(4, return_sequences=True)(x)\n"
    odd = "class Shape(np.ndarray):\n    @property\n    def nbytes(self):\n        raise RuntimeError\n"
    trace = ran(text + odd + "bad = np.zeros((2, 2)).view(Shape)\nz = LSTM(3)(y)")
    assert trace.stop is None
    assert [tensor.name for tensor in trace.tensors][:2] == ["x", "y"]
    assert [one.what for one in trace.skipped] == ["what is called later (RuntimeError)"]


def test_an_undefined_name_is_given_with_let():
    assert "--let nope" in ran("x = Input((nope, 3))").stop.hint
    assert ran("x = Input((nope, 3))", nope="7").tensors[0].shape == (None, 7, 3)


def test_text_that_is_no_python_is_not_run():
    assert execute_code(Source("x = = 3\ny = 4")).error.code == "not-read"


def test_code_that_is_not_read_is_executed():
    report = execute_code(Source("match 3:\n    case n:\n        x = Input((n, 4))"))
    assert report.error is None
    assert [tensor.name for tensor in report.tensors] == ["x"]


def test_nothing_is_left_behind():
    main, argv, path, trace = sys.modules["__main__"], sys.argv, sys.path[:], sys.gettrace()
    import keras

    call = keras.layers.Layer.__call__
    ran("x = Input((3, 4))\ny = LSTM(2)(x)\n1 / 0")
    assert (sys.modules["__main__"], sys.argv, sys.path, sys.gettrace()) == (main, argv, path, trace)
    assert keras.layers.Layer.__call__ is call


FILE = """
import sys
from beside import UNITS
from keras import Input, layers
print("said", __name__, sys.argv[0] == __file__, sys.argv[1:])
if __name__ == "__main__":
    x = Input((None, 8))
    y = layers.LSTM(UNITS)(x)
"""


def test_a_file_is_run_as_python_runs_it(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(FILE)
    (tmp_path / "beside.py").write_text("UNITS = 6")
    words = [sys.executable, "-m", "rnnshape", "--json", "--run", str(file)]
    done = subprocess.run(
        words,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/bin", "RNNSHAPE_WORKER": "off"},
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [(one["name"], one["line"], one["shape"]) for one in document["tensors"]] == [
        ("x", 7, [None, None, 8]),
        ("y", 8, [None, 6]),
    ]
    assert document["program"]["executed"]
    assert "said __main__ True []" in done.stderr


def test_only_code_is_run():
    with pytest.raises(InvalidQuery, match="--run goes with code"):
        for_layers(read_options({"run": True}))


def test_code_is_not_run_without_that_word(tmp_path):
    from rnnshape.programs import explore_code

    text = f"x = Input((3, 4))\nopen({str(tmp_path / 'made')!r}, 'w').close()\ny = LSTM(2)(x)"
    assert not explore_code(Source(text)).program.executed
    assert list(tmp_path.iterdir()) == []
    assert execute_code(Source(text)).program.executed
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


ENCODER = """\
class Encoder(keras.Model):
    def __init__(self):
        super().__init__()
        self.embedding = Embedding(50, 3)
        self.gru = GRU(4, return_sequences=True, return_state=True)

    def call(self, x, hidden):
        return self.gru(self.embedding(x), initial_state=hidden)

    def start(self):
        return tf.zeros((2, 4))


encoder = Encoder()
hidden = encoder.start()
output, state = encoder(tf.ones((2, 5), tf.int32), hidden)
"""


def test_a_model_with_a_call_of_its_own_that_begins_with_an_embedding():
    report = report_of(ran(ENCODER), installed())
    assert report.error is None
    # The ones stand for tokens, which are not all the same.
    assert report.equal == (("gru_whole_sequence_output[:, -1, :]", "gru_final_state"),)


def test_a_file_needs_the_imports_that_text_does_not(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("x = tf.zeros((2, 3))\n")
    stop = execute(read(path.read_text(), source="a.py"), path, {}).trace().stop
    assert (stop.kind, stop.hint) == ("NameError", "Put in front: import tensorflow as tf")
