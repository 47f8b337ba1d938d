"""What happened when code ran."""

from __future__ import annotations

from dataclasses import dataclass

from rnnshape.program_report import Assumed, FailsLater, MaskAt, Operand, PassedOver, ProgramInput
from rnnshape.trace.program import Shape, Trace


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
    given: tuple[tuple[int, Assumed], ...] = ()
    unknown: tuple[str, ...] = ()
    passed_over: tuple[tuple[Span, tuple[str, ...]], ...] = ()
    end: int | None = None
    kept: tuple[Kept, ...] = ()
    reached: tuple[tuple[str, str], ...] = ()
    built: tuple[tuple[str, Shape], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTrace(Trace):
    """One run of code. `sizes` are those that stood in for unknown ones, by name: `{"batch": 3}`.

    `fails_later` are the calls that passed symbolically and cannot be made with values. `is_model`: a model was given,
    and no code; the lines are written of it.
    """

    source: str
    lines: tuple[str, ...]
    executed: bool
    inputs: tuple[ProgramInput, ...]
    assumed: tuple[Assumed, ...] = ()
    skipped: tuple[PassedOver, ...] = ()
    masks: tuple[MaskAt, ...] = ()
    parameters: int = 0
    sizes: tuple[tuple[str, int], ...] = ()
    stop: Stop | None = None
    fails_later: tuple[FailsLater, ...] = ()
    outline: Outline = Outline()
    is_model: bool = False
