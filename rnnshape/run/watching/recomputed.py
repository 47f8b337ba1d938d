"""A tensor that a line computes with a library's functions: noted as a call, so that its values can be drawn anew."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

from rnnshape.run.code.world import Called
from rnnshape.run.tensors import is_tensor
from rnnshape.run.watching.lines import statement_at
from rnnshape.trace import StepKind

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_LIBRARIES = ("tensorflow", "keras", "numpy")
_PLAIN = (int, float, bool, str, tuple, type(None), type(...))
_PURE = (
    ast.Attribute,
    ast.BinOp,
    ast.Call,
    ast.Compare,
    ast.Constant,
    ast.List,
    ast.Name,
    ast.Slice,
    ast.Subscript,
    ast.Tuple,
    ast.UnaryOp,
    ast.cmpop,
    ast.expr_context,
    ast.keyword,
    ast.operator,
    ast.unaryop,
)
_NOT_PURE = frozenset({"random", "io", "load", "save", "fromfile", "tofile", "saved_model", "py_function", "assign"})


def call_of_line(machine: Machine, frame: FrameType, name: str, line: int, before: Mapping[str, int]) -> Called | None:
    """Return the call that a line makes of known tensors; None where it does more than use a library's functions.

    Args:
        machine: what is known of tensors.
        frame: where the line runs.
        name: what it binds.
        line: its number.
        before: the identity of what the names were bound to before the line ran.

    """
    statement = statement_at(machine.main.tree, line)
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target, value = statement.targets[0], statement.value
    if not isinstance(target, ast.Name) or target.id != name or not all(isinstance(n, _PURE) for n in ast.walk(value)):
        return None
    tensors: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for used in {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}:
        made = machine.world.known.get(before.get(used, 0))
        found = made.value if made is not None else frame.f_locals.get(used, frame.f_globals.get(used))
        (tensors if is_tensor(found) else others)[used] = found
    if not tensors or not all(map(_is_harmless, others.values())) or not _calls_libraries(value, others):
        return None
    text = " ".join(machine.main.text(value).split())
    target_call = _function(value, tuple(tensors), others)
    return Called(line, StepKind.FUNCTION, text, name, target_call, tuple(tensors.values()), {})


def _is_harmless(value: Any) -> bool:
    return isinstance(value, _PLAIN) or _is_library(value)


def _is_library(value: Any) -> bool:
    return isinstance(value, ModuleType) and value.__name__.lstrip("_").split(".")[0] in _LIBRARIES


def _calls_libraries(value: ast.expr, others: Mapping[str, Any]) -> bool:
    """Tell whether all that is called are functions of the libraries, which change nothing."""
    for node in ast.walk(value):
        if isinstance(node, ast.Attribute) and node.attr in _NOT_PURE:
            return False
        if isinstance(node, ast.Call):
            root: ast.expr = node.func
            while isinstance(root, ast.Attribute):
                root = root.value
            if not isinstance(root, ast.Name) or not _is_library(others.get(root.id)):
                return False
    return True


def _function(value: ast.expr, names: tuple[str, ...], others: Mapping[str, Any]) -> Callable[..., Any]:
    code = compile(ast.Expression(value), "<a line of the code>", "eval")

    def compute(*tensors: Any) -> Any:
        return eval(code, {**others, **dict(zip(names, tensors, strict=True))})  # noqa: S307 - calls libraries alone

    return compute
