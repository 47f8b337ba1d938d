"""Whether a query can be run as asked; if not, the small layer and input that stand in for it.

A query is run as asked when all sizes are known, its tensors and weights take a modest part of the memory that is
available, and a call takes a second or so: see the limits below. Else the shapes come from Keras's symbolic call at
the asked sizes, inside a graph, where nothing is allocated; and the values from a run at small sizes, all different,
so that no two axes can be mistaken for each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnnshape import tree
from rnnshape.errors import InvalidQuery, KerasRefused
from rnnshape.expression import Call
from rnnshape.mask import MaskKind, MaskSpec
from rnnshape.query import Query
from rnnshape.report import Parameters
from rnnshape.run import engine
from rnnshape.run.layer.anatomy import Layout, input_said, tokens_of
from rnnshape.run.layer.build import build
from rnnshape.run.layer.cost import Cost, cost_of_call
from rnnshape.run.layer.declared import Declaration, declare
from rnnshape.run.layer.laid_out import one_step_each
from rnnshape.run.layer.memory import available_memory
from rnnshape.run.layer.plainly import PLAINLY_SMALL, cells_in, is_plainly_small, weighed_layers
from rnnshape.run.layer.refusal import refusal
from rnnshape.run.layer.said import resized
from rnnshape.run.layer.smaller import integers, is_unrolled, rolled, stand_ins
from rnnshape.run.layer.traced_shapes import traced_shapes
from rnnshape.run.layer.weights import parameters_of

MOST_SECONDS = 1.5
"""One call's, by the two numbers below; there are two calls, of which the second is often a short one."""
_SECONDS_OF_AN_OPERATION = 1.2e-6
_SECONDS_OF_A_MULTIPLICATION = 0.25e-9
MOST_BYTES = 600 * 2**20
"""All tensors of a query. TensorFlow itself takes as much."""
MOST_LAID_OUT = 2_000
"""Operations that Keras makes one by one, each in half a millisecond, two or three times over."""
MOST_LAYERS = 30
"""Cells and recurrent layers, each of which makes some sixty operations; five of any other layers count as one."""
_MOST_STEPPED_LAYERS = MOST_LAYERS // 2
_MOST_STEPPED = 300
"""Cells times timesteps of `--every-state`."""
MOST_MASKED = 1_000_000
"""Rows times timesteps of a mask whose rows differ."""
_KEPT = 64
"""Sizes up to this one stay, in a small run, where the layer's own code gives them."""
_WORK_OF_A_STEP = 3_000
"""What a step of one row of a cell costs beside its weights, in multiplications."""


@dataclass(frozen=True, slots=True)
class AskedSizes:
    """What Keras declares at the asked sizes, with nothing allocated; the layer, and the graph that it was built in."""

    declaration: Declaration
    parameters: Parameters
    layer: Any
    layout: Layout
    graph: Any


@dataclass(frozen=True, slots=True)
class Choice:
    """What is run: the layer and its input. `asked` is None where that is what was asked for."""

    call: Call
    layout: Layout
    asked: AskedSizes | None = None


def choose(query: Query, layer: Any, layout: Layout) -> Choice:
    """Return what to run for a query, given its layer, not yet built, and its input.

    Raises:
        InvalidQuery: it is too large to run, even at small sizes.
        KerasRefused: Keras refuses the layer or the input, at the asked sizes.

    """
    call = query.layer
    _refuse_many_layers(query, layer)
    masked = query.mask is None or not _is_long(query.mask, layout)
    if masked and not _is_stepped_long(query, layer, layout) and is_plainly_small(call, layer, layout):
        return Choice(call, layout)
    asked = at_asked_sizes(call, layout)
    if masked and not _is_stepped_long(query, layer, layout) and fits(asked, call, layout, query.mask):
        return Choice(call, layout)
    return _stand_in(query, layer, layout, asked)


def _stand_in(query: Query, layer: Any, layout: Layout, asked: AskedSizes) -> Choice:
    refused: KerasRefused | None = None
    is_modest = asked.parameters.total <= PLAINLY_SMALL and max(integers(query.layer), default=1) <= 256
    for call, small in stand_ins(query.layer, layout, query.mask, keeps_layer=is_modest):
        small = _as_said(small, layout, layer, query.layer)  # noqa: PLW2901 - the same, as the code has it
        call = resized(call, small.shape)  # noqa: PLW2901 - likewise
        if _is_stepped_long(query, layer, small):
            small = small.with_time(2)  # noqa: PLW2901 - the same, shorter
        if query.mask is not None and _is_long(query.mask, small):
            raise _mask_refused(query.mask, small)
        try:
            there = _as_it_takes(call, small)
            found = at_asked_sizes(call, there)
        except KerasRefused as error:
            refused = error
            continue
        ran = rolled(call) if _is_laid_out_long(found, call, there) else call
        if not _is_stepped_long(query, layer, there) and fits(found, ran, there, query.mask, at_all=True):
            # A mask that says every step leaves nothing to be made smaller.
            return Choice(ran, there, None if (ran, there) == (query.layer, layout) else asked)
    raise _too_large(query.layer, refused)


def _as_said(small: Layout, layout: Layout, layer: Any, call: Call) -> Layout:
    """Return the small input with the sizes that the layer's own code gives, where they are no large ones."""
    if input_said(layer, call) is None:
        return small
    kept = (
        size if at and size is not None and size <= _KEPT else other
        for at, (size, other) in enumerate(zip(layout.shape, small.shape, strict=True))
    )
    return replace(small, shape=tuple(kept))


def _as_it_takes(call: Call, layout: Layout) -> Layout:
    """Return the input as this layer takes it: what an Embedding may be given, what an Input says."""
    layer = build(call)
    keras = engine.load()
    layout = replace(layout, largest=tokens_of(layer) or layout.largest)
    known = tuple(layer.input_shape) if isinstance(layer, keras.Sequential) and layer.built else ()
    if len(known) != len(layout.shape):
        return layout
    return replace(layout, shape=tuple(b if a is None else a for a, b in zip(known, layout.shape, strict=True)))


def at_asked_sizes(call: Call, layout: Layout) -> AskedSizes:
    """Build and call the layer symbolically at the asked sizes, inside a graph, where nothing is allocated.

    Raises:
        KerasRefused: Keras refuses the layer or the input.

    """
    import tensorflow as tf

    graph = tf.Graph()
    with graph.as_default(), one_step_each():
        layer = build(rolled(call))
        declaration = declare(layer, layout)
        if declaration.failure is not None:
            raise refusal(declaration.failure, layer=str(call), doing="calling it symbolically")
        return AskedSizes(declaration, parameters_of(layer), layer, layout, graph)


def fits(asked: AskedSizes, call: Call, layout: Layout, mask: MaskSpec | None = None, *, at_all: bool = False) -> bool:
    """Tell whether the query can be run at these sizes: in the memory that is available now, and in a second or two.

    Args:
        asked: what Keras declares at these sizes.
        call: the layer.
        layout: its input.
        mask: the mask that it is called with.
        at_all: whether it is a stand-in already. It may take twice as long, for there may be no smaller one, and for it
            a plainly small part of the memory is always there.

    """
    if None in layout.shape:
        return False
    sizes = [size for size in layout.shape if size is not None]
    outputs = sum(math.prod(size or 1 for size in shape) for shape in tree.sizes(asked.declaration.any))
    # The input (ours, and TensorFlow's), the weights and their random draw, the outputs and what is compared of them.
    numbers = 2 * math.prod(sizes) + 5 * asked.parameters.total + 6 * outputs
    width = _bytes_of_a_number(asked.layer, layout)
    if not _has_memory_for(width * numbers, at_all=at_all):
        return False
    cost = cost_of_call(asked.layer, layout, asked.graph)
    if cost is None:
        return math.prod(sizes[:-1]) * (asked.parameters.total + _WORK_OF_A_STEP) <= _most_work()
    masked = 1 if mask is None else 1.5
    seconds = cost.executed * _SECONDS_OF_AN_OPERATION + cost.work * _SECONDS_OF_A_MULTIPLICATION
    times = 2 if at_all else 1
    return (
        _laid_out(cost, call, layout) <= times * MOST_LAID_OUT
        and seconds * masked <= times * MOST_SECONDS
        and _has_memory_for(width * (numbers + cost.numbers), at_all=at_all)
    )


def _bytes_of_a_number(layer: Any, layout: Layout) -> int:
    """Return how many bytes the widest of a call's numbers has; our own random ones have four."""
    dtypes = (layout.dtype, getattr(layer, "compute_dtype", None), getattr(layer, "variable_dtype", None))
    return max(4, *(np.dtype(dtype).itemsize for dtype in dtypes if isinstance(dtype, str) and dtype))


def _has_memory_for(bytes_: float, *, at_all: bool) -> bool:
    there = min(MOST_BYTES, available_memory() // 4)
    return bytes_ <= (max(there, 4 * PLAINLY_SMALL) if at_all else there)


def _most_work() -> float:
    return MOST_SECONDS / _SECONDS_OF_A_MULTIPLICATION


def _laid_out(cost: Cost, call: Call, layout: Layout) -> float:
    """Return how many operations Keras makes one by one; the graph that tells has no layer unrolled."""
    steps = (layout.size("timesteps") or 1) if is_unrolled(call) else 1
    return cost.laid_out + cost.looped * (steps - 1)


def _is_laid_out_long(asked: AskedSizes, call: Call, layout: Layout) -> bool:
    if not is_unrolled(call):
        return False
    cost = cost_of_call(asked.layer, layout, asked.graph)
    return cost is not None and _laid_out(cost, call, layout) > MOST_LAID_OUT


def _is_stepped_long(query: Query, layer: Any, layout: Layout) -> bool:
    """Tell whether `--every-state` would step many cells many times; a single cell has a limit of its own."""
    cells = cells_in(layer)
    return query.every_state and cells > 1 and cells * (layout.size("timesteps") or 1) > _MOST_STEPPED


def _is_long(mask: MaskSpec, layout: Layout) -> bool:
    if mask.kind is not MaskKind.LENGTHS:
        return False
    return len(mask.numbers) * (layout.size("timesteps") or mask.least_time) > MOST_MASKED


def _mask_refused(mask: MaskSpec, layout: Layout) -> InvalidQuery:
    rows, steps = len(mask.numbers), layout.size("timesteps") or mask.least_time
    message = (
        f"A mask whose rows differ has at most {MOST_MASKED:,} steps in all, for it is run as it is given. "
        f"Received: {rows:,} rows of {steps:,} steps"
    )
    return InvalidQuery(message, hint=f"Give at most {max(1, MOST_MASKED // steps):,} lengths, or shorter ones.")


def _refuse_many_layers(query: Query, layer: Any) -> None:
    most = _MOST_STEPPED_LAYERS if query.every_state else MOST_LAYERS
    if weighed_layers(query.layer, layer) > most:
        message = f"{query.layer.name} has more layers than can be run in a few seconds."
        hint = f"Give at most {most} recurrent layers or cells, or {5 * most} others."
        raise InvalidQuery(message, hint=hint, layer=str(query.layer))


def _too_large(call: Call, refused: KerasRefused | None) -> InvalidQuery:
    if refused is None:
        message = f"{call.name} is too large to run, even at small sizes. Received: {call}"
        return InvalidQuery(message, hint="Give smaller arguments, or fewer layers.", layer=str(call))
    message = f"{call.name} is too large to run as asked, and at small sizes Keras refuses it: {refused.message}"
    return InvalidQuery(message, hint="Give sizes at which it can be run as asked.", layer=str(call))


def shapes_at(
    asked: AskedSizes, small: Declaration, real: tuple[tuple[int, ...], ...]
) -> tuple[tuple[int | None, ...], ...]:
    """Return the shapes at the asked sizes of tensors whose shapes at the small sizes are `real`.

    They are the declared ones where what is declared at the small sizes is also what came back. Where Keras declares
    wrongly there, they are those that the layer's code gives when it is traced; what that does not tell is unknown.
    """
    unknown = tuple((None,) * len(shape) for shape in real)
    declared = sure(tree.sizes(asked.declaration.any), tree.sizes(small.any), real) or unknown
    if tree.sizes(small.any) == real:
        return declared
    traced = tree.sizes(traced_shapes(asked.layer, asked.layout, asked.graph) or ())
    if [len(shape) for shape in traced] != [len(shape) for shape in real]:
        return declared
    rows = zip(declared, traced, strict=True)
    return tuple(tuple(a if b is None else b for a, b in zip(*shapes, strict=True)) for shapes in rows)


_Shapes = tuple[tuple[int | None, ...], ...]


def sure(declared: _Shapes, declared_small: _Shapes, real: _Shapes) -> _Shapes | None:
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
