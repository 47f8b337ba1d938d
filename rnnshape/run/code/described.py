"""A constructor call as Keras code, with the values that its arguments have: `LSTM(256, return_state=True)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape.run.code.values import Closure, Constructor, Function, Opaque, Unknown
from rnnshape.run.tensors import is_tensor, shape_of

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_LONGEST = 60


def described(machine: Machine, name: str, args: list[Any], kwargs: dict[str, Any]) -> str:
    """Return the call as code, in one line."""
    inside = [as_code(machine, value) for value in args]
    inside += [f"{key}={as_code(machine, value)}" for key, value in kwargs.items()]
    return f"{name}({', '.join(inside)})"


def as_code(machine: Machine, value: Any) -> str:
    """Return a value as code; what has no code of its own by its kind."""
    if isinstance(value, list | tuple):
        inside = ", ".join(as_code(machine, item) for item in value[:20]) + (", …" if len(value) > 20 else "")
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {as_code(machine, item)}" for key, item in list(value.items())[:20]) + "}"
    if is_tensor(value):
        made = machine.world.made(value)
        return (
            made.variable
            if made is not None and made.variable
            else f"<{'×'.join(str(size) for size in shape_of(value))}>"
        )
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…")
    if isinstance(value, bool | int | float | type(None)):
        return repr(value)
    return _of_ours(value) or machine.described.get(id(value), type(value).__name__)


def _of_ours(value: Any) -> str | None:
    """Return the code of what only the interpreter knows."""
    match value:
        case Unknown() | Opaque():
            return value.code
        case Constructor():
            return value.name
        case Function():
            return value.path
        case Closure():
            text = value.code.text(value.node) if value.name == "<lambda>" else value.name
            return text if len(text) <= _LONGEST and "\n" not in text else f"{text.splitlines()[0][: _LONGEST - 1]}…"
    return None
