"""A call that is traced once and run in every draw: an eager loop costs by the timestep, a traced one costs once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from rnnshape import tree
from rnnshape.run.tensors import MASK, is_tensor, tensors_in


class Traced:
    """A call of a layer or model in a graph. Masks go in and come out with the tensors, as in an eager call.

    A traced function takes and hands on tensors only: the nesting of arguments and of the return value is kept here.
    """

    def __init__(self, target: Callable[..., Any]) -> None:
        """Take what is called."""
        import tensorflow as tf

        self._target = target
        self._arguments: Any = ()
        self._nesting: Any = None
        self._graph = tf.function(self._flat, autograph=False)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the call returns, nested as it came."""
        self._arguments = (args, kwargs)
        given = list(tensors_in(self._arguments))
        with in_one_thread():
            values, masks = self._graph(given, [getattr(leaf, MASK, None) for leaf in given])
        for value, mask in zip(values, masks, strict=True):
            if mask is not None:
                setattr(value, MASK, mask)
        found = iter(values)
        return tree.mapped(lambda leaf: next(found) if is_tensor(leaf) else leaf, self._nesting)

    def _flat(self, given: list[Any], masks: list[Any]) -> tuple[list[Any], list[Any]]:
        for tensor, mask in zip(given, masks, strict=True):
            if mask is not None:
                setattr(tensor, MASK, mask)
        found = iter(given)
        args, kwargs = tree.mapped(lambda leaf: next(found) if is_tensor(leaf) else leaf, self._arguments)
        self._nesting = self._target(*args, **kwargs)
        made = list(tensors_in(self._nesting))
        return made, [getattr(leaf, MASK, None) for leaf in made]


def in_one_thread() -> contextlib.AbstractContextManager[None]:
    """Have graphs that are traced meanwhile run one operation after the other, which gives the same values.

    The operations of a timestep are so small that handing them to threads takes longer than they do. TensorFlow has no
    public name for it; where it is called otherwise one day, graphs run as they always do.
    """
    try:
        from tensorflow.python.eager import context

        executor: contextlib.AbstractContextManager[None] = context.function_executor_type("SINGLE_THREADED_EXECUTOR")
    except (ImportError, AttributeError):
        return contextlib.nullcontext()
    return executor
