"""The small layer and the small input that stand in for those that are too large to run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeGuard

from rnnshape.expression import Call, Items, Pairs
from rnnshape.mask import MaskSpec
from rnnshape.run.layer.anatomy import Layout

_BATCH, _TIME, _FEATURES, _SPACE = 3, 5, 7, 11
_ROOM = 40
_ALIGNED = 16
"""Numbers in 64 bytes."""
_ARGUMENTS = (13, 17, 19, 23, 29, 31, 37, 41, 43, 47)
_LARGE_ARGUMENT = 64
"""Integer arguments above this are made small first."""
_TINY_ARGUMENTS = (4, 5, 6, 7, 8, 9, 10, 11, 12, 13)
_TINY_ARGUMENT = 3
"""Integer arguments above this are made tiny at last; up to it they are axes, ranks and sizes of kernels."""


def stand_ins(call: Call, layout: Layout, mask: MaskSpec | None, *, keeps_layer: bool) -> Iterator[tuple[Call, Layout]]:
    """Yield small layers and inputs, those that are most like the ones asked for first.

    Args:
        call: the layer as asked for.
        layout: its input.
        mask: the mask that they are called with; it says how many rows and timesteps there are at least.
        keeps_layer: whether the layer itself is small enough to stay as it is.

    """
    small, roomy = _small(layout, mask), _roomy(layout, mask)
    narrow = _narrow(small)
    modest = with_small_arguments(call, _LARGE_ARGUMENT, _ARGUMENTS)
    tiny = with_small_arguments(call, _TINY_ARGUMENT, _TINY_ARGUMENTS)
    layers = (call, modest) if keeps_layer or modest == call else (modest,)
    pairs = [(layer, there) for there in (small, roomy, narrow) for layer in layers]
    yield from dict.fromkeys([*pairs, (tiny, narrow), (tiny, roomy)])


def _small(layout: Layout, mask: MaskSpec | None) -> Layout:
    """Return an input of the same axes at small sizes, all different; sizes that are small already stay."""
    batch = mask.batch if mask is not None and mask.batch else _BATCH
    time = _TIME if mask is None else mask.time or max(_TIME, mask.least_time + 2)
    small = {"batch": batch, "timesteps": time, "features": _FEATURES}
    shape: list[int | None] = []
    for at, (axis, size) in enumerate(zip(layout.axes, layout.shape, strict=True)):
        least = small.get(axis, _SPACE + at)
        keeps = size is not None and size <= (least if axis in ("batch", "timesteps") else 4 * least)
        shape.append(size if keeps else least)
    return replace(layout, shape=tuple(shape))


def _roomy(layout: Layout, mask: MaskSpec | None) -> Layout:
    """Return an input whose axes, batch and features aside, have room for a few convolutions and poolings."""
    pairs = enumerate(zip(layout.axes, layout.shape, _small(layout, mask).shape, strict=True))
    has_room = ("timesteps",) if mask is None else ()
    return replace(
        layout,
        shape=tuple(
            min(size or _ROOM + at, _ROOM + at) if axis in has_room or axis.startswith("axis_") else small
            for at, (axis, size, small) in pairs
        ),
    )


def _narrow(layout: Layout) -> Layout:
    """Return the input with a single number along most axes that have no name: many small ones make a large product.

    TensorFlow slices tensors of many axes only where what it slices off is a multiple of 64 bytes.
    """
    shape = list(layout.shape)
    behind = shape[-1] or 1
    for at in reversed(range(len(shape))):
        if layout.axes[at].startswith("axis_"):
            shape[at] = 1 if behind % _ALIGNED == 0 else min(shape[at] or 1, 2)
            behind *= shape[at] or 1
    return replace(layout, shape=tuple(shape))


def with_small_arguments(call: Call, largest: int, small: tuple[int, ...]) -> Call:
    """Return the layer with small integers in the place of those above `largest`; equal ones stay equal."""
    large = sorted({number for number in integers(call) if number > largest})
    instead = {number: small[at % len(small)] for at, number in enumerate(large)}
    return _changed(call, lambda _, value: instead.get(value, value) if _is_integer(value) else value)


def is_unrolled(call: Call) -> bool:
    """Tell whether a layer in it lays its timesteps out one by one; anything true is a yes to Keras."""
    return any(bool(inner.argument("unroll")) for inner in call.calls())


def rolled(call: Call) -> Call:
    """Return the layer without its unrolling; what it returns is the same."""
    return _changed(call, lambda name, value: False if name == "unroll" else value)


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def integers(call: Call) -> list[int]:
    """Return the sizes of all integers in the call."""
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
