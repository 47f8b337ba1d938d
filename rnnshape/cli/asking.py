"""Words and options -> what is asked -> answers, in the form that is wanted -> the exit status.

Everything that can be wrong with what is asked is found before Keras is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnnshape import __version__
from rnnshape.cli import answering, workers
from rnnshape.errors import InvalidQuery
from rnnshape.options import MANY, Options
from rnnshape.worker.ending import DECLINED

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rnnshape.cli.answering import Answer
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
        answering.write(f"rnnshape {__version__}\n")
        return 0
    if options.worker is not None:
        return workers.answer(options.worker, json=options.json)
    if options.install_completion or options.show_completion:
        return _complete_shell(words, install=options.install_completion)
    if sum((options.json, options.code, options.diagram)) > 1:
        raise InvalidQuery("--json, --code and --diagram are three ways to show an answer: choose one.")
    asked = _asked(words, options)
    if most is not None and asked.total >= most:
        return DECLINED
    return _show(asked, options)


def _asked(words: Sequence[str], options: Options) -> Asked:
    from rnnshape.cli.words import parts_of

    parts = parts_of(words)
    layers = [part for part in parts if isinstance(part, str)]
    asked = _layers(layers, options) if len(layers) == len(parts) else _code(parts, options)
    if options.save is not None:
        from rnnshape.show.save import check_path

        check_path(options.save)
    return asked


def _layers(layers: Sequence[str], options: Options) -> Asked:
    """Return what is asked about layers; of many answers, a person sees how far they are."""
    from rnnshape.options import for_layers
    from rnnshape.request import request

    for_layers(options)
    asked = request(layers, options, most=None if options.yes else MANY)

    def answers() -> Iterable[Answer]:
        found = answering.answers_to(asked, jobs=options.jobs, measure=options.measure)
        if len(asked) > 1 and not options.quiet and answering.is_terminal(sys.stderr):
            from rnnshape.show import progress

            return progress.with_progress(found, asked.total)
        return found

    return Asked(asked.total, answers)


def _code(parts: Sequence[Source | str], options: Options) -> Asked:
    """Return what is asked about words of which some are code."""
    from rnnshape.options import for_code
    from rnnshape.programs import read_lets

    if not any(isinstance(part, str) for part in parts):
        for_code(options)
    lets = read_lets(dict(options.let or ()))
    if options.mask is not None and (options.code or options.run):
        message = f"--mask goes with code that is read and shown, not with {'--code' if options.code else '--run'}."
        raise InvalidQuery(message, hint="Leave --mask out.")
    return Asked(len(parts), lambda: answering.answers_with_code(parts, options, lets, with_script=options.code))


def _show(asked: Asked, options: Options) -> int:
    answers = asked.answers()
    if options.explain:
        answers = answering.explained(answers)
    picture = _diagram if options.diagram else _table
    if options.json:
        answers = answering.print_json(answers, pretty=asked.total == 1)
    elif options.code:
        answers = answering.print_code(answers)
    elif not options.quiet:
        answers = answering.print_picture(answers, picture)
    if options.save is not None:
        answers = answering.saved(answers, options.save, picture)
    says_errors = options.quiet and not (options.json or options.code)
    return answering.exit_status(answers, strict=options.strict, says_errors=says_errors)


def _table(answers: Sequence[Answer]) -> RenderableType:
    from rnnshape.show.answers import table

    return table(answers)


def _diagram(answers: Sequence[Answer]) -> RenderableType:
    from rnnshape.show.answers import diagram

    return diagram(answers)


def _complete_shell(words: Sequence[str], *, install: bool) -> int:
    """Install or show the completion script of the shell that is named, or of the one around us."""
    from rnnshape.cli import scripts

    shell = scripts.named(words)
    if install:
        answering.write(f"{shell} completion is in {scripts.install(shell)}; it begins with the next {shell}.\n")
    else:
        answering.write(scripts.script(shell))
    return 0
