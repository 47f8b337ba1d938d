"""What was found -> the report: comparing, and putting each finding in its place."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import rnnshape
from rnnshape.catalogue import SPATIAL_AXES
from rnnshape.equality import Findings, Steps, Subject, compare
from rnnshape.explorer import engine, halves, nest
from rnnshape.explorer.finding import MORE_DRAWS, Found, run_of, with_more_draws
from rnnshape.explorer.gates import explained
from rnnshape.explorer.holds import holds
from rnnshape.explorer.into import State, into
from rnnshape.explorer.refusal import refusal
from rnnshape.explorer.run import Run
from rnnshape.explorer.states import accepted_states, starts_from
from rnnshape.explorer.weights import parameters_of
from rnnshape.names import Kind, Named, name_initial_states, name_steps, unpacking
from rnnshape.query import Sizes
from rnnshape.report import (
    Declared,
    Input,
    Into,
    Mask,
    Parameters,
    Ran,
    Reduced,
    Report,
    Returned,
    States,
    Tensor,
    Versions,
)

_PROBE = 2
"""The batch for which a layer is asked for its states where the real one may be too large, or unknown."""


def report_of(found: Found) -> Report:
    """Return the report of what was found."""
    query = found.query
    found, findings = _decided(found)
    first = found.run
    names = tuple(named.name for named in found.named)
    return Report(
        layer=str(found.asked_layer),
        input=Input(shape=found.asked_layout.shape, axes=found.asked_layout.axes, dtype=found.asked_layout.dtype),
        unpack=f"{unpacking(first.paths, names)} = {_call_code(found)}",
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
        mask=_mask(found),
        broken=_broken(found),
        initial_state=query.initial_state.value if query.initial_state else None,
        training=query.training or None,
        into=_into(found),
    )


def _decided(found: Found) -> tuple[Found, Findings]:
    """Return the findings, after more draws where the first ones do not tell of a tensor whether it varies.

    A ReLU may well give zeros alone in one draw and something else in the next.
    """
    findings = _compare(found)
    for _ in range(MORE_DRAWS):
        if not (findings.undecided or findings.constant):
            break
        found = with_more_draws(found)
        findings = _compare(found)
    return found, findings


def _compare(found: Found) -> Findings:
    returned = [subject(found, at, named) for at, named in enumerate(found.named)]
    stepped = [
        Subject(name=named.name, draws=tuple(arrays[at] for arrays in found.run.stepped), has_time=True)
        for at, named in enumerate(_stepped(found))
    ]
    return compare_found([*returned, *stepped], found.run)


def compare_found(subjects: Sequence[Subject], run: Run) -> Findings:
    """Compare the tensors of this run, with the first and last unmasked steps where there is a mask."""
    firsts, lasts = tuple(first for first, _ in run.steps), tuple(last for _, last in run.steps)
    return compare(subjects, Steps(first=firsts, last=lasts) if run.steps else None)


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
    )


def _broken(found: Found) -> tuple[tuple[str, ...], ...] | None:
    """Return the statements that hold without the mask and do not hold with it; None without a mask."""
    if found.query.mask is None:
        return None
    bare = replace(found.query, mask=None)
    bare_run = run_of(found.layer, bare, found.layout, found.declaration)
    subjects = [subject(found, at, named) for at, named in enumerate(found.named)]
    bare_subjects = [
        replace(item, draws=tuple(leaves[at] for leaves in bare_run.draws)) for at, item in enumerate(subjects)
    ]
    shown = compare_found(bare_subjects, bare_run).equal
    # The same statements with the widths of the run, to be evaluated on what came back with the mask.
    as_run = compare_found([replace(item, half_shown=None) for item in bare_subjects], bare_run).equal
    draws = [{item.name: item.draws[at] for item in subjects} for at in range(len(found.run.draws))]
    return tuple(statement for statement, code in zip(shown, as_run, strict=True) if not holds(code, draws))


def _into(found: Found) -> Into | None:
    """Return whether the states fit the layer asked for; widths are those of the run."""
    call = found.query.into
    if call is None:
        return None
    run = found.run
    outputs = 2 if found.anatomy.kind is Kind.BIDIRECTIONAL and found.anatomy.merge_mode is None else 1
    codes = (State(named.name, values) for named, values in zip(found.named, run.draws[0], strict=True))
    nested = nest.refilled(nest.shapes(run.value), codes)
    returned = nested[outputs:] if isinstance(nested, tuple | list) else ()
    if found.anatomy.kind is Kind.CELL:
        returned = returned[0]
    states = [list(state) if isinstance(state, list | tuple) else state for state in returned]
    layout = found.layout
    space = tuple(layout.size(axis) or 1 for axis in SPATIAL_AXES if axis in layout.axes)
    sizes = Sizes(batch=layout.shape[0], features=layout.size("features") or 1, space=space or None)
    return into(call, found.anatomy, states, sizes)


def _call_code(found: Found) -> str:
    if found.anatomy.kind is Kind.CELL:
        return "cell(inputs, states)"
    arguments = ["inputs"]
    if found.query.mask is not None:
        arguments.append("mask=mask")
    if found.query.initial_state is not None:
        arguments.append("initial_state=initial_state")
    if found.query.training:
        arguments.append("training=True")
    # A dict unpacks into its keys.
    values = ".values()" if isinstance(found.run.value, dict) else ""
    return f"layer({', '.join(arguments)}){values}"


def _tensors(found: Found) -> tuple[Tensor, ...]:
    run = found.run
    returned = (
        Tensor(name=named.name, path=path, shape=shape, axes=named.axes, dtype=dtype, meaning=named.meaning)
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
    words = name_initial_states(found.anatomy, len(nest.shape_leaves(shapes)))
    structure = _in_words(nest.refilled(shapes, iter(words)))
    return States(accepts=_as_lists(shapes), structure=structure, starts_from=starts_from(found.layer))


def _in_words(nested: Any) -> str:
    return f"[{', '.join(map(_in_words, nested))}]" if isinstance(nested, list) else str(nested)


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
    return Reduced(layer=str(found.query.layer), input=tuple(size or 1 for size in found.layout.shape))


def _mask(found: Found) -> Mask | None:
    run = found.run
    if found.query.mask is None or not run.steps:
        return None
    first, last = (tuple(int(step) for step in steps) for steps in run.steps[0])
    return Mask(given=str(found.query.mask), first_step=first, last_step=last)


def _versions() -> Versions:
    import tensorflow as tf

    return Versions(
        rnnshape=rnnshape.__version__,
        keras=engine.load().__version__,
        tensorflow=tf.__version__,
        python=platform.python_version(),
    )
