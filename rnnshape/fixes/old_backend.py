"""Functions of `keras.backend`, which has none any more: `keras.ops` has them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rnnshape.fixes.edits import Edit
from rnnshape.fixes.respelling import Respelling
from rnnshape.fixes.rewrite import replace, spell
from rnnshape.fixes.source import Source, called, keyword, spelled
from rnnshape.fixes.spellings import BACKEND_FUNCTIONS


def backend(source: Source) -> Iterator[Respelling]:
    """Yield the functions of `keras.backend` that the code calls, as functions of `keras.ops`."""
    name, place = _imported(source)
    if name is None:
        return
    uses = [node for node in ast.walk(source.tree) if isinstance(node, ast.Attribute) and spelled(node.value) == name]
    for node in uses:
        if node.attr == "function":
            yield from _function(source, node)
    known = [node for node in uses if node.attr in BACKEND_FUNCTIONS and not _has_axes(source, node)]
    if not known:
        return
    why = "`keras.backend` has no such functions today; `keras.ops` has them"
    if place is not None and len(known) == len(uses):
        start, end = source.span(place)
        line = place if isinstance(place, ast.Import | ast.ImportFrom) else None
        assert line is not None
        module = line.module if isinstance(line, ast.ImportFrom) else None
        root = (module or "keras").removesuffix(".backend")
        edits = [Edit(start, end, f"from {root} import ops as {name}")]
        edits += [_renamed(source, node) for node in known if BACKEND_FUNCTIONS[node.attr] != node.attr]
        yield Respelling(source.span(known[0])[0], why, tuple(edits))
        return
    front = "ops" if place is None else "keras.ops"
    for node in known:
        yield Respelling(source.span(node)[0], why, (replace(source, node, f"{front}.{BACKEND_FUNCTIONS[node.attr]}"),))


def _function(source: Source, node: ast.Attribute) -> Iterator[Respelling]:
    """`K.function(inputs, [output])`, which returned a list, as a `Model`, which returns the one output."""
    call = source.parents.get(node)
    if not isinstance(call, ast.Call) or len(call.args) != 2 or "learning_phase" in source.code(call):
        return
    parent, outputs = source.parents.get(call), call.args[1]
    name = spelled(parent.targets[0]) if isinstance(parent, ast.Assign) else ""
    results = [source.parents.get(each) for each in source.calls() if name and spelled(each.func) == name]
    edits: list[Edit] = []
    if isinstance(outputs, ast.List | ast.Tuple) and len(outputs.elts) == 1:
        for result in results:
            if not isinstance(result, ast.Subscript) or source.code(result.slice) != "0":
                return
            edits.append(Edit(source.span(result.value)[1], source.span(result)[1], ""))
    model, imported = spell(source, "Model")
    why = f"`{spelled(node)}` is a `Model` of inputs and outputs today"
    yield Respelling(source.span(node)[0], why, (replace(source, node, model), *imported, *edits))


def _imported(source: Source) -> tuple[str | None, ast.stmt | None]:
    """Return what the code calls `keras.backend`, and the import that does nothing but say so."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and len(node.names) == 1 and node.names[0].name == "backend":
            return (node.names[0].asname or "backend", node) if node.module == "keras" else (None, None)
        if isinstance(node, ast.Import) and len(node.names) == 1 and node.names[0].name.endswith("keras.backend"):
            alias = node.names[0].asname
            return (alias, node) if node.names[0].name == "keras.backend" and alias else (None, None)
    is_bare = "K" in source.names() and "K" not in source.imported() | source.defined()
    return ("K", None) if is_bare else (None, None)


def _has_axes(source: Source, node: ast.Attribute) -> bool:
    """Tell whether a product over axes is meant, for which `keras.ops` has no function of the same arguments."""
    call = source.parents.get(node)
    return (
        called(call) == "batch_dot" and (len(call.args) > 2 or keyword(call, "axes") is not None)
        if isinstance(call, ast.Call)
        else False
    )


def _renamed(source: Source, node: ast.Attribute) -> Edit:
    end = source.span(node)[1]
    return Edit(end - len(node.attr), end, BACKEND_FUNCTIONS[node.attr])
