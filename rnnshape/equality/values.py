"""The values of one expression in every draw: when they are equal, when close, and when they are evidence at all.

Everything here is exact arithmetic on NumPy arrays, of any numeric dtype (bfloat16 included).
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterator, Sequence
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
_MEASURABLE = 1e-3
"""How much a term must change a merge at least, as a part of the spread of the merge, to be seen in it."""
_MEASURABLE_IN_ROUNDINGS = 4
_SAME_IN_EPSILONS = 2
"""Up to here a number is the same one: a softmax of a single unit is 1 or the number before it."""
_SAMPLE = 2**11
"""How many elements, from all over an array, tell its spread."""
_COARSE = 1e-4
"""Types of a larger epsilon than this have so few numbers that single elements are equal, or close, by accident."""
_LEAST_COARSE = 4
"""The least number of different numbers, in all draws together, that are evidence in such a type."""


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
    wide = np.array(array, dtype=np.complex128 if array.dtype.kind == "c" else np.float64)
    wide += 0
    wide[np.isnan(wide)] = np.nan
    return wide


def vary(values: Values) -> bool:
    """Tell whether the values are evidence: in enough draws they are more than one constant.

    A single element cannot vary by itself. It counts unless it is 0 or ±1 (what saturated activations give), or
    is the same in other draws. Of a type with few numbers more of them are needed.
    """
    several = [array for array in values if array.size > 1 and _differ(array)]
    single = {array.item() for array in values if array.size == 1 and tells(array)}
    if len(several) + len(single) < min(EVIDENCE, len(values)):
        return False
    if not _is_coarse(values[0]):
        return True
    return sum(len(_sample(array)) for array in several) + len(single) >= _LEAST_COARSE


def tells(array: Array) -> bool:
    """Tell whether the values of one draw may be evidence: finite numbers that differ, or one that is not 0 or ±1."""
    if array.size > 1:
        return _differ(array)
    if not np.isfinite(array).all():
        return False
    within = _SAME_IN_EPSILONS * _epsilon(array)
    return all(abs(array.item() - limit) > within * abs(limit) for limit in (0, 1, -1))


def differ(array: Array, others: Sequence[Array], *, is_exact: bool) -> bool:
    """Tell whether most elements of an array, in one draw, are measurably other numbers than those of each other one.

    What overflowed, underflowed or is not a number does not count. What something else equals bit for bit is measured
    in last bits; what it is only close to, in all that rounding may change, which in a coarse type is far more.
    """
    epsilon = _epsilon(array)
    rounding = epsilon if is_exact else _rounding(array)
    relative = epsilon if is_exact else _MEASURABLE_IN_ROUNDINGS * epsilon
    every = _stride(array)
    whole = _widened(array.reshape(-1)[::every])
    with np.errstate(all="ignore"):
        apart = np.min([np.abs(whole - _widened(other.reshape(-1)[::every])) for other in others], axis=0)
        least = np.maximum(
            max(_MEASURABLE, _MEASURABLE_IN_ROUNDINGS * rounding) * _spread(_sample(array)),
            _MEASURABLE_IN_ROUNDINGS * relative * np.abs(whole),
        )
        told = np.isfinite(whole) & (np.abs(whole) > _smallest(array)) & (apart > least)
    return bool(2 * np.count_nonzero(told) > told.size)


def _differ(array: Array) -> bool:
    finite = array[np.isfinite(array)]
    if array.dtype.kind in "biu" or not finite.size:
        return bool(finite.size and (finite != finite[0]).any())
    with np.errstate(all="ignore"):
        apart = np.abs(finite - finite[0])
    return bool((apart > _SAME_IN_EPSILONS * _epsilon(array) * np.abs(finite[0])).any())


def are_constant(values: Values) -> bool:
    """Tell whether all elements of all draws are one and the same value, but for its last bit."""
    first = _widened(values[0].reshape(-1)[:1])
    within = _SAME_IN_EPSILONS * _epsilon(values[0])
    return all(np.allclose(_widened(array), first, rtol=within, atol=0, equal_nan=True) for array in values)


def loosest_tolerance(values: Values) -> float:
    """Return what `tolerances` are at most, sooner."""
    if values[0].dtype.kind in "biu":
        return 0.0
    parts = [part for part in (array[np.isfinite(array)] for array in values) if part.size]
    if not parts:
        return 0.0
    if values[0].dtype.kind == "c":
        spread = 2 * max(float(np.abs(part - parts[0].flat[0]).max()) for part in parts)
    else:
        spread = float(max(part.max() for part in parts)) - float(min(part.min() for part in parts))
    return _rounding(values[0]) * spread


def tolerances(values: Values) -> tuple[float, ...]:
    """Return how far rounding may put values apart that are meant to be equal, in each draw; 0 for whole numbers.

    It is a part of their spread, not of their size, since values that are all near to one number (a saturated
    activation) are near to each other without being related; and of the spread of most of them, since beside a few
    huge values all others are near to each other, too.
    """
    if values[0].dtype.kind in "biu":
        return (0.0,) * len(values)
    samples = [_sample(array) for array in values]
    together = _spread(np.unique(np.concatenate(samples)))
    spreads = (_spread(sample) if len(sample) >= _PROBES else together for sample in samples)
    return tuple(_rounding(values[0]) * min(spread, together) for spread in spreads)


def _stride(array: Array) -> int:
    return max(1, array.size // _SAMPLE)


def _sample(array: Array) -> Array:
    """Return different finite numbers of the array, in order; of complex ones, their distances from one of them."""
    found = _widened(array.reshape(-1)[:: _stride(array)])
    found = found[np.isfinite(found)]
    return np.unique(np.abs(found - found[0]) if found.dtype.kind == "c" and found.size else found)


def _spread(sample: Array) -> float:
    """Return how far apart the outermost numbers of a sample are, without its outermost tenths if it has some."""
    if not sample.size:
        return 0.0
    out = len(sample) // 10
    return float(sample[-1 - out]) - float(sample[out])


def _rounding(array: Array) -> float:
    return max(_ROUNDING, _ROUNDINGS_IN_EPSILONS * _epsilon(array))


def _is_coarse(array: Array) -> bool:
    return array.dtype.kind not in "biu" and _epsilon(array) > _COARSE


def _smallest(array: Array) -> float:
    """Return the smallest number of full precision: 0 for whole numbers, and where NumPy knows no limits."""
    return float(np.finfo(array.dtype).tiny) if array.dtype.kind in "fc" else 0.0


def _epsilon(array: Array) -> float:
    if array.dtype.kind in "biu":
        return 0.0
    if array.dtype.kind in "fc":
        return float(np.finfo(array.dtype).eps)
    # NumPy knows no limits of bfloat16: the step from 1 to the next number is its epsilon.
    one = np.ones((), array.dtype)
    return float(np.nextafter(one, one + one).astype(np.float64)) - 1.0


def are_close(left: Values, right: Values, within: Sequence[float]) -> bool:
    """Tell whether the values are nowhere further apart than `within`, which has a number for each draw."""
    if shapes(left) != shapes(right):
        return False
    with np.errstate(all="ignore"):
        return all(
            np.allclose(_widened(x), _widened(y), rtol=0, atol=most, equal_nan=True)
            for x, y, most in zip(left, right, within, strict=True)
        )


def probe(array: Array) -> Array:
    """Return a few elements from all over the array: equal arrays have equal ones."""
    return array[_places(array.shape)] if array.ndim else array.reshape(1)


@functools.lru_cache(maxsize=256)
def _places(shape: tuple[int, ...]) -> tuple[NDArray[np.intp], ...]:
    places = np.unique(np.linspace(0, math.prod(shape) - 1, _PROBES).astype(np.intp))
    return np.unravel_index(places, shape)


def comparable(probes: Array) -> Array:
    """Return probes as finite numbers, so that subtracting them tells equal ones from others."""
    wide = _widened(probes)
    return wide if np.isfinite(wide).all() else np.nan_to_num(wide, nan=0.0, posinf=1e300, neginf=-1e300)


class Shelf:
    """Values of the same shapes, laid out so that those equal or close to others are found without a walk."""

    def __init__(self, stored: list[Values]) -> None:
        """Keep the values; there is at least one."""
        self._stored = stored
        self._loosest = np.array([loosest_tolerance(values) for values in stored])
        self._probes = np.stack([comparable(probe(values[0])) for values in stored])

    def near(self, probes: Array) -> Iterator[tuple[int, int]]:
        """Yield (row of the probes, position on the shelf) of what looks alike.

        `probes` has shape (rows, elements).
        """
        with np.errstate(all="ignore"):
            apart = np.abs(probes[:, None, :] - self._probes[None])
            alike = (apart <= self._loosest[None, :, None]).all(axis=-1)
        yield from zip(*(found.tolist() for found in np.nonzero(alike)), strict=True)

    def is_close(self, values: Values, at: int) -> bool:
        """Tell whether the values differ from the stored ones by no more than rounding."""
        return are_close(values, self._stored[at], tolerances(self._stored[at]))
