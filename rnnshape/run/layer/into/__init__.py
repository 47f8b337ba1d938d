"""Do the states that one layer returns fit another as its `initial_state`? If not, what makes them fit?

Keras 3 does not check this: a wrong count, width or nesting passes the symbolic call and fails late. Here the
nested shapes must be those that the other layer's own initial states have, and the layer is run with them.

    states   the returned states and the places for them, with the letters that they have
    ways     what can be done to the states, the smallest change first
    units    the other layer with other units
    decoder  the other layer: what it wants, and the run that proves it
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from rnnshape import tree
from rnnshape.catalogue import HIDDEN, SPATIAL_AXES
from rnnshape.errors import InvalidQuery, KerasRefused
from rnnshape.names import Kind
from rnnshape.query import Sizes
from rnnshape.report import Into
from rnnshape.run.layer.anatomy import has_keras_cells
from rnnshape.run.layer.into.decoder import Decoder, Setting, decoder
from rnnshape.run.layer.into.states import State, by_cell
from rnnshape.run.layer.into.units import with_units, words_for
from rnnshape.run.layer.into.ways import Way, ways
from rnnshape.run.layer.layer_run import LayerRun
from rnnshape.structure import Expression, Index, Listed, Place, Term, Zeros

_NOTHING = "nothing simple makes them fit"
_NOT_RETURNED = "no states are returned: give the layer return_state=True"
_NO_OUTPUT = "no states are returned, and the output does not fit as one"
_ALL = "pass on all that it returns"


@dataclass(frozen=True, slots=True)
class _Offer:
    """States, nested, that may fit, and what was done to the returned ones, in words (None: nothing)."""

    states: Any
    change: str | None
    to: Decoder


def into(found: LayerRun) -> Into | None:
    """Return whether the returned states fit the layer that the query names, and what makes them fit if not.

    None where the query names none.

    Raises:
        InvalidQuery: the other layer takes no initial states.
        KerasRefused: Keras refuses to build it.

    """
    call = found.query.into
    if call is None:
        return None
    to = decoder(call, _setting(found))
    if to is None:
        raise InvalidQuery(f"{call.name} takes no initial_state. Received: --into {call}", layer=str(call))
    states = _returned(found)
    offers = _offers(found, states, to) if states else _offers_of_outputs(found, to)
    failed, change = False, _NOTHING if states else _NOT_RETURNED if _is_recurrent(found) else _NO_OUTPUT
    gives = tree.as_code(tree.shapes(states))
    wants = tree.as_code(to.wanted)
    for offer in offers:
        # With the same shapes once more, the layer fails once more.
        if not tree.agree(offer.to.wanted, tree.shapes(offer.states)) or (failed and offer.to is to):
            continue
        try:
            offer.to.run(offer.states)
        except KerasRefused as refused:
            if offer.to is to:
                failed, change = True, refused.message
            continue
        return Into(
            layer=call,
            fits=offer.change is None,
            wants=wants,
            gives=gives,
            initial_state=_code(offer.states),
            change=offer.change,
            layer_that_fits=None if offer.to is to else offer.to.call,
            caution=_caution(found, offer) if offer.change is None else None,
        )
    return Into(layer=call, fits=False, wants=wants, gives=gives, initial_state=None, change=change)


def _caution(found: LayerRun, offer: _Offer) -> str | None:
    """Return what states that fit as they are would be taken for, where that is another thing than they are."""
    cells = by_cell(tree.flat(offer.states), found.anatomy, are_kerass=has_keras_cells(found.layer))
    states = [state for side in cells for one in side for state in one]
    slots = [slot for side in offer.to.slots for one in side for slot in one]
    said = [
        f"{state.code} ({state.letter}) is taken for {slot.letter}"
        for state, slot in zip(states, slots, strict=True)
        if not slot.takes(state)
    ]
    return "; ".join(said) or None


def _setting(found: LayerRun) -> Setting:
    layout = found.asked_layout
    space = tuple(layout.size(axis) or 1 for axis in SPATIAL_AXES if axis in layout.axes)
    asked = Sizes(batch=layout.shape[0], features=layout.size("features") or 1, space=space or None)
    values = found.run.draws[0].returned
    is_as_run = all(array.shape[1:] == tuple(shape[1:]) for array, shape in zip(values, found.shapes, strict=True))
    return Setting(asked=asked, batch=found.layout.shape[0] or 1, is_symbolic=not is_as_run)


def _returned(found: LayerRun) -> Any:
    """Return the states, nested as they came back behind the outputs."""
    nested = _nested(found)
    outputs = 2 if found.anatomy.kind is Kind.BIDIRECTIONAL and found.anatomy.merge_mode is None else 1
    behind = nested[outputs:] if isinstance(nested, tuple | list) else ()
    if found.anatomy.kind is Kind.CELL and behind:
        behind = behind[0] if isinstance(behind[0], tuple | list) else behind
    return tree.as_lists(behind)


def _nested(found: LayerRun) -> Any:
    """Return what came back with a `State` in the place of each tensor."""
    tensors = zip(found.named, found.run.draws[0].returned, found.shapes, strict=True)
    states = (State(Term(named.name), value, tuple(shape)) for named, value, shape in tensors)
    return tree.refilled(tree.shapes(found.run.value), states)


def _offers(found: LayerRun, states: Any, to: Decoder) -> Iterator[_Offer]:
    """Yield what could be passed on, the smallest change first."""
    yield _Offer(states, None, to)
    flat = tree.flat(states)
    cells = by_cell(flat, found.anatomy, are_kerass=has_keras_cells(found.layer))
    renested = "one bracket less" if tree.depth(states) == tree.depth(to.wanted) + 1 else "nest them as it does"
    known = ways(cells, to.slots, _axis(found))
    if found.anatomy.kind is Kind.OTHER:
        # Which of a user's tensors is an output, only the user knows; what is behind the first is the better guess.
        every = [[tree.flat(_nested(found))]]
        whole = (way for way in ways(every, to.slots, _axis(found)) if not way.words)
        known += [replace(way, words=(_ALL,), cost=way.cost + 1) for way in whole]
    for way in sorted(known, key=lambda way: way.cost):
        yield from _offer(way, to, renested)


def _offers_of_outputs(found: LayerRun, to: Decoder) -> Iterator[_Offer]:
    """Yield the output as a state, of a layer that returns no states.

    An LSTM's output is its h. Where its c is wanted, too, nothing but the states themselves will do.
    """
    nested = _nested(found)
    outputs = tree.flat(nested) if not isinstance(nested, dict) else []
    has_carry = any(cell.is_known and cell.count > 1 for cell in (*found.anatomy.cells, *found.anatomy.backward))
    is_recurrent = _is_recurrent(found)
    kept = found.anatomy.return_sequences and is_recurrent
    taken = [_last_step(state) for state in outputs] if kept else outputs
    hidden = [[[State(state.code, state.value, state.shape, HIDDEN.letter)] for state in taken]]
    for way in ways(hidden, to.slots, _axis(found)) if taken else ():
        if has_carry and any(isinstance(state.code, Zeros) for state in way.states):
            continue
        output = "the last timestep of its output" if kept else "its output"
        lead = f"{_NOT_RETURNED}, or pass on {output}" if is_recurrent else f"no states are returned: pass on {output}"
        for offer in _offer(way, to, ""):
            yield _Offer(offer.states, "; ".join(filter(None, [lead, offer.change])), offer.to)


def _is_recurrent(found: LayerRun) -> bool:
    return found.anatomy.kind in (Kind.RECURRENT, Kind.BIDIRECTIONAL)


def _last_step(state: State) -> State:
    return State(
        Term(str(state.code), Index(Place.LAST, len(state.shape))),
        state.value[:, -1],
        (state.shape[0], *state.shape[2:]),
    )


def _offer(way: Way, to: Decoder, renested: str) -> Iterator[_Offer]:
    """Yield a way as states nested as the layer wants them; where its units change, with the changed layer."""
    words = list(way.words)
    if way.changes_units:
        widths = [states[0].shape[-1] for states in _per_cell(way.states, to)]
        units = [width for width in widths if width is not None]
        other = with_units(to.call, units)
        if other is None or other == to.call:
            return
        words.append(words_for(units, to.call))
        try:
            changed = decoder(other, to.setting)
        except KerasRefused:
            return
        if changed is None:
            return
        to = changed
    if len(way.states) == len(tree.sizes(to.wanted)):
        nested = tree.refilled(to.wanted, way.states)
        yield _Offer(nested, "; ".join(words) or renested, to)


def _per_cell(states: tuple[State, ...], to: Decoder) -> Iterator[list[State]]:
    left = iter(states)
    for cells in to.slots:
        for slots in cells:
            yield [next(left) for _ in slots]


def _axis(found: LayerRun) -> int:
    return 1 if found.anatomy.channels_first else -1


def _code(states: Any) -> Expression:
    return Listed(tuple(map(_code, states))) if isinstance(states, list) else states.code
