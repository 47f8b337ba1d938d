"""What happened when one layer ran, which is a program of one call: `outputs = layer(inputs)`.

Around that call there are others, with the same weights and inputs: of each layer on the way through a Sequential; of
the layer's cell, one timestep after the other; of the layer once more, without its mask. All of their tensors are
compared, as those of any other program are.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from rnnshape.expression import Call
from rnnshape.report import Input, Into, Mask, Measured, Parameters, Ran, States, Versions
from rnnshape.structure import Invocation
from rnnshape.trace.program import TracedMask, TracedTensor

FIRST_DRAWS = 2
"""How many draws an answer is made of, where they tell enough."""


class CallOf(enum.Enum):
    """What is called."""

    LAYER = "the layer"
    INSIDE = "a layer on the way through it"
    CELL = "its cell, one timestep after the other"
    UNMASKED = "the layer once more, without its mask"


@dataclass(frozen=True, slots=True)
class TracedCall:
    """One call, and the tensors that it returned, in their order. `layer` makes the layer, where it is one inside."""

    of: CallOf
    tensors: tuple[TracedTensor, ...]
    layer: Call | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The values of all calls in every draw so far. There may be more draws, where these do not tell enough."""

    calls: tuple[TracedCall, ...]
    draws: int
    mask: TracedMask | None = None

    def tensors_of(self, of: CallOf) -> tuple[TracedTensor, ...] | None:
        """Return the tensors of the call of this, which is made once; None where it was not made."""
        return next((call.tensors for call in self.calls if call.of is of), None)


@dataclass(frozen=True, slots=True)
class DeclaredShapes:
    """What Keras declares before it runs anything, as nested shapes (see `tree.shapes`).

    `symbolic` is the symbolic call's, None where that failed; `computed` is that of the layer's own
    `compute_output_shape`, None where it has none or that method fails.
    """

    symbolic: Any
    computed: Any

    @property
    def any(self) -> Any:
        """The symbolic call's shapes, else the computed ones; None where neither is there."""
        return self.computed if self.symbolic is None else self.symbolic


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerTrace:
    """One run of one layer.

    `layer` makes the layer, as it was asked for; `call` is how it is called: `layer(inputs, mask=mask)`.
    `returned` are the nested shapes that came back, at the sizes that ran; `container` is the type of the outermost
    container. `declared` is what Keras declares at those sizes, `declared_as_asked` at those that were asked for;
    `refused` is why the symbolic call failed, where it did. The layer, or the input, that ran may be a smaller one:
    `ran` says so.
    """

    drawn: Drawn
    layer: Call
    call: Invocation
    input: Input
    returned: Any
    container: str
    declared: DeclaredShapes
    declared_as_asked: DeclaredShapes
    refused: str | None
    parameters: Parameters
    states: States | None
    ran: Ran
    versions: Versions
    mask: Mask | None = None
    masks_made: tuple[str, ...] = ()
    masks_lost: tuple[str, ...] = ()
    initial_state: str | None = None
    training: bool = False
    into: Into | None = None
    measured: Measured | None = None
