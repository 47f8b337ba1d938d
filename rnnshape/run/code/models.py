"""Methods of layers and models: what makes tensors is run, what trains or shows is passed over and told."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape import tree
from rnnshape.run import engine
from rnnshape.run.code import layers, sequential, training
from rnnshape.run.code.closures import as_host
from rnnshape.run.code.construction import guarded
from rnnshape.run.code.halt import Unreadable
from rnnshape.run.code.unknowns import sized
from rnnshape.run.code.values import Method, Opaque, Unknown
from rnnshape.run.code.world import Called
from rnnshape.run.tensors import is_symbolic, is_tensor, shape_of, tensors_in
from rnnshape.trace import StepKind

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_PASSED_OVER = frozenset(
    ["summary", "save", "save_weights", "load_weights", "export", "to_json", "get_config", "reset_metrics"]
)
_TRAINING = frozenset({"fit", "evaluate", "train_on_batch", "test_on_batch"})
_PREDICTING = frozenset({"predict", "predict_on_batch"})
_PLAIN = frozenset(
    """
    get_layer get_weights set_weights count_params build reset_states reset_state compute_output_shape get_input_at
    get_output_at
    """.split()
)


def call_method(machine: Machine, method: Method, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    """Return what a method of a layer or a model returns."""
    owner, name = method.owner, method.name
    _check_signature(owner, name, args, kwargs)
    if name in _PASSED_OVER:
        machine.world.skip(machine.at(node), spelled(machine, method))
        return Opaque(machine.text(node)) if name in {"to_json", "get_config"} else None
    if name in _TRAINING:
        machine.world.skip(machine.at(node), spelled(machine, method))
        return training.one_batch(machine, owner, name, args, kwargs)
    if name == "compile":
        machine.world.skip(machine.at(node), spelled(machine, method))
        return training.compile_model(machine, owner, args, kwargs)
    if name in _PREDICTING:
        return _predict(machine, owner, args, kwargs, node)
    if name == "call":
        return layers.call_layer(machine, owner, args, kwargs, node)
    if isinstance(owner, engine.load().Sequential) and name in {"add", "pop"}:
        return _change(machine, owner, name, args, kwargs, node)
    if name in {"get_initial_state", "compute_mask"}:
        return _made_by(machine, owner, name, args, kwargs, node)
    if name in _PLAIN:
        return _plain(machine, owner, name, args, kwargs)
    raise Unreadable(f"{spelled(machine, method)} is not read.", "--run executes the code instead of reading it.")


def _check_signature(owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> None:
    """Refuse arguments that the method does not take, in Python's words: not all of it is called.

    Raises:
        TypeError: there is one.

    """
    method = getattr(owner, name)
    try:
        inspect.signature(method).bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{method.__qualname__}() {error}") from None
    except ValueError:
        return


def spelled(machine: Machine, method: Method) -> str:
    """Return a method as the code spells it: `model.compile`."""
    return " ".join(machine.text(method.node).split())


def _change(machine: Machine, model: Any, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    if name == "pop":
        return sequential.pop(machine, model)
    hosts = [as_host(machine, value) if not isinstance(value, Unknown) else value for value in args]
    if not hosts and "layer" in kwargs:
        hosts = [kwargs.pop("layer")]
    if len(hosts) != 1:
        return model.add(*hosts, **kwargs)
    return sequential.add(machine, model, hosts[0], node, kwargs)


def _plain(machine: Machine, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    args = [tree.mapped(lambda leaf: sized(machine, leaf, "a size"), value) for value in args]
    if name == "set_weights" and isinstance(args[0] if args else None, Unknown):
        return None
    with guarded(machine):
        found = getattr(owner, name)(*args, **kwargs)
    if name == "build":
        sequential.sync(machine, owner)
    if name in {"get_input_at", "get_output_at"}:
        return sequential.known_tensor(machine, owner, "input" if "input" in name else "output", found)
    return found


def _made_by(machine: Machine, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    """Return a layer's own initial state, or a mask that it makes, each tensor of it noted."""
    args = [sized(machine, value, "a size") for value in args]
    kwargs = {key: sized(machine, value, "a size") for key, value in kwargs.items()}
    return machine.recorded(getattr(owner, name), tuple(args), kwargs, name, node=node)


def _predict(machine: Machine, model: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    """Return what `predict` returns: arrays, for the whole of the data."""
    given = args[0] if args else kwargs.get("x")
    if isinstance(given, Unknown) and given.tensor is None and not given.is_assumable:
        machine.world.skip(machine.at(node), machine.text(node))
        return Unknown(machine.text(node))
    data = tree.mapped(lambda leaf: layers.known_input(machine, leaf, model, node), given)
    if any(is_tensor(leaf) and is_symbolic(leaf) for leaf in tree.flat(data)) and not isinstance(given, Unknown):
        raise ValueError("predict takes arrays. Received: a symbolic tensor")
    with machine.unrecorded(), guarded(machine):
        result = layers.call_layer(machine, model, [data], {}, node)
    if isinstance(model, engine.load().Sequential):
        sequential.sync(machine, model)
    arrays = tree.mapped(_array, result)
    code = layers.code_of(machine, model)
    call = Called(machine.at(node), StepKind.MODEL, code, model.name, model, (data,), {}, owner=model)
    layers.note_call(machine, call, model)
    for leaf in tensors_in(data):
        machine.world.tensor(leaf, call.line).feeds = True
    return machine.world.record(call, arrays)


def _array(value: Any) -> Any:
    """Return an array of what Keras returned; of its shape alone, where it was symbolic."""
    if not is_tensor(value):
        return value
    if not is_symbolic(value):
        return np.asarray(value)
    shape = tuple(size or 1 for size in shape_of(value))
    return np.broadcast_to(np.zeros((), "float32"), shape)
