"""How the interpreter stops: with the place, and with what Python or Keras said there."""

from __future__ import annotations

import ast
from typing import Any

from rnnshape.program import Code

REFUSED = "keras-refused"
NOT_READ = "not-read"


class Halt(Exception):
    """The program stops at `node`.

    `kind` is the exception's class name and `message` what it said; `error` is the exception itself where Python or
    Keras raised one. `code` is the error's code for scripts. `operands` are the tensors that went in, as the code
    spells them.
    """

    def __init__(
        self,
        node: ast.AST,
        message: str,
        *,
        kind: str,
        code: str = REFUSED,
        hint: str | None = None,
        error: BaseException | None = None,
        source: Code | None = None,
    ) -> None:
        """Keep all of it."""
        super().__init__(message)
        self.node = node
        self.message = message
        self.kind = kind
        self.code = code
        self.hint = hint
        self.error = error
        self.source = source
        self.operands: list[tuple[str, Any]] = []


class Unreadable(Exception):
    """Something is not read; the interpreter knows where. Becomes a `Halt` with the code `not-read`."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        """Keep what is wrong, and what to do."""
        super().__init__(message)
        self.hint = hint


class TooMuch(Unreadable):
    """A bound was reached."""


class Returned(Exception):
    """A function returns."""

    def __init__(self, value: Any) -> None:
        """Keep the value."""
        super().__init__()
        self.value = value


class Broke(Exception):
    """A loop ends."""


class Continued(Exception):
    """A loop goes on with its next round."""


class Refused(Exception):
    """What Keras called of the code's own functions is not read. Keras may swallow it; the interpreter does not."""

    def __init__(self, halt: Halt) -> None:
        """Keep where it was."""
        super().__init__(halt.message)
        self.halt = halt
