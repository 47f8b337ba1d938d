"""Arguments of a wrong type: a tuple or a fraction as a number of units; and names with a typing error."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator

from rnnshape.fixes.edits import Candidate, Edit
from rnnshape.fixes.fault import Fault, shapes_in
from rnnshape.fixes.layers import WIDTH, is_layer
from rnnshape.fixes.names import ACTIVATIONS, ARGUMENTS, LAYERS, LOSSES, OPTIMIZERS
from rnnshape.fixes.rewrite import rename_keyword, replace, wrap
from rnnshape.fixes.source import argument, called
from rnnshape.fixes.spellings import INPUT_ARGUMENTS, MERGE_MODES

_BEYOND = re.compile(r"= (\d+) is not in \[0, (\d+)\)")
_UNKNOWN = re.compile(r"(?:keyword arguments? .*?\{?|not recognized: \{)['\"](\w+)['\"]")


def arguments(fault: Fault) -> Iterator[Candidate]:
    """Yield a number for what is none, where a layer wants its number of units."""
    for call in fault.calls():
        node = argument(call, 0, WIDTH.get(called(call), "units"), "units", "filters") if is_layer(call) else None
        if node is not None:
            yield from _number(fault, call, node)


def _number(fault: Fault, call: ast.Call, node: ast.expr) -> Iterator[Candidate]:
    source, at = fault.source, fault.at(node)
    why = f"the `{WIDTH.get(called(call), 'units')}` of `{called(call)}` are one whole number"
    value = node
    if isinstance(node, ast.Name):
        value = source.assigned(node.id, fault.end) or node
    if isinstance(value, ast.Tuple | ast.List) and value.elts and value is node:
        for weight, part in enumerate(reversed(value.elts)):
            edits = (replace(source, node, source.code(part)),)
            yield Candidate(edits=edits, why=why, at=at, weight=weight, changes_meaning=len(value.elts) > 1)
    elif isinstance(value, ast.Tuple | ast.List) and value.elts:
        yield Candidate(
            edits=(Edit(source.span(node)[1], source.span(node)[1], "[-1]"),),
            why=why,
            at=at,
            changes_meaning=len(value.elts) > 1,
        )
    elif isinstance(node, ast.Attribute) and node.attr == "shape":
        yield Candidate(edits=(Edit(source.span(node)[1], source.span(node)[1], "[-1]"),), why=why, at=at)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip().isdigit():
        yield Candidate(edits=(replace(source, node, node.value.strip()),), why=why, at=at)
    elif isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value == int(node.value):
        yield Candidate(edits=(replace(source, node, str(int(node.value))),), why=why, at=at)
    elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div):
        slash = source.text.index("/", source.span(value.left)[1])
        yield Candidate(edits=(Edit(slash, slash + 1, "//"),), why=why, at=slash)
    elif not isinstance(node, ast.Constant):
        yield Candidate(edits=wrap(source, node, "int("), why=why, at=at, weight=5)


def weights(fault: Fault) -> Iterator[Candidate]:
    """Yield the sizes of a layer as its given weights have them."""
    told = shapes_in(fault.message)
    if len(told) != 2 or len(told[0]) != 2 or len(told[1]) != 2:
        return
    for call in fault.calls():
        if called(call) != "Embedding":
            continue
        sizes = zip((0, 1), ("input_dim", "output_dim"), *told, strict=True)
        nodes = [(argument(call, at, name), new) for at, name, old, new in sizes if old != new]
        edits = tuple(replace(fault.source, node, str(new)) for node, new in nodes if node is not None)
        if edits:
            why = f"the weights that are given have the shape {told[1]}"
            yield Candidate(edits=edits, why=why)


def vocabulary(fault: Fault) -> Iterator[Candidate]:
    """Yield a vocabulary that holds the token that is beyond it: of a number that the code names, or just so large."""
    found = _BEYOND.search(fault.message)
    for call in fault.source.calls() if found is not None else ():
        node = argument(call, 0, "input_dim") if called(call) == "Embedding" else None
        if node is None or found is None:
            continue
        token, why = int(found[1]), f"a token is {found[1]}, the vocabulary has {found[2]}"
        at = fault.at(node)
        for name, given in fault.source.given.items():
            value = given[-1][1]
            is_larger = isinstance(value, ast.Constant) and isinstance(value.value, int) and value.value > token
            if is_larger and name.isidentifier() and given[-1][0] < fault.at(call):
                yield Candidate(edits=(replace(fault.source, node, name),), why=why, at=at)
        yield Candidate(edits=(replace(fault.source, node, str(token + 1)),), why=why, at=at, weight=1)


def misspelt(fault: Fault) -> Iterator[Candidate]:
    """Yield the nearest name that Keras knows: of an argument, an activation, a loss, a layer."""
    unknown = {found[1] for found in _UNKNOWN.finditer(fault.message)}
    for call in fault.calls():
        for given in call.keywords:
            if given.arg in unknown:
                for near in _nearest(given.arg or ""):
                    edits = (rename_keyword(fault.source, given, near),)
                    yield Candidate(edits=edits, why=f"`{given.arg}` is no argument of `{called(call)}`")
    for call in fault.source.calls():
        yield from _words(fault, call)
    yield from _layers(fault)


def _nearest(name: str) -> list[str]:
    """Return the arguments that a name may have been meant for, those first that start with it."""
    if name in INPUT_ARGUMENTS:
        return []
    longer = [each for each in ARGUMENTS if each.startswith(name.lower()) and each != name]
    shorter = [each for each in ARGUMENTS if len(each) > 4 and name.lower().startswith(each)]
    return [*longer, *shorter, *difflib.get_close_matches(name.lower(), ARGUMENTS, n=2, cutoff=0.75)][:2]


def _words(fault: Fault, call: ast.Call) -> Iterator[Candidate]:
    """Yield the nearest activation, loss or optimizer for a word that is none."""
    known = (*ACTIVATIONS, *LOSSES, *OPTIMIZERS, *MERGE_MODES)
    for node in [*call.args, *(each.value for each in call.keywords)]:
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value in fault.message
            and node.value not in known
        ):
            word = node.value.lower().replace(" ", "_")
            modes = [each for each in MERGE_MODES if word.startswith(each)]
            for near in modes or difflib.get_close_matches(word, known, n=1, cutoff=0.7):
                yield Candidate(edits=(replace(fault.source, node, repr(near)),), why=f"there is no {node.value!r}")


def _layers(fault: Fault) -> Iterator[Candidate]:
    """Yield the nearest layer for the name of none."""
    if isinstance(fault.statement, ast.ImportFrom):
        for alias in fault.statement.names:
            same = [each for each in LAYERS if each.lower() == alias.name.lower() and each != alias.name]
            if same and f"'{alias.name}'" in fault.message:
                uses = [
                    node for node in ast.walk(fault.source.tree) if isinstance(node, ast.Name) and node.id == alias.name
                ]
                edits = tuple(replace(fault.source, node, same[0]) for node in (alias, *uses))
                yield Candidate(edits=edits, why=f"there is no `{alias.name}`")
    for call in fault.calls():
        name = called(call)
        if name and name in fault.message and name not in LAYERS:
            near = layer_meant(name)
            if near is not None:
                end = fault.source.span(call.func)[1]
                why = f"there is no `{name}`"
                yield Candidate(edits=(Edit(end - len(name), end, near),), why=why, at=end - len(name))


def layer_meant(name: str) -> str | None:
    """Return the layer that a name was likeliest meant for, or None: `LTSM` has the letters of LSTM, `Dence` most."""
    alike = [each for each in LAYERS if sorted(each.lower()) == sorted(name.lower())]
    alike = alike or difflib.get_close_matches(name, LAYERS, n=1, cutoff=0.8)
    return min(alike, key=lambda each: each.lower() != name.lower(), default=None)
