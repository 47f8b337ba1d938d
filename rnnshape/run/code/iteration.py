"""What can be iterated over, laid out as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape.run.code.budget import MAX_ROUNDS, check_items
from rnnshape.run.code.halt import TooMuch, Unreadable
from rnnshape.run.code.values import Library, Opaque, Unknown
from rnnshape.run.tensors import is_symbolic, is_tensor, shape_of

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine


def items_of(machine: Machine, value: Any) -> list[Any]:
    """Return the items of a value, each with its place noted if it is a tensor.

    Raises:
        TypeError: it is not iterable, as in Python.
        Unreadable: its items are not known, or there are too many.

    """
    if isinstance(value, Unknown):
        raise Unreadable(f"The items of {value.code} are not known.", value.hint("[1, 2]"))
    if isinstance(value, Opaque):
        raise Unreadable(f"The items of {value.code} are not read.")
    if isinstance(value, list | tuple | dict | str | range | set | bytes):
        check_items(len(value))
        return list(value)
    if is_tensor(value):
        return _rows(machine, value)
    name = "module" if isinstance(value, Library) else type(value).__name__
    raise TypeError(f"'{name}' object is not iterable")


def _rows(machine: Machine, value: Any) -> list[Any]:
    """Return a tensor's rows, as NumPy and TensorFlow iterate over it."""
    shape = shape_of(value)
    if is_symbolic(value):
        raise NotImplementedError("Iterating over a symbolic KerasTensor is not supported.")
    if not shape:
        raise TypeError("iteration over a 0-d array")
    if (shape[0] or 0) > MAX_ROUNDS:
        raise TooMuch(f"This would make {shape[0]:,} rows.", "Give smaller sizes.")
    from rnnshape.run.code.recording import call_recorded

    rows = []
    for at in range(shape[0] or 0):
        row = call_recorded(machine, lambda whole, at=at: whole[at], (value,), {}, line=0, path=f"[{at}]")
        rows.append(row)
    return rows


def unpacked(machine: Machine, value: Any, count: int, *, starred: bool) -> list[Any]:
    """Return the values that an assignment to `count` targets unpacks (the fewest, if one is starred).

    Raises:
        ValueError: there are more or fewer, in Python's own words.
        TypeError: it cannot be unpacked.

    """
    if isinstance(value, Unknown):
        return [Unknown(f"{value.code}[{at}]") for at in range(count + starred)]
    if isinstance(value, np.generic | int | float | bool | type(None)):
        raise TypeError(f"cannot unpack non-iterable {type(value).__name__} object")
    if is_symbolic(value):
        raise NotImplementedError("Iterating over a symbolic KerasTensor is not supported.")
    if not isinstance(value, list | tuple | dict | str | range | set) and not is_tensor(value):
        raise TypeError(f"cannot unpack non-iterable {type(value).__name__} object")
    if is_tensor(value):
        # Only as many rows as are compared: data may have thousands.
        size = (shape_of(value) or (0,))[0] or 0
        if not starred and size != count:
            _wrong_count(size, count, starred=False)
    found = items_of(machine, value)
    if len(found) < count or (not starred and len(found) > count):
        _wrong_count(len(found), count, starred=starred)
    return found


def _wrong_count(found: int, count: int, *, starred: bool) -> None:
    if found < count:
        least = "at least " if starred else ""
        raise ValueError(f"not enough values to unpack (expected {least}{count}, got {found})")
    raise ValueError(f"too many values to unpack (expected {count})")
