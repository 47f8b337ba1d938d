"""States that a layer cannot start from: too few, too many, of another width, nested otherwise."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rnnshape.fixes.edits import Candidate, insertion
from rnnshape.fixes.fault import Fault
from rnnshape.fixes.flow import Application
from rnnshape.fixes.layers import STATES, core, is_recurrent
from rnnshape.fixes.rewrite import listed, replace, spell
from rnnshape.fixes.source import argument, called, spelled


def passed(fault: Fault) -> Iterator[Candidate]:
    """Yield other states, or another width, for each layer that is called with states up to the place."""
    for application, given in reversed(list(_with_states(fault))):
        yield from _number(fault, application, given)
        yield from _width(fault, application, given)
        yield from _nesting(fault, application, given)


def _with_states(fault: Fault) -> Iterator[tuple[Application, ast.expr]]:
    for application in fault.flow.applications:
        if fault.at(application.node) >= fault.end or not isinstance(application.node, ast.Call):
            continue
        states = argument(application.node, 1, "initial_state")
        if states is not None and is_recurrent(application.maker):
            yield application, states
        elif application.inputs and isinstance(application.inputs[0], ast.List) and is_recurrent(application.maker):
            elements = application.inputs[0].elts
            if len(elements) > 1 and not isinstance(elements[0], ast.Starred):
                yield application, ast.copy_location(ast.List(elements[1:], ast.Load()), elements[1])


def _elements(fault: Fault, states: ast.expr) -> tuple[list[ast.expr], ast.expr]:
    """Return the states one by one, and the node that would have to be written anew to change them."""
    if isinstance(states, ast.List | ast.Tuple):
        return list(states.elts), states
    value = fault.source.assigned(spelled(states), fault.at(states)) if spelled(states) else None
    if isinstance(value, ast.List | ast.Tuple):
        return list(value.elts), states
    return [states], states


def wanted(maker: ast.Call) -> int | None:
    """Return how many states a layer takes; None where it is not known."""
    states = STATES.get(called(core(maker)))
    return None if states is None else len(states) * (1 if core(maker) is maker else 2)


def _number(fault: Fault, application: Application, given: ast.expr) -> Iterator[Candidate]:
    """Yield as many states as the layer takes."""
    count = wanted(application.maker)
    elements, node = _elements(fault, given)
    if count is None:
        return
    layer, at = called(application.maker), fault.at(node)
    why = f"`{layer}` starts from {count} state{'s' if count > 1 else ''}; here: {len(elements)}"
    codes = [fault.code(each) for each in elements]
    if len(elements) == 1:
        yield from _of_one(fault, node, count, why)
    elif len(elements) > count:
        yield from _fewer(fault, application, node, codes, count)
        edits = (replace(fault.source, node, listed(codes[:count])),)
        yield Candidate(edits=edits, why=why, at=at, changes_meaning=count > 1, weight=2)
        if len(elements) == count + 1:
            yield Candidate(edits=(replace(fault.source, node, listed(codes[1:])),), why=why, at=at, weight=1)
    elif count == 2 * len(elements):
        code = f"[{', '.join(codes * 2)}]"
        why = f"`{layer}` starts from {count} states, both directions' ones; {len(elements)} are given"
        yield Candidate(edits=(replace(fault.source, node, code),), why=why, at=at)


def _of_one(fault: Fault, node: ast.expr, count: int, why: str) -> Iterator[Candidate]:
    """Yield the states for one tensor, or for everything that a layer returned."""
    at = fault.at(node)
    end = fault.source.span(node)[1]
    for beside in _unpacked_with(fault, spelled(node)):
        start = beside.index(spelled(node))
        if len(beside[start:]) >= count > 1:
            code = f"[{', '.join(beside[start : start + count])}]"
            yield Candidate(edits=(replace(fault.source, node, code),), why=why, at=at)
        if start == 0 and len(beside) == count + 1:
            code = listed(beside[1:])
            yield Candidate(edits=(replace(fault.source, node, code),), why=why, at=at)
    if isinstance(node, ast.Name | ast.Attribute):
        output = "the first tensor that a layer returns is its output, not a state"
        yield Candidate(edits=(insertion(end, "[1:]"),), why=output, at=at, weight=1)
        if count > 1:
            code = listed([spelled(node)] * count)
            yield Candidate(edits=(replace(fault.source, node, code),), why=why, at=at, changes_meaning=True, weight=3)


def _unpacked_with(fault: Fault, name: str) -> Iterator[list[str]]:
    """Yield the names that were unpacked together with a name."""
    for node in ast.walk(fault.source.tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.List):
            names = [spelled(each) for each in node.targets[0].elts]
            if name and name in names and fault.at(node) < fault.end:
                yield names


def _fewer(fault: Fault, application: Application, node: ast.expr, codes: list[str], count: int) -> Iterator[Candidate]:
    """Yield both directions' states side by side, for a layer of twice the width; or their sums."""
    if len(codes) != 2 * count:
        return
    pairs = list(zip(codes[:count], codes[count:], strict=True))
    units = argument(core(application.maker), 0, "units")
    why = f"`{called(application.maker)}` starts from {count} states, both directions' {len(codes)} are given"
    at = fault.at(node)
    for layer, is_wider, weight in (("Concatenate", True, 0), ("Add", False, 1)):
        spelling, imported = spell(fault.source, layer, like=application.maker.func)
        merged = [f"{spelling}()([{one}, {other}])" for one, other in pairs]
        edits = [replace(fault.source, node, listed(merged)), *imported]
        if is_wider and units is not None:
            edits.append(replace(fault.source, units, doubled(fault.code(units))))
        yield Candidate(edits=tuple(edits), why=why, at=at, weight=weight, changes_meaning=not is_wider)


def doubled(code: str) -> str:
    """Return the code of twice a number."""
    return str(2 * int(code)) if code.isdigit() else f"2 * {code}" if code.isidentifier() else f"2 * ({code})"


def _width(fault: Fault, application: Application, given: ast.expr) -> Iterator[Candidate]:
    """Yield the width of the states as the layer's, and the layer's as that of where the states come from."""
    units = argument(core(application.maker), 0, "units")
    elements, node = _elements(fault, given)
    if units is None:
        return
    code = fault.code(units)
    shapes = [shape for each in elements if (shape := fault.shape(each)) is not None and len(shape) == 2]
    origins = [origin for each in elements for origin in fault.flow.origins(each, fault.at(node))]
    why = f"the states are of another width than `{called(core(application.maker))}({code})`"
    for origin in origins[:1]:
        theirs = argument(core(origin.maker), 0, "units") if is_recurrent(origin.maker) else None
        if theirs is not None and fault.code(theirs) != code:
            yield Candidate(edits=(replace(fault.source, units, fault.code(theirs)),), why=why)
            yield Candidate(edits=(replace(fault.source, theirs, code),), why=why, weight=1)
    widths = {shape[1] for shape in shapes if shape[1] is not None}
    if len(widths) == 1 and str(min(widths)) != code:
        yield Candidate(edits=(replace(fault.source, units, str(min(widths))),), why=why, weight=1)
    yield Candidate(edits=(replace(fault.source, units, doubled(code)),), why=why, weight=2)


def _nesting(fault: Fault, application: Application, given: ast.expr) -> Iterator[Candidate]:
    """Yield the states nested as a stack of cells wants them: one list for each cell; and without that nesting."""
    elements, node = _elements(fault, given)
    codes = [fault.code(each) for each in elements]
    cells = argument(application.maker, 0, "cell") if called(application.maker) == "RNN" else None
    if isinstance(cells, ast.Name):
        cells = fault.source.assigned(cells.id, fault.at(application.maker))
    why, at = f"the states of `{called(application.maker)}` are nested otherwise", fault.at(node)
    if isinstance(cells, ast.List | ast.Tuple) and not any(isinstance(each, ast.List | ast.Tuple) for each in elements):
        sizes = [2 if isinstance(each, ast.Call) and "LSTM" in called(each) else 1 for each in cells.elts]
        if sum(sizes) == len(codes) and len(codes) > len(sizes):
            parts = [codes[sum(sizes[:at]) : sum(sizes[: at + 1])] for at in range(len(sizes))]
            code = f"[{', '.join(map(listed, parts))}]"
            yield Candidate(edits=(replace(fault.source, node, code),), why=why, at=at)
        if sum(sizes) != len(codes) and len(codes) == 2:
            code = f"[{', '.join([listed(codes)] * len(sizes))}]"
            yield Candidate(edits=(replace(fault.source, node, code),), why=why, at=at, changes_meaning=True, weight=2)
    if (
        elements
        and all(isinstance(each, ast.List | ast.Tuple) for each in elements)
        and isinstance(given, ast.List | ast.Tuple)
    ):
        inner = [fault.code(part) for each in elements for part in getattr(each, "elts", [])]
        yield Candidate(edits=(replace(fault.source, node, f"[{', '.join(inner)}]"),), why=why, at=at, weight=1)
    yield from _last_steps(fault, elements)


def _last_steps(fault: Fault, elements: list[ast.expr]) -> Iterator[Candidate]:
    """Yield the last step of each sequence that is given as a state."""
    whole = [each for each in elements if len(fault.shape(each) or ()) == 3]
    edits = tuple(insertion(fault.source.span(each)[1], "[:, -1, :]") for each in whole)
    if edits:
        why = f"`{fault.code(whole[0])}` is a whole sequence, not a state"
        yield Candidate(edits=edits, why=why, changes_meaning=True, weight=3)
