"""An answer as rows: the one model under every format.

A *section* is one answer: what ran, a row for each tensor, each fact once, what the signs mean, the assignment to
paste, the notes, and whose answer it is. Nothing here knows a format: texts are plain, and the pieces of them that are
code are `Code`. `rnnshape.show.sections` makes sections of reports.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rnnshape.errors import RnnshapeError
from rnnshape.program_report import ProgramError, ProgramReport, ProgramTensor
from rnnshape.report import Report, Shape, Tensor
from rnnshape.show.marks import Carried, Mark, Marks, Part

Answer = Report | ProgramReport | RnnshapeError
Answers = Sequence[Answer]

BRACKETS = {Part.WHOLE: ("", ""), Part.SLICE: ("[", "]"), Part.MERGED: ("(", ")")}
"""What stands around the letters of marks: how much of the tensor is in the class."""

PLAIN_DTYPE = "float32"
"""The type of numbers that goes without saying."""

ONLY = "–"
"""The place of a tensor that is all of the return value."""

STEPPED = "stepped"
"""The place of a tensor that the layer does not return: the cell was called step by step to get it."""

INSIDE = "inside"
"""The place of a tensor that a layer inside returns to the next one."""


class Code(str):
    """A piece of a text that is code."""

    __slots__ = ()


Words = tuple[str, ...]
"""A text in pieces; those that are code are `Code`."""


def plain(words: Words) -> str:
    """Return a text without its distinctions."""
    return "".join(words)


Signs = tuple[tuple[Part, tuple[Mark, ...]], ...]
"""Marks by how much of a tensor is in their class: `A`, then `[A]`, then `(A)`."""


class Tone(enum.Enum):
    """How a piece of text is meant."""

    PLAIN = "plain"
    QUIET = "quiet"
    STRONG = "strong"
    GOOD = "good"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Row:
    """One tensor. `shape` is None where it is told elsewhere.

    `place` is its place in the return value (`[1][0]`, ONLY, STEPPED or INSIDE; empty in a program, where `line` is
    the line of the code). `layer` is what made it, where that is not the layer that was asked for, and `called_at` the
    line of the code that calls it.
    """

    name: str
    shape: Shape | None
    axes: tuple[str, ...]
    dtype: str
    meaning: str
    marks: tuple[Carried, ...]
    place: str = ""
    line: int | None = None
    layer: str = ""
    called_at: int | None = None

    @classmethod
    def of(cls, tensor: Tensor | ProgramTensor, marks: Marks, meaning: str, **more: Any) -> Row:
        """Return the row of a tensor with this meaning, whose marks are among these; `more` are fields of the row."""
        own = marks.of(tensor.name)
        return cls(tensor.name, tensor.shape, tensor.axes, tensor.dtype, meaning, own, **more)

    @property
    def signs(self) -> Signs:
        """The marks by how much of the tensor is in their class."""
        return signs(self.marks)

    @property
    def sign(self) -> str:
        """The marks as text: `A`, `[A]`, `(A)`, `A[B]`; empty where there is none."""
        return sign_text(self.signs)


class Kind(enum.Enum):
    """What a fact says of its terms. The value is the sign that stands for it, where it has no letter."""

    EQUAL = "="
    CLOSE = "≈"
    DIFFERENT = "≠"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of several expressions; `mark` where they are equal or close, and `part` what its letter stands for.

    `part` is WHOLE where a tensor of the answer is in the class, else SLICE or MERGED: `A`, `[A]` or `(A)`.
    """

    kind: Kind
    terms: tuple[str, ...]
    mark: Mark | None = None
    part: Part = Part.WHOLE

    @property
    def claim(self) -> str:
        """What is said of the terms, where that is more than a sign between them."""
        return "same shape, different values" if self.kind is Kind.DIFFERENT else ""

    @property
    def sign(self) -> str:
        """What stands in front: the letter, or ≠."""
        return bracketed(self.part, [self.mark.letter]) if self.mark else self.kind.value

    @property
    def words(self) -> Words:
        """The fact as text."""
        if self.kind is Kind.DIFFERENT:
            return (*listed(self.terms), f": {self.claim}")
        return listed(self.terms, f" {self.kind.value} ")


@dataclass(frozen=True, slots=True)
class Sign:
    """What a sign means that is no plain letter: the brackets of `part` around a letter, or ≈ where `mark` is None."""

    words: Words
    part: Part = Part.WHOLE
    mark: Mark | None = None

    @property
    def sign(self) -> str:
        """What stands in front: the sign itself."""
        return bracketed(self.part, [self.mark.letter]) if self.mark else Kind.CLOSE.value


@dataclass(frozen=True, slots=True)
class Small:
    """A small table; the columns of `right` hold numbers."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Note:
    """Something to be said besides the tensors and the facts.

    `lead` comes first and stands out by `tone`; without one, the tone is that of the sentence. `spare` comes first,
    too, unless it would cost a line. `paste`: the words are a line of code to paste. `apart` asks for an empty line
    before it.
    """

    words: Words = ()
    tone: Tone = Tone.PLAIN
    lead: str = ""
    spare: str = ""
    paste: bool = False
    apart: bool = False
    indent: int = 0
    table: Small | None = None

    @property
    def text(self) -> str:
        """The sentence, its lead first."""
        return f"{self.lead} {plain(self.words)}".strip()


@dataclass(frozen=True, slots=True)
class Section:
    """One answer.

    `title` is the layer as code, or where a program comes from; `called_with` the phrases that go on from there.
    `before` is what has to be known first (what was assumed), `unpack` the assignment to paste (empty in a program),
    `size` the number of parameters (empty where the notes tell it), `whose` the seed and whose answer it is.
    With an `error` the rows are what there was before it, and `then` is the answer with its fix.
    """

    title: str
    called_with: tuple[str, ...] = ()
    before: tuple[Note, ...] = ()
    rows: tuple[Row, ...] = ()
    facts: tuple[Fact, ...] = ()
    unpack: str = ""
    notes: tuple[Note, ...] = ()
    size: str = ""
    whose: str = ""
    error: Problem | None = None
    then: Section | None = None

    @property
    def has_brackets(self) -> bool:
        """Whether some letters of its tensors stand in brackets."""
        return any(one.part is not Part.WHOLE for row in self.rows for one in row.marks)

    @property
    def groups(self) -> Iterator[tuple[Row, ...]]:
        """The rows of each call. In code, only the first row of a call names the layer."""
        pairs = enumerate(itertools.pairwise(self.rows), 1)
        starts = [at for at, (one, row) in pairs if (row.layer if row.line is not None else row.layer != one.layer)]
        ends = [0, *starts, len(self.rows)]
        return (self.rows[start:end] for start, end in itertools.pairwise(ends) if start < end)


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong: the message, and what to type instead; `stopped` is where and why, if it was a program."""

    message: str
    hint: str = ""
    stopped: ProgramError | None = None


def signs(carried: Sequence[Carried]) -> Signs:
    """Return the marks of a tensor by how much of it is in their class."""
    found = [(part, tuple(one.mark for one in carried if one.part is part)) for part in Part]
    return tuple((part, marks) for part, marks in found if marks)


def sign_text(some: Signs) -> str:
    """Return marks as text: `A[B]`."""
    return "".join(bracketed(part, (mark.letter for mark in marks)) for part, marks in some)


def bracketed(part: Part, letters: Iterable[str]) -> str:
    """Return the letters of marks in the brackets of this part."""
    opening, closing = BRACKETS[part]
    return opening + "".join(letters) + closing


def shape_code(shape: Sequence[int | None]) -> str:
    """Return a shape as Python writes it."""
    return str(tuple(shape))


def typed_shape(shape: Sequence[int | None], dtype: str) -> str:
    """Return a shape, and the type of its numbers where that is not Keras's default."""
    return shape_code(shape) if dtype == PLAIN_DTYPE else f"{shape_code(shape)} {dtype}"


def listed(codes: Sequence[str], separator: str = ", ") -> Words:
    """Return expressions as a text, with the separator between them."""
    return tuple(piece for at, code in enumerate(codes) for piece in ((separator,) if at else ()) + (Code(code),))
