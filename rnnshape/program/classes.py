"""Code that defines classes and calls nothing: there is nothing to read in it, and its classes can be named."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from rnnshape.catalogue import RNN
from rnnshape.program.refused import NotRead

_DEFINING = (ast.ClassDef, ast.FunctionDef, ast.Import, ast.ImportFrom)
_ASSIGNING = (ast.Expr, ast.Assign, ast.AnnAssign)


def check_calls_something(body: Sequence[ast.stmt], lines: Sequence[str], source: str) -> None:
    """Refuse code that does nothing but define classes of a layer's, a cell's or a model's kind.

    Raises:
        NotRead: it is such code; the hint says how a class of a file is run.

    """
    classes = [one for one in body if isinstance(one, ast.ClassDef) and one.bases]
    if not classes or not all(map(_calls_nothing, body)):
        return
    chosen = next((one for one in classes if _is_cell(one)), classes[-1])
    file = source if source.endswith(".py") else "FILE.py"
    call = f"{file}:{chosen.name}({_arguments(chosen)})"
    typed = f"{RNN}({call})" if _is_cell(chosen) else call
    raise NotRead(
        f"This code defines classes and calls nothing: {', '.join(one.name for one in classes)}.",
        line=chosen.lineno,
        kind="NotRead",
        text=lines[chosen.lineno - 1],
        hint=f'Name a class with the path of its file: rnnshape "{typed}"',
    )


def _calls_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, _ASSIGNING):
        return not any(isinstance(node, ast.Call) for node in ast.walk(statement))
    return isinstance(statement, _DEFINING)


def _is_cell(node: ast.ClassDef) -> bool:
    """Tell whether a class is a cell, which an RNN runs: it says what its state's size is."""
    named = {getattr(part, "attr", getattr(part, "id", getattr(part, "name", ""))) for part in ast.walk(node)}
    return "state_size" in named


def _arguments(node: ast.ClassDef) -> str:
    """Return arguments as an example: 4 for the one that a class needs."""
    made = next((one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None)
    if made is None:
        return ""
    needed = len(made.args.args) - 1 - len(made.args.defaults)
    return "4" if needed == 1 else "…" if needed > 1 else ""
