"""What a line of the watched code says of a tensor: its name, and whether the program starts from it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

from rnnshape.run import engine
from rnnshape.run.tensors import is_tensor, tensors_in
from rnnshape.run.watching.frames import Frames

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine


def is_data(machine: Machine, frames: Frames, frame: FrameType, name: str | None, line: int) -> bool:
    """Tell whether the program starts from a tensor: nothing that its line mentions comes out of a layer.

    `name` is what the line binds it to; None where it has no name, so that the line is that of the call that takes it.
    """
    if not machine.world.tensors:
        # There is nothing yet that it could come from.
        return True
    statement = statement_at(machine.main.tree, line)
    if statement is None or (name is not None and not _binds(statement, name)):
        return True
    names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id != name}
    layer = engine.load().layers.Layer

    def is_plain(value: Any) -> bool:
        if isinstance(value, layer) or isinstance(getattr(value, "__self__", None), layer):
            return name is None
        if _is_of_the_code(frames, value):
            return False
        known = [machine.world.made(leaf) for leaf in tensors_in(value)]
        return all(made is None or made.root == "data" for made in known)

    return all(is_plain(frame.f_locals.get(one, frame.f_globals.get(one))) for one in names)


def _is_of_the_code(frames: Frames, value: Any) -> bool:
    """Tell whether something is a function of the watched code, or an object of one of its classes."""
    function = getattr(value, "python_function", value)
    function = inspect.unwrap(function) if callable(function) and not isinstance(function, type) else function
    code = getattr(function, "__code__", getattr(getattr(function, "__func__", None), "__code__", None))
    is_own = getattr(code, "co_filename", None) == frames.filename
    return is_own or any(cls.__module__ == "__main__" for cls in type(value).__mro__)


def statement_at(tree: ast.Module, line: int) -> ast.stmt | None:
    """Return the innermost statement that a line belongs to."""
    around = (node for node in ast.walk(tree) if isinstance(node, ast.stmt) and _is_in(node, line))
    return max(around, key=lambda node: node.lineno, default=None)


def _is_in(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def name_of(value: Any, frames: Iterable[FrameType]) -> str | None:
    """Return the name that the outermost of the frames that has one has for a tensor."""
    for frame in reversed(list(frames)):
        for names in (frame.f_locals, frame.f_globals):
            for name, found in list(names.items()):
                if found is value and not name.startswith("__"):
                    return name
    return None


def bound_at(tree: ast.Module, line: int, result: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names that a line gives to what its only call returns."""
    statement = statement_at(tree, line)
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return
    if sum(isinstance(node, ast.Call) for node in ast.walk(statement.value)) != 1:
        return
    for target in statement.targets:
        if isinstance(target, ast.Name) and is_tensor(result):
            yield target.id, result
        elif isinstance(target, ast.Tuple) and isinstance(result, list | tuple) and len(target.elts) == len(result):
            named = zip(target.elts, result, strict=True)
            yield from ((one.id, value) for one, value in named if isinstance(one, ast.Name) and is_tensor(value))


def _binds(statement: ast.stmt, name: str) -> bool:
    nodes = ast.walk(statement)
    return any(isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store) for node in nodes)
