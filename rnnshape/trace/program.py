"""What every program that ran has, be it code or one layer: its calls, and its tensors with all their values."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from rnnshape.expression import Call
from rnnshape.structure import OUTPUT, Role

FIRST_DRAWS = 2
"""How many draws an answer is made of, where they tell enough."""
MORE_DRAWS = 2
"""How many are made at once, where they do not."""

Array = NDArray[Any]
Shape = tuple[int | None, ...]
Path = tuple[int, ...]
Nested = str | tuple["Nested", ...]
"""Names of tensors, nested as they were passed."""


class StepKind(enum.Enum):
    """What a step calls; behind a single layer, also the calls that are made around it."""

    LAYER = "layer"
    MODEL = "model"
    FUNCTION = "function"
    INSIDE = "inside"
    """A layer on the way through the one that is called."""
    CELL = "cell"
    """The layer's cell, one timestep after the other."""
    UNMASKED = "unmasked"
    """The layer once more, without its mask."""
    INTO = "into"
    """Another layer, which starts from the states that were returned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedTensor:
    """One tensor of the program, in the order in which the code makes them.

    Of a layer alone there is no code: its tensors have no variable, and no line but the first.

    `variable` is what the code calls it (None: it has no name there); `name` is that, made unique (`x`, `x_2`), or one
    of ours. `step` is the position of the call that made it in `Trace.steps`, None for an input; `path` locates it in
    what that call returned, None where it is computed and not returned. `axes` and `meaning` say what it is. `masked`:
    it carries a mask. `has_time`: its second axis is the time axis; `is_reversed`: in reversed order. `half`: the width
    of the first half, where it is two tensors side by side (`Bidirectional`); `half_shown` is the number to write for
    it, where another size was asked for.
    `draws` holds its values in each draw, () where the program stopped before they were computed. `unchanged` is the
    name of the tensor that a layer handed through as it was (`Dropout` without training), or of which this is another
    name. `kind` is what the code holds: a `symbolic` tensor, an eager `tensor`, an `array`.
    `role` is what it is to its layer, where one layer is all that is asked for.
    """

    name: str
    variable: str | None = None
    line: int = 1
    step: int | None = None
    path: Path | None
    shape: Shape
    axes: tuple[str, ...]
    dtype: str
    meaning: str
    masked: bool = False
    has_time: bool = False
    is_reversed: bool = False
    half: int | None = None
    half_shown: int | None = None
    draws: tuple[Array, ...] = ()
    unchanged: str | None = None
    kind: str = "symbolic"
    role: Role = OUTPUT


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedStep:
    """One call. `layer` is the layer as Keras code, `name` its name as Keras would count in a fresh process.

    `inputs`, `initial_state` and `mask` name tensors of the trace. `declared` and `returned` are the nested shapes as
    code; they are the same where Keras keeps its word. `is_shared`: the layer was called before. `calls`: how often the
    call was made, where the code was executed; the tensors are those of the first time. `made_by` makes the layer,
    where it is another than the one that was asked for.
    """

    kind: StepKind
    layer: str = ""
    line: int = 1
    name: str = ""
    inputs: tuple[str, ...] = ()
    initial_state: Nested | None = None
    mask: str | None = None
    training: bool = False
    returns: tuple[str, ...] = ()
    parameters: int = 0
    declared: str | None = None
    returned: str | None = None
    is_shared: bool = False
    made_by: Call | None = None
    calls: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedMask:
    """The mask that was asked for: as it was given, and the first and last unmasked step of each row in each draw.

    The steps are -1 in a row without any; `first` and `last` are empty where the masked inputs differ in timesteps.
    """

    given: str
    first: tuple[Array, ...] = ()
    last: tuple[Array, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The calls of a program, and the values of all tensors in every draw so far.

    There may be more draws, where these do not tell enough.
    """

    steps: tuple[TracedStep, ...]
    tensors: tuple[TracedTensor, ...]
    draws: int = 0
    seed: int = 0
    device: str = "CPU"
    mask: TracedMask | None = None

    def tensors_of(self, *kinds: StepKind) -> Iterator[TracedTensor]:
        """Yield the tensors that calls of these kinds returned."""
        for tensor in self.tensors:
            if tensor.step is not None and self.steps[tensor.step].kind in kinds:
                yield tensor
