"""The tensors that a program of code starts from, in each draw: its inputs, and its data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape.run.code.world import Made
from rnnshape.run.drawing import Draw, numbers
from rnnshape.run.tensors import is_hollow, is_placeholder, shape_of, tensors_in
from rnnshape.trace import Array, StepKind

if TYPE_CHECKING:
    from rnnshape.run.code.code_program import CodeProgram
    from rnnshape.run.code.machine import Machine

_BATCH = (3, 5, 7, 11)
_SIZES = (5, 7, 11, 13, 17, 19, 23, 29)
_LARGEST_BATCH = 64
_ROWS = 4
"""Rows that are kept of data that is too large to be run."""
_MOST_INPUT, _MOST_DATA = 20_000_000, 5_000_000
_MOST_TOKENS = 100
"""Whole numbers that no Embedding takes."""


def chosen_batch(machine: Machine) -> dict[str, int]:
    """Return the batch of the code's own data where there is one, or a small number that is no other size."""
    roots = [made for made in machine.world.tensors if made.root is not None and made.shape]
    if not any(made.root == "input" and made.shape[0] is None for made in roots):
        return {}
    asked = None if machine.padding is None else machine.padding.size(0)
    if asked is not None:
        return {"batch": asked}
    used = {made for call in machine.world.calls if call.kind is not StepKind.FUNCTION for made in call.inputs}
    used |= {made.alias for made in used if made.alias is not None}
    own = [made.shape[0] for made in roots if made in used and made.shape[0] is not None]
    if own and own[0] <= _LARGEST_BATCH:
        return {"batch": own[0]}
    known = _sizes_of(machine)
    return {"batch": next((size for size in _BATCH if size not in known), _BATCH[0])}


def start_of(made: Made, program: CodeProgram, draw: Draw, masks: list[Array]) -> Any:
    """Return the values of a tensor that nothing makes, and note the mask that it is given; None where it has none."""
    return _input(made, program, draw, masks) if made.root == "input" else _data(made, program, draw)


def _input(made: Made, program: CodeProgram, draw: Draw, masks: list[Array]) -> Any:
    import tensorflow as tf

    shape = tuple(_size(made, axis, size, program) for axis, size in enumerate(made.shape))
    if math.prod(shape) > _MOST_INPUT:
        shape = (min(shape[0], _ROWS), *shape[1:])
    found, padding = _numbers(made, shape, program, draw), program.machine.padding
    if padding is None or not padding.is_for(shape, is_tokens=made in program.tokens):
        return tf.constant(found)
    masks.append(padding.rows(*shape[:2]))
    return padding.masked(made, tf.constant(padding.padded(found)))


def _numbers(made: Made, shape: tuple[int, ...], program: CodeProgram, draw: Draw) -> Array:
    tokens, dtype = program.tokens.get(made), made.dtype
    if tokens is not None or "int" in dtype:
        found = numbers.whole(draw.random, shape, tokens or _MOST_TOKENS)
        return found.astype(dtype if dtype not in {"string", "bool"} else "int32")
    if dtype == "bool":
        return draw.random.integers(0, 2, size=shape).astype(bool)
    found = numbers.real(draw.random, shape, draw.number, apart_from=program.masking_values)
    return found.astype(dtype if "float" in dtype and dtype != "bfloat16" else "float32", copy=False)


def _size(made: Made, axis: int, size: int | None, program: CodeProgram) -> int:
    """Return the size of an axis; each unknown one has a size of its own, unless the program needs them alike."""
    if size is not None:
        return size
    padding, sizes = program.machine.padding, program.sizes
    asked = None if padding is None else padding.size(axis)
    if axis == 0:
        return sizes.setdefault("batch", asked or _BATCH[0])
    key = f"axis {axis}" if program.is_alike else f"{made.variable or made.label}.shape[{axis}]"
    if key not in sizes:
        used = {*sizes.values(), *_sizes_of(program.machine)}
        sizes[key] = asked or next((one for one in _SIZES if one not in used), _SIZES[0])
    return sizes[key]


def _sizes_of(machine: Machine) -> set[int]:
    return {size for made in machine.world.tensors for size in made.shape if size}


def _data(made: Made, program: CodeProgram, draw: Draw) -> Any:
    """Return the values of data: drawn anew where it was random, or stands for data; else as the code has it."""
    value = made.value
    if is_hollow(value):
        shape = (min(value.shape[0], _ROWS), *value.shape[1:])
        if math.prod(shape) > _MOST_DATA:
            return None
        program.sizes.setdefault("batch", shape[0])
        return _numbers(made, shape, program, draw)
    if made.assumed or (made.feeds and is_placeholder(value, "fiu" if made in program.tokens else "f")):
        return _like(value, _numbers(made, tuple(size or 0 for size in shape_of(value)), program, draw))
    call = made.call
    if call is not None and call.layer.startswith(("np.random", "tf.random")) and "int" not in made.dtype:
        found = list(tensors_in(call.target(*call.args, **call.kwargs)))
        if len(found) == 1 and shape_of(found[0]) == made.shape:
            return found[0]
    return value


def _like(value: Any, found: Array) -> Any:
    import tensorflow as tf

    return found if isinstance(value, np.ndarray) else tf.constant(found)
