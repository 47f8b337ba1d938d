"""Calls of a wrong form: a layer that is made and not called, one that is called where it should be made."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from rnnshape.fixes.edits import Candidate, Edit, insertion
from rnnshape.fixes.fault import Fault
from rnnshape.fixes.layers import ATTENTION, MERGES, RECURRENT, WRAPPERS, core, is_layer
from rnnshape.fixes.old_merge import called_behind
from rnnshape.fixes.rewrite import add_argument, line_before, remove_arguments, rename_call, replace, spell, wrap
from rnnshape.fixes.source import called, is_true, keyword, spelled

_SEVERAL = re.compile(r"(?:expects|only takes) (?:exactly )?(?:1|one) input")


def calls(fault: Fault) -> Iterator[Candidate]:
    """Yield the call in the form that was meant."""
    for call in [*fault.calls(), *_behind_names(fault)]:
        yield from _merged(fault, call)
        yield from _wrapped(fault, call)
        yield from _unwrapped(fault, call)
        yield from _inside(fault, call)
        yield from _cells(fault, call)
        yield from _listed(fault, call)
        yield from _own_init(fault, call)
    yield from _added(fault)
    yield from _lists_joined(fault)
    yield from _tensor_added(fault)
    yield from _not_called(fault)
    yield from _first_of_several(fault)


def _behind_names(fault: Fault) -> Iterator[ast.Call]:
    """Yield the calls that the names in the statement were given."""
    for node in ast.walk(fault.statement) if fault.statement is not None else ():
        given = fault.source.assigned(spelled(node), fault.start) if isinstance(node, ast.Name) else None
        if isinstance(given, ast.Call):
            yield given


def _merged(fault: Fault, call: ast.Call) -> Iterator[Candidate]:
    """`Concatenate([a, b])`, which makes a layer, and `concatenate()([a, b])`, which makes none."""
    name = called(call)
    if name in MERGES and name[0].isupper() and call.args and isinstance(call.args[0], ast.List | ast.Tuple):
        yield _as_layer(fault, call, name)
    if isinstance(call.func, ast.Call):
        yield from _merging(fault, call, call.func)


def _merging(fault: Fault, call: ast.Call, maker: ast.Call) -> Iterator[Candidate]:
    """A merge that was made in its own call."""
    name = called(maker)
    if name in MERGES and name[0].islower() and not maker.args:
        start, end = fault.source.span(maker.func)[1], fault.source.span(maker)[1]
        why = f"`{name}` is a function of tensors, and makes no layer"
        yield Candidate(edits=(Edit(start, end, ""),), why=why, at=start)
        yield from _outputs(fault, call, Edit(start, end, ""), why)
    if name in ATTENTION and len(call.args) == 1 and "list" in fault.message:
        tensor = fault.code(call.args[0])
        edits = (replace(fault.source, call.args[0], f"[{tensor}, {tensor}]"),)
        why = f"`{name}` takes a list: the query, then the value"
        yield Candidate(edits=edits, why=why)
    if name in MERGES | ATTENTION and len(call.args) > 1:
        start, end = fault.at(call.args[0]), fault.source.span(call.args[-1])[1]
        both = (insertion(start, "["), insertion(end, "]"))
        yield Candidate(edits=both, why="the tensors are one list", at=start)


def _as_layer(fault: Fault, call: ast.Call, name: str) -> Candidate:
    """Return the merge as a layer that is called: `Concatenate(axis=1)([a, b])`."""
    start, end = fault.source.span(call.func)[1], fault.source.span(call)[1]
    rest = ", ".join([*map(fault.code, call.args[1:]), *map(fault.code, call.keywords)])
    tensors = fault.code(call.args[0])
    why = f"`{name}(…)` makes a layer; it is called on the tensors"
    return Candidate(edits=(Edit(start, end, f"({rest})({tensors})"),), why=why, at=start)


def _outputs(fault: Fault, call: ast.Call, edit: Edit, why: str) -> Iterator[Candidate]:
    """Yield the outputs of models in the place of the models."""
    parts = call.args[0].elts if call.args and isinstance(call.args[0], ast.List | ast.Tuple) else []
    ends = [fault.source.span(each)[1] for each in parts if isinstance(each, ast.Name)]
    if ends:
        edits = (edit, *(insertion(end, ".outputs[0]") for end in ends))
        yield Candidate(edits=edits, why=why, at=edit.start, weight=1)


def _wrapped(fault: Fault, call: ast.Call) -> Iterator[Candidate]:
    """`TimeDistributed(Dense(4)(x))`, where the wrapper is called on the tensor."""
    inner = call.args[0] if called(call) in WRAPPERS and call.args else None
    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Call) and is_layer(inner.func):
        tensors = f"({', '.join(fault.code(each) for each in [*inner.args, *inner.keywords])})"
        start, end = fault.source.span(inner.func)[1], fault.source.span(inner)[1]
        behind = fault.source.span(call)[1]
        why = f"`{called(call)}` takes a layer, not a tensor; it is called on the tensor itself"
        yield Candidate(edits=(Edit(start, end, ""), insertion(behind, tensors)), why=why, at=start)


def _unwrapped(fault: Fault, call: ast.Call) -> Iterator[Candidate]:
    """`TimeDistributed(LSTM(4))` on one sequence: the layer itself goes along the steps."""
    inner = call.args[0] if called(call) == "TimeDistributed" and len(call.args) == 1 else None
    if isinstance(inner, ast.Call) and called(core(inner)) in RECURRENT:
        start, end = fault.source.span(inner)
        why = f"`TimeDistributed` calls `{called(inner)}` on each step, which has no time axis of its own"
        edits = (Edit(fault.at(call), start, ""), Edit(end, fault.source.span(call)[1], ""))
        yield Candidate(edits=edits, why=why, changes_meaning=True)


def _inside(fault: Fault, call: ast.Call) -> Iterator[Candidate]:
    """`Bidirectional(LSTM(4), return_state=True)`: what the wrapper does not take is the layer's."""
    inner = call.args[0] if called(call) in WRAPPERS and call.args else None
    if called(call) == "Bidirectional" and len(call.args) > 1 and isinstance(call.args[1], ast.Call):
        start = fault.at(call.args[1])
        why = "the second argument of `Bidirectional` is its merge_mode, not the layer that goes backwards"
        yield Candidate(edits=(insertion(start, "backward_layer="),), why=why, at=start)
    if not isinstance(inner, ast.Call) or "nrecognized" not in fault.message:
        return
    moved = [each for each in call.keywords if f"'{each.arg}'" in fault.message]
    if moved:
        code = ", ".join(map(fault.code, moved))
        why = f"`{moved[0].arg}` is an argument of `{called(inner)}`, not of `{called(call)}`"
        edits = (add_argument(fault.source, inner, code), *remove_arguments(fault.source, call, *moved))
        yield Candidate(edits=edits, why=why)


def _lists_joined(fault: Fault) -> Iterator[Candidate]:
    """`x + states`, where a tensor and a list are meant to be one list: `[x] + states`."""
    if "list" not in fault.message:
        return
    for node in ast.walk(fault.statement) if fault.statement is not None else ():
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            for part, other in ((node.left, node.right), (node.right, node.left)):
                given = fault.source.assigned(spelled(other), fault.start) or other
                if isinstance(part, ast.Name) and isinstance(given, ast.List):
                    why = f"`{part.id}` is a tensor, what is added to it is a list"
                    edits = wrap(fault.source, part, "[", "]")
                    yield Candidate(edits=edits, why=why)


def _cells(fault: Fault, call: ast.Call) -> Iterator[Candidate]:
    """Cells in the place of layers, and layers in the place of cells."""
    name = called(call)
    parent = fault.source.parents.get(call)
    wrapper = called(parent) if isinstance(parent, ast.Call) and call in parent.args else ""
    if name in ("LSTMCell", "GRUCell", "SimpleRNNCell") and wrapper not in ("RNN", "StackedRNNCells"):
        why = f"`{name}` makes one step; the layer makes all of them"
        edits = (rename_call(fault.source, call, name.removesuffix("Cell")),)
        yield Candidate(edits=edits, why=why, at=fault.at(call), weight=1)
    if name in ("LSTM", "GRU", "SimpleRNN") and wrapper == "RNN":
        why = "`RNN` takes a cell"
        yield Candidate(edits=(rename_call(fault.source, call, f"{name}Cell"),), why=why, at=fault.at(call))
    if name == "RNN" and call.args and isinstance(call.args[0], ast.Constant):
        why = "`RNN` takes a cell, `SimpleRNN` a number of units"
        yield Candidate(edits=(rename_call(fault.source, call, "SimpleRNN"),), why=why, at=fault.at(call))
    inner = call.args[0] if wrapper == "" and name == "Bidirectional" and call.args else None
    if isinstance(inner, ast.Call) and not is_layer(inner) and isinstance(inner.func, ast.Name):
        yield from _made_elsewhere(fault, inner.func.id)


def _made_elsewhere(fault: Fault, function: str) -> Iterator[Candidate]:
    """Yield the layer for the cell that a function of the code's own returns."""
    for node in ast.walk(fault.source.tree):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            for call in fault.source.calls(node):
                if called(call) in ("LSTMCell", "GRUCell", "SimpleRNNCell"):
                    name = called(call)
                    edit = rename_call(fault.source, call, name.removesuffix("Cell"))
                    yield Candidate(edits=(edit,), why=f"`{name}` makes one step; `Bidirectional` takes a layer")


def _listed(fault: Fault, call: ast.Call) -> Iterator[Candidate]:
    """`Sequential(a, b)` and `Model(a, b, c)`, where a list is meant."""
    if called(call) == "Sequential" and call.args and not isinstance(call.args[0], ast.List | ast.Tuple):
        start, end = fault.at(call.args[0]), fault.source.span(call.args[-1])[1]
        yield Candidate(edits=(insertion(start, "["), insertion(end, "]")), why="the layers are one list", at=start)
    if called(call) == "Model" and len(call.args) > 2:
        start, end = fault.at(call.args[0]), fault.source.span(call.args[-2])[1]
        yield Candidate(edits=(insertion(start, "["), insertion(end, "]")), why="several inputs are one list", at=start)


def _own_init(fault: Fault, call: ast.Call) -> Iterator[Candidate]:
    """`super().__init__(self)`, where `self` is there already."""
    if (
        called(call) == "__init__"
        and call.args
        and spelled(call.args[0]) == "self"
        and "super" in fault.code(call.func)
    ):
        why = "`super()` hands `self` over by itself"
        yield Candidate(edits=remove_arguments(fault.source, call, call.args[0]), why=why, at=fault.at(call))


def _added(fault: Fault) -> Iterator[Candidate]:
    """`model.add(LSTM(4)(Input((7, 3))))`, where the layer is added, not its tensor."""
    for call in fault.calls():
        inner = call.args[0] if called(call) == "add" and call.args else None
        if not isinstance(inner, ast.Call) or not isinstance(inner.func, ast.Call) or not is_layer(inner.func):
            continue
        start, end = fault.source.span(inner.func)[1], fault.source.span(inner)[1]
        why = "a `Sequential` is made of layers, not of tensors"
        edits = [Edit(start, end, "")]
        first = inner.args[0] if inner.args else None
        if isinstance(first, ast.Call) and called(first) == "Input":
            code = f"{fault.code(call.func)}({fault.code(first)})"
            edits.append(line_before(fault.source, fault.source.statement(call), code))
        yield Candidate(edits=tuple(edits), why=why, at=start)


def _tensor_added(fault: Fault) -> Iterator[Candidate]:
    """`model.add(joined)`, where `joined` is a tensor: a `Model` of it; what is added later is called on that."""
    for call in fault.calls():
        if called(call) != "add" or len(call.args) != 1 or not isinstance(call.args[0], ast.Name):
            continue
        assert isinstance(call.func, ast.Attribute)
        name, tensor = spelled(call.func.value), call.args[0].id
        inputs = _sources(fault, tensor)
        if name and inputs and "KerasTensor" in fault.message:
            model, needs = spell(fault.source, "Model")
            given = inputs[0] if len(inputs) == 1 else f"[{', '.join(inputs)}]"
            code = f"{name} = {model}({given}, {tensor})"
            edits = (replace(fault.source, call, code), *called_behind(fault.source, call, name, model), *needs)
            yield Candidate(edits=edits, why=f"`{tensor}` is a tensor; a `Sequential` is made of layers")


def _sources(fault: Fault, tensor: str) -> list[str]:
    """Return what a tensor starts from, as code: the inputs of its models, or those of the program."""
    given = fault.source.assigned(tensor, fault.start)
    models = [
        spelled(node.value)
        for node in (ast.walk(given) if given is not None else ())
        if isinstance(node, ast.Attribute) and node.attr in ("output", "outputs") and spelled(node.value)
    ]
    inputs = [each.variable for each in fault.trace.inputs if each.variable and not each.assumed]
    return [f"{each}.inputs[0]" for each in dict.fromkeys(models)] or inputs


def _not_called(fault: Fault) -> Iterator[Candidate]:
    """A layer where a tensor is meant: it was made, and never called."""
    if (
        "Only input tensors may be passed" not in fault.message
        and "KerasTensor" not in fault.message
        and "not subscriptable" not in fault.message
    ):
        return
    for call in fault.calls():
        for part in [*call.args, *(each.value for each in call.keywords)]:
            given = fault.source.assigned(spelled(part), fault.start) if spelled(part) else part
            is_wrapped = is_layer(call) and given is part
            if isinstance(given, ast.Call) and is_layer(given) and not is_wrapped:
                yield from _called_on_last(fault, given)


def _called_on_last(fault: Fault, layer: ast.Call) -> Iterator[Candidate]:
    end, line = fault.source.span(layer)[1], layer.lineno
    before = [each for each in fault.trace.tensors if each.variable and each.line < line]
    for weight, tensor in enumerate(reversed(before[-3:])):
        why = f"`{called(layer)}` is made here, and not called on a tensor"
        yield Candidate(edits=(insertion(end, f"({tensor.variable})"),), why=why, at=end - 1, weight=weight)


def _first_of_several(fault: Fault) -> Iterator[Candidate]:
    """The output of a layer with `return_state`, where a layer is handed its states, too; and both halves as one."""
    for application in fault.upstream():
        mode = keyword(application.maker, "merge_mode")
        if mode is not None and isinstance(mode.value, ast.Constant) and mode.value.value is None:
            edits = remove_arguments(fault.source, application.maker, mode)
            why = f"`{called(application.maker)}` returns both directions apart: merge_mode=None"
            yield Candidate(edits=edits, why=why, weight=1)
    if not _SEVERAL.search(fault.message) and "input tensors" not in fault.message and "list" not in fault.message:
        return
    for application in fault.upstream():
        maker = core(application.maker)
        flag = keyword(maker, "return_state")
        if flag is not None and is_true(flag.value):
            why = f"`{called(application.maker)}` returns its states, too: return_state=True"
            yield Candidate(edits=remove_arguments(fault.source, maker, flag), why=why, at=fault.at(maker), weight=1)
    failing = fault.failing()
    tensor = failing.inputs[0] if failing is not None and failing.inputs else None
    if isinstance(tensor, ast.Name):
        end = fault.source.span(tensor)[1]
        why = f"`{tensor.id}` is everything that the layer returned; its output is the first of it"
        yield Candidate(edits=(insertion(end, "[0]"),), why=why, at=end - 1)
