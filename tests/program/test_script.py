"""The script of a program runs by itself, and asserts every equality that was found."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from rnnshape import cli
from rnnshape.program import read
from rnnshape.program.script import script_of as script_of_trace
from rnnshape.programs import Source, explore_code, read_lets
from rnnshape.run.code import run_program
from rnnshape.structure import reading

CASES = json.loads((Path(__file__).parent.parent / "snippets" / "cases.json").read_text(encoding="utf-8"))

PROGRAMS = {
    "rebound": """
x = Input((10, 8))
x, h, c = LSTM(4, return_sequences=True, return_state=True)(x)
x = LSTM(4)(x)
""",
    "loop": """
x = Input((None, 8))
for units in (4, 4):
    x, h, c = LSTM(units, return_state=True, return_sequences=True)(x)
""",
    "inlined": """
def block(x, units):
    x = Dropout(0.3)(x)
    seq, h, c = LSTM(units, return_sequences=True, return_state=True)(x)
    return seq

a = block(Input((5, 3)), 4)
b = block(a, 6)
""",
    "unnamed": """
Dense(4)(LSTM(8, return_state=True)(Input((3, 2)))[0])
LSTM(8, return_sequences=True, return_state=True)(Input((3, 2)))
""",
    "inside": """
model = Sequential()
model.add(LSTM(8, input_shape=(5, 3)))
model.add(RepeatVector(3))
""",
    "unbuilt": """
model = Sequential([LSTM(8), RepeatVector(3)])
""",
    "eager": """
x = np.random.rand(3, 5, 8).astype("float32")
out = LSTM(4, return_sequences=True, return_state=True)(x)
last = out[0][:, -1]
""",
    "one object twice": """
x = np.random.rand(2, 5).astype("float32")
a, b = GRUCell(4)(x, np.zeros((2, 4), "float32"))
print(Dense(2)(GRUCell(3)(x, [np.zeros((2, 3), "float32")])[0]))
""",
    "predicted": """
model = Sequential([Input((5, 3)), LSTM(4)])
data = np.ones((7, 5, 3))
p = model.predict(data, verbose=0)
q = model(data)
""",
    "data": """
import pandas as pd
frame = pd.read_csv("no-such-file.csv")
data = frame.values
model = Sequential([Input((5, 3)), LSTM(4, return_state=True)])
model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.01))
stop = keras.callbacks.EarlyStopping()
history = model.fit(data, data, epochs=100, callbacks=[stop])
print(history.history["loss"])
model.save("no-such-folder/model.keras")
""",
    "undefined": """
enc, h, c = LSTM(latent_dim, return_state=True, kernel_regularizer=mine)(x)
""",
    "prompts": """
>>> from __future__ import print_function
>>> x = Input((10, 8)); y, h, c = LSTM(4, return_state=True)(x)
>>> y.shape
(None, 4)
""",
    "a handled error": """
try:
    from keras.layers import CuDNNLSTM as Layer
except ImportError:
    from keras.layers import LSTM as Layer
ys = [Layer(4)(Input((5, n + 2))) for n in range(3)]
joined = Concatenate()(ys[:2])
""",
    "fixed": """
x = LSTM(4)(Input((10, 8)))
y, h, c = LSTM(4, return_state=True)(x)
""",
    "no fix": """
y, h, c = LSTM(4, return_state=True)(Input((10, 8)))
z = Unheard(3)(y)
""",
    "no Python": """
y, h, c = = LSTM(4, return_state=True)(Input((10, 8)))
""",
    "one name twice": """
a = Sequential([Input((5, 3)), LSTM(4, name="rnn"), RepeatVector(2)])
b = Sequential([Input((5, 3)), LSTM(4, name="rnn"), RepeatVector(2)])
""",
}
ASSERTIONS = {
    "rebound": 1, "loop": 2, "inlined": 2, "unnamed": 2, "inside": 2, "unbuilt": 2, "eager": 2, "one object twice": 2,
    "predicted": 1,
    "data": 1, "undefined": 1, "prompts": 1, "a handled error": 1, "fixed": 1, "no fix": 1, "no Python": 0,
    "one name twice": 0,
}  # fmt: skip


@functools.cache
def script_of(code, **lets):
    return explore_code(Source(code, "snippet.py"), read_lets(lets), with_script=True).program.script


def run(script):
    """Run a script as a fresh process would, as far as names go."""
    import keras

    keras.utils.clear_session()
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(script, "script.py", "exec"), {"__name__": "__main__"})  # noqa: S102 - what is tested


@pytest.mark.parametrize("name", ["s01", "e14", "b03", "k04"])
def test_the_script_of_a_broken_snippet_has_the_fix(name):
    case = next(case for case in CASES if case["id"] == name)
    report = explore_code(Source(case["code"], "snippet.py"), read_lets(case["let"]), with_script=True)
    assert report.with_fix is not None
    script = report.program.script
    run(script)
    assert script.count("assert np.") >= len(report.with_fix.equal)
    for changed in report.error.fix.adds:
        assert "passed over" in script or _bare(changed.code) in _bare(script)


def _bare(code):
    return re.sub(r"_keep\(\"[^\"]*\", |\)|\s", "", code)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_script_runs_and_asserts(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    script = script_of(PROGRAMS[name])
    run(script)
    assert script.count("assert np.") == ASSERTIONS[name], script
    assert list(tmp_path.iterdir()) == []


def test_an_assertion_fails_where_it_does_not_hold():
    script = script_of(PROGRAMS["rebound"]).replace(":], h)", ":], h + 1)")
    with pytest.raises(AssertionError):
        run(script)


def test_what_is_not_run_is_a_comment():
    lines = script_of(PROGRAMS["data"]).splitlines()
    assert 'frame = None  # passed over: frame = pd.read_csv("no-such-file.csv")' in lines
    assert "# passed over: import pandas as pd" in lines
    assert 'model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.01))' in lines
    assert '# passed over: model.save("no-such-folder/model.keras")' in lines


def test_what_is_assumed_and_given_stands_in_front():
    script = script_of("y = LSTM(units + more)(data)\nz = LSTM(n)(data)", units="3", data="Input((5, 2))")
    front = script.partition("\n\ny = ")[0].splitlines()
    assert "units = 3  # given with --let" in front
    assert "data = Input((5, 2))  # given with --let" in front
    assert {"more = 13  # assumed", "n = 17  # assumed"} <= set(front)
    assert "from keras.layers import LSTM, Input" in front
    run(script)


def test_where_the_code_stops_the_rest_is_a_comment():
    lines = script_of(PROGRAMS["no fix"]).splitlines()
    assert "# The code stops here. Line 3: name 'Unheard' is not defined" in lines
    assert "# z = Unheard(3)(y)" in lines


def test_what_cannot_be_asserted_is_told_and_the_rest_asserted():
    code = "x = Input((6, 4))\nz = x[:, -1, :]\no, h, c = GRU(5, return_state=True)(x)"
    trace = run_program(read(code))
    assert "gru_output" in {tensor.name for tensor in trace.tensors}
    statement = tuple(map(reading.expression, ("z", "gru_output", "x[:, -1, :]")))
    script = script_of_trace(trace, equal=[statement], close=(), about=[])
    run(script)
    assert "    assert np.array_equal(z, x[:, -1, :])" in script.splitlines()
    assert "# Not asserted: z == gru_output" in script.splitlines()


def test_a_fix_is_in_the_script():
    lines = script_of(PROGRAMS["fixed"]).splitlines()
    assert "# Fixed in line 2: x = LSTM(4, return_sequences=True)(Input((10, 8)))" in lines
    assert "x = LSTM(4, return_sequences=True)(Input((10, 8)))" in "\n".join(lines)


@pytest.mark.parametrize("name", ["inlined", "data"])
def test_a_script_runs_in_a_fresh_process(name, tmp_path):
    path = tmp_path / "script.py"
    path.write_text(script_of(PROGRAMS[name]), encoding="utf-8")
    process = subprocess.run(
        [sys.executable, path], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert process.returncode == 0, process.stderr
    assert "hold" in process.stdout


def test_the_command_line_prints_the_script(capsys):
    assert cli.run([PROGRAMS["rebound"], "--code"]) == 0
    script = capsys.readouterr().out
    assert script.startswith("# Code from the command line, checked by rnnshape")
    run(script)


def test_the_document_has_no_script_unless_it_is_asked_for():
    report = explore_code(Source("x = LSTM(4)(Input((3, 2)))"))
    assert "script" not in report.to_dict()["program"]
