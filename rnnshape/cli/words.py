"""Words of the command line: which are layers, which are code, and what files and standard input hold."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from rnnshape import catalogue
from rnnshape.errors import InvalidQuery
from rnnshape.expression import parse
from rnnshape.program import is_code
from rnnshape.programs import Source

MOST_LINES = 1_000_000
LONGEST = 10_000_000
"""Characters of a file, or of standard input: a notebook carries its pictures with it."""

_CODE = (".py", ".ipynb")
_SAVED = (".keras", ".h5", ".hdf5")
_TEXT = (*_CODE, ".txt", ".md")
_STANDARD_INPUT = "standard input"


def parts_of(words: Sequence[str]) -> list[Source | str]:
    """Return the words in their order: a `Source` for each that is code, and each that is a layer as it is.

    Standard input (`-`) is its lines where all of them are layers, else one piece of code.

    Raises:
        InvalidQuery: a file is not there or no text, or a line of standard input is no layer (the message has its
            number).

    """
    return [part for word in words for part in _parts(word)]


def _parts(word: str) -> Iterator[Source | str]:
    if word == "-":
        yield from _of_standard_input()
    elif Path(word).suffix.lower() in _SAVED and not any(sign in word for sign in "(\n="):
        path = Path(word).expanduser()
        yield Source("", path.name, path=path, is_saved=True)
    elif _is_file(word):
        yield _of_file(word)
    elif is_code(word):
        # A quoted text often begins below its quote: its first line is line 1.
        yield Source(word.strip("\n"), "the command line")
    else:
        yield word


def _is_file(word: str) -> bool:
    """Tell whether a word names a file of code: by its suffix, or because such a text is there."""
    if any(sign in word for sign in "(\n="):
        return False
    suffix = Path(word).suffix.lower()
    return suffix in _CODE or (suffix in _TEXT and os.path.isfile(word))  # noqa: PTH113 - it raises nothing


def _of_file(word: str) -> Source:
    try:
        path = Path(word).expanduser()
        with path.open("rb") as file:
            data = file.read(LONGEST + 1)
    except FileNotFoundError:
        raise InvalidQuery(f"There is no file {word}.", hint="Give its path from here, or paste the code.") from None
    except (OSError, ValueError, RuntimeError) as error:
        raise InvalidQuery(f"{word} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > LONGEST:
        raise InvalidQuery(f"{word} has more than {LONGEST:,} bytes.", hint="Give the lines with the layers alone.")
    if b"\0" in data:
        raise InvalidQuery(f"{word} is no text: it has bytes that are zero.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    runs = path.resolve() if path.suffix.lower() == ".py" else None
    return Source(text, path.name, is_notebook=path.suffix.lower() == ".ipynb", path=runs)


def _of_standard_input() -> Iterator[Source | str]:
    lines = _lines()
    if not (any(map(_looks_like_code, lines)) or _is_nested(lines)):
        for number, line in enumerate(lines, 1):
            word = line.strip()
            if word and not word.startswith("#"):
                _check(word, number)
                yield word
        return
    text = "".join(lines)
    yield Source(text, _STANDARD_INPUT, is_notebook=text.lstrip().startswith("{") and '"cells"' in text)


def _looks_like_code(line: str) -> bool:
    """Tell whether a line is more than a layer: a prompt, a statement, or a call of a layer on a tensor."""
    line = line.strip()
    if not line or line.startswith("#"):
        return False
    return line[0] in ">{%!" or " " in line.partition("(")[0].strip() or is_code(line)


def _is_nested(lines: Sequence[str]) -> bool:
    """Tell whether lines are within the brackets of another, which closes them later."""
    opened = any(line.count("(") != line.count(")") or line.count("[") != line.count("]") for line in lines)
    return opened and any(line.strip() and line[0] in " \t" for line in lines)


def _lines() -> list[str]:
    """Return the lines of standard input."""
    if sys.stdin is None:
        raise InvalidQuery("There is no standard input to read from.")
    found: list[str] = []
    left = LONGEST
    try:
        # What has no end may have no line breaks, either.
        while line := sys.stdin.readline(left + 1):
            left -= len(line)
            if left < 0:
                raise InvalidQuery(f"Standard input is longer than {LONGEST:,} characters.", hint="Split it.")
            if len(found) >= MOST_LINES:
                raise InvalidQuery(f"Standard input has more than {MOST_LINES:,} lines.", hint="Split it.")
            found.append(line)
    except (UnicodeDecodeError, OSError) as error:
        raise InvalidQuery(f"Line {len(found) + 1} of standard input cannot be read: {error}") from None
    return found


def _check(word: str, number: int) -> None:
    if catalogue.by_word(word) is not None:
        return
    try:
        parse(word)
    except InvalidQuery as error:
        raise InvalidQuery(f"Line {number} of standard input: {error.message}", hint=error.hint, layer=word) from None
