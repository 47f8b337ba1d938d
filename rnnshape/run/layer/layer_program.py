"""One layer as a program of one call, and of the calls around it: without its mask, and of its cell, step by step."""

from __future__ import annotations

import functools
import itertools
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnshape import tree
from rnnshape.equality import Steps
from rnnshape.errors import InvalidQuery
from rnnshape.query import Query
from rnnshape.run.drawing import Draw, draw_in_range, noise_of, numbers
from rnnshape.run.layer import masks
from rnnshape.run.layer.anatomy import Layout, has_keras_cells, is_recurrent
from rnnshape.run.layer.eager_or_traced import Caller, caller
from rnnshape.run.layer.on_the_way import Way, way_through
from rnnshape.run.layer.states import initial_states
from rnnshape.run.layer.stepping import states_at_every_step, watching
from rnnshape.run.tensors import device_of
from rnnshape.structure import Path
from rnnshape.trace import Array


@dataclass(frozen=True, slots=True)
class LayerDraw:
    """What came back in one draw.

    `value` is the return value as it came, `returned` its tensors in return order. `inside` is what each layer on the
    way through a Sequential returned, `stepped` the states after every timestep, where they were asked for.
    """

    calm: int
    value: Any
    returned: tuple[Array, ...]
    trial: masks.Trial
    inside: tuple[tuple[Array, ...], ...]
    stepped: tuple[Array, ...] = ()

    def of_layers(self) -> Iterator[Array]:
        """Return what the layer returned, and what those inside did."""
        return itertools.chain(self.returned, *self.inside)


@dataclass(frozen=True, slots=True)
class LayerProgram:
    """A built layer, called in the way that is asked for; the draws take the layouts in turn.

    The layouts' shapes must be known in full. `shared` has what other programs of the same layer drew on layouts that
    are not the one that was asked for.
    """

    layer: Any
    query: Query
    layouts: tuple[Layout, ...]
    way: Way
    mark: int
    has_noise: bool
    shared: dict[tuple[int, int, Layout], LayerDraw] | None = None
    callers: dict[Layout, Caller] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        """The seed of everything that is random."""
        return self.query.seed

    @property
    def owners(self) -> Sequence[Any]:
        """The layer."""
        return (self.layer,)

    def known(self, number: int, calm: int) -> LayerDraw | None:
        """Return the draw, where another program of the same layer has made it."""
        return None if self.shared is None else self.shared.get((number, calm, self._layout(number)))

    def run(self, draw: Draw) -> LayerDraw:
        """Return what the layer returns for random inputs of the draw's layout."""
        layout = self._layout(draw.number)
        found = self._run(draw, layout)
        if self.shared is not None and layout != self.layouts[0]:
            self.shared[draw.number, draw.calm, layout] = found
        return found

    def _layout(self, number: int) -> Layout:
        return self.layouts[number % len(self.layouts)]

    def _run(self, draw: Draw, layout: Layout) -> LayerDraw:
        layer, query = self.layer, self.query
        mask = None if query.mask is None else masks.given(query.mask, layer, layout, self.layouts[0])
        inputs = masks.padded(numbers.inputs(draw.random, layer, layout, draw.number), mask)
        states = initial_states(layer, query, layout, draw.random)
        call = functools.partial(self._caller(layout), inputs, states)
        again = functools.partial(noise_of, self, draw.number)
        with watching(layer, needed=query.every_state) as seen:
            value, trial = masks.tried(layer, call, mask, again)
        value, inside = self.way.parted(value)
        rows = None if mask is None else mask.rows
        stepped = states_at_every_step(layer, inputs, states, rows, seen) if query.every_state else ()
        return LayerDraw(
            calm=draw.calm,
            value=value,
            returned=_arrays(value),
            trial=trial.of_the_first(len(tree.flat(value))),
            inside=tuple(map(_arrays, inside)),
            stepped=tuple(stepped),
        )

    def _caller(self, layout: Layout) -> Caller:
        """Return how the layer is called; what a user's code computes while it is traced holds for one draw alone."""
        query = self.query
        made = functools.partial(
            caller, self.layer, layout, training=query.training, eager=query.every_state, target=self.way.target
        )
        if any(inner.is_users for inner in query.layer.calls()):
            return made()
        return self.callers.get(layout) or self.callers.setdefault(layout, made())


def program_of(
    layer: Any,
    query: Query,
    layouts: Sequence[Layout],
    shared: dict[tuple[int, int, Layout], LayerDraw] | None = None,
) -> LayerProgram:
    """Return the program of a query.

    Raises:
        InvalidQuery: the layer takes no mask.

    """
    if query.mask is not None and not masks.takes_mask(layer):
        message = f"{query.layer.name} takes no mask. Received: {query.layer}"
        raise InvalidQuery(message, hint=f"Leave out --mask {query.mask}.", layer=str(query.layer))
    mark = zlib.crc32(f"{query.layer} {query.mask}".encode())
    return LayerProgram(layer, query, tuple(layouts), way_through(layer), mark, _has_noise(layer, query), shared)


def _has_noise(layer: Any, query: Query) -> bool:
    """Tell whether something random may happen in a call: not in Keras's own recurrent layers, but in training."""
    is_users = any(call.is_users for call in query.layer.calls())
    return query.training or is_users or not (is_recurrent(layer) and has_keras_cells(layer))


@dataclass(frozen=True, slots=True)
class Run:
    """A program, and its draws so far."""

    program: LayerProgram
    draws: tuple[LayerDraw, ...]

    @property
    def way(self) -> Way:
        """The layers on the way through a Sequential."""
        return self.program.way

    @property
    def value(self) -> Any:
        """The first draw's return value, as it came."""
        return self.draws[0].value

    @property
    def paths(self) -> tuple[Path, ...]:
        """The places of the tensors in the return value."""
        return tuple(path for path, _ in tree.leaves(self.value))

    @property
    def device(self) -> str:
        """The kind of device that the first tensor is on: CPU, GPU, …."""
        return device_of(tree.flat(self.value)[0])

    @property
    def calm(self) -> int:
        """The level of the weights in the last draw."""
        return self.draws[-1].calm

    @property
    def steps(self) -> Steps | None:
        """The first and the last unmasked step of each row, for each draw; None without a mask."""
        given = [one.trial.given for one in self.draws if one.trial.given is not None]
        return Steps(first=tuple(one.first for one in given), last=tuple(one.last for one in given)) if given else None


def run_in_range(program: LayerProgram, count: int, *, calm: int = 0) -> Run:
    """Return so many first draws of a program, with weights that are small enough (see `draw_in_range`)."""
    return Run(program, tuple(draw_in_range(program, range(count), calm=calm)))


def with_more(run: Run, count: int, *, calm: int = 0) -> Run:
    """Return the run with so many more draws, the weights at least as small as they were."""
    first = len(run.draws)
    more = draw_in_range(run.program, range(first, first + count), calm=max(calm, run.draws[0].calm))
    return Run(run.program, (*run.draws, *more))


def _arrays(value: Any) -> tuple[Array, ...]:
    return tuple(np.asarray(leaf) for leaf in tree.flat(value))
