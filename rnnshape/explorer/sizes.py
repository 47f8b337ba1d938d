"""Whether a query can be run as asked; if not, the small layer and input that stand in for it.

A query is run as asked when all sizes are known, its tensors and weights take at most a quarter of the memory
that is available, and one call costs at most `MOST_WORK` multiplications and `MOST_STEPS` timesteps. Else the shapes
come from Keras's symbolic call at the asked sizes, inside a graph, where nothing is allocated; and the values from
a run at small sizes, all different, so that no two axes can be mistaken for each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from rnnshape.explorer import nest
from rnnshape.explorer.anatomy import Layout
from rnnshape.explorer.build import build
from rnnshape.explorer.declared import Declaration, declare
from rnnshape.explorer.memory import available_memory
from rnnshape.explorer.refusal import refusal
from rnnshape.explorer.traced import traced_shapes
from rnnshape.explorer.weights import parameters_of
from rnnshape.expression import Call, Items, Pairs
from rnnshape.mask import MaskSpec
from rnnshape.report import Parameters

MOST_WORK = 10e9
"""Multiplications in one call of a layer: about a second of two cores."""
_WORK_OF_A_STEP = 3_000
"""What the rest of one step of one row costs (activations, moving things about), in multiplications."""
MOST_STEPS = 50_000
"""Timesteps in one call: a graph takes some 20 to 80 microseconds for each."""
MOST_UNROLLED = 500
"""Timesteps that are laid out one by one; Keras traces each of them."""

_PLAINLY_SMALL = 2**24
"""Numbers in any tensor up to which nothing needs to be estimated."""
_SMALL_BATCH, _SMALL_TIME, _SMALL_FEATURES, _SMALL_SPACE = 3, 5, 7, 11
_SMALL_ARGUMENTS = (13, 17, 19, 23, 29, 31, 37, 41, 43, 47)
_LARGE_ARGUMENT = 64
"""Integer arguments above this are made small where the weights would not fit."""


@dataclass(frozen=True, slots=True)
class AskedSizes:
    """What Keras declares at the asked sizes, with nothing allocated; the layer, and the graph that it was built in."""

    declaration: Declaration
    parameters: Parameters
    layer: Any
    layout: Layout
    graph: Any


def is_plainly_small(call: Call, layout: Layout) -> bool:
    """Tell, by arithmetic alone, whether the query is far below every limit."""
    if None in layout.shape:
        return False
    sizes = [size for size in layout.shape if size is not None]
    largest = max(_integers(call), default=1)
    numbers = math.prod(sizes)
    weights = 8 * largest * (largest + sizes[-1])
    per_step = math.prod(sizes[:-1]) * 8 * largest
    is_long = (layout.size("timesteps") or 1) > _most_steps(call)
    work = math.prod(sizes[:-1]) * weights
    return max(numbers, weights, per_step) <= _PLAINLY_SMALL and work <= MOST_WORK and not is_long


def at_asked_sizes(call: Call, layout: Layout) -> AskedSizes:
    """Build and call the layer symbolically at the asked sizes, inside a graph, where nothing is allocated.

    Raises:
        KerasRefused: Keras refuses the layer or the input.

    """
    import tensorflow as tf

    graph = tf.Graph()
    with graph.as_default():
        layer = build(rolled_if_long(call, layout))
        declaration = declare(layer, layout)
        if declaration.failure is not None:
            raise refusal(declaration.failure, layer=str(call), doing="calling it symbolically")
        return AskedSizes(declaration, parameters_of(layer), layer, layout, graph)


def fits(asked: AskedSizes, call: Call, layout: Layout) -> bool:
    """Tell whether the query can be run as asked: in the memory that is available now, and in a few seconds."""
    if None in layout.shape:
        return False
    sizes = [size for size in layout.shape if size is not None]
    outputs = sum(math.prod(size or 1 for size in shape) for shape in nest.shape_leaves(asked.declaration.any))
    weights = asked.parameters.total
    positions = math.prod(sizes[:-1])
    # The input twice (ours, and transposed to time-major), weights and their random draw, outputs per step and whole.
    numbers = 3 * math.prod(sizes) + 4 * weights + 6 * outputs + positions
    if (layout.size("timesteps") or 1) > _most_steps(call):
        return False
    return numbers * 4 <= available_memory() // 4 and positions * (weights + _WORK_OF_A_STEP) <= MOST_WORK


def reduced_layer(asked: AskedSizes, call: Call) -> Call:
    """Return the layer to run: the asked one, or one with small arguments where its own weights are too large."""
    largest = max(_integers(call), default=1)
    if asked.parameters.total <= _PLAINLY_SMALL and largest <= 4 * _LARGE_ARGUMENT:
        return call
    large = sorted({number for number in _integers(call) if number > _LARGE_ARGUMENT})
    small = {number: _SMALL_ARGUMENTS[at % len(_SMALL_ARGUMENTS)] for at, number in enumerate(large)}
    return _changed(call, lambda _, value: small.get(value, value) if _is_integer(value) else value)


def reduced_layout(layout: Layout, mask: MaskSpec | None) -> Layout:
    """Return an input of the same axes at small sizes, all different; sizes that are small already stay."""
    batch = mask.batch if mask is not None and mask.batch else _SMALL_BATCH
    time = _SMALL_TIME if mask is None else mask.time or max(_SMALL_TIME, mask.least_time + 2)
    small = {"batch": batch, "timesteps": time, "features": _SMALL_FEATURES}
    shape: list[int | None] = []
    for at, (axis, size) in enumerate(zip(layout.axes, layout.shape, strict=True)):
        least = small.get(axis, _SMALL_SPACE + at)
        keeps = size is not None and size <= (least if axis in ("batch", "timesteps") else 4 * least)
        shape.append(size if keeps else least)
    return replace(layout, shape=tuple(shape))


def shapes_at(
    asked: AskedSizes, small: Declaration, real: tuple[tuple[int, ...], ...]
) -> tuple[tuple[int | None, ...], ...]:
    """Return the shapes at the asked sizes of tensors whose shapes at the small sizes are `real`.

    They are the declared ones where what is declared at the small sizes is also what came back. Where Keras declares
    wrongly there, they are those that the layer's code gives when it is traced; what that does not tell is unknown.
    """
    unknown = tuple((None,) * len(shape) for shape in real)
    declared = _sure(nest.shape_leaves(asked.declaration.any), nest.shape_leaves(small.any), real) or unknown
    if nest.shape_leaves(small.any) == real:
        return declared
    traced = nest.shape_leaves(traced_shapes(asked.layer, asked.layout, asked.graph) or ())
    if [len(shape) for shape in traced] != [len(shape) for shape in real]:
        return declared
    rows = zip(declared, traced, strict=True)
    return tuple(tuple(a if b is None else b for a, b in zip(*shapes, strict=True)) for shapes in rows)


_Shapes = tuple[tuple[int | None, ...], ...]


def _sure(declared: _Shapes, declared_small: _Shapes, real: _Shapes) -> _Shapes | None:
    """Return the declared shapes with None for each size that is declared wrongly at the small sizes."""
    if not len(declared) == len(declared_small) == len(real):
        return None
    found: list[tuple[int | None, ...]] = []
    for shape, shape_small, shape_real in zip(declared, declared_small, real, strict=True):
        if not len(shape) == len(shape_small) == len(shape_real):
            found.append((None,) * len(shape_real))
            continue
        rows = zip(shape, shape_small, shape_real, strict=True)
        found.append(tuple(size if ours in (None, theirs) else None for size, ours, theirs in rows))
    return tuple(found)


def rolled_if_long(call: Call, layout: Layout) -> Call:
    """Return the layer without its unrolling where that would never end; what it returns is the same."""
    if (layout.size("timesteps") or 1) <= MOST_UNROLLED:
        return call
    return _changed(call, lambda name, value: False if name == "unroll" else value)


def _most_steps(call: Call) -> int:
    return MOST_UNROLLED if any(inner.argument("unroll") is True for inner in call.calls()) else MOST_STEPS


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _integers(call: Call) -> list[int]:
    found: list[int] = []
    _changed(call, lambda _, value: found.append(abs(value)) if _is_integer(value) else None)
    return found


def _changed(call: Call, change: Callable[[str | None, Any], object]) -> Call:
    """Return the call with every literal in it changed by `change(keyword, literal)`."""

    def walk(name: str | None, value: object) -> Any:
        match value:
            case Call():
                args = tuple(walk(None, item) for item in value.args)
                return replace(value, args=args, kwargs=tuple((word, walk(word, item)) for word, item in value.kwargs))
            case Items():
                return replace(value, values=tuple(walk(name, item) for item in value.values))
            case Pairs():
                return Pairs(tuple((key, walk(name, item)) for key, item in value.pairs))
        return change(name, value)

    changed = walk(None, call)
    assert isinstance(changed, Call)
    return changed
