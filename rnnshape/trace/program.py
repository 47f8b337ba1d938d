"""What happened when code ran."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from rnnshape.structure import OUTPUT, Role

Array = NDArray[Any]
Shape = tuple[int | None, ...]
Path = tuple[int, ...]
Nested = str | tuple["Nested", ...]
"""Names of tensors, nested as they were passed."""


class StepKind(enum.Enum):
    """What a step calls."""

    LAYER = "layer"
    MODEL = "model"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedInput:
    """A tensor that the program starts from: an `Input`, data, or one that was assumed.

    `name` is that of its tensor. `shape` is as the code gives it (None: unknown).
    """

    name: str
    variable: str | None
    line: int
    shape: Shape
    axes: tuple[str, ...]
    dtype: str
    assumed: bool = False


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
    """One call. `layer` is the layer as Keras code, `name` the layer's name as Keras would count in a fresh process.

    `inputs`, `initial_state` and `mask` name tensors of the trace. `declared` and `returned` are the nested shapes as
    code; they are the same where Keras keeps its word. `is_shared`: the layer was called before. `calls`: how often the
    call was made, where the code was executed; the tensors are those of the first time.
    """

    line: int
    layer: str
    name: str
    kind: StepKind
    inputs: tuple[str, ...]
    initial_state: Nested | None = None
    mask: str | None = None
    training: bool = False
    returns: tuple[str, ...] = ()
    parameters: int = 0
    declared: str | None = None
    returned: str | None = None
    is_shared: bool = False
    calls: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """A name that the program uses and never gives, and the code that was taken for it."""

    name: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something that was passed over, by line: `model.compile`."""

    line: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskChange:
    """A line where a mask is made (`Masking`, `mask_zero`) or lost; `layer` did it."""

    line: int
    layer: str
    is_made: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FailsLater:
    """A call that Keras takes as declared, on symbolic tensors, and that fails with values: in `fit` or `predict`."""

    line: int
    layer: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A tensor on the line where the program stopped: as the code spells it, its shape, and the line it comes from."""

    code: str
    shape: Shape
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Where and why the program stopped.

    `code` is the error's code for scripts (`keras-refused`, `not-read`, …). `line`, `column`, `end_line` and
    `end_column` delimit what is at fault in the source (lines from 1, columns from 0). `kind` is the exception's class
    name, `message` what Keras (or we) said, cleaned.
    """

    code: str
    line: int
    column: int
    end_line: int
    end_column: int
    kind: str
    message: str
    hint: str | None = None
    operands: tuple[Operand, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A piece of the source: lines from 1, columns from 0, the last one not included."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Kept:
    """An expression in whose value tensors come up first.

    `names` are those of all tensors in its values, in order, each time that it was evaluated; "" for one without a
    name here.
    """

    span: Span
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What it takes to run the code for real, as a script that can name every tensor.

    `imports` are lines for the names that the reader supplied. `given` are the values that `--let` gave, each with the
    line in front of which it stands (0: in front of all). `unknown` are names that have no value, and whose value makes
    no difference. `passed_over` are statements that cannot be run, or train, or reach for files, each with the names
    that it binds. From the line `end` on nothing is run (None: all is). `reached` are expressions that give a tensor at
    the end, by the tensor's name, and `built` those that give a Sequential that nothing builds, each with the shape of
    its input.
    """

    imports: tuple[str, ...] = ()
    given: tuple[tuple[int, Assumption], ...] = ()
    unknown: tuple[str, ...] = ()
    passed_over: tuple[tuple[Span, tuple[str, ...]], ...] = ()
    end: int | None = None
    kept: tuple[Kept, ...] = ()
    reached: tuple[tuple[str, str], ...] = ()
    built: tuple[tuple[str, Shape], ...] = ()


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
    """One run of one program. `sizes` are those that stood in for unknown ones, by name: `{"batch": 3}`.

    `fails_later` are the calls that passed symbolically and cannot be made with values. `is_model`: a model was given,
    and no code; the lines are written of it.
    """

    source: str
    lines: tuple[str, ...]
    executed: bool
    inputs: tuple[TracedInput, ...]
    steps: tuple[TracedStep, ...]
    tensors: tuple[TracedTensor, ...]
    assumed: tuple[Assumption, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    masks: tuple[MaskChange, ...] = ()
    parameters: int = 0
    sizes: tuple[tuple[str, int], ...] = ()
    seed: int = 0
    draws: int = 0
    device: str = "CPU"
    mask: TracedMask | None = None
    stop: Stop | None = None
    fails_later: tuple[FailsLater, ...] = ()
    outline: Outline = Outline()
    is_model: bool = False
