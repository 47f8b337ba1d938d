"""A query -> everything that was found by building and running its layer, as values, before it is put in words."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import Any

from rnnshape.errors import KerasRefused, RnnshapeError
from rnnshape.explorer import nest, sizes, stepping
from rnnshape.explorer.anatomy import Layout, anatomy_of, has_keras_cells, is_recurrent, layout_of
from rnnshape.explorer.build import build
from rnnshape.explorer.declared import Declaration, declare
from rnnshape.explorer.initial import costless
from rnnshape.explorer.refusal import refusal
from rnnshape.explorer.run import Run, run
from rnnshape.expression import Call
from rnnshape.names import Anatomy, Named, name_tensors
from rnnshape.query import Query

_LONGER_TIME, _SHORTER_TIME = 3, 2
"""Timesteps of the second draw where there is a single one, and where there are many."""
MORE_DRAWS = 3
"""How often two more draws are made at most, where those before do not tell whether a tensor varies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The layer that was run, what Keras declared for it, what it returned, and what is shown of that."""

    query: Query
    layer: Any
    layout: Layout
    declaration: Declaration
    run: Run
    anatomy: Anatomy
    named: tuple[Named, ...]
    shapes: tuple[tuple[int | None, ...], ...]
    asked_layer: Call
    asked_layout: Layout
    asked: sizes.AskedSizes | None


def find(query: Query) -> Found:
    """Build the layer, as asked or small, call it in every draw, and name what comes back.

    Raises:
        InvalidQuery: there is no such layer or argument, or the sizes do not fit the layer.
        KerasRefused: Keras refused the layer or the input.

    """
    layer = build(query.layer)
    asked_layout = layout = layout_of(layer, query.sizes, shown=str(query.layer))
    choice = sizes.choose(query, layer, layout)
    asked, layout = choice.asked, choice.layout
    ran = replace(query, layer=choice.call)
    if asked is not None:
        layer = build(ran.layer)
    if query.every_state:
        stepping.check(query, layer, layout)
    with costless(ran.layer):
        declaration = declare(layer, layout)
        if declaration.failure is not None:
            # A failed call may have left half of the layer built.
            layer = build(ran.layer)
        first = run_of(layer, ran, layout, declaration)
    anatomy = anatomy_of(layer)
    real = tuple(array.shape for array in first.draws[0])
    leaves = tuple((path, len(shape)) for path, shape in zip(first.paths, real, strict=True))
    time = layout.size("timesteps")
    kept = bool(real) and len(real[0]) > 2 and real[0][1] == time
    return Found(
        query=ran,
        layer=layer,
        layout=layout,
        declaration=declaration,
        run=first,
        anatomy=anatomy,
        named=name_tensors(anatomy, leaves, timesteps_kept=kept),
        shapes=real if asked is None else sizes.shapes_at(asked, declaration, real),
        asked_layer=query.layer,
        asked_layout=asked_layout,
        asked=asked,
    )


def run_of(layer: Any, query: Query, layout: Layout, declaration: Declaration) -> Run:
    """Return the two draws that an answer is made of.

    Raises:
        KerasRefused: the layer cannot be called in this way.

    """
    second = _second_layout(layer, query, layout)
    if second != layout:
        # What Keras cannot run at another number of timesteps it may well run at this one.
        with contextlib.suppress(Exception, SystemExit):
            return run(layer, query, [layout, second])
    try:
        return run(layer, query, [layout, layout])
    except (Exception, SystemExit) as error:
        raise _run_refused(declaration.failure or error, query, declaration) from error


def _second_layout(layer: Any, query: Query, layout: Layout) -> Layout:
    """Return the input of the second draw: as asked, or with another number of timesteps where that changes nothing.

    What a recurrent layer returns holds for any number of timesteps. A longer time axis than one step shows what holds
    only because there is a single one, and a shorter one than many is quicker.
    """
    time = layout.size("timesteps")
    if time is None or not is_recurrent(layer):
        return layout
    if time == 1:
        return layout.with_time(_LONGER_TIME)
    if time > _SHORTER_TIME and query.mask is None and has_keras_cells(layer):
        return layout.with_time(_SHORTER_TIME)
    return layout


def with_more_draws(found: Found) -> Found:
    """Return the same with two more draws."""
    count = len(found.run.draws)
    return replace(found, run=found.run.and_more(run(found.layer, found.query, [found.layout] * 2, first_draw=count)))


def _run_refused(error: BaseException, query: Query, declaration: Declaration) -> RnnshapeError:
    """Return the refusal; where Keras declared shapes all the same, it says so: that, too, is an answer."""
    found = refusal(error, layer=str(query.layer), doing="calling it")
    if declaration.any is None or not isinstance(found, KerasRefused):
        return found
    declared = f"Keras declares {nest.structure(declaration.any)}, then fails when it is run."
    return KerasRefused(f"{found.message.rstrip('.')}. {declared}", hint=found.hint, layer=found.layer)
