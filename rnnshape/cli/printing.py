"""Answers -> standard output and files; what else is to be said -> standard error."""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, TextIO

from rnnshape.errors import RnnshapeError, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from rnnshape.program_report import ProgramReport
    from rnnshape.report import Report

    Answer = Report | ProgramReport | RnnshapeError
    Picture = Callable[[Sequence[Answer]], RenderableType]


def tell(sentence: str, *details: str) -> None:
    """Say something on stderr, if anybody can hear it, in one line; details have lines of their own."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"rnnshape: {' '.join(printable(sentence).split())}\n")
            sys.stderr.writelines(f"{printable(line)}\n" for line in details)
            sys.stderr.flush()


def print_json(answers: Iterable[Answer], *, pretty: bool) -> Iterator[Answer]:
    """Write each answer's document as soon as it is known, and hand it on."""
    for answer in answers:
        write_json(answer, pretty=pretty and is_terminal(sys.stdout))
        yield answer


def print_code(answers: Iterable[Answer]) -> Iterator[Answer]:
    """Write a script for each answer, as soon as it is known, and hand it on; an error is a comment there."""
    for at, answer in enumerate(answers):
        script = f"# {' '.join(answer.message.split())}\n" if isinstance(answer, RnnshapeError) else _script(answer)
        write(f"\n{script}" if at else script)
        yield answer


def _script(answer: Report | ProgramReport) -> str:
    from rnnshape.program_report import ProgramReport
    from rnnshape.show.code import code

    return (answer.program.script or "") if isinstance(answer, ProgramReport) else code(answer)


def write_json(answer: Answer, *, pretty: bool = False) -> None:
    """Write an answer's document to stdout: one line, or indented."""
    from rnnshape.show.json import as_json

    write(as_json(answer.to_dict(), pretty=pretty) + "\n")


def write(text: str, *, spelling: str = "backslashreplace") -> None:
    """Write text to stdout at once: no escapes, and what the stream cannot encode is spelled as Python spells it.

    `spelling` names another of Python's ways to spell it.
    """
    out = stdout()
    encoding = getattr(out, "encoding", None) or "utf-8"
    out.write(printable(text).encode(encoding, spelling).decode(encoding))
    out.flush()


def stdout() -> TextIO:
    """Return standard output.

    Raises:
        OSError: it was closed before the program began.

    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    return sys.stdout


def print_picture(
    answers: Iterable[Answer], picture: Picture, *, colour: bool | None = None, width: int | None = None
) -> Sequence[Answer]:
    """Write the picture of all answers to stdout, and hand them on; after a Ctrl-C, of those that there are by then.

    Colour and width are what was said of them, None where nothing was.
    """
    from rnnshape.show.console import Look, stdout_console

    def write_all(found: Sequence[Answer]) -> None:
        stdout_console(stdout(), look=Look(colour, width)).print(picture(found))

    return _at_the_end(answers, write_all)


def print_form(answers: Iterable[Answer], name: str, picture: Picture | None) -> Iterable[Answer]:
    """Write answers to stdout in the form of this name: each as soon as it can be, else all as `print_picture` does.

    What has columns as wide as the widest of all answers, or a line of what differs between them, has to wait for all.
    """
    from rnnshape.show.formats import render, streams

    if streams(name):
        return _print_parts(answers, name)

    def write_all(found: Sequence[Answer]) -> None:
        # In a markup language, a character may be written as its number.
        spelling = "xmlcharrefreplace" if name in ("html", "svg") else "backslashreplace"
        write(render(found, name, shown=picture(found) if picture else None), spelling=spelling)

    return _at_the_end(answers, write_all)


def _print_parts(answers: Iterable[Answer], name: str) -> Iterator[Answer]:
    from rnnshape.show.formats import render

    first = 1
    for some in filter(None, _families(answers)):
        write(render(some, name, first=first))
        first += len(some)
        yield from some


def _families(answers: Iterable[Answer]) -> Iterator[list[Answer]]:
    """Yield the answers in order: together those that share letters, once another one begins; the rest at the end."""
    some: list[Answer] = []
    try:
        for answer in answers:
            if _is_another(answer, some):
                yield some
                some = []
            some.append(answer)
    except (Exception, KeyboardInterrupt):
        yield some
        raise
    yield some


def _is_another(answer: Answer, before: Sequence[Answer]) -> bool:
    """Tell whether an answer shares no letter with those before it, as the combinations of `--all-flags` do."""
    from rnnshape.report import Report
    from rnnshape.show.marks import families

    reports = [one for one in (*before, answer) if isinstance(one, Report)]
    return all(one.combination is None for one in reports) or len(families(reports)) > 1


def _at_the_end(answers: Iterable[Answer], write_all: Callable[[Sequence[Answer]], None]) -> Sequence[Answer]:
    found: list[Answer] = []
    try:
        found.extend(answers)
    finally:
        if found:
            write_all(found)
    return found


def saved(answers: Iterable[Answer], path: str, name: str | None, picture: Picture | None) -> Sequence[Answer]:
    """Write all answers to a file, in the form of this name or, for None, of its suffix, and hand them on."""
    from rnnshape.show.save import save

    found = list(answers)
    save(found, path, shown=picture(found) if picture else None, name=name)
    return found


def is_terminal(stream: IO[str] | None) -> bool:
    """Tell whether a person reads this stream."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False
