"""The expressions of statements: tensors, slices of them, and merges, as data.

Each is also the string that it is written as: NumPy code over the names of tensors. So statements can be compared,
joined and printed as they are shown. The string is made from the parts, never the other way round.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, final


class Place(enum.IntEnum):
    """Which timestep of each row a slice takes, in the order in which they are told.

    A sequence in reversed order has timestep 0 at step -1, and timestep t at step -1 - t.
    """

    WHOLE = 0
    LAST = 1
    FIRST = 2
    LAST_STEP = 3
    FIRST_STEP = 4
    FIRST_STEP_REVERSED = 5
    LAST_STEP_REVERSED = 6

    @property
    def codes(self) -> tuple[str, ...]:
        """The index of batch and time, as code; nothing for a whole tensor."""
        return _CODES[self]

    @property
    def step(self) -> str:
        """The name in code of the step that the mask gives each row; empty where it is not one of these."""
        return "last_step" if self in (Place.LAST_STEP, Place.LAST_STEP_REVERSED) else "first_step" * self.is_of_mask

    @property
    def is_of_mask(self) -> bool:
        """Whether it is an unmasked step, which is another one in each row."""
        return self >= Place.LAST_STEP


_CODES = {
    Place.WHOLE: (),
    Place.LAST: (":", "-1"),
    Place.FIRST: (":", "0"),
    Place.LAST_STEP: ("rows", "last_step"),
    Place.FIRST_STEP: ("rows", "first_step"),
    Place.FIRST_STEP_REVERSED: ("rows", "-1 - first_step"),
    Place.LAST_STEP_REVERSED: ("rows", "-1 - last_step"),
}


class Side(enum.IntEnum):
    """Which half of the last axis a slice takes."""

    FULL = 0
    LEFT = 1
    RIGHT = 2


class _Written(str):
    """A string that is made from parts, and knows them."""

    __slots__ = ()

    def __getnewargs__(self) -> tuple[Any, ...]:
        """Return the parts, which a copy is made from."""
        return tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Index(_Written):
    """Which part of a tensor: a place in time, and a side of the last axis.

    `axes` is the number of axes of the tensor, `half` the width of the left side, where it is cut in two.
    """

    place: Place = Place.WHOLE
    axes: int = 0
    side: Side = Side.FULL
    half: int | None = None

    def __new__(
        cls, place: Place = Place.WHOLE, axes: int = 0, side: Side = Side.FULL, half: int | None = None
    ) -> Index:
        """Make it from its parts: `[:, -1, :]`, `[:, 0, 4:]`, `[rows, last_step]`; nothing for all of the tensor."""
        front = place.codes
        if side is not Side.FULL:
            last = f":{half}" if side is Side.LEFT else f"{half}:"
            parts = [*front, *[":"] * (axes - len(front) - 1), last]
        elif not front or place.is_of_mask:
            # With an index array in front, full slices behind it add nothing but length.
            parts = list(front)
        else:
            parts = [*front, *[":"] * (axes - len(front))]
        return str.__new__(cls, f"[{', '.join(parts)}]" if parts else "")

    @property
    def is_whole(self) -> bool:
        """Whether this is all of the tensor."""
        return self.place is Place.WHOLE and self.side is Side.FULL

    @property
    def is_step(self) -> bool:
        """Whether this is a step, with all of the other axes."""
        return self.place is not Place.WHOLE and self.side is Side.FULL


class Form(enum.Enum):
    """How two expressions are merged. The value is the code, with the two in it."""

    SUM = "{} + {}"
    PRODUCT = "{} * {}"
    MEAN = "({} + {}) / 2"
    SIDE_BY_SIDE = "concatenate([{}, {}], axis={axis})"


class Expression(_Written):
    """One side of a statement. The subclasses say what it is made of."""

    __slots__ = ()

    @property
    def terms(self) -> tuple[Term, ...]:
        """The tensors and slices in it, from left to right."""
        raise NotImplementedError

    def written(self, term: Callable[[Term], str] = str, module: str = "") -> str:
        """Return it as code, each term as `term` writes it, with a module in front of functions: `np.`."""
        raise NotImplementedError

    def has(self, name: str) -> bool:
        """Tell whether the tensor of this name, or a slice of it, is in the expression."""
        return any(term.tensor == name for term in self.terms)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Term(Expression):
    """A tensor, by its name, or a slice of it."""

    tensor: str
    at: Index = Index()

    def __new__(cls, tensor: str, at: Index = Index()) -> Term:
        """Make it from its parts."""
        return str.__new__(cls, f"{tensor}{at}")

    @property
    def terms(self) -> tuple[Term, ...]:
        """This term."""
        return (self,)

    @property
    def is_whole(self) -> bool:
        """Whether this is a tensor and no slice of one."""
        return self.at.is_whole

    def written(self, term: Callable[[Term], str] = str, module: str = "") -> str:  # noqa: ARG002
        """Return it as code, as `term` writes it."""
        return term(self)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Merge(Expression):
    """A merge of two expressions; `axis` is that of a concatenation."""

    form: Form
    left: Expression
    right: Expression
    axis: int = -1

    def __new__(cls, form: Form, left: Expression, right: Expression, axis: int = -1) -> Merge:
        """Make it from its parts."""
        return str.__new__(cls, form.value.format(left, right, axis=axis))

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms of both sides."""
        return (*self.left.terms, *self.right.terms)

    def written(self, term: Callable[[Term], str] = str, module: str = "") -> str:
        """Return it as code."""
        both = (self.left.written(term, module), self.right.written(term, module))
        code = self.form.value.format(*both, axis=self.axis)
        return f"{module}{code}" if self.form is Form.SIDE_BY_SIDE else code


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Zeros(Expression):
    """Zeros of an expression's shape and dtype."""

    like: Expression

    def __new__(cls, like: Expression) -> Zeros:
        """Make it from its parts."""
        return str.__new__(cls, f"zeros_like({like})")

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms of the expression."""
        return self.like.terms

    def written(self, term: Callable[[Term], str] = str, module: str = "") -> str:
        """Return it as code."""
        return f"{module}zeros_like({self.like.written(term, module)})"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Listed(Expression):
    """Expressions in a list, nested as a layer takes its states."""

    items: tuple[Expression, ...]

    def __new__(cls, items: tuple[Expression, ...]) -> Listed:
        """Make it from its parts."""
        return str.__new__(cls, f"[{', '.join(items)}]")

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms of all items."""
        return tuple(term for item in self.items for term in item.terms)

    def written(self, term: Callable[[Term], str] = str, module: str = "") -> str:
        """Return it as code."""
        return f"[{', '.join(item.written(term, module) for item in self.items)}]"
