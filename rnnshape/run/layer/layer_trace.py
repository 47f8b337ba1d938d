"""A run of a layer, written down as a trace: plain data, which knows no Keras any more."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import rnnshape
from rnnshape import tree
from rnnshape.names import Kind, Named, initial_states, name_steps
from rnnshape.report import Input, Mask, Measured, Parameters, Reduced, States, Versions
from rnnshape.run import engine
from rnnshape.run.layer import half_width, masks
from rnnshape.run.layer.gates import explained
from rnnshape.run.layer.into import into
from rnnshape.run.layer.layer_run import LayerRun
from rnnshape.run.layer.on_the_way import Inside
from rnnshape.run.layer.refusal import refusal
from rnnshape.run.layer.states import accepted_states, starts_from
from rnnshape.run.layer.weights import parameters_of
from rnnshape.structure import Invocation, Nest, Role
from rnnshape.trace import LayerTrace, StepKind, Trace, TracedMask, TracedStep, TracedTensor

_PROBE = 2
"""The batch for which a layer is asked for its states where the real one may be too large, or unknown."""

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


def layer_trace(ran: LayerRun, values: Trace, *, measured: Measured | None = None) -> LayerTrace:
    """Return the trace of a run, once there are enough draws; whatever else has to be run is run here.

    Args:
        ran: the run.
        values: its `traced`.
        measured: the time of a call, where it was measured.

    Raises:
        InvalidQuery: the layer that the states are to go into takes none.
        KerasRefused: Keras refuses to build that layer.

    """
    query, asked = ran.query, ran.asked
    handed = into(ran)
    return LayerTrace(
        steps=values.steps if handed is None or handed.step is None else (*values.steps, handed.step),
        tensors=values.tensors,
        draws=values.draws,
        seed=values.seed,
        device=values.device,
        mask=values.mask,
        layer=ran.asked_layer,
        call=_invocation(ran),
        input=Input(shape=ran.asked_layout.shape, axes=ran.asked_layout.axes, dtype=ran.asked_layout.dtype),
        returned=tree.shapes(ran.run.value),
        container="tensor" if ran.run.paths == ((),) else type(ran.run.value).__name__,
        declared=ran.declaration.shapes,
        declared_as_asked=(ran.declaration if asked is None else asked.declaration).shapes,
        refused=_refused(ran),
        parameters=_parameters(ran),
        states=_states(ran),
        reduced_to=_reduced(ran),
        versions=_versions(),
        mask_found=_mask(ran),
        masks_made=_written(ran, masks.made_in([one.trial for one in ran.run.draws])),
        masks_lost=_written(ran, masks.made_and_lost(ran.layer, ran.run.draws[0].trial)),
        initial_state=query.initial_state.value if query.initial_state else None,
        training=query.training,
        dtype_policy=query.policy,
        into=None if handed is None else handed.found,
        measured=measured,
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


def _invocation(ran: LayerRun) -> Invocation:
    if ran.anatomy.kind is Kind.CELL:
        return Invocation(("states",), is_cell=True)
    arguments = []
    if ran.query.mask is not None:
        arguments.append("mask=mask")
    if ran.query.initial_state is not None:
        arguments.append("initial_state=initial_state")
    if ran.query.training:
        arguments.append("training=True")
    return Invocation(tuple(arguments), is_dict=isinstance(ran.run.value, dict))


def _refused(ran: LayerRun) -> str | None:
    """Return why the symbolic call failed, where it did."""
    failure = ran.declaration.failure
    if failure is None:
        return None
    return refusal(failure, layer=str(ran.query.layer), doing="the symbolic call").message


def _states(ran: LayerRun) -> States | None:
    shapes = _states_shapes(ran)
    if shapes is None:
        return None
    roles = tree.refilled(shapes, initial_states(ran.anatomy, len(tree.sizes(shapes))))
    return States(accepts=tree.mapped(list, shapes), structure=_as_nest(roles), starts_from=starts_from(ran.layer))


def _as_nest(roles: list[Any]) -> Nest:
    return Nest(tuple(item if isinstance(item, Role) else _as_nest(item) for item in roles))


def _states_shapes(ran: LayerRun) -> Any:
    """Return the nested shapes of the states that the layer accepts; None where it has none, or does not tell."""
    batch = ran.asked_layout.shape[0]
    with contextlib.suppress(Exception):
        if ran.asked is None:
            accepted = accepted_states(ran.layer, batch or 1)
            return None if accepted is None else tree.shapes(accepted)
        with ran.asked.graph.as_default():
            accepted = accepted_states(ran.asked.layer, _PROBE)
        return None if accepted is None else _with_batch(tree.shapes(accepted), batch)
    return None


def _with_batch(shapes: Any, batch: int | None) -> Any:
    """Return shapes that were found with a batch of `_PROBE` as they are with this batch."""
    return tree.mapped(lambda shape: tree.Size((batch, *shape[1:])) if shape[0] in (None, _PROBE) else shape, shapes)


def _parameters(ran: LayerRun) -> Parameters:
    layer = ran.layer if ran.asked is None else ran.asked.layer
    parameters = parameters_of(layer)
    return explained(layer, parameters) if ran.query.weights else parameters


def _reduced(ran: LayerRun) -> Reduced | None:
    if ran.asked is None:
        return None
    return Reduced(layer=ran.query.layer, input=tuple(size or 1 for size in ran.layout.shape))


def _mask(ran: LayerRun) -> Mask | None:
    trial = ran.run.draws[0].trial
    if trial.given is None:
        return None
    applied = masks.is_applied([(one.returned, one.trial) for one in ran.run.draws])
    lost = None if trial.given.rows.all() else masks.lost_at(ran.layer, trial, applied=applied)
    return Mask(
        given=str(ran.query.mask),
        first_step=_steps(trial.given.first),
        last_step=_steps(trial.given.last),
        applied=applied,
        lost_at=None if lost is None else _written(ran, [lost])[0],
        padding=trial.given.padding,
    )


def _steps(steps: np.ndarray[Any, Any]) -> tuple[int | None, ...]:
    return tuple(None if step == masks.NO_STEP else step for step in steps.tolist())


def _written(ran: LayerRun, layers: Sequence[Any]) -> tuple[str, ...]:
    """Return layers inside the one that was asked for as they were written."""
    return tuple(masks.as_written(layer, ran.layer, ran.asked_layer) for layer in layers)


def _versions() -> Versions:
    import tensorflow as tf

    chosen = engine.passed_over()
    return Versions(
        rnnshape=rnnshape.__version__,
        keras=engine.load().__version__,
        tensorflow=tf.__version__,
        python=platform.python_version(),
        backend=engine.BACKEND,
        passed_over=chosen.backend if chosen else None,
    )
