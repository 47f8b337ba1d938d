"""What words may call: a name -> the class that it means, checked before anything of it is called.

Only layers, cells and models are called, and what Keras builds them with; an expression may have been copied from
anywhere. So every class of an expression is looked up before the first one is called.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from rnnshape.catalogue import INPUT, MODULES, READ_FROM_FILES, REFUSED, RENAMED, TOP_LEVEL
from rnnshape.errors import InvalidQuery, nearest
from rnnshape.expression import PREFIXES, Call, Items, Pairs
from rnnshape.run import engine
from rnnshape.run.layer.users import is_users_own, users_class

Classes = dict[tuple[str | None, str], Any]
"""The class that each name of an expression means; the key is the user's file (None: there is none) and the name."""

_CONFIGURATION = "class_name"
"""The key by which Keras knows the dict that it makes an object from."""
_OWN = "Write a layer of your own as module.Class(…) or path/to/file.py:Class(…)."
_KERAS = ("keras", "tensorflow", "tf", "tf_keras")


def classes_of(whole: Call) -> Classes:
    """Return the class of each call in the expression; nothing of them has been called.

    Raises:
        InvalidQuery: a name is none of a layer, cell or model, nor of what these are built with, or the call would
            read a file or run a function.
        KerasRefused: the user's code failed while it was imported.

    """
    found: Classes = {}
    calls = list(whole.calls())
    # What is imported is imported last: only where nothing else is wrong.
    for call in sorted(calls, key=lambda call: call.is_users):
        if (call.file, call.name) not in found:
            found[call.file, call.name] = users_class(call) if _is_imported(call) else _keras_class(call, whole)
    for call in calls:
        cls = found[call.file, call.name]
        _check_class(cls, call, whole)
        _check_arguments(cls, call, whole)
    return found


def _is_imported(call: Call) -> bool:
    return call.is_users and (call.file is not None or call.name.partition(".")[0] not in _KERAS)


def _keras_class(call: Call, whole: Call) -> Any:
    keras = engine.load()
    if call.name == INPUT:
        # In an expression, Input is what a Sequential begins with; the function of that name makes a tensor.
        return keras.layers.InputLayer
    home, _, name = call.name.rpartition(".")
    if home and home not in MODULES:
        raise _not_a_layer(call, whole)
    module = getattr(keras, home, None) if home else keras if name in TOP_LEVEL else keras.layers
    found = getattr(module, name, None)
    if inspect.isclass(found):
        return found
    message = f"There is no layer {name} in keras.{home or 'layers'}. Received: {whole}"
    raise InvalidQuery(message, hint=_meant(name, module), layer=str(whole))


def _meant(name: str, module: Any) -> str:
    if name in RENAMED:
        return f"{name} is an old name: in Keras 3 it is {RENAMED[name]}."
    known = [word for word in dir(module) if inspect.isclass(getattr(module, word, None)) and word not in REFUSED]
    near = nearest(name, known)
    return (
        f"Did you mean {near}?" if near else "Write a layer of your own as module.Class(…) or path/to/file.py:Class(…)."
    )


def _not_a_layer(call: Call, whole: Call) -> InvalidQuery:
    """Return the refusal of a name that is Keras's or TensorFlow's, and not among what an expression may call."""
    last = call.name.rpartition(".")[2]
    instead = RENAMED.get(last) or (last if last not in REFUSED and hasattr(engine.load().layers, last) else None)
    hint = f"Did you mean {instead}?" if instead else f"Layers are called by name, or as {PREFIXES[-2]}LSTM(4)."
    message = f"Only layers of Keras are called, and {call.name} is none. Received: {whole}"
    return InvalidQuery(message, hint=hint, layer=str(whole))


def is_layer_or_cell(cls: Any) -> bool:
    """Tell whether a class is a layer's, a model's or a cell's. A cell of a user's need not be a layer to Keras."""
    return issubclass(cls, engine.load().layers.Layer) or _is_plain_cell(cls)


def _is_plain_cell(cls: Any) -> bool:
    makers = [vars(owner).get("__init__") for owner in cls.__mro__]
    stores = {name for made in makers for name in getattr(getattr(made, "__code__", None), "co_names", ())}
    return callable(getattr(cls, "call", None)) and (hasattr(cls, "state_size") or "state_size" in stores)


def _is_built_with(cls: Any) -> bool:
    """Tell whether a class is of what layers are built with: initializers, regularizers and their like.

    Of a user's own, any that makes something to be called will do, as it does for Keras.
    """
    keras = engine.load()
    kinds = [keras.Initializer, keras.Regularizer, keras.constraints.Constraint, keras.DTypePolicy]
    if issubclass(cls, (*kinds, keras.random.SeedGenerator)):
        return True
    return is_users_own(cls) and any("__call__" in vars(owner) for owner in cls.__mro__)


def _check_class(cls: Any, call: Call, whole: Call) -> None:
    if call is whole and not is_layer_or_cell(cls):
        raise InvalidQuery(f"{call.name} is not a Keras layer or cell. Received: {whole}", layer=str(whole))
    if not is_layer_or_cell(cls) and not _is_built_with(cls):
        message = f"{call.name} is not a Keras layer or cell, nor what one is built with. Received: {whole}"
        hint = "Besides layers and cells, only initializers, regularizers, constraints and dtype policies are made."
        raise InvalidQuery(message, hint=hint, layer=str(whole))
    for name, why in REFUSED.items():
        refused = getattr(engine.load().layers, name, None)
        if inspect.isclass(refused) and issubclass(cls, refused) and cls.__init__ is refused.__init__:
            message = f"{name} is not run: it {why}. Received: {whole}"
            hint = "A layer of your own may do that: path/to/file.py:Class(…)."
            raise InvalidQuery(message, hint=hint, layer=str(whole))


def _check_arguments(cls: Any, call: Call, whole: Call) -> None:
    """Refuse what Keras would take for the name of a file, or make an object from that nobody has checked."""
    for name, value in _named_arguments(cls, call):
        if name in READ_FROM_FILES and isinstance(value, str):
            message = f"{call.name} would read a file: {name}={value!r}. Received: {whole}"
            hint = f"Give the words themselves: {name}=['a', 'b']."
            raise InvalidQuery(message, hint=hint, layer=str(whole))
        if _has_configuration(value):
            message = f"{call.name} would make an object from a configuration, a dict with {_CONFIGURATION!r}."
            hint = "Write its constructor call instead, such as initializers.RandomNormal(0.0, 0.1)."
            raise InvalidQuery(f"{message} Received: {whole}", hint=hint, layer=str(whole))


def _named_arguments(cls: Any, call: Call) -> list[tuple[str, object]]:
    """Return all arguments of a call, with the names of those that are given by position, where they have one."""
    try:
        names = list(inspect.signature(cls).parameters)
    except (TypeError, ValueError):
        names = []
    names += [""] * (len(call.args) - len(names))
    return [*zip(names, call.args, strict=False), *call.kwargs]


def _has_configuration(value: object) -> bool:
    """Tell whether Keras would make an object from a dict in a value, but for its own initializers and their like."""
    match value:
        case Items():
            return any(map(_has_configuration, value.values))
        case Pairs():
            named = dict(value.pairs)
            inside = any(_has_configuration(item) for item in named.values())
            return inside or (_CONFIGURATION in named and not _is_of_kerass_own(named))
    return False


def _is_of_kerass_own(configuration: Mapping[object, object]) -> bool:
    """Tell whether a configuration names no module, and a class that Keras looks for among its own."""
    name = configuration[_CONFIGURATION]
    homes = (getattr(engine.load(), home) for home in ("initializers", "regularizers", "constraints"))
    is_known = isinstance(name, str) and any(inspect.isclass(getattr(home, name, None)) for home in homes)
    return is_known and configuration.keys() <= {_CONFIGURATION, "config"}
