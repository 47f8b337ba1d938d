"""Words of the command line that stand for something else: `-` for the lines of standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from rnnshape import catalogue
from rnnshape.errors import InvalidQuery
from rnnshape.expression import MAX_CHARACTERS, parse
from rnnshape.query import check_size

MOST_LINES = 1_000_000
_LONGEST_LINE = 2 * MAX_CHARACTERS
"""Characters, among them the spaces around an expression and a comment's."""


def words_of(layers: Sequence[str]) -> list[str]:
    """Return the layers, with the lines of standard input in the place of `-`.

    Raises:
        InvalidQuery: a line is neither a layer nor an expression; the message names its number.

    """
    return [word for layer in layers for word in (_lines() if layer == "-" else [layer])]


def _lines() -> Iterator[str]:
    """Yield the lines that are not empty and no comments."""
    if sys.stdin is None:
        raise InvalidQuery("There is no standard input to read layers from.")
    number = 0
    try:
        # A line is never read further than it may go: what has no end has no line breaks, either.
        for number, line in enumerate(iter(lambda: sys.stdin.readline(_LONGEST_LINE + 1), ""), 1):
            if len(line) > _LONGEST_LINE:
                raise InvalidQuery(f"Line {number} of standard input is longer than {_LONGEST_LINE} characters.")
            if number > MOST_LINES:
                raise InvalidQuery(f"Standard input has more than {MOST_LINES} lines.", hint="Split it.")
            word = line.strip()
            if word and not word.startswith("#"):
                _check(word, number)
                yield word
    except (UnicodeDecodeError, OSError) as error:
        raise InvalidQuery(f"Line {number + 1} of standard input cannot be read: {error}") from None


def _check(word: str, number: int) -> None:
    if catalogue.by_word(word) is not None:
        return
    try:
        parse(word)
    except InvalidQuery as error:
        raise InvalidQuery(f"Line {number} of standard input: {error.message}", hint=error.hint, layer=word) from None


def read_jobs(text: str | None) -> int | None:
    """Return the number of processes that was asked for; None where nothing was said.

    Raises:
        InvalidQuery: it is no number from 1 on.

    """
    if text is None:
        return None
    jobs = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
    check_size("jobs", jobs)
    return int(jobs)
