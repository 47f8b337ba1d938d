"""Expressions: one function for each kind of node that is read. What has no function here is refused."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from rnnshape.run.code import calls, names, operators, texts
from rnnshape.run.code.attributes import attribute
from rnnshape.run.code.budget import check_items
from rnnshape.run.code.halt import Unreadable
from rnnshape.run.code.iteration import items_of
from rnnshape.run.code.truth import is_true
from rnnshape.run.code.values import Closure, Scope

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine


def _constant(machine: Machine, node: ast.Constant) -> Any:
    return node.value


def _name(machine: Machine, node: ast.Name) -> Any:
    return names.look_up(machine, node)


def _tuple(machine: Machine, node: ast.Tuple) -> Any:
    return tuple(elements(machine, node.elts))


def _list(machine: Machine, node: ast.List) -> Any:
    return elements(machine, node.elts)


def _set(machine: Machine, node: ast.Set) -> Any:
    return set(elements(machine, node.elts))


def elements(machine: Machine, nodes: list[ast.expr]) -> list[Any]:
    """Return the values of expressions, starred ones laid out."""
    found: list[Any] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            found += items_of(machine, machine.evaluate(node.value))
        else:
            found.append(machine.evaluate(node))
        check_items(len(found))
    return found


def _dict(machine: Machine, node: ast.Dict) -> Any:
    found: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            inside = machine.evaluate(value)
            if not isinstance(inside, dict):
                raise TypeError(f"'{type(inside).__name__}' object is not a mapping")
            found |= inside
        else:
            found[operators.hashable(machine.evaluate(key))] = machine.evaluate(value)
        check_items(len(found))
    return found


def _attribute(machine: Machine, node: ast.Attribute) -> Any:
    return attribute(machine, machine.evaluate(node.value), node.attr, node)


def _subscript(machine: Machine, node: ast.Subscript) -> Any:
    owner = machine.evaluate(node.value)
    return operators.item(machine, owner, machine.evaluate(node.slice), node)


def _slice(machine: Machine, node: ast.Slice) -> Any:
    return slice(*(None if part is None else machine.evaluate(part) for part in (node.lower, node.upper, node.step)))


def _binary(machine: Machine, node: ast.BinOp) -> Any:
    left, right = machine.evaluate(node.left), machine.evaluate(node.right)
    return operators.binary(machine, type(node.op), left, right, node)


def _unary(machine: Machine, node: ast.UnaryOp) -> Any:
    return operators.unary(machine, type(node.op), machine.evaluate(node.operand), node)


def _bool(machine: Machine, node: ast.BoolOp) -> Any:
    wanted = isinstance(node.op, ast.Or)
    value: Any = None
    for part in node.values:
        value = machine.evaluate(part)
        if is_true(value) is wanted:
            return value
    return value


def _compare(machine: Machine, node: ast.Compare) -> Any:
    left = machine.evaluate(node.left)
    found: Any = True
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = machine.evaluate(comparator)
        found = operators.compare(machine, type(op), left, right, node)
        if len(node.ops) > 1 and not is_true(found):
            return found
        left = right
    return found


def _if(machine: Machine, node: ast.IfExp) -> Any:
    return machine.evaluate(node.body if is_true(machine.evaluate(node.test)) else node.orelse)


def _named(machine: Machine, node: ast.NamedExpr) -> Any:
    value = machine.evaluate(node.value)
    assert isinstance(node.target, ast.Name)
    machine.bind(node.target.id, value, node)
    return value


def _lambda(machine: Machine, node: ast.Lambda) -> Any:
    return closure(machine, node)


def closure(machine: Machine, node: ast.Lambda | ast.FunctionDef) -> Closure:
    """Return the function that a lambda or a def makes."""
    defaults = tuple(machine.evaluate(default) for default in node.args.defaults)
    keyword_defaults = {
        argument.arg: machine.evaluate(default)
        for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        if default is not None
    }
    return Closure(node, machine.scope, machine.code, defaults, keyword_defaults)


def _comprehension(machine: Machine, generators: list[ast.comprehension], produce: Callable[[], Any]) -> Iterator[Any]:
    outer = machine.scope
    machine.scope = Scope(parent=outer, depth=outer.depth + 1)
    try:
        yield from _rounds(machine, generators, produce)
    finally:
        machine.scope = outer


def _rounds(machine: Machine, generators: list[ast.comprehension], produce: Callable[[], Any]) -> Iterator[Any]:
    if not generators:
        yield produce()
        return
    first, *rest = generators
    from rnnshape.run.code.assignment import assign

    for value in items_of(machine, machine.evaluate(first.iter)):
        machine.budget.round()
        assign(machine, first.target, value)
        if all(is_true(machine.evaluate(test)) for test in first.ifs):
            yield from _rounds(machine, rest, produce)


def _all_of(machine: Machine, generators: list[ast.comprehension], produce: Callable[[], Any]) -> list[Any]:
    found: list[Any] = []
    for value in _comprehension(machine, generators, produce):
        found.append(value)
        check_items(len(found))
    return found


def _list_comprehension(machine: Machine, node: ast.ListComp | ast.GeneratorExp) -> Any:
    return _all_of(machine, node.generators, lambda: machine.evaluate(node.elt))


def _set_comprehension(machine: Machine, node: ast.SetComp) -> Any:
    return set(_all_of(machine, node.generators, lambda: operators.hashable(machine.evaluate(node.elt))))


def _dict_comprehension(machine: Machine, node: ast.DictComp) -> Any:
    def pair() -> tuple[Any, Any]:
        return operators.hashable(machine.evaluate(node.key)), machine.evaluate(node.value)

    return dict(_all_of(machine, node.generators, pair))


def _joined(machine: Machine, node: ast.JoinedStr) -> Any:
    parts = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            parts.append(_formatted(machine, part))
        else:
            parts.append(str(machine.evaluate(part)))
        check_items(sum(map(len, parts)), "characters")
    return "".join(parts)


def _formatted(machine: Machine, node: ast.FormattedValue) -> str:
    value = machine.evaluate(node.value)
    machine.budget.walk(value)
    spec = "" if node.format_spec is None else machine.evaluate(node.format_spec)
    return texts.formatted(value, spec, repr_first=node.conversion == ord("r"))


def _starred(machine: Machine, node: ast.Starred) -> Any:
    raise Unreadable("A starred value is read in a list, a tuple or a call.")


def _yield(machine: Machine, node: ast.AST) -> Any:
    raise Unreadable("A generator is not read.", "Return a list; or --let NAME=CODE gives what it would yield.")


HANDLERS: dict[type[ast.AST], Callable[[Machine, Any], Any]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _bool,
    ast.Compare: _compare,
    ast.IfExp: _if,
    ast.NamedExpr: _named,
    ast.Lambda: _lambda,
    ast.ListComp: _list_comprehension,
    ast.GeneratorExp: _list_comprehension,
    ast.SetComp: _set_comprehension,
    ast.DictComp: _dict_comprehension,
    ast.JoinedStr: _joined,
    ast.FormattedValue: _formatted,
    ast.Starred: _starred,
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
    ast.Call: calls.call_node,
}
