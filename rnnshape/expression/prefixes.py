"""What stands in front of a layer's name in code and docs, and says nothing."""

from __future__ import annotations

from rnnshape.catalogue import TOP_LEVEL
from rnnshape.expression.data import KERAS_MODULES

PREFIXES = ("tensorflow.keras.layers.", "tf.keras.layers.", "keras.layers.", "layers.")
_MODULE_PREFIXES = ("tensorflow.keras.", "tf.keras.", "keras.")


def without_prefix(name: str) -> str:
    """Return a Keras name without the `keras.layers.` (and the like) in front of it."""
    for prefix in PREFIXES:
        rest = name.removeprefix(prefix)
        # What has more in it than the name of a layer stays what it is: keras.layers.recurrent.LSTM.
        if rest != name and ("." not in rest or rest.startswith(PREFIXES)):
            # Once more, so that what is printed is read as itself.
            return without_prefix(rest)
    for prefix in (*_MODULE_PREFIXES, ""):
        rest = name.removeprefix(prefix)
        home, _, last = rest.rpartition(".")
        if home in ("models", "dtype_policies", "mixed_precision") and last in TOP_LEVEL:
            return last
        if prefix and rest != name and (rest.startswith(KERAS_MODULES) or "." not in rest):
            return rest
    return name
