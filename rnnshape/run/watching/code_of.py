"""A layer that exists -> the code that makes it: its class, and the arguments that are not the defaults."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from rnnshape.run import engine

_LONGEST = 60
_NOT_SAID = frozenset({"self", "name", "dtype", "trainable", "kwargs", "args", "seed"})
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def code_of(layer: Any) -> str:
    """Return `LSTM(256, return_state=True)`; of a class that does not tell its arguments, `Own(…)`."""
    try:
        return _code(layer)
    except Exception:  # noqa: BLE001 - get_config is code of anybody's
        return f"{type(layer).__name__}(…)"


def _code(layer: Any) -> str:
    keras = engine.load()
    name = type(layer).__name__
    if isinstance(layer, keras.Sequential):
        return f"{name}([{', '.join(map(code_of, layer.layers))}])"
    if isinstance(layer, keras.Model) and type(layer).__module__.startswith("keras."):
        return f"Model(name={layer.name!r})"
    config = _arguments(layer)
    inside, is_positional = [], True
    for parameter in _parameters(type(layer)):
        if parameter.name not in config:
            is_positional = False
            continue
        shown = _argument(layer, parameter, config[parameter.name])
        if shown is None:
            is_positional = False
            continue
        is_positional = is_positional and parameter.default is parameter.empty
        inside.append(shown if is_positional else f"{parameter.name}={shown}")
    return f"{name}({', '.join(inside)})"


def _parameters(cls: type) -> list[inspect.Parameter]:
    """Return what a class takes that is worth saying; `Bidirectional` and others are asked themselves."""
    signature = inspect.signature(cls.__init__)  # type: ignore[misc]  # the class's own, whatever it is
    plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [one for one in signature.parameters.values() if one.kind in plain and one.name not in _NOT_SAID]


def _arguments(layer: Any) -> Mapping[str, Any]:
    given = getattr(layer, "_auto_config", None)
    found = getattr(given, "config", None)
    if isinstance(found, Mapping):
        return found
    config = layer.get_config()
    return config if isinstance(config, Mapping) else {}


def _argument(layer: Any, parameter: inspect.Parameter, value: Any) -> str | None:
    """Return an argument as code; None where it is the default."""
    cls = engine.load().layers.Layer
    default = parameter.default
    own = _own(layer, parameter.name)
    if parameter.name == "backward_layer" and own is not None and _mirrors(layer):
        return None
    if isinstance(own, cls):
        return code_of(own)
    if isinstance(own, list | tuple) and own and all(isinstance(item, cls) for item in own):
        return f"[{', '.join(map(code_of, own))}]"
    if isinstance(value, Mapping) and "class_name" in value:
        return _object(value, default)
    if _is_same(value, default):
        return None
    text = repr(list(value)) if isinstance(value, list) else repr(tuple(value) if isinstance(value, tuple) else value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _own(layer: Any, name: str) -> Any:
    """Return what a layer keeps of an argument; Bidirectional keeps its layer as the forward one."""
    if isinstance(layer, engine.load().layers.Bidirectional) and name == "layer":
        name = "forward_layer"
    return getattr(layer, name, None)


def _mirrors(layer: Any) -> bool:
    """Tell whether the backward layer is what Bidirectional itself makes of the forward one."""
    forward, backward = layer.forward_layer.get_config(), layer.backward_layer.get_config()
    same = {"name": None, "go_backwards": None}
    is_turned = forward.get("go_backwards") is not backward.get("go_backwards")
    return is_turned and {**forward, **same} == {**backward, **same}


def _is_same(value: Any, default: Any) -> bool:
    if default is inspect.Parameter.empty:
        return False
    if isinstance(value, list | tuple) and isinstance(default, int):
        # Sizes of a convolution are written out for each axis.
        return all(item == default for item in value)
    if isinstance(value, list | tuple) and isinstance(default, list | tuple):
        return list(value) == list(default)
    # What is none is `linear` in Keras, and what is left to Keras is `auto`, or a choice of its own.
    return bool(value == default) or (default is None and value in ("linear", "channels_last", False))


def _is_initializer(name: str, config: Mapping[str, Any], default: Any) -> bool:
    """Tell whether this is the initializer of a name, such as `uniform`."""
    if not isinstance(default, str):
        return False
    try:
        found = engine.load().initializers.get(default)
        usual = found.get_config()
    except (ValueError, AttributeError):
        return False
    return type(found).__name__ == name and all(
        config.get(key) == value for key, value in usual.items() if key != "seed"
    )


def _object(value: Mapping[str, Any], default: Any) -> str | None:
    name = str(value["class_name"])
    word = _WORD.sub("_", name).lower()
    config = value.get("config")
    inside = config if isinstance(config, Mapping) else {}
    if word == default or _is_initializer(name, inside, default):
        return None
    said = [f"{key}={item!r}" for key, item in inside.items() if isinstance(item, int | float | str) and key != "seed"]
    return f"{name}({', '.join(said[:4])})"
