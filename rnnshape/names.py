"""What each returned tensor is: its role, of which its name is a spelling, its axes, and what it is in words.

Works from the anatomy of the layer and the real structure of the return value, so that a role never claims a
tensor that did not come back.
"""

from __future__ import annotations

import enum
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rnnshape.catalogue import CellState
from rnnshape.structure import Direction, Path, Role, RoleKind

_NOT_IN_NAMES = re.compile(r"\W+")


class Kind(enum.Enum):
    """How a layer is called, and so what its return value is made of."""

    RECURRENT = "recurrent"
    BIDIRECTIONAL = "bidirectional"
    CELL = "cell"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CellStates:
    """The states of one cell: how many, and which they are, where it is one of Keras's own cells.

    The output of a cell of which that is known is its first state.
    """

    count: int
    states: tuple[CellState, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether it is known which states these are."""
        return bool(self.states) and len(self.states) == self.count


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
    """What a tensor is: its role, its axes, and what it is in words."""

    role: Role
    axes: tuple[str, ...]
    meaning: str

    @property
    def name(self) -> str:
        """The name of the tensor."""
        return self.role.name


_MERGES = {
    "concat": "forward and backward side by side",
    "sum": "forward + backward",
    "mul": "forward * backward",
    "ave": "mean of forward and backward",
}


_Said = tuple[Role, str]
"""A role, and what it is in words."""
_SIDES = tuple(Direction)


def name_tensors(anatomy: Anatomy, leaves: tuple[Leaf, ...]) -> tuple[Named, ...]:
    """Return the role, axes and a meaning for each tensor of a return value, in return order."""
    outputs = _outputs(anatomy, every_step=_has_sequences(anatomy, leaves))
    has_time = [role.every_step for role, _ in outputs] + [leaf.has_time for leaf in leaves[len(outputs) :]]
    count = _count_outputs(anatomy, tuple(leaf.path for leaf in leaves), len(outputs))
    # A user's cell or layer may return more outputs than Keras's own do, nested where Keras has one tensor.
    outputs += [(Role(kind=RoleKind.OUTPUT, number=at), f"output {at}") for at in range(len(outputs), count)]
    said = outputs[:count] + _states(anatomy, len(leaves) - count)
    return tuple(
        Named(role, _axes(anatomy, leaf.rank, has_time=at < count and has_time[at], has_batch=leaf.has_batch), meaning)
        for at, (leaf, (role, meaning)) in enumerate(zip(leaves, said, strict=True))
    )


def _has_sequences(anatomy: Anatomy, leaves: tuple[Leaf, ...]) -> bool:
    """Tell whether the output has the time axis; of what a user's code puts out, only its size tells."""
    kept = bool(leaves) and leaves[0].has_time
    if anatomy.kind is Kind.OTHER:
        return anatomy.return_sequences or kept
    kerass = anatomy.own and all(cell.is_known for cell in (*anatomy.cells, *anatomy.backward))
    return anatomy.return_sequences and (kerass or kept)


def name_steps(anatomy: Anatomy, ranks: Sequence[int]) -> tuple[Named, ...]:
    """Return the role, axes and a meaning for each state after every timestep; `ranks` are the tensors'."""
    roles = _of_cells(anatomy, len(ranks), every_step=True)
    order = ", in reversed order" if anatomy.go_backwards else ""
    return tuple(
        Named(
            role,
            _axes(anatomy, rank, has_time=True),
            f"{_words(role)} after every timestep{order}, by stepping the cell",
        )
        for role, rank in zip(roles, ranks, strict=True)
    )


def initial_states(anatomy: Anatomy, count: int) -> list[Role]:
    """Return the roles of the states that a layer starts from, in the order in which it takes them."""
    return _of_cells(anatomy, count)


def _of_cells(anatomy: Anatomy, count: int, *, every_step: bool = False) -> list[Role]:
    """Return the roles of the states of all cells; where there are others than the cells have, numbers alone."""
    sides = zip(_SIDES, (anatomy.cells, anatomy.backward), strict=True)
    known = sides if anatomy.kind is Kind.BIDIRECTIONAL else ((None, anatomy.cells),)
    roles = [
        replace(role, direction=side, cell=at if anatomy.stacked else None, every_step=every_step)
        for side, cells in known
        for at, cell in enumerate(cells)
        for role in _of_cell(cell)
    ]
    numbers = (Role(kind=RoleKind.STATE, number=at, every_step=every_step) for at in range(count))
    return roles if len(roles) == count else list(numbers)


def _of_cell(cell: CellStates) -> list[Role]:
    if cell.is_known:
        return [Role(kind=RoleKind.STATE, state=state) for state in cell.states]
    return [Role(kind=RoleKind.STATE, number=at if cell.count > 1 else None) for at in range(cell.count)]


def _words(role: Role) -> str:
    """Return what a state is, in words: `forward cell 0 hidden state h`."""
    number = "" if role.number is None else f" {role.number}"
    return f"{role.front.replace('_', ' ')}{role.state.words if role.state else f'state{number}'}"


def _count_outputs(anatomy: Anatomy, paths: tuple[Path, ...], expected: int) -> int:
    """Return how many of the tensors are outputs: states come behind the outputs' places, where they come at all."""
    states = sum(cell.count for cell in (*anatomy.cells, *anatomy.backward))
    if not anatomy.own and paths != tuple((at,) for at in range(expected + states)):
        # A user's own call returns something else than Keras's would.
        return len(paths)
    if anatomy.return_state or anatomy.kind is Kind.CELL:
        return sum(path == () or path[0] < expected for path in paths)
    return len(paths)


def _outputs(anatomy: Anatomy, *, every_step: bool) -> list[_Said]:
    role = Role(kind=RoleKind.OUTPUT, every_step=every_step)
    if anatomy.kind is Kind.BIDIRECTIONAL and anatomy.merge_mode is None:
        return [
            (
                replace(
                    role,
                    direction=side,
                    is_backwards=anatomy.go_backwards if every_step else _runs_backwards(anatomy, side),
                ),
                _one_side(anatomy, side, sequences=every_step),
            )
            for side in _SIDES
        ]
    meaning = _of_output(anatomy, sequences=every_step)
    is_plain = anatomy.kind in (Kind.OTHER, Kind.CELL) or _is_neutral(anatomy, sequences=every_step)
    return [(replace(role, is_backwards=anatomy.go_backwards and not is_plain), meaning)]


def _is_neutral(anatomy: Anatomy, *, sequences: bool) -> bool:
    """Tell whether nothing is known of a recurrent layer's output but whether it is a sequence."""
    return anatomy.kind is Kind.RECURRENT and (not anatomy.own or sequences != anatomy.return_sequences)


def _of_output(anatomy: Anatomy, *, sequences: bool) -> str:
    """Return what the one output is, in words."""
    order = ", in reversed order" if anatomy.go_backwards and sequences else ""
    if anatomy.kind is Kind.OTHER or _is_neutral(anatomy, sequences=sequences):
        return "output at every timestep" if sequences else "output"
    if anatomy.kind is Kind.CELL:
        return "output of this one step"
    if anatomy.kind is Kind.BIDIRECTIONAL:
        return f"{f'at every timestep{order}, ' if sequences else ''}{_MERGES[str(anatomy.merge_mode)]}"
    if sequences:
        return f"output at every timestep{order}"
    return "output of the first timestep, run last" if anatomy.go_backwards else "output of the last timestep"


def _one_side(anatomy: Anatomy, side: Direction, *, sequences: bool) -> str:
    if sequences:
        return f"{side.value} output at every timestep{', in reversed order' if anatomy.go_backwards else ''}"
    return f"{side.value} output after the {'first' if _runs_backwards(anatomy, side) else 'last'} timestep"


def _runs_backwards(anatomy: Anatomy, side: Direction | None) -> bool:
    """Tell whether a side runs from the last timestep to the first; Bidirectional turns its backward side around."""
    return anatomy.go_backwards != (side is Direction.BACKWARD)


def _states(anatomy: Anatomy, count: int) -> list[_Said]:
    """Return what the states are. A user's cell may hand back more, or fewer, than its state_size says."""
    if anatomy.kind is not Kind.BIDIRECTIONAL:
        return _direction(anatomy, anatomy.cells, None, count)
    forward, backward = (sum(cell.count for cell in cells) for cells in (anatomy.cells, anatomy.backward))
    if forward + backward != count and count % 2:
        roles = (Role(kind=RoleKind.STATE, number=at) for at in range(count))
        return [(role, f"{_words(role)} after the last step") for role in roles]
    half = forward if forward + backward == count else count // 2
    sides = zip(_SIDES, (anatomy.cells, anatomy.backward), (half, count - half), strict=True)
    return [said for side, cells, of_side in sides for said in _direction(anatomy, cells, side, of_side)]


def _direction(anatomy: Anatomy, cells: tuple[CellStates, ...], side: Direction | None, count: int) -> list[_Said]:
    is_backwards = _runs_backwards(anatomy, side) and anatomy.kind is not Kind.CELL and anatomy.own
    after = " after the first timestep, run last" if is_backwards else " after the last timestep"
    if anatomy.kind is Kind.CELL:
        after = " after this one step"
    if not anatomy.own:
        after = ""
    stacked = anatomy.stacked or len(cells) > 1
    if sum(cell.count for cell in cells) != count:
        cells, stacked = (CellStates(count),), False
    roles = (
        replace(role, direction=side, cell=at if stacked else None, is_backwards=is_backwards)
        for at, cell in enumerate(cells)
        for role in _of_cell(cell)
    )
    return [(role, f"{_words(role)}{after}") for role in roles]


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


def identifier(name: str) -> str:
    """Return a name that Python takes, as near to this one as can be."""
    found = _NOT_IN_NAMES.sub("_", name).strip("_") or "tensor"
    return f"_{found}" if found[0].isdigit() or keyword.iskeyword(found) else found
