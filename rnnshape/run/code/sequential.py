"""Sequential models: built layer by layer, and the tensors inside them noted under the layers' names."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rnnshape.program_report import Assumed
from rnnshape.run import engine
from rnnshape.run.code import unknowns
from rnnshape.run.code.halt import Unreadable
from rnnshape.run.code.iteration import items_of
from rnnshape.run.code.values import Method, Scope, Unknown
from rnnshape.run.code.world import Called
from rnnshape.run.tensors import tensors_in
from rnnshape.trace import StepKind

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine


@dataclass(slots=True)
class Chain:
    """What is known of a Sequential's inside. `values` are the tensors from its input on, one (nested) per layer."""

    model: Any
    line: int
    values: list[Any] = field(default_factory=list)
    layers: list[Any] = field(default_factory=list)
    lines: dict[int, int] = field(default_factory=dict)
    """The line where each layer was added, by the layer's id."""


def construct(machine: Machine, cls: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Any:
    """Return `Sequential([…])`, its inside noted."""
    from rnnshape.run.code.construction import guarded

    given = args[0] if args else kwargs.get("layers")
    items = [] if given is None else items_of(machine, given)
    for item in items:
        if isinstance(item, Unknown):
            machine.check_defined(item)
            raise Unreadable(f"{item.code} is not known, and a model is made of it.", item.hint("LSTM(4)"))
    more = {name: value for name, value in kwargs.items() if name != "layers" and not isinstance(value, Unknown)}
    with guarded(machine):
        model = cls(items if given is not None else None, *args[1:], **more)
    chain = Chain(model, machine.at(node))
    machine.chains[id(model)] = chain
    end = getattr(node, "end_lineno", chain.line)
    for item in items:
        made = machine.lines.get(id(item), chain.line)
        chain.lines[id(item)] = made if chain.line <= made <= end else chain.line
    sync(machine, model)
    return model


def add(machine: Machine, model: Any, layer: Any, node: ast.AST, kwargs: dict[str, Any]) -> None:
    """Run `model.add(layer)`."""
    from rnnshape.run.code.construction import guarded

    if isinstance(layer, Unknown):
        machine.check_defined(layer)
        raise Unreadable(f"{layer.code} is not known, and it is added to a model.", layer.hint("LSTM(4)"))
    chain = machine.chains.setdefault(id(model), Chain(model, machine.at(node)))
    with guarded(machine):
        model.add(layer, **kwargs)
    chain.lines[id(layer)] = machine.at(node)
    sync(machine, model)


def before(machine: Machine, function: Any) -> list[tuple[str, Any]]:
    """Return what comes out of a model so far, under its layer's name, where `model.add` is called."""
    if not isinstance(function, Method) or function.name != "add":
        return []
    chain = machine.chains.get(id(function.owner))
    if chain is None or not chain.values:
        return []
    name = chain.layers[-1].name if chain.layers else "inputs"
    return [(name, tensor) for tensor in tensors_in(chain.values[-1])]


def pop(machine: Machine, model: Any) -> Any:
    """Run `model.pop()`."""
    found = model.pop()
    chain = machine.chains.get(id(model))
    if chain is not None:
        chain.layers, chain.values = chain.layers[:-1], chain.values[:-1]
    return found


def sync(machine: Machine, model: Any) -> None:
    """Note the tensors of the layers that were added, once the model is built."""
    chain = machine.chains.get(id(model))
    if chain is None or not machine.world.is_recording:
        return
    inputs = _inputs(model)
    if inputs is None:
        return
    if not chain.values:
        _start(machine, chain, inputs)
    _extend(machine, chain)


def _inputs(model: Any) -> Any:
    """Return the symbolic inputs of a model that is built; None of one that is not."""
    try:
        inputs = model.inputs
    except (AttributeError, ValueError):
        return None
    return inputs or None


def _start(machine: Machine, chain: Chain, inputs: Any, *, assumed: bool = False) -> None:
    from rnnshape.run.code.construction import label_of

    value = inputs[0] if len(inputs) == 1 else list(inputs)
    first = next((line for line in chain.lines.values()), chain.line)
    for tensor in tensors_in(value):
        if machine.world.made(tensor) is None:
            label = label_of(tensor) or "inputs"
            machine.world.add(tensor, first, root="input", label=label, assumed=assumed)
    chain.values.append(value)


def _extend(machine: Machine, chain: Chain) -> None:
    """Call the layers that are new on the tensors before them: symbolically, as Keras has done already."""
    from rnnshape.run.code.layers import note_call, note_masks

    for layer in chain.model.layers[len(chain.layers) :]:
        value = chain.values[-1]
        result = layer(value)
        line = chain.lines.get(id(layer), chain.line)
        code = machine.described.get(id(layer), type(layer).__name__)
        kind = StepKind.MODEL if isinstance(layer, engine.load().Model) else StepKind.LAYER
        call = Called(line, kind, code, layer.name, layer, (value,), {}, owner=layer)
        note_call(machine, call, layer)
        machine.world.record(call, result)
        note_masks(machine, call)
        chain.layers.append(layer)
        chain.values.append(result)


def known_tensor(machine: Machine, owner: Any, name: str, found: Any) -> Any:
    """Have a layer's `output` (or `input`) mean the tensor that is noted for it."""
    if name not in {"input", "output", "inputs", "outputs"}:
        return found
    for chain in machine.chains.values():
        values = _of_chain(chain, owner, is_input=name.startswith("in"))
        if values is None:
            continue
        for tensor, noted in zip(tensors_in(found), tensors_in(values), strict=False):
            made = machine.world.made(noted)
            if machine.world.made(tensor) is None and made is not None:
                machine.world.know(tensor, made)
    return found


def _of_chain(chain: Chain, owner: Any, *, is_input: bool) -> Any:
    if not chain.values:
        return None
    if owner is chain.model:
        return chain.values[0 if is_input else -1]
    for at, layer in enumerate(chain.layers):
        if layer is owner:
            return chain.values[at if is_input else at + 1]
    return None


def assume_inputs(machine: Machine) -> None:
    """Give each Sequential that has no input, to the end, one of the default sizes; where it takes none, leave it."""
    from rnnshape.run.code.construction import guarded

    for chain in list(machine.chains.values()):
        if chain.values or not chain.model.layers or _inputs(chain.model) is not None:
            continue
        if any(chain.model is layer for other in machine.chains.values() for layer in other.model.layers):
            continue
        layer = _entrance(chain.model)
        shape, dtype = unknowns.default_input(machine, layer)
        keras = engine.load()
        before = len(machine.world.tensors), len(machine.world.calls), len(machine.world.masks)
        try:
            with guarded(machine):
                tensor = keras.Input(batch_shape=shape, dtype=dtype)
                _start(machine, chain, [tensor], assumed=True)
                _extend(machine, chain)
        except Exception:  # noqa: BLE001 - nothing was asked of this model
            if not chain.layers:
                machine.world.tensors[before[0] :] = []
                continue
        kind = f", dtype={dtype!r}" if dtype != "float32" else ""
        machine.world.assumed.append(
            Assumed(
                name=f"the input of {name_of(machine, chain.model) or chain.model.name}",
                code=f"Input(batch_shape={shape}{kind})",
            )
        )


def name_of(machine: Machine, value: Any) -> str | None:
    """Return the name that the code has for an object, where it is still bound to it."""
    scope: Scope | None = machine.scope
    while scope is not None:
        for name, found in scope.names.items():
            if found is value:
                return name
        scope = scope.parent
    return None


def _entrance(model: Any) -> Any:
    keras = engine.load()
    layer = model
    while isinstance(layer, keras.Sequential) and layer.layers:
        layer = layer.layers[0]
    return layer
