"""Layers and models, called on tensors: by Keras itself, and noted."""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING, Any

from rnnshape import tree
from rnnshape.program_report import MaskAt
from rnnshape.run import engine
from rnnshape.run.code import sequential, unknowns
from rnnshape.run.code.budget import check_array
from rnnshape.run.code.closures import as_host
from rnnshape.run.code.construction import guarded, label_of
from rnnshape.run.code.halt import TooMuch, Unreadable
from rnnshape.run.code.keras_library import check_arguments
from rnnshape.run.code.recording import is_large, stand_in
from rnnshape.run.code.values import Function, Opaque, Unknown
from rnnshape.run.code.world import Called
from rnnshape.run.tensors import is_symbolic, is_tensor, shape_of, tensors_in
from rnnshape.trace import StepKind

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_MOST_EAGER_STEPS = 60
"""Timesteps up to which an array is really run through a layer while the code is read."""


def call_layer(machine: Machine, layer: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    """Return what a layer, a cell or a model returns for these arguments."""
    args = [tree.mapped(lambda leaf: known_input(machine, leaf, layer, node), value) for value in args]
    kwargs = {name: _known_keyword(machine, layer, name, value) for name, value in kwargs.items()}
    kwargs = {name: as_host(machine, value) for name, value in kwargs.items() if not isinstance(value, Unknown)}
    check_arguments(layer, tuple(args), kwargs)
    check_laid_out(layer, list(tensors_in(args)))
    with guarded(machine):
        result = _run(layer, args, kwargs)
    keras = engine.load()
    if isinstance(layer, keras.Sequential):
        sequential.sync(machine, layer)
    kind = StepKind.MODEL if isinstance(layer, keras.Model) else StepKind.LAYER
    return _record(machine, layer, kind, args, kwargs, result, node)


def _record(
    machine: Machine, layer: Any, kind: StepKind, args: list[Any], kwargs: dict[str, Any], result: Any, node: ast.AST
) -> Any:
    code = code_of(machine, layer)
    call = Called(machine.at(node), kind, code, layer.name, layer, tuple(args), kwargs, owner=layer)
    note_call(machine, call, layer)
    for value in tensors_in(args[:1]):
        machine.world.tensor(value, machine.at(node)).feeds = True
    found = machine.world.record(call, result)
    if machine.world.is_recording:
        note_masks(machine, call)
    return found


def code_of(machine: Machine, layer: Any) -> str:
    """Return a layer as code; a model by its name, since its code is all of the program."""
    described = machine.described.get(id(layer), type(layer).__name__)
    if isinstance(layer, engine.load().Model):
        return sequential.name_of(machine, layer) or described
    return described


def note_call(machine: Machine, call: Called, layer: Any) -> None:
    """Note whether the layer was called before."""
    if machine.world.is_recording:
        call.is_shared = id(layer) in machine.world.seen
        machine.world.seen.add(id(layer))


def note_masks(machine: Machine, call: Called) -> None:
    """Note a mask that the call made or lost; that a time axis is gone is no loss."""
    before = any(made.masked and len(made.shape) >= 2 for made in call.inputs[:1])
    after = any(made.masked for made in call.outputs)
    keeps_time = any(len(made.shape) >= 3 for made in call.outputs)
    if after and not before:
        machine.world.masks.append(MaskAt(line=call.line, layer=call.layer, made=True))
    elif before and not after and keeps_time:
        machine.world.masks.append(MaskAt(line=call.line, layer=call.layer, made=False))


def _run(layer: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Call the layer; on arrays that are large or long, symbolically, for the shapes alone."""
    tensors = list(tensors_in((args, kwargs)))
    if any(map(is_symbolic, tensors)) or not tensors:
        return layer(*args, **kwargs)
    if any(map(is_large, tensors)) or _is_long(tensors) or _grows(layer, tensors):
        args, kwargs = tree.mapped(lambda leaf: _symbolic(leaf) if is_tensor(leaf) else leaf, (args, kwargs))
    return layer(*args, **kwargs)


def _symbolic(value: Any) -> Any:
    dtype = str(getattr(value.dtype, "name", value.dtype))
    return engine.load().KerasTensor(shape_of(value), dtype="float32" if dtype == "float64" else dtype)


def _is_long(tensors: list[Any]) -> bool:
    shape = shape_of(tensors[0])
    return len(shape) >= 3 and (shape[1] or 0) > _MOST_EAGER_STEPS


def _grows(layer: Any, tensors: list[Any]) -> bool:
    """Tell whether the result would be too large to be made."""
    try:
        shape = layer.compute_output_shape(shape_of(tensors[0]))
    except Exception:  # noqa: BLE001 - layers that cannot say are called
        return False
    return _count(shape) > 50_000_000


def _count(shapes: Any) -> int:
    """Return how many numbers there are in tensors of these nested shapes."""
    if any(isinstance(size, list | tuple | dict) for size in shapes):
        inside = shapes.values() if isinstance(shapes, dict) else shapes
        return sum(_count(shape) for shape in inside if shape is not None)
    return math.prod(size for size in shapes if isinstance(size, int))


def known_input(machine: Machine, value: Any, layer: Any, node: ast.AST) -> Any:
    """Return an input as Keras takes it: an assumed tensor for a name that is not defined."""
    if isinstance(value, Unknown):
        return unknowns.tensor_for(machine, value, layer, machine.at(node))
    if isinstance(value, Opaque):
        raise Unreadable(f"{value.code} is not read, and a layer is called with it.")
    return as_host(machine, value)


def _known_keyword(machine: Machine, layer: Any, name: str, value: Any) -> Any:
    if name in {"training", "mask"} and isinstance(value, Unknown):
        return value
    return tree.mapped(lambda leaf: _known_state(machine, leaf, layer, name), value)


def _known_state(machine: Machine, value: Any, layer: Any, name: str) -> Any:
    """Return a state as Keras takes it: one that is not defined is of the layer's own size."""
    if not isinstance(value, Unknown) or value.tensor is not None:
        return value.tensor if isinstance(value, Unknown) else value
    units = getattr(layer, "units", None)
    if not value.is_assumable or name not in {"initial_state", "states"} or units is None:
        message = f"{value.code} is not known, and a layer is called with it."
        raise Unreadable(message, value.hint("np.zeros((32, 4))"))
    cls = engine.load().KerasTensor
    shape = (machine.sizes.batch, units)
    value.tensor = cls(shape)
    machine.world.add(value.tensor, machine.line, root="input", variable=value.code, assumed=True, label=value.code)
    unknowns.assume(machine, value, value.tensor, f"Input(batch_shape={shape})")
    return value.tensor


def call_layer_function(
    machine: Machine, function: Function, args: list[Any], kwargs: dict[str, Any], node: ast.AST
) -> Any:
    """Return what one of the functions returns that make a layer and call it: `concatenate`, `add`, `dot`."""
    from rnnshape.run.code.described import as_code

    result = function.call(*(tree.mapped(stand_in, value) for value in args), **kwargs)
    check_array(0)
    options = [f"{name}={as_code(machine, value)}" for name, value in kwargs.items() if name != "inputs"]
    code = f"{function.path}({', '.join(options)})"
    name = label_of(result) or function.path
    call = Called(machine.at(node), StepKind.LAYER, code, name, function.call, tuple(args), kwargs)
    for value in tensors_in((args, kwargs)):
        machine.world.tensor(value, machine.at(node)).feeds = True
    found = machine.world.record(call, result)
    if machine.world.is_recording:
        note_masks(machine, call)
    return found


def check_laid_out(layer: Any, tensors: list[Any]) -> None:
    """Refuse a layer that lays its timesteps out one by one, on so many that tracing them takes minutes.

    Raises:
        TooMuch: they are.

    """
    shape = shape_of(tensors[0]) if tensors else ()
    steps = shape[1] if len(shape) > 1 else None
    inner = getattr(layer, "forward_layer", layer)
    if steps is not None and steps > _MOST_LAID_OUT and getattr(inner, "unroll", False):
        message = f"unroll=True lays {steps:,} timesteps out one by one; at most {_MOST_LAID_OUT} are."
        raise TooMuch(message, "Leave out unroll=True: the shapes are the same.")


_MOST_LAID_OUT = 500
