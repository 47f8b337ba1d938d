"""The layer that is to take the states: what it wants, and whether it runs with what it gets."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnnshape import tree
from rnnshape.expression import Call
from rnnshape.query import Sizes
from rnnshape.run.layer.anatomy import Layout, anatomy_of, has_keras_cells, is_cell, layout_of, spatial_rank
from rnnshape.run.layer.build import build
from rnnshape.run.layer.eager_or_traced import caller
from rnnshape.run.layer.into.states import Cells, Slot, by_cell
from rnnshape.run.layer.plainly import is_plainly_small
from rnnshape.run.layer.refusal import refusal
from rnnshape.run.layer.states import accepted_states

_TIME = 3


@dataclass(frozen=True, slots=True)
class Setting:
    """The sizes at which states are handed on: as asked (the batch may be unknown), and the batch that was run.

    With `is_symbolic` the layers are too large to run: what is handed on has shapes and no values.
    """

    asked: Sizes
    batch: int
    is_symbolic: bool


@dataclass(frozen=True, slots=True)
class Decoder:
    """A built layer and the nested shapes of the initial states that it takes; `graph` is where it lives, if in one."""

    call: Call
    layer: Any
    layout: Layout
    wanted: Any
    setting: Setting
    graph: Any

    @property
    def slots(self) -> list[Cells[Slot]]:
        """The places for states, by direction and cell."""
        places = [Slot(tuple(shape)) for shape in tree.sizes(self.wanted)]
        return by_cell(places, anatomy_of(self.layer), are_kerass=has_keras_cells(self.layer))

    def run(self, states: Any) -> None:
        """Call the layer with nested states of the right shapes.

        Raises:
            KerasRefused: it fails, which is no matter of the states' shapes.

        """
        try:
            with _within(self.graph):
                self._call(states)
        except Exception as error:
            doing = f"calling {self.call.name} with states of the right shapes"
            raise refusal(error, layer=str(self.call), doing=doing) from error

    def _call(self, states: Any) -> None:
        if self.graph is None:
            inputs = np.ones([self.setting.batch, *(size or 1 for size in self.layout.shape[1:])], self.layout.dtype)
            caller(self.layer, self.layout, training=False)(
                inputs, tree.mapped(lambda state: state.value, states), None
            )
            return
        import tensorflow as tf

        symbols = tree.mapped(lambda state: tf.compat.v1.placeholder(state.value.dtype, state.shape), states)
        inputs = tf.compat.v1.placeholder(self.layout.dtype, self.layout.shape)
        if is_cell(self.layer):
            self.layer(inputs, symbols)
        else:
            self.layer(inputs, initial_state=symbols)


def decoder(call: Call, setting: Setting) -> Decoder | None:
    """Return the layer that the call constructs, built; None where it takes no initial states.

    Raises:
        InvalidQuery: there is no such layer.
        KerasRefused: Keras refuses to build it.

    """
    first = build(call)
    layout = _layout(first, setting.asked, call)
    graph = _graph() if setting.is_symbolic or not _is_small(call, first, layout) else None
    with _within(graph):
        layer = first if graph is None else build(call)
        try:
            if not is_cell(layer):
                layer.build(layout.shape)
            states = accepted_states(layer, layout.shape[0] or 1)
        except Exception as error:
            raise refusal(error, layer=str(call), doing=f"building {call.name}") from error
    if states is None:
        return None
    shapes = tree.shapes(states)
    leaves = (tree.Size((layout.shape[0], *leaf[1:])) for leaf in tree.sizes(shapes))
    return Decoder(call, layer, layout, tree.refilled(shapes, leaves), setting, graph)


def _layout(layer: Any, asked: Sizes, call: Call) -> Layout:
    """Return an input for the layer of these sizes; those of space only where it has as many spatial axes."""
    space = asked.space if spatial_rank(layer) == len(asked.space or ()) else None
    return layout_of(layer, replace(asked, time=_TIME, space=space), call=call)


def _is_small(call: Call, layer: Any, layout: Layout) -> bool:
    return is_plainly_small(call, layer, replace(layout, shape=tuple(size or 1 for size in layout.shape)))


def _graph() -> Any:
    import tensorflow as tf

    return tf.Graph()


def _within(graph: Any) -> contextlib.AbstractContextManager[Any]:
    return contextlib.nullcontext() if graph is None else graph.as_default()
