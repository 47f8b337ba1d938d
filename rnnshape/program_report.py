"""What was found out about a program, as plain frozen data: every tensor on its way, and which of them are equal.

The dataclasses mirror the JSON document key by key and in its order (`rnnshape/schema.json` is the document's
schema); a field that is None by default is left out of the document while it is None.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass

from rnnshape.document import as_document, check_version, from_document
from rnnshape.errors import SCHEMA_VERSION
from rnnshape.report import Shape, Statement, Versions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Where the code comes from, how many lines it has, and whether it was executed rather than read.

    `script` is the code as a script that runs, with an assertion for each equality; None where it was not asked for.
    `model`: there is no code but what is written here of a model, a line for each input and each call.
    """

    source: str
    lines: int
    executed: bool
    script: str | None = None
    model: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramInput:
    """A tensor that the program starts from. `assumed`: the code uses it and does not make it."""

    name: str
    variable: str | None
    line: int
    shape: Shape
    axes: tuple[str, ...]
    dtype: str
    assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDeclared:
    """Whether Keras declares the shapes that it returns; both as nested shapes, in code."""

    agrees: bool
    structure: str | None
    returned: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call of a layer, a model or a function on tensors.

    `inputs`, `initial_state` (nested as it was passed), `mask` and `returns` name tensors. `calls`: how often the call
    was made, where the code was executed and it was more than once; the tensors are those of the first time.
    """

    line: int
    layer: str
    name: str
    inputs: tuple[str, ...]
    initial_state: list[object] | None
    mask: str | None
    training: bool
    returns: tuple[str, ...]
    parameters: int
    declared: StepDeclared
    kind: str = "layer"
    shared: bool | None = None
    calls: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramTensor:
    """One tensor. `step` is the position of the call that returns it (None: an input), `path` its place in there.

    `variable` is what the code calls it; `name` is that, made unique. `masked`: it carries a mask. `unchanged` names
    the tensor that a layer handed through as it was.
    """

    name: str
    variable: str | None
    line: int
    step: int | None
    path: tuple[int, ...]
    shape: Shape
    axes: tuple[str, ...]
    dtype: str
    meaning: str
    masked: bool
    unchanged: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """A name that the code uses and does not give, and the code that was taken for it."""

    name: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """Something that was passed over, by line."""

    line: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskAt:
    """A line where a layer makes a mask, or loses one."""

    line: int
    layer: str
    made: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramParameters:
    """The number of parameters of all layers, each counted once."""

    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRan:
    """How the answer came about. `sizes` are the numbers that stood in for unknown sizes."""

    seed: int
    draws: int
    device: str
    sizes: dict[str, int]


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line of a diff: one that goes by its number in the program before, one that comes by that in the one after."""

    line: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A changed line with which the program was run: `then` is the shape of the last tensor that it gives.

    `removes` and `adds` are the lines that go and come, as in a diff. `changes_meaning`: the result is another one
    than was written. `placeholders`: it has values that only the user knows.
    """

    line: int
    code: str
    then: Shape | None
    removes: tuple[ChangedLine, ...] = ()
    adds: tuple[ChangedLine, ...] = ()
    changes_meaning: bool | None = None
    placeholders: bool | None = None
    then_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A tensor on the line where the program stopped: as the code spells it, its shape, and the line of its origin."""

    code: str
    shape: Shape
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Where the cause of an error lies, and what happened there."""

    line: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramError:
    """Where and why the program stopped, and what to change.

    `text` is the line, `column` and `end_column` (from 0) delimit what is at fault in it.
    """

    code: str
    line: int
    message: str
    hint: str | None
    fix: Fix | None
    kind: str | None = None
    text: str | None = None
    column: int | None = None
    end_column: int | None = None
    operands: tuple[Operand, ...] | None = None
    cause: Cause | None = None
    other_fixes: tuple[Fix, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramMask:
    """The mask that was asked for. The inputs are padded with zeros where it masks, and sequences carry it.

    The first and the last unmasked step of each row are None in a row without any; they are left out where the masked
    inputs differ in timesteps.
    """

    given: str
    first_step: tuple[int | None, ...] | None = None
    last_step: tuple[int | None, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailsLater:
    """A call that Keras takes on symbolic tensors and that fails with values, in `fit` or `predict`.

    `fix` is a changed line with which it does not, where one was found.
    """

    line: int
    layer: str
    message: str
    kind: str | None = None
    fix: Fix | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramReport:
    """Everything that was found out about one program; statements mean what they mean in `rnnshape.report.Report`.

    `same_shape_different_values` groups tensors that one call returns. With an `error`, `tensors` holds what came
    before it, and `with_fix` is the answer of the program with the first fix in it, where one was found.
    """

    schema_version: int = SCHEMA_VERSION
    program: Program
    inputs: tuple[ProgramInput, ...]
    steps: tuple[Step, ...]
    tensors: tuple[ProgramTensor, ...]
    equal: tuple[Statement, ...]
    same_shape_different_values: tuple[Statement, ...]
    assumed: tuple[Assumed, ...]
    skipped: tuple[PassedOver, ...]
    parameters: ProgramParameters
    ran: ProgramRan
    versions: Versions
    error: ProgramError | None
    close: tuple[Statement, ...] | None = None
    constant: tuple[str, ...] | None = None
    undecided: tuple[str, ...] | None = None
    masks: tuple[MaskAt, ...] | None = None
    fails_later: tuple[FailsLater, ...] | None = None
    mask: ProgramMask | None = None
    with_fix: ProgramReport | None = None

    @property
    def status(self) -> int:
        """The exit status: 2 where something was not read, 1 where Keras refuses, 0 else."""
        if self.error is None:
            return 0
        return 2 if self.error.code in ("not-read", "invalid-query") else 1

    @property
    def summary(self) -> str:
        """Where and why the program stopped, and what to change, in one line; empty where it ran through."""
        error = self.error
        if error is None:
            return ""
        fix = f" Fix, tried: {error.fix.code.strip()} (line {error.fix.line})." if error.fix else ""
        return f"{self.program.source}, line {error.line}: {error.message.rstrip('.')}.{fix}"

    def to_dict(self) -> dict[str, typing.Any]:
        """Return the JSON document: plain dicts, lists, strings, numbers, booleans and None."""
        return typing.cast("dict[str, typing.Any]", as_document(self))

    @classmethod
    def from_dict(cls, document: object) -> Self:
        """Return the report that a JSON document describes. Unknown keys are passed over.

        Raises:
            InvalidQuery: the document is not one of ours; the message names the key at fault.

        """
        check_version(document)
        return typing.cast("Self", from_document(cls, document, "report"))
