"""Snippets that Python really runs, beside what the reader says: the same tensors, the same error at the same line."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import traceback
from pathlib import Path

import pytest

from rnnshape.program import read
from rnnshape.run import engine
from rnnshape.run.code import run_program

_SNIPPETS = Path(__file__).parents[2] / "snippets" / "against_python.txt"
_BLOCKS = re.split(r"^#### ", _SNIPPETS.read_text(encoding="utf-8"), flags=re.MULTILINE)
SNIPPETS = dict(block.split("\n", 1) for block in _BLOCKS[1:])


def names():
    """Return what a snippet need not import: a fresh one for each, as Python would have it."""
    import numpy as np
    import tensorflow as tf

    keras = engine.load()
    keras.utils.clear_session(free_memory=False)
    found = {"__name__": "__main__", "np": np, "tf": tf, "keras": keras, "layers": keras.layers}
    found |= {"K": keras.backend, "ops": keras.ops}
    for module in (keras.utils, keras.models, keras.layers):
        found |= {name: value for name, value in vars(module).items() if not name.startswith("_") and callable(value)}
    return found


def kind(value):
    import numpy as np
    import tensorflow as tf

    if isinstance(value, np.ndarray):
        return "array"
    if isinstance(value, engine.load().KerasTensor):
        return "symbolic"
    return "tensor" if isinstance(value, tf.Tensor | tf.Variable) else None


def executed(text):
    """Return the tensors that are bound at the top, in order, and the error's type and line."""
    scope, found = names(), []
    for statement in ast.parse(text).body:
        before = {name: id(value) for name, value in scope.items()}
        try:
            with contextlib.redirect_stdout(io.StringIO()), engine.quiet():
                exec(compile(ast.Module([statement], []), "<snippet>", "exec"), scope)  # noqa: S102 - our own text
        except Exception as error:  # noqa: BLE001 - whatever it is, it is to be the same
            lines = [
                frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<snippet>"
            ]
            return found, (type(error).__name__, lines[-1])
        bound = [
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        ]
        for name in dict.fromkeys(bound):
            value = scope.get(name)
            is_new = isinstance(statement, ast.Assign) or before.get(name) != id(value)
            if is_new and kind(value) is not None:
                found.append((name, kind(value), tuple(value.shape)))
    return found, None


TRAINING = {
    "seq2seq_inf": None,
    "label_mismatch": ("ValueError", 7),
    "sparse_label": ("ValueError", 5),
    "cardinality": ("ValueError", 3),
    "windows": None,
    "embedding_seq": None,
    "nb_epoch": ("TypeError", 3),
    "reset_states": ("AttributeError", 7),
    "stateful_fit_bad": None,
    "dataset": None,
    "timeseries": None,
    "loss_bad": ("ValueError", 3),
    "no_compile": ("ValueError", 2),
    "metrics": None,
    "bce_mismatch": ("ValueError", 3),
    "scce_oob": ("InvalidArgumentError", 3),
    "cce_int": ("ValueError", 3),
    "fit_feature": ("ValueError", 3),
    "fit_two_inputs": ("ValueError", 4),
    "fit_list_y": None,
    "fit_python_list": ("ValueError", 3),
    "dict_in": None,
}
"""What `fit` did with each of those that train: really training takes seconds each."""


def test_all_that_train_are_known():
    assert {name for name, text in SNIPPETS.items() if ".fit(" in text} == set(TRAINING)


@pytest.mark.parametrize("name", SNIPPETS)
def test_reading_agrees_with_running(name):
    text = SNIPPETS[name]
    expected, error = ([], TRAINING[name]) if name in TRAINING else executed(text)
    trace = run_program(read(text), draws=0)
    assert (trace.stop and (trace.stop.kind, trace.stop.line)) == error, trace.stop
    found = [(tensor.variable, tensor.kind, tensor.shape) for tensor in trace.tensors]
    for tensor in expected:
        assert tensor in found
        found.remove(tensor)
