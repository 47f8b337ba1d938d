"""What an expression says of its own input: `input_shape=`, `input_dim=`, an `Input` in a Sequential, and so on.

Keras itself passes most of it over when a layer is called alone; whoever wrote it meant it all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rnnshape.catalogue import BIDIRECTIONAL, EMBEDDING, INPUTS, RNN, SEQUENTIAL, SPATIAL_AXES, TIME_DISTRIBUTED
from rnnshape.errors import InvalidQuery
from rnnshape.expression import Call, Items
from rnnshape.query import Sizes as Asked

Sizes = tuple[int | None, ...]
_AXES = {"batch": "batch", "time": "timesteps", "features": "features"}
"""The axis of each size option."""
_WHOLE = ("batch_shape", "batch_input_shape")


@dataclass(frozen=True, slots=True)
class Said:
    """The shape of an input, the batch in front (None: a size that was left open), and its dtype if it was given.

    `last_only` is there where nothing but the last axis was told (`input_dim`). `by_model` tells that a model has
    this input, which Keras checks; it may add an axis of one.
    """

    shape: Sizes
    dtype: str | None = None
    last_only: bool = False
    by_model: bool = False

    def of_rank(self, rank: int) -> Sizes:
        """Return the shape, for a layer that takes so many axes."""
        return (None,) * (rank - 1) + self.shape[-1:] if self.last_only else self.shape


def said_of(call: Call) -> Said | None:
    """Return what an expression of Keras's classes says of its input; None where it says nothing.

    Raises:
        InvalidQuery: what it says is not a shape.

    """
    inner = _first(call)
    if call.name in INPUTS:
        found = _of_input(call)
        return None if found is None else replace(found, by_model=True)
    if call.is_users:
        return None
    found = _of_arguments(call)
    if found is None and inner is not None:
        found = said_of(inner)
        if found is not None and call.name in (TIME_DISTRIBUTED, RNN):
            # What is inside sees one timestep.
            found = replace(found, shape=(found.shape[0], None, *found.shape[1:]))
    return found if found is None or call.name != SEQUENTIAL else replace(found, by_model=True)


def agreed(shape: Sizes, axes: tuple[str, ...], asked: dict[str, int | None], sizes: Asked, call: Call) -> Sizes:
    """Return the sizes that were said, and in the place of those that were left open the asked ones, by axis.

    Raises:
        InvalidQuery: a size was asked for that contradicts what was said.

    """
    options = {_AXES[name]: name for name in sizes.given}
    if sizes.space is not None:
        options |= dict.fromkeys(SPATIAL_AXES, "space")
    if sizes.shape is not None:
        asked, options = dict(zip(axes, sizes.shape, strict=True)), dict.fromkeys(axes, "input")
    wrong = {name for axis, name in options.items() if axis not in axes and axis not in SPATIAL_AXES}
    wrong |= {
        options[axis]
        for axis, size in zip(axes, shape, strict=True)
        if size is not None and axis in options and asked.get(axis) != size
    }
    if wrong:
        received = " ".join(f"--{name} {_typed(sizes, name)}" for name in (*_AXES, "space", "input") if name in wrong)
        message = f"{call} says that its input is of shape {shape}. Received: {received}"
        hint = "Leave the size out, or change it in the expression."
        raise InvalidQuery(message, hint=hint, layer=str(call))
    return tuple(asked.get(axis) if size is None else size for axis, size in zip(axes, shape, strict=True))


def _typed(sizes: Asked, name: str) -> str:
    value = sizes.shape if name == "input" else getattr(sizes, name)
    listed = value if isinstance(value, tuple) else (value,)
    return ",".join("none" if size is None else str(size) for size in listed)


def resized(call: Call, shape: Sizes) -> Call:
    """Return the expression with other sizes in the places of those that it gives for its input."""
    if call.name in INPUTS:
        return _changed_input(call, shape)
    if call.is_users:
        return call
    if _of_arguments(call) is not None:
        return replace(call, kwargs=tuple((name, _resized(name, value, shape)) for name, value in call.kwargs))
    inner = _first(call)
    if inner is None:
        return call
    within = (shape[0], *shape[2:]) if call.name in (TIME_DISTRIBUTED, RNN) else shape
    return _with_first(call, resized(inner, within))


def _first(call: Call) -> Call | None:
    """Return the call, among the arguments, that the inputs meet first."""
    name = {SEQUENTIAL: "layers", BIDIRECTIONAL: "layer", TIME_DISTRIBUTED: "layer", RNN: "cell"}.get(call.name)
    if name is None:
        return None
    value = call.args[0] if call.args else call.argument(name)
    value = value.values[0] if isinstance(value, Items) and value.values else value
    return value if isinstance(value, Call) else None


def _with_first(call: Call, inner: Call) -> Call:
    def put(value: object) -> object:
        return replace(value, values=(inner, *value.values[1:])) if isinstance(value, Items) else inner

    if call.args:
        return replace(call, args=(put(call.args[0]), *call.args[1:]))
    names = ("layers", "layer", "cell")
    return replace(call, kwargs=tuple((name, put(value) if name in names else value) for name, value in call.kwargs))


def _of_arguments(call: Call) -> Said | None:
    """Return what a layer's own keyword arguments say."""
    given = dict(call.kwargs)
    is_embedding = call.name == EMBEDDING
    if given.get("batch_input_shape") is not None:
        return Said(_shape(call, "batch_input_shape"))
    if given.get("input_dim") is not None and not is_embedding:
        return Said((None, _size(call, "input_dim")), last_only=True)
    if given.get("input_shape") is not None:
        return Said((None, *_shape(call, "input_shape")))
    if given.get("input_length") is not None and is_embedding:
        length = given["input_length"]
        return Said((None, *(_shape(call, "input_length") if isinstance(length, Items) else (_size_of(call, length),))))
    return None


def _of_input(call: Call) -> Said | None:
    given = {**dict(zip(("shape", "batch_size", "dtype"), call.args, strict=False)), **dict(call.kwargs)}
    dtype = given.get("dtype")
    named = dtype if isinstance(dtype, str) else None
    plain = Call(call.name, kwargs=tuple(given.items()))
    for name in _WHOLE:
        if given.get(name) is not None:
            return Said(_shape(plain, name), named)
    if given.get("shape") is None:
        return None
    batch = None if given.get("batch_size") is None else _size(plain, "batch_size")
    return Said((batch, *_shape(plain, "shape")), named)


def _shape(call: Call, name: str) -> Sizes:
    value = call.argument(name)
    if not isinstance(value, Items):
        message = f"{name} must be a tuple of sizes, such as (7, 3). Received: {name}={value}"
        raise InvalidQuery(message, layer=str(call))
    return tuple(_size_of(call, size) for size in value.values)


def _size(call: Call, name: str) -> int | None:
    return _size_of(call, call.argument(name))


def _size_of(call: Call, size: object) -> int | None:
    if size is None or (isinstance(size, int) and not isinstance(size, bool) and size > 0):
        return size
    message = f"A size of an input must be a whole number from 1, or None. Received: {size} in {call}"
    raise InvalidQuery(message, layer=str(call))


def _resized(name: str, value: Any, shape: Sizes) -> object:
    if name in _WHOLE and isinstance(value, Items):
        return _filled(value, shape)
    if name in ("input_shape", "shape") and isinstance(value, Items):
        return _filled(value, shape[1:])
    if name == "input_length":
        return _filled(value, shape[1:]) if isinstance(value, Items) else shape[1]
    return {"input_dim": shape[-1], "batch_size": shape[0]}.get(name, value) if value is not None else value


def _filled(value: Items, shape: Sizes) -> Items:
    """Return the sizes with others in their places; one that was left open stays so."""
    if len(value.values) != len(shape):
        return value
    return replace(
        value, values=tuple(None if old is None else new for old, new in zip(value.values, shape, strict=True))
    )


def _changed_input(call: Call, shape: Sizes) -> Call:
    args = tuple(_resized(name, value, shape) for name, value in zip(("shape", "batch_size"), call.args, strict=False))
    kwargs = tuple((name, _resized(name, value, shape)) for name, value in call.kwargs)
    return replace(call, args=(*args, *call.args[len(args) :]), kwargs=kwargs)
