"""Where answers are written: consoles that know when colour, width and Unicode are welcome.

Rich decides these from the process's own environment and streams, with some surprises: NO_COLOR next to
FORCE_COLOR leaves bold escapes, FORCE_COLOR=0 forces a terminal, and a pipe is wrapped at 80 columns. Here they are
decided once, from the stream that is written to, and Rich is told.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TextIO, cast

from rich.console import Console, RenderableType
from rich.theme import Theme

from rnnshape.errors import printable

NATURAL_WIDTH = 1_000_000
"""The width of what is no terminal: a line is as long as it is, and nothing is wrapped or cut."""

_THEME = Theme({"dim": "none"})
"""Terminals make faint text by halving its contrast: it is not used. What a drawing has as dim shows so in a picture,
which brings its own ground."""

DECIDED: dict[str, Any] = {
    "force_jupyter": False, "force_interactive": False, "no_color": False, "legacy_windows": False,
    # What users type is text, never markup.
    "markup": False, "emoji": False, "highlight": False,
}  # fmt: skip
"""What Rich is told of every console."""

_FALLBACK_WIDTH = 80
_LINES = 25
_OTHER_STREAMS = (2, 0)
"""Standard error and standard input: where standard output goes to a pager, they are still the terminal."""
_DUMB = ("dumb", "unknown")
_ASCII = {
    "…": "...", "→": "->", "×": "x", "·": "|", "–": "-", "—": "-", "─": "-", "≠": "!=", "≈": "~", "✗": "x",
    "“": '"', "”": '"', "‘": "'", "’": "'",
}  # fmt: skip
_ASCII_TABLE = str.maketrans(_ASCII)


@dataclass(frozen=True, slots=True)
class Look:
    """What was said of colour and width, which has the last word; None where the environment decides.

    `width` is in columns.
    """

    colour: bool | None = None
    width: int | None = None


_ANY = Look()


def stdout_console(
    stream: TextIO | None = None, *, environ: Mapping[str, str] | None = None, look: Look = _ANY
) -> Console:
    """Return the console for answers, on standard output unless another stream is given."""
    return _console(sys.stdout if stream is None else stream, os.environ if environ is None else environ, look)


def stderr_console(
    stream: TextIO | None = None, *, environ: Mapping[str, str] | None = None, look: Look = _ANY
) -> Console:
    """Return the console for everything but answers, on standard error unless another stream is given."""
    return _console(sys.stderr if stream is None else stream, os.environ if environ is None else environ, look)


def as_text(renderable: RenderableType, *, encoding: str = "utf-8") -> str:
    """Return what a pipe of this encoding would get: plain text, neither cut nor wrapped, without the last newline."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    _console(stream, {}, _ANY).print(renderable)
    stream.seek(0)
    return stream.read().rstrip("\n")


def wants_colour(environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Tell whether escapes are welcome, where nothing was said of them.

    NO_COLOR (not empty) and TERM=dumb forbid them, whatever else is set; FORCE_COLOR and CLICOLOR_FORCE (not empty, not
    0) ask for them where the stream is no terminal.
    """
    if environ.get("NO_COLOR") or environ.get("TERM", "").strip().lower() in _DUMB:
        return False
    return terminal or any(environ.get(name, "") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))


def safe(text: str, encoding: str) -> str:
    """Return the text as the stream can carry it: no control characters, nothing that it cannot encode.

    Our own signs get an ASCII spelling where the stream is not UTF; any other character that would not pass, or
    would not show (a mark that turns the writing direction, say), is written as its escape.
    """
    if text.isascii() and text.isprintable():
        return text
    text = " ".join(printable(text).split("\n")).expandtabs(1)
    if not is_unicode(encoding):
        text = text.translate(_ASCII_TABLE)
    if not text.isprintable():
        text = "".join(
            character if character.isprintable() else character.encode("ascii", "backslashreplace").decode()
            for character in text
        )
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _console(stream: TextIO, environ: Mapping[str, str], look: Look) -> Console:
    terminal = stream.isatty()
    coloured = wants_colour(environ, terminal=terminal) if look.colour is None else look.colour
    width, height = _size(stream, environ, is_paged=coloured)
    return _Console(
        file=cast("TextIO", _Encodable(stream)) if getattr(stream, "encoding", None) else stream,
        color_system=_colours(environ) if coloured else None,
        force_terminal=terminal,
        width=look.width or width,
        height=height,
        theme=_THEME,
        **DECIDED,
    )


def _colours(environ: Mapping[str, str]) -> Literal["standard", "256"]:
    """Return how many colours this terminal has: 256, or the sixteen that mean something else under each theme."""
    many = "256" in environ.get("TERM", "") or environ.get("COLORTERM", "").strip()
    return "256" if many else "standard"


def _size(stream: TextIO, environ: Mapping[str, str], *, is_paged: bool) -> tuple[int, int]:
    """Return the columns and lines that there are to write on.

    COLUMNS has the last word on a terminal. What is no terminal has no limit, unless colour is asked for: then a
    person reads it, behind a pager, and COLUMNS and the terminal around count as well.
    """
    if not stream.isatty() and not is_paged:
        return NATURAL_WIDTH, _LINES
    found = _terminal([stream], _FALLBACK_WIDTH) if stream.isatty() else _terminal(_OTHER_STREAMS, NATURAL_WIDTH)
    asked = environ.get("COLUMNS", "")
    # A number of many digits is no width, and Python may refuse to read it.
    if asked.isdecimal() and len(asked) < 6 and int(asked):
        return int(asked), found[1]
    return found


def _terminal(streams: Sequence[TextIO | int], otherwise: int) -> tuple[int, int]:
    """Return the columns and lines of the first stream that is a terminal; so many columns where none is."""
    for one in streams:
        with contextlib.suppress(OSError, ValueError):
            found = os.get_terminal_size(one if isinstance(one, int) else one.fileno())
            return found.columns or _FALLBACK_WIDTH, found.lines or _LINES
    return otherwise, _LINES


class _Console(Console):
    """A Rich console that leaves a broken pipe to the program, which knows what to do about it."""

    def on_broken_pipe(self) -> None:
        """Raise the error on, where Rich would end the process."""
        raise  # noqa: PLE0704 - Rich calls this while it handles the BrokenPipeError


class _Encodable:
    """A text stream in front of another one that never fails on a character: it writes what the other can encode.

    Even UTF-8 cannot encode everything: a byte of the command line that was none comes as half of a surrogate pair.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:
        """The encoding of the stream behind."""
        return self._stream.encoding

    def write(self, text: str) -> int:
        """Write the text, with what cannot be encoded spelled otherwise."""
        if not text.isascii():
            if not is_unicode(self.encoding):
                text = text.translate(_ASCII_TABLE)
            text = text.encode(self.encoding, "backslashreplace").decode(self.encoding)
        return self._stream.write(text)

    def flush(self) -> None:
        """Flush the stream behind."""
        self._stream.flush()


def is_unicode(encoding: str) -> bool:
    """Tell whether an encoding has signs beyond ASCII for us to use."""
    return encoding.lower().startswith("utf")
