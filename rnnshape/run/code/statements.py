"""Statements: one function for each kind that is read. What has no function here is refused at its line."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rnnshape.run.code import operators
from rnnshape.run.code.assignment import assign
from rnnshape.run.code.budget import MAX_ENDLESS, MAX_ROUNDS, check_items
from rnnshape.run.code.endless import is_endless
from rnnshape.run.code.expressions import closure
from rnnshape.run.code.halt import NOT_READ, Broke, Continued, Halt, Returned, TooMuch, Unreadable
from rnnshape.run.code.imports import run_import, run_import_from
from rnnshape.run.code.iteration import items_of
from rnnshape.run.code.truth import is_true
from rnnshape.run.code.values import Closure, Opaque, OwnClass, Unknown
from rnnshape.run.tensors import is_tensor

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine


def run_body(machine: Machine, body: Sequence[ast.stmt]) -> None:
    """Run statements one after the other.

    Raises:
        Halt: one of them stops the program.

    """
    for statement in body:
        if machine.code is machine.main:
            machine.line = statement.lineno
        handler = STATEMENTS.get(type(statement))
        try:
            machine.budget.step()
            if handler is None:
                raise Unreadable(f"{_NAMED.get(type(statement).__name__, type(statement).__name__)} is not read.")
            with machine.places.inside(machine, statement):
                handler(machine, statement)
        except (Halt, Returned, Broke, Continued):
            raise
        except (Exception, SystemExit, RecursionError) as error:
            raise machine.halt(statement, error) from error


_NAMED = {"AsyncFunctionDef": "An async function"}


def _expression(machine: Machine, node: ast.Expr) -> None:
    value = machine.evaluate(node.value)
    if isinstance(value, Unknown) and isinstance(node.value, ast.Call):
        machine.world.skip(machine.at(node), machine.text(node.value.func))


def _assign(machine: Machine, node: ast.Assign) -> None:
    value = machine.evaluate(node.value)
    for target in node.targets:
        assign(machine, target, value)


def _augmented(machine: Machine, node: ast.AugAssign) -> None:
    target = node.target
    load: ast.expr = target
    value = machine.evaluate(_loaded(load))
    right = machine.evaluate(node.value)
    if isinstance(value, list) and isinstance(node.op, ast.Add) and not is_tensor(right):
        items = items_of(machine, right)
        check_items(len(value) + len(items))
        value.extend(items)
        return
    assign(machine, target, operators.binary(machine, type(node.op), value, right, node))


def _loaded(target: ast.expr) -> ast.expr:
    """Return the same expression, to be read."""
    match target:
        case ast.Name(id=name):
            found: ast.expr = ast.Name(id=name, ctx=ast.Load())
        case ast.Attribute(value=value, attr=attr):
            found = ast.Attribute(value=value, attr=attr, ctx=ast.Load())
        case ast.Subscript(value=value, slice=index):
            found = ast.Subscript(value=value, slice=index, ctx=ast.Load())
        case _:
            return target
    return ast.copy_location(found, target)


def _annotated(machine: Machine, node: ast.AnnAssign) -> None:
    if node.value is not None:
        assign(machine, node.target, machine.evaluate(node.value))


def _define(machine: Machine, node: ast.FunctionDef) -> None:
    function: Any = closure(machine, node)
    for decorator in reversed(node.decorator_list):
        found = machine.evaluate(decorator)
        if isinstance(found, Closure):
            function = machine.call(found, [function], {}, decorator)
    machine.scope.bind(node.name, function)


def _class(machine: Machine, node: ast.ClassDef) -> None:
    for base in node.bases:
        machine.evaluate(base)
    machine.scope.bind(node.name, OwnClass(node))


def _for(machine: Machine, node: ast.For) -> None:
    def rounds() -> Iterator[None]:
        for item in items_of(machine, machine.evaluate(node.iter)):
            assign(machine, node.target, item)
            yield

    _loop(machine, node, rounds())


def _while(machine: Machine, node: ast.While) -> None:
    def rounds() -> Iterator[None]:
        for number in range(MAX_ROUNDS):
            if not is_true(machine.evaluate(node.test)):
                return
            if number == MAX_ENDLESS and is_endless(node, machine.main.tree):
                raise TooMuch(
                    "This loop has no end: its condition stays true, and nothing leaves it.",
                    "Leave the loop out, and keep one round of what is in it.",
                )
            yield
        if is_true(machine.evaluate(node.test)):
            raise TooMuch(f"The loop takes more than {MAX_ROUNDS:,} rounds.", "Give fewer rounds.")

    _loop(machine, node, rounds())


def _loop(machine: Machine, node: ast.For | ast.While, rounds: Iterator[None]) -> None:
    """Run the body of a loop once a round, and what stands behind `else` where nothing broke out of it."""
    for _ in rounds:
        machine.budget.round()
        try:
            run_body(machine, node.body)
        except Broke:
            return
        except Continued:
            continue
    run_body(machine, node.orelse)


def _if(machine: Machine, node: ast.If) -> None:
    run_body(machine, node.body if is_true(machine.evaluate(node.test)) else node.orelse)


def _with(machine: Machine, node: ast.With) -> None:
    for item in node.items:
        context = machine.evaluate(item.context_expr)
        if isinstance(context, Unknown) and context.is_assumable:
            context = Unknown(context.code)
        if item.optional_vars is not None:
            assign(machine, item.optional_vars, context)
    run_body(machine, node.body)


def _try(machine: Machine, node: ast.Try) -> None:
    try:
        run_body(machine, node.body)
    except Halt as halt:
        handler = next((handler for handler in node.handlers if _catches(handler, halt)), None)
        if handler is None:
            raise
        if handler.name:
            machine.scope.bind(handler.name, Opaque(handler.name))
        run_body(machine, handler.body)
    else:
        run_body(machine, node.orelse)
    finally:
        run_body(machine, node.finalbody)


def _catches(handler: ast.ExceptHandler, halt: Halt) -> bool:
    """Tell whether an except clause names the exception, or one that it is a kind of."""
    if halt.code == NOT_READ:
        return False
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    raised = vars(builtins).get(halt.kind)
    for kind in kinds:
        name = kind.attr if isinstance(kind, ast.Attribute) else getattr(kind, "id", "")
        caught = vars(builtins).get(name)
        if name == halt.kind or (isinstance(raised, type) and isinstance(caught, type) and issubclass(raised, caught)):
            return True
        if caught is Exception:
            return True
    return False


def _raise(machine: Machine, node: ast.Raise) -> None:
    name, message = "Exception", ""
    if isinstance(node.exc, ast.Call):
        name = getattr(node.exc.func, "id", "Exception")
        parts = [machine.evaluate(argument) for argument in node.exc.args]
        message = " ".join(str(part) for part in parts if isinstance(part, str | int | float))
    elif isinstance(node.exc, ast.Name):
        name = node.exc.id
    host = vars(builtins).get(name)
    error = host(message) if isinstance(host, type) and issubclass(host, Exception) else Exception(message)
    raise Halt(node, message or name, kind=name, error=error, source=machine.code)


def _assert(machine: Machine, node: ast.Assert) -> None:
    found = machine.evaluate(node.test)
    if not isinstance(found, Unknown) and not is_true(found):
        message = machine.evaluate(node.msg) if node.msg is not None else machine.text(node)
        raise AssertionError(str(message))


def _delete(machine: Machine, node: ast.Delete) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            if machine.scope.names.pop(target.id, None) is None:
                raise NameError(f"name '{target.id}' is not defined")
            machine.deleted.add(target.id)
        elif isinstance(target, ast.Subscript):
            owner, index = machine.evaluate(target.value), machine.evaluate(target.slice)
            if isinstance(owner, list | dict):
                del owner[index]
            elif not isinstance(owner, Unknown):
                raise Unreadable(f"Deleting {machine.text(target)} is not read.")


def _global(machine: Machine, node: ast.Global | ast.Nonlocal) -> None:
    machine.scope.outer.update(node.names)


def _return(machine: Machine, node: ast.Return) -> None:
    raise Returned(None if node.value is None else machine.evaluate(node.value))


def _break(machine: Machine, node: ast.Break) -> None:
    raise Broke


def _continue(machine: Machine, node: ast.Continue) -> None:
    raise Continued


def _pass(machine: Machine, node: ast.Pass) -> None:
    return


STATEMENTS: dict[type[ast.AST], Callable[[Machine, Any], None]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.AnnAssign: _annotated,
    ast.FunctionDef: _define,
    ast.ClassDef: _class,
    ast.For: _for,
    ast.While: _while,
    ast.If: _if,
    ast.With: _with,
    ast.Try: _try,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Delete: _delete,
    ast.Global: _global,
    ast.Nonlocal: _global,
    ast.Return: _return,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.Pass: _pass,
    ast.Import: run_import,
    ast.ImportFrom: run_import_from,
}
