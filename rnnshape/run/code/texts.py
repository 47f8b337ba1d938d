"""Strings that code makes: formatted by hand, and bounded, since a width alone can fill the memory."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnshape.run.code.budget import check_items
from rnnshape.run.code.halt import TooMuch
from rnnshape.run.tensors import is_tensor, shape_of

_SPEC = re.compile(r"(?:.?[<>=^])?[-+ ]?z?#?0?(?P<width>\d*)[_,]?(?:\.(?P<precision>\d+))?[a-zA-Z%]?")
_PERCENT = re.compile(
    r"%(?:\((?P<key>[^)]*)\))?(?P<flags>[-+ #0]*)(?P<width>\*|\d*)(?:\.(?P<precision>\*|\d*))?(?P<type>.)"
)
_WIDEST = 1_000
_PLAIN = (str, int, float, bool, complex, bytes, type(None), np.generic)


def shown(value: Any, *, quoted: bool = False) -> str:
    """Return a value as text: plain ones as Python prints them, tensors by their shape."""
    if isinstance(value, str) and not quoted:
        return value
    if isinstance(value, _PLAIN):
        return repr(value) if isinstance(value, str) else str(value)
    if isinstance(value, list | tuple):
        inside = ", ".join(shown(item, quoted=True) for item in value[:100])
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{shown(key, quoted=True)}: {shown(item, quoted=True)}" for key, item in value.items())
            + "}"
        )
    if is_tensor(value):
        return f"<tensor of shape {shape_of(value)}>"
    return f"<{type(value).__name__}>"


def formatted(value: Any, spec: str, *, repr_first: bool = False) -> str:
    """Return a value in an f-string's format.

    Raises:
        TooMuch: the width or the precision is unreasonable.
        ValueError: Python knows no such format.

    """
    text = shown(value, quoted=repr_first)
    if not spec:
        return text
    found = _SPEC.fullmatch(spec)
    if found is None:
        return text
    if any(len(found[part] or "") > 4 or int(found[part] or 0) > _WIDEST for part in ("width", "precision")):
        raise TooMuch(f"A format is at most {_WIDEST} wide. Received: {spec[:40]}")
    return format(text if repr_first or not isinstance(value, _PLAIN) or value is None else value, spec)


def format_method(pattern: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """Return what `pattern.format(…)` does, without attributes and items of what is formatted."""
    parts: list[str] = []
    automatic = 0
    for literal, field, spec, conversion in string.Formatter().parse(pattern):
        parts.append(literal)
        if field is not None:
            name = re.split(r"[.\[]", field, maxsplit=1)[0]
            if name == "":
                name, automatic = str(automatic), automatic + 1
            value = args[int(name)] if name.isdecimal() and len(name) < 6 else kwargs[name]
            simple = spec if spec and "{" not in spec else ""
            parts.append(
                shown(value) if "." in field or "[" in field else formatted(value, simple, repr_first=conversion == "r")
            )
        check_items(sum(map(len, parts)), "characters")
    return "".join(parts)


def percent(pattern: str, values: Any) -> str:
    """Return what `pattern % values` does, for plain values and widths that are written out."""
    waiting = list(values) if isinstance(values, tuple) else [values]

    def one(found: re.Match[str]) -> str:
        if found["type"] == "%":
            return "%"
        if "*" in (found["width"], found["precision"]):
            raise TooMuch("A width that is a value is not read.")
        if any(len(part or "") > 4 or int(part or 0) > _WIDEST for part in (found["width"], found["precision"])):
            raise TooMuch(f"A format is at most {_WIDEST} wide. Received: {found[0][:40]}")
        if found["key"] is not None:
            value = values[found["key"]]
        elif waiting:
            value = waiting.pop(0)
        else:
            raise TypeError("not enough arguments for format string")
        plain = value if isinstance(value, _PLAIN) else shown(value)
        precision = "" if found["precision"] is None else f".{found['precision']}"
        return f"%{found['flags']}{found['width']}{precision}{found['type']}" % (plain,)

    text = _PERCENT.sub(one, pattern)
    check_items(len(text), "characters")
    if waiting and not isinstance(values, dict):
        raise TypeError("not all arguments converted during string formatting")
    return text
