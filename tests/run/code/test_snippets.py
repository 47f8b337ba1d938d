"""Seventy snippets as people post them, against what happened when each was really executed with Keras."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import warnings
from pathlib import Path

import pytest

from rnnshape.answer import report_of
from rnnshape.program import NotRead, read, read_value
from rnnshape.program.script import script_of
from rnnshape.report import Versions
from rnnshape.run.code import run_program

VERSIONS = Versions(rnnshape="0.1.0", keras="3.15.1", tensorflow="2.21.0", python="3.11.7")
CASES = json.loads((Path(__file__).parents[2] / "snippets" / "cases.json").read_text(encoding="utf-8"))
CLASS_LINES = {"a04": 4, "c02": 1, "c03": 1, "u01": 1, "u03": 1, "u04": 3, "u06": 4}
"""Snippets that use a class of their own, which is not read: the line of the class."""
ANOTHER_ERROR = {
    # Bidirectional is not imported there, which is no error for us: the next one is.
    "f04": ("TypeError", 14, "concatenate() missing 1 required positional argument: 'inputs'"),
}


BY_ID = {case["id"]: case for case in CASES}


@functools.cache
def traced(name):
    """Return the trace of a case; of text that is no Python, the error."""
    case = BY_ID[name]
    try:
        code = read(case["code"])
    except NotRead as error:
        return error
    lets = {name: read_value(text, name=name) for name, text in case["let"].items()}
    return run_program(code, lets, draws=2 if case["truth"]["equal"] else 0)


def error_of(case):
    """Return the type and the line of the error that is expected; None where there is none."""
    if case["id"] in CLASS_LINES:
        return "NotRead", CLASS_LINES[case["id"]]
    if case["id"] in ANOTHER_ERROR:
        return ANOTHER_ERROR[case["id"]][:2]
    error = case["truth"]["error"]
    return error and (error["type"], error["line"])


def expected_tensors(case):
    """Return what was bound, by name, kind and shape, up to where the reading stops."""
    tensors = case["truth"]["tensors"]
    if case["id"] in CLASS_LINES:
        at = next((number for number, line in enumerate(case["code"].splitlines(), 1) if uses_class(case, line)), 0)
        tensors = [tensor for tensor in tensors if tensor["line"] < at]
    return [(tensor["name"], tensor["kind"], tuple(tensor["shape"])) for tensor in tensors]


def uses_class(case, line):
    text = case["code"].splitlines()[CLASS_LINES[case["id"]] - 1]
    name = text.removeprefix("class ").partition("(")[0]
    return f"{name}(" in line and not line.startswith("class ") and "super" not in line


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_snippet_is_answered_as_keras_has_it(case):
    trace = traced(case["id"])
    if isinstance(trace, NotRead):
        assert (trace.kind, trace.line) == error_of(case)
        return
    stop = trace.stop
    assert (stop and (stop.kind, stop.line)) == error_of(case), stop
    found = [(tensor.variable, tensor.kind, tensor.shape) for tensor in trace.tensors]
    for tensor in expected_tensors(case):
        assert tensor in found
        found.remove(tensor)
    # Nothing else is claimed under a name that the code gives at its top level.
    names = {tensor["name"] for tensor in case["truth"]["tensors"]}
    loops = "for _ in range" in case["code"]
    left = [tensor for tensor in found if tensor[0] in names]
    assert left == [] or loops, left


@pytest.mark.parametrize("case", [case for case in CASES if case["truth"]["equal"]], ids=lambda case: case["id"])
def test_pairs_found_equal_when_executed_are_equal_in_every_draw(case):
    import numpy as np

    trace = traced(case["id"])
    for pair in case["truth"]["equal"]:
        for draw in range(trace.draws):
            values = {tensor.variable: tensor.draws[draw] for tensor in trace.tensors if tensor.draws}
            one, other = (value_of(expression, values) for expression in pair)
            if one is not None and other is not None:
                np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_script_of_a_snippet_runs_and_asserts_what_is_equal(case, monkeypatch, tmp_path):
    import keras

    trace = traced(case["id"])
    if isinstance(trace, NotRead):
        return
    equal = report_of(trace, VERSIONS).equal
    script = script_of(trace, equal=equal, close=(), about=[])
    assert script.count("assert np.") + script.count("Not asserted") >= len(equal)
    monkeypatch.chdir(tmp_path)
    keras.utils.clear_session()
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(script, "script.py", "exec"), {"__name__": "__main__"})  # noqa: S102 - what is tested


def value_of(expression, values):
    """Return the value of `x[:, -1][..., :8]`, of a name alone too; None of what is no tensor of ours."""
    name, _, rest = expression.partition("[")
    if name not in values:
        return None
    value = values[name]
    for index in rest.split("[") if rest else []:
        value = value[INDICES[index.rstrip("]")] if index.rstrip("]") in INDICES else halves(index.rstrip("]"))]
    return value


INDICES = {":, -1": (slice(None), -1), ":, 0": (slice(None), 0)}


def halves(text):
    start, _, stop = text.removeprefix("..., ").partition(":")
    return (..., slice(int(start) if start else None, int(stop) if stop else None))


def test_a_tensor_that_the_code_throws_away_has_the_name_that_it_gives():
    trace = run_program(read("y, _, c = LSTM(4, return_state=True)(Input((3, 2)))\n_ = Dense(2)(y)"), draws=0)
    named = {(tensor.name, tensor.variable) for tensor in trace.tensors if tensor.variable is not None}
    assert named == {("y", "y"), ("_", "_"), ("c", "c"), ("__2", "_")}


def test_data_that_is_cut_for_the_run_is_no_other_shape_than_declared():
    trace = run_program(read("x = np.zeros((100000, 1000, 100))\ny = LSTM(4)(x)"))
    assert [(step.declared, step.returned) for step in trace.steps] == [("(100000, 4)", "(100000, 4)")]
