"""What happened when one layer ran, which is a program of one call: `outputs = layer(inputs)`.

Around that call there are others, with the same weights and inputs: of each layer on the way through a Sequential; of
the layer's cell, one timestep after the other; of the layer once more, without its mask. All of their tensors are
compared, as those of any other program are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rnnshape.expression import Call
from rnnshape.report import Input, Into, Mask, Measured, Parameters, Reduced, States, Versions
from rnnshape.structure import Invocation
from rnnshape.trace.program import Trace


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
class LayerTrace(Trace):
    """One run of one layer.

    `layer` makes the layer, as it was asked for; `call` is how it is called: `layer(inputs, mask=mask)`.
    `returned` are the nested shapes that came back, at the sizes that ran; `container` is the type of the outermost
    container. `declared` is what Keras declares at those sizes, `declared_as_asked` at those that were asked for;
    `refused` is why the symbolic call failed, where it did. The layer, or the input, that ran may be a smaller one:
    `reduced_to` says so. `mask_found` is what became of the mask.
    """

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
    reduced_to: Reduced | None
    versions: Versions
    mask_found: Mask | None = None
    masks_made: tuple[str, ...] = ()
    masks_lost: tuple[str, ...] = ()
    initial_state: str | None = None
    training: bool = False
    dtype_policy: str | None = None
    into: Into | None = None
    measured: Measured | None = None
