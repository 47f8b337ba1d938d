"""Functions of TensorFlow on tensors without values, and attributes that layers no longer have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from rnnshape.fixes.edits import Candidate, Edit, insertion
from rnnshape.fixes.fault import Fault
from rnnshape.fixes.layers import core
from rnnshape.fixes.rewrite import layer_before, line_after, remove_arguments, replace, spell, wrap
from rnnshape.fixes.source import called, is_true, keyword, spelled
from rnnshape.fixes.spellings import BACKEND_FUNCTIONS, TENSORFLOW_FUNCTIONS

_ATTRIBUTE = re.compile(r"has no attribute ['\"](\w+)['\"]")
ATTRIBUTES = {
    "output_shape": "output.shape",
    "input_shape": "input.shape",
    "_keras_shape": "shape",
    "get_shape": "shape",
    "reset_states": "reset_state",
}
"""Attributes of layers and tensors, and what says the same today."""


def symbolic(fault: Fault) -> Iterator[Candidate]:
    """Yield the function of `keras.ops` for that of TensorFlow, and today's attribute."""
    yield from _functions(fault)
    if "never been called" in fault.message:
        yield from _ends_of_models(fault)
    found = _ATTRIBUTE.search(fault.message)
    if found is not None and found[1] in ATTRIBUTES and fault.statement is not None:
        yield from _attribute(fault, found[1])


def _functions(fault: Fault) -> Iterator[Candidate]:
    if "KerasTensor" not in fault.message and "Lambda" not in fault.message:
        return
    edits: list[Edit] = []
    why = ""
    for call in fault.calls():
        front, _, name = spelled(call.func).partition(".")
        table = TENSORFLOW_FUNCTIONS if front == "tf" else BACKEND_FUNCTIONS if front == "K" else {}
        if name in table:
            edits.append(replace(fault.source, call.func, f"{_ops(fault)}.{table[name]}"))
            edits += _turned(fault, call)
            why = f"`{front}.{name}` wants values; `keras.ops` takes symbolic tensors, too"
    if edits:
        yield Candidate(edits=tuple(edits), why=why)


def unreturned(fault: Fault) -> Iterator[Candidate]:
    """Yield the `return` that a function lacks: of what its last line makes."""
    used = {node.id for node in ast.walk(fault.statement) if isinstance(node, ast.Name)} if fault.statement else set()
    made = [fault.source.assigned(name, fault.start) for name in sorted(used)]
    called_here = {called(value) for value in made if isinstance(value, ast.Call)}
    for node in ast.walk(fault.source.tree):
        if not isinstance(node, ast.FunctionDef) or node.name not in called_here:
            continue
        names = [each for each in map(_bound, node.body) if each]
        if names and not any(isinstance(each, ast.Return) for each in ast.walk(node)):
            edit = line_after(fault.source, node.body[-1], f"return {names[-1]}")
            yield Candidate(edits=(edit,), why=f"`{node.name}` returns nothing")


def _bound(statement: ast.stmt) -> str:
    return spelled(statement.targets[0]) if isinstance(statement, ast.Assign) else ""


def undeclared(fault: Fault) -> Iterator[Candidate]:
    """Yield an `Input` in front of each model of the statement whose first layer says nothing of its input."""
    edits: list[Edit] = []
    for stack in fault.flow.stacks.values():
        first = stack[0] if stack else None
        if (
            first is None
            or not stack
            or (
                keyword(first.maker, "input_shape", "batch_shape", "input_dim") is not None
                and called(first.maker) != "Embedding"
            )
        ):
            continue
        shape = _known_shape(fault, first.maker)
        if shape is not None and fault.at(first.node) < fault.start:
            name, imported = spell(fault.source, "Input", like=first.maker.func)
            edits += [*layer_before(fault.source, first.node, f"{name}(shape={shape})"), *imported]
    if edits:
        why = "the model does not know its input's shape here"
        yield Candidate(edits=tuple(dict.fromkeys(edits)), why=why, at=edits[0].start)


def _known_shape(fault: Fault, maker: ast.Call) -> str | None:
    """Return the shape of a first layer's input as far as the code tells, as code."""
    if called(maker) == "Embedding":
        length = keyword(maker, "input_length")
        return "(None,)" if length is None else f"({fault.code(length.value)},)"
    inner = keyword(core(maker), "input_shape")
    return fault.code(inner.value) if inner is not None and core(maker) is not maker else None


def _ends_of_models(fault: Fault) -> Iterator[Candidate]:
    """`model.output` of a `Sequential`, which has `outputs` only; and an `Input` for the one that has none of both."""
    edits = []
    for node in ast.walk(fault.statement) if fault.statement is not None else ():
        if isinstance(node, ast.Attribute) and node.attr in ("input", "output"):
            end = fault.source.span(node)[1]
            edits.append(insertion(end, "s[0]"))
    if edits:
        why = "a `Sequential` has `inputs` and `outputs`"
        yield Candidate(edits=tuple(edits), why=why)


def _turned(fault: Fault, call: ast.Call) -> list[Edit]:
    """Return the edits that exchange the last two axes of a factor, where an argument of `tf.matmul` says so."""
    flags = [(at, flag) for at, name in enumerate(("transpose_a", "transpose_b")) if (flag := keyword(call, name))]
    edits = list(remove_arguments(fault.source, call, *(flag for _, flag in flags)))
    for at, flag in flags:
        if is_true(flag.value) and at < len(call.args):
            edits += wrap(fault.source, call.args[at], f"{_ops(fault)}.swapaxes(", ", -1, -2)")
    return edits


def _ops(fault: Fault) -> str:
    """Return how the code would write `keras.ops`."""
    imported = fault.source.imported()
    return "tf.keras.ops" if "tf" in imported and "keras" not in imported else "keras.ops"


def _attribute(fault: Fault, name: str) -> Iterator[Candidate]:
    assert fault.statement is not None
    for node in ast.walk(fault.statement):
        if isinstance(node, ast.Attribute) and node.attr == name:
            end = fault.source.span(node)[1]
            parent = fault.source.parents.get(node)
            if name == "get_shape" and isinstance(parent, ast.Call) and parent.func is node:
                edit = Edit(end - len(name), fault.source.span(parent)[1], "shape")
            else:
                edit = Edit(end - len(name), end, ATTRIBUTES[name])
            yield Candidate(edits=(edit,), why=f"`{name}` is `{ATTRIBUTES[name]}` today")
            if name == "reset_states" and isinstance(parent, ast.Call):
                yield from _reset(fault, node)


def _reset(fault: Fault, node: ast.Attribute) -> Iterator[Candidate]:
    """Yield the states of each layer that keeps some, where those of the whole model are set back."""
    model = fault.code(node.value)
    makers = [each.maker for each in fault.flow.applications]
    kept = [at for at, maker in enumerate(makers) if any(each.arg == "stateful" for each in maker.keywords)]
    start, end = fault.at(node), fault.source.span(node)[1]
    if len(kept) == 1:
        edit = Edit(start, end, f"{model}.layers[{kept[0]}].reset_state")
        yield Candidate(edits=(edit,), why=f"a model has no `{node.attr}` today, its layers have", at=start)
