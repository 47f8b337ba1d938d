"""What the code says of its input: the batch's size in it, an axis too few, a number in the place of a shape."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rnnshape.fixes.edits import Candidate, Edit, insertion
from rnnshape.fixes.fault import Fault
from rnnshape.fixes.layers import CONVOLUTIONS, is_layer
from rnnshape.fixes.rewrite import replace, wrap
from rnnshape.fixes.source import argument, called, keyword, spelled
from rnnshape.fixes.time_axis import ranks


def declared(fault: Fault) -> Iterator[Candidate]:
    """Yield other shapes of the input: without the batch's size, with another axis, as a tuple."""
    yield from _positional(fault)
    if "Kernel shape must have the same length" in fault.message:
        for node in declarations(fault)[:1]:
            yield from _longer(fault, node, 4)
    has_rank = "ndim=" in fault.message or "at least 3 dimensions" in fault.message
    wanted, found, _ = ranks(fault)
    for node in declarations(fault):
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            yield Candidate(edits=wrap(fault.source, node, "(", ",)"), why="a shape is a tuple",
                            at=fault.source.span(node)[0])  # fmt: skip
        elif has_rank and found > wanted and _rank(fault, node) in (None, found):
            yield from _shorter(fault, node, found - wanted)
        elif has_rank and found < wanted and _rank(fault, node) in (None, found):
            yield from _longer(fault, node, wanted)


def _rank(fault: Fault, node: ast.expr) -> int | None:
    """Return how many axes the input has that is declared so, the batch's included; None where it is not known."""
    parent = fault.source.parents.get(node)
    has_batch = isinstance(parent, ast.keyword) and parent.arg == "batch_shape"
    embeddings = sum(called(each.maker) == "Embedding" for each in fault.upstream())  # each adds an axis
    return len(node.elts) + (not has_batch) + embeddings if isinstance(node, ast.Tuple | ast.List) else None


def beyond(fault: Fault) -> Iterator[Candidate]:
    """`x.shape[2]` of an array of two axes: it has no features, so there is one."""
    for node in ast.walk(fault.statement) if fault.statement is not None else ():
        is_size = isinstance(node, ast.Subscript) and _is_shape(node.value) and isinstance(node.slice, ast.Constant)
        if not is_size or not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Constant):
            continue
        assert isinstance(node.value, ast.Attribute)
        shape, at = fault.shape(node.value.value), node.slice.value
        if shape is not None and isinstance(at, int) and at == len(shape):
            why = f"`{fault.source.code(node.value.value)}` has {len(shape)} axes only"
            yield Candidate(edits=(replace(fault.source, node, "1"),), why=why, at=fault.source.span(node)[0])


def unlisted(fault: Fault) -> Iterator[Candidate]:
    """`Model(a, output)` of an output that comes of another input, too: `Model([a, b], output)`."""
    for call in fault.calls():
        given = argument(call, 0, "inputs") if called(call) == "Model" else None
        if given is None:
            continue
        listed = list(given.elts) if isinstance(given, ast.List | ast.Tuple) else [given]
        start = fault.source.span(call)[0]
        names = [spelled(each) for each in listed]
        missing = [name for name in fault.source.given if name not in names and _is_input(fault, name, start)]
        for weight, more in enumerate([*([name] for name in missing), missing]):
            code = f"[{', '.join([*map(fault.source.code, listed), *more])}]"
            why = f"the output comes of `{'` and `'.join(more)}`, too, which the model is not given"
            edits = (replace(fault.source, given, code),)
            yield Candidate(edits=edits, why=why, at=edits[0].start, weight=weight)


def _is_input(fault: Fault, name: str, before: int) -> bool:
    value = fault.source.assigned(name, before)
    return isinstance(value, ast.Call) and called(value) == "Input"


def declarations(fault: Fault) -> list[ast.expr]:
    """Return the shapes of inputs that the code declares up to the place, those nearest to it first."""
    found: list[ast.expr] = []
    for call in fault.source.calls():
        if fault.source.span(call)[0] >= fault.end:
            break
        node = (
            keyword(call, "input_shape", "batch_shape", "shape")
            if is_layer(call) or called(call) in ("Input", "InputLayer")
            else None
        )
        given = node.value if node is not None else argument(call, 0) if called(call) == "Input" else None
        if given is not None:
            found.append(_literal(fault, given))
    return found[::-1]


def _literal(fault: Fault, node: ast.expr) -> ast.expr:
    """Return the tuple that a name was given, the expression itself for anything else."""
    given = fault.source.assigned(spelled(node), fault.end) if isinstance(node, ast.Name) else None
    return given if isinstance(given, ast.Tuple) else node


def _positional(fault: Fault) -> Iterator[Candidate]:
    """`Input(7, 3)` and `LSTM(4, (7, 3))`."""
    for call in fault.calls():
        numbers = [each for each in call.args if not isinstance(each, ast.Tuple | ast.List)]
        if called(call) == "Input" and len(call.args) > 1 and len(numbers) == len(call.args):
            start, end = fault.source.span(call.args[0])[0], fault.source.span(call.args[-1])[1]
            yield Candidate(
                edits=(insertion(start, "("), insertion(end, ")")), why="the shape is one argument", at=start
            )
        if (
            is_layer(call)
            and len(call.args) == 2
            and isinstance(call.args[1], ast.Tuple)
            and called(call) not in CONVOLUTIONS
        ):
            start = fault.source.span(call.args[1])[0]
            why = f"the second argument of `{called(call)}` is not the input's shape"
            yield Candidate(edits=(insertion(start, "input_shape="),), why=why, at=start)


def _shorter(fault: Fault, node: ast.expr, surplus: int) -> Iterator[Candidate]:
    """Yield the shape without its first axes, or without a last one that is 1."""
    why = "the batch's size is not part of an input's shape"
    at = fault.source.span(node)[0]
    if isinstance(node, ast.Tuple) and len(node.elts) > surplus:
        first = fault.source.span(node.elts[0])[0]
        comma = (
            ","
            if len(node.elts) == surplus + 1 and not fault.source.code(node).rstrip(")").rstrip().endswith(",")
            else ""
        )
        rest = fault.source.span(node.elts[surplus])[0]
        edits = [Edit(first, rest, "")]
        if comma:
            edits.append(insertion(fault.source.span(node.elts[-1])[1], ","))
        yield Candidate(edits=tuple(edits), why=why, at=at)
        if len(node.elts) > 1 and isinstance(node.elts[-1], ast.Constant) and node.elts[-1].value == 1 and surplus == 1:
            end = fault.source.span(node.elts[-2])[1]
            last = Edit(end, fault.source.span(node.elts[-1])[1], "," if len(node.elts) == 2 else "")
            yield Candidate(
                edits=(last,), why="the last axis is one too many", at=at, weight=-1 if len(node.elts) == 2 else 1
            )
    elif isinstance(node, ast.Attribute) and node.attr == "shape":
        end = fault.source.span(node)[1]
        yield Candidate(edits=(insertion(end, f"[{surplus}:]"),), why=why, at=at)


def _longer(fault: Fault, node: ast.expr, wanted: int) -> Iterator[Candidate]:
    """Yield the shape with another axis: of steps in front, of features behind."""
    source, at = fault.source, fault.source.span(node)[0]
    failing = fault.failing()
    is_first = failing is not None and failing.before is None and not any(True for _ in fault.flow.upstream(failing))
    if isinstance(node, ast.Tuple | ast.List) and node.elts:
        parts = [source.code(each) for each in node.elts]
        is_list = isinstance(node, ast.List)
        brackets = "[]" if is_list else "()"
        behind = f"{brackets[0]}{', '.join([*parts, '1'])}{brackets[1]}"
        in_front = f"{brackets[0]}{', '.join(['None', *parts])}{brackets[1]}"
    elif _is_shape(node) or (isinstance(node, ast.Subscript) and _is_shape(node.value)):
        code = source.code(node)
        behind, in_front = f"(*{code}, 1)", f"(None, *{code})"
    else:
        return
    if wanted == 3:
        yield Candidate(edits=(replace(source, node, in_front),), why="the input has no time axis", at=at,
                        weight=3 if is_first else -1, changes_meaning=is_first)  # fmt: skip
    is_sequence = wanted == 3 and failing is not None and called(failing.maker) not in CONVOLUTIONS
    what = "features" if is_sequence else "channels"
    yield Candidate(edits=(replace(source, node, behind),), why=f"the input has no axis of {what}", at=at,
                    weight=2, changes_meaning=is_sequence)  # fmt: skip


def _is_shape(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "shape"
