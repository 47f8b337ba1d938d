"""The calls of a run of a layer, and the tensors that they returned, as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rnnshape.names import Named, name_steps
from rnnshape.run.layer import half_width, masks
from rnnshape.run.layer.layer_run import LayerRun
from rnnshape.run.layer.on_the_way import Inside
from rnnshape.trace import StepKind, Trace, TracedMask, TracedStep, TracedTensor

_TOKENS_OF_ONE_INPUT = 2
"""The largest vocabulary of which a single token is drawn."""


def traced(ran: LayerRun) -> Trace:
    """Return the calls, and the values of all tensors so far."""
    steps, calls = zip(*_calls(ran), strict=True)
    masked = ran.run.steps
    return Trace(
        steps=steps,
        tensors=tuple(replace(one, step=at) for at, tensors in enumerate(calls) for one in tensors),
        draws=len(ran.run.draws),
        seed=ran.query.seed,
        device=ran.run.device,
        mask=None if masked is None else TracedMask(given=str(ran.query.mask), first=masked.first, last=masked.last),
    )


def _calls(ran: LayerRun) -> Iterator[tuple[TracedStep, tuple[TracedTensor, ...]]]:
    """Yield each call, and the tensors that it returned: that of the layer, and those around it."""
    draws = ran.run.draws
    yield TracedStep(kind=StepKind.LAYER), _returned(ran, [one.returned for one in draws])
    for at, one in enumerate(ran.inside):
        made_by = masks.as_call(one.layer, ran.layer, ran.asked_layer)
        yield TracedStep(kind=StepKind.INSIDE, made_by=made_by), _on_the_way(ran, at, one)
    if ran.query.every_state:
        yield TracedStep(kind=StepKind.CELL), _stepped(ran)
    unmasked = [one.trial.bare for one in draws if one.trial.bare is not None]
    if len(unmasked) == len(draws):
        yield TracedStep(kind=StepKind.UNMASKED), _returned(ran, unmasked)


def _returned(ran: LayerRun, draws: Sequence[Sequence[np.ndarray[Any, Any]]]) -> tuple[TracedTensor, ...]:
    """Return the tensors of a return value that has these values in each draw."""
    dtypes = [str(array.dtype) for array in ran.run.draws[0].returned]
    half, shown = half_width.halves(ran.layer, ran.anatomy, ran.asked)
    return tuple(
        TracedTensor(
            name=named.name,
            path=path,
            shape=shape,
            axes=named.axes,
            dtype=dtype,
            meaning=named.meaning,
            role=named.role,
            has_time=_tells_steps(ran, named, [leaves[at] for leaves in draws]),
            is_reversed=ran.anatomy.go_backwards,
            half=None if at else half,
            half_shown=None if at else shown,
            draws=tuple(leaves[at] for leaves in draws),
        )
        for at, (named, path, shape, dtype) in enumerate(zip(ran.named, ran.run.paths, ran.shapes, dtypes, strict=True))
    )


def _on_the_way(ran: LayerRun, place: int, inside: Inside) -> tuple[TracedTensor, ...]:
    """Return the tensors of a layer on the way through a Sequential."""
    draws = [one.inside[place] for one in ran.run.draws]
    arrays = draws[0]
    asked = None if ran.asked is None else inside.shapes[0][-1]
    half, shown = half_width.halves_inside(
        inside.layer, inside.anatomy, arrays[0].shape[-1], asked, is_as_asked=ran.asked is None
    )
    return tuple(
        TracedTensor(
            name=name,
            path=None,
            shape=shape,
            axes=named.axes,
            dtype=str(array.dtype),
            meaning=named.meaning,
            role=named.role,
            masked=ran.run.way.is_masked[place],
            has_time=_tells_steps(ran, named, [leaves[at] for leaves in draws]),
            is_reversed=inside.anatomy.go_backwards,
            half=None if at else half,
            half_shown=None if at else shown,
            draws=tuple(leaves[at] for leaves in draws),
        )
        for at, (name, named, shape, array) in enumerate(
            zip(inside.names, inside.named, inside.shapes, arrays, strict=True)
        )
    )


def _tells_steps(ran: LayerRun, named: Named, draws: Sequence[np.ndarray[Any, Any]]) -> bool:
    """Tell whether the steps of a tensor are worth comparing: there are some, and not one input for all of them.

    Of a vocabulary of two tokens, one of which is padding, every step is given the other one.
    """
    if "timesteps" not in named.axes:
        return False
    is_one_token = 0 < ran.layout.largest <= _TOKENS_OF_ONE_INPUT
    return not (is_one_token and all((array == array[:, :1]).all() for array in draws))


def _stepped(ran: LayerRun) -> tuple[TracedTensor, ...]:
    """Return the states after every timestep."""
    arrays = ran.run.draws[0].stepped
    return tuple(
        TracedTensor(
            name=named.name,
            path=None,
            shape=_stepped_shape(ran, array.shape),
            axes=named.axes,
            dtype=str(array.dtype),
            meaning=named.meaning,
            role=named.role,
            has_time=True,
            is_reversed=ran.anatomy.go_backwards,
            draws=tuple(one.stepped[at] for one in ran.run.draws),
        )
        for at, (named, array) in enumerate(zip(_named_steps(ran, arrays), arrays, strict=True))
    )


def _named_steps(ran: LayerRun, arrays: Sequence[np.ndarray[Any, Any]]) -> tuple[Named, ...]:
    return name_steps(ran.anatomy, [array.ndim for array in arrays])


def _stepped_shape(ran: LayerRun, shape: tuple[int, ...]) -> tuple[int | None, ...]:
    """Return the shape at the asked sizes; what a smaller run does not tell is unknown."""
    if ran.asked is None:
        return shape
    asked = ran.asked_layout
    rest = shape[2:] if ran.query.layer == ran.asked_layer else (None,) * len(shape[2:])
    time = asked.size("timesteps") if shape[1] == ran.layout.size("timesteps") else None
    return (asked.shape[0], time, *rest)
