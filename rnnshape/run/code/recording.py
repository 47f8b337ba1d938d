"""A call of a function on tensors: bounded, run, and noted."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape import tree
from rnnshape.run import engine
from rnnshape.run.code.budget import MAX_HOLLOW, check_array
from rnnshape.run.code.halt import TooMuch
from rnnshape.run.code.world import Called
from rnnshape.run.tensors import is_hollow, is_symbolic, is_tensor, shape_of, tensors_in
from rnnshape.trace import Shape, StepKind

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

LARGE = 2_000_000
"""Numbers in an array from which on it is kept as one number and its shape."""


def call_recorded(  # noqa: PLR0913 - what is noted of a call
    machine: Machine,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    line: int,
    path: str,
    node: ast.AST | None = None,
    size: int | None = None,
    is_view: bool = False,
) -> Any:
    """Return what the function returns, noting the call if tensors come of it.

    `size` is how many numbers the result has at most, where that is more than went in. `is_view`: no memory is taken,
    however large the array is.

    Raises:
        TooMuch: the result would be too large.

    """
    before = list(tensors_in((args, kwargs)))
    if any(is_hollow(value) for value in before):
        result = function(*args, **kwargs) if is_view else _hollow_call(function, args, kwargs, before)
    else:
        if not any(is_symbolic(value) for value in before):
            check_array(_size(function, args, kwargs, size if size is not None else _bound(path, before)))
        result = function(*args, **kwargs)
    if not machine.world.is_recording or not any(True for _ in tensors_in(result)):
        return result
    if not before:
        for value in tensors_in(result):
            if machine.world.made(value) is None:
                made = machine.world.add(value, line or machine.line, root="data")
                made.call = Called(line, StepKind.FUNCTION, path, path, function, args, kwargs, structure=result)
        return result
    text = " ".join(machine.text(node).split()) if node is not None and hasattr(node, "lineno") else path
    call = Called(line or machine.line, StepKind.FUNCTION, text, path, function, args, kwargs)
    return machine.world.record(call, result)


def _size(function: Callable[..., Any], args: Any, kwargs: Any, bound: int) -> int:
    """Return how many numbers the result has: the bound if that is small, else what TensorFlow's tracing tells."""
    if bound <= LARGE or not str(getattr(function, "__module__", "")).startswith(("keras.", "tensorflow.")):
        return bound
    import tensorflow as tf

    def spec(leaf: Any) -> Any:
        return tf.TensorSpec(leaf.shape, leaf.dtype) if is_tensor(leaf) else leaf

    try:
        graph = tf.function(function, autograph=False).get_concrete_function(
            *tree.mapped(spec, args), **tree.mapped(spec, kwargs)
        )
        sizes = [_count(shape_of(one)) for one in graph.outputs]
    except Exception:  # noqa: BLE001 - what cannot be traced has the bound
        return bound
    return sum(sizes)


def _bound(path: str, tensors: list[Any]) -> int:
    """Return how many numbers an operation's result has at most."""
    shapes = [shape_of(value) for value in tensors]
    if len(shapes) < 2:
        return sum(_count(shape) for shape in shapes)
    if path == "@":
        return math.prod(_count(shape) for shape in shapes)
    width = max(map(len, shapes))
    filled = [(1,) * (width - len(shape)) + tuple(size or 1 for size in shape) for shape in shapes]
    whole = sum(_count(shape) for shape in shapes)
    return int(max(math.prod(max(sizes) for sizes in zip(*filled, strict=True)), whole))


def _count(shape: Shape) -> int:
    return math.prod(size or 1 for size in shape)


def hollow(value: Any, shape: tuple[int, ...]) -> Any:
    """Return an array of this shape that is one number everywhere, and takes no memory.

    Raises:
        TooMuch: even so.

    """
    if math.prod(shape) > MAX_HOLLOW or len(shape) > 30:
        raise TooMuch("An array of this shape is not made.", "Give smaller sizes.")
    return np.broadcast_to(np.asarray(value), shape)


def _hollow_call(function: Callable[..., Any], args: Any, kwargs: Any, before: list[Any]) -> Any:
    """Call a function on arrays of which only the shape matters: TensorFlow's tracing tells the shapes of the result.

    Of a view (a slice, a transposition) NumPy makes no copy, so it is made as it is.
    """
    if function in _VIEWS:
        return function(*args, **kwargs)
    small = tree.mapped(lambda leaf: _probe(leaf) if is_tensor(leaf) else leaf, (args, kwargs))
    probes = [_probe(value) for value in before]
    shape = np.broadcast_shapes(*(value.shape for value in before))
    if all(is_hollow(value) or value.ndim == 0 or value.size == 1 for value in before) and all(
        probe.size == 1 for probe in probes
    ):
        result = function(*small[0], **small[1])
        if (
            isinstance(result, np.ndarray | np.generic)
            and result.size == 1
            and getattr(result, "ndim", 0) == probes[0].ndim
        ):
            return hollow(np.asarray(result).reshape(()), shape)
        if isinstance(result, np.generic | int | float) or getattr(result, "ndim", 1) == 0:
            return result
    message = f"An array of shape {before[0].shape} is too large for this operation."
    raise TooMuch(message, "Give smaller data with --let.")


def _probe(value: Any) -> Any:
    return value[(slice(0, 1),) * value.ndim] if isinstance(value, np.ndarray) else value


def get_item(owner: Any, index: Any) -> Any:
    """Index a tensor: the function that is noted for it."""
    return owner[index]


_VIEWS = frozenset({np.transpose, np.squeeze, np.expand_dims, np.swapaxes, np.moveaxis, get_item})


def is_large(value: Any) -> bool:
    """Tell whether an array is too large to be run through a layer at once."""
    return isinstance(value, np.ndarray) and value.size > LARGE


def stand_in(value: Any) -> Any:
    """Return a symbolic tensor of a large array's shape; anything else as it is."""
    if not is_large(value):
        return value
    return engine.load().KerasTensor(value.shape, dtype="float32" if value.dtype == np.float64 else str(value.dtype))
