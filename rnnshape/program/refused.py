"""What the reader of code refuses, with the place."""

from __future__ import annotations

import functools
from typing import Any

from rnnshape.errors import RnnshapeError


class NotRead(RnnshapeError):
    """The text is no Python, or it is more than is read.

    `line` counts from 1, `column` from 0; `kind` is what Python would call the error.
    """

    code = "not-read"
    status = 2

    def __init__(
        self,
        message: str,
        *,
        line: int = 1,
        column: int = 0,
        kind: str = "SyntaxError",
        text: str = "",
        hint: str | None = None,
        layer: str | None = None,
    ) -> None:
        """Keep the place, and the line's text."""
        super().__init__(message, hint=hint, layer=layer)
        self.line = line
        self.column = column
        self.kind = kind
        self.text = text

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle all of it: answers travel between processes."""
        kept = functools.partial(
            type(self),
            line=self.line,
            column=self.column,
            kind=self.kind,
            text=self.text,
            hint=self.hint,
            layer=self.layer,
        )
        return kept, (self.message,)

    def to_dict(self) -> dict[str, object]:
        """Return the JSON document of this error, with its line."""
        document = super().to_dict()
        error = document["error"]
        assert isinstance(error, dict)
        return {**document, "error": {"code": error["code"], "line": self.line, **error}}
