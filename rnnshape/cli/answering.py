"""Queries -> answers -> standard output, and the exit status that they make."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING

from rnnshape.errors import NoTensorflow, RnnshapeError

if TYPE_CHECKING:
    from rnnshape.query import Query
    from rnnshape.report import Report
    from rnnshape.request import Family

    Answer = Report | RnnshapeError


def answers_to(asked: Sequence[Family], *, measure: bool = False) -> Iterator[Answer]:
    """Yield the report, or the error, of each query; an error of the only query is raised."""
    if measure:
        yield from _measured(asked)
        return
    for family in asked:
        if len(family) > 1:
            yield from _together(family)
        else:
            yield _answer_to(family[0], alone=len(asked) == 1)


def _measured(asked: Sequence[Family]) -> list[Answer]:
    from rnnshape.explorer import explore_measured

    with _waiting():
        answers = explore_measured([query for family in asked for query in family])
    if len(answers) == 1 and isinstance(answers[0], RnnshapeError):
        raise answers[0]
    return answers


def _together(family: Family) -> list[Answer]:
    from rnnshape.explorer import explore_together

    with _waiting():
        return explore_together(family)


def _answer_to(query: Query, *, alone: bool) -> Answer:
    from rnnshape.explorer import explore

    try:
        with _waiting():
            return explore(query)
    except RnnshapeError as error:
        if alone or isinstance(error, NoTensorflow):
            raise
        return error


def exit_status(answers: Iterable[Answer], *, strict: bool) -> int:
    """Return 1 where a query could not be answered, or with `strict` has an answer that bodes ill; else 0."""
    return max(int(isinstance(answer, RnnshapeError) or (strict and _bodes_ill(answer))) for answer in answers)


def _bodes_ill(report: Report) -> bool:
    """Tell whether Keras declares other shapes than it returns, or the states do not fit where they were to go."""
    return not report.declared.agrees or (report.into is not None and not report.into.fits)


def print_json(answers: Iterable[Answer], *, pretty: bool) -> Iterator[Answer]:
    """Write each answer's document as soon as it is known, and hand it on."""
    for answer in answers:
        write_json(answer, pretty=pretty and _is_terminal(sys.stdout))
        yield answer


def write_json(answer: Answer, *, pretty: bool = False) -> None:
    """Write an answer's document to stdout: one line, or indented."""
    from rnnshape.show.json import as_json

    if sys.stdout is not None:
        sys.stdout.write(as_json(answer.to_dict(), pretty=pretty) + "\n")
        sys.stdout.flush()


def print_table(answers: Iterable[Answer]) -> Sequence[Answer]:
    """Write the table of all answers to stdout, and hand them on."""
    from rnnshape.show.console import stdout_console
    from rnnshape.show.table import table

    found = list(answers)
    if sys.stdout is not None:
        stdout_console().print(table(found))
    return found


@contextlib.contextmanager
def _waiting() -> Iterator[None]:
    """Tell a person at a terminal why nothing happens while TensorFlow is imported, and wipe that out again."""
    from rnnshape.explorer import engine

    if engine.is_loaded() or not _is_terminal(sys.stderr):
        yield
        return
    words = "importing TensorFlow ..."
    sys.stderr.write(words)
    sys.stderr.flush()
    wipes = [f"\r{' ' * len(words)}\r"]

    def wipe() -> None:
        if wipes:
            sys.stderr.write(wipes.pop())
            sys.stderr.flush()

    engine.after_import(wipe)
    try:
        yield
    finally:
        wipe()


def _is_terminal(stream: IO[str] | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False
