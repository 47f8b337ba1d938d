"""Convolutions and pooling: their channels, their kernels, and a size that would be zero."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rnnshape.fixes.edits import Candidate, Edit, insertion
from rnnshape.fixes.fault import Fault
from rnnshape.fixes.inputs import declarations
from rnnshape.fixes.layers import CONVOLUTIONS
from rnnshape.fixes.rewrite import replace, set_keyword
from rnnshape.fixes.source import argument, called, keyword
from rnnshape.fixes.time_axis import ranks as told_ranks
from rnnshape.fixes.time_axis import without


def ranks(fault: Fault) -> Iterator[Candidate]:
    """Yield a convolution without the `Flatten` in front of it, and one along as many axes as the input has."""
    wanted, found, _ = told_ranks(fault)
    failing = fault.failing()
    if failing is None or called(failing.maker) not in CONVOLUTIONS:
        return
    name = called(failing.maker)
    axes = CONVOLUTIONS[name]
    if found < wanted and name.startswith(("MaxPooling", "AveragePooling", "Global")):
        edits = without(fault, failing)
        nearer = [each for each in fault.upstream() if called(each.maker) == "Flatten"]
        if edits and not nearer and found == 2:
            yield Candidate(edits=edits, why=f"`{name}` has no steps to pool here", changes_meaning=True, weight=6)
    other = axes + found - wanted
    if 1 <= other <= 3 and str(axes) in name and not name.startswith("ConvLSTM"):
        end = fault.source.span(failing.maker.func)[1]
        edit = Edit(end - len(name), end, name.replace(f"{axes}D", f"{other}D"))
        why = f"`{name}` works along {axes} axes, the input has {other}"
        yield Candidate(edits=(edit,), why=why, changes_meaning=True, weight=7)


def padded(fault: Fault, makers: list[ast.Call]) -> Iterator[Candidate]:
    """Yield `padding="same"` for each of some convolutions, the nearest first, then for all of them."""
    edits = [set_keyword(fault.source, maker, "padding", '"same"') for maker in makers]
    groups: list[tuple[Edit, ...]] = [(edit,) for edit in edits]
    for weight, group in enumerate([*groups, tuple(edits)] if len(edits) > 1 else groups):
        why = "a convolution without padding leaves less than it gets"
        yield Candidate(edits=group, why=why, at=group[0].start, weight=2 + weight)


def sizes(fault: Fault) -> Iterator[Candidate]:
    """Yield `padding="same"` and smaller kernels where nothing would be left, and kernels that were meant as such."""
    for application in [*fault.flow.in_statement(fault.statement or fault.source.tree.body[0]), *fault.upstream()]:
        call = application.maker
        if called(call) not in CONVOLUTIONS:
            continue
        at = fault.at(call)
        why = f"`{called(call)}` leaves nothing of its input"
        given = keyword(call, "padding")
        if given is None or not isinstance(given.value, ast.Constant) or given.value.value != "same":
            edit = set_keyword(fault.source, call, "padding", '"same"')
            yield Candidate(edits=(edit,), why=why, at=at, changes_meaning=True, weight=2)
    yield from _kernels(fault)


def _kernels(fault: Fault) -> Iterator[Candidate]:
    """`Conv2D(32, 3, 3)`: the second 3 is the stride, where a kernel of 3 x 3 was meant."""
    edits: list[Edit] = []
    for call in fault.source.calls():
        if (
            called(call) in ("Conv2D", "Convolution2D")
            and len(call.args) >= 3
            and not isinstance(call.args[1], ast.Tuple)
        ):
            edits.append(insertion(fault.at(call.args[1]), "("))
            edits.append(insertion(fault.source.span(call.args[2])[1], ")"))
    if edits:
        yield Candidate(edits=tuple(edits), why="the third argument is the stride, not a part of the kernel's size")


def reshaped(fault: Fault) -> Iterator[Candidate]:
    """Yield one size of a `Reshape` left open, where the others divide what there is."""
    for application in fault.flow.in_statement(fault.statement) if fault.statement is not None else ():
        target = argument(application.maker, 0, "target_shape") if called(application.maker) == "Reshape" else None
        for part in target.elts if isinstance(target, ast.Tuple) else ():
            why = "the sizes do not make up what there is; one of them can be left open"
            edit = replace(fault.source, part, "-1")
            yield Candidate(edits=(edit,), why=why, changes_meaning=True)


def channels(fault: Fault) -> Iterator[Candidate]:
    """Yield the channels of the input as its last axis, where they are written as its first one."""
    for shape in declarations(fault):
        parts = shape.elts if isinstance(shape, ast.Tuple) else []
        values = [each.value if isinstance(each, ast.Constant) else None for each in parts]
        if len(parts) == 3 and (values[0] in (1, 3, 4) or values[0] is None) and values[2] not in (1, 3, 4):
            codes = [fault.code(each) for each in parts]
            edit = replace(fault.source, shape, f"({', '.join([*codes[1:], codes[0]])})")
            yield Candidate(edits=(edit,), why="the channels are the last axis of the input")
