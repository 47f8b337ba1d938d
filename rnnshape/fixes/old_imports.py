"""Imports from modules that have moved, and of names that are called otherwise."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rnnshape.fixes import spellings
from rnnshape.fixes.edits import Edit
from rnnshape.fixes.respelling import Respelling
from rnnshape.fixes.rewrite import replace
from rnnshape.fixes.source import Source, spelled


def imports(source: Source) -> Iterator[Respelling]:
    """Yield the old spellings in imports, and of modules that are named in full."""
    bound: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom):
            yield from _from(source, node, bound)
        elif isinstance(node, ast.Import):
            yield from _whole(source, node)
        elif isinstance(node, ast.Attribute) and not isinstance(source.parents.get(node), ast.Attribute):
            yield from _dotted(source, node)


def _from(source: Source, node: ast.ImportFrom, bound: set[str]) -> Iterator[Respelling]:
    module = node.module or ""
    start = source.text.index(module, source.span(node)[0] + 4) if module else source.span(node)[0]
    new = spellings.today_module(module)
    if new is not None:
        yield Respelling(start, f"`{module}` is `{new}` today", (Edit(start, start + len(module), new),))
    elif module in ("keras", "keras.utils", "keras.layers", "keras.backend", "keras.engine", "tensorflow.keras.utils"):
        yield from _module_from(source, node, module, start)
    if "keras" in module:
        yield from _aliases(source, node, bound)


def _module_from(source: Source, node: ast.ImportFrom, module: str, start: int) -> Iterator[Respelling]:
    """`from keras.utils import np_utils`, where the name is a module's."""
    name = node.names[0]
    moved = spellings.today_module(f"{module}.{name.name}")
    if moved is None or len(node.names) > 1:
        return
    front, _, last = moved.rpartition(".")
    end = source.span(name)[1]
    code = f"{front} import {last} as {name.asname or name.name}"
    yield Respelling(start, f"`{module}.{name.name}` is `{moved}` today", (Edit(start, end, code),))


def _aliases(source: Source, node: ast.ImportFrom, bound: set[str]) -> Iterator[Respelling]:
    names = [(each, _today(source, each.name)) for each in node.names]
    bound |= {each.name for each, new in names if new is None and each.asname is None}
    kept = False
    for at, (alias, new) in enumerate(names):
        if new is None:
            kept = True
            continue
        why = f"`{alias.name}` is `{new}` today"
        start, end = source.span(alias)
        if alias.asname is not None or new not in bound:
            bound |= {new} if alias.asname is None else set()
            yield Respelling(start, why, (Edit(start, start + len(alias.name), new),))
            kept = True
        elif kept:
            yield Respelling(start, why, (Edit(source.span(names[at - 1][0])[1], end, ""),))
        elif at + 1 < len(names):
            yield Respelling(start, why, (Edit(start, source.span(names[at + 1][0])[0], ""),))
        else:
            yield Respelling(start, why, (Edit(start, end, new),))


def _today(source: Source, name: str) -> str | None:
    """Return what an imported name is called today. What a merge is called depends on its mode."""
    if name not in ("Merge", "merge"):
        return spellings.CLASSES.get(name)
    modes = [
        each.value.value
        for call in source.calls()
        if spelled(call.func).rpartition(".")[2] == name
        for each in call.keywords
        if each.arg == "mode" and isinstance(each.value, ast.Constant)
    ]
    layer = spellings.MERGE_MODES.get(str(modes[0]) if modes else "sum")
    return None if layer is None else layer if name == "Merge" else layer.lower()


def _whole(source: Source, node: ast.Import) -> Iterator[Respelling]:
    for alias in node.names:
        new = spellings.today_module(alias.name)
        if new is not None:
            start = source.span(alias)[0]
            why = f"`{alias.name}` is `{new}` today"
            yield Respelling(start, why, (Edit(start, start + len(alias.name), new),))


def _dotted(source: Source, node: ast.Attribute) -> Iterator[Respelling]:
    """`keras.layers.recurrent.LSTM`, wherever it is named."""
    part: ast.expr = node
    while isinstance(part, ast.Attribute):
        new = spellings.today_module(spelled(part)) if spelled(part).startswith(("keras.", "tf.keras.")) else None
        if new is not None:
            yield Respelling(source.span(part)[0], f"`{spelled(part)}` is `{new}` today", (replace(source, part, new),))
            return
        part = part.value
