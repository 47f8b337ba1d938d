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
from rnnshape.trace import Nested


def declared(fault: Fault) -> Iterator[Candidate]:
    """Yield other shapes of the input: without the batch's size, with another axis, as a tuple."""
    yield from _positional(fault)
    if "Kernel shape must have the same length" in fault.message:
        for node in declarations(fault)[:1]:
            yield from _longer(fault, node, 4)
    has_rank = "ndim=" in fault.message or "at least 3 dimensions" in fault.message
    wanted, found, _ = ranks(fault)
    for node in declarations(fault):
        if _is_number(fault, node):
            start, end = fault.source.span(node)
            has_brackets = fault.source.text[start - 1] + fault.source.text[end] == "()" and _has_name(fault, node)
            edits = (insertion(end, ","),) if has_brackets else wrap(fault.source, node, "(", ",)")
            yield Candidate(edits=edits, why="a shape is a tuple", at=start)
        elif has_rank and found > wanted and _rank(fault, node) in (None, found):
            yield from _shorter(fault, node, found - wanted)
        elif has_rank and found < wanted and _rank(fault, node) in (None, found):
            yield from _longer(fault, node, wanted)


def _is_number(fault: Fault, node: ast.expr) -> bool:
    """Tell whether a shape is a number: as it is written, or what its name was given."""
    value = fault.source.assigned(spelled(node), fault.end) or node
    return isinstance(value, ast.Constant) and isinstance(value.value, int)


def _has_name(fault: Fault, node: ast.expr) -> bool:
    return isinstance(fault.source.parents.get(node), ast.keyword)


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
            why = f"`{fault.code(node.value.value)}` has {len(shape)} axes only"
            yield Candidate(edits=(replace(fault.source, node, "1"),), why=why)


def unlisted(fault: Fault) -> Iterator[Candidate]:
    """`Model(a, output)` of an output that comes of another input, too: `Model([a, b], output)`."""
    for call in fault.calls():
        given = argument(call, 0, "inputs") if called(call) == "Model" else None
        if given is None:
            continue
        start, names = fault.at(call), _named(fault, given)
        outputs = argument(call, 1, "outputs")
        missing = [name for name in _roots(fault, outputs) if name not in names]
        missing = missing or [
            name for name in fault.source.given if name not in names and _is_input(fault, name, start)
        ]
        for weight, more in enumerate([*([name] for name in missing), missing]):
            code = _longer_list(fault, given, more)
            why = f"the output comes of `{'` and `'.join(more)}`, too, which the model is not given"
            edits = (replace(fault.source, given, code),)
            yield Candidate(edits=edits, why=why, weight=weight)


def _longer_list(fault: Fault, given: ast.expr, more: list[str]) -> str:
    """Return the code of what is given with more in one list."""
    code, listed = fault.code(given), ", ".join(more)
    if isinstance(given, ast.List | ast.Tuple) and given.elts:
        return f"[{', '.join(map(fault.code, given.elts))}, {listed}]"
    return f"[{code}, {listed}]" if isinstance(given, ast.Name) else f"{code} + [{listed}]"


def _roots(fault: Fault, outputs: ast.expr | None) -> list[str]:
    """Return the inputs that the outputs of a model come of, as the program ran up to there."""
    steps, tensors = fault.trace.steps, {each.name: each for each in fault.trace.tensors}
    last = {each.variable: each.name for each in fault.trace.tensors}
    waiting = [last[name] for name in _named(fault, outputs) if name in last]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in tensors:
            continue
        seen.add(name)
        at = tensors[name].step
        waiting += [] if at is None else [*steps[at].inputs, *_flat(steps[at].initial_state)]
    return [each.variable for each in fault.trace.inputs if each.name in seen and each.variable]


def _flat(nested: Nested | None) -> list[str]:
    if isinstance(nested, str):
        return [nested]
    return [name for part in nested or () for name in _flat(part)]


def _named(fault: Fault, node: ast.expr | None) -> set[str]:
    """Return the names of tensors in an expression: those that stand there, and those in lists of that name."""
    found: set[str] = set()
    for each in ast.walk(node) if node is not None else ():
        value = fault.source.assigned(spelled(each), fault.end) if isinstance(each, ast.Name) else None
        if isinstance(value, ast.List | ast.Tuple):
            found |= _named(fault, value)
        elif isinstance(each, ast.Name):
            found.add(each.id)
    return found


def _is_input(fault: Fault, name: str, before: int) -> bool:
    value = fault.source.assigned(name, before)
    return isinstance(value, ast.Call) and called(value) == "Input"


def declarations(fault: Fault) -> list[ast.expr]:
    """Return the shapes of inputs that the code declares up to the place, those nearest to it first."""
    found: list[ast.expr] = []
    for call in fault.source.calls():
        if fault.at(call) >= fault.end:
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
            start, end = fault.at(call.args[0]), fault.source.span(call.args[-1])[1]
            edits = (insertion(start, "("), insertion(end, ")"))
            yield Candidate(edits=edits, why="the shape is one argument", at=start)
        if (
            is_layer(call)
            and len(call.args) == 2
            and isinstance(call.args[1], ast.Tuple)
            and called(call) not in CONVOLUTIONS
        ):
            start = fault.at(call.args[1])
            why = f"the second argument of `{called(call)}` is not the input's shape"
            yield Candidate(edits=(insertion(start, "input_shape="),), why=why, at=start)


def _shorter(fault: Fault, node: ast.expr, surplus: int) -> Iterator[Candidate]:
    """Yield the shape without its first axes, or without a last one that is 1."""
    why = "the batch's size is not part of an input's shape"
    at = fault.at(node)
    if isinstance(node, ast.Tuple) and len(node.elts) > surplus:
        first = fault.at(node.elts[0])
        comma = "," if len(node.elts) == surplus + 1 and not fault.code(node).rstrip(")").rstrip().endswith(",") else ""
        rest = fault.at(node.elts[surplus])
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
    source, at = fault.source, fault.at(node)
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
        yield Candidate(
            edits=(replace(source, node, in_front),),
            why="the input has no time axis",
            at=at,
            weight=3 if is_first else -1,
            changes_meaning=is_first,
        )
    is_sequence = wanted == 3 and failing is not None and called(failing.maker) not in CONVOLUTIONS
    what = "features" if is_sequence else "channels"
    why = f"the input has no axis of {what}"
    yield Candidate(edits=(replace(source, node, behind),), why=why, at=at, weight=2, changes_meaning=is_sequence)


def _is_shape(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "shape"
