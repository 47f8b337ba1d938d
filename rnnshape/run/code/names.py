"""What a name means: in the code, given for it, Python's own, Keras's without an import; else it is unknown."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from rnnshape.program_report import Assumed
from rnnshape.run.code import library
from rnnshape.run.code.builtin import BUILTINS
from rnnshape.run.code.values import Unknown
from rnnshape.run.tensors import is_tensor

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine


def look_up(machine: Machine, node: ast.Name) -> Any:
    """Return the value of a name.

    Raises:
        NameError: it is one that Keras had once.

    """
    name = node.id
    scope = machine.scope.find(name)
    if scope is not None:
        found = scope.names[name]
        return given(machine, name) if isinstance(found, Unknown) and name in machine.lets else found
    if name in machine.deleted:
        raise NameError(f"name '{name}' is not defined")
    if name in machine.lets:
        return given(machine, name)
    if name in BUILTINS:
        return BUILTINS[name]
    if name == "__name__":
        return "__main__"
    known = library.without_import(machine, name)
    if known is not None:
        machine.places.supplied.setdefault(name)
        return known
    unknown = Unknown(name, is_assumable=True)
    machine.top.names[name] = unknown
    return unknown


def given(machine: Machine, name: str) -> Any:
    """Return the value that was given for a name, which it has from here on."""
    code = machine.lets.pop(name)
    statement = code.tree.body[0]
    assert isinstance(statement, ast.Expr)
    before, machine.code = machine.code, code
    scope, machine.scope = machine.scope, machine.top
    try:
        value = machine.evaluate(statement.value)
    finally:
        machine.code, machine.scope = before, scope
    machine.places.given.append((machine.line, Assumed(name=name, code="\n".join(code.lines).strip())))
    machine.top.names[name] = value
    if is_tensor(value):
        machine.world.bind(name, value, machine.line, 0)
    return value
