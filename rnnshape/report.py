"""What was found: the answer to one query, as plain frozen data.

The dataclasses mirror the JSON document key by key and in its order (`rnnshape/schema.json` is the document's
schema); a field that is None by default is left out of the document while it is None.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass, field, replace
from typing import Annotated

from rnnshape.document import NOT_IN_DOCUMENT, Text, as_document, check_version, from_document
from rnnshape.errors import SCHEMA_VERSION
from rnnshape.expression import Call, parse
from rnnshape.structure import OUTPUT, Expression, Nest, Role, Unpack, reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self

Shape = tuple[int | None, ...]
Layer = Annotated[Call, Text(parse)]
Code = Annotated[Expression, Text(reading.expression)]
Statement = tuple[Code, ...]
"""NumPy expressions over the tensors' names, all of equal value (or, where said so, all of different values)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One tensor. `path` locates it in the return value, None where the layer does not return it.

    An unknown size in `shape` is None. `role` is what it is to its layer; `name` is a spelling of that. On the way
    through a Sequential, `layer` is the layer that returns the tensor, `name` is made of the layer's own, and `masked`
    tells that the tensor carries a mask.
    """

    name: str
    path: tuple[int, ...] | None
    shape: Shape
    axes: tuple[str, ...]
    dtype: str
    meaning: str
    layer: Layer | None = None
    masked: bool | None = None
    role: Role = field(default=OUTPUT, metadata=NOT_IN_DOCUMENT, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What the layer was called with."""

    shape: Shape
    axes: tuple[str, ...]
    dtype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """The initial states that the layer accepts: their shapes, nested as Keras wants them, and in words.

    `starts_from` is there where the layer by itself starts from something else than zeros: "ones", "random numbers",
    "a weight", or "values of its own".
    """

    accepts: list[typing.Any]
    structure: Annotated[Nest, Text(reading.nest)]
    starts_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What Keras declares before it runs anything, as nested shapes, and whether the real run agrees.

    `structure` is the symbolic call's; `compute_output_shape` is there where that method says something else.
    """

    agrees: bool
    structure: str
    compute_output_shape: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """The real return value: its nested shapes, and the type of the outermost container."""

    structure: str
    container: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """One weight of the layer. `axes`, `gates` and `note` are there when the weights are explained."""

    name: str
    shape: tuple[int, ...]
    axes: tuple[str, ...] | None = None
    gates: tuple[str, ...] | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The layer's weights.

    When they are explained, `formula` evaluates to `total`; `formula_by_name` is the same over units, features and
    filters, where one cell, or several alike, have all of the parameters.
    """

    total: int
    weights: tuple[Weight, ...]
    formula: str | None = None
    formula_by_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduced:
    """The small sizes at which the values were compared, because the asked ones are unknown or too large."""

    layer: Layer
    input: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How the answer came about."""

    seed: int
    draws: int
    device: str
    reduced_to: Reduced | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Whose answer this is. `passed_over` is another backend, where the user has chosen one for Keras."""

    rnnshape: str
    keras: str
    tensorflow: str
    python: str
    backend: str | None = None
    passed_over: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """The mask as it was given, and the first and the last unmasked step of each row.

    A row without any unmasked step has None. No statement uses `first_step` or `last_step` then, since there is no
    array of steps to evaluate it with; wherever a statement uses them, `rows` is `arange(batch)`. In a sequence in
    reversed order, step `-1 - first_step` is the timestep `first_step`.

    `applied` is False where dropping the mask changes no returned tensor in any draw: it masks nothing, no layer uses
    it, or it was lost before one could. `lost_at` is the layer at which the mask ended,
    because it hands none on, or one of its own; it is there, too, where the mask was used before it, but a layer behind
    it that takes a mask got none. `padding` is what the inputs hold at the masked steps, where the first layer makes
    its mask from that.
    """

    given: str
    first_step: tuple[int | None, ...]
    last_step: tuple[int | None, ...]
    applied: bool | None = None
    lost_at: str | None = None
    padding: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Into:
    """Whether the returned states fit another layer as its `initial_state`.

    `initial_state` is the NumPy expression, over the names of the tensors, that fits (None where nothing does);
    it was proved by running the layer with it. `change` says in words what has to be changed, if anything;
    `layer_that_fits` is the other layer where that, too, has to change. `caution` is there where the states fit by
    their shapes alone: one that is an h would be taken for a c, or the other way round.
    """

    layer: Layer
    fits: bool
    wants: str
    gives: str
    initial_state: Code | None
    change: str | None
    layer_that_fits: Layer | None = None
    caution: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The time of a forward call in a graph, in seconds; `relative` is to the fastest layer measured with this one."""

    median: float
    quartiles: tuple[float, ...]
    calls: int
    relative: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """The flags of one of the four runs of `--all-flags`."""

    return_sequences: bool
    return_state: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that one query found out.

    `equal` holds one statement per fact: expressions of equal value. `close` is the same for values that differ
    by rounding only. `constant` names the expressions that hold one single value throughout, which therefore
    take part in no statement; `undecided` names the tensors whose values vary too little to say anything of them.
    `dtype_policy` is the policy that the layer was built under, where it was asked for one.
    `broken` are statements that hold without the mask and do not hold with it. `masks_made` are the layers inside
    that make a mask of their own from what they are given, `masks_lost` those at which such a mask ends, although a
    layer behind them takes one.
    """

    schema_version: int = SCHEMA_VERSION
    layer: Layer
    input: Input
    unpack: Annotated[Unpack, Text(reading.unpack)]
    tensors: tuple[Tensor, ...]
    equal: tuple[Statement, ...]
    same_shape_different_values: tuple[Statement, ...]
    states: States | None
    declared: Declared
    returned: Returned
    parameters: Parameters
    ran: Ran
    versions: Versions
    close: tuple[Statement, ...] | None = None
    constant: tuple[str, ...] | None = None
    undecided: tuple[str, ...] | None = None
    mask: Mask | None = None
    masks_made: tuple[str, ...] | None = None
    masks_lost: tuple[str, ...] | None = None
    broken: tuple[Statement, ...] | None = None
    initial_state: str | None = None
    training: bool | None = None
    dtype_policy: str | None = None
    into: Into | None = None
    same_weights: bool | None = None
    combination: Combination | None = None
    equal_across: tuple[Statement, ...] | None = None
    measured: Measured | None = None
    explanation: tuple[str, ...] | None = None

    def to_dict(self) -> dict[str, typing.Any]:
        """Return the JSON document: plain dicts, lists, strings, numbers, booleans and None."""
        return typing.cast("dict[str, typing.Any]", as_document(self))

    @classmethod
    def from_dict(cls, document: object) -> Self:
        """Return the report that a JSON document describes.

        Unknown keys are passed over, since a later version may add some.

        Raises:
            InvalidQuery: the document is not one of ours; the message names the key at fault.

        """
        check_version(document)
        read = typing.cast("Self", from_document(cls, document, "report"))
        return replace(
            read, tensors=tuple(replace(one, role=reading.role(one.name, one.meaning)) for one in read.tensors)
        )

    @property
    def returned_tensors(self) -> tuple[Tensor, ...]:
        """The tensors that the layer itself returns; there may be more than these."""
        return tuple(tensor for tensor in self.tensors if tensor.path is not None)
