"""Words that are code: pasted text, files, notebooks, standard input."""

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

LONGEST = 10_000_000
"""Characters of a file: a notebook carries its pictures with it."""
_SUFFIXES = (".py", ".ipynb", ".txt", ".md")


def sources_of(words: Sequence[str]) -> list[Source | str]:
    """Return the words, in their order: a `Source` for each that is code, and each that is a layer as it is.

    Standard input (`-`) is its lines where all of them are layers, else one piece of code.

    Raises:
        InvalidQuery: a file is not there, or is no text.

    """
    return [one for word in words for one in _sources(word)]


def _sources(word: str) -> Iterator[Source | str]:
    if word == "-":
        yield from _standard_input()
    elif _is_file(word):
        yield _file(word)
    elif is_code(word):
        yield Source(word, "the command line")
    else:
        yield word


def _is_file(word: str) -> bool:
    """Tell whether a word names a file of code: by its suffix, or because such a file is there."""
    if "(" in word or "\n" in word:
        return False
    suffix = Path(word).suffix.lower()
    return suffix in (".py", ".ipynb") or (suffix in _SUFFIXES and os.path.isfile(word))  # noqa: PTH113 - any text


def _file(word: str) -> Source:
    path = Path(word).expanduser()
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST + 1)
    except FileNotFoundError:
        raise InvalidQuery(f"There is no file {word}.", hint=f"ls {path.parent} shows what there is.") from None
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise InvalidQuery(f"{word} cannot be read: {said}") from None
    return Source(_text(data, word), path.name, is_notebook=path.suffix.lower() == ".ipynb")


def _text(data: bytes, name: str) -> str:
    if len(data) > LONGEST:
        raise InvalidQuery(f"{name} has more than {LONGEST:,} bytes.", hint="Give the lines with the layers alone.")
    if b"\0" in data:
        raise InvalidQuery(f"{name} is no text: it has bytes of zero.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _standard_input() -> Iterator[Source | str]:
    """Yield the layers of standard input, one a line, or all of it as code."""
    if sys.stdin is None:
        raise InvalidQuery("There is no standard input to read from.")
    try:
        data = sys.stdin.buffer.read(LONGEST + 1)
    except OSError as error:
        raise InvalidQuery(f"Standard input cannot be read: {error.strerror or error}") from None
    text = _text(data, "standard input")
    lines = [line.strip() for line in text.splitlines()]
    layers = [line for line in lines if line and not line.startswith("#")]
    if all(map(_is_layer, layers)):
        yield from layers
    else:
        yield Source(text, "standard input")


def _is_layer(line: str) -> bool:
    if catalogue.by_word(line) is not None:
        return True
    if is_code(line):
        return False
    try:
        parse(line)
    except InvalidQuery:
        return False
    return True
