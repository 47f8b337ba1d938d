"""Another backend than TensorFlow, wished for: whose answer it is, is said; a wish for TensorFlow is no news."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from rnnshape import explore
from rnnshape.cli import run
from rnnshape.run.engine import Choice, passed_over

SMALL = ["--batch", "2", "--time", "3", "--features", "2"]


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """Set the variable, and what the configuration file holds."""

    def set_both(variable, file):
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        if variable is None:
            monkeypatch.delenv("KERAS_BACKEND", raising=False)
        else:
            monkeypatch.setenv("KERAS_BACKEND", variable)
        if file is not None:
            (tmp_path / "keras.json").write_text(file)

    return set_both


FILE = "keras.json"


@pytest.mark.parametrize(
    ("variable", "file", "expected"),
    [
        (None, None, None),
        ("", None, None),
        ("tensorflow", '{"backend": "jax"}', None),
        ("torch", None, ("torch", "KERAS_BACKEND")),
        ("torch", '{"backend": "jax"}', ("torch", "KERAS_BACKEND")),
        (None, '{"backend": "jax"}', ("jax", FILE)),
        ("", '{"backend": "jax"}', ("jax", FILE)),
        (None, '{"backend": "tensorflow"}', None),
        (None, '{"floatx": "float32"}', None),
        (None, '{"backend": 3}', None),
        (None, "[1]", None),
        (None, "{", None),
        (None, "[" * 100_000, None),
    ],
)
def test_the_choice_that_is_passed_over(chosen, tmp_path, variable, file, expected):
    chosen(variable, file)
    where = str(tmp_path / FILE)
    assert passed_over() == (expected and Choice(expected[0], where if expected[1] == FILE else expected[1]))


def test_everything_says_whose_answer_it_is(chosen, capsys):
    chosen("torch", None)
    assert run(["gru", "--json", *SMALL]) == 0
    captured = capsys.readouterr()
    versions = json.loads(captured.out)["versions"]
    assert (versions["backend"], versions["passed_over"]) == ("tensorflow", "torch")
    assert captured.err == "rnnshape: The backend torch, from KERAS_BACKEND, is passed over: TensorFlow answers.\n"
    assert run(["gru", "-q", "lstm", *SMALL]) == 0
    assert capsys.readouterr().err.count("\n") == 1
    assert "(the backend torch is passed over)" in str(explore("gru", batch=2, time=3))


@pytest.mark.parametrize("variable", [None, "tensorflow"])
def test_nothing_is_said_of_tensorflow(chosen, capsys, variable):
    chosen(variable, None)
    assert run(["gru", *SMALL]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "backend" not in captured.out
    versions = explore("gru", batch=2, time=3).to_dict()["versions"]
    assert (versions["backend"], "passed_over" in versions) == ("tensorflow", False)


def test_the_import_leaves_the_choice_where_it_was():
    """A worker hands its first client's environment on as far as imports changed it: the choice must not be in it."""
    code = "import os; from rnnshape.run import engine; engine.load(); print(os.environ['KERAS_BACKEND'])"
    env = {**os.environ, "KERAS_BACKEND": "torch"}
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert ran.stdout == "torch\n"


def test_keras_on_another_backend_cannot_be_used():
    """As in a notebook that has imported Keras before."""
    code = (
        "import sys, types; keras = types.ModuleType('keras'); keras.__version__ = '3.15.1'\n"
        "keras.config = types.SimpleNamespace(backend=lambda: 'jax'); sys.modules['keras'] = keras\n"
        "sys.modules['tensorflow'] = types.ModuleType('tensorflow')\n"
        "from rnnshape import explore\n"
        "try:\n    explore('gru')\nexcept Exception as error:\n    print(type(error).__name__, error)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    said, hint = ran.stdout.splitlines()
    assert said == "NoTensorflow rnnshape runs Keras on TensorFlow. Received: Keras, imported already, on jax"
    assert "KERAS_BACKEND=tensorflow" in hint
