"""Calls: of Python's functions, of the code's own, of Keras's constructors, of layers on tensors."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rnnshape import tree
from rnnshape.run import engine
from rnnshape.run.code import construction, layers, models, sequential, unknowns
from rnnshape.run.code.builtin import Builtin
from rnnshape.run.code.closures import as_host, call_closure
from rnnshape.run.code.halt import Halt, Unreadable
from rnnshape.run.code.methods import call_method
from rnnshape.run.code.operators import type_name
from rnnshape.run.code.unknowns import sized
from rnnshape.run.code.values import Closure, Constructor, Function, Library, Method, Opaque, OwnClass, Unknown
from rnnshape.run.tensors import is_symbolic, is_tensor, tensors_in

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_MOST_ARGUMENTS = 500


def call_node(machine: Machine, node: ast.Call) -> Any:
    """Return what a call in the code returns."""
    function = machine.evaluate(node.func)
    args, kwargs = _arguments(machine, node)
    try:
        return call(machine, function, args, kwargs, node)
    except Halt:
        raise
    except Exception as error:
        halt = machine.halt(node, error)
        if halt.node is node:
            halt.operands = [*sequential.before(machine, function), *_operands(machine, node)]
        raise halt from error


def _arguments(machine: Machine, node: ast.Call) -> tuple[list[Any], dict[str, Any]]:
    from rnnshape.run.code.expressions import elements

    args = elements(machine, node.args)
    kwargs: dict[str, Any] = {}
    for keyword in node.keywords:
        value = machine.evaluate(keyword.value)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
            continue
        if isinstance(value, Unknown):
            raise Unreadable(f"**{value.code} is not known.", value.hint("{}"))
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise TypeError(f"argument after ** must be a mapping, not {type_name(value)}")
        kwargs.update(value)
    if len(args) + len(kwargs) > _MOST_ARGUMENTS:
        raise Unreadable(f"A call has at most {_MOST_ARGUMENTS} arguments.")
    return args, kwargs


def _operands(machine: Machine, node: ast.Call) -> Any:
    """Yield the tensors that the arguments of a call spell, each with its source."""
    waiting: list[ast.AST] = [*node.args, *(keyword.value for keyword in node.keywords)]
    if isinstance(node.func, ast.Attribute):
        waiting.insert(0, node.func.value)
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, ast.Name):
            scope = machine.scope.find(part.id)
            value = scope.names[part.id] if scope is not None else None
            if is_tensor(value):
                yield part.id, value
            elif isinstance(value, list | tuple):
                yield from ((f"{part.id}[{at}]", item) for at, item in enumerate(value[:8]) if is_tensor(item))
        elif isinstance(part, ast.List | ast.Tuple):
            waiting = [*part.elts, *waiting]
        elif isinstance(part, ast.Subscript | ast.Starred) and isinstance(part.value, ast.Name):
            scope = machine.scope.find(part.value.id)
            value = scope.names[part.value.id] if scope is not None else None
            for item in tensors_in(value):
                yield machine.text(part), item
                break


def call(machine: Machine, function: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    """Return what a value returns when it is called.

    Raises:
        TypeError: it cannot be called, as in Python.
        Unreadable: it is a class of the code's own, or of another library.

    """
    if not isinstance(function, Method) or is_tensor(function.owner):
        machine.budget.walk(args)
        machine.budget.walk(kwargs)
    handler = _CALLED.get(type(function))
    if handler is not None:
        return handler(machine, function, args, kwargs, node)
    keras = engine.load()
    if isinstance(function, keras.layers.Layer):
        return layers.call_layer(machine, function, args, kwargs, node)
    if isinstance(function, keras.initializers.Initializer | keras.losses.Loss):
        return _function(machine, Function(type(function).__name__, function), args, kwargs, node)
    raise TypeError(f"'{type_name(function)}' object is not callable")


def _builtin(machine: Machine, function: Builtin, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    if function.name == "print":
        machine.world.skip(machine.at(node), "print")
        return None
    unknown = any(isinstance(value, Unknown) for value in [*args, *kwargs.values()])
    if (
        unknown
        and not function.takes_unknown
        and function.name not in {"range", "min", "max", "zip", "enumerate", "map"}
    ):
        return Unknown(machine.text(node))
    if function.name in {"abs", "round", "pow", "divmod"} and any(map(is_tensor, args)):
        host = {"abs": abs, "round": round, "pow": pow, "divmod": divmod}[function.name]
        return machine.recorded(host, tuple(args), kwargs, function.name, node=node)
    return function.call(machine, *args, **kwargs)


def _function(machine: Machine, function: Function, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    if function.path == "Input":
        return construction.make_input(machine, function, args, kwargs, node)
    if function.path == "tf.function":
        return function.call(*args, **kwargs)
    from rnnshape.run.code.keras_library import check_arguments

    check_arguments(function.call, tuple(args), kwargs)
    if any(isinstance(value, Unknown) for value in tree.flat([*args, *kwargs.values()])):
        if function.is_layer:
            args = [tree.mapped(lambda leaf: layers.known_input(machine, leaf, None, node), value) for value in args]
        elif function.is_creation:
            args = [sized(machine, value, "a shape") for value in args]
            kwargs = {name: sized(machine, value, "a shape") for name, value in kwargs.items()}
        else:
            return unknowns.computed(machine, (args, kwargs), node)
    args = [as_host(machine, value) for value in args]
    kwargs = {name: as_host(machine, value) for name, value in kwargs.items()}
    if function.is_layer:
        return layers.call_layer_function(machine, function, args, kwargs, node)
    size = function.size_of(*args, **kwargs) if function.size_of is not None else None
    return machine.recorded(function.call, tuple(args), kwargs, function.path, node=node, size=size)


def _method(machine: Machine, method: Method, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    if isinstance(method.owner, engine.load().layers.Layer):
        return models.call_method(machine, method, args, kwargs, node)
    if any(isinstance(value, Unknown) for value in tree.flat([*args, *kwargs.values()])) and is_tensor(method.owner):
        args = [sized(machine, value, "a shape") for value in args]
        kwargs = {name: sized(machine, value, "a shape") for name, value in kwargs.items()}
    return call_method(machine, Method(method.owner, method.name, node), args, kwargs)


def _unknown(machine: Machine, function: Unknown, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    """Return what something unknown returns: unknown, too, unless it is called with a symbolic tensor."""
    name = function.code
    if any(is_symbolic(value) for value in tensors_in((args, kwargs))):
        machine.check_defined(function)
        if function.is_assumable:
            raise NameError(f"name '{name}' is not defined")
        message = f"{name} is not read, and a tensor goes into it."
        raise Unreadable(message, "--run executes the code; or --let gives what it returns.")
    if isinstance(function.origin, ast.Call):
        # `LTSM(4)(x)`, where x is not known either: nothing fails, so the answer has to tell it.
        machine.world.skip(machine.at(node), f"{machine.text(function.origin.func)}, which is not defined")
    is_class = function.is_assumable and name[:1].isupper()
    return Unknown(machine.text(node), origin=node if is_class else None)


def _closure(machine: Machine, function: Closure, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    return call_closure(machine, function, args, kwargs)


def _opaque(machine: Machine, function: Opaque, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    return Opaque(machine.text(node))


def _own_class(machine: Machine, function: OwnClass, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    raise machine.own_class(function)


def _module(machine: Machine, function: Library, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    raise TypeError("'module' object is not callable")


_CALLED: dict[type, Callable[..., Any]] = {
    Builtin: _builtin,
    Closure: _closure,
    Constructor: construction.construct,
    Function: _function,
    Method: _method,
    Unknown: _unknown,
    Opaque: _opaque,
    OwnClass: _own_class,
    Library: _module,
}
