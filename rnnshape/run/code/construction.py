"""Keras's constructors: of layers, initializers, optimizers and models; and `Input`."""

from __future__ import annotations

import ast
import contextlib
import inspect
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rnnshape.run import engine
from rnnshape.run.code import sequential, unknowns
from rnnshape.run.code.closures import as_host
from rnnshape.run.code.described import described
from rnnshape.run.code.halt import Unreadable
from rnnshape.run.code.keras_library import check_arguments
from rnnshape.run.code.values import Constructor, Function, Opaque, Unknown
from rnnshape.run.layer.build import arguments_of
from rnnshape.run.tensors import is_tensor

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_SIZES = frozenset(
    """
    units filters kernel_size input_dim output_dim shape batch_shape batch_size n target_shape pool_size strides
    dilation_rate input_shape batch_input_shape dims size num_heads key_dim value_dim input_length length cropping
    padding max_tokens num_tokens output_sequence_length axis depth_multiplier output_shape sparse_size name
    """.split()
)
_LAYERS = frozenset({"layer", "cell", "forward_layer", "backward_layer", "cells"})
_RATES = frozenset(
    """
    rate dropout recurrent_dropout alpha momentum epsilon negative_slope stddev l1 l2 value
    """.split()
)


def construct(
    machine: Machine, constructor: Constructor, args: list[Any], kwargs: dict[str, Any], node: ast.AST
) -> Any:
    """Return the object of Keras's that a constructor call makes.

    Raises:
        Unreadable: the class reaches for files, or an argument is not known.

    """
    keras = engine.load()
    cls = constructor.cls
    check_arguments(cls, tuple(args), kwargs)
    machine.budget.layer()
    code = described(machine, constructor.name, args, kwargs)
    if issubclass(cls, keras.Sequential):
        found = sequential.construct(machine, cls, args, kwargs, node)
    else:
        args, kwargs = _known(machine, cls, args, kwargs, node)
        with guarded(machine):
            found = cls(*(as_host(machine, value) for value in args), **_hosts(machine, kwargs))
    machine.world.kept.append(found)
    machine.described[id(found)] = code
    machine.lines[id(found)] = machine.at(node)
    return found


def _hosts(machine: Machine, kwargs: dict[str, Any]) -> dict[str, Any]:
    return {name: as_host(machine, value) for name, value in kwargs.items()}


def _known(
    machine: Machine, cls: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments with something in the place of those that are unknown."""
    names = [name for name in inspect.signature(cls).parameters if name != "self"]
    names += ["args"] * max(len(args) - len(names), 0)
    args = [_argument(machine, cls, names[at], value, node) for at, value in enumerate(args)]
    kwargs = {name: _argument(machine, cls, name, value, node) for name, value in kwargs.items()}
    if any(isinstance(value, Unknown) for value in args):
        unknown = next(value for value in args if isinstance(value, Unknown))
        raise Unreadable(f"{unknown.code} is not known.", unknown.hint("4"))
    for name, value in kwargs.items():
        if isinstance(value, Unknown | Opaque):
            # What is left out has Keras's own default.
            machine.world.skip(machine.at(node), f"{name}={value.code}")
    return args, {name: value for name, value in kwargs.items() if not isinstance(value, Unknown | Opaque)}


def _argument(machine: Machine, cls: Any, name: str, value: Any, node: ast.AST) -> Any:
    if isinstance(value, list | tuple) and name not in {"weights", "inputs", "outputs"}:
        inside = [_argument(machine, cls, name, item, node) for item in value]
        return inside if isinstance(value, list) else tuple(inside)
    if not isinstance(value, Unknown) or value.tensor is not None:
        return value
    known = arguments_of(cls) if inspect.isclass(cls) else None
    if known is not None and name not in known:
        return 1  # Keras refuses the argument, whatever its value.
    if name in {"inputs", "outputs"} or name in _LAYERS:
        machine.check_defined(value)
        instead = "LSTM(4)" if name in _LAYERS else "Input(shape=(10, 8))"
        raise Unreadable(f"{value.code} is not known, and {cls.__name__} needs it.", value.hint(instead))
    if name == "name":
        return None
    if name in _SIZES:
        return unknowns.number(machine, value)
    if name in _RATES:
        unknowns.assume(machine, value, unknowns.FRACTION, str(unknowns.FRACTION))
        return unknowns.FRACTION
    if name.startswith(("return_", "go_", "mask_zero", "stateful", "unroll")):
        raise Unreadable(f"{value.code} is not known, and {name} depends on it.", value.hint("True"))
    return value


def make_input(machine: Machine, function: Function, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    """Return the symbolic tensor that `Input(…)` makes, noted as an input of the program."""
    args, kwargs = _known(machine, function.call, args, kwargs, node)
    kwargs = _hosts(machine, kwargs)
    made = function.call(*args, **kwargs)
    if is_tensor(made):
        machine.world.add(made, machine.at(node), root="input", label=label_of(made))
    return made


def label_of(tensor: Any) -> str:
    """Return the name that the layer behind a symbolic tensor has."""
    history = getattr(tensor, "_keras_history", None)
    return str(history.operation.name) if history is not None else ""


@contextlib.contextmanager
def guarded(machine: Machine) -> Iterator[None]:
    """Bound the weights that Keras makes meanwhile, before any is made."""
    layer = engine.load().layers.Layer
    original = layer.add_weight

    def add_weight(self: Any, shape: Any = None, *args: Any, **kwargs: Any) -> Any:
        sizes = shape if isinstance(shape, list | tuple) else (shape,)
        count = math.prod(size for size in sizes if isinstance(size, int))
        machine.budget.hold(4 * count)
        if count > _COSTLY and type(kwargs.get("initializer")).__name__.startswith("Orthogonal"):
            # A decomposition that takes minutes; the values are drawn anew anyway.
            kwargs["initializer"] = "glorot_uniform"
        return original(self, shape, *args, **kwargs)

    layer.add_weight = add_weight
    try:
        yield
    finally:
        layer.add_weight = original


_COSTLY = 500_000
