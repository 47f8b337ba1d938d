"""A constructor call as data -> the real Keras layer. Every name is looked up, every argument checked first."""

from __future__ import annotations

import inspect
from typing import Any

from rnnshape.errors import InvalidQuery, nearest
from rnnshape.explorer import engine
from rnnshape.explorer.refusal import refusal
from rnnshape.explorer.users import users_class
from rnnshape.expression import Call, Items, Pairs

_CONTAINERS = ("Sequential", "Input")


def build(call: Call) -> Any:
    """Return the layer that the call constructs, with no weights made yet.

    Raises:
        InvalidQuery: no such layer or no such argument.
        KerasRefused: the constructor refused the arguments.

    """
    layer = _construct(call, call)
    keras = engine.load()
    if isinstance(layer, keras.layers.Layer) or hasattr(layer, "state_size"):
        return layer
    message = f"{call.name} is not a Keras layer or cell. Received: {call}"
    raise InvalidQuery(message, layer=str(call))


def _construct(call: Call, whole: Call) -> Any:
    cls = users_class(call) if call.is_users else _keras_class(call, whole)
    args = [_value(value, whole) for value in call.args]
    kwargs = {name: _value(value, whole) for name, value in call.kwargs}
    _check_arguments(cls, call, whole)
    try:
        return cls(*args, **kwargs)
    except (Exception, SystemExit) as error:
        raise refusal(error, layer=str(whole), doing=f"building {call.name}") from error


def _value(value: object, whole: Call) -> Any:
    match value:
        case Call():
            return _construct(value, whole)
        case Items():
            values = [_value(item, whole) for item in value.values]
            return values if value.is_list else tuple(values)
        case Pairs():
            return {_value(key, whole): _value(item, whole) for key, item in value.pairs}
    return value


def _keras_class(call: Call, whole: Call) -> Any:
    keras = engine.load()
    if call.name in _CONTAINERS:
        # In an expression, Input is what a Sequential begins with; the function of that name makes a tensor.
        return keras.layers.InputLayer if call.name == "Input" else keras.Sequential
    module_name, _, name = call.name.rpartition(".")
    module = getattr(keras, module_name) if module_name else keras.layers
    found = getattr(module, name, None)
    if inspect.isclass(found):
        return found
    known = [word for word in dir(module) if inspect.isclass(getattr(module, word, None))]
    near = nearest(name, known)
    where = f"keras.{module_name or 'layers'}"
    hint = (
        f"Did you mean {near}?" if near else "Write a layer of your own as module.Class(…) or path/to/file.py:Class(…)."
    )
    raise InvalidQuery(f"There is no layer {name} in {where}. Received: {whole}", hint=hint, layer=str(whole))


def _check_arguments(cls: Any, call: Call, whole: Call) -> None:
    """Refuse keyword arguments that the constructor does not have, with the nearest that it has."""
    known = arguments_of(cls)
    if known is None:
        return
    for name, _ in call.kwargs:
        if name not in known:
            near = nearest(name, known)
            hint = f"Did you mean {near}?" if near else f"It takes {', '.join(sorted(known))}."
            message = f"{call.name} has no argument {name}. Received: {whole}"
            raise InvalidQuery(message, hint=hint, layer=str(whole))


def arguments_of(cls: Any) -> frozenset[str] | None:
    """Return the names of a class's constructor arguments, inherited ones included; None where any would do."""
    names: set[str] = set()
    for owner in cls.__mro__:
        if "__init__" not in vars(owner):
            continue
        parameters = inspect.signature(owner.__init__).parameters.values()
        # What a base class requires, its subclass gives it: a GRU makes its own cell.
        names |= {
            item.name
            for item in parameters
            if item.kind is not item.VAR_KEYWORD and (owner is cls or item.default is not item.empty)
        }
        if all(item.kind is not item.VAR_KEYWORD for item in parameters):
            break
        if not owner.__module__.startswith("keras."):
            # A user's own **kwargs may be anything.
            return None
        if owner is engine.load().layers.Layer:
            names |= {"input_shape", "batch_size", "batch_input_shape"}
            break
    return frozenset(names - {"self", "args"})
