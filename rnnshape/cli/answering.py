"""Queries -> answers, and the exit status that they make."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rnnshape.cli import interrupts
from rnnshape.cli.printing import is_terminal, tell
from rnnshape.errors import InvalidQuery, RnnshapeError

if TYPE_CHECKING:
    from rnnshape.cli.printing import Answer
    from rnnshape.options import Options
    from rnnshape.program import Code
    from rnnshape.program_report import ProgramReport
    from rnnshape.programs import Source
    from rnnshape.report import Report
    from rnnshape.request import Family, Request
    from rnnshape.run.layer.kept import Kept


_WORTH_SHARING = 4
"""Families of queries from which on it pays to fork: a process runs its first operation slowly."""


def answers_to(asked: Request, *, jobs: int | None = None, measure: bool = False) -> Iterator[Answer]:
    """Yield the report, or the error, of each query in order; an error of the only query is raised.

    `jobs` is the number of processes that share the work, by default one a core.
    """
    from rnnshape.run import engine
    from rnnshape.run.layer.jobs import cores, may_share, share
    from rnnshape.run.layer.kept import Kept

    _get_ready()
    answer_to = functools.partial(_answers, kept=Kept())
    if measure:
        answers: Iterable[Answer] = _measured(asked)
    elif len(asked) < _WORTH_SHARING or engine.has_run() or not may_share():
        answers = (answer for family in asked for answer in answer_to(family))
    else:
        shared = share(
            asked, min(jobs or cores(), len(asked)), run=answer_to, died=_died, prepare=engine.use_one_thread
        )
        answers = (answer for family in shared for answer in family)
    for answer in answers:
        interrupts.check()
        if asked.total == 1 and isinstance(answer, RnnshapeError):
            raise answer
        yield answer


def answers_with_code(
    parts: Sequence[Source | str], options: Options, lets: Mapping[str, Code], *, with_script: bool = False
) -> Iterator[Answer]:
    """Yield the answers to pieces of code, and to the layers between them, in order."""
    from rnnshape.programs import classes_in, execute_code, explore_code, explore_saved
    from rnnshape.request import request

    for part in parts:
        if isinstance(part, str):
            try:
                yield from answers_to(request([part], options))
            except RnnshapeError as error:
                yield error
            continue
        _get_ready()
        interrupts.check()
        if part.is_saved and part.path is not None:
            if options.run:
                message = f"{part.name} is a saved model, which is read: --run is for code."
                raise InvalidQuery(message, hint=f"Leave --run out: rnnshape {part.name}")
            try:
                classes = classes_in(dict(options.let or ()))
                yield explore_saved(part.path, classes, seed=options.seed, with_script=with_script)
            except RnnshapeError as error:
                if len(parts) == 1:
                    raise
                yield error
            continue
        if options.run:
            yield execute_code(part, lets, seed=options.seed)
        else:
            yield explore_code(part, lets, seed=options.seed, mask=options.mask, with_script=with_script)


def _get_ready() -> None:
    """Import Keras, and say so to whoever waits for it."""
    from rnnshape.run import engine

    with _waiting():
        engine.load()
    _tell_whose_answer()


def _tell_whose_answer() -> None:
    """Say on stderr that the backend that the user has chosen for Keras is passed over."""
    from rnnshape.run import engine

    chosen = engine.passed_over()
    if chosen is not None:
        tell(f"The backend {chosen.backend}, from {chosen.where}, is passed over: TensorFlow answers.")


def _measured(asked: Request) -> Sequence[Answer]:
    from rnnshape.layers import explore_measured

    return explore_measured([query for family in asked for query in family])


def _answers(family: Family, kept: Kept) -> Sequence[Answer]:
    from rnnshape.layers import explore, explore_together

    if len(family) > 1:
        return explore_together(family)
    try:
        return [explore(family[0], kept)]
    except RnnshapeError as error:
        return [error]


def _died(family: Family, how: str) -> list[Answer]:
    return [
        RnnshapeError(f"The process that ran this query ended in the middle: {how}.", layer=str(query.layer))
        for query in family
    ]


def exit_status(answers: Iterable[Answer], *, strict: bool, says_errors: bool = False) -> int:
    """Return 1 where a query could not be answered, or with `strict` has an answer that bodes ill; else 0.

    What bodes ill is said on stderr; with `says_errors`, so is each error, because nothing else shows it.
    """
    from rnnshape.program_report import ProgramReport

    status = 0
    for answer in answers:
        if isinstance(answer, RnnshapeError):
            worst, said = 1, [answer.message] if says_errors else []
        else:
            said = list(_bodes_ill(answer)) if strict else []
            worst = int(bool(said))
            if isinstance(answer, ProgramReport):
                worst = max(worst, answer.status)
                said += [answer.summary] if says_errors and answer.error else []
        status = max(status, worst)
        name = None if isinstance(answer, ProgramReport) else answer.layer
        for sentence in said:
            tell(f"{name}: {sentence}" if name else sentence)
    return status


def _bodes_ill(report: Report | ProgramReport) -> Iterator[str]:
    """Say where an answer is one to beware of."""
    from rnnshape.program_report import ProgramReport

    if isinstance(report, ProgramReport):
        for step in report.steps:
            if not step.declared.agrees:
                said = f"declares {step.declared.structure}, and returns {step.declared.returned}"
                yield f"{report.program.source}, line {step.line}: Keras {said}."
    else:
        yield from _bodes_ill_of_a_layer(report)


def _bodes_ill_of_a_layer(report: Report) -> Iterator[str]:
    """Say where Keras declares other shapes than it returns, and where the states do not fit where they were to go."""
    declared, returned = report.declared, report.returned.structure
    if not declared.agrees:
        refused = declared.structure.removeprefix("refused: ")
        said = [f"declares {refused}" if refused == declared.structure else f"refuses to declare a shape ({refused})"]
        if declared.compute_output_shape is not None:
            said.append(f"has a compute_output_shape of {declared.compute_output_shape}")
        yield f"Keras {', '.join(said)}, and returns {returned}."
    into = report.into
    if into is not None and not into.fits:
        yield f"the states do not fit into {into.layer}: it wants {into.wants}, they are {into.gives}."


def explained(answers: Iterable[Answer]) -> Iterator[Answer]:
    """Hand the answers on, with their explanation in sentences."""
    from rnnshape.explain import explain
    from rnnshape.report import Report

    for answer in answers:
        yield replace(answer, explanation=explain(answer)) if isinstance(answer, Report) else answer


@contextlib.contextmanager
def _waiting() -> Iterator[None]:
    """Tell a person at a terminal why nothing happens while TensorFlow is imported, and wipe that out again."""
    from rnnshape.run import engine

    if engine.is_loaded() or not is_terminal(sys.stderr):
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
