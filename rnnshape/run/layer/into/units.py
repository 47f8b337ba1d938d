"""The same layer with other units, where it is plain which argument that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rnnshape import catalogue
from rnnshape.expression import Call, Items

_NAMES = ("units", "filters")


def with_units(call: Call, units: Sequence[int]) -> Call | None:
    """Return the layer with these units, one number for each cell of each direction; None where that is not plain.

    A class of a user's own is taken to mean its units as Keras's classes do: by that name, or as the first argument.
    """
    left = iter(units)
    changed = _changed(call, left)
    return changed if changed is not None and next(left, None) is None else None


def words_for(units: Sequence[int], call: Call) -> str:
    """Return what is to be done, in words."""
    rows = filter(None, (catalogue.by_class(one.name) for one in call.calls()))
    what = next((row.size for row in rows), "units")
    numbers = list(dict.fromkeys(units))
    return f"give it {' and '.join(map(str, numbers))} {what}"


def _changed(call: Call, units: Iterator[int]) -> Call | None:
    match call.name:
        case catalogue.BIDIRECTIONAL:
            return _both_directions(call, units)
        case catalogue.RNN | catalogue.STACKED_CELLS:
            return _within(call, "cell" if call.name == catalogue.RNN else "cells", units)
    number = next(units, None)
    name = next((name for name in _NAMES if call.argument(name) is not None), None)
    if number is None:
        return None
    if name is not None:
        return call.with_arguments(**{name: number})
    if call.args and isinstance(call.args[0], int):
        return replace(call, args=(number, *call.args[1:]))
    return None


def _within(call: Call, name: str, units: Iterator[int]) -> Call | None:
    inner = call.args[0] if call.args else call.argument(name)
    cells = inner.values if isinstance(inner, Items) else (inner,)
    changed = [_changed(cell, units) if isinstance(cell, Call) else None for cell in cells]
    if None in changed:
        return None
    made: object = replace(inner, values=tuple(changed)) if isinstance(inner, Items) else changed[0]
    return replace(call, args=(made, *call.args[1:])) if call.args else call.with_arguments(**{name: made})


def _both_directions(call: Call, units: Iterator[int]) -> Call | None:
    numbers = list(units)
    half = len(numbers) // 2
    inner, backward = call.args[0] if call.args else call.argument("layer"), call.argument("backward_layer")
    forward = with_units(inner, numbers[:half]) if isinstance(inner, Call) else None
    if forward is None or (backward is None and numbers[:half] != numbers[half:]):
        return None
    changed = replace(call, args=(forward, *call.args[1:])) if call.args else call.with_arguments(layer=forward)
    if backward is None:
        return changed
    other = with_units(backward, numbers[half:]) if isinstance(backward, Call) else None
    return None if other is None else changed.with_arguments(backward_layer=other)
