"""Import statements: nothing is imported by them; known modules are named, all others stay unknown."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Any

from rnnshape.run.code import keras_library, library
from rnnshape.run.code.values import Library, Unknown

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_ROOTS = {"numpy": "np", "tensorflow": "tf", "keras": "keras", "math": "math", "random": "random"}
_UNKNOWN_BELOW = (
    "tensorflow.python",
    "tensorflow.core",
    "tensorflow.examples",
    "tensorflow.compat",
    "keras.src",
    "keras.api",
)
_TENSORFLOW_MODULES = frozenset(["nn", "math", "linalg", "random", "data", "image", "io", "losses", "train", "keras"])


def module(name: str) -> Any:
    """Return the module that a dotted name means.

    Raises:
        ModuleNotFoundError: Keras or TensorFlow has no such module, as in Python.

    """
    first, *rest = name.split(".")
    if name in {"tensorflow.compat.v1", "tensorflow.compat.v2", "tensorflow._api.v2"}:
        return Library("tf")
    if first not in _ROOTS or name.startswith(_UNKNOWN_BELOW):
        return Unknown(name)
    path = _ROOTS[first]
    for at, part in enumerate(rest, 1):
        path = f"{path}.{part}"
        if not _is_module(path):
            raise ModuleNotFoundError(f"No module named '{'.'.join([first, *rest[:at]])}'")
    return Library(path)


def _is_module(path: str) -> bool:
    if path.startswith(("keras", "tf.keras")):
        return keras_library.module_at(path) is not None
    if path.startswith("tf."):
        return path.removeprefix("tf.") in _TENSORFLOW_MODULES
    return path in {"np.random", "np.linalg"}


def run_import(machine: Machine, node: ast.Import) -> None:
    """`import keras.layers as L`."""
    for alias in node.names:
        found = module(alias.name)
        if alias.asname is None:
            first = alias.name.split(".")[0]
            machine.scope.bind(first, module(first))
        else:
            machine.scope.bind(alias.asname, found)


def run_import_from(machine: Machine, node: ast.ImportFrom) -> None:
    """`from keras.layers import LSTM as L`, `from keras.layers import *`."""
    source = node.module or ""
    if node.level or source == "__future__":
        found: Any = Unknown(source or ".")
    else:
        found = module(source)
    for alias in node.names:
        if alias.name == "*":
            _import_all(machine, found)
        else:
            machine.scope.bind(alias.asname or alias.name, _member(machine, found, source, alias.name))


def _member(machine: Machine, found: Any, source: str, name: str) -> Any:
    if isinstance(found, Unknown):
        return Unknown(name)
    assert isinstance(found, Library)
    path = f"{found.path}.{name}"
    if _is_module(path):
        return Library(path)
    try:
        return library.member(machine, found.path, name)
    except AttributeError:
        raise ImportError(f"cannot import name '{name}' from '{source}'") from None


def _import_all(machine: Machine, found: Any) -> None:
    if not isinstance(found, Library):
        return
    host = keras_library.module_at(found.path) if found.path.startswith(("keras", "tf.keras")) else None
    for name, value in vars(host).items() if host is not None else ():
        if not name.startswith("_") and (inspect.isclass(value) or inspect.isfunction(value)):
            try:
                machine.scope.bind(name, keras_library.member(found.path, name))
            except Exception:  # noqa: BLE001, S112 - a name that may not be used is left out, and told where it is used
                continue
