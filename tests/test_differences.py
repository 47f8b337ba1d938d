"""What differs between two documents: each kind of change is told once, and nothing else is."""

from __future__ import annotations

import copy
import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnshape import report
from rnnshape.differences import Difference, differences, versions

AXES = ["batch", "units"]
LAYER = {
    "schema_version": 1,
    "layer": "GRU(4, return_state=True)",
    "input": {"shape": [32, 10, 8], "axes": ["batch", "timesteps", "features"], "dtype": "float32"},
    "unpack": "output, final_state = layer(inputs)",
    "tensors": [
        {"name": "output", "path": [0], "shape": [32, 4], "axes": AXES, "dtype": "float32", "meaning": "o"},
        {"name": "final_state", "path": [1], "shape": [32, 4], "axes": AXES, "dtype": "float32", "meaning": "s"},
    ],
    "equal": [["output", "final_state"]],
    "same_shape_different_values": [],
    "states": {"accepts": [[32, 4]], "structure": "[h]"},
    "declared": {"agrees": True, "structure": "((32, 4), (32, 4))"},
    "returned": {"structure": "((32, 4), (32, 4))", "container": "tuple"},
    "parameters": {"total": 168, "weights": [{"name": "kernel", "shape": [8, 12]}, {"name": "bias", "shape": [12]}]},
    "ran": {"seed": 0, "draws": 2, "device": "CPU", "reduced_to": None},
    "versions": {"rnnshape": "0.1.0", "keras": "3.0", "tensorflow": "2.0", "python": "3.11", "backend": "tensorflow"},
}  # fmt: skip
ERROR = {"schema_version": 1, "layer": "GRU(4)", "error": {"code": "keras-refused", "message": "no", "hint": None}}
CALL = {"line": 2, "layer": "LSTM(4)", "name": "lstm", "inputs": ["x"], "returns": ["y"], "declared": {"agrees": True}}
PROGRAM = {
    "schema_version": 1,
    "program": {"source": "a.py", "lines": 2, "executed": False},
    "inputs": [{"name": "x", "variable": "x", "line": 1, "shape": [3, 4], "dtype": "float32"}],
    "steps": [CALL],
    "tensors": [{"name": "y", "line": 2, "step": 0, "path": [], "shape": [3, 4], "masked": False}],
    "equal": [],
    "assumed": [],
    "error": None,
    "versions": LAYER["versions"],
}


def changed(document, value, *path):
    """Return the document with another value at this place; None takes it away."""
    found = copy.deepcopy(document)
    at = found
    for key in path[:-1]:
        at = at[key]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return found


# the document, the value in it that is another one, where that is, what is told
CHANGES = [
    (LAYER, [32, 5], ("tensors", 0, "shape"), ["shape of output: (32, 4) -> (32, 5)"]),
    (LAYER, "h", ("tensors", 1, "meaning"), ["meaning of final_state: s -> h"]),
    (LAYER, "float16", ("tensors", 0, "dtype"), ["dtype of output: float32 -> float16"]),
    (LAYER, "final", ("tensors", 1, "name"), ["name of the tensor at [1]: final_state -> final"]),
    (LAYER, LAYER["tensors"][:1], ("tensors",), ["tensors, gone: final_state (32, 4)"]),
    (LAYER, [], ("equal",), ["equal, gone: output = final_state"]),
    (LAYER, [["final_state", "output"]], ("equal",), []),
    (LAYER, [["output", "output[:, :]", "final_state"]], ("equal",), [
        "equal, gone: output = final_state",
        "equal, new: output = output[:, :] = final_state",
    ]),
    (LAYER, [["output", "final_state"]], ("close",), ["equal up to rounding, new: output ≈ final_state"]),
    (LAYER, ["output"], ("undecided",), ["undecided, new: output"]),
    (LAYER, False, ("declared", "agrees"), ["declared agrees: True -> False"]),
    (LAYER, "list", ("returned", "container"), ["returned container: tuple -> list"]),
    (LAYER, None, ("states",), ["states, gone: accepts: (32, 4), structure: [h]"]),
    (LAYER, 170, ("parameters", "total"), ["parameters total: 168 -> 170"]),
    (LAYER, [8, 13], ("parameters", "weights", 0, "shape"), ["shape of kernel: (8, 12) -> (8, 13)"]),
    (LAYER, "4.0", ("versions", "keras"), []),
    (LAYER, 1, ("ran", "seed"), []),
    (LAYER, 2, ("of_a_later_version",), ["of a later version, new: 2"]),
    (PROGRAM, [3, 5], ("tensors", 0, "shape"), ["shape of y: (3, 4) -> (3, 5)"]),
    (PROGRAM, ["z"], ("steps", 0, "returns"), ["returns of lstm: y -> z"]),
    (PROGRAM, [CALL, {**CALL, "name": "gru"}], ("steps",), ["steps, new: gru"]),
    (PROGRAM, [], ("inputs",), ["inputs, gone: x (3, 4)"]),
    (PROGRAM, [{"name": "n", "code": "3"}], ("assumed",), ["assumed, new: n"]),
    (PROGRAM, {"code": "keras-refused", "line": 2}, ("error",), ["error, new: code: keras-refused, line: 2"]),
]  # fmt: skip


@pytest.mark.parametrize(("document", "value", "path", "told"), CHANGES)
def test_a_change_is_told_once(document, value, path, told):
    other = changed(document, value, *path)
    assert [str(one) for one in differences(document, other)] == told
    assert len(differences(other, document)) == len(told)
    assert differences(other, other) == ()


def test_a_key_that_only_another_version_knows_is_no_difference():
    later = changed(changed(LAYER, 2, "of_a_later_version"), "0.2.0", "versions", "rnnshape")
    assert differences(LAYER, later) == differences(later, LAYER) == ()
    later["tensors"][0]["role"] = "output"
    assert differences(LAYER, later) == ()
    assert versions(LAYER, later) == ("rnnshape 0.1.0 -> 0.2.0",)


def test_an_answer_that_was_an_error():
    (only,) = differences(ERROR, LAYER)
    assert only == Difference(what="outcome", before="keras-refused: no", after="an answer")
    assert differences(ERROR, ERROR) == ()


def test_what_is_compared_are_keys_of_the_document():
    from rnnshape.differences import _NOT_COMPARED, _STATEMENTS

    ours = {field.name for field in dataclasses.fields(report.Report)}
    assert set(_STATEMENTS) <= ours
    assert _NOT_COMPARED - {"script", "with_fix"} <= ours


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
DOCUMENTS = st.dictionaries(st.sampled_from(list({**LAYER, **PROGRAM, **ERROR})), JSON, max_size=6)


@given(DOCUMENTS, DOCUMENTS)
def test_whatever_the_documents_hold(before, after):
    found = differences(before, after)
    assert all(str(one) for one in found)
    assert differences(before, before) == ()
    assert json.dumps([dataclasses.asdict(one) for one in found])
