"""A query -> everything that was found by building and running its layer, as values, before it is put in words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rnnshape import tree
from rnnshape.catalogue import SEQUENTIAL
from rnnshape.errors import KerasRefused, RnnshapeError
from rnnshape.expression import Call
from rnnshape.names import Anatomy, Leaf, Named, name_tensors
from rnnshape.query import DEFAULT_BATCH, Query
from rnnshape.run.layer import sizes, stepping
from rnnshape.run.layer.anatomy import (
    Layout,
    anatomy_of,
    has_keras_cells,
    is_recurrent,
    layout_of,
)
from rnnshape.run.layer.build import build
from rnnshape.run.layer.declared import Declaration, declare
from rnnshape.run.layer.initial import costless
from rnnshape.run.layer.kept import Kept, KeptLayer
from rnnshape.run.layer.laid_out import one_step_each
from rnnshape.run.layer.layer_program import Run, program_of, run_in_range, with_more
from rnnshape.run.layer.on_the_way import Inside, Way, declared_on_the_way, name_inside, way_through
from rnnshape.run.layer.plainly import has_plainly_few_weights
from rnnshape.run.layer.refusal import refusal
from rnnshape.run.layer.said import said_of
from rnnshape.structure import Path
from rnnshape.trace import FIRST_DRAWS, MORE_DRAWS

_LONGER_TIME, _SHORTER_TIME = 3, 2
"""Timesteps of the second draw where there is a single one, and where there are many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRun:
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
    inside: tuple[Inside, ...] = ()
    """The layers on the way through a Sequential."""


def run_layer(query: Query, kept: Kept | None = None) -> LayerRun:
    """Build the layer, as asked or small, call it in every draw, and name what comes back.

    Args:
        query: the query.
        kept: what other queries of its grid have built.

    Raises:
        InvalidQuery: there is no such layer or argument, or the sizes do not fit the layer.
        KerasRefused: Keras refused the layer or the input.

    """
    known = None if kept is None else kept.get(query)
    layer, weightless = _built_for_layout(query.layer) if known is None else (known.layer, False)
    asked_layout = layout = layout_of(layer, query.sizes, call=query.layer).of_dtype(query.dtype)
    query.check_mask(layout.size("batch"), layout.size("timesteps"))
    choice = sizes.choose(query, layer, layout)
    asked, layout = choice.asked, choice.layout
    ran = replace(query, layer=choice.call)
    with costless(ran.layer):
        if asked is not None or weightless:
            known, layer = None, build(ran.layer)
        if query.every_state:
            stepping.check(query, layer, layout)
        declaration = declare(layer, layout)
        if declaration.failure is not None:
            # A failed call may have left half of the layer built.
            known, layer = None, build(ran.layer)
        known = known or KeptLayer(layer, None if kept is None else {})
        first = run_of(known, ran, layout, declaration)
    if kept is not None and asked is None:
        kept.keep(query, known)
    anatomy = anatomy_of(layer)
    real = tuple(array.shape for array in first.draws[0].returned)
    leaves = tuple(_leaf(path, shape, layout) for path, shape in zip(first.paths, real, strict=True))
    named = name_tensors(anatomy, leaves)
    return LayerRun(
        query=ran,
        layer=layer,
        layout=layout,
        declaration=declaration,
        run=first,
        anatomy=anatomy,
        named=named,
        shapes=real if asked is None else sizes.shapes_at(asked, declaration, real),
        asked_layer=query.layer,
        asked_layout=asked_layout,
        asked=asked,
        inside=_inside(first, layout, asked, [one.name for one in named]),
    )


def _inside(run: Run, layout: Layout, asked: sizes.AskedSizes | None, taken: Sequence[str]) -> tuple[Inside, ...]:
    """Return the layers on the way through a Sequential, with names, and shapes at the sizes that were asked for."""
    way, real = run.way, [[array.shape for array in one] for one in run.draws[0].inside]
    if not real:
        return ()
    found = name_inside(way.inside, real, layout.size("timesteps"), taken)
    return tuple(found) if asked is None else tuple(_as_asked(found, way, layout, asked))


def _as_asked(found: Sequence[Inside], way: Way, layout: Layout, asked: sizes.AskedSizes) -> Iterator[Inside]:
    """Yield the same with the shapes at the asked sizes; what is declared wrongly at the small ones is unknown."""
    small = declared_on_the_way(way, layout)
    with asked.graph.as_default(), one_step_each():
        large = declared_on_the_way(way_through(asked.layer), asked.layout)
    for at, one in enumerate(found):
        known = sizes.sure(large[at], small[at], one.shapes) if large and small else None
        yield replace(one, shapes=known or tuple((None,) * len(shape) for shape in one.shapes))


def _built_for_layout(call: Call) -> tuple[Any, bool]:
    """Return the layer, and whether it has no weights that could be run: a model that says its input makes them all."""
    import tensorflow as tf

    said = said_of(call) if call.name == SEQUENTIAL else None
    if said is not None:
        shape = tuple(size or DEFAULT_BATCH for size in said.shape)
        if not has_plainly_few_weights(call, shape):
            with tf.Graph().as_default():
                return build(call), True
    return build(call), False


def _leaf(path: Path, shape: tuple[int, ...], layout: Layout) -> Leaf:
    """Return what the sizes of a returned tensor tell of its axes."""
    has_batch = shape[:1] == layout.shape[:1]
    return Leaf(path, len(shape), has_batch, has_batch and len(shape) > 2 and shape[1] == layout.size("timesteps"))


def run_of(found: KeptLayer, query: Query, layout: Layout, declaration: Declaration, *, calm: int = 0) -> Run:
    """Return the two draws that an answer is made of, the weights at least as calm as said.

    Raises:
        KerasRefused: the layer cannot be called in this way.

    """
    layer = found.layer
    second = _second_layout(layer, query, layout)
    if second != layout:
        # What Keras cannot run at another number of timesteps it may well run at this one.
        with contextlib.suppress(Exception, SystemExit):
            return run_in_range(program_of(layer, query, [layout, second], found.draws), FIRST_DRAWS, calm=calm)
    try:
        return run_in_range(program_of(layer, query, [layout]), FIRST_DRAWS, calm=calm)
    except (Exception, SystemExit) as error:
        raise _run_refused(declaration.failure or error, query, declaration) from error


def run_again(found: LayerRun, *, calm: int) -> LayerRun:
    """Return the same with its first draws made anew, the weights at least as calm as said."""
    return replace(found, run=run_of(KeptLayer(found.layer), found.query, found.layout, found.declaration, calm=calm))


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


def with_more_draws(found: LayerRun, *, calm: int = 0) -> LayerRun:
    """Return the same with two more draws on the same inputs, the weights at least as calm as said."""
    return replace(found, run=with_more(found.run, MORE_DRAWS, calm=calm))


def _run_refused(error: BaseException, query: Query, declaration: Declaration) -> RnnshapeError:
    """Return the refusal; where Keras declared shapes all the same, it says so: that, too, is an answer."""
    found = refusal(error, layer=str(query.layer), doing="calling it")
    if declaration.any is None or not isinstance(found, KerasRefused):
        return found
    declared = f"Keras declares {tree.as_code(declaration.any)}, then fails when it is run."
    return KerasRefused(f"{found.message.rstrip('.')}. {declared}", hint=found.hint, layer=found.layer)
