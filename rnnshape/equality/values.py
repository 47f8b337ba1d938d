"""The values of one expression in every draw: when they are equal, when close, and when they are evidence at all.

Everything here is exact arithmetic on NumPy arrays, of any numeric dtype (bfloat16 included).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Values = tuple[Array, ...]
"""One array for each draw. Draws may differ in size."""
Shapes = tuple[tuple[int, ...], ...]
Signature = tuple[tuple[tuple[int, ...], bytes], ...]

EVIDENCE = 2
"""The least number of draws in which values must vary before anything is said of them."""

_PROBES = 8
"""How many elements are looked at before two arrays are compared in full."""
_CHUNK = 2**18
"""How many elements are widened at a time, so that large arrays cost no memory."""
_LARGEST_EXACT = 2**53
_ROUNDING = 1e-5
"""How far values that differ by rounding only may be apart, as a part of the spread of the values."""
_ROUNDINGS_IN_EPSILONS = 4


def shapes(values: Values) -> Shapes:
    """Return the shape in each draw."""
    return tuple(array.shape for array in values)


def are_numbers(values: Values) -> bool:
    """Tell whether there is something to compare: numbers, and at least one in each draw."""
    return bool(values) and all(array.size and _is_numeric(array.dtype) for array in values)


def _is_numeric(dtype: np.dtype[Any]) -> bool:
    # bfloat16 and the float8 types are of the kind "V", as structures are, but have a type of their own.
    return dtype.kind in "biufc" or (dtype.kind == "V" and dtype.type is not np.void)


def signature(values: Values) -> Signature:
    """Return what is the same exactly for values that are equal in every draw, whatever their dtypes.

    As in `numpy.array_equal(…, equal_nan=True)`: -0 equals 0, and nan equals nan.
    """
    return tuple((array.shape, _digest(array)) for array in values)


def _digest(array: Array) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    flat = array.reshape(-1)
    for start in range(0, flat.size, _CHUNK):
        found.update(np.ascontiguousarray(_widened(flat[start : start + _CHUNK])).data)
    return found.digest()


def _widened(array: Array) -> Array:
    """Return the numbers in the widest type of their kind, with one zero and one nan."""
    if array.dtype.kind in "biu":
        wide = array.astype(np.float64)
        return wide if (np.abs(wide) <= _LARGEST_EXACT).all() else array
    wide = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    wide += 0
    wide[np.isnan(wide)] = np.nan
    return wide


def vary(values: Values) -> bool:
    """Tell whether the values are evidence: in enough draws they are more than one constant.

    A single element cannot vary by itself. It counts unless it is 0 or ±1 (what saturated activations give), or
    is the same in other draws.
    """
    several = sum(array.size > 1 and _differ(array) for array in values)
    single = {array.item() for array in values if array.size == 1 and np.isfinite(array).all()} - {0, 1, -1}
    return several + len(single) >= min(EVIDENCE, len(values))


def _differ(array: Array) -> bool:
    finite = array[np.isfinite(array)]
    return bool(finite.size and (finite != finite[0]).any())


def are_constant(values: Values) -> bool:
    """Tell whether all elements of all draws are one and the same value."""
    first = _widened(values[0].reshape(-1)[:1])
    return all(
        np.array_equal(np.broadcast_to(first, array.size), _widened(array.reshape(-1)), equal_nan=True)
        for array in values
    )


def tolerance(values: Values) -> float:
    """Return how far rounding may put values apart that are meant to be equal; 0 for whole numbers.

    It is a part of their spread, not of their size, since values that are all near to one number (a saturated
    activation) are near to each other without being related.
    """
    if values[0].dtype.kind in "biu":
        return 0.0
    parts = [part for part in (array[np.isfinite(array)] for array in values) if part.size]
    if not parts:
        return 0.0
    if values[0].dtype.kind == "c":
        spread = max(float(np.abs(part - parts[0].flat[0]).max()) for part in parts)
    else:
        spread = float(max(part.max() for part in parts)) - float(min(part.min() for part in parts))
    return max(_ROUNDING, _ROUNDINGS_IN_EPSILONS * _epsilon(values[0])) * spread


def _epsilon(array: Array) -> float:
    if array.dtype.kind in "fc":
        return float(np.finfo(array.dtype).eps)
    # NumPy knows no limits of bfloat16: the step from 1 to the next number is its epsilon.
    one = np.ones((), array.dtype)
    return float(np.nextafter(one, one + one).astype(np.float64)) - 1.0


def are_close(left: Values, right: Values, within: float) -> bool:
    """Tell whether the values are nowhere further apart than `within`, in any draw."""
    if shapes(left) != shapes(right):
        return False
    with np.errstate(all="ignore"):
        return all(
            np.allclose(_widened(x), _widened(y), rtol=0, atol=within, equal_nan=True)
            for x, y in zip(left, right, strict=True)
        )


def probe(array: Array) -> Array:
    """Return a few elements from all over the array: equal arrays have equal ones."""
    places = np.unique(np.linspace(0, array.size - 1, _PROBES).astype(np.intp))
    return array[np.unravel_index(places, array.shape)] if array.ndim else array.reshape(1)


def comparable(probes: Array) -> Array:
    """Return probes as finite numbers, so that subtracting them tells equal ones from others."""
    wide = _widened(probes)
    return np.nan_to_num(wide, nan=0.0, posinf=1e300, neginf=-1e300)


class Shelf:
    """Values of the same shapes, laid out so that those equal or close to others are found without a walk."""

    def __init__(self, stored: list[Values]) -> None:
        """Keep the values; there is at least one."""
        self._stored = stored
        self._tolerances = np.array([tolerance(values) for values in stored])
        self._probes = np.stack([comparable(probe(values[0])) for values in stored])

    def near(self, probes: Array) -> Iterator[tuple[int, int]]:
        """Yield (row of the probes, position on the shelf) of what looks alike.

        `probes` has shape (rows, elements).
        """
        with np.errstate(all="ignore"):
            apart = np.abs(probes[:, None, :] - self._probes[None])
            alike = (apart <= self._tolerances[None, :, None]).all(axis=-1)
        yield from zip(*(found.tolist() for found in np.nonzero(alike)), strict=True)

    def is_close(self, values: Values, at: int) -> bool:
        """Tell whether the values differ from the stored ones by no more than rounding."""
        return are_close(values, self._stored[at], float(self._tolerances[at]))
