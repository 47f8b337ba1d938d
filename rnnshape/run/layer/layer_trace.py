"""A run of a layer, written down as a trace: plain data, which knows no Keras any more."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Sequence
from typing import Any

import numpy as np

import rnnshape
from rnnshape import tree
from rnnshape.names import Kind, initial_states
from rnnshape.report import Input, Mask, Measured, Parameters, Reduced, States, Versions
from rnnshape.run import engine
from rnnshape.run.layer import masks
from rnnshape.run.layer.gates import explained
from rnnshape.run.layer.into import into
from rnnshape.run.layer.layer_run import LayerRun
from rnnshape.run.layer.refusal import refusal
from rnnshape.run.layer.states import accepted_states, starts_from
from rnnshape.run.layer.weights import parameters_of
from rnnshape.structure import Invocation, Nest, Role
from rnnshape.trace import LayerTrace, Trace

_PROBE = 2
"""The batch for which a layer is asked for its states where the real one may be too large, or unknown."""


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
