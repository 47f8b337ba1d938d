"""Loops that have no end, as far as their text tells: for certain, or not at all."""

from __future__ import annotations

import ast

_PLAIN = (ast.Constant, ast.Name, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.expr_context)
_OPERATORS = (ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
_LEAVING = (ast.Break, ast.Return, ast.Raise, ast.Assert, ast.Yield, ast.YieldFrom, ast.Global, ast.Nonlocal)
_ENDING = frozenset({"exit", "quit", "_exit", "abort"})


def is_endless(loop: ast.While, program: ast.AST) -> bool:
    """Tell whether a loop whose condition is true once goes on for ever: nothing in it changes that, or leaves it.

    Errors that its body raises are another matter: they end it, and are told as errors.
    """
    if not all(isinstance(node, (*_PLAIN, *_OPERATORS)) for node in ast.walk(loop.test)):
        return False
    inside = [node for statement in loop.body for node in ast.walk(statement)]
    if any(isinstance(node, _LEAVING) for node in inside):
        return False
    named = {_name(node) for node in inside}
    condition = {node.id for node in ast.walk(loop.test) if isinstance(node, ast.Name)}
    return not named & (condition | _ENDING) and not condition & _shared(program)


def _name(node: ast.AST) -> str:
    return str(getattr(node, "id", getattr(node, "attr", getattr(node, "name", ""))))


def _shared(program: ast.AST) -> set[str]:
    """Return the names that a function may bind outside of itself."""
    found = (node.names for node in ast.walk(program) if isinstance(node, ast.Global | ast.Nonlocal))
    return {name for names in found for name in names}
