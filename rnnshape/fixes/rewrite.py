"""The edits that fixes are made of: an argument that is added, changed or removed, a call around something, a line."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from rnnshape.fixes.edits import Edit, insertion
from rnnshape.fixes.source import Source, called, keyword, spelled


def set_keyword(source: Source, call: ast.Call, name: str, value: str) -> Edit:
    """Return the edit that gives the call this keyword argument: with another value, or as its last one."""
    given = keyword(call, name)
    if given is not None:
        return replace(source, given.value, value)
    return add_argument(source, call, f"{name}={value}")


def add_argument(source: Source, call: ast.Call, code: str) -> Edit:
    """Return the edit that adds an argument behind those that the call has."""
    parts = sorted(source.span(each) for each in [*call.args, *call.keywords])
    if not parts:
        end = source.span(call)[1] - 1
        return insertion(end, code)
    end = _behind(source, call, parts[-1][1])
    return insertion(end, f", {code}")


def _behind(source: Source, call: ast.Call, end: int) -> int:
    """Return where an argument ends whose expression ends at `end`: behind the parentheses around it."""
    for kind, at in _punctuation(source.text, end, source.span(call)[1] - 1):
        if kind == ",":
            break
        end = at + 1
    return end


def _punctuation(text: str, start: int, end: int) -> list[tuple[str, int]]:
    """Return each parenthesis and comma between two places, comments passed over, and where it is."""
    found: list[tuple[str, int]] = []
    is_comment = False
    for at in range(start, end):
        is_comment = text[at] not in "\r\n" and (is_comment or text[at] == "#")
        if not is_comment and text[at] in "(),":
            found.append((text[at], at))
    return found


def remove_arguments(source: Source, call: ast.Call, *nodes: ast.keyword | ast.expr) -> tuple[Edit, ...]:
    """Return the edits that remove arguments of the call, and the commas that belong to them."""
    parts = sorted([*call.args, *call.keywords], key=source.span)
    edits = []
    for at, node in enumerate(parts):
        if node not in nodes:
            continue
        start, end = source.span(node)
        if any(each not in nodes for each in parts[:at]):
            edits.append(Edit(_behind(source, call, source.span(parts[at - 1])[1]), _behind(source, call, end), ""))
        elif at + 1 < len(parts):
            edits.append(Edit(start, source.span(parts[at + 1])[0], ""))
        else:
            commas = [place for kind, place in _punctuation(source.text, end, source.span(call)[1] - 1) if kind == ","]
            edits.append(Edit(start, commas[0] + 1 if commas else end, ""))
    return tuple(edits)


def replace(source: Source, node: ast.AST, code: str) -> Edit:
    """Return the edit that puts the code in the place of the node."""
    start, end = source.span(node)
    return Edit(start, end, code)


def exchanged(source: Source, one: ast.expr, other: ast.expr) -> tuple[Edit, Edit]:
    """Return the edits that put two nodes each in the place of the other."""
    return replace(source, one, source.code(other)), replace(source, other, source.code(one))


def listed(codes: Sequence[str]) -> str:
    """Return the code of a list; of one element alone, that of the element."""
    return codes[0] if len(codes) == 1 else f"[{', '.join(codes)}]"


def rename_keyword(source: Source, given: ast.keyword, name: str) -> Edit:
    """Return the edit that gives the argument another name."""
    start = source.span(given)[0]
    return Edit(start, start + len(given.arg or ""), name)


def rename_call(source: Source, call: ast.Call, name: str) -> Edit:
    """Return the edit that calls another class or function of the same module."""
    end = source.span(call.func)[1]
    return Edit(end - len(called(call)), end, name)


def wrap(source: Source, node: ast.AST, front: str, back: str = ")") -> tuple[Edit, Edit]:
    """Return the edits that put something in front of the node and behind it."""
    start, end = source.span(node)
    return insertion(start, front), insertion(end, back)


def line_before(source: Source, statement: ast.stmt, code: str) -> Edit:
    """Return the edit that puts a line of its own in front of the statement, indented as that is."""
    start = source.span(statement)[0]
    first = source.starts[statement.lineno - 1]
    if source.text[first:start] != source.indent(statement):  # behind another statement, on one line
        return insertion(start, f"{code}; ")
    return insertion(start, f"{code}{newline(source)}{source.indent(statement)}")


def line_after(source: Source, statement: ast.stmt, code: str) -> Edit:
    """Return the edit that puts a line of its own behind the statement, indented as that is."""
    end = source.span(statement)[1]
    line = source.line_of(max(end - 1, 0))
    rest = source.starts[line]
    front = "" if source.text[:rest].endswith(("\n", "\r")) else newline(source)
    back = newline(source) if front == "" else ""
    return insertion(rest, f"{front}{source.indent(statement)}{code}{back}")


def is_in_model(source: Source, layer: ast.expr) -> bool:
    """Tell whether a layer is one of a `Sequential`: added to it, or in its list."""
    parent = source.parents.get(layer)
    return isinstance(parent, ast.List | ast.Tuple) or (isinstance(parent, ast.Call) and called(parent) == "add")


def layer_before(source: Source, node: ast.expr, layer: str) -> tuple[Edit, ...]:
    """Return the edit that puts a layer in front of one of a model: an `.add` of its own, or one more in a list."""
    parent = source.parents.get(node)
    if isinstance(parent, ast.Call):
        return (line_before(source, source.statement(parent), f"{source.code(parent.func)}({layer})"),)
    start = source.span(node)[0]
    front = source.text[source.starts[node.lineno - 1] : start]
    return (insertion(start, f"{layer}, " if front.strip() else f"{layer},{newline(source)}{front}"),)


def newline(source: Source) -> str:
    """Return what ends the lines of this text."""
    return "\r\n" if "\r\n" in source.text else "\n"


def spell(source: Source, name: str, like: ast.expr | None = None) -> tuple[str, tuple[Edit, ...]]:
    """Return how the code would write a name of `keras.layers`, and the edit of its imports that this takes.

    `like` is such a name as the code writes it: `tf.keras.layers.LSTM` makes `tf.keras.layers.Reshape`. Where the code
    imports its layers by name, the name is imported, too; where it imports nothing, nothing is.
    """
    if isinstance(like, ast.Attribute):
        front = spelled(like.value)
        if front and (name not in ("Model", "Sequential") or not front.endswith("layers")):
            return f"{front}.{name}", ()
    return name, _imported(source, name)


def _imported(source: Source, name: str) -> tuple[Edit, ...]:
    imports = [node for node in ast.walk(source.tree) if isinstance(node, ast.ImportFrom)]
    module = "models" if name in ("Model", "Sequential") else "layers"
    fitting = [node for node in imports if (node.module or "").split(".")[-1] == module]
    starred = any(node.names[0].name == "*" for node in fitting)
    if starred or not fitting or name in source.imported() | source.defined():
        return ()
    end = source.span(fitting[-1].names[-1])[1]
    return (insertion(end, f", {name}"),)
