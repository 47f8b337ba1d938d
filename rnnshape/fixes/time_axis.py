"""A layer wants another number of axes: a time axis that was lost, one that was never there, or one too many."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from rnnshape.fixes.edits import Candidate, Edit, insertion
from rnnshape.fixes.fault import Fault, shapes_in
from rnnshape.fixes.flow import Application
from rnnshape.fixes.layers import core, is_layer, is_recurrent
from rnnshape.fixes.rewrite import is_in_model, layer_before, remove_arguments, replace, set_keyword, spell, wrap
from rnnshape.fixes.source import called, is_true, keyword, spelled
from rnnshape.trace import Shape

_RANKS = re.compile(r"expected (?:min_)?ndim=(\d+), found ndim=(\d+)")


def ranks(fault: Fault) -> tuple[int, int, Shape]:
    """Return the rank that is wanted, the one that was received, and the shape that was received."""
    found = _RANKS.search(fault.message)
    shapes = shapes_in(fault.message)
    received = shapes[-1] if shapes else ()
    if found is not None:
        return int(found[1]), int(found[2]), received
    return 3, len(received), received


def lost(fault: Fault) -> Iterator[Candidate]:
    """Yield `return_sequences=True` for each layer on the way that returns its last step only, the nearest first."""
    wanted, found, _ = ranks(fault)
    has_ranks = _RANKS.search(fault.message) is not None
    if has_ranks and found != wanted - 1 and not (wanted == 4 and found == 2):
        return
    for weight, application in enumerate(_losing(fault)):
        yield turned(fault, application, weight)
    yield from _axis_averaged(fault)


def turned(fault: Fault, application: Application, weight: int = 0) -> Candidate:
    """Return the change that has a recurrent layer return every step, or its last one where it returns every step."""
    maker, at = core(application.maker), fault.at(application.maker)
    given = keyword(maker, "return_sequences")
    if given is not None and is_true(given.value):
        why = f"`{called(application.maker)}` returns every step here: return_sequences=True"
        return Candidate(edits=remove_arguments(fault.source, maker, given), why=why, at=at, weight=weight)
    edit = set_keyword(fault.source, maker, "return_sequences", "True")
    return Candidate(edits=(edit,), why=lost_words(fault, application), at=at, weight=weight)


def without_ones(shape: Shape) -> Iterator[str]:
    """Yield the index that takes away an axis of 1, for each behind the first: `:, 0, :`."""
    for axis in range(1, len(shape)):
        if shape[axis] == 1:
            yield ", ".join("0" if each == axis else ":" for each in range(len(shape)))


def _losing(fault: Fault) -> list[Application]:
    """Return the recurrent layers in front of the place that return their last step only."""
    found: list[Application] = []
    for application in fault.upstream():
        maker = application.maker
        if is_recurrent(maker) and not is_true(flag_of(maker)) and application not in found:
            found.append(application)
    makers = [each.maker for each in found]
    return [each for at, each in enumerate(found) if each.maker not in makers[:at]]


def flag_of(maker: ast.Call) -> ast.expr | None:
    """Return what `return_sequences` is given; None where nothing is."""
    given = keyword(core(maker), "return_sequences")
    return given.value if given is not None else None


def lost_words(fault: Fault, application: Application) -> str:
    """Say which tensor lost its time axis at this layer."""
    parent = fault.source.parents.get(application.node)
    name = ""
    if isinstance(parent, ast.Assign):
        target = parent.targets[0]
        name = spelled(target.elts[0] if isinstance(target, ast.Tuple | ast.List) and target.elts else target)
    layer = called(application.maker)
    who = (
        f"`{name}` lost its time axis here"
        if name and application.node is not application.maker
        else f"`{layer}` drops the time axis here"
    )
    return f"{who}: return_sequences=False"


def _axis_averaged(fault: Fault) -> Iterator[Candidate]:
    """Yield the removal of a `Flatten` or pooling over all steps that took the time axis."""
    for application in fault.upstream():
        name = called(application.maker)
        if name == "Flatten" or name.startswith("Global"):
            edits = without(fault, application)
            if edits:
                why = f"`{name}` takes the time axis here"
                yield Candidate(edits=edits, why=why, at=fault.at(application.node), changes_meaning=True, weight=1)


def without(fault: Fault, application: Application) -> tuple[Edit, ...]:
    """Return the edits that leave a layer out of its model: its line, or its place in a list."""
    source = fault.source
    parent = source.parents.get(application.node)
    statement = source.statement(application.node)
    if (isinstance(parent, ast.Call) and called(parent) == "add") or _is_handed_on(application, parent):
        return (Edit(source.starts[statement.lineno - 1], source.starts[statement.end_lineno or statement.lineno], ""),)
    if isinstance(parent, ast.List | ast.Tuple):
        at = parent.elts.index(application.node)
        if at + 1 < len(parent.elts):
            return (Edit(source.span(application.node)[0], source.span(parent.elts[at + 1])[0], ""),)
    if isinstance(application.node, ast.Call) and len(application.node.args) == 1 and not is_layer(application.node):
        return (replace(source, application.node, source.code(application.node.args[0])),)
    return ()


def _is_handed_on(application: Application, parent: ast.AST | None) -> bool:
    """Tell whether the layer's result takes the name of what it is called on: `x = Flatten()(x)`."""
    names = [spelled(each) for each in application.inputs]
    return isinstance(parent, ast.Assign) and [spelled(each) for each in parent.targets] == names != [""]


def one_more_axis(fault: Fault) -> Iterator[Candidate]:
    """Yield the ways to give a tensor a time axis that it never had: repeat it, reshape it."""
    wanted, found, received = ranks(fault)
    failing = fault.failing()
    if found != wanted - 1 or failing is None:
        return
    layers = []
    if wanted == 3 and called(failing.maker) != "TimeDistributed":
        layers.append((f"Reshape((1, {received[-1]}))", "one step", 4, False))
        layers.append((f"Reshape(({received[-1]}, 1))", "one feature", 6, False))
    if wanted == 3:
        steps, is_known = _steps(fault)
        layers.append(
            (f"RepeatVector({steps})", "the same at every step", 3 if _is_decoder(failing.maker) else 7, not is_known)
        )
    if wanted == 4 and len(received) == 3 and None not in received[1:]:
        layers.append((f"Reshape(({received[1]}, {received[2]}, 1))", "one channel", 4, False))
    for code, words, weight, placeholders in layers:
        if "None" in code:
            continue
        name = code.partition("(")[0]
        spelling, imported = spell(fault.source, name, like=failing.maker.func)
        edits = in_front(fault, failing, spelling + code[len(name) :])
        if edits:
            why = f"`{called(failing.maker)}` wants {wanted} axes: {words}"
            yield Candidate(
                edits=(*edits, *imported),
                why=why,
                changes_meaning=True,
                placeholders=placeholders,
                weight=weight,
            )
    yield from _data_axis(fault, failing, wanted, received)


def _is_decoder(maker: ast.Call) -> bool:
    return is_true(flag_of(maker)) or called(maker) == "TimeDistributed"


def _steps(fault: Fault) -> tuple[str, bool]:
    """Return the number of steps that a decoder would repeat, as the code writes it, and whether it is known."""
    for shape in [each.shape for each in fault.trace.tensors if len(each.shape) == 3 and each.shape[1] is not None]:
        return str(shape[1]), True
    for application in fault.upstream():
        shape_given = keyword(core(application.maker), "input_shape")
        if shape_given is not None and isinstance(shape_given.value, ast.Tuple) and len(shape_given.value.elts) == 2:
            first = shape_given.value.elts[0]
            return fault.code(first), not (isinstance(first, ast.Constant) and first.value is None)
    return "10", False


def in_front(fault: Fault, failing: Application, layer: str) -> tuple[Edit, ...]:
    """Return the edits that put a layer in front of one that is applied."""
    if is_in_model(fault.source, failing.node):
        return layer_before(fault.source, failing.node, layer)
    if (
        failing.inputs
        and isinstance(failing.node, ast.Call)
        and not isinstance(failing.inputs[0], ast.List | ast.Tuple)
    ):
        return wrap(fault.source, failing.inputs[0], f"{layer}(")
    return ()


def _data_axis(fault: Fault, failing: Application, wanted: int, received: Shape) -> Iterator[Candidate]:
    """Yield an axis more for an array that a layer is called on."""
    if not failing.inputs or None in received[:1]:
        return
    tensor = failing.inputs[0]
    for weight, (code, words) in enumerate(axis_added(wanted)):
        why = f"`{fault.code(tensor)}` has {len(received)} axes, {wanted} are wanted: {words}"
        edits = indexed(fault, tensor, code)
        yield Candidate(edits=edits, why=why, at=fault.at(tensor), changes_meaning=True, weight=weight)


def axis_added(wanted: int) -> list[tuple[str, str]]:
    """Return the ways to index an array with an axis less, with what the axis is then."""
    if wanted == 3:
        return [("[..., None]", "one feature"), ("[:, None, :]", "one step"), ("[None, :, :]", "a batch of one")]
    return [("[..., None]", "one channel"), (f"[None{', :' * (wanted - 1)}]", "a batch of one")]


def indexed(fault: Fault, tensor: ast.expr, index: str) -> tuple[Edit, ...]:
    """Return the edits that index an expression."""
    if isinstance(tensor, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
        end = fault.source.span(tensor)[1]
        return (insertion(end, index),)
    return wrap(fault.source, tensor, "(", f"){index}")


def one_axis_less(fault: Fault) -> Iterator[Candidate]:
    """Yield the ways to lose an axis that is too many: the last step only, or all of it in one vector."""
    wanted, found, received = ranks(fault)
    failing = fault.failing()
    if found <= wanted or failing is None:
        return
    for weight, application in enumerate(fault.upstream()):
        if found == wanted + 1 and is_recurrent(application.maker) and is_true(flag_of(application.maker)):
            yield turned(fault, application, weight)
    if wanted == 2:
        yield from _put_in_front(fault, failing, "Flatten()", "all axes in one", 5)
    if wanted == 3 and found == 4 and None not in received[2:]:
        size = int(received[2] or 1) * int(received[3] or 1)
        yield from _put_in_front(fault, failing, f"Reshape((-1, {size}))", "the last two axes in one", 4)
    if wanted == 3 and found >= 4:
        words = "all axes behind the steps in one"
        yield from _put_in_front(fault, failing, "TimeDistributed(Flatten())", words, 6)
    if failing.inputs and None not in received[:1] and received[-1:] == (1,):
        why = "the last axis is one too many"
        edits = indexed(fault, failing.inputs[0], "[..., 0]")
        yield Candidate(edits=edits, why=why, at=fault.at(failing.inputs[0]), weight=2)


def _put_in_front(fault: Fault, failing: Application, code: str, words: str, weight: int) -> Iterator[Candidate]:
    name = code.partition("(")[0]
    spelling, imported = spell(fault.source, name, like=failing.maker.func)
    edits = in_front(fault, failing, spelling + code[len(name) :])
    if edits:
        why = f"`{called(failing.maker)}` wants fewer axes: {words}"
        yield Candidate(edits=(*edits, *imported), why=why, at=edits[0].start, changes_meaning=True, weight=weight)
