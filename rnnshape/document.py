"""Dataclasses to plain JSON and back: for any frozen dataclass of plain values, tuples and other such dataclasses.

A field that is None by default is left out of the document while it is None; one without a default is always there.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import reprlib
import types
import typing

from rnnshape.errors import InvalidQuery

_DEEPEST = 32
"""How deep sizes may be nested in a document that is read."""
_LARGEST_WHOLE_FLOAT = 2**53

_CALLED = {
    tuple: "a list",
    list: "nested lists of sizes",
    dict: "an object",
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


def as_document(value: object) -> object:
    """Return the value as dicts, lists, strings, numbers, booleans and None."""
    if dataclasses.is_dataclass(value):
        fields = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {field.name: as_document(item) for field, item in fields if item is not None or _is_required(field)}
    if isinstance(value, dict):
        return {str(key): as_document(item) for key, item in value.items()}
    return [as_document(item) for item in value] if isinstance(value, tuple | list) else value


def from_document(kind: typing.Any, value: object, where: str) -> object:
    """Return the value of a document as the annotated kind. Unknown keys are passed over.

    Raises:
        InvalidQuery: the value is of another kind; the message says where.

    """
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        if value is None:
            return None
        kind = typing.get_args(kind)[0]
    if dataclasses.is_dataclass(kind) and isinstance(value, dict):
        return _dataclass_from(kind, value, where)
    if typing.get_origin(kind) is tuple and isinstance(value, list | tuple):
        item_kind = typing.get_args(kind)[0]
        return tuple(from_document(item_kind, item, f"{where}[{at}]") for at, item in enumerate(value))
    if typing.get_origin(kind) is dict and isinstance(value, dict):
        return {
            str(key): from_document(typing.get_args(kind)[1], item, f"{where}.{key}") for key, item in value.items()
        }
    if kind is float and _is_number(value):
        return float(typing.cast("float", value))
    is_plain = kind in (str, int, bool) and type(value) is kind
    if is_plain or (typing.get_origin(kind) is list and _are_nested(value, _leaves(kind)) and isinstance(value, list)):
        return value
    called = "an object" if dataclasses.is_dataclass(kind) else _CALLED[typing.get_origin(kind) or kind]
    called = "nested lists of names" if typing.get_origin(kind) is list and str in _leaves(kind) else called
    raise InvalidQuery(f"{where} must be {called}. Received: {where}={reprlib.repr(value)}")


def _is_required(field: dataclasses.Field[typing.Any]) -> bool:
    return field.default is dataclasses.MISSING


@functools.cache
def _hints(cls: type) -> dict[str, typing.Any]:
    return typing.get_type_hints(cls)


def _dataclass_from(kind: typing.Any, value: dict[typing.Any, object], where: str) -> object:
    found = {}
    for field in dataclasses.fields(kind):
        if field.name in value:
            found[field.name] = from_document(_hints(kind)[field.name], value[field.name], f"{where}.{field.name}")
        elif _is_required(field):
            message = f"{where} must have the key {field.name!r}. Received the keys: {reprlib.repr(list(value))}"
            raise InvalidQuery(message)
    return kind(**found)


def _leaves(kind: typing.Any) -> tuple[type, ...]:
    """Return the types in nested lists: sizes in `list[Any]`, names in `list[object]`."""
    return (str,) if typing.get_args(kind)[0] is object else (int, types.NoneType)


def _are_nested(value: object, leaves: tuple[type, ...], depth: int = 0) -> bool:
    if isinstance(value, list):
        return depth < _DEEPEST and all(_are_nested(item, leaves, depth + 1) for item in value)
    return type(value) in leaves


def _is_number(value: object) -> bool:
    """Tell whether this is a number of JSON that a float holds: writers may leave the .0 out."""
    return (type(value) is float and math.isfinite(value)) or (
        type(value) is int and abs(value) <= _LARGEST_WHOLE_FLOAT
    )
