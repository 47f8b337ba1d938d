"""Layers that keep their states from batch to batch, and the fixed number of rows that this takes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from rnnshape.fixes.data import data_call
from rnnshape.fixes.edits import Candidate, insertion
from rnnshape.fixes.fault import Fault
from rnnshape.fixes.layers import is_layer
from rnnshape.fixes.rewrite import (
    add_argument,
    is_in_model,
    layer_before,
    remove_arguments,
    replace,
    set_keyword,
    spell,
)
from rnnshape.fixes.source import argument, called, keyword

_SIZES = re.compile(r"Expected batch size: (\d+).*?Received batch size: (\d+)", re.DOTALL)


def batches(fault: Fault) -> Iterator[Candidate]:
    """Yield a fixed number of rows, the one that the model has, or a layer without kept states."""
    if "static" in fault.message or "dynamic batch" in fault.message:
        yield from _fixed(fault)
        yield from _stateless(fault)
    yield from _same(fault)


def batch_size(fault: Fault) -> tuple[str, bool]:
    """Return how many rows the code speaks of, as code, and whether it does."""
    for call in fault.source.calls():
        given = keyword(call, "batch_size")
        if (
            given is not None
            and not is_layer(call)
            and called(call) in ("fit", "predict", "evaluate", "train_on_batch")
        ):
            return fault.code(given.value), True
    for name in ("batch_size", "BATCH_SIZE", "batch", "n_batch", "bs"):
        if fault.source.assigned(name, fault.end) is not None:
            return name, True
    return "1", False


def _fixed(fault: Fault) -> Iterator[Candidate]:
    """Yield the number of rows as part of the input's declaration."""
    size, is_known = batch_size(fault)
    why = "a stateful layer keeps one state for each row, and has to know how many there are"
    for call in fault.source.calls():
        if fault.at(call) >= fault.end:
            break
        if called(call) == "Input" or called(call) == "InputLayer":
            shape = keyword(call, "batch_shape")
            if shape is None and keyword(call, "batch_size") is None:
                edit = add_argument(fault.source, call, f"batch_size={size}")
            elif shape is not None and isinstance(shape.value, ast.Tuple) and shape.value.elts:
                edit = replace(fault.source, shape.value.elts[0], size)
            else:
                continue
            yield Candidate(edits=(edit,), why=why, placeholders=not is_known)
    yield from _input_in_front(fault, size, why, is_known=is_known)


def _input_in_front(fault: Fault, size: str, why: str, *, is_known: bool) -> Iterator[Candidate]:
    for application in fault.flow.applications:
        node = application.node
        shape = _input_shape(fault, application.maker)
        if shape is not None and application.before is None and is_in_model(fault.source, node):
            maker, given = shape
            name, imported = spell(fault.source, "Input", like=maker.func)
            layer = f"{name}(shape={fault.code(given.value)}, batch_size={size})"
            gone = remove_arguments(fault.source, maker, given)
            edits = (*layer_before(fault.source, node, layer), *imported, *gone)
            yield Candidate(edits=edits, why=why, at=fault.at(node), placeholders=not is_known)


def _input_shape(fault: Fault, maker: ast.Call) -> tuple[ast.Call, ast.keyword] | None:
    """Return the `input_shape` of a layer, or of the layer in it, and whose it is."""
    for call in fault.source.calls(maker):
        given = keyword(call, "input_shape")
        if given is not None:
            return call, given
    return None


def _stateless(fault: Fault) -> Iterator[Candidate]:
    """Yield the layers without kept states."""
    edits = tuple(
        edit
        for call in fault.source.calls()
        if is_layer(call) and (given := keyword(call, "stateful")) is not None
        for edit in remove_arguments(fault.source, call, given)
    )
    if edits:
        yield Candidate(edits=edits, why="stateful=True takes a fixed number of rows", changes_meaning=True, weight=5)


def _same(fault: Fault) -> Iterator[Candidate]:
    """Yield the number of rows that the model was made for, where it is handed another one."""
    call = data_call(fault)
    found = _SIZES.search(fault.message)
    fixed = int(found[1]) if found is not None else _declared(fault)
    if call is None or fixed is None or not isinstance(call.func, ast.Attribute):
        return
    edit = set_keyword(fault.source, call, "batch_size", str(fixed))
    why = f"the model is made for batches of {fixed}"
    yield Candidate(edits=(edit,), why=why, at=fault.at(call))
    node = argument(call, 0, "x")
    shape = fault.shape(node) if node is not None else None
    rows = shape[0] if shape else None
    if rows is not None and rows > fixed and rows % fixed:
        full = rows - rows % fixed
        cut = [insertion(fault.source.span(each)[1], f"[:{full}]") for each in call.args[:2]]
        why = f"{rows} rows are no whole number of batches of {fixed}"
        yield Candidate(edits=tuple(cut), why=why, at=fault.at(call), changes_meaning=True)
        edits = (edit, *cut) if keyword(call, "batch_size") is None else tuple(cut)
        yield Candidate(edits=edits, why=why, at=fault.at(call), changes_meaning=True, weight=1)


def _declared(fault: Fault) -> int | None:
    """Return the fixed number of rows that the code declares."""
    for call in fault.source.calls():
        given = keyword(call, "batch_shape", "batch_size")
        if given is None or called(call) not in ("Input", "InputLayer"):
            continue
        value = given.value.elts[0] if isinstance(given.value, ast.Tuple) and given.value.elts else given.value
        if isinstance(value, ast.Name):
            value = fault.source.assigned(value.id, fault.end) or value
        if isinstance(value, ast.Constant) and isinstance(value.value, int):
            return value.value
    return None
