"""NumPy's functions that are read, each with a bound on what it makes. What is not listed is not known."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape import tree
from rnnshape.run.code.budget import check_items
from rnnshape.run.code.halt import TooMuch
from rnnshape.run.code.recording import LARGE, hollow
from rnnshape.run.code.values import Function, Library
from rnnshape.run.tensors import shape_of, tensors_in

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_SAME_SIZE = """
    abs absolute add all amax amin any argmax argmin argsort around ascontiguousarray asarray astype atleast_1d
    atleast_2d atleast_3d average cbrt ceil clip column_stack concatenate copy cos cosh count_nonzero cumprod cumsum
    delete diff divide dsplit dstack equal exp expand_dims expm1 fix flip fliplr flipud floor greater greater_equal
    hsplit hstack isnan isfinite isclose less less_equal log log10 log1p log2 logical_and logical_not logical_or max
    maximum mean median min minimum mod moveaxis multiply nan_to_num ndim negative not_equal ones_like zeros_like
    empty_like full_like permute_dims power prod ptp ravel reciprocal reshape roll rollaxis rot90 round round_
    searchsorted shape sign sin sinh size sort split sqrt square squeeze stack std subtract sum swapaxes take
    take_along_axis tan tanh transpose trapz triu tril unique var vsplit vstack where array_split argwhere nonzero
    nanmean nanmax nanmin percentile quantile insert append flatnonzero allclose array_equal
    """.split()
_ELEMENTWISE = {
    "add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "mod", "where", "equal", "not_equal",
    "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or",
}  # fmt: skip
_PRODUCTS = ("matmul", "dot", "outer", "kron", "tensordot", "einsum", "inner", "meshgrid", "cross")
_TYPES = """
    float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool_ float_ int_ integer floating
    ndarray
    """.split()
_CONSTANTS = {"pi": np.pi, "e": np.e, "inf": np.inf, "nan": np.nan, "newaxis": None, "Inf": np.inf, "NaN": np.nan}


def member(machine: Machine, path: str, name: str) -> Any:
    """Return what `np.NAME` (or `np.random.NAME`) is; None where it is not read."""
    if path == "np.random":
        return _random(machine, name)
    if path == "np":
        if name in {"random", "linalg"}:
            return Library(f"np.{name}")
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if name in _TYPES:
            return vars(np).get(name)
        return _function(name)
    if path == "np.linalg" and name == "norm":
        return Function("np.linalg.norm", np.linalg.norm)
    return None


def check_there(path: str, name: str) -> None:
    """Refuse a name that NumPy does not have (any more), in Python's words."""
    module: Any = {"np.random": np.random, "np.linalg": np.linalg}.get(path, np)
    if name not in dir(module):
        raise AttributeError(f"module '{module.__name__}' has no attribute '{name}'")


def _function(name: str) -> Function | None:
    path = f"np.{name}"
    if name in _CREATIONS:
        return Function(path, _CREATIONS[name], is_creation=True, size_of=lambda *_, **__: 1)
    if name in _BOUNDED:
        function, size_of = _BOUNDED[name]
        return Function(path, function, size_of=size_of)
    host = vars(np).get(name)
    if host is None or not callable(host):
        return None
    if name in _PRODUCTS:
        return Function(path, host, size_of=_product)
    if name in _ELEMENTWISE:
        return Function(path, host)
    return Function(path, host, size_of=_sum) if name in _SAME_SIZE else None


def _count(value: Any) -> int:
    return sum(
        math.prod(size or 1 for size in shape_of(leaf)) if hasattr(leaf, "shape") else 1 for leaf in tree.flat(value)
    )


def _sum(*args: Any, **kwargs: Any) -> int:
    return _count(args) + _count(list(kwargs.values()))


def _product(*args: Any, **kwargs: Any) -> int:
    return math.prod(max(_count(value), 1) for value in tensors_in((args, kwargs)))


def _dtype(dtype: Any) -> Any:
    """Return a dtype as NumPy takes it; TensorFlow's and Keras's by their names."""
    return getattr(dtype, "as_numpy_dtype", dtype)


def _shape(shape: Any) -> tuple[int, ...]:
    sizes = shape if isinstance(shape, list | tuple) else np.asarray(shape).reshape(-1).tolist()
    return tuple(_whole(size) for size in sizes)


def _whole(size: Any) -> int:
    if isinstance(size, bool | np.bool_) or not isinstance(size, int | np.integer):
        raise TypeError(f"'{type(size).__name__}' object cannot be interpreted as an integer")
    if size < 0:
        raise ValueError("negative dimensions are not allowed")
    return int(size)


def filled(value: Any, shape: Any, dtype: Any = None) -> Any:
    """Return an array of one number; a large one without memory for it."""
    sizes = _shape(shape)
    kind = np.dtype(_dtype(dtype) if dtype is not None else float)
    if math.prod(sizes) > LARGE:
        return hollow(np.asarray(value, dtype=kind), sizes)
    return np.full(sizes, value, dtype=kind)


def _zeros(shape: Any, dtype: Any = float, **_: Any) -> Any:
    return filled(0, shape, dtype)


def _ones(shape: Any, dtype: Any = float, **_: Any) -> Any:
    return filled(1, shape, dtype)


def _full(shape: Any, fill_value: Any, dtype: Any = None, **_: Any) -> Any:
    value = np.asarray(fill_value)
    return filled(value, shape, dtype or value.dtype)


def _array(value: Any, dtype: Any = None, **_: Any) -> Any:
    check_items(_count(value) if isinstance(value, list | tuple) else 0)
    made = np.array(value, dtype=_dtype(dtype)) if dtype is not None else np.array(value)
    if made.dtype == object:
        raise TooMuch("An array of objects is not read.", "Give numbers, all rows of the same length.")
    return made


def _arange(*args: Any, **kwargs: Any) -> Any:
    bounds = [*args, *(kwargs[name] for name in ("start", "stop", "step") if name in kwargs)]
    start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    check_items(int(abs(stop - start) / abs(step or 1)) + 1)
    return np.arange(*args, **{**kwargs, **({"dtype": _dtype(kwargs["dtype"])} if "dtype" in kwargs else {})})


def _linspace(start: Any, stop: Any, num: int = 50, **kwargs: Any) -> Any:
    check_items(_whole(num) * _count(start))
    return np.linspace(start, stop, num, **kwargs)


def _eye(N: int, M: int | None = None, k: int = 0, dtype: Any = float, **_: Any) -> Any:  # noqa: N803 - NumPy's names
    check_items(_whole(N) * _whole(N if M is None else M))
    return np.eye(N, M, k, dtype=_dtype(dtype))


_CREATIONS: dict[str, Callable[..., Any]] = {
    "zeros": _zeros,
    "ones": _ones,
    "empty": _zeros,
    "full": _full,
    "array": _array,
    "asarray": _array,
    "arange": _arange,
    "linspace": _linspace,
    "eye": _eye,
    "identity": _eye,
}


def _repeat_size(a: Any, repeats: Any, axis: Any = None) -> int:
    return _count(a) * max(int(np.max(repeats)), 1)


def _tile_size(A: Any, reps: Any) -> int:  # noqa: N803 - NumPy's name
    return _count(A) * math.prod(abs(int(size)) or 1 for size in np.asarray(reps).reshape(-1))


def _pad_size(array: Any, pad_width: Any, *_: Any, **__: Any) -> int:
    widest = 2 * int(np.max(pad_width))
    return math.prod((size or 1) + widest for size in np.asarray(array).shape)


def _to_size(array: Any, shape: Any, *_: Any, **__: Any) -> int:
    return math.prod(_shape(shape))


_BOUNDED: dict[str, tuple[Callable[..., Any], Callable[..., int]]] = {
    "repeat": (np.repeat, _repeat_size),
    "tile": (np.tile, _tile_size),
    "pad": (np.pad, _pad_size),
    "broadcast_to": (lambda array, shape: np.broadcast_to(array, shape).copy(), _to_size),
    "resize": (np.resize, _to_size),
}


def _random(machine: Machine, name: str) -> Any:
    """Return one of NumPy's random functions, drawing from the run's own generator."""
    function = _RANDOM.get(name)
    if function is None:
        return None

    def draw(*args: Any, **kwargs: Any) -> Any:
        return function(machine.random, *args, **kwargs)

    return Function(f"np.random.{name}", draw, is_creation=True, size_of=lambda *_, **__: 1)


def drawn(random: np.random.Generator, size: Any, draw: Callable[[Any], Any]) -> Any:
    """Return random numbers of a size; a large array is one number everywhere."""
    if size is None:
        return draw(None)
    sizes = _shape(size)
    return hollow(draw(None), sizes) if math.prod(sizes) > LARGE else draw(sizes)


def _rand(random: np.random.Generator, *sizes: Any) -> Any:
    return drawn(random, sizes or None, random.random)


def _randn(random: np.random.Generator, *sizes: Any) -> Any:
    return drawn(random, sizes or None, random.standard_normal)


def _sample(random: np.random.Generator, size: Any = None) -> Any:
    return drawn(random, size, random.random)


def _uniform(random: np.random.Generator, low: float = 0.0, high: float = 1.0, size: Any = None) -> Any:
    return drawn(random, size, lambda shape: random.uniform(low, high, shape))


def _normal(random: np.random.Generator, loc: float = 0.0, scale: float = 1.0, size: Any = None) -> Any:
    return drawn(random, size, lambda shape: random.normal(loc, scale, shape))


def _randint(random: np.random.Generator, low: int, high: int | None = None, size: Any = None, dtype: Any = int) -> Any:
    # Not 0 where there is a choice: 0 is padding, by accident here.
    least, most = (0, low) if high is None else (low, high)
    kind = np.dtype(_dtype(dtype))
    return drawn(random, size, lambda shape: random.integers(least, most, shape, dtype=kind))


def _choice(random: np.random.Generator, a: Any, size: Any = None, *_: Any, **__: Any) -> Any:
    values = np.arange(min(a, LARGE)) if isinstance(a, int) else np.asarray(a)
    return drawn(random, size, lambda shape: random.choice(values, shape))


def _permutation(random: np.random.Generator, x: Any) -> Any:
    if isinstance(x, int):
        check_items(x)
    return random.permutation(x)


def _nothing(random: np.random.Generator, *_: Any, **__: Any) -> Any:
    return None


_RANDOM: dict[str, Callable[..., Any]] = {
    "rand": _rand,
    "randn": _randn,
    "random": _sample,
    "random_sample": _sample,
    "standard_normal": _sample,
    "uniform": _uniform,
    "normal": _normal,
    "randint": _randint,
    "choice": _choice,
    "permutation": _permutation,
    "seed": _nothing,
    "shuffle": _nothing,
}
