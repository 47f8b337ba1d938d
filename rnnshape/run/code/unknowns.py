"""Values that are not known: carried along, assumed where a size is needed, refused where they cannot be."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape import tree
from rnnshape.expression import Call
from rnnshape.program_report import Assumed
from rnnshape.query import DEFAULT_FEATURES
from rnnshape.run import engine
from rnnshape.run.code.halt import Unreadable
from rnnshape.run.code.values import Unknown
from rnnshape.run.layer.anatomy import layout_of
from rnnshape.run.tensors import shape_of, tensors_in

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_ASSUMED = (13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)
_SMALL = (3, 5)
"""What stands in for an unknown batch and time of data."""
FRACTION = 0.25
"""What is assumed of a rate."""


def combined(machine: Machine, function: Callable[[Any, Any], Any], left: Any, right: Any, code: str) -> Any:
    """Return an operation with an unknown value: unknown, too, and a number once it is needed as one."""
    parts = [part for part in (left, right) if isinstance(part, Unknown)]
    for part in parts:
        if part.tensor is not None:
            # It is a tensor by now: data that was assumed.
            return Unknown(code)
    known = all(
        isinstance(part, int | float) or part is None for part in (left, right) if not isinstance(part, Unknown)
    )
    if not known or not all(part.is_assumable or part.size for part in parts):
        return Unknown(code)

    def size() -> Any:
        values = [number(machine, part) if isinstance(part, Unknown) else part for part in (left, right)]
        return function(*values)

    return Unknown(code, size=size)


def computed(machine: Machine, parts: Any, node: ast.AST) -> Unknown:
    """Return what is computed of unknown values; where a tensor goes into it, that it is passed over is told."""
    code = machine.text(node)
    if any(True for _ in tensors_in(parts)):
        machine.world.skip(machine.at(node), code)
    return Unknown(code)


def number(machine: Machine, value: Unknown) -> Any:
    """Return the number that an unknown value is assumed to be.

    Raises:
        Unreadable: nothing can be assumed.

    """
    if value.size is not None:
        return value.size()
    if not value.is_assumable:
        raise Unreadable(f"{value.code} is not known, and a size depends on it.", value.hint("16"))
    size = next((size for size in _ASSUMED if size not in machine.sizes_taken), 101 + len(machine.sizes_taken))
    assume(machine, value, size, str(size))
    machine.sizes_taken.add(size)
    return size


def assume(machine: Machine, value: Unknown, assumed: Any, code: str) -> None:
    """Note what is assumed for a name, and give it that value from here on."""
    if value.size is None:
        value.size = lambda: assumed
        machine.world.assumed.append(Assumed(name=value.code, code=code))
    if value.code.isidentifier() and isinstance(machine.top.names.get(value.code), Unknown | type(None)):
        machine.top.names[value.code] = assumed


def sized(machine: Machine, value: Any, what: str) -> Any:
    """Return a nested value with a number for each unknown one."""
    return tree.mapped(lambda leaf: number(machine, leaf) if isinstance(leaf, Unknown) else leaf, value)


def item(machine: Machine, owner: Unknown, index: Any, code: str) -> Any:
    """Return an item of an unknown value: of data that may be assumed, a slice of it; else unknown, too."""
    if owner.tensor is not None:
        from rnnshape.run.code.operators import tensor_item

        return tensor_item(machine, owner.tensor, index, machine.code.tree)
    if owner.is_assumable and isinstance(index, tuple) and not any(isinstance(part, str) for part in index):
        from rnnshape.run.code.operators import tensor_item

        return tensor_item(machine, data(machine, owner), index, machine.code.tree)
    return owner.inside(code)


def length(machine: Machine, value: Unknown) -> int:
    """Return the assumed length of an unknown value."""
    if value.tensor is not None:
        return shape_of(value.tensor)[0] or 1
    if not value.is_assumable:
        return int(number(machine, value))
    known = machine.sizes_of.get(f"len({value.code})")
    if known is None:
        known = int(number(machine, Unknown(f"len({value.code})", is_assumable=True)))
        machine.sizes_of[f"len({value.code})"] = known
    return known


def data(machine: Machine, value: Unknown) -> Any:
    """Return the array that is assumed for an undefined name whose shape is asked for."""
    if value.tensor is None:
        if not value.is_assumable:
            message = f"{value.code} is not known, and its shape is needed."
            raise Unreadable(message, value.hint("np.zeros((32, 10, 8))"))
        sizes = machine.sizes
        shape = sizes.shape or (sizes.batch, sizes.time, sizes.features)
        small = (*_SMALL, *shape[2:])
        whole = tuple(size or small[at] or 1 for at, size in enumerate(shape))
        value.tensor = machine.random.standard_normal(whole).astype("float32")
        made = machine.world.add(value.tensor, 0, root="data", variable=value.code, assumed=True)
        made.feeds = True
        assume(machine, value, value.tensor, f"np.zeros({whole})")
    return value.tensor


def tensor_for(machine: Machine, value: Unknown, layer: Any, line: int) -> Any:
    """Return the input that is assumed for an undefined tensor: of the default sizes, as the layer takes it.

    Raises:
        Unreadable: the value is another library's.

    """
    if value.tensor is not None:
        return value.tensor
    if not value.is_assumable:
        message = f"{value.code} is not known, and a layer is called with it."
        raise Unreadable(message, value.hint("np.zeros((32, 10, 8))"))
    shape, dtype = default_input(machine, layer)
    keras = engine.load()
    name = value.code if value.code.isidentifier() else "inputs"
    value.tensor = keras.Input(batch_shape=shape, dtype=dtype, name=_unique(machine, name))
    machine.world.add(value.tensor, line, root="input", variable=value.code, assumed=True, label=name)
    assume(
        machine, value, value.tensor, f"Input(batch_shape={shape}{f', dtype={dtype!r}' if dtype != 'float32' else ''})"
    )
    return value.tensor


def _unique(machine: Machine, name: str) -> str:
    machine.assumed_inputs += 1
    return name if machine.assumed_inputs == 1 else f"{name}_{machine.assumed_inputs}"


def default_input(machine: Machine, layer: Any) -> tuple[tuple[int | None, ...], str]:
    """Return shape and dtype of the input of the default sizes that a layer takes."""
    sizes = machine.sizes
    shape = sizes.shape or (sizes.batch, sizes.time, sizes.features)
    dtype = "float32"
    if isinstance(layer, engine.load().layers.Layer):
        try:
            layout = layout_of(layer, sizes, call=Call(type(layer).__name__))
        except Exception:  # noqa: BLE001 - the shape is a guess; the layer itself says what it does not take
            return shape, dtype
        shape, dtype = layout.shape, layout.dtype
        rank = getattr(getattr(layer, "input_spec", None), "ndim", None)
        if rank is not None and rank > len(shape):
            shape = (*shape[:1], *(DEFAULT_FEATURES,) * (rank - 2), *shape[-1:])
    return shape, dtype


def is_data(value: Any) -> bool:
    """Tell whether an unknown value stands for data that was assumed."""
    return isinstance(value, Unknown) and isinstance(value.tensor, np.ndarray)
