"""Initial weights at no cost: an answer draws its own weights, so that what an initializer draws is thrown away.

`Orthogonal` makes it worth the trouble: its QR decomposition of 3,000 units takes seconds, of 8,500 units minutes and
gigabytes.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

from rnnshape.expression import Call
from rnnshape.run import engine

_COSTLY = 10**9
"""Multiplications of a QR decomposition from which on a user's layer, too, starts from other random weights."""

_Make = Callable[..., Any]
_accepted: set[tuple[type, int, str]] = set()
"""The initializers that have made a tensor of so many axes and of this dtype in this process."""


@contextlib.contextmanager
def costless(call: Call) -> Iterator[None]:
    """Have Keras's random initializers cost next to nothing meanwhile; what one of them refuses, it refuses.

    They give zeros where all layers are Keras's own, which do nothing with their initial weights. A user's layer may
    compute something of them: there every initializer draws as ever, but for a costly `Orthogonal`, which draws from
    a uniform distribution.
    """
    initializers: Any = engine.load().initializers
    if any(inner.is_users for inner in call.calls()):
        uniform = initializers.GlorotUniform()
        changed: dict[Any, Callable[[_Make], _Make]] = {
            initializers.Orthogonal: lambda make: _unless_costly(make, uniform)
        }
    else:
        # All others of Keras's random ones are subclasses of these, and draw by their method.
        names = ("Orthogonal", "VarianceScaling", "RandomNormal", "RandomUniform", "TruncatedNormal")
        changed = {getattr(initializers, name): _zeros for name in names}
    before = {cls: cls.__call__ for cls in changed}
    try:
        for cls, change in changed.items():
            cls.__call__ = change(before[cls])
        yield
    finally:
        for cls, make in before.items():
            cls.__call__ = make


def _zeros(make: _Make) -> _Make:
    """Return a method that gives zeros, of the shape and dtype that `make` would give."""

    def zeros(self: Any, shape: Any, dtype: Any = None, **keywords: Any) -> Any:
        keras = engine.load()
        name = keras.backend.standardize_dtype(dtype or keras.config.floatx())
        seen = (type(self), len(shape), name)
        if seen not in _accepted:
            try:
                make(self, (1,) * len(shape), dtype, **keywords)
            except Exception:  # noqa: BLE001 - whatever it is, it is said of the shape that was asked for
                return make(self, shape, dtype, **keywords)
            _accepted.add(seen)
        return keras.ops.zeros(shape, name)

    return zeros


def _unless_costly(make: _Make, instead: _Make) -> _Make:
    """Return a method that draws by `make` where that is quick, and else by `instead`."""

    def quickly(self: Any, shape: Any, dtype: Any = None, **keywords: Any) -> Any:
        last, others = shape[-1] if shape else 1, math.prod(shape[:-1])
        is_costly = others * last * min(others, last) > _COSTLY
        return instead(shape, dtype) if is_costly else make(self, shape, dtype, **keywords)

    return quickly
