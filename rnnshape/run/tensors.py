"""What is asked of a tensor, be it symbolic, eager or an array; and the one as the other."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from rnnshape import tree
from rnnshape.run import engine
from rnnshape.trace import Array, Shape

MASK = "_keras_mask"
"""The attribute of a tensor in which Keras keeps its mask."""


def is_tensor(value: Any) -> bool:
    """Tell whether this is an array, an eager tensor, a symbolic one or a variable."""
    if isinstance(value, np.ndarray):
        return bool(value.dtype != object)
    return isinstance(value, tensor_types())


@functools.cache
def tensor_types() -> tuple[type, ...]:
    """Return the classes of tensors that are not arrays."""
    keras = engine.load()
    import tensorflow as tf

    return keras.KerasTensor, tf.Tensor, tf.Variable, keras.Variable


def is_symbolic(value: Any) -> bool:
    """Tell whether this is a symbolic tensor of Keras's."""
    return isinstance(value, engine.load().KerasTensor)


def kind_of(value: Any) -> str:
    """Return `symbolic`, `tensor` or `array`."""
    if isinstance(value, np.ndarray):
        return "array"
    return "symbolic" if is_symbolic(value) else "tensor"


def shape_of(value: Any) -> Shape:
    """Return a tensor's shape; None where a size is unknown."""
    try:
        return tuple(None if size is None else int(size) for size in value.shape)
    except (TypeError, ValueError):
        return ()


def dtype_of(value: Any) -> str:
    """Return the name of a tensor's dtype."""
    dtype = value.dtype
    return str(getattr(dtype, "name", dtype))


def is_hollow(value: Any) -> bool:
    """Tell whether an array is one number, shown in a large shape: it takes no memory."""
    return isinstance(value, np.ndarray) and value.size > 1 and not any(value.strides)


def tensors_in(value: Any) -> Iterator[Any]:
    """Yield every tensor in a nested value."""
    return (leaf for _, leaf in tree.leaves(value) if is_tensor(leaf))


def as_array(value: Any) -> Array:
    """Return a tensor's values as an array that NumPy compares."""
    array = np.asarray(value)
    return array.astype("float32") if array.dtype == np.float16 or str(array.dtype) == "bfloat16" else array


def as_tensor(value: Any) -> Any:
    """Return an array as a tensor: Keras takes either, but no mixture."""
    if not isinstance(value, np.ndarray):
        return value
    import tensorflow as tf

    return tf.constant(value.astype("float32") if value.dtype == np.float64 else value)


def device_of(value: Any) -> str:
    """Return the kind of device that a tensor is on: CPU, GPU, …."""
    return (getattr(value, "device", "").rpartition("device:")[2].partition(":")[0] or "CPU").upper()


def is_placeholder(value: Any, kinds: str = "f") -> bool:
    """Tell whether an array of these kinds of numbers is the same one everywhere: it stands for data."""
    array = np.asarray(value)
    return array.size > 1 and array.dtype.kind in kinds and bool((array == array.reshape(-1)[0]).all())
