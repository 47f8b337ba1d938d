"""What a tensor is to its layer: an output, or a state of a cell. Its name is a spelling of that."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from rnnshape.catalogue import CellState


class RoleKind(enum.Enum):
    """The two kinds of tensors that a layer returns."""

    OUTPUT = "output"
    STATE = "state"


class Direction(enum.Enum):
    """The two directions of a Bidirectional layer."""

    FORWARD = "forward"
    BACKWARD = "backward"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a tensor is.

    `direction` is there where the two directions are apart, `cell` where cells are stacked. `state` is which state of
    its cell it is, where that is known; `number` tells apart states that are not known, and outputs behind the first.
    `every_step`: it has a time axis, as a whole sequence, or as a state after every timestep. `is_backwards`: what it
    comes from runs from the last timestep to the first, so that a sequence is in reversed order, and anything else is
    from after the first timestep.
    """

    kind: RoleKind
    direction: Direction | None = None
    cell: int | None = None
    state: CellState | None = None
    number: int | None = None
    every_step: bool = False
    is_backwards: bool = False

    @property
    def is_state(self) -> bool:
        """Whether this is a state, and no output."""
        return self.kind is RoleKind.STATE

    @property
    def is_sequence(self) -> bool:
        """Whether this is the output of every timestep, and the first output of its layer."""
        return not self.is_state and self.every_step and self.number is None

    @property
    def name(self) -> str:
        """The name of a tensor of this role: `forward_cell_0_final_carry_state`."""
        number = "" if self.number is None else f"_{self.number}"
        if not self.is_state:
            return self.front + ("whole_sequence_output" if self.is_sequence else f"output{number}")
        which = f"{self.state.name}_" if self.state and self.state.name else ""
        return f"{self.front}{'every' if self.every_step else 'final'}_{which}state{number}"

    @property
    def word(self) -> str:
        """The short name of a state that a layer starts from: `forward_h`, `c`, `state_1`."""
        number = "" if self.number is None else f"_{self.number}"
        return f"{self.front}{self.state.letter if self.state else f'state{number}'}"

    @property
    def front(self) -> str:
        """What the names of all tensors of this direction and cell begin with."""
        direction = f"{self.direction.value}_" if self.direction else ""
        return direction if self.cell is None else f"{direction}cell_{self.cell}_"


OUTPUT = Role(kind=RoleKind.OUTPUT)
"""The output of a layer of which nothing else is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Nest:
    """The roles of the states that a layer takes, nested as it takes them. Two are equal if they read the same."""

    items: tuple[Role | Nest, ...]

    def __eq__(self, other: object) -> bool:
        """Tell whether both read the same: a document does not tell all of a role."""
        return isinstance(other, Nest) and str(self) == str(other)

    def __hash__(self) -> int:
        """Return the hash of how it reads."""
        return hash(str(self))

    def __str__(self) -> str:
        """Return it in words: `[[forward_h, forward_c], [backward_h, backward_c]]`."""
        return f"[{', '.join(item.word if isinstance(item, Role) else str(item) for item in self.items)}]"

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles, in order."""
        return tuple(self._roles())

    def _roles(self) -> Iterator[Role]:
        for item in self.items:
            yield from (item,) if isinstance(item, Role) else item.roles
