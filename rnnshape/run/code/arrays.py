"""Tensors as arrays and arrays as tensors, where values are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnshape.trace import Array


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
