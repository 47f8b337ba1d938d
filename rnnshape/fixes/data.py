"""Arrays that a model is called with, or trained on, whose shape is not the one that it takes."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator

from rnnshape.fixes.edits import Candidate, Edit, insertion
from rnnshape.fixes.fault import Fault, read_shape
from rnnshape.fixes.inputs import declarations
from rnnshape.fixes.layers import is_layer
from rnnshape.fixes.rewrite import exchanged, line_before, replace
from rnnshape.fixes.source import argument, called, keyword, spelled
from rnnshape.fixes.time_axis import axis_added, indexed, without_ones
from rnnshape.trace import Shape

_BOTH = 2
METHODS = {"fit", "predict", "evaluate", "train_on_batch", "test_on_batch", "predict_on_batch", "fit_generator"}
_EXPECTED = re.compile(r"[Ee]xpected shape[= ]+(\([^)]*\)).*?(?:incompatible|found) shape[= ]+(\([^)]*\))", re.DOTALL)


def data_call(fault: Fault) -> ast.Call | None:
    """Return the call in the statement that hands data to a model."""
    for call in fault.calls():
        if isinstance(call.func, ast.Attribute) and call.func.attr in METHODS:
            return call
    here = [call for call in fault.calls() if isinstance(call.func, ast.Name) and call.args and not is_layer(call)]
    return next((call for call in here if called(call)[:1].islower()), None)


def given(fault: Fault) -> ast.expr | None:
    """Return the data that the call hands over; None where the code does not define it."""
    call = data_call(fault)
    node = argument(call, 0, "x") if call is not None else None
    assumed = {each.name for each in fault.trace.assumed}
    return None if node is None or fault.code(node) in assumed else node


def shapes(fault: Fault) -> tuple[Shape | None, Shape | None]:
    """Return the shape that is expected and the one that was received, as far as they are known."""
    found = _EXPECTED.search(fault.message)
    node = given(fault)
    received = fault.shape(node) if node is not None else None
    if found is not None:
        told = read_shape(found[2])
        # The message leaves the number of rows open; apart from that, it is right.
        is_same = received is not None and _agree(told, received)
        return read_shape(found[1]), received if is_same else told
    return _declared(fault), received


def _declared(fault: Fault) -> Shape | None:
    """Return the shape of the input that the code declares, as far as it is written in numbers."""
    for node in declarations(fault):
        if isinstance(node, ast.Tuple):
            parent = fault.source.parents.get(node)
            has_batch = isinstance(parent, ast.keyword) and parent.arg == "batch_shape"
            sizes = [_number(fault, each) for each in node.elts[has_batch:]]
            return (None, *sizes)
    return None


def _number(fault: Fault, node: ast.expr) -> int | None:
    """Return the number that an expression is, or that its name was given; None where neither is written."""
    given = fault.source.assigned(spelled(node), fault.start) or node
    value = given.value if isinstance(given, ast.Constant) else None
    return value if isinstance(value, int) else None


def ranks(fault: Fault) -> Iterator[Candidate]:
    """Yield an axis more, or one less, for the data."""
    node = given(fault)
    expected, received = shapes(fault)
    if node is None or expected is None or received is None:
        return
    if len(received) == len(expected) - 1:
        for weight, (code, words) in enumerate(_fitting(expected, received)):
            why = f"`{fault.code(node)}` has {len(received)} axes, {len(expected)} are expected: {words}"
            edits = indexed(fault, node, code)
            yield Candidate(edits=edits, why=why, at=fault.at(node), weight=weight)
    if len(received) > len(expected):
        yield from _fewer(fault, node, expected, received)
    if len(received) < len(expected) and _count(received) == _count(expected[1:]) is not None:
        why = f"`{fault.code(node)}` is one row, a batch is expected"
        edits = indexed(fault, node, f".reshape(1, {', '.join(map(str, expected[1:]))})")
        yield Candidate(edits=edits, why=why, at=fault.at(node), weight=1)
    if len(received) < len(expected) and _count(received[1:]) == _count(expected[1:]) is not None:
        why = f"`{fault.code(node)}` has {len(received)} axes, {len(expected)} are expected"
        edits = indexed(fault, node, f".reshape(-1, {', '.join(map(str, expected[1:]))})")
        yield Candidate(edits=edits, why=why, at=fault.at(node), weight=1)


def _count(shape: Shape) -> int | None:
    """Return how many numbers there are in a row; None where a size is not known."""
    return math.prod(size for size in shape if size is not None) if None not in shape else None


def _fitting(expected: Shape, received: Shape) -> list[tuple[str, str]]:
    """Return the ways to add an axis that make the shape that is expected; a batch of one is the likeliest."""
    rank = len(expected)
    ways = [(rank - 1, axis_added(rank)[0]), (0, axis_added(rank)[-1]), *((1, way) for way in axis_added(rank)[1:-1])]
    made = [((*received[:axis], 1, *received[axis:]), way) for axis, way in sorted(ways)]
    return [way for shape, way in made if _agree(shape[1:], expected[1:])]


def _agree(one: Shape, other: Shape) -> bool:
    return len(one) == len(other) and all(None in (a, b) or a == b for a, b in zip(one, other, strict=False))


def _fewer(fault: Fault, node: ast.expr, expected: Shape, received: Shape) -> Iterator[Candidate]:
    """Yield the data with fewer axes: the last two as one, or without one that is 1."""
    at = fault.at(node)
    why = f"`{fault.code(node)}` has {len(received)} axes, {len(expected)} are expected"
    if len(received) == len(expected) + 1:
        for index in without_ones(received):
            yield Candidate(edits=indexed(fault, node, f"[{index}]"), why=why, at=at)
    rest = ", ".join("-1" if size is None else str(size) for size in expected[1:])
    if expected[1:].count(None) == 0:
        yield Candidate(edits=indexed(fault, node, f".reshape(-1, {rest})"), why=why, at=at, weight=1)
    elif len(expected) == 3 and expected[2] is not None:
        edits = indexed(fault, node, f".reshape(len({fault.code(node)}), -1, {expected[2]})")
        yield Candidate(edits=edits, why=why, at=at, weight=1)


def sizes(fault: Fault) -> Iterator[Candidate]:
    """Yield the shape that the model declares, changed to that of its data, and the data with its axes exchanged."""
    node = given(fault)
    _, received = shapes(fault)
    if node is None or received is None:
        return
    for shape in declarations(fault):
        if isinstance(shape, ast.Tuple):
            yield from _declared_as(fault, shape, received, fault.code(node))
    for call in fault.source.calls():
        width = keyword(call, "input_dim")
        if width is not None and is_layer(call) and called(call) != "Embedding" and received[-1] is not None:
            why = f"`{fault.code(node)}` is {received[-1]} wide, the model declares another width"
            edits = _sized(fault, width.value, received[-1])
            yield Candidate(edits=edits, why=why)
    if len(received) == 3:
        code = fault.code(node)
        edits = indexed(fault, node, ".transpose(0, 2, 1)")
        yield Candidate(edits=edits, why=f"the last two axes of `{code}` are exchanged", weight=1, changes_meaning=True)


def compiled(fault: Fault) -> Iterator[Candidate]:
    """Yield the `compile` that is missing in front of the training."""
    call = data_call(fault)
    if call is not None and isinstance(call.func, ast.Attribute) and fault.statement is not None:
        code = f"{fault.code(call.func.value)}.compile(optimizer='adam', loss='mse')"
        edit = line_before(fault.source, fault.statement, code)
        yield Candidate(edits=(edit,), why="the model is not compiled", placeholders=True)


def _declared_as(fault: Fault, shape: ast.Tuple, received: Shape, code: str) -> Iterator[Candidate]:
    parent = fault.source.parents.get(shape)
    is_batch = isinstance(parent, ast.keyword) and parent.arg == "batch_shape"
    target = received if is_batch else received[1:]
    at = fault.at(shape)
    why = f"`{code}` has the shape {_told(received)}, the model declares another one"
    if len(shape.elts) == 2 == len(target):
        one, other = shape.elts
        yield Candidate(edits=exchanged(fault.source, one, other), why=why, at=at, weight=1)
    if len(shape.elts) == len(target):
        edits = tuple(
            edit
            for each, size in zip(shape.elts, target, strict=True)
            if size is not None and not (isinstance(each, ast.Constant) and each.value in (None, size))
            for edit in _sized(fault, each, size)
        )
        if edits:
            yield Candidate(edits=edits, why=why, at=at)
    elif None not in target:
        told = f"({', '.join(map(str, target))}{',' if len(target) == 1 else ''})"
        yield Candidate(edits=(replace(fault.source, shape, told),), why=why, at=at, weight=3)


def _sized(fault: Fault, node: ast.expr, size: int) -> tuple[Edit, ...]:
    """Return the edit that makes the expression that size: where its name is given a number, there."""
    given = fault.source.assigned(spelled(node), fault.start) if isinstance(node, ast.Name) else None
    if isinstance(given, ast.Constant):
        return (replace(fault.source, given, str(size)),) if given.value != size else ()
    if isinstance(node, ast.Constant | ast.Name):
        return (replace(fault.source, node, str(size)),)
    return ()


def _told(shape: Shape) -> str:
    return str(shape)


def several(fault: Fault) -> Iterator[Candidate]:
    """`fit(a, b, y)` for a model of two inputs: `fit([a, b], y)`; and `fit([b, a], y)`, the other way round."""
    call = data_call(fault)
    listed = argument(call, 0, "x") if call is not None else None
    if isinstance(listed, ast.List | ast.Tuple) and len(listed.elts) == _BOTH:
        one, other = listed.elts
        why = "the arrays are in the order of the model's inputs"
        yield Candidate(edits=exchanged(fault.source, one, other), why=why, weight=1)
    if call is None or len(call.args) < 2 or not isinstance(call.func, ast.Attribute):
        return
    for count in range(2, len(call.args) + 1):
        start, end = fault.at(call.args[0]), fault.source.span(call.args[count - 1])[1]
        if keyword(call, "y") is None and count == len(call.args) and call.func.attr in ("fit", "evaluate"):
            continue
        yield Candidate(edits=(insertion(start, "["), insertion(end, "]")), why="several inputs are one list", at=start)
