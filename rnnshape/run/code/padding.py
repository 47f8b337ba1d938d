"""The mask that the inputs of a program are given: zeros at the masked steps, and the mask itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnshape.mask import MaskKind, MaskSpec
from rnnshape.run import engine
from rnnshape.run.code.world import Made
from rnnshape.run.tensors import MASK
from rnnshape.trace import Shape

_SEQUENCE = 3
"""The rank of a sequence: (batch, timesteps, features). Tokens have no features; their `Embedding` masks zeros."""


class Padding:
    """What `--mask` asks for. Of inputs whose time axis it does not fit, it says nothing."""

    def __init__(self, spec: MaskSpec) -> None:
        """Take the mask as it was asked for."""
        self.spec = spec

    def fits(self, shape: Shape) -> bool:
        """Tell whether an input of this shape, batch and timesteps first, can be padded so."""
        if len(shape) < 2:
            return False
        batch, time = shape[:2]
        exact = (self.spec.batch in (None, batch) or batch is None) and (self.spec.time in (None, time) or time is None)
        return exact and (time is None or self.spec.least_time <= time)

    def is_for(self, shape: Shape, *, is_tokens: bool) -> bool:
        """Tell whether an input is padded: a sequence of numbers, or of tokens."""
        return self.fits(shape) and (is_tokens or len(shape) == _SEQUENCE)

    def attach(self, tensor: Any) -> None:
        """Give a symbolic sequence its mask: the steps at which it is not zero."""
        if len(tensor.shape) == _SEQUENCE and self.fits(tuple(tensor.shape)):
            ops = engine.load().ops
            setattr(tensor, MASK, ops.any(ops.not_equal(tensor, 0), axis=-1))

    def rows(self, batch: int, time: int) -> np.ndarray[Any, Any]:
        """Return the mask, of shape (batch, timesteps); True: the step counts."""
        return np.array([self.spec.row(at, time) for at in range(batch)], dtype=bool)

    def padded(self, numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the values of an input with zeros at the masked steps."""
        rows = self.rows(*numbers.shape[:2])
        return np.where(rows.reshape(*rows.shape, *[1] * (numbers.ndim - 2)), numbers, np.zeros((), numbers.dtype))

    def masked(self, made: Made, tensor: Any) -> Any:
        """Return a real input that carries the mask where the symbolic one does."""
        if made.masked:
            import tensorflow as tf

            setattr(tensor, MASK, tf.constant(self.rows(*tensor.shape[:2])))
        return tensor

    def size(self, axis: int) -> int | None:
        """Return the size that the mask gives an unknown axis; None where it gives none."""
        if axis == 0:
            return self.spec.batch
        if axis != 1:
            return None
        return self.spec.time or (self.spec.least_time + 2 if self.spec.kind is not MaskKind.STEPS else None)
