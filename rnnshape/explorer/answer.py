"""What was found -> the report: comparing, and putting each finding in its place."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import rnnshape
from rnnshape.equality import Findings, Subject, compare, holds
from rnnshape.explorer import engine, halves, masks, nest
from rnnshape.explorer.draws import FIRST_DRAWS
from rnnshape.explorer.finding import Found, with_more_draws
from rnnshape.explorer.gates import explained
from rnnshape.explorer.into import into
from rnnshape.explorer.refusal import refusal
from rnnshape.explorer.run import Run
from rnnshape.explorer.states import accepted_states, starts_from
from rnnshape.explorer.weights import parameters_of
from rnnshape.names import Kind, Named, initial_states, name_steps
from rnnshape.report import (
    Declared,
    Input,
    Mask,
    Parameters,
    Ran,
    Reduced,
    Report,
    Returned,
    Statement,
    States,
    Tensor,
    Versions,
)
from rnnshape.structure import Invocation, Nest, Unpack

_ROUNDS_IF_CONSTANT, _MOST_ROUNDS = 1, 5
"""How often two more draws are made at most: where something is constant, which may be so by accident, and where the
draws do not tell."""
_PROBE = 2
"""The batch for which a layer is asked for its states where the real one may be too large, or unknown."""


def report_of(found: Found) -> Report:
    """Return the report of what was found."""
    query = found.query
    found, findings = decided(found)
    first = found.run
    return Report(
        layer=found.asked_layer,
        input=Input(shape=found.asked_layout.shape, axes=found.asked_layout.axes, dtype=found.asked_layout.dtype),
        unpack=Unpack(tuple(named.name for named in found.named), first.paths, _invocation(found)),
        tensors=_tensors(found),
        equal=findings.equal,
        same_shape_different_values=findings.same_shape_different_values,
        states=_states(found),
        declared=_declared(found),
        returned=Returned(
            structure=nest.structure(nest.refilled(nest.shapes(first.value), map(nest.Leaf, found.shapes))),
            container="tensor" if first.paths == ((),) else type(first.value).__name__,
        ),
        parameters=_parameters(found),
        ran=Ran(
            seed=query.seed,
            draws=len(found.run.draws),
            device=first.device,
            reduced_to=_reduced(found),
        ),
        versions=_versions(),
        close=findings.close or None,
        constant=findings.constant or None,
        undecided=findings.undecided or None,
        mask=_mask(found),
        masks_made=_written(found, masks.made_in(found.run.trials)) or None,
        masks_lost=_written(found, masks.made_and_lost(found.layer, found.run.trials[0])) or None,
        broken=_broken(found),
        initial_state=query.initial_state.value if query.initial_state else None,
        training=query.training or None,
        into=into(found),
    )


def decided(found: Found) -> tuple[Found, Findings]:
    """Return the findings, after more draws where the first ones do not tell.

    A ReLU may well give zeros alone in one draw and something else in the next.
    """
    findings = _compare(found)
    while needs_more_draws(found, findings):
        found = with_more_draws(found)
        findings = _compare(found)
    return found, findings


def needs_more_draws(found: Found, findings: Findings) -> bool:
    """Tell whether two more draws are to be made before this is said of what was found."""
    rounds = _ROUNDS_IF_CONSTANT if findings.is_partly_constant else 0
    rounds = _MOST_ROUNDS if findings.is_unsure else rounds
    return len(found.run.draws) < FIRST_DRAWS + 2 * rounds


def _compare(found: Found) -> Findings:
    returned = [subject(found, at, named) for at, named in enumerate(found.named)]
    stepped = [
        Subject(
            name=named.name,
            draws=tuple(arrays[at] for arrays in found.run.stepped),
            has_time=True,
            is_reversed=found.anatomy.go_backwards,
        )
        for at, named in enumerate(_stepped(found))
    ]
    return compare_found([*returned, *stepped], found.run)


def compare_found(subjects: Sequence[Subject], run: Run) -> Findings:
    """Compare the tensors of this run, with the first and last unmasked steps where there is a mask."""
    return compare(subjects, run.steps)


def subject(found: Found, at: int, named: Named) -> Subject:
    """Return the tensor at this place of the return value as something to compare."""
    draws = tuple(leaves[at] for leaves in found.run.draws)
    half = shown = None
    if found.anatomy.kind is Kind.BIDIRECTIONAL and found.anatomy.merge_mode == "concat" and at == 0:
        shown = half = halves.width_in_run(found.layer)
        if found.asked is not None:
            shown = halves.width_as_asked(found.asked)
            half = half if shown else None
    return Subject(
        name=named.name,
        draws=draws,
        # One step in every draw: first step is last step, which is no finding.
        has_time="timesteps" in named.axes and any(draw.shape[1] > 1 for draw in draws),
        half=half,
        half_shown=shown,
        is_reversed=found.anatomy.go_backwards,
    )


def _broken(found: Found) -> tuple[Statement, ...] | None:
    """Return the statements that hold without the mask and do not hold with it; None without a mask."""
    if found.query.mask is None:
        return None
    bare = [trial.bare for trial in found.run.trials if trial.bare is not None]
    if len(bare) < len(found.run.trials):
        return ()
    subjects = [subject(found, at, named) for at, named in enumerate(found.named)]
    without = compare([replace(item, draws=tuple(leaves[at] for leaves in bare)) for at, item in enumerate(subjects)])
    statements = zip(without.equal, without.statements, strict=True)
    return tuple(codes for codes, statement in statements if not holds(statement, subjects))


def _invocation(found: Found) -> Invocation:
    if found.anatomy.kind is Kind.CELL:
        return Invocation(("states",), is_cell=True)
    arguments = []
    if found.query.mask is not None:
        arguments.append("mask=mask")
    if found.query.initial_state is not None:
        arguments.append("initial_state=initial_state")
    if found.query.training:
        arguments.append("training=True")
    return Invocation(tuple(arguments), is_dict=isinstance(found.run.value, dict))


def _tensors(found: Found) -> tuple[Tensor, ...]:
    run = found.run
    returned = (
        Tensor(
            name=named.name,
            path=path,
            shape=shape,
            axes=named.axes,
            dtype=dtype,
            meaning=named.meaning,
            role=named.role,
        )
        for named, path, shape, dtype in zip(found.named, run.paths, found.shapes, run.dtypes, strict=True)
    )
    stepped = (
        Tensor(
            name=named.name,
            path=None,
            shape=_stepped_shape(found, array.shape),
            axes=named.axes,
            dtype=str(array.dtype),
            meaning=named.meaning,
            role=named.role,
        )
        for named, array in zip(_stepped(found), run.stepped[0] if run.stepped else (), strict=True)
    )
    return (*returned, *stepped)


def _stepped_shape(found: Found, shape: tuple[int, ...]) -> tuple[int | None, ...]:
    """Return the shape at the asked sizes; what a smaller run does not tell is unknown."""
    if found.asked is None:
        return shape
    asked = found.asked_layout
    rest = shape[2:] if found.query.layer == found.asked_layer else (None,) * len(shape[2:])
    time = asked.size("timesteps") if shape[1] == found.layout.size("timesteps") else None
    return (asked.shape[0], time, *rest)


def _stepped(found: Found) -> tuple[Named, ...]:
    """Return the names of the states after every timestep, where they were asked for."""
    return name_steps(found.anatomy, [array.ndim for array in found.run.stepped[0]]) if found.run.stepped else ()


def _states(found: Found) -> States | None:
    shapes = _states_shapes(found)
    if shapes is None:
        return None
    roles = initial_states(found.anatomy, len(nest.shape_leaves(shapes)))
    structure = _as_nest(nest.refilled(shapes, iter(roles)))
    return States(accepts=_as_lists(shapes), structure=structure, starts_from=starts_from(found.layer))


def _as_nest(roles: list[Any]) -> Nest:
    return Nest(tuple(_as_nest(item) if isinstance(item, list) else item for item in roles))


def _states_shapes(found: Found) -> Any:
    """Return the nested shapes of the states that the layer accepts; None where it has none, or does not tell."""
    batch = found.asked_layout.shape[0]
    with contextlib.suppress(Exception):
        if found.asked is None:
            accepted = accepted_states(found.layer, batch or 1)
            return None if accepted is None else nest.shapes(accepted)
        with found.asked.graph.as_default():
            accepted = accepted_states(found.asked.layer, _PROBE)
        return None if accepted is None else _with_batch(nest.shapes(accepted), batch)
    return None


def _with_batch(shapes: Any, batch: int | None) -> Any:
    """Return shapes that were found with a batch of `_PROBE` as they are with this batch."""
    if isinstance(shapes, nest.Leaf):
        return nest.Leaf((batch, *shapes[1:])) if shapes[0] in (None, _PROBE) else shapes
    return [_with_batch(item, batch) for item in shapes]


def _as_lists(shapes: Any) -> list[Any]:
    return [list(item) if isinstance(item, nest.Leaf) else _as_lists(item) for item in shapes]


def _declared(found: Found) -> Declared:
    declaration, real = found.declaration, nest.shapes(found.run.value)
    agrees = all(
        nest.agree(declared, real) for declared in (declaration.symbolic, declaration.computed) if declared is not None
    )
    shown = declaration if found.asked is None else found.asked.declaration
    if declaration.failure is not None:
        message = refusal(declaration.failure, layer=str(found.query.layer), doing="the symbolic call").message
        return Declared(agrees=False, structure=f"refused: {message}")
    differs = shown.computed is not None and not nest.agree(shown.computed, shown.symbolic)
    return Declared(
        agrees=agrees,
        structure=nest.structure(shown.symbolic),
        compute_output_shape=nest.structure(shown.computed) if differs else None,
    )


def _parameters(found: Found) -> Parameters:
    layer = found.layer if found.asked is None else found.asked.layer
    parameters = parameters_of(layer)
    return explained(layer, parameters) if found.query.weights else parameters


def _reduced(found: Found) -> Reduced | None:
    if found.asked is None:
        return None
    return Reduced(layer=found.query.layer, input=tuple(size or 1 for size in found.layout.shape))


def _mask(found: Found) -> Mask | None:
    trial = found.run.trials[0]
    if trial.given is None:
        return None
    applied = masks.is_applied(found.run.draws, found.run.trials)
    lost = None if trial.given.rows.all() else masks.lost_at(found.layer, trial, applied=applied)
    return Mask(
        given=str(found.query.mask),
        first_step=_steps(trial.given.first),
        last_step=_steps(trial.given.last),
        applied=applied,
        lost_at=None if lost is None else _written(found, [lost])[0],
        padding=trial.given.padding,
    )


def _steps(steps: np.ndarray[Any, Any]) -> tuple[int | None, ...]:
    return tuple(None if step == masks.NO_STEP else step for step in steps.tolist())


def _written(found: Found, layers: Sequence[Any]) -> tuple[str, ...]:
    """Return layers inside the one that was asked for as they were written."""
    return tuple(masks.as_written(layer, found.layer, found.asked_layer) for layer in layers)


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
