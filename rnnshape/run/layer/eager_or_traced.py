"""How a built layer is called: eagerly, or traced once where the time axis is long.

An eager call costs by the timestep, a traced one costs once; the values are the same.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from rnnshape import tree
from rnnshape.catalogue import SPATIAL_AXES
from rnnshape.errors import InvalidQuery
from rnnshape.run import engine
from rnnshape.run.drawing.graphs import Traced
from rnnshape.run.layer.anatomy import Layout, is_cell, is_recurrent

EAGER_STEPS = 24
"""Up to here the eager calls of two draws are quicker than tracing one."""

_MOST_EAGER_STEPS = 5_000
"""A layer of a user's that cannot be traced runs at some milliseconds a timestep."""

Caller = Callable[[Any, Any, Any], Any]
"""Takes inputs, states and mask as nested NumPy arrays (None: none given), returns what the layer returns."""


def caller(
    layer: Any, layout: Layout, *, training: bool, eager: bool = False, target: Callable[..., Any] | None = None
) -> Caller:
    """Return the function that calls the layer on inputs of this layout in the way that answers sooner, or eagerly.

    `target` is called in the place of the layer, where it is given.
    """
    call = functools.partial(_call, layer, target or layer, training=training)

    def eagerly(inputs: Any, states: Any, mask: Any) -> Any:
        return call(*_tensors(inputs, states, mask))

    steps = _longest_loop(layer, layout.size("timesteps") or 1)
    is_short = steps <= EAGER_STEPS and not _compiles_each_call(layout)
    if eager or is_short or is_cell(layer) or _unrolls(layer):
        return eagerly
    return _traced(call, eagerly if steps <= _MOST_EAGER_STEPS else _too_long(steps))


def _longest_loop(layer: Any, steps: int) -> int:
    """Return the most timesteps that a recurrent layer goes through in a built layer that is called on `steps` of them.

    A layer inside has as many, unless one before it made them of another axis.
    """
    inside = {found for part in _parts(layer) for found in _steps_inside(part)}
    return max({steps, *inside - {_steps_when_built(layer)}}) if inside else steps


def _steps_inside(layer: Any) -> Iterator[int]:
    """Yield the timesteps for which the recurrent layers in a layer, itself among them, were built."""
    if is_recurrent(layer) and (steps := _steps_when_built(layer)) is not None:
        yield steps
    for part in _parts(layer):
        yield from _steps_inside(part)


def _parts(layer: Any) -> list[Any]:
    inside = [getattr(layer, name, None) for name in ("layer", "forward_layer")]
    return [part for part in (*inside, *(getattr(layer, "layers", None) or ())) if part is not None]


def _steps_when_built(layer: Any) -> int | None:
    shape: Any = (layer.get_build_config() or {}).get("input_shape") or ()
    return next((size for size in tuple(shape)[1:2] if isinstance(size, int)), None)


def _too_long(steps: int) -> Caller:
    def refuse(*_: Any) -> Any:
        message = f"This layer cannot be traced, and {steps} timesteps one by one would take minutes."
        raise InvalidQuery(message, hint="Give --time a smaller number, or none.")

    return refuse


def _call(layer: Any, target: Any, inputs: Any, states: Any, mask: Any, *, training: bool) -> Any:
    keywords: dict[str, Any] = {}
    if mask is not None:
        keywords["mask"] = mask
    if training:
        keywords["training"] = True
    if is_cell(layer):
        return target(inputs, states, **keywords)
    if states is not None:
        keywords["initial_state"] = states
    return target(inputs, **keywords)


def _traced(target: Callable[..., Any], eagerly: Caller) -> Caller:
    graph = Traced(target)

    def call(inputs: Any, states: Any, mask: Any) -> Any:
        try:
            return graph(*_tensors(inputs, states, mask))
        except Exception:  # noqa: BLE001 - whatever tracing cannot do, the eager call answers or refuses for itself
            return eagerly(inputs, states, mask)

    return call


def _tensors(inputs: Any, states: Any, mask: Any) -> tuple[Any, Any, Any]:
    import tensorflow as tf

    given = (None if value is None else tree.mapped(tf.convert_to_tensor, value) for value in (inputs, states, mask))
    return tuple(given)  # type: ignore[return-value]


def _compiles_each_call(layout: Layout) -> bool:
    """Tell whether Keras compiles the layer's convolutions anew for each eager call.

    It does where a CPU has no kernel of its own: three spatial axes behind the channels. That takes a second a step.
    """
    return layout.axes[-1] == SPATIAL_AXES[2] and "features" in layout.axes


def loops(layer: Any) -> bool:
    """Tell whether a layer, or one inside it, goes from timestep to timestep."""
    rnn = engine.load().layers.RNN
    flatten = getattr(layer, "_flatten_layers", None)
    return any(isinstance(part, rnn) for part in (flatten() if flatten is not None else [layer]))


def _unrolls(layer: Any) -> bool:
    """Tell whether the layer lays its steps out one by one, so that tracing costs as much as running."""
    return bool(getattr(layer, "unroll", False) or getattr(getattr(layer, "forward_layer", None), "unroll", False))
