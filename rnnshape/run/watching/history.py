"""What a symbolic tensor was made by: Keras keeps the calls, so that they can be noted after the event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnnshape.run import engine
from rnnshape.run.code.layers import note_call, note_masks
from rnnshape.run.code.world import Called, Made
from rnnshape.run.tensors import is_symbolic
from rnnshape.run.watching.code_of import code_of
from rnnshape.trace import StepKind

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine


def note_symbolic(machine: Machine, tensor: Any, line: int) -> Made:
    """Return what is known of a symbolic tensor; the calls that it comes from are noted first, the oldest first."""
    waiting = [tensor]
    while waiting:
        last = waiting[-1]
        if machine.world.made(last) is not None:
            waiting.pop()
            continue
        node = _node_of(last)
        before = [] if node is None else [one for one in node.arguments.keras_tensors if _is_new(machine, one)]
        before = [one for one in before if not _is_mask(node, one)]
        if before:
            waiting += before
            continue
        waiting.pop()
        _note(machine, last, node, line)
    made = machine.world.made(tensor)
    assert made is not None
    return made


def _is_new(machine: Machine, tensor: Any) -> bool:
    return machine.world.made(tensor) is None


def _is_mask(node: Any, tensor: Any) -> bool:
    """Tell whether a call took a tensor only as the mask that another of its tensors carries."""
    carried = [getattr(one, "_keras_mask", None) for one in node.arguments.keras_tensors]
    if any(mask is tensor for mask in carried):
        return True
    # In a model that was saved, the mask was computed anew, by the same operation.
    is_passed = any("mask" in key and value is tensor for key, value in node.arguments.kwargs.items())
    return is_passed and _operation(tensor) in map(_operation, filter(None.__ne__, carried))


def _operation(tensor: Any) -> type:
    return type(getattr(getattr(tensor, "_keras_history", None), "operation", None))


def _node_of(tensor: Any) -> Any:
    """Return the call that made a tensor; None of an input."""
    history = getattr(tensor, "_keras_history", None)
    if history is None or history.operation is None:
        return None
    if isinstance(history.operation, engine.load().layers.InputLayer):
        return None
    return history.operation._inbound_nodes[history.node_index]  # noqa: SLF001 - Keras has no public name for it


def _note(machine: Machine, tensor: Any, node: Any, line: int) -> None:
    world = machine.world
    if node is None:
        history = getattr(tensor, "_keras_history", None)
        operation = getattr(history, "operation", None)
        world.add(tensor, line, root="input", label=str(getattr(operation, "name", "")))
        return
    keras = engine.load()
    owner = node.operation
    is_layer = isinstance(owner, keras.layers.Layer)
    kind = StepKind.MODEL if isinstance(owner, keras.Model) else StepKind.LAYER if is_layer else StepKind.FUNCTION
    arguments = node.arguments
    kwargs = {key: value for key, value in arguments.kwargs.items() if not _is_implied(node, key, value)}
    call = Called(
        line,
        kind,
        code_of(owner) if is_layer else type(owner).__name__,
        owner.name,
        owner,
        tuple(arguments.args),
        kwargs,
        owner=owner if is_layer else None,
    )
    world.kept.append(owner)
    note_call(machine, call, owner)
    for value in arguments.keras_tensors[:1]:
        if (made := world.made(value)) is not None and is_layer:
            made.feeds = True
    outputs = node.outputs
    world.record(call, outputs[0] if len(outputs) == 1 else tuple(outputs))
    if is_layer:
        note_masks(machine, call)


def _is_implied(node: Any, key: str, value: Any) -> bool:
    """Tell whether Keras itself has passed an argument: a mask that an input carries, or nothing."""
    return value is None or ("mask" in key and (not is_symbolic(value) or _is_mask(node, value)))
