"""Methods, allow-listed for each type, and how each is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape.run import engine
from rnnshape.run.code import texts
from rnnshape.run.code.budget import check_items
from rnnshape.run.code.halt import Unreadable
from rnnshape.run.code.iteration import items_of
from rnnshape.run.code.operators import hashable
from rnnshape.run.code.recording import LARGE, hollow
from rnnshape.run.code.values import Method
from rnnshape.run.tensors import is_hollow, is_symbolic, is_tensor

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_LIST = frozenset(["append", "extend", "insert", "pop", "index", "count", "reverse", "sort", "copy", "clear", "remove"])
_TUPLE = frozenset({"index", "count"})
_DICT = frozenset(["items", "keys", "values", "get", "update", "pop", "setdefault", "copy"])
_STRING = frozenset(
    """
    lower upper split strip lstrip rstrip join replace startswith endswith format title capitalize find count
    splitlines isdigit isalpha zfill
    """.split()
)
_SET = frozenset({"add", "union", "update", "discard"})
_ARRAY = frozenset(
    """
    reshape astype transpose flatten ravel copy sum mean max min std argmax argmin squeeze swapaxes repeat tolist
    item all any prod cumsum clip round dot take fill var
    """.split()
)
_EAGER = frozenset({"numpy", "get_shape", "set_shape"})
_SYMBOLIC = frozenset({"get_shape", "reshape", "squeeze"})
_SHAPE = frozenset({"as_list"})
_LAYER = frozenset(
    """
    add pop summary compile fit evaluate predict get_layer get_weights set_weights count_params build reset_states
    reset_state get_initial_state compute_output_shape compute_mask compute_output_spec call train_on_batch
    test_on_batch predict_on_batch save save_weights load_weights export get_config to_json predict_classes
    fit_generator predict_generator evaluate_generator compute_loss predict_proba reset_metrics get_input_at
    get_output_at get_input_shape_at get_output_shape_at
    """.split()
)


def methods_of(owner: Any) -> frozenset[str]:
    """Return the names of the methods of a value that may be called."""
    for kind, names in ((list, _LIST), (tuple, _TUPLE), (dict, _DICT), (str, _STRING), (set, _SET)):
        if isinstance(owner, kind):
            return _SHAPE if type(owner).__name__ == "TensorShape" else names
    if isinstance(owner, np.ndarray | np.generic):
        return _ARRAY
    if type(owner).__name__ == "TensorShape":
        return _SHAPE
    if is_tensor(owner):
        return _SYMBOLIC if is_symbolic(owner) else _EAGER
    if isinstance(owner, engine.load().layers.Layer):
        return frozenset(name for name in _LAYER if hasattr(type(owner), name))
    return frozenset()


def call_method(machine: Machine, method: Method, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return what a method of a plain value, or of a tensor, returns.

    Raises:
        TooMuch: the result would be too large.

    """
    owner, name = method.owner, method.name
    if isinstance(owner, str):
        machine.budget.walk(args)
        return _of_string(machine, owner, name, args, kwargs)
    if isinstance(owner, np.ndarray):
        return _of_array(machine, method, args, kwargs)
    if isinstance(owner, np.generic):
        return getattr(owner, name)(*args, **kwargs)
    if type(owner).__name__ == "TensorShape":
        return owner.as_list()
    if is_tensor(owner):
        return _of_tensor(machine, method, args, kwargs)
    return _of_container(machine, owner, name, args, kwargs)


def _of_container(machine: Machine, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if name in {"extend", "update"} and args and not isinstance(args[0], dict):
        args = [items_of(machine, args[0])]
    if isinstance(owner, list) and name == "sort" and kwargs.get("key") is not None:
        key = kwargs["key"]
        owner.sort(key=lambda item: machine.call(key, [item], {}))
        return None
    if (
        isinstance(owner, list | tuple)
        and name in {"index", "count", "remove"}
        and any(map(is_tensor, [*owner, *args]))
    ):
        raise Unreadable(f"{name} of a list of tensors is not read.")
    if isinstance(owner, dict) and name in {"get", "pop", "setdefault"} and args:
        args = [hashable(args[0]), *args[1:]]
    added = len(args[0]) if name in {"extend", "update"} and args else 1
    check_items(len(owner) + added)
    found = getattr(owner, name)(*args, **kwargs)
    return list(found) if name in {"items", "keys", "values"} else found


def _of_string(machine: Machine, owner: str, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if name == "format":
        return texts.format_method(owner, args, kwargs)
    if name == "join":
        parts = items_of(machine, args[0])
        check_items(sum(len(part) for part in parts if isinstance(part, str)) + len(owner) * len(parts), "characters")
        args = [parts]
    if name == "replace":
        check_items(len(owner) + (len(owner) + 1) * len(args[1]), "characters")
    if name == "zfill":
        check_items(args[0], "characters")
    return getattr(owner, name)(*args, **kwargs)


def _of_array(machine: Machine, method: Method, args: list[Any], kwargs: dict[str, Any]) -> Any:
    owner, name = method.owner, method.name
    if name == "fill":
        owner.fill(*args)
        return None
    if name == "tolist":
        check_items(owner.size)
        return owner.tolist()
    if name == "item":
        return owner.item(*args)
    if is_hollow(owner) and name in {"reshape", "astype", "copy", "flatten", "ravel"}:
        return machine.recorded(_HOLLOW[name], (owner, *args), kwargs, name, node=method.node, is_view=True)
    size = owner.size * int(np.max(args[0])) if name == "repeat" and args else None

    def call(value: Any, *more: Any, **named: Any) -> Any:
        return getattr(value, name)(
            *(_dtype(item) for item in more), **{key: _dtype(item) for key, item in named.items()}
        )

    return machine.recorded(call, (owner, *args), kwargs, name, node=method.node, size=size)


def _dtype(value: Any) -> Any:
    return getattr(value, "as_numpy_dtype", value)


def _hollow_reshape(value: Any, *sizes: Any, **_: Any) -> Any:
    """Reshape an array that is one number everywhere, or a real one."""
    shape = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], list | tuple) else sizes
    if value.size <= LARGE:
        return value.reshape(shape)
    known = int(np.prod([size for size in shape if size != -1], dtype=object))
    whole = tuple(value.size // known if size == -1 else size for size in shape)
    if int(np.prod(whole, dtype=object)) != value.size:
        raise ValueError(f"cannot reshape array of size {value.size} into shape {tuple(shape)}")
    return hollow(value.ravel()[0] if value.size <= LARGE else value[(0,) * value.ndim], whole)


def _hollow_astype(value: Any, dtype: Any, **_: Any) -> Any:
    if not is_hollow(value):
        return value.astype(_dtype(dtype))
    return hollow(np.asarray(value[(0,) * value.ndim]).astype(_dtype(dtype)), value.shape)


def _hollow_flat(value: Any, *_: Any, **__: Any) -> Any:
    return hollow(value[(0,) * value.ndim], (value.size,)) if is_hollow(value) else value.ravel()


def _hollow_copy(value: Any, *_: Any, **__: Any) -> Any:
    return hollow(value[(0,) * value.ndim], value.shape) if is_hollow(value) else value.copy()


_HOLLOW = {
    "reshape": _hollow_reshape,
    "astype": _hollow_astype,
    "flatten": _hollow_flat,
    "ravel": _hollow_flat,
    "copy": _hollow_copy,
}


def _of_tensor(machine: Machine, method: Method, args: list[Any], kwargs: dict[str, Any]) -> Any:
    owner, name = method.owner, method.name
    if name == "numpy":
        return machine.recorded(np.asarray, (owner,), {}, "numpy", node=method.node)
    if name == "get_shape":
        return owner.shape
    if name == "set_shape":
        return owner.set_shape(*args)
    return machine.recorded(getattr(engine.load().ops, name), (owner, *args), kwargs, name, node=method.node)
