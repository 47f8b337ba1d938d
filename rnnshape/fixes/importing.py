"""Imports from a module that there is not, and of a name from a module that has another one's."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator

from rnnshape.fixes.edits import Candidate, Edit
from rnnshape.fixes.fault import Fault
from rnnshape.fixes.names import LAYERS, MODULES
from rnnshape.fixes.rewrite import line_after

_NO_MODULE = re.compile(r"No module named '([\w.]+)'")
_NO_NAME = re.compile(r"cannot import name '(\w+)'")
_OF_MODELS = ("Model", "Sequential")
_ROOT = re.compile(r"(?:tensorflow\.)?keras")


def modules(fault: Fault) -> Iterator[Candidate]:
    """Yield the nearest module of Keras's, or the one that the name is in."""
    statement = fault.statement
    if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
        yield from _nearest(fault, statement, statement.module)
        yield from _home(fault, statement, statement.module)


def _module(fault: Fault, statement: ast.ImportFrom, new: str) -> Edit:
    """Return the edit that imports from another module."""
    start = fault.source.text.index(statement.module or "", fault.at(statement))
    return Edit(start, start + len(statement.module or ""), new)


def _nearest(fault: Fault, statement: ast.ImportFrom, module: str) -> Iterator[Candidate]:
    found = _NO_MODULE.search(fault.message)
    if found is None or not module.startswith(found[1]):
        return
    front, _, last = found[1].rpartition(".")
    for near in difflib.get_close_matches(last.lower(), MODULES, n=2, cutoff=0.75):
        edit = _module(fault, statement, f"{front}.{near}{module[len(found[1]) :]}")
        yield Candidate(edits=(edit,), why=f"there is no module `{found[1]}`")


def _home(fault: Fault, statement: ast.ImportFrom, module: str) -> Iterator[Candidate]:
    found, root = _NO_NAME.search(fault.message), _ROOT.match(module)
    if found is None or root is None:
        return
    name = found[1]
    home = f"{root[0]}.models" if name in _OF_MODELS else f"{root[0]}.layers" if name in LAYERS else root[0]
    if home == module or (name not in LAYERS and name not in MODULES):
        return
    alias = next(each for each in statement.names if each.name == name)
    why = f"`{name}` is in `{home}`, not in `{module}`"
    edits: tuple[Edit, ...] = (_module(fault, statement, home),)
    if len(statement.names) > 1:
        kept = ", ".join(fault.code(each) for each in statement.names if each is not alias)
        start, end = fault.at(statement.names[0]), fault.source.span(statement.names[-1])[1]
        line = line_after(fault.source, statement, f"from {home} import {fault.code(alias)}")
        edits = (Edit(start, end, kept), line)
    yield Candidate(edits=edits, why=why)
