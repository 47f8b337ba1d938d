"""Words and options -> what is asked -> answers, in the form that is wanted -> the exit status.

Everything that can be wrong with what is asked is found before Keras is imported.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rnnshape.cli import answering, forms, printing, workers
from rnnshape.cli.forms import Form
from rnnshape.errors import InvalidQuery
from rnnshape.options import MANY, Options
from rnnshape.worker.ending import DECLINED

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rnnshape.cli.expected import Document
    from rnnshape.cli.printing import Answer
    from rnnshape.programs import Source


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: how many answers that makes, and how to get them."""

    total: int
    answers: Callable[[], Iterable[Answer]]


def answer(words: Sequence[str], options: Options, *, most: int | None = None) -> int:
    """Answer what is asked, and return the exit status.

    Args:
        words: the layers and the code, as they were typed.
        options: what was said besides.
        most: so many answers, and more, are declined; None where any number is welcome.

    Raises:
        RnnshapeError: the question is wrong, or its only answer is an error.

    """
    if options.version:
        printing.write(_versions())
        return 0
    if options.worker is not None:
        return workers.answer(options.worker, json=options.json)
    if options.install_completion or options.show_completion:
        return _complete_shell(words, install=options.install_completion)
    if not words and options == Options():
        _show_examples()
        return InvalidQuery.status
    form = forms.form_of(options)
    asked = _asked(words, options)
    expected = None if options.expect is None else _expected(options.expect)
    if most is not None and asked.total >= most:
        return DECLINED
    return _show(asked, options, form, expected)


def _show_examples() -> None:
    """Say on stderr what may be asked, to whom nothing occurred yet."""
    from rnnshape.cli.helppage import short
    from rnnshape.show.console import stderr_console

    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            console = stderr_console()
            console.print(short(min(console.width, 80)), soft_wrap=True)


def _versions() -> str:
    """Return whose answers these are, a line for each; nothing is imported to find out."""
    from rnnshape.versions import UNKNOWN, installed

    found = installed()
    lines = {"Keras": found.keras, "TensorFlow": found.tensorflow, "Python": found.python}
    said = [f"{name} {'is not installed' if version == UNKNOWN else version}" for name, version in lines.items()]
    return "\n".join([f"rnnshape {found.rnnshape}", *said, ""])


def _asked(words: Sequence[str], options: Options) -> Asked:
    from rnnshape.cli.words import parts_of

    parts = parts_of(words)
    layers = [part for part in parts if isinstance(part, str)]
    return _layers(layers, options) if len(layers) == len(parts) else _code(parts, options)


def _expected(name: str) -> tuple[Document, ...]:
    from rnnshape.cli import expected

    return expected.read(name)


def _layers(layers: Sequence[str], options: Options) -> Asked:
    """Return what is asked about layers; of many answers, a person sees how far they are."""
    from rnnshape.options import for_layers
    from rnnshape.request import request

    for_layers(options)
    asked = request(layers, options, most=None if options.yes else MANY)

    def answers() -> Iterable[Answer]:
        found = answering.answers_to(asked, jobs=options.jobs, measure=options.measure)
        if len(asked) > 1 and not options.quiet and printing.is_terminal(sys.stderr):
            from rnnshape.show import progress

            return progress.with_progress(found, asked.total, colour=_colour(options))
        return found

    return Asked(asked.total, answers)


def _code(parts: Sequence[Source | str], options: Options) -> Asked:
    """Return what is asked about words of which some are code."""
    from rnnshape.options import for_code
    from rnnshape.programs import read_lets

    if not any(isinstance(part, str) for part in parts):
        for_code(options)
    lets = read_lets(dict(options.let or ()))
    for word in ("explain", "measure"):
        if getattr(options, word) and not any(isinstance(part, str) for part in parts):
            message = f"--{word} is about a single layer, and does not go with code."
            raise InvalidQuery(message, hint=f"Leave it out, or give a layer by its name: rnnshape gru --{word}")
    if options.code and options.run:
        raise InvalidQuery("--code goes with code that is read, not with --run.", hint="Leave out --run or --code.")
    if options.mask is not None and (options.code or options.run):
        message = f"--mask goes with code that is read and shown, not with {'--code' if options.code else '--run'}."
        raise InvalidQuery(message, hint="Leave --mask out.")
    return Asked(len(parts), lambda: answering.answers_with_code(parts, options, lets, with_script=options.code))


def _show(asked: Asked, options: Options, form: Form, expected: Sequence[Document] | None) -> int:
    """Show the answers, and return the exit status."""
    if form.file is not None and sys.stdout is None:
        form = replace(form, printed=None)
    if form.printed is not None:
        printing.stdout()  # before anything is computed in vain
    answers = asked.answers()
    if options.explain:
        answers = answering.explained(answers)
    picture = _diagram if options.diagram else None
    says_differences = form.printed == "table" and expected is not None and options.format is None
    if form.printed == "json":
        answers = printing.print_json(answers, pretty=asked.total == 1)
    elif form.printed == "code":
        answers = printing.print_code(answers)
    elif form.printed == "table" and not says_differences:
        answers = printing.print_picture(answers, picture or _table, colour=_colour(options), width=options.width)
    elif form.printed not in (None, "table"):
        answers = printing.print_form(answers, form.printed, picture)
    if form.file is not None:
        answers = printing.saved(answers, form.file, form.saved, picture)
    found = list(answers) if expected is not None else answers
    status = answering.exit_status(found, strict=options.strict, says_errors=form.printed is None)
    if expected is None:
        return status
    return max(status, _compare(expected, found, options, prints=says_differences))


def _colour(options: Options) -> bool | None:
    return None if options.color is None else options.color.wanted


def _compare(expected: Sequence[Document], found: Iterable[Answer], options: Options, *, prints: bool) -> int:
    """Say what differs from what is expected, and return 1 if anything does.

    It goes to standard output in the place of the table, else to standard error: all of it, or with --quiet in a line.
    """
    from rnnshape.cli.expected import compared

    comparison = compared(expected, [answer.to_dict() for answer in found], str(options.expect))
    if prints:
        printing.write("".join(f"{line}\n" for line in comparison.lines))
    elif not options.quiet:
        printing.tell(*comparison.lines)
    elif not comparison.is_same:
        printing.tell(comparison.summary)
    return int(not comparison.is_same)


def _table(answers: Sequence[Answer]) -> RenderableType:
    from rnnshape.show.table import table

    return table(answers)


def _diagram(answers: Sequence[Answer]) -> RenderableType:
    from rnnshape.show.diagram import diagram

    return diagram(answers)


def _complete_shell(words: Sequence[str], *, install: bool) -> int:
    """Install or show the completion script of the shell that is named, or of the one around us."""
    from rnnshape.cli import scripts

    shell = scripts.named(words)
    if install:
        printing.write(f"{shell} completion is in {scripts.install(shell)}; it begins with the next {shell}.\n")
    else:
        printing.write(scripts.script(shell))
    return 0
