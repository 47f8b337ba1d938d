"""Attributes, allow-listed for each type: what is not on a list is an error, as in Python, or is not read."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape.run import engine
from rnnshape.run.code import library, unknowns
from rnnshape.run.code.halt import Unreadable
from rnnshape.run.code.methods import methods_of
from rnnshape.run.code.values import Closure, Constructor, Function, Library, Method, Opaque, OwnClass, Unknown
from rnnshape.run.tensors import is_symbolic, is_tensor

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_OF_LAYERS = frozenset(
    """
    name trainable built dtype compute_dtype input output input_shape output_shape inputs outputs layers weights
    trainable_weights non_trainable_weights trainable_variables non_trainable_variables variables states state_size
    output_size cell cells layer forward_layer backward_layer return_sequences return_state go_backwards stateful
    unroll merge_mode units filters kernel_size input_dim output_dim mask_zero rate activation recurrent_activation
    use_bias kernel recurrent_kernel bias embeddings input_spec supports_masking mask_value target_shape axis n dims
    output_names input_names batch_shape embeddings_initializer kernel_initializer pool_size strides padding
    num_heads key_dim optimizer loss metrics metrics_names losses history epsilon mask input_length
    """.split()
)
_MISSING = object()
_SET_ON_LAYERS = frozenset({"trainable", "name", "stateful", "return_sequences", "return_state"})
_OF_TENSORS = frozenset({"shape", "dtype", "ndim", "size", "T", "name", "_keras_mask", "_keras_shape", "device"})


def attribute(machine: Machine, owner: Any, name: str, node: ast.AST) -> Any:
    """Return `owner.name`.

    Raises:
        AttributeError: there is none, as in Python.
        Unreadable: it is not on the list of what may be used.

    """
    if isinstance(owner, Unknown):
        return _of_unknown(machine, owner, name, node)
    if isinstance(owner, Opaque):
        return Opaque(machine.text(node))
    if isinstance(owner, Library):
        return library.member(machine, owner.path, name)
    if isinstance(owner, OwnClass):
        raise machine.own_class(owner)
    if name in methods_of(owner):
        return Method(owner, name, node)
    return _plain(machine, owner, name, node)


def _plain(machine: Machine, owner: Any, name: str, node: ast.AST) -> Any:
    """Return an attribute that is no method."""
    if is_tensor(owner):
        return _of_tensor(machine, owner, name)
    if isinstance(owner, engine.load().layers.Layer):
        return _of_layer(machine, owner, name)
    if isinstance(owner, Constructor | Function | Closure):
        if name in {"__name__", "name"}:
            return owner.name if not isinstance(owner, Function) else owner.path
        raise Unreadable(f"{machine.text(node)} is not read.")
    if type(owner).__module__.startswith("keras."):
        return _of_keras(owner, name, machine.text(node))
    if isinstance(owner, np.generic) and name in {"shape", "dtype", "ndim", "size"}:
        return {"shape": (), "dtype": owner.dtype, "ndim": 0, "size": 1}[name]
    if type(owner).__name__ == "TensorShape":
        return _of_shape(owner, name)
    if hasattr(type(owner), name):
        raise Unreadable(f"{machine.text(node)} is not read.")
    raise AttributeError(f"'{type(owner).__name__}' object has no attribute '{name}'")


def _of_unknown(machine: Machine, owner: Unknown, name: str, node: ast.AST) -> Any:
    if name in owner.attributes:
        return owner.attributes[name]
    if owner.tensor is not None and not is_symbolic(owner.tensor):
        return attribute(machine, owner.tensor, name, node)
    if name in {"shape", "ndim"}:
        return attribute(machine, unknowns.data(machine, owner), name, node)
    if owner.is_assumable and name in {"reshape", "astype", "T"}:
        return attribute(machine, unknowns.data(machine, owner), name, node)
    if owner.is_assumable and name == "add" and owner.code.isidentifier():
        model = machine.new_sequential(owner.code)
        unknowns.assume(machine, owner, model, "Sequential()")
        machine.top.names[owner.code] = model
        return attribute(machine, model, name, node)
    return owner.inside(f"{owner.code}.{name}")


def _of_tensor(machine: Machine, owner: Any, name: str) -> Any:
    if name in _OF_TENSORS:
        if name == "shape":
            # TensorFlow's own class of shapes has methods; as a tuple it is read like Keras's.
            return owner.shape if isinstance(owner, np.ndarray) or is_symbolic(owner) else _plain_shape(owner)
        if name == "T" and isinstance(owner, np.ndarray):
            return machine.recorded(np.transpose, (owner,), {}, "T")
        return getattr(owner, name)
    if hasattr(type(owner), name):
        raise Unreadable(f"The attribute {name} of a tensor is not read.")
    raise AttributeError(f"'{type(owner).__name__}' object has no attribute '{name}'")


def _plain_shape(owner: Any) -> Any:
    return owner.shape if hasattr(owner.shape, "as_list") else tuple(owner.shape)


def _of_shape(owner: Any, name: str) -> Any:
    if name in {"rank", "ndims"}:
        return len(owner)
    if name == "dims":
        return list(owner)
    raise AttributeError(f"'TensorShape' object has no attribute '{name}'")


def _of_layer(machine: Machine, owner: Any, name: str) -> Any:
    if name in _OF_LAYERS:
        return machine.of_keras(owner, name, getattr(owner, name))
    found = vars(owner).get(name, _MISSING)
    if isinstance(inspect.getattr_static(type(owner), name, None), property):
        found = getattr(owner, name)
    if not name.startswith("_") and isinstance(found, str | int | float | bool | None):
        return found
    if found is not _MISSING or hasattr(type(owner), name):
        raise Unreadable(f"The attribute {name} of {type(owner).__name__} is not read.")
    raise AttributeError(f"'{type(owner).__name__}' object has no attribute '{name}'")


def _of_keras(owner: Any, name: str, text: str) -> Any:
    """Optimizers, histories, initializers: plain values are read, the rest is passed over."""
    found = getattr(owner, name, None) if not name.startswith("_") else None
    return found if isinstance(found, str | int | float | bool) else Opaque(text)


def set_attribute(machine: Machine, owner: Any, name: str, value: Any, node: ast.AST) -> None:
    """Run `owner.name = value`, for the few attributes that may be set.

    Raises:
        Unreadable: it is none of them.

    """
    if isinstance(owner, Unknown):
        owner.attributes[name] = value
        if is_tensor(value):
            machine.world.bind(name, value, machine.at(node), machine.scope.depth)
        return
    if isinstance(owner, Opaque | Library):
        return
    keras = engine.load()
    if isinstance(owner, keras.layers.Layer) and name in _SET_ON_LAYERS and isinstance(value, bool | str):
        setattr(owner, name, value)
        return
    if isinstance(owner, keras.layers.Layer | keras.optimizers.Optimizer) and name in {"learning_rate", "loss"}:
        machine.world.skip(machine.at(node), machine.text(node))
        return
    if isinstance(owner, np.ndarray) and name == "shape":
        owner.shape = value
        return
    raise Unreadable(f"Setting {machine.text(node)} is not read.")
