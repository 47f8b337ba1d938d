"""TensorFlow's functions that make or reshape tensors; what is not listed is not known."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from rnnshape.run.code.budget import check_array
from rnnshape.run.code.keras_library import size_bound
from rnnshape.run.code.numpy_library import _count, drawn
from rnnshape.run.code.values import Closure, Function, Library, Opaque, Unknown

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_SAME = frozenset(
    """
    abs add argmax argmin argsort boolean_mask cast clip_by_value concat constant convert_to_tensor cumsum divide
    einsum equal exp expand_dims floor gather gather_nd greater greater_equal identity less less_equal linspace
    logical_and logical_not logical_or matmul maximum minimum multiply negative norm not_equal ones_like pow rank
    reduce_all reduce_any reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_sum reshape reverse
    roll round scan shape sigmoid sign size slice sort split sqrt square squeeze stack stop_gradient strided_slice
    subtract tanh tensordot transpose unstack where zeros_like map_fn foldl foldr scalar_mul range tile repeat
    one_hot pad broadcast_to eye fill sequence_mask reverse_sequence meshgrid
    """.split()
)
_NESTED = {
    "nn": """
    bias_add conv1d conv2d dropout elu embedding_lookup gelu l2_normalize leaky_relu log_softmax moments relu relu6
    selu sigmoid softmax softplus softsign silu swish tanh max_pool avg_pool max_pool1d avg_pool1d
    sigmoid_cross_entropy_with_logits softmax_cross_entropy_with_logits sparse_softmax_cross_entropy_with_logits
    """.split(),
    "math": """
    abs add argmax argmin ceil cos cumsum divide equal exp floor greater l2_normalize less log log1p logical_not
    maximum minimum mod multiply negative not_equal pow reduce_all reduce_any reduce_max reduce_mean reduce_min
    reduce_prod reduce_std reduce_sum reduce_variance round rsqrt sigmoid sign sin softmax softplus sqrt square
    subtract tanh top_k
    """.split(),
    "linalg": ["matmul", "norm", "einsum", "matvec", "matrix_transpose", "diag", "tensordot", "band_part"],
    "signal": ["frame"],
    "image": ["resize", "flip_left_right"],
    "dtypes": ["cast"],
    "sets": [],
    "random": [],
    "initializers": [],
    "losses": [],
    "data": [],
    "train": [],
    "distribute": [],
    "config": [],
    "compat": [],
}
_DTYPES = frozenset(
    """
    float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool bfloat16 string double half
    """.split()
)
_OF_KERAS = frozenset({"initializers", "losses", "metrics", "optimizers"})
_PASSED_OVER = frozenset(
    {"set_seed", "run_functions_eagerly", "enable_eager_execution", "disable_eager_execution", "print"}
)


def member(machine: Machine, path: str, name: str) -> Any:
    """Return what `tf.NAME` (or `tf.nn.NAME`, …) is; unknown where it is not read.

    Raises:
        AttributeError: TensorFlow has no such name, as in Python.

    """
    import tensorflow as tf

    spelled = f"{path}.{name}"
    if name in _PASSED_OVER:
        return Function(spelled, lambda *_, **__: None)
    if path == "tf" and name == "newaxis":
        return None
    if path == "tf.compat":
        return Library("tf") if name in {"v1", "v2"} else Unknown(spelled)
    if path == "tf.random" and name != "set_seed":
        return _random(machine, name)
    if path == "tf" and (own := _own(name)) is not None:
        return own
    allowed = _SAME if path == "tf" else _NESTED.get(path.removeprefix("tf."), ())
    if name in allowed:
        module = tf if path == "tf" else vars(tf)[path.removeprefix("tf.")]
        function = vars(module).get(name)
        if function is not None:
            return Function(spelled, function, size_of=size_bound(name))
    _check_there(path, name)
    return "2" if name == "__version__" else Unknown(spelled)


def _check_there(path: str, name: str) -> None:
    """Refuse a name that TensorFlow does not have, in Python's words."""
    import tensorflow as tf

    below = path.removeprefix("tf").removeprefix(".")
    module = vars(tf).get(below) if below else tf
    if isinstance(module, ModuleType) and name not in vars(module) and not name.startswith("_"):
        shown = f"tensorflow._api.v2.{below}" if below else "tensorflow"
        raise AttributeError(f"module '{shown}' has no attribute '{name}'")


def _own(name: str) -> Any:
    """Return what is special at the top of TensorFlow: its modules, dtypes, variables, and what fills a shape."""
    import tensorflow as tf

    if name == "keras" or name in _OF_KERAS:
        return Library("tf.keras" if name == "keras" else f"tf.keras.{name}")
    if name in _DTYPES:
        return vars(tf)[name]
    if name in {"zeros", "ones"}:
        return Function(f"tf.{name}", vars(tf)[name], is_creation=True, size_of=_shape_size)
    special: dict[str, Callable[..., Any]] = {"Variable": _variable, "function": _decorated}
    if name in special:
        return Function(f"tf.{name}", special[name])
    return Library(f"tf.{name}") if name in _NESTED else None


def _shape_size(shape: Any, *_: Any, **__: Any) -> int:
    sizes = shape if isinstance(shape, list | tuple) else [shape]
    return math.prod(abs(size) for size in sizes if isinstance(size, int))


def _variable(initial_value: Any = None, *_: Any, dtype: Any = None, **__: Any) -> Any:
    import tensorflow as tf

    check_array(_count(initial_value))
    return tf.Variable(initial_value, dtype=dtype)


def _decorated(function: Any = None, **_: Any) -> Any:
    """Return the function as it is: what `@tf.function` speeds up, it does not change."""
    return function if isinstance(function, Closure) else Opaque("tf.function")


def _random(machine: Machine, name: str) -> Any:
    """Return one of TensorFlow's random functions, drawing from the run's own generator."""
    import tensorflow as tf

    def made(shape: Any, dtype: Any, draw: Any) -> Any:
        kind = tf.as_dtype(dtype)
        sizes = [int(size) for size in (shape if isinstance(shape, list | tuple | tf.TensorShape) else [shape])]
        check_array(math.prod(sizes))
        return tf.constant(drawn(machine.random, sizes, draw).astype(kind.as_numpy_dtype))

    def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = "float32", **_: Any) -> Any:
        return made(shape, dtype, lambda size: machine.random.normal(mean, stddev, size))

    def uniform(shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32", **_: Any) -> Any:
        if tf.as_dtype(dtype).is_integer:
            return made(shape, dtype, lambda size: machine.random.integers(minval, maxval, size))
        return made(shape, dtype, lambda size: machine.random.uniform(minval, 1 if maxval is None else maxval, size))

    functions = {"normal": normal, "truncated_normal": normal, "uniform": uniform}
    if name not in functions:
        return Unknown(f"tf.random.{name}")
    return Function(f"tf.random.{name}", functions[name], is_creation=True, size_of=lambda *_, **__: 1)
