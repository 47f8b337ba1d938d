"""Whether a value is true, where that is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnshape.run.code.halt import Unreadable
from rnnshape.run.code.values import Opaque, Unknown
from rnnshape.run.tensors import is_symbolic, is_tensor


def is_true(value: Any) -> bool:
    """Return whether Python would take the value for true.

    Raises:
        Unreadable: it is not known.
        ValueError: it is an array of several values, as in NumPy; or a symbolic tensor, as in Keras.

    """
    if isinstance(value, Unknown):
        raise Unreadable(f"The branch depends on {value.code}, which is not known.", value.hint("True"))
    if isinstance(value, Opaque):
        return True
    if isinstance(value, bool | int | float | complex | str | bytes | list | tuple | dict | set | range | type(None)):
        return bool(value)
    if isinstance(value, np.generic) or (is_tensor(value) and not is_symbolic(value)):
        return bool(value)
    if is_symbolic(value):
        raise TypeError("A symbolic KerasTensor cannot be used as a boolean.")
    return True
