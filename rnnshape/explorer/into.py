"""Do the states that one layer returns fit another as its `initial_state`? If not, what makes them fit?

Keras 3 does not check this: a wrong count, width or nesting passes the symbolic call and fails late. Here the
nested shapes must be those that the other layer's own initial states have, and the layer is run with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnnshape.errors import InvalidQuery, KerasRefused
from rnnshape.explorer import nest
from rnnshape.explorer.anatomy import Layout, anatomy_of, is_cell, layout_of, spatial_rank
from rnnshape.explorer.build import build
from rnnshape.explorer.calling import caller
from rnnshape.explorer.refusal import refusal
from rnnshape.explorer.states import accepted_states
from rnnshape.expression import Call
from rnnshape.names import Anatomy, CellStates, Kind
from rnnshape.query import Sizes
from rnnshape.report import Into

_TIME = 3


@dataclass(frozen=True, slots=True)
class State:
    """A returned state, or one made from several: the NumPy expression over the tensors' names, and its value."""

    code: str
    value: np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class _Offer:
    """States nested in lists that may fit, and what was done to the returned ones, in words (None: nothing)."""

    states: Any
    change: str | None
    layer: Call


def into(call: Call, anatomy: Anatomy, states: Any, sizes: Sizes) -> Into:
    """Return whether nested `states` fit the layer that the call constructs, and what makes them fit if not.

    `states` are lists of `State` as the first layer returned them, each value of shape (batch, …); `sizes` are what
    that layer was run with.

    Raises:
        InvalidQuery: the other layer takes no initial states.
        KerasRefused: Keras refuses to build it.

    """
    decoder = build(call)
    wanted = _wanted(decoder, sizes, call)
    if wanted is None:
        raise InvalidQuery(f"{call.name} takes no initial_state. Received: --into {call}", layer=str(call))
    wants = nest.structure(wanted)
    if not states:
        change = "no states are returned: give the layer return_state=True"
        return Into(layer=str(call), fits=False, wants=wants, gives="[]", initial_state=None, change=change)
    gives = nest.structure(_shapes(states))
    change = "nothing simple makes them fit"
    for offer in _offers(states, wanted, anatomy, anatomy_of(decoder), call):
        try:
            fits = _fits(offer, sizes)
        except KerasRefused as refused:
            change, fits = refused.message, False
        if fits:
            return Into(
                layer=str(call),
                fits=offer.change is None,
                wants=wants,
                gives=gives,
                initial_state=_code(offer.states),
                change=offer.change,
                layer_that_fits=None if offer.layer == call else str(offer.layer),
            )
    return Into(layer=str(call), fits=False, wants=wants, gives=gives, initial_state=None, change=change)


def _wanted(layer: Any, sizes: Sizes, call: Call) -> Any:
    """Return the nested shapes of the layer's own initial states, None where it has none; it is built for them."""
    layout = _layout(layer, sizes, call)
    try:
        if not is_cell(layer):
            layer.build(layout.shape)
        states = accepted_states(layer, layout.shape[0] or 1)
    except Exception as error:
        raise refusal(error, layer=str(call), doing=f"building {call.name}") from error
    return None if states is None else nest.shapes(states)


def _layout(layer: Any, sizes: Sizes, call: Call) -> Layout:
    """Return an input for the layer of these sizes; those of space only where it has as many spatial axes."""
    space = sizes.space if spatial_rank(layer) == len(sizes.space or ()) else None
    return layout_of(layer, replace(sizes, time=_TIME, space=space), call=call)


def _fits(offer: _Offer, sizes: Sizes) -> bool:
    """Tell whether the states have the nested shapes that the layer's own have; they are proved by a run.

    Raises:
        KerasRefused: they have, and the run fails nevertheless.

    """
    layer = build(offer.layer)
    wanted = _wanted(layer, sizes, offer.layer)
    if wanted is None or not nest.agree(wanted, _shapes(offer.states)):
        return False
    layout = _layout(layer, sizes, offer.layer)
    inputs = np.ones([size or 1 for size in layout.shape], layout.dtype)
    try:
        caller(layer, layout, training=False)(inputs, _values(offer.states), None)
    except Exception as error:
        # The shapes are the right ones, and so it is not them.
        doing = f"calling {offer.layer.name} with states of the right shapes"
        raise refusal(error, layer=str(offer.layer), doing=doing) from error
    return True


def _offers(states: Any, wanted: Any, returned: Anatomy, decoder: Anatomy, call: Call) -> Iterator[_Offer]:
    """Yield what could be passed on, the simplest first, for the layer as it is and with as many units as needed."""
    yield _Offer(states, None, call)
    flat = [state for _, state in nest.leaves(states)]
    for directions, merged in _directions(_by_direction(flat, returned), _count_directions(decoder)):
        adapted = [_adapted(cells, decoder.cells, returned.cells) for cells in directions]
        made = [state for part in adapted if part is not None for state in part[0]]
        if None in adapted or len(made) != len(nest.shape_leaves(wanted)):
            continue
        words = [merged, *(part[1] for part in adapted[:1] if part is not None)]
        nested = nest.refilled(wanted, iter(made))
        said = [word for word in words if word] or ["nest them as it does"]
        yield _Offer(nested, "; ".join(said), call)
        width = made[0].value.shape[-1]
        other = _with_units(call, width)
        if other is not None:
            units = f"give it {width} units"
            yield _Offer(nested, "; ".join([*(word for word in words if word), units]), other)


def _count_directions(anatomy: Anatomy) -> int:
    return 2 if anatomy.kind is Kind.BIDIRECTIONAL else 1


def _by_direction(flat: list[State], anatomy: Anatomy) -> list[list[State]]:
    """Return the states of each direction."""
    if anatomy.kind is not Kind.BIDIRECTIONAL:
        return [flat]
    forward = sum(cell.count for cell in anatomy.cells)
    return [flat[:forward], flat[forward:]]


def _directions(found: list[list[State]], count: int) -> Iterator[tuple[list[list[State]], str]]:
    """Yield the states brought to this many directions, with words for how."""
    if len(found) == count:
        yield found, ""
    elif count > len(found):
        yield found * count, "pass them to both directions"
    else:
        pairs = list(zip(*found, strict=False))
        yield [[_joined(a, b) for a, b in pairs]], "concatenate forward and backward"
        if all(a.value.shape == b.value.shape for a, b in pairs):
            summed = [State(f"{a.code} + {b.code}", a.value + b.value) for a, b in pairs]
            yield [summed], "add forward and backward"


def _adapted(
    states: list[State], wanted: tuple[CellStates, ...], returned: tuple[CellStates, ...]
) -> tuple[list[State], str] | None:
    """Return the states of one direction with as many for each cell as it wants, or None where nothing does that."""
    if len(wanted) != len(returned) or len(states) != sum(cell.count for cell in returned):
        return None
    rest, made, words = list(states), [], ""
    for old, new in zip(returned, wanted, strict=True):
        own, rest = rest[: old.count], rest[old.count :]
        if old.count == 2 and new.count == 1:
            own, words = own[:1], "pass h alone"
        elif old.count == 1 and new.count == 2:
            zeros = State(f"zeros_like({own[0].code})", np.zeros_like(own[0].value))
            own, words = [own[0], zeros], "start the carry state from zeros"
        elif old.count != new.count:
            return None
        made += own
    return made, words


def _with_units(call: Call, units: int) -> Call | None:
    """Return the layer with this many units, where it is plain which argument that is."""
    if call.name == "Bidirectional" and len(call.args) == 1 and isinstance(call.args[0], Call):
        inner = _with_units(call.args[0], units)
        return None if inner is None else replace(call, args=(inner,))
    if call.name not in ("SimpleRNN", "GRU", "LSTM"):
        return None
    if call.args and isinstance(call.args[0], int):
        return replace(call, args=(units, *call.args[1:]))
    return call.with_arguments(units=units) if call.argument("units") is not None else None


def _joined(a: State, b: State) -> State:
    value = np.concatenate([a.value, b.value], axis=-1)
    return State(f"concatenate([{a.code}, {b.code}], axis=-1)", value)


def _shapes(states: Any) -> Any:
    return [_shapes(item) for item in states] if isinstance(states, list) else nest.Leaf(states.value.shape)


def _values(states: Any) -> Any:
    return [_values(item) for item in states] if isinstance(states, list) else states.value


def _code(states: Any) -> str:
    return f"[{', '.join(map(_code, states))}]" if isinstance(states, list) else str(states.code)
