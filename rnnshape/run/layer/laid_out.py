"""`TimeDistributed` lays its timesteps out one by one: where shapes alone are wanted, one of them tells of all.

Nested ones lay out the product of their time axes, which no machine has the memory for.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterator
from typing import Any

from rnnshape.run import engine

_SCOPE = "laid_out_"
_MARK = re.compile(rf"(?:^|/){_SCOPE}(\d+)(?:_\d+)?(?=/)")


@contextlib.contextmanager
def one_step_each() -> Iterator[None]:
    """Have `TimeDistributed` lay out one timestep meanwhile, and repeat what it gives, in graphs alone.

    The operations of that timestep are named such that `times_in` tells how often Keras would make them.
    """
    import tensorflow as tf

    layers: Any = engine.load().layers
    whole = layers.TimeDistributed.call

    @functools.wraps(whole)
    def call(self: Any, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        steps = inputs.shape[1]
        # A mask of the wrong shape is refused as it is given.
        is_wrong = mask is not None and (len(mask.shape) < 2 or mask.shape[1] != steps)
        if steps is None or is_wrong or tf.executing_eagerly():
            return whole(self, inputs, training=training, mask=mask)
        with tf.name_scope(f"{_SCOPE}{steps}"):
            one = whole(self, inputs[:, :1], training=training, mask=None if mask is None else mask[:, :1])
        return tf.tile(one, [1, steps, *[1] * (len(one.shape) - 2)])

    layers.TimeDistributed.call = call
    try:
        yield
    finally:
        layers.TimeDistributed.call = whole


def times_in(name: str) -> int:
    """Return how often Keras makes an operation of this name, which was made once."""
    times = 1
    for steps in _MARK.findall(name):
        times *= int(steps)
    return times
