"""The code's own functions: called by the code, and by Keras (the lambda of a Lambda layer)."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rnnshape import tree
from rnnshape.run.code.halt import Halt, Refused, Returned
from rnnshape.run.code.values import Closure, Scope

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine


def call_closure(machine: Machine, function: Closure, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return what a function of the code's own returns.

    Raises:
        TypeError: the arguments do not fit, in Python's words.

    """
    scope = Scope(_bound(function, args, kwargs), function.scope, machine.scope.depth + 1)
    node = function.node
    from rnnshape.run.code.statements import run_body

    with machine.inside(scope, function.code):
        if isinstance(node, ast.Lambda):
            return machine.evaluate(node.body)
        try:
            run_body(machine, node.body)
        except Returned as returned:
            return returned.value
    return None


def _bound(function: Closure, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the parameters."""
    try:
        bound = _signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{function.name}() {error}") from None
    bound.apply_defaults()
    return {
        name: list(value) if isinstance(value, tuple) and _is_star(function, name) else value
        for name, value in bound.arguments.items()
    }


def _is_star(function: Closure, name: str) -> bool:
    star = function.node.args.vararg
    return star is not None and star.arg == name


def _signature(function: Closure) -> inspect.Signature:
    arguments = function.node.args
    kind = inspect.Parameter
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [kind.empty] * (len(plain) - len(function.defaults)) + list(function.defaults)
    found = [
        kind(
            item.arg,
            kind.POSITIONAL_ONLY if at < len(arguments.posonlyargs) else kind.POSITIONAL_OR_KEYWORD,
            default=default,
        )
        for at, (item, default) in enumerate(zip(plain, defaults, strict=True))
    ]
    if arguments.vararg:
        found.append(kind(arguments.vararg.arg, kind.VAR_POSITIONAL))
    for item in arguments.kwonlyargs:
        default = function.keyword_defaults.get(item.arg, kind.empty)
        found.append(kind(item.arg, kind.KEYWORD_ONLY, default=default))
    if arguments.kwarg:
        found.append(kind(arguments.kwarg.arg, kind.VAR_KEYWORD))
    return inspect.Signature(found)


def as_host(machine: Machine, value: Any) -> Any:
    """Return a value as Keras takes it: the code's own functions as functions that interpret them."""
    from rnnshape.run.code.builtin import Builtin
    from rnnshape.run.code.values import Constructor, Function, Opaque

    def host(leaf: Any) -> Any:
        match leaf:
            case Closure():
                return _host(machine, leaf)
            case Function():
                return leaf.call
            case Constructor():
                return leaf.cls
            case Builtin():
                return lambda *args, **kwargs: leaf.call(machine, *args, **kwargs)
            case Opaque():
                return None
        return leaf

    return tree.mapped(host, value)


def _host(machine: Machine, function: Closure) -> Callable[..., Any]:
    """Return a Python function that interprets one of the code's; what it calls is not noted."""

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            with machine.unrecorded():
                return call_closure(machine, function, list(args), kwargs)
        except Halt as halt:
            machine.inner = halt
            if halt.error is not None:
                # Keras is to see what it would see: it takes some errors for "the shape cannot be inferred".
                raise halt.error from None
            raise Refused(halt) from None

    call.__name__ = function.name.strip("<>")
    call.__signature__ = _signature(function)  # type: ignore[attr-defined]
    return call
