"""The names that code may use: Python's own, NumPy's, TensorFlow's and Keras's, with the imports that bring them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rnnshape.run.code import keras_library, numpy_library, tensorflow_library
from rnnshape.run.code.budget import check_bits
from rnnshape.run.code.halt import Unreadable
from rnnshape.run.code.values import Function, Library, Unknown

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

NO_IMPORT: dict[str, str] = {
    "np": "np",
    "numpy": "np",
    "tf": "tf",
    "tensorflow": "tf",
    "keras": "keras",
    "K": "keras.backend",
    "layers": "keras.layers",
    "models": "keras.models",
    "ops": "keras.ops",
    "optimizers": "keras.optimizers",
    "losses": "keras.losses",
    "initializers": "keras.initializers",
    "regularizers": "keras.regularizers",
    "activations": "keras.activations",
    "callbacks": "keras.callbacks",
    "utils": "keras.utils",
    "sequence": "keras.preprocessing.sequence",
    "math": "math",
    "random": "random",
}
"""Names of modules that need no import."""
SEARCHED = (
    "keras.layers",
    "keras.models",
    "keras",
    "keras.optimizers",
    "keras.callbacks",
    "keras.regularizers",
    "keras.initializers",
    "keras.constraints",
    "keras.losses",
    "keras.metrics",
    "keras.utils",
)
_OF_NUMPY = ("array", "zeros", "ones", "arange", "reshape", "expand_dims", "hstack", "vstack", "argmax", "newaxis")
OLD_NAMES = frozenset(
    """
    Merge merge CuDNNLSTM CuDNNGRU TimeDistributedDense ThresholdedReLU LocallyConnected1D LocallyConnected2D
    ConvRecurrent2D MaxoutDense Highway Convolution1DTranspose AtrousConvolution1D AbstractRNNCell ConvLSTM2DCell
    PeepholeLSTMCell Graph np_utils DenseFeatures GRUv2 LSTMv2 ThresholdedLinear DropoutRNNCellMixin Recurrent
    """.split()
)
"""What Keras had once: used without an import, it is the NameError that Python has."""
_MATH = """
    ceil floor sqrt log log2 log10 exp sin cos tan tanh isnan fabs trunc hypot
    """.split()
_RANDOM = ["random", "randint", "uniform", "choice", "gauss", "randrange"]


def member(machine: Machine, path: str, name: str) -> Any:
    """Return what a name in a module is.

    Raises:
        AttributeError: the module has no such name.
        Unreadable: it has, but code that is only read may not use it.

    """
    if name.startswith("__") and name not in {"__version__", "__name__"}:
        raise Unreadable(f"{path}.{name} is not read.")
    if path.startswith("np"):
        numpy_library.check_there(path, name)
        found = numpy_library.member(machine, path, name)
        return Unknown(f"{path}.{name}") if found is None and name != "newaxis" else found
    if path == "math":
        if name not in vars(math):
            raise AttributeError(f"module 'math' has no attribute '{name}'")
        return _math(name)
    if path == "random":
        return _random(machine, name)
    if path.startswith(("keras", "tf.keras")):
        return keras_library.member(path, name)
    return tensorflow_library.member(machine, path, name)


def _math(name: str) -> Any:
    if name in {"pi", "e", "inf", "nan"}:
        return vars(math)[name]
    if name == "pow":
        return Function("math.pow", math.pow)
    if name == "prod":
        return Function("math.prod", _prod)
    return Function(f"math.{name}", vars(math)[name]) if name in _MATH else Unknown(f"math.{name}")


def _prod(values: Any) -> Any:
    found = 1
    for value in values:
        if isinstance(value, int) and isinstance(found, int):
            check_bits(found.bit_length() + value.bit_length())
        found *= value
    return found


def _random(machine: Machine, name: str) -> Any:
    if name not in _RANDOM:
        return Function(f"random.{name}", lambda *_: None) if name in {"seed", "shuffle"} else Unknown(f"random.{name}")
    source = random.Random(machine.seed)  # noqa: S311 - sizes, not secrets
    methods: dict[str, Callable[..., Any]] = {
        "random": source.random,
        "randint": source.randint,
        "uniform": source.uniform,
        "choice": source.choice,
        "gauss": source.gauss,
        "randrange": source.randrange,
    }
    return Function(f"random.{name}", methods[name])


def without_import(machine: Machine, name: str) -> Any:
    """Return what a name means that the code does not import; None where it means nothing here."""
    if name in NO_IMPORT:
        return Library(NO_IMPORT[name])
    if name in OLD_NAMES:
        raise NameError(f"name '{name}' is not defined")
    for path in SEARCHED:
        module = keras_library.module_at(path)
        if module is not None and name in vars(module) and not name.startswith("_"):
            found = keras_library.member(path, name)
            if isinstance(found, Library | Unknown):
                return None if isinstance(found, Unknown) else found
            return found
    return member(machine, "np", name) if name in _OF_NUMPY else None


def import_of(name: str) -> str:
    """Return the line that imports what `without_import` supplies for a name."""
    path = NO_IMPORT.get(name)
    if path is None:
        searched = (path for path in SEARCHED if name in vars(keras_library.module_at(path) or keras_library))
        return f"from {next(searched, 'numpy')} import {name}"
    package, _, module = {"np": "numpy", "tf": "tensorflow"}.get(path, path).rpartition(".")
    front = f"from {package} import {module}" if package else f"import {module}"
    return front if module == name else f"{front} as {name}"
