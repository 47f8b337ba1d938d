"""Which of Keras's own names may be used: looked up in its public modules, one name at a time, by rule."""

from __future__ import annotations

import importlib
import inspect
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

from rnnshape import tree
from rnnshape.run import engine
from rnnshape.run.code.halt import Unreadable
from rnnshape.run.code.values import Constructor, Function, Library, Opaque, Unknown
from rnnshape.run.tensors import shape_of, tensors_in

MODULES = frozenset(
    """
    activations applications backend callbacks config constraints datasets initializers layers losses metrics
    mixed_precision models ops ops.image ops.linalg ops.nn ops.numpy optimizers optimizers.schedules
    optimizers.legacy preprocessing preprocessing.image preprocessing.sequence preprocessing.text random
    regularizers saving utils wrappers tree quantizers distribution visualization legacy export dtype_policies
    layers.experimental
    """.split()
)
"""The modules that a path may go through; whether one is there is Keras's to say."""
_REACH_OUT = frozenset({"TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper", "Pipeline"})
"""Classes that read files, or run something that is not a layer."""
_WITH_VOCABULARY = frozenset({"StringLookup", "IntegerLookup", "TextVectorization"})
_FUNCTION_MODULES = frozenset(
    {"activations", "ops", "ops.nn", "ops.numpy", "ops.linalg", "ops.image", "random", "losses", "metrics"}
)
_LAYER_FUNCTIONS = frozenset({"add", "average", "concatenate", "dot", "maximum", "minimum", "multiply", "subtract"})
_UTILITIES = frozenset({"to_categorical", "pad_sequences", "normalize", "is_keras_tensor"})
PASSED_OVER = frozenset(
    {
        "plot_model", "set_random_seed", "clear_session", "save_model", "set_floatx", "set_image_data_format",
        "enable_interactive_logging", "disable_interactive_logging", "model_to_dot", "set_epsilon",
        "set_learning_phase", "set_session", "get_session", "manual_variable_initialization", "set_global_policy",
    }
)  # fmt: skip
_SETTINGS = frozenset({"floatx", "epsilon", "image_data_format", "backend"})
_GETTERS = frozenset({"get"})
_NOT_BACKEND = frozenset({"get_uid", "eval", "get_value", "batch_get_value", "gradients", "name_scope"})


def root(path: str) -> tuple[str, str]:
    """Return `keras` or `tf.keras`, and the path below it."""
    for front in ("tf.keras", "keras"):
        if path == front or path.startswith(f"{front}."):
            return front, path[len(front) + 1 :]
    raise AssertionError(path)


def module_at(path: str) -> ModuleType | None:
    """Return the module at a path below `keras` or `tf.keras`; None where there is none."""
    front, below = root(path)
    module: Any = engine.load() if front == "keras" else _of_tensorflow()
    at = ""
    for part in filter(None, below.split(".")):
        at = f"{at}.{part}".lstrip(".")
        module = vars(module).get(part) if at in MODULES else None
        if not isinstance(module, ModuleType):
            return None
    return module if isinstance(module, ModuleType) else None


def _of_tensorflow() -> ModuleType:
    """Return what `tf.keras` is: the same library, with a few names of its past."""
    keras = engine.load()
    try:
        return importlib.import_module("keras._tf_keras.keras")
    except ImportError:
        return keras


def member(path: str, name: str) -> Any:
    """Return what a name in a module of Keras's is.

    Raises:
        AttributeError: there is no such name, as in Python.

    """
    front, below = root(path)
    module = module_at(path)
    full = f"{below}.{name}".lstrip(".")
    if name.startswith("_") and name != "__version__":
        raise Unreadable(f"{path}.{name} is not read.")
    if module is None or name not in vars(module):
        if name == "__version__":
            return engine.load().__version__
        shown = "keras" if front == "keras" else "keras._tf_keras.keras"
        raise AttributeError(f"module '{'.'.join(filter(None, (shown, below)))}' has no attribute '{name}'")
    found = vars(module)[name]
    if isinstance(found, ModuleType):
        return Library(f"{path}.{name}") if full in MODULES else Unknown(f"{path}.{name}")
    return _value(found, path, below, name)


def _value(found: Any, path: str, below: str, name: str) -> Any:
    spelled = f"{path}.{name}"
    if name in PASSED_OVER:
        return Function(spelled, lambda *_, **__: None)
    if name in _REACH_OUT:
        raise Unreadable(f"{name} reads files or runs other code, and is not read.")
    if inspect.isclass(found):
        return _class(found, spelled, name)
    if below in {"", "layers"} and name == "Input":
        return Function("Input", found)
    if callable(found):
        return _function(found, below, spelled, name)
    return found if isinstance(found, str | int | float | bool | None) else Unknown(spelled)


def _class(found: Any, spelled: str, name: str) -> Any:
    keras = engine.load()
    if issubclass(found, keras.callbacks.Callback):
        return Function(spelled, lambda *_, **__: Opaque(name))
    known = (
        keras.layers.Layer,
        keras.initializers.Initializer,
        keras.regularizers.Regularizer,
        keras.constraints.Constraint,
        keras.losses.Loss,
        keras.metrics.Metric,
        keras.optimizers.Optimizer,
        keras.optimizers.schedules.LearningRateSchedule,
        keras.InputSpec,
        keras.KerasTensor,
    )
    if issubclass(found, known):
        # An alias is told as Keras prints the layer.
        return Constructor(found.__name__, found)
    return Unknown(spelled)


def _function(found: Any, below: str, spelled: str, name: str) -> Any:
    short = f"ops.{name}" if below.startswith("ops") else spelled
    if below == "layers" and name in _LAYER_FUNCTIONS:
        return Function(name, found, is_layer=True)
    if below in {"initializers", "regularizers", "constraints"} and name not in {"deserialize", "serialize", "stft"}:
        return Function(spelled, found)
    if name in {"deserialize", "serialize"}:
        return Unknown(spelled)
    if below in _FUNCTION_MODULES:
        return Function(short, found, size_of=size_bound(name))
    if below == "backend":
        if name in _NOT_BACKEND:
            return Unknown(spelled)
        return Function(f"K.{name}", found, size_of=size_bound(name))
    if name in _UTILITIES or name in _SETTINGS or spelled.endswith("models.clone_model"):
        return Function(name, found, size_of=_UTILITY_SIZES.get(name, size_bound(name)))
    if below == "optimizers" and name in _GETTERS:
        return Function(spelled, found)
    return Unknown(spelled)


_MULTIPLYING = frozenset(
    """
    zeros ones full empty fill eye identity normal uniform truncated_normal broadcast_to tile repeat one_hot pad
    range arange linspace logspace geomspace outer kron meshgrid sequence_mask random_normal random_uniform
    random_bernoulli random_normal_variable random_uniform_variable repeat_elements resize_images resize_volumes
    temporal_padding spatial_2d_padding spatial_3d_padding binomial beta gamma tri hamming hanning bartlett blackman
    kaiser multi_hot vander resize extract_sequences
    """.split()
)
"""Functions whose integers say how large the result is."""
_PRODUCTS = frozenset(
    ["matmul", "dot", "tensordot", "einsum", "outer", "kron", "batch_dot", "cdist", "inner", "meshgrid", "cross"]
)


def size_bound(name: str) -> Callable[..., int]:
    """Return the function that says how many numbers the result of `name` has at most, from its arguments."""

    def bound(*args: Any, **kwargs: Any) -> int:
        everything = [*args, *kwargs.values()]
        counts = [math.prod(size or 1 for size in shape_of(value)) for value in tensors_in(everything)]
        whole = math.prod(counts) if name in _PRODUCTS else sum(counts)
        if name not in _MULTIPLYING:
            return max(whole, sum(1 for _ in tree.leaves(everything)))
        # The first of several shape-like arguments is the shape; ranges multiply to more than they make.
        return max(whole, 1) * math.prod(abs(number) or 1 for number in _integers(everything))

    return bound


def _padded_size(sequences: Any, maxlen: Any = None, *_: Any, **__: Any) -> int:
    longest = max((len(row) for row in sequences if isinstance(row, list | tuple)), default=1)
    return (
        len(sequences) * (maxlen if isinstance(maxlen, int) else longest) if isinstance(sequences, list | tuple) else 1
    )


def _categories_size(x: Any, num_classes: Any = None) -> int:
    numbers = [abs(number) for number in _integers(x)] or [1]
    count = sum(math.prod(size or 1 for size in shape_of(value)) for value in tensors_in(x)) or len(numbers)
    return count * (num_classes if isinstance(num_classes, int) else _largest(x, numbers) + 1)


def _largest(x: Any, numbers: list[int]) -> int:
    return max([int(abs(value).max()) for value in tensors_in(x) if hasattr(value, "max") and value.size] + numbers)


_UTILITY_SIZES: dict[str, Callable[..., int]] = {"pad_sequences": _padded_size, "to_categorical": _categories_size}


def _integers(value: Any) -> list[int]:
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [value]
    if isinstance(value, list | tuple) and len(value) < _LONGEST_LIST:
        return [number for item in value for number in _integers(item)]
    return []


_LONGEST_LIST = 10_000


def check_arguments(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse arguments that make Keras do more than build a layer: a file of words, a class by its description.

    Raises:
        Unreadable: there is one.

    """
    _check_descriptions((args, kwargs))
    if getattr(cls, "__name__", "") in _WITH_VOCABULARY:
        vocabulary = [kwargs.get("vocabulary"), *args]
        if any(isinstance(value, str) for value in vocabulary):
            raise Unreadable("A vocabulary in a file is not read.", "Give the words as a list.")


def _check_descriptions(value: Any) -> None:
    if isinstance(value, dict):
        if {"class_name", "module", "registered_name"} & {key for key in value if isinstance(key, str)}:
            raise Unreadable("A layer that is described by a dict is not read.", "Write its constructor call.")
        for item in value.values():
            _check_descriptions(item)
    elif isinstance(value, list | tuple):
        for item in value[:1000]:
            _check_descriptions(item)
