"""The table: every returned tensor, and what equals what, at a glance. Of a layer and of a program alike."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from rnnshape.show import lines
from rnnshape.show.answers import parts
from rnnshape.show.fold import fold_assignment
from rnnshape.show.layout import heading, last, tensors
from rnnshape.show.look import Look, Shown, apart
from rnnshape.show.rows import Answers, Section, Tone


def table(answers: Answers) -> Shown:
    """Return what is shown for these answers, in their order; an error among them says what went wrong.

    It fits the width it is rendered at: columns that find no room go below their row, and nothing is cut.
    """
    return Shown(lambda look: apart(_lines(answers, look)))


def _lines(answers: Answers, look: Look) -> Iterator[Iterator[Text]]:
    for part in parts(answers):
        if isinstance(part, Section):
            yield whole(part, look)
        else:
            # What only several answers need is not imported for one.
            from rnnshape.show.many import several

            yield several(part, look)


def whole(section: Section, look: Look) -> Iterator[Text]:
    """Yield all lines of one answer."""
    yield from heading(section, look)
    yield from tensors(section, look)
    yield from _stopped(section, look)
    if section.unpack:
        yield Text()
        yield from (Text(line) for line in fold_assignment(look.safe(section.unpack), look.width))
    if _is_apart(section):
        yield Text()
    yield from lines.notes(section.notes, look)
    yield from last(section, look)


def _stopped(section: Section, look: Look) -> Iterator[Text]:
    """Yield what went wrong; where it was code, also what it gives with the fix."""
    if section.error is None:
        return
    if section.error.stopped is None:
        yield from lines.problem(section.error, look)
        return
    # What only a program needs is not imported for a layer.
    from rnnshape.show.program.diagnosis import diagnosis

    yield Text()
    yield from diagnosis(section.error.stopped, look)
    if section.then is not None and section.then.rows:
        yield Text()
        yield Text("with the fix:", look.tone(Tone.STRONG))
        yield from tensors(section.then, look)


def _is_apart(section: Section) -> bool:
    """Tell whether an empty line comes before the notes: behind an assignment, only bad news have one."""
    if section.unpack:
        return bool(section.notes) and section.notes[0].tone is Tone.WRONG and not section.notes[0].apart
    return bool(section.notes or section.size or section.whose)
