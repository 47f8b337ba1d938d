"""The code that makes tensors that the layer does not return, as the report's were made.

Those on the way through a Sequential are returned by its first layer, by its first two, and so on; the states after
every timestep by the layer's own cell, step by step.
"""

from __future__ import annotations

from collections.abc import Sequence

from rnnshape.catalogue import BIDIRECTIONAL, MASKING, SEQUENTIAL
from rnnshape.expression import Call, stacked
from rnnshape.report import Report, Tensor
from rnnshape.structure import Direction

_HEAD = """\
def step_cell(layer, sequences, states):
    \"\"\"Return each state after every timestep, by stepping the layer's own cell.\"\"\"
    steps = []
    times = range(sequences.shape[1])
    for time in reversed(times) if layer.go_backwards else times:
        _, after = layer.cell(sequences[:, time], states)
        after = keras.tree.pack_sequence_as(states, keras.tree.flatten(after))"""
_MASKED = """\
        # A masked step leaves the states as they are.
        after = [
            keras.ops.where(mask[:, time{axes}], new, old)
            for new, old in zip(keras.tree.flatten(after), keras.tree.flatten(states))
        ]
        after = keras.tree.pack_sequence_as(states, after)"""
_TAIL = """\
        states = after
        steps.append(keras.tree.flatten(states))
    return [keras.ops.stack(each, axis=1) for each in zip(*steps)]"""


def inside_tensors(report: Report) -> list[Tensor]:
    """Return the tensors that layers of a Sequential return on the way."""
    return [tensor for tensor in report.tensors if tensor.layer is not None]


def cannot_show_inside(report: Report) -> str | None:
    """Return why no script can make these tensors as the report's were made; None where one can."""
    layer = report.layer
    if report.training:
        return "what is random in training is so in each call"
    if any(call.argument("stateful") for call in layer.calls()):
        return "a stateful layer goes on from where it was"
    if any(call.is_users for call in layer.calls()):
        return "what a layer of your own does may be something else in each call"
    if len(_in_turn(layer, "layer")) != len(inside_tensors(report)) + 1:
        return "a layer on the way returns several tensors"
    return None


def inside_code(report: Report) -> list[str]:
    """Return the assignment of each of these tensors; they use `layer`, `inputs` and what it is called with."""
    places = _in_turn(report.layer, "layer")
    is_flat = places == [f"layer.layers[{at}]" for at in range(len(places))]
    lines = [] if is_flat else [f"way = [{', '.join(places[:-1])}]"]
    way = "layer.layers" if is_flat else "way"
    arguments = ", ".join(("inputs", *report.unpack.call.arguments))
    return lines + [
        f"{tensor.name} = keras.Sequential({way}[:{at}])({arguments})"
        for at, tensor in enumerate(inside_tensors(report), 1)
    ]


def _in_turn(call: Call, place: str) -> list[str]:
    """Return the code for each layer that the inputs go through, in order."""
    if call.name != SEQUENTIAL:
        return [place]
    return [found for at, one in enumerate(stacked(call)) for found in _in_turn(one, f"{place}.layers[{at}]")]


def stepped_tensors(report: Report) -> list[Tensor]:
    """Return the tensors that neither the layer returns nor one inside it: the states after every timestep."""
    return [tensor for tensor in report.tensors if tensor.path is None and tensor.layer is None]


def cannot_step(report: Report) -> str | None:
    """Return why no script can make these states as the report's were made; None where one can."""
    call = report.layer
    if report.states is not None and report.states.starts_from == "random numbers":
        return "it starts from other random numbers in each call"
    if call.is_users:
        return "what a layer of your own hands on to its cell is known to itself alone"
    if report.training and (call.name == SEQUENTIAL or any(inner.is_users for inner in call.calls())):
        return "what is random in training is so in each call"
    if call.name != SEQUENTIAL:
        ranks = {len(tensor.shape) for tensor in stepped_tensors(report)}
        return "its states have other numbers of axes" if report.mask is not None and len(ranks) > 1 else None
    makes_masks = any(inner.name == MASKING or inner.argument("mask_zero") for inner in call.calls())
    if report.mask is not None or makes_masks:
        return "the mask is handed on inside the model"
    last = stacked(call)[-1:]
    is_apart = bool(last) and not last[0].is_users and last[0].name != SEQUENTIAL
    return None if is_apart else "it is inside another model"


def stepping_code(report: Report) -> list[str]:
    """Return the lines that assign each of these states; they use `layer`, `inputs` and what it is called with."""
    stepped = stepped_tensors(report)
    lines = _HEAD.splitlines()
    if report.mask is not None:
        axes = ", None" * (len(stepped[0].shape) - 2)
        lines += _MASKED.format(axes=axes).splitlines()
    lines += [*_TAIL.splitlines(), "", ""]
    call, layer, sequences = report.layer, "layer", "inputs"
    if call.name == SEQUENTIAL:
        layer, sequences = "recurrent", "sequences"
        call = (stacked(call) or [call])[-1]
        lines += [
            "*before, recurrent = layer.layers",
            "sequences = inputs",
            "for part in before:",
            "    sequences = part(sequences)",
        ]
    if call.name != BIDIRECTIONAL:
        return [*lines, *_assigned(stepped, layer, sequences, _start(report, layer, ""))]
    # Each direction has states of its own, forward's first.
    count = 0 if report.states is None else len(report.states.accepts) // 2
    for side, part in ((Direction.FORWARD, f"[:{count}]"), (Direction.BACKWARD, f"[{count}:]")):
        own = [tensor for tensor in stepped if tensor.role.direction is side]
        one = f"{layer}.{side.value}_layer"
        lines += _assigned(own, one, sequences, _start(report, one, part), flip=side is Direction.BACKWARD)
    return lines


def _start(report: Report, layer: str, part: str) -> str:
    if report.initial_state is not None:
        return f"initial_state{part}"
    return f"{layer}.get_initial_state(batch_size=inputs.shape[0])"


def _assigned(tensors: Sequence[Tensor], layer: str, sequences: str, start: str, *, flip: bool = False) -> list[str]:
    lines = [f"states = {start}", f"states = step_cell({layer}, {sequences}, states)"]
    if flip:
        # Bidirectional puts its backward output in the order of the input.
        lines.append("states = [keras.ops.flip(each, axis=1) for each in states]")
    return [*lines, *(f"{tensor.name} = states[{at}]" for at, tensor in enumerate(tensors))]
