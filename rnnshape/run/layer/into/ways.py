"""What can be done to returned states so that another layer takes them: a small grammar, the smallest change first.

Directions are kept, put side by side, added, chosen or repeated; cells are kept, chosen, put side by side or repeated;
within a cell states are put in order, left out, or started from zeros. A hidden state h never goes where a carry state
c is wanted, nor the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import permutations

from rnnshape.catalogue import CARRY, HIDDEN
from rnnshape.run.layer.into.states import Cells, Slot, State, added, joined, zeros_like

_UNITS = 2
"""What it costs to change the other layer: more than to leave a state out, less than to add two."""

_MOST_ORDERED = 6
"""States of one cell of which every order is tried."""

_MOST_CELLS = 4
"""Cells of which every order is tried."""

Merge = Callable[[State, State], State | None]


@dataclass(frozen=True, slots=True)
class Way:
    """The states in the order in which the other layer takes them, and what was done to get there, in words."""

    states: tuple[State, ...]
    words: tuple[str, ...]
    cost: int
    changes_units: bool = False


@dataclass(frozen=True, slots=True)
class _Arranged:
    """As many directions, or cells, as are wanted; how that was done, and what it costs."""

    cells: list[list[State]]
    words: str = ""
    cost: int = 0


def ways(found: list[Cells[State]], wanted: list[Cells[Slot]], axis: int) -> list[Way]:
    """Return the ways to fill all the places that are wanted, the smallest change first.

    Args:
        found: the returned states by direction and cell.
        wanted: the other layer's places for states by direction and cell.
        axis: the axis of the units.

    """
    free = [[[replace(slot, free=axis) for slot in slots] for slots in cells] for cells in wanted]
    ways = [*_ways(found, wanted, axis), *_one_by_one(found, wanted, axis)]
    ways += [replace(way, cost=way.cost + _UNITS, changes_units=True) for way in _ways(found, free, axis)]
    return sorted(ways, key=lambda way: way.cost)


def _ways(found: list[Cells[State]], wanted: list[Cells[Slot]], axis: int) -> Iterator[Way]:
    flat = [state for cells in found for states in cells for state in states]
    places = [slot for cells in wanted for slots in cells for slot in slots]
    if len(flat) == len(places) and all(slot.takes(state) for slot, state in zip(places, flat, strict=True)):
        yield Way(tuple(flat), (), 1)
    slots = [slots for cells in wanted for slots in cells]
    for arranged in _arranged(found, [len(cells) for cells in wanted], axis):
        filled = [_filled(states, places) for states, places in zip(arranged.cells, slots, strict=True)]
        if None in filled:
            continue
        parts = [part for part in filled if part is not None]
        words = dict.fromkeys([arranged.words, *(part.words for part in parts)])
        cost = 1 + arranged.cost + max((part.cost for part in parts), default=0)
        states = tuple(state for part in parts for state in part.cells[0])
        yield Way(states, tuple(word for word in words if word), cost)


def _arranged(found: list[Cells[State]], counts: list[int], axis: int) -> Iterator[_Arranged]:
    """Yield the states of as many cells as are wanted in all directions together."""
    flat = [states for cells in found for states in cells]
    if len(flat) == sum(counts):
        yield _Arranged(flat)
    for directions, words, cost in _directions(found, len(counts), axis):
        for chosen in _for_each(directions, counts, axis):
            both = "; ".join(filter(None, [words, chosen.words]))
            yield _Arranged(chosen.cells, both, cost + chosen.cost)


def _directions(found: list[Cells[State]], count: int, axis: int) -> Iterator[tuple[list[Cells[State]], str, int]]:
    """Yield the cells of as many directions as are wanted, with words for how, and the cost."""
    if len(found) == count:
        yield found, "", 0
    elif len(found) < count:
        yield found * count, "pass them to both directions", 2
    else:
        merges: list[tuple[Merge, str, int]] = [
            (lambda a, b: joined(a, b, axis), "concatenate forward and backward", 3),
            (added, "add forward and backward", 6),
        ]
        for merge, words, cost in merges:
            merged = _merged_cells(found, merge)
            if merged is not None:
                yield [merged], words, cost
        yield [found[0]], "pass the forward states alone", 7
        yield [found[-1]], "pass the backward states alone", 8


def _for_each(directions: list[Cells[State]], counts: list[int], axis: int) -> Iterator[_Arranged]:
    """Yield the cells that are wanted, each direction's brought to their number in the same way."""
    for ways in zip(
        *(_cells(cells, count, axis) for cells, count in zip(directions, counts, strict=True)), strict=False
    ):
        if all(way is not None for way in ways):
            found = [way for way in ways if way is not None]
            yield _Arranged([states for way in found for states in way.cells], found[0].words, found[0].cost)


def _cells(cells: Cells[State], count: int, axis: int) -> Iterator[_Arranged | None]:
    """Yield as many cells as are wanted in each of the ways; None where one does not lead there."""
    have = len(cells)
    yield _Arranged(cells) if have == count else None
    for order in _other_orders(have) if have == count else ():
        yield _Arranged([cells[at] for at in order], "pass the cells' states in another order", 3)
    yield _Arranged(cells * count, "pass them to every cell", 2) if have == 1 < count else None
    last = "the last cell" if count == 1 else f"the last {count} cells"
    yield _Arranged(cells[have - count :], f"pass the states of {last}", 3) if have > count else None
    for at in range(have - 1):
        yield _Arranged([cells[at]], f"pass the states of cell {at}", 4) if count == 1 else None
    side_by_side = _merged_cells([[states] for states in cells], lambda a, b: joined(a, b, axis))
    if have > count == 1 and side_by_side is not None:
        yield _Arranged(side_by_side, "concatenate the cells", 5)


def _other_orders(count: int) -> list[tuple[int, ...]]:
    return list(permutations(range(count)))[1:] if count <= _MOST_CELLS else []


def _merged_cells(found: Sequence[Cells[State]], merge: Merge) -> Cells[State] | None:
    """Return the cells of all of these made one by one into the cells of a single one; None where that cannot be."""
    if len({tuple(len(states) for states in cells) for cells in found}) != 1:
        return None
    merged = []
    for alike in zip(*found, strict=True):
        made = [reduce(lambda a, b: a and b and merge(a, b), states) for states in zip(*alike, strict=True)]
        if None in made:
            return None
        merged.append(made)
    return merged


def _filled(states: list[State], slots: list[Slot]) -> _Arranged | None:
    """Return the states that go into the places of one cell; None where they do not."""
    if len(states) >= len(slots):
        return _chosen(states, slots)
    kept = _chosen(states, slots[: len(states)])
    missing = slots[len(states) :]
    # Which of a cell's own states is missing is known of a carry state alone, and of what a user's cell adds.
    zeros = [next((zeros_like(state) for state in states if slot.has_shape_of(state)), None) for slot in missing]
    if kept is None or None in zeros or any(slot.letter == HIDDEN.letter for slot in missing):
        return None
    which = "the carry state" if all(slot.letter == CARRY.letter for slot in missing) else "the other states"
    made = [*kept.cells[0], *(state for state in zeros if state is not None)]
    return _Arranged([made], f"start {which} from zeros", 3)


def _chosen(states: list[State], slots: list[Slot]) -> _Arranged | None:
    """Return as many of the states as there are places, each where it is wanted; in order if that can be.

    A user's cell may have any number of states; only the first few are put in another order.
    """
    for order in permutations(range(len(states)), len(slots)) if len(states) <= _MOST_ORDERED else ():
        chosen = [states[at] for at in order]
        if not all(slot.takes(state) for slot, state in zip(slots, chosen, strict=True)):
            continue
        is_in_order = list(order) == sorted(order)
        if len(chosen) == len(states):
            return _Arranged([chosen], "" if is_in_order else "in another order", 0 if is_in_order else 2)
        alone = "h" if all(state.letter == HIDDEN.letter for state in chosen) else " and ".join(s.code for s in chosen)
        return _Arranged([chosen], f"pass {alone} alone", 2)
    return None


def _one_by_one(found: list[Cells[State]], wanted: list[Cells[Slot]], axis: int) -> Iterator[Way]:
    """Yield the last resort: for each place, on its own, whichever state or pair of states has its shape."""
    flat = [state for cells in found for states in cells for state in states]
    pairs = [pair for a, b in permutations(flat, 2) if (pair := joined(a, b, axis)) is not None]
    made = []
    for cells in wanted:
        for slots in cells:
            for slot in slots:
                takes = next((state for state in [*flat, *pairs] if slot.takes(state)), None)
                shaped = next((zeros_like(state) for state in [*flat, *pairs] if slot.has_shape_of(state)), None)
                made.append(takes or (None if slot.letter == HIDDEN.letter else shaped))
    states = tuple(state for state in made if state is not None)
    if len(states) == len(made):
        yield Way(states, ("choose for each place a state of its shape",), 20)
