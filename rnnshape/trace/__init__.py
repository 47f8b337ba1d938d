"""What happened when a program ran: every named tensor with its values in every draw, every call, and where it stopped.

Made by the rooms with Keras, read by `answer`. Plain data: nothing here knows Keras, and nothing here is words for
people but what Keras itself said.

- program: what every program has
- code, layer: what code has besides, and what one layer has, which is a program of one call
"""

from rnnshape.trace.code import Kept, Outline, Span, Stop, Trace
from rnnshape.trace.layer import DeclaredShapes, LayerTrace
from rnnshape.trace.program import (
    FIRST_DRAWS,
    MORE_DRAWS,
    Array,
    Drawn,
    Nested,
    Path,
    Shape,
    StepKind,
    TracedMask,
    TracedStep,
    TracedTensor,
)

__all__ = [
    "FIRST_DRAWS",
    "MORE_DRAWS",
    "Array",
    "DeclaredShapes",
    "Drawn",
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
