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
from collections.abc import Callable, Mapping

from rnnshape.errors import SCHEMA_VERSION, InvalidQuery

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


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """Marks a kind that is a string in the document, as in `Annotated[Call, Text(parse)]`.

    `str()` writes it. `read` reads it, and raises a ValueError that says what it should be, or an InvalidQuery.
    """

    read: Callable[[str], object]


NOT_IN_DOCUMENT: Mapping[str, bool] = types.MappingProxyType({"document": False})
"""The metadata of a field that the document does not have: the reader of the whole document fills it."""


def as_document(value: object, kind: typing.Any = None) -> object:
    """Return a value of the annotated kind as dicts, lists, strings, numbers, booleans and None."""
    kind = _without_none(kind)
    if value is not None and _text(kind) is not None:
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        hints = _hints(type(value))
        fields = ((field, getattr(value, field.name)) for field in _fields(type(value)))
        return {
            field.name: as_document(item, hints[field.name])
            for field, item in fields
            if item is not None or _is_required(field)
        }
    if isinstance(value, dict):
        return {str(key): as_document(item) for key, item in value.items()}
    inner = (*typing.get_args(kind), None)[0]
    return [as_document(item, inner) for item in value] if isinstance(value, tuple | list) else value


def check_version(document: object) -> None:
    """Refuse a document of another version of the schema.

    Raises:
        InvalidQuery: it is one.

    """
    if isinstance(document, dict) and document.get("schema_version") != SCHEMA_VERSION:
        message = (
            f"A report's schema_version must be {SCHEMA_VERSION}. "
            f"Received: schema_version={reprlib.repr(document.get('schema_version'))}"
        )
        raise InvalidQuery(message)


def from_document(kind: typing.Any, value: object, where: str) -> object:
    """Return the value of a document as the annotated kind. Unknown keys are passed over.

    Raises:
        InvalidQuery: the value is of another kind; the message says where.

    """
    if _without_none(kind) is not kind:
        if value is None:
            return None
        kind = _without_none(kind)
    if (text := _text(kind)) is not None:
        return _read(text, from_document(str, value, where), where)
    if dataclasses.is_dataclass(kind) and isinstance(value, dict):
        return _dataclass_from(kind, value, where)
    origin = typing.get_origin(kind)
    if origin is tuple and isinstance(value, list | tuple):
        item_kind = typing.get_args(kind)[0]
        return tuple(from_document(item_kind, item, f"{where}[{at}]") for at, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {
            str(key): from_document(typing.get_args(kind)[1], item, f"{where}.{key}") for key, item in value.items()
        }
    return _plain_from(kind, value, where)


def _plain_from(kind: typing.Any, value: object, where: str) -> object:
    """Return a plain value, or nested lists of them, as the annotated kind."""
    if kind is float and _is_number(value):
        return float(typing.cast("float", value))
    is_plain = kind in (str, int, bool) and type(value) is kind
    if is_plain or (typing.get_origin(kind) is list and _are_nested(value, _leaves(kind)) and isinstance(value, list)):
        return value
    called = "an object" if dataclasses.is_dataclass(kind) else _CALLED[typing.get_origin(kind) or kind]
    called = "nested lists of names" if typing.get_origin(kind) is list and str in _leaves(kind) else called
    raise InvalidQuery(f"{where} must be {called}. Received: {where}={reprlib.repr(value)}")


def _without_none(kind: typing.Any) -> typing.Any:
    """Return the kind that an optional one is if it is not None."""
    return typing.get_args(kind)[0] if typing.get_origin(kind) in (types.UnionType, typing.Union) else kind


def _text(kind: typing.Any) -> Text | None:
    return next((mark for mark in getattr(kind, "__metadata__", ()) if isinstance(mark, Text)), None)


def _read(text: Text, value: object, where: str) -> object:
    try:
        return text.read(str(value))
    except InvalidQuery as error:
        raise InvalidQuery(f"{where}: {error.message}", hint=error.hint) from None
    except ValueError as error:
        raise InvalidQuery(f"{where} must be {error}. Received: {where}={reprlib.repr(value)}") from None


def _fields(cls: typing.Any) -> tuple[dataclasses.Field[typing.Any], ...]:
    """Return the fields that the document has."""
    return tuple(field for field in dataclasses.fields(cls) if field.metadata.get("document", True))


def _is_required(field: dataclasses.Field[typing.Any]) -> bool:
    return field.default is dataclasses.MISSING


@functools.cache
def _hints(cls: type) -> dict[str, typing.Any]:
    return typing.get_type_hints(cls, include_extras=True)


def _dataclass_from(kind: typing.Any, value: dict[typing.Any, object], where: str) -> object:
    found = {}
    for field in _fields(kind):
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
