"""A call that is traced once and run in every draw: an eager loop costs by the timestep, a traced one costs once."""

from __future__ import annotations

from typing import Any

from rnnshape import tree
from rnnshape.run import engine
from rnnshape.run.code.world import is_tensor
from rnnshape.run.layer.calling import in_one_thread

_MASK = "_keras_mask"


class Traced:
    """A call of a layer or model in a graph. Masks go in and come out with the tensors, as in an eager call."""

    def __init__(self, target: Any) -> None:
        """Take what is called."""
        import tensorflow as tf

        self._target = target
        self._arguments: Any = ()
        self._nesting: Any = None
        self._graph = tf.function(self._flat, autograph=False)

    def __call__(self, args: Any, kwargs: Any) -> Any:
        """Return what the call returns, nested as it came."""
        self._arguments = (args, kwargs)
        given = [leaf for _, leaf in tree.leaves(self._arguments) if is_tensor(leaf)]
        with in_one_thread():
            values, masks = self._graph(given, [getattr(leaf, _MASK, None) for leaf in given])
        for value, mask in zip(values, masks, strict=True):
            if mask is not None:
                setattr(value, _MASK, mask)
        found = iter(values)
        return tree.mapped(lambda leaf: next(found) if is_tensor(leaf) else leaf, self._nesting)

    def _flat(self, given: list[Any], masks: list[Any]) -> tuple[list[Any], list[Any]]:
        for tensor, mask in zip(given, masks, strict=True):
            if mask is not None:
                setattr(tensor, _MASK, mask)
        found = iter(given)
        args, kwargs = tree.mapped(lambda leaf: next(found) if is_tensor(leaf) else leaf, self._arguments)
        self._nesting = self._target(*args, **kwargs)
        made = [leaf for _, leaf in tree.leaves(self._nesting) if is_tensor(leaf)]
        return made, [getattr(leaf, _MASK, None) for leaf in made]


def loops(owner: Any) -> bool:
    """Tell whether a layer, or one inside it, goes from timestep to timestep."""
    rnn = engine.load().layers.RNN
    flatten = getattr(owner, "_flatten_layers", None)
    return any(isinstance(part, rnn) for part in (flatten() if flatten is not None else [owner]))
