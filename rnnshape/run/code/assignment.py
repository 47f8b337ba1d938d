"""Assignments: to names, several of them, items and attributes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape.run.code import operators
from rnnshape.run.code.attributes import set_attribute
from rnnshape.run.code.budget import check_items
from rnnshape.run.code.halt import Unreadable
from rnnshape.run.code.iteration import unpacked
from rnnshape.run.code.unknowns import sized
from rnnshape.run.code.values import Opaque, Unknown
from rnnshape.run.tensors import is_hollow, is_symbolic, is_tensor

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine


def assign(machine: Machine, target: ast.expr, value: Any) -> None:
    """Bind a target to a value: a name, several of them, an item, an attribute."""
    match target:
        case ast.Name():
            machine.bind(target.id, value, target)
        case ast.Tuple() | ast.List():
            _unpack(machine, target.elts, value)
        case ast.Subscript():
            _set_item(machine, target, value)
        case ast.Attribute():
            set_attribute(machine, machine.evaluate(target.value), target.attr, value, target)
        case _:
            raise Unreadable(f"An assignment to {machine.text(target)} is not read.")


def _unpack(machine: Machine, targets: list[ast.expr], value: Any) -> None:
    at = next((at for at, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
    if at is None:
        for target, item in zip(targets, unpacked(machine, value, len(targets), starred=False), strict=True):
            assign(machine, target, item)
        return
    items = unpacked(machine, value, len(targets) - 1, starred=True)
    behind = len(targets) - at - 1
    star = targets[at]
    assert isinstance(star, ast.Starred)
    for target, item in zip(targets[:at], items[:at], strict=True):
        assign(machine, target, item)
    assign(machine, star.value, list(items[at : len(items) - behind]))
    for target, item in zip(targets[at + 1 :], items[len(items) - behind :], strict=True):
        assign(machine, target, item)


def _set_item(machine: Machine, target: ast.Subscript, value: Any) -> None:
    owner = machine.evaluate(target.value)
    index = machine.evaluate(target.slice)
    if isinstance(owner, Unknown | Opaque) or (isinstance(value, Unknown) and is_tensor(owner)):
        return
    if isinstance(owner, dict):
        check_items(len(owner) + 1)
        owner[operators.hashable(index)] = value
    elif isinstance(owner, list):
        check_items(len(owner) + (len(value) if isinstance(value, list | tuple) else 1))
        owner[index] = value
    elif isinstance(owner, np.ndarray):
        _set_in_array(machine, owner, index, value)
    elif is_tensor(owner):
        raise TypeError(f"'{type(owner).__name__}' object does not support item assignment")
    else:
        raise TypeError(f"'{operators.type_name(owner)}' object does not support item assignment")


def _set_in_array(machine: Machine, owner: Any, index: Any, value: Any) -> None:
    machine.budget.walk((index, value))
    if is_hollow(owner):
        return
    if is_tensor(value) and is_symbolic(value):
        raise TypeError("A symbolic KerasTensor cannot be put into an array.")
    owner[sized(machine, index, "an index")] = np.asarray(value) if is_tensor(value) else value
