"""Operators and indexing, for the types that are read; sizes are bounded before anything is computed."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape.run.code import texts, unknowns
from rnnshape.run.code.budget import check_bits, check_items
from rnnshape.run.code.halt import Unreadable
from rnnshape.run.code.recording import call_recorded, get_item
from rnnshape.run.code.truth import is_true
from rnnshape.run.code.values import Closure, Constructor, Function, Library, Opaque, OwnClass, Unknown
from rnnshape.run.tensors import is_symbolic, is_tensor, shape_of, tensors_in

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

BINARY: dict[type[ast.AST], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", operator.pow),
    ast.MatMult: ("@", operator.matmul),
    ast.LShift: ("<<", operator.lshift),
    ast.RShift: (">>", operator.rshift),
    ast.BitAnd: ("&", operator.and_),
    ast.BitOr: ("|", operator.or_),
    ast.BitXor: ("^", operator.xor),
}
UNARY: dict[type[ast.AST], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_NUMBERS = (bool, int, float, complex, np.generic)
_SEQUENCES = (str, bytes, list, tuple)
_READ = (*_NUMBERS, *_SEQUENCES, dict, set, type(None))


def binary(machine: Machine, op: type[ast.AST], left: Any, right: Any, node: ast.AST) -> Any:
    """Return `left op right`.

    Raises:
        TypeError: as in Python.
        TooMuch: the result would be too large.

    """
    sign, function = BINARY[op]
    if (is_tensor(left) and isinstance(right, Unknown)) or (is_tensor(right) and isinstance(left, Unknown)):
        return unknowns.computed(machine, (left, right), node)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return unknowns.combined(machine, function, left, right, machine.text(node))
    if isinstance(left, Opaque) or isinstance(right, Opaque):
        return Opaque(machine.text(node))
    if (is_tensor(left) or is_tensor(right)) and isinstance(left if is_tensor(right) else right, list | tuple):
        machine.budget.walk((left, right))
    if is_tensor(left) or is_tensor(right):
        line = getattr(node, "lineno", 0)
        return call_recorded(machine, function, (left, right), {}, line=line, path=sign, node=node)
    if isinstance(left, str) and op is ast.Mod:
        machine.budget.walk(right)
        return texts.percent(left, right)
    if not isinstance(left, _READ) or not isinstance(right, _READ):
        names = f"'{_type_name(left)}' and '{_type_name(right)}'"
        raise TypeError(f"unsupported operand type(s) for {sign}: {names}")
    _check_size(op, left, right)
    return function(left, right)


def _check_size(op: type[ast.AST], left: Any, right: Any) -> None:
    """Bound the result before it is computed."""
    if op is ast.Add and isinstance(left, _SEQUENCES) and isinstance(right, _SEQUENCES):
        check_items(len(left) + len(right))
    if op is ast.Mult:
        for sequence, times in ((left, right), (right, left)):
            if isinstance(sequence, _SEQUENCES) and isinstance(times, int):
                check_items(len(sequence) * max(times, 0))
    if isinstance(left, int) and isinstance(right, int):
        if op is ast.Pow:
            check_bits(left.bit_length() * max(right, 1))
        elif op is ast.LShift:
            check_bits(left.bit_length() + max(right, 0))
        elif op is ast.Mult:
            check_bits(left.bit_length() + right.bit_length())


def unary(machine: Machine, op: type[ast.AST], value: Any, node: ast.AST) -> Any:
    """Return `op value`."""
    if op is ast.Not:
        return not is_true(value)
    if isinstance(value, Unknown):
        return unknowns.combined(machine, lambda one, _: UNARY[op](one), value, None, machine.text(node))
    if is_tensor(value):
        return call_recorded(machine, UNARY[op], (value,), {}, line=getattr(node, "lineno", 0), path="-", node=node)
    if not isinstance(value, _NUMBERS):
        raise TypeError(f"bad operand type for unary -: '{_type_name(value)}'")
    return UNARY[op](value)


def compare(machine: Machine, op: type[ast.AST], left: Any, right: Any, node: ast.AST) -> Any:
    """Return whether a comparison holds; of tensors, a tensor."""
    if op in {ast.Is, ast.IsNot}:
        same = left is right or (isinstance(left, _NUMBERS) and type(left) is type(right) and left == right)
        return same is (op is ast.Is)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return unknowns.computed(machine, (left, right), node)
    machine.budget.walk((left, right))
    if op in {ast.In, ast.NotIn}:
        return _contains(left, right) is (op is ast.In)
    if is_tensor(left) or is_tensor(right):
        line = getattr(node, "lineno", 0)
        return call_recorded(machine, COMPARISONS[op], (left, right), {}, line=line, path="compare", node=node)
    if not isinstance(left, (*_READ, range)) or not isinstance(right, (*_READ, range)) or _has_tensor(left, right):
        if op in {ast.Eq, ast.NotEq}:
            return (left is right) is (op is ast.Eq)
        raise TypeError(f"'{_type_name(left)}' and '{_type_name(right)}' cannot be compared")
    return COMPARISONS[op](left, right)


def _has_tensor(*values: Any) -> bool:
    return any(True for value in values if isinstance(value, list | tuple) for _ in tensors_in(value))


def _contains(item: Any, container: Any) -> bool:
    if isinstance(container, dict | set):
        return hashable(item) in container
    if isinstance(container, str):
        return item in container
    if isinstance(container, list | tuple | range):
        return any(
            item is other or (isinstance(other, _READ) and isinstance(item, _READ) and item == other)
            for other in container
        )
    raise TypeError(f"argument of type '{_type_name(container)}' is not iterable")


def hashable(key: Any) -> Any:
    """Return a key of a dict.

    Raises:
        TypeError: it cannot be one.

    """
    if isinstance(key, Unknown):
        raise Unreadable(f"{key.code} is not known, and a key needs it.", key.hint("1"))
    if isinstance(key, tuple):
        return tuple(hashable(part) for part in key)
    if isinstance(key, (*_NUMBERS, str, bytes, type(None))):
        return key
    if isinstance(key, list | dict | set):
        raise TypeError(f"unhashable type: '{_type_name(key)}'")
    return id(key)


def item(machine: Machine, owner: Any, index: Any, node: ast.AST) -> Any:
    """Return `owner[index]`.

    Raises:
        IndexError, KeyError, TypeError: as in Python, NumPy or Keras.

    """
    if isinstance(owner, Unknown):
        return unknowns.item(machine, owner, index, machine.text(node))
    if isinstance(owner, Opaque):
        return Opaque(machine.text(node))
    if any(isinstance(part, Unknown) for part in _parts(index)):
        index = unknowns.sized(machine, index, "an index")
    if is_tensor(owner):
        return tensor_item(machine, owner, index, node)
    if isinstance(owner, dict):
        return owner[hashable(index)]
    if isinstance(owner, list | tuple | str | range | bytes):
        if isinstance(index, np.integer):
            index = int(index)
        return owner[index]
    raise TypeError(f"'{_type_name(owner)}' object is not subscriptable")


def tensor_item(machine: Machine, owner: Any, index: Any, node: ast.AST) -> Any:
    """Return an item or a slice of a tensor."""
    if not is_symbolic(owner) and isinstance(owner, np.ndarray):
        rank = len(shape_of(owner))
        if isinstance(index, int) and rank == 1:
            return owner[index]
    line = getattr(node, "lineno", 0)
    return call_recorded(machine, get_item, (owner, index), {}, line=line, path="[]", node=node)


def _parts(index: Any) -> tuple[Any, ...]:
    if isinstance(index, tuple):
        return tuple(part for inner in index for part in _parts(inner))
    if isinstance(index, slice):
        return (index.start, index.stop, index.step)
    return (index,)


def _type_name(value: Any) -> str:
    if isinstance(value, Closure | Function):
        return "function"
    if isinstance(value, Constructor | OwnClass):
        return "type"
    return "module" if isinstance(value, Library) else type(value).__name__


type_name = _type_name
