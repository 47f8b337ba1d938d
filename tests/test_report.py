"""Reports: the JSON document, its schema, and the way back from a document to a report."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import types
import typing
from importlib import resources
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from rnnshape import errors, program_report, report
from rnnshape.document import Text
from rnnshape.errors import InvalidQuery
from rnnshape.expression import parse
from rnnshape.report import (
    Declared,
    Input,
    Parameters,
    Ran,
    Report,
    Returned,
    States,
    Tensor,
    Versions,
    Weight,
)
from rnnshape.structure import reading

SCHEMA = json.loads(resources.files("rnnshape").joinpath("schema.json").read_text(encoding="utf-8"))
DATACLASSES = [
    item
    for module in (report, program_report)
    for item in vars(module).values()
    if dataclasses.is_dataclass(item) and item.__module__ == module.__name__
]


def lstm(**more: Any) -> Report:
    """Return the report of the README's LSTM, without TensorFlow."""

    def tensor(name: str, at: int, *shape: int) -> Tensor:
        axes = ("batch", "timesteps", "units") if len(shape) == 3 else ("batch", "units")
        return Tensor(name=name, path=(at,), shape=shape, axes=axes, dtype="float32", meaning="…")

    return Report(
        layer=parse("LSTM(4, return_sequences=True, return_state=True)"),
        input=Input(shape=(None, 10, 8), axes=("batch", "timesteps", "features"), dtype="float32"),
        unpack=reading.unpack("whole_sequence_output, final_memory_state, final_carry_state = layer(inputs)"),
        tensors=(
            tensor("whole_sequence_output", 0, 32, 10, 4),
            tensor("final_memory_state", 1, 32, 4),
            tensor("final_carry_state", 2, 32, 4),
        ),
        equal=(tuple(map(reading.expression, ("whole_sequence_output[:, -1, :]", "final_memory_state"))),),
        same_shape_different_values=(tuple(map(reading.expression, ("final_memory_state", "final_carry_state"))),),
        states=States(accepts=[[32, 4], [32, 4]], structure=reading.nest("[h, c]")),
        declared=Declared(agrees=True, structure="((32, 10, 4), (32, 4), (32, 4))"),
        returned=Returned(structure="((32, 10, 4), (32, 4), (32, 4))", container="tuple"),
        parameters=Parameters(total=208, weights=(Weight(name="kernel", shape=(8, 16)),)),
        ran=Ran(seed=0, draws=2, device="CPU", reduced_to=None),
        versions=Versions(rnnshape="0", keras="3", tensorflow="2", python="3"),
        **more,
    )


def test_the_document_of_the_contract() -> None:
    document = lstm().to_dict()
    assert list(document) == [
        "schema_version", "layer", "input", "unpack", "tensors", "equal", "same_shape_different_values", "states",
        "declared", "returned", "parameters", "ran", "versions",
    ]  # fmt: skip
    assert document["schema_version"] == 1
    assert document["input"] == {
        "shape": [None, 10, 8],
        "axes": ["batch", "timesteps", "features"],
        "dtype": "float32",
    }
    assert list(document["tensors"][0]) == ["name", "path", "shape", "axes", "dtype", "meaning"]
    assert document["tensors"][1]["path"] == [1]
    assert document["equal"] == [["whole_sequence_output[:, -1, :]", "final_memory_state"]]
    assert document["states"] == {"accepts": [[32, 4], [32, 4]], "structure": "[h, c]"}
    assert document["declared"] == {"agrees": True, "structure": "((32, 10, 4), (32, 4), (32, 4))"}
    assert document["returned"] == {"structure": "((32, 10, 4), (32, 4), (32, 4))", "container": "tuple"}
    assert document["parameters"] == {"total": 208, "weights": [{"name": "kernel", "shape": [8, 16]}]}
    assert document["ran"] == {"seed": 0, "draws": 2, "device": "CPU", "reduced_to": None}
    assert list(document["versions"]) == ["rnnshape", "keras", "tensorflow", "python"]


def test_what_is_absent_and_what_is_null() -> None:
    bare = dataclasses.replace(lstm(), states=None).to_dict()
    assert bare["states"] is None
    assert "mask" not in bare
    assert lstm(training=False).to_dict()["training"] is False
    assert lstm(close=()).to_dict()["close"] == []


# --- the schema and the dataclasses in step


def fields_of(cls: Any) -> list[Any]:
    """Return the fields that the document has."""
    return [field for field in dataclasses.fields(cls) if field.metadata.get("document", True)]


def expected_schema(kind: Any, module: str) -> dict[str, Any]:
    """Return the schema of an annotation, without its description."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        inner = expected_schema(typing.get_args(kind)[0], module)
        return {"type": [inner["type"], "null"]} if set(inner) == {"type"} else {"anyOf": [inner, {"type": "null"}]}
    if dataclasses.is_dataclass(kind):
        return {"$ref": f"#/$defs/{kind.__name__.lower()}"}  # type: ignore[union-attr]
    if typing.get_origin(kind) is tuple:
        return {"type": "array", "items": expected_schema(typing.get_args(kind)[0], module)}
    if typing.get_origin(kind) is list:
        return {"$ref": f"#/$defs/{'sizes' if module == report.__name__ else 'names'}"}
    if typing.get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": expected_schema(typing.get_args(kind)[1], module)}
    kind = str if hasattr(kind, "__metadata__") else kind
    return {"type": {str: "string", int: "integer", float: "number", bool: "boolean"}[kind]}


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["anyOf"] == [{"$ref": f"#/$defs/{kind}"} for kind in ("report", "programreport", "error")]
    assert set(SCHEMA["$defs"]) == {cls.__name__.lower() for cls in DATACLASSES} | {"sizes", "names", "error"}


@pytest.mark.parametrize("cls", DATACLASSES, ids=lambda cls: cls.__name__)
def test_every_field_is_in_the_schema_and_the_other_way_round(cls: Any) -> None:
    found = SCHEMA["$defs"][cls.__name__.lower()]
    hints = typing.get_type_hints(cls, include_extras=True)
    expected, required = {}, []
    for field in fields_of(cls):
        # What is None by default is left out of the document while it is None: so it is never null.
        is_optional = field.default is None
        kind = typing.get_args(hints[field.name])[0] if is_optional else hints[field.name]
        expected[field.name] = {"const": 1} if field.name == "schema_version" else expected_schema(kind, cls.__module__)
        required += [] if is_optional else [field.name]
    assert list(found["properties"]) == list(expected), "in the order of the document"
    assert {name: {k: v for k, v in each.items() if k != "description"} for name, each in found["properties"].items()} == expected  # fmt: skip  # noqa: E501
    assert found["required"] == required
    assert all(each["description"].endswith(".") for each in found["properties"].values())
    assert "additionalProperties" not in found


# --- generated reports

words = st.text(max_size=6)
WRITTEN: dict[Any, list[str]] = {
    parse: ["GRU(4)", "Bidirectional(LSTM(4, return_state=True), merge_mode='sum')", "RNN(a/b.py:Cell(2))"],
    reading.expression: [
        "output", "a[:, -1, :]", "a[rows, -1 - first_step, :2]", "a + b", "(a + b) / 2", "x * y[:, 0]",
        "[[concatenate([a, b], axis=-1)], zeros_like(a + b)]",
    ],
    reading.unpack: [
        "a = layer(inputs)", "a, (b, _, c) = cell(inputs, states)", "() = layer(inputs, mask=mask)",
        "a, = layer(inputs).values()",
    ],
    reading.nest: ["[]", "[h, c]", "[[forward_h], [cell_0_c, state_3, state]]"],
}  # fmt: skip
"""Texts of each kind of structure, by what reads them."""
sizes = st.recursive(st.none() | st.integers(0, 99), lambda inner: st.lists(inner, max_size=3), max_leaves=5)


def built(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for an annotation."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        return st.none() | built(typing.get_args(kind)[0])
    if hasattr(kind, "__metadata__"):
        (text,) = (mark for mark in kind.__metadata__ if isinstance(mark, Text))
        return st.sampled_from(WRITTEN[text.read]).map(text.read)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind, include_extras=True)
        names = [field.name for field in fields_of(kind) if field.name != "schema_version"]
        return st.builds(kind, **{name: built(hints[name]) for name in names})
    if typing.get_origin(kind) is tuple:
        return st.lists(built(typing.get_args(kind)[0]), max_size=2).map(tuple)
    if typing.get_origin(kind) is list:
        return st.lists(sizes, max_size=3)
    return {str: words, int: st.integers(0, 2**40), float: st.floats(0, 1e6), bool: st.booleans()}[kind]


reports = built(Report)
quickly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
VALIDATOR = Draft202012Validator(SCHEMA)


@quickly
@given(reports)
def test_a_report_and_its_document_say_the_same(found: Report) -> None:
    document = json.loads(json.dumps(found.to_dict()))
    assert document == found.to_dict(), "nothing but plain JSON"
    VALIDATOR.validate(document)
    assert Report.from_dict(document) == found
    document["added_later"] = document["ran"]["added_later"] = {"a": 1}
    VALIDATOR.validate(document)
    assert Report.from_dict(document) == found


@pytest.mark.parametrize("cls", [errors.InvalidQuery, errors.KerasRefused, errors.NoTensorflow, errors.RnnshapeError])
@pytest.mark.parametrize("more", [{}, {"hint": "hint", "layer": "LSTM(4)"}])
def test_errors_are_valid_too(cls: type[errors.RnnshapeError], more: dict[str, str]) -> None:
    VALIDATOR.validate(cls("message", **more).to_dict())


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="nothing"),
        pytest.param([], id="a list"),
        pytest.param({"schema_version": 2}, id="another version"),
        pytest.param({"schema_version": 1, "layer": "LSTM(4)"}, id="neither"),
        pytest.param({"schema_version": 1, "layer": "LSTM(4)", "error": {"code": "x"}}, id="half an error"),
        pytest.param(lstm().to_dict() | {"tensors": [{"name": "a"}]}, id="half a tensor"),
        pytest.param(lstm().to_dict() | {"mask": None}, id="null for absent"),
        pytest.param(lstm().to_dict() | {"states": {"accepts": [["4"]], "structure": ""}}, id="a word for a size"),
    ],
)
def test_the_schema_can_refuse(document: object) -> None:
    assert not VALIDATOR.is_valid(document)


# --- documents of others


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 2}, "A report's schema_version must be 1. Received: schema_version=2"),
        (
            {"schema_version": True},
            "report.schema_version must be a whole number. Received: report.schema_version=True",
        ),
        ({"layer": 4}, "report.layer must be a string. Received: report.layer=4"),
        ({"layer": None}, "report.layer must be a string. Received: report.layer=None"),
        (
            {"layer": "GRU"},
            "report.layer: This is not a layer expression: it has the bare name GRU. Received: GRU",
        ),
        (
            {"unpack": "a, = f(x)"},
            "report.unpack must be the assignment that unpacks the return value. Received: report.unpack='a, = f(x)'",
        ),
        (
            {"equal": [["a", "a[1]"]]},
            "report.equal[0][1] must be an expression over the names of tensors. Received: report.equal[0][1]='a[1]'",
        ),
        ({"input": []}, "report.input must be an object. Received: report.input=[]"),
        ({"tensors": {}}, "report.tensors must be a list. Received: report.tensors={}"),
        ({"tensors": [4]}, "report.tensors[0] must be an object. Received: report.tensors[0]=4"),
        ({"tensors": [{}]}, "report.tensors[0] must have the key 'name'. Received the keys: []"),
        ({"equal": [["a", 4]]}, "report.equal[0][1] must be a string. Received: report.equal[0][1]=4"),
        (
            {"ran": {"seed": True, "draws": 2, "device": "CPU", "reduced_to": None}},
            "report.ran.seed must be a whole number. Received: report.ran.seed=True",
        ),
        (
            {"states": {"accepts": ["a"], "structure": ""}},
            "report.states.accepts must be nested lists of sizes. Received: report.states.accepts=['a']",
        ),
        (
            {"measured": {"median": True, "quartiles": [], "calls": 1, "relative": 1}},
            "report.measured.median must be a number. Received: report.measured.median=True",
        ),
        (
            {"measured": {"median": 1, "quartiles": [float("nan")], "calls": 1, "relative": 1}},
            "report.measured.quartiles[0] must be a number. Received: report.measured.quartiles[0]=nan",
        ),
        ({"training": 1}, "report.training must be true or false. Received: report.training=1"),
    ],
)
def test_documents_that_are_none(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        Report.from_dict(lstm().to_dict() | change)
    assert caught.value.message == message


def test_a_missing_key_is_named() -> None:
    document = lstm().to_dict()
    del document["states"]
    with pytest.raises(InvalidQuery, match="report must have the key 'states'"):
        Report.from_dict(document)


def deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("key", ["schema_version", "tensors", "equal", "states", "ran", "mask"])
@pytest.mark.parametrize("value", [deep(100_000), {"accepts": deep(100_000), "structure": ""}, "x" * 10**6])
def test_deep_and_long_documents_are_refused_briefly(key: str, value: Any) -> None:
    with pytest.raises(InvalidQuery) as caught:
        Report.from_dict(lstm().to_dict() | {key: value})
    assert len(caught.value.message) < 500


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
KEYS = [field.name for field in dataclasses.fields(Report)]


@quickly
@given(plain | st.dictionaries(st.sampled_from(KEYS), plain).map(lambda change: lstm().to_dict() | change))
def test_whatever_is_read_is_a_report_or_refused(document: Any) -> None:
    try:
        found = Report.from_dict(document)
    except InvalidQuery:
        return
    VALIDATOR.validate(found.to_dict())


# --- structure


@pytest.mark.parametrize(("read", "text"), [(read, text) for read, texts in WRITTEN.items() for text in texts])
def test_what_is_read_is_written_as_it_was(read: Any, text: str) -> None:
    assert str(read(text)) == text


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((reading.expression, text) for text in ("", "a[1]", "a[", "a + ", "a + b + c", "f(a)", "(a) / 2", "[" * 99)),
        *((reading.unpack, text) for text in ("", "a = f(x)", "a, b", "a, (b = layer(inputs)")),
        (reading.unpack, f"{'(' * 99} = layer(inputs)"),
        *((reading.nest, text) for text in ("", "h", "[h", "[H I]", "[" * 99)),
    ],
)  # fmt: skip
def test_what_is_not_ours_is_refused(read: Any, text: str) -> None:
    with pytest.raises(ValueError, match=r"^(a|an|the|nested|names) \w+"):
        read(text)


def test_an_expression_is_a_string_that_knows_its_parts() -> None:
    whole = reading.expression("concatenate([a[:, -1, :4], b], axis=-1)")
    assert [(term.tensor, str(term.at)) for term in whole.terms] == [("a", "[:, -1, :4]"), ("b", "")]
    assert whole.written(lambda term: term.tensor.upper(), "np.") == "np.concatenate([A, B], axis=-1)"
    for copied in (pickle.loads(pickle.dumps(whole)), copy.deepcopy(whole)):
        assert (copied, copied.terms, type(copied)) == (whole, whole.terms, type(whole))


@pytest.mark.parametrize(
    "name",
    [
        "output", "output_2", "whole_sequence_output", "backward_whole_sequence_output", "final_state", "final_state_3",
        "forward_cell_0_final_memory_state", "cell_1_every_carry_state", "every_state_0",
    ],
)  # fmt: skip
def test_a_name_is_a_spelling_of_a_role(name: str) -> None:
    assert reading.role(name, "").name == name


def test_what_a_document_tells_of_roles() -> None:
    assert [role.name for role in reading.nest("[[h, c], [cell_1_h]]").roles] == [
        "final_memory_state", "final_carry_state", "cell_1_final_state",
    ]  # fmt: skip
    assert reading.role("final_state", "hidden state h after the first timestep, run last").is_backwards
