"""What happened when a program ran: every named tensor with its values in every draw, every call, and where it stopped.

Made by the rooms with Keras, read by `answer`. Plain data: nothing here knows Keras, and nothing here is words for
people but what Keras itself said.

- program: code
- layer: one layer, which is a program of one call
"""

from rnnshape.trace.layer import FIRST_DRAWS, CallOf, DeclaredShapes, Drawn, LayerTrace, TracedCall
from rnnshape.trace.program import (
    Array,
    Assumption,
    FailsLater,
    Kept,
    MaskChange,
    Nested,
    Operand,
    Outline,
    Path,
    Shape,
    Skipped,
    Span,
    StepKind,
    Stop,
    Trace,
    TracedInput,
    TracedMask,
    TracedStep,
    TracedTensor,
)

__all__ = [
    "FIRST_DRAWS",
    "Array",
    "Assumption",
    "CallOf",
    "DeclaredShapes",
    "Drawn",
    "FailsLater",
    "Kept",
    "LayerTrace",
    "MaskChange",
    "Nested",
    "Operand",
    "Outline",
    "Path",
    "Shape",
    "Skipped",
    "Span",
    "StepKind",
    "Stop",
    "Trace",
    "TracedCall",
    "TracedInput",
    "TracedMask",
    "TracedStep",
    "TracedTensor",
]
