"""What happened when a program ran: every named tensor with its values in every draw, every call, and where it stopped.

Made by the rooms with Keras, read by `answer`. Plain data: nothing here knows Keras, and nothing here is words for
people but what Keras itself said.

- program: what every program has
- code, layer: what code has besides, and what one layer has, which is a program of one call
"""

from rnnshape.trace.code import CodeTrace, Kept, Outline, Span, Stop
from rnnshape.trace.layer import DeclaredShapes, LayerTrace
from rnnshape.trace.program import (
    FIRST_DRAWS,
    MORE_DRAWS,
    Array,
    Nested,
    Path,
    Shape,
    StepKind,
    Trace,
    TracedMask,
    TracedStep,
    TracedTensor,
)

__all__ = [
    "FIRST_DRAWS",
    "MORE_DRAWS",
    "Array",
    "CodeTrace",
    "DeclaredShapes",
    "Kept",
    "LayerTrace",
    "Nested",
    "Outline",
    "Path",
    "Shape",
    "Span",
    "StepKind",
    "Stop",
    "Trace",
    "TracedMask",
    "TracedStep",
    "TracedTensor",
]
