"""Labels that do not fit what the model returns, or not the loss that it was compiled with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from rnnshape.fixes.conv import padded
from rnnshape.fixes.data import METHODS, data_call
from rnnshape.fixes.edits import Candidate, Edit
from rnnshape.fixes.fault import Fault, read_shape, shapes_in
from rnnshape.fixes.flow import Application
from rnnshape.fixes.layers import WIDTH, core, is_recurrent
from rnnshape.fixes.rewrite import remove_arguments, rename_call, replace, spell
from rnnshape.fixes.source import argument, called, is_true, keyword
from rnnshape.fixes.time_axis import flag_of, in_front, indexed, turned, without_ones
from rnnshape.trace import Shape

_SPARSE, _DENSE = "sparse_categorical_crossentropy", "categorical_crossentropy"
_TOLD = re.compile(r"target\.shape=(\([^)]*\)).*?output\.shape=(\([^)]*\))", re.DOTALL)
_RANGE = re.compile(r"label value of (-?\d+) which is outside the valid range of \[0, (\d+)\)")
_CLASSES = re.compile(r"(\w+crossentropy)", re.IGNORECASE)


def fitting(fault: Fault) -> Iterator[Candidate]:
    """Yield another loss, another width of the last layer, its time axis, and the labels in another form."""
    call = data_call(fault)
    if call is None or not isinstance(call.func, ast.Attribute) or call.func.attr not in METHODS:
        return
    model = _last_layers(fault, call)
    target, output = shapes(fault, call, model)
    if output is None or output[-1] != 1:
        yield from _loss(fault, target, output)
    if model:
        yield from _range(fault, model)
        if target is not None:
            yield from _width(fault, model, target, output)
    yield from _time(fault, model, target, output)
    if target is not None and output is not None:
        yield from _label_axis(fault, call, target, output)


def shapes(fault: Fault, call: ast.Call, model: list[Application]) -> tuple[Shape | None, Shape | None]:
    """Return the shapes of the labels and of what the model returns, as far as they are known."""
    told = _TOLD.search(fault.message)
    node = argument(call, 1, "y")
    target = fault.shape(node) if node is not None else None
    made = [each.shape for each in fault.trace.tensors if each.step is not None and each.line < fault.stop.line]
    if told is not None:
        output = read_shape(told[2])
        if model and _is_one_wide(model[0].maker) and output[-1] != 1:
            output = (*output, 1)  # a loss takes away a last axis that is 1
        return target or read_shape(told[1]), output
    if target is not None and made:
        return target, made[-1]
    found = shapes_in(fault.message)
    if len(found) >= 2 and (
        "compile_loss" in fault.message or "input shapes" in fault.message or "logits" in fault.message
    ):
        return target or found[-2], found[-1] if target is None or found[-1][1:] != target[1:] else found[-2]
    return target, None


def _is_one_wide(maker: ast.Call) -> bool:
    units = argument(maker, 0, "units") if called(maker) == "Dense" else None
    return isinstance(units, ast.Constant) and units.value == 1


def _last_layers(fault: Fault, call: ast.Call) -> list[Application]:
    """Return the layers of the model that is trained, the last one first."""
    assert isinstance(call.func, ast.Attribute)
    origins = fault.flow.origins(call.func.value, fault.at(call))
    found = [each for origin in origins[:1] for each in (origin, *fault.flow.upstream(origin))]
    return found or [each for each in reversed(fault.flow.applications) if fault.at(each.node) < fault.start]


def _loss(fault: Fault, target: Shape | None, output: Shape | None) -> Iterator[Candidate]:
    """Yield the loss for whole numbers in the place of the one for one-hot labels, and the other way round."""
    for compiled in fault.source.calls():
        node = _loss_argument(compiled)
        if node is None or fault.at(compiled) >= fault.start:
            continue
        name = _loss_name(node)
        new = _other_loss(name, target, output)
        if new is not None:
            edit = _renamed(fault, node, new)
            kind = "whole numbers, one a row" if new == _SPARSE else "one-hot rows"
            yield Candidate(edits=(edit,), why=f"the labels are {kind}; {name} wants others", weight=-1)


def _loss_argument(call: ast.Call) -> ast.expr | None:
    return argument(call, 1, "loss") if called(call) == "compile" else None


def _loss_name(node: ast.expr) -> str:
    """Return the name of a loss that is given as a text, or as an object: `CategoricalCrossentropy`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return called(node) if isinstance(node, ast.Call) else ""


def _renamed(fault: Fault, node: ast.expr, loss: str) -> Edit:
    """Return the edit that gives another loss, in the form of the one that is given."""
    if isinstance(node, ast.Call):
        return rename_call(fault.source, node, "".join(part.capitalize() for part in loss.split("_")))
    quote = fault.code(node)[:1]
    return replace(fault.source, node, f"{quote}{loss}{quote}")


def _other_loss(name: str, target: Shape | None, output: Shape | None) -> str | None:
    kind = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    width = output[-1] if output else None
    if target is None:
        return None
    is_whole = output is not None and (
        len(target) == len(output) - 1 or (len(target) == len(output) and target[-1] == 1 and width != 1)
    )
    if kind in (_DENSE, "binary_crossentropy") and is_whole and width not in (1, None):
        return _SPARSE
    if kind == _SPARSE and output is not None and len(target) == len(output) and target[-1] == width:
        return _DENSE
    return None


def _range(fault: Fault, model: list[Application]) -> Iterator[Candidate]:
    """Yield as many classes as the labels have, where one of them is beyond the last one."""
    found = _RANGE.search(fault.message)
    if found is not None and int(found[1]) >= int(found[2]):
        yield from _resized(fault, model, int(found[1]) + 1, f"a label is {found[1]}, there are {found[2]} classes")


def _width(fault: Fault, model: list[Application], target: Shape, output: Shape | None) -> Iterator[Candidate]:
    """Yield the width of the labels as that of the last layer."""
    if target and target[-1] is not None and len(target) > 1 and (output is None or output[-1] != target[-1]):
        why = f"the labels are {target[-1]} wide, what the model returns is another width"
        yield from _resized(fault, model, target[-1], why)
    if output is not None and len(target) == 1 and output[-1] != 1 and "binary" in fault.source.text:
        yield from _resized(fault, model, 1, "one label a row, more numbers returned")


def _resized(fault: Fault, model: list[Application], width: int, why: str) -> Iterator[Candidate]:
    for application in model:
        maker = core(application.maker)
        if (
            called(application.maker) == "TimeDistributed"
            and application.maker.args
            and isinstance(application.maker.args[0], ast.Call)
        ):
            maker = application.maker.args[0]
        if called(maker) in WIDTH and called(maker) not in ("RepeatVector", "Embedding"):
            units = argument(maker, 0, WIDTH[called(maker)])
            halves = 2 if called(application.maker) == "Bidirectional" else 1
            if units is not None and width % halves == 0 and fault.code(units) != str(width // halves):
                yield Candidate(edits=(replace(fault.source, units, str(width // halves)),), why=why)
            return


def _time(fault: Fault, model: list[Application], target: Shape | None, output: Shape | None) -> Iterator[Candidate]:
    """Yield the time axis for what the model returns where the labels have one, and none where they have none."""
    recurrent = [each for each in model if is_recurrent(each.maker)]
    for application in recurrent[:1]:
        yield from _steps(fault, application, target, output)
    if model and target is not None and output is not None and len(output) > max(len(target), 2):
        yield from _flattened(fault, model)
    yield from _repeated(fault, model, target, output)
    if target is not None and output is not None and len(target) == len(output) > 3:
        yield from _padded(fault, model)


def _steps(fault: Fault, last: Application, target: Shape | None, output: Shape | None) -> Iterator[Candidate]:
    """Yield the last recurrent layer with return_sequences turned round, where the labels have that many axes."""
    if is_true(flag_of(last.maker)):
        is_worth_it = output is None or target is None or len(output) > len(target) - (target[-1] == 1)
    else:
        is_worth_it = target is not None and len(target) >= 2 and (output is None or len(output) <= len(target))
    if is_worth_it:
        yield turned(fault, last)


def _flattened(fault: Fault, model: list[Application]) -> Iterator[Candidate]:
    """Yield a `Flatten`, or an average over all places, in front of the last `Dense` layers."""
    dense = [each for each in model if called(each.maker) in ("Dense", "Dropout", "Activation", "BatchNormalization")]
    first = [
        each for at, each in enumerate(model) if model[: at + 1] == dense[: at + 1] and called(each.maker) == "Dense"
    ]
    for weight, application in enumerate(reversed(first)):
        spelling, imported = spell(fault.source, "Flatten", like=application.maker.func)
        edits = in_front(fault, application, f"{spelling}()")
        if edits:
            why = "the labels have one row each, the model returns more axes"
            yield Candidate(edits=(*edits, *imported), why=why, at=edits[0].start, weight=3 + weight)


def _repeated(
    fault: Fault, model: list[Application], target: Shape | None, output: Shape | None
) -> Iterator[Candidate]:
    """Yield as many repetitions as the labels have steps."""
    if target is None or output is None or len(target) != 3 or len(output) != 3 or target[1] in (None, output[1]):
        return
    why = f"the labels have {target[1]} steps, what the model returns has {output[1]}"
    repeats = [each.maker for each in model if called(each.maker) == "RepeatVector"]
    times = argument(repeats[0], 0, "n") if repeats else None
    if times is not None:
        edit = replace(fault.source, times, str(target[1]))
        yield Candidate(edits=(edit,), why=why, weight=1)
    elif not repeats:
        yield from _repeated_anew(fault, model, f"({target[1]})", why)


def _repeated_anew(fault: Fault, model: list[Application], times: str, why: str) -> Iterator[Candidate]:
    """Yield the last step of the last recurrent layer, repeated: an encoder in front of what comes behind it."""
    for behind, application in pairwise(model):
        flag = keyword(core(application.maker), "return_sequences")
        if is_recurrent(application.maker) and flag is not None:
            spelling, imported = spell(fault.source, "RepeatVector", like=application.maker.func)
            edits = in_front(fault, behind, spelling + times)
            gone = remove_arguments(fault.source, core(application.maker), flag)
            if edits:
                edits = (*gone, *edits, *imported)
                yield Candidate(edits=edits, why=why, at=gone[0].start, changes_meaning=True, weight=2)
            return


def _padded(fault: Fault, model: list[Application]) -> Iterator[Candidate]:
    """Yield `padding="same"` for the convolutions that leave less than they get."""
    convolutions = [each.maker for each in model if called(each.maker).startswith("Conv")]
    yield from padded(fault, [each for each in convolutions if keyword(each, "padding") is None])


def _label_axis(fault: Fault, call: ast.Call, target: Shape, output: Shape) -> Iterator[Candidate]:
    """Yield the labels with an axis more, or one less that is 1."""
    node = argument(call, 1, "y")
    if node is None or fault.code(node) in {each.name for each in fault.trace.assumed}:
        return
    code, at = fault.code(node), fault.at(node)
    if len(target) == len(output) - 1 and output[-1] == 1 and target[1:] == output[1:-1]:
        why = f"`{code}` has an axis less than what the model returns"
        yield Candidate(edits=indexed(fault, node, "[..., None]"), why=why, at=at, weight=1)
    for index in without_ones(target) if len(target) == len(output) + 1 else ():
        why = f"`{code}` has an axis more than what the model returns"
        yield Candidate(edits=indexed(fault, node, f"[{index}]"), why=why, at=at, weight=2)
