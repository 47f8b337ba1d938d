"""What each returned tensor is called, which axes it has, and what it is in words.

Works from the anatomy of the layer and the real structure of the return value, so that a name never claims a
tensor that did not come back.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Path = tuple[int, ...]


class Kind(enum.Enum):
    """How a layer is called, and so what its return value is made of."""

    RECURRENT = "recurrent"
    BIDIRECTIONAL = "bidirectional"
    CELL = "cell"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CellStates:
    """The states of one cell: how many, and whether they are an LSTM's h and c."""

    count: int
    is_lstm: bool = False
    has_output: bool = True
    """Whether the cell's output is its first state, as Keras's own cells have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """What is inside a layer, as far as names go.

    `cells` are bottom first; `backward` is Bidirectional's other half. `go_backwards` is the layer's own, or that of
    Bidirectional's forward layer: its backward layer then runs forward.
    """

    kind: Kind
    cells: tuple[CellStates, ...] = ()
    backward: tuple[CellStates, ...] = ()
    stacked: bool = False
    return_sequences: bool = False
    return_state: bool = False
    go_backwards: bool = False
    merge_mode: str | None = None
    own: bool = True
    """Whether Keras's own code makes the return value; a subclass may return anything, in any order."""
    spatial: tuple[str, ...] = ()
    channels_first: bool = False
    last_axis: str = "units"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A returned tensor: its place, its rank, and whether its first two axes have the sizes of batch and timesteps."""

    path: Path
    rank: int
    has_batch: bool = True
    has_time: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A returned tensor's name, axes and meaning."""

    name: str
    axes: tuple[str, ...]
    meaning: str


_MERGES = {
    "concat": "forward and backward side by side",
    "sum": "forward + backward",
    "mul": "forward * backward",
    "ave": "mean of forward and backward",
}


_Words = tuple[str, str, bool]
"""A name, a meaning, and whether the tensor has a time axis."""


def name_tensors(anatomy: Anatomy, leaves: tuple[Leaf, ...]) -> tuple[Named, ...]:
    """Return a name, axes and a meaning for each tensor of a return value, in return order."""
    sequences = _has_sequences(anatomy, leaves)
    outputs = _outputs(anatomy, sequences=sequences)
    count = _count_outputs(anatomy, tuple(leaf.path for leaf in leaves), len(outputs))
    # A user's cell or layer may return more outputs than Keras's own do, nested where Keras has one tensor.
    for at in range(len(outputs), count):
        outputs.append((f"output_{at}", f"output {at}", leaves[at].has_time))
    words = outputs[:count] + _states(anatomy, len(leaves) - count)
    return tuple(
        Named(name, _axes(anatomy, leaf.rank, has_time=has_time, has_batch=leaf.has_batch), meaning)
        for leaf, (name, meaning, has_time) in zip(leaves, words, strict=True)
    )


def _has_sequences(anatomy: Anatomy, leaves: tuple[Leaf, ...]) -> bool:
    """Tell whether the output has the time axis; of what a user's code puts out, only its size tells."""
    kept = bool(leaves) and leaves[0].has_time
    if anatomy.kind is Kind.OTHER:
        return anatomy.return_sequences or kept
    kerass = anatomy.own and all(cell.has_output for cell in (*anatomy.cells, *anatomy.backward))
    return anatomy.return_sequences and (kerass or kept)


def name_steps(anatomy: Anatomy, ranks: Sequence[int]) -> tuple[Named, ...]:
    """Return a name, axes and a meaning for each state after every timestep; `ranks` are the tensors'."""
    words = [
        (f"{prefix}{name.replace('final_', 'every_')}", f"{prefix.replace('_', ' ')}{what}")
        for prefix, cell in _cells(anatomy)
        for name, what in _of_cell(cell)
    ]
    if len(words) != len(ranks):
        words = [(f"every_state_{at}", f"state {at}") for at in range(len(ranks))]
    order = ", in reversed order" if anatomy.go_backwards else ""
    return tuple(
        Named(name, _axes(anatomy, rank, has_time=True), f"{what} after every timestep{order}, by stepping the cell")
        for (name, what), rank in zip(words, ranks, strict=True)
    )


def name_initial_states(anatomy: Anatomy, count: int) -> list[str]:
    """Return short names for the states that a layer starts from, in the order in which it takes them: `h`, `c`."""
    words = []
    for prefix, cell in _cells(anatomy):
        if cell.is_lstm and cell.count == 2:
            words += [f"{prefix}h", f"{prefix}c"]
        elif cell.count == 1:
            words.append(f"{prefix}h" if cell.has_output else f"{prefix}state")
        else:
            words += [f"{prefix}state_{number}" for number in range(cell.count)]
    return words if len(words) == count else [f"state_{at}" for at in range(count)]


def _cells(anatomy: Anatomy) -> Iterator[tuple[str, CellStates]]:
    """Yield the cells of both directions, each with what the names of its states begin with."""
    sides = (("forward_", anatomy.cells), ("backward_", anatomy.backward))
    for side, cells in sides if anatomy.kind is Kind.BIDIRECTIONAL else (("", anatomy.cells),):
        for at, cell in enumerate(cells):
            yield f"{side}cell_{at}_" if anatomy.stacked else side, cell


def _count_outputs(anatomy: Anatomy, paths: tuple[Path, ...], expected: int) -> int:
    """Return how many of the tensors are outputs: states come behind the outputs' places, where they come at all."""
    states = sum(cell.count for cell in (*anatomy.cells, *anatomy.backward))
    if not anatomy.own and paths != tuple((at,) for at in range(expected + states)):
        # A user's own call returns something else than Keras's would.
        return len(paths)
    if anatomy.return_state or anatomy.kind is Kind.CELL:
        return sum(path == () or path[0] < expected for path in paths)
    return len(paths)


def _outputs(anatomy: Anatomy, *, sequences: bool) -> list[_Words]:
    name = "whole_sequence_output" if sequences else "output"
    neutral = anatomy.kind is Kind.RECURRENT and (not anatomy.own or sequences != anatomy.return_sequences)
    if anatomy.kind is Kind.OTHER or neutral:
        return [(name, "output at every timestep" if sequences else "output", sequences)]
    if anatomy.kind is Kind.CELL:
        return [(name, "output of this one step", False)]
    if anatomy.kind is Kind.BIDIRECTIONAL:
        if anatomy.merge_mode is None:
            sides = ("forward", "backward")
            return [(f"{side}_{name}", _one_side(anatomy, side, sequences=sequences), sequences) for side in sides]
        order = "in reversed order, " if anatomy.go_backwards else ""
        return [(name, f"{f'at every timestep, {order}' if sequences else ''}{_MERGES[anatomy.merge_mode]}", sequences)]
    if anatomy.go_backwards:
        reversed_ = "output at every timestep, in reversed order"
        return [(name, reversed_ if sequences else "output of the first timestep, run last", sequences)]
    return [(name, "output at every timestep" if sequences else "output of the last timestep", sequences)]


def _one_side(anatomy: Anatomy, side: str, *, sequences: bool) -> str:
    if sequences:
        return f"{side} output at every timestep{', in reversed order' if anatomy.go_backwards else ''}"
    return f"{side} output after the {'first' if _runs_backwards(anatomy, side) else 'last'} timestep"


def _runs_backwards(anatomy: Anatomy, side: str) -> bool:
    """Tell whether a side runs from the last timestep to the first; Bidirectional turns its backward side around."""
    return anatomy.go_backwards != (side == "backward")


def _states(anatomy: Anatomy, count: int) -> list[_Words]:
    """Return the words for the states. A user's cell may hand back more, or fewer, than its state_size says."""
    if anatomy.kind is not Kind.BIDIRECTIONAL:
        return _direction(anatomy, anatomy.cells, "", count)
    forward, backward = (sum(cell.count for cell in cells) for cells in (anatomy.cells, anatomy.backward))
    if forward + backward != count and count % 2:
        return [(f"final_state_{at}", f"state {at} after the last step", False) for at in range(count)]
    half = forward if forward + backward == count else count // 2
    sides = (("forward", anatomy.cells, half), ("backward", anatomy.backward, count - half))
    return [words for side, cells, of_side in sides for words in _direction(anatomy, cells, side, of_side)]


def _direction(anatomy: Anatomy, cells: tuple[CellStates, ...], side: str, count: int) -> list[_Words]:
    after = " after the first timestep, run last" if _runs_backwards(anatomy, side) else " after the last timestep"
    if anatomy.kind is Kind.CELL:
        after = " after this one step"
    if not anatomy.own:
        after = ""
    stacked = anatomy.stacked or len(cells) > 1
    if sum(cell.count for cell in cells) != count:
        cells, stacked = (CellStates(count, has_output=False),), False
    named = []
    for at, cell in enumerate(cells):
        prefix = (f"{side}_" if side else "") + (f"cell_{at}_" if stacked else "")
        owner = " ".join(filter(None, [side, f"cell {at}" if stacked else ""]))
        owner = f"{owner} " if owner else ""
        for state, words in _of_cell(cell):
            named.append((f"{prefix}{state}", f"{owner}{words}{after}", False))
    return named


def _of_cell(cell: CellStates) -> list[tuple[str, str]]:
    if cell.is_lstm and cell.count == 2:
        return [("final_memory_state", "hidden state h"), ("final_carry_state", "carry state c")]
    if cell.count == 1:
        return [("final_state", "hidden state h" if cell.has_output else "state")]
    return [(f"final_state_{at}", f"state {at}") for at in range(cell.count)]


def _axes(anatomy: Anatomy, rank: int, *, has_time: bool, has_batch: bool = True) -> tuple[str, ...]:
    if not has_batch:
        return tuple(f"axis_{at}" for at in range(rank))
    front = ("batch", "timesteps") if has_time else ("batch",)
    rest = rank - len(front)
    if rest <= 0:
        return front[:rank]
    if rest == 1:
        return (*front, anatomy.last_axis)
    middle = anatomy.spatial if len(anatomy.spatial) == rest - 1 else tuple(f"axis_{at + 1}" for at in range(rest - 1))
    return (*front, anatomy.last_axis, *middle) if anatomy.channels_first else (*front, *middle, anatomy.last_axis)


def unpacking(paths: tuple[Path, ...], names: tuple[str, ...]) -> str:
    """Return the left side of the assignment that unpacks the return value: `output, (a, b), (c,)`.

    A place in the return value without any tensor is unpacked into `_`.
    """
    if paths == ((),):
        return names[0]
    return _nest(list(zip(paths, names, strict=True)), 0).removeprefix("(").removesuffix(")") or "()"


def _nest(leaves: list[tuple[Path, str]], depth: int) -> str:
    """Return the code of a tuple with the leaves at the places that their paths give from `depth` on."""
    places: dict[int, list[tuple[Path, str]]] = {}
    for path, name in leaves:
        places.setdefault(path[depth], []).append((path, name))
    code = []
    for place in range(max(places, default=-1) + 1):
        inside = places.get(place, [((), "_")])
        is_leaf = len(inside[0][0]) <= depth + 1
        code.append(inside[0][1] if is_leaf else _nest(inside, depth + 1))
    return f"({', '.join(code)}{',' if len(code) == 1 else ''})"
