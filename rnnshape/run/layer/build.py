"""A constructor call as data -> the real Keras layer. Every class in it is looked up before the first one is called."""

from __future__ import annotations

import collections
import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

from rnnshape.errors import InvalidQuery, RnnshapeError, nearest, said_by
from rnnshape.expression import Call, Items, Pairs
from rnnshape.run import engine
from rnnshape.run.layer.allowed import Classes, classes_of
from rnnshape.run.layer.refusal import refusal

_NUMBERS = "object_name_uids"


def build(call: Call) -> Any:
    """Return the layer that the call constructs, with no weights made yet.

    Raises:
        InvalidQuery: no such layer or no such argument.
        KerasRefused: the constructor refused the arguments.

    """
    with _counting_anew():
        layer = _construct(call, call, classes_of(call))
    keras = engine.load()
    if isinstance(layer, keras.layers.Layer) or hasattr(layer, "state_size"):
        return layer
    message = f"{call.name} is not a Keras layer or cell. Received: {call}"
    raise InvalidQuery(message, layer=str(call))


@contextlib.contextmanager
def _counting_anew() -> Iterator[None]:
    """Have Keras number the names of layers meanwhile as in a fresh process: `lstm`, `lstm_1`.

    Keras has no public name for the numbers. Where they are elsewhere one day, they go on.
    """
    try:
        from keras.src.backend.common import global_state
    except ImportError:
        yield
        return
    before = global_state.get_global_attribute(_NUMBERS)
    global_state.set_global_attribute(_NUMBERS, collections.defaultdict(int))
    try:
        yield
    finally:
        global_state.set_global_attribute(_NUMBERS, before)


def _construct(call: Call, whole: Call, classes: Classes) -> Any:
    cls = classes[call.file, call.name]
    args = [_value(value, whole, classes) for value in call.args]
    kwargs = {name: _value(value, whole, classes) for name, value in call.kwargs}
    try:
        return cls(*args, **kwargs)
    except (Exception, SystemExit) as error:
        raise _refused(error, cls, call, whole) from error


def _value(value: object, whole: Call, classes: Classes) -> Any:
    match value:
        case Call():
            return _construct(value, whole, classes)
        case Items():
            values = [_value(item, whole, classes) for item in value.values]
            return values if value.is_list else tuple(values)
        case Pairs():
            return {_value(key, whole, classes): _value(item, whole, classes) for key, item in value.pairs}
    return value


def _refused(error: BaseException, cls: Any, call: Call, whole: Call) -> RnnshapeError:
    """Return what a constructor's exception means: an argument that it does not have, or a refusal of Keras's.

    What is an argument is Keras's to say: it takes more of them by name than stand in its signatures.
    """
    known = arguments_of(cls)
    for name, _ in call.kwargs:
        if known is not None and name not in known and _is_refused_by_name(name, error):
            near = nearest(name, known)
            hint = f"Did you mean {near}?" if near else f"It takes {', '.join(sorted(known))}."
            message = f"{call.name} has no argument {name}. Received: {whole}"
            return InvalidQuery(message, hint=hint, layer=str(whole))
    return refusal(error, layer=str(whole), doing=f"building {call.name}")


def _is_refused_by_name(name: str, error: BaseException) -> bool:
    """Tell whether an error says that there is no argument of this name, as Python says it or as Keras does."""
    said = said_by(error)
    return f"unexpected keyword argument '{name}'" in said or ("keyword argument" in said and f"'{name}':" in said)


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
            names |= {"input_shape", "input_dim"}
            break
    return frozenset(names - {"self", "args"})
