"""What can go wrong, as one small family: a code for scripts, a status for shells, words for people."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable
from typing import Any

SCHEMA_VERSION = 1
"""The version of the JSON documents, reports and errors alike."""

_ESCAPES = re.compile(
    # Titles, links and other strings: OSC, DCS, SOS, PM, APC, up to their end or, where it is missing, the line's.
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor movements
    r"|\x1b[ -/]*[0-~]?"  # any other escape
)
# What is left of C0 (but for newline and tab) and C1, and the marks that turn the direction of the text around them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LONGEST_WORD = 100
_LONGEST_MESSAGE = 2_000


class RnnshapeError(Exception):
    """Anything that rnnshape refuses or fails at.

    `code` is the JSON document's `error.code`, `status` the exit status, `layer` the layer as typed where one
    was at fault.
    """

    code = "unexpected"
    status = 1

    def __init__(self, message: str, *, hint: str | None = None, layer: str | None = None) -> None:
        """Keep all words free of terminal escapes, and of bounded length, whoever wrote them."""
        self.message = _bounded(printable(message))
        super().__init__(self.message)
        self.hint = _bounded(printable(hint)) if hint else None
        self.layer = printable(layer) if layer is not None else None

    def __str__(self) -> str:
        """Return the message and the hint: all that Python shows of an exception."""
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle all of it: answers travel between processes."""
        return functools.partial(type(self), hint=self.hint, layer=self.layer), (self.message,)

    def to_dict(self) -> dict[str, object]:
        """Return the JSON document of this error."""
        error = {"code": self.code, "message": self.message, "hint": self.hint}
        return {"schema_version": SCHEMA_VERSION, "layer": self.layer, "error": error}


class InvalidQuery(RnnshapeError):
    """The command line, or the arguments of `explore`, are wrong."""

    code = "invalid-query"
    status = 2


class KerasRefused(RnnshapeError):
    """Keras refused to build the layer or to call it with this input."""

    code = "keras-refused"


class NoTensorflow(RnnshapeError):
    """TensorFlow cannot be imported."""

    code = "no-tensorflow"
    status = 3


def said_by(error: BaseException) -> str:
    """Return an exception's own words; where it fails to say any, that it does."""
    try:
        return str(error)
    except Exception as failure:  # noqa: BLE001 - it is code of anybody's
        return f"(its __str__ raises {type(failure).__name__})"


def printable(text: str) -> str:
    """Drop terminal escapes and control characters; newlines and tabs stay.

    Bytes of the command line that are no UTF-8 are written as escapes, so that any stream takes them.
    """
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def _bounded(text: str) -> str:
    """Cut the middle out of a long text."""
    half = _LONGEST_MESSAGE // 2
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:half]} … {text[-half:]}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known spelling nearest to the word, whatever its case, or None when nothing is near.

    Of spellings that differ in case only, it is the one in the word's case, or else the first.
    """
    spellings: dict[str, list[str]] = {}
    for name in known:
        spellings.setdefault(name.lower(), []).append(name)
    found = difflib.get_close_matches(word[:_LONGEST_WORD].lower(), spellings, n=1, cutoff=0.6)
    if not found:
        return None
    return max(spellings[found[0]], key=lambda name: sum(map(str.__eq__, name, word)))
