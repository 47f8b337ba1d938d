"""Tensors that do not go together: in `Concatenate`, `Add` and their kind, in `Dot`, in `Attention`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import product

from rnnshape.fixes.conv import padded
from rnnshape.fixes.edits import Candidate
from rnnshape.fixes.fault import Fault, shapes_in
from rnnshape.fixes.layers import ATTENTION, KEEP_WIDTH, MERGES, WIDTH, core, is_recurrent
from rnnshape.fixes.rewrite import replace, set_keyword, spell, wrap
from rnnshape.fixes.source import argument, called, is_true, keyword
from rnnshape.fixes.time_axis import flag_of, turned
from rnnshape.trace import Shape


def operands(fault: Fault) -> Iterator[Candidate]:
    """Yield what makes the tensors of a merge fit: the same rank, the same width, another axis, another order."""
    for call, name in _merges(fault):
        parts = _parts(fault, call)
        if len(parts) < 2:
            continue
        told = shapes_in(fault.message)
        shapes = [fault.shape(each) for each in parts]
        if any(shape is None for shape in shapes) and len(told) >= len(parts):
            shapes = list(told[-len(parts) :])
        known = [shape for shape in shapes if shape is not None]
        yield from _sequences(fault, call, parts)
        yield from _padded(fault, call, parts)
        if len(known) == len(parts) and len({len(shape) for shape in known}) == 1:
            yield from _axes(fault, call, name, known)
            yield from _widths(fault, call, parts, known)
        elif len(known) == len(parts):
            yield from _repeated(fault, call, name, parts, known)
        if name in ATTENTION:
            yield from _swapped(fault, parts)
    yield from _earlier_attention(fault)


def _merges(fault: Fault) -> Iterator[tuple[ast.Call, str]]:
    """Yield the calls of the statement that merge tensors, with the name of the layer."""
    for call in fault.calls():
        maker = fault.flow.maker(call.func, fault.at(call))
        name = called(maker) if maker is not None else called(call)
        if name in MERGES | ATTENTION and (maker is not None or name[:1].islower()):
            yield call, name


def _parts(fault: Fault, call: ast.Call) -> list[ast.expr]:
    first = call.args[0] if call.args else None
    if isinstance(first, ast.Name):
        first = fault.source.assigned(first.id, fault.at(call)) or first
    if isinstance(first, ast.List | ast.Tuple):
        return list(first.elts)
    return list(call.args) if len(call.args) > 1 else []


def _sequences(fault: Fault, call: ast.Call, parts: list[ast.expr]) -> Iterator[Candidate]:
    """Yield each recurrent layer on the way with return_sequences turned round."""
    seen: list[ast.Call] = []
    for part in parts:
        origins = fault.flow.origins(part, fault.at(call))
        nearest = [each for origin in origins for each in (origin, *fault.flow.upstream(origin))]
        for weight, application in enumerate(each for each in nearest if is_recurrent(each.maker)):
            maker = core(application.maker)
            if maker in seen:
                continue
            seen.append(maker)
            yield turned(fault, application, weight + is_true(flag_of(maker)))


def _padded(fault: Fault, call: ast.Call, parts: list[ast.expr]) -> Iterator[Candidate]:
    """Yield `padding="same"` for each convolution on the way that leaves less than it gets, and for all of them."""
    start = fault.at(call)
    origins = [origin for part in parts for origin in fault.flow.origins(part, start)]
    nearest = [each.maker for origin in origins for each in (origin, *fault.flow.upstream(origin))]
    makers = [
        each for each in dict.fromkeys(nearest) if called(each).startswith("Conv") and not keyword(each, "padding")
    ]
    yield from padded(fault, makers)


def _axes(fault: Fault, call: ast.Call, name: str, shapes: list[Shape]) -> Iterator[Candidate]:
    """Yield another axis to concatenate along, other axes to multiply along."""
    maker = fault.flow.maker(call.func, fault.at(call)) or call
    rank, at = len(shapes[0]), fault.at(call)
    if name.lower() == "concatenate":
        differing = [axis for axis in range(1, rank) if len({shape[axis] for shape in shapes}) > 1]
        if len(differing) == 1:
            axis = "-1" if differing[0] == rank - 1 else str(differing[0])
            given = argument(maker, None, "axis") if maker is call else argument(maker, 0, "axis")
            edit = (
                replace(fault.source, given, axis)
                if given is not None
                else set_keyword(fault.source, maker, "axis", axis)
            )
            why = f"the tensors differ along axis {axis}, not along the one that they are joined along"
            yield Candidate(edits=(edit,), why=why, at=at, weight=1)
    if name.lower() == "dot" and len(shapes) == 2:
        fitting = [
            (one, other) for one, other in product(range(1, rank), repeat=2) if shapes[0][one] == shapes[1][other]
        ]
        given = argument(maker, None, "axes") if maker is call else argument(maker, 0, "axes")
        for weight, (one, other) in enumerate(sorted(fitting, reverse=True)):
            code = str(one) if one == other else f"({one}, {other})"
            if given is not None:
                why = "the axes of a product are of the same size"
                yield Candidate(edits=(replace(fault.source, given, code),), why=why, at=at, weight=weight)


def _widths(fault: Fault, call: ast.Call, parts: list[ast.expr], shapes: list[Shape]) -> Iterator[Candidate]:
    """Yield one width for both: a layer's own number of units changed, or a `Dense` around the other tensor."""
    widths = [shape[-1] for shape in shapes]
    if len(set(widths)) < 2 or None in widths or len(parts) != 2:
        return
    for at, part in enumerate(parts):
        width, other = widths[at], widths[1 - at]
        assert width is not None
        assert other is not None
        is_wider = width > other
        why = f"`{fault.code(part)}` is {width} wide, `{fault.code(parts[1 - at])}` {other}"
        for maker in _that_set_the_width(fault, part, call):
            yield from _resized(fault, maker, other, why, weight=2 * is_wider)
        spelling, imported = spell(fault.source, "Dense", like=_like(fault, call))
        edits = (*wrap(fault.source, part, f"{spelling}({other})("), *imported)
        weight = 1 + 2 * is_wider
        yield Candidate(edits=edits, why=why, changes_meaning=True, weight=weight)


def _like(fault: Fault, call: ast.Call) -> ast.expr:
    maker = fault.flow.maker(call.func, fault.at(call))
    return maker.func if maker is not None else call.func


def _that_set_the_width(fault: Fault, part: ast.expr, call: ast.Call) -> list[ast.Call]:
    """Return the layer whose number of units is the width of a tensor, through layers that keep it."""
    for origin in fault.flow.origins(part, fault.at(call))[:1]:
        for application in (origin, *fault.flow.upstream(origin)):
            if called(core(application.maker)) in WIDTH and called(application.maker) != "RepeatVector":
                return [application.maker]
            if called(application.maker) not in KEEP_WIDTH:
                break
    return []


def _resized(fault: Fault, maker: ast.Call, other: int, why: str, *, weight: int) -> Iterator[Candidate]:
    layer = core(maker)
    units = argument(layer, 1 if called(layer) == "Embedding" else 0, WIDTH[called(layer)])
    halves = 1 if layer is maker else 2
    if units is not None and other % halves == 0:
        edit = replace(fault.source, units, str(other // halves))
        yield Candidate(edits=(edit,), why=why, changes_meaning=True, weight=weight)


def _repeated(
    fault: Fault, call: ast.Call, name: str, parts: list[ast.expr], shapes: list[Shape]
) -> Iterator[Candidate]:
    """Yield a vector repeated along the steps of the sequence beside it; and the sequence without its steps."""
    steps = next((shape[1] for shape in shapes if len(shape) == 3), None)
    for part, shape in zip(parts, shapes, strict=True):
        others = sorted({len(each) for each in shapes} - {len(shape)})
        why = f"`{fault.code(part)}` has {len(shape)} axes, what it goes together with has {others[0]}"
        layers = []
        if len(shape) == 2 and steps is not None:
            layers = [(f"RepeatVector({steps})", 3)]
            if shape[1] == steps and name.lower() != "concatenate":
                layers.append((f"Reshape(({steps}, 1))", -1))  # one number for each step
        elif len(shape) == 3:
            layers = (
                [("GlobalAveragePooling1D()", 6), ("Flatten()", 5)]
                if shape[1] is not None
                else [("GlobalAveragePooling1D()", 5)]
            )
        for code, weight in layers:
            layer = code.partition("(")[0]
            spelling, imported = spell(fault.source, layer, like=_like(fault, call))
            edits = (*wrap(fault.source, part, spelling + code[len(layer) :] + "("), *imported)
            is_other = weight > 0
            yield Candidate(edits=edits, why=why, changes_meaning=is_other, weight=weight)


def _swapped(fault: Fault, parts: list[ast.expr]) -> Iterator[Candidate]:
    """Yield the query and the value of an attention exchanged."""
    if len(parts) == 2:
        one, other = fault.code(parts[0]), fault.code(parts[1])
        edits = (replace(fault.source, parts[0], other), replace(fault.source, parts[1], one))
        yield Candidate(edits=edits, why="an attention takes the query first, then the value", weight=2)


def _earlier_attention(fault: Fault) -> Iterator[Candidate]:
    """Yield the query and the value of an earlier attention exchanged: what it returns is as long as the query."""
    for application in fault.upstream():
        if called(application.maker) in ATTENTION and isinstance(application.node, ast.Call):
            yield from _swapped(fault, _parts(fault, application.node))
