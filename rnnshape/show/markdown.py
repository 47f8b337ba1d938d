"""The table as Markdown that GitHub renders, equality marks included."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rnnshape.errors import RnnshapeError
from rnnshape.program_report import ProgramReport
from rnnshape.report import Report
from rnnshape.show import notes
from rnnshape.show.console import as_text, safe
from rnnshape.show.equals import BRACKETS, Alone, Row, program_rows, rows
from rnnshape.show.facts import facts_of
from rnnshape.show.marks import Marks, marks
from rnnshape.show.program.diagnosis import shown_alone
from rnnshape.show.program.notes import notes as program_notes
from rnnshape.show.program.notes import whose
from rnnshape.show.rows import Note, Small, plain, shape_code

_HEADINGS = ("", "tensor", "at", "shape", "axes", "what it is", "equals")


def as_markdown(answers: Sequence[Report | ProgramReport | RnnshapeError]) -> str:
    """Return the answers as Markdown: for each a heading, a table, the assignment to paste and the notes."""
    found = iter(marks([answer for answer in answers if isinstance(answer, Report)]))
    blocks = []
    for answer in answers:
        if isinstance(answer, RnnshapeError):
            lines = _failed(answer)
        else:
            lines = _program(answer) if isinstance(answer, ProgramReport) else _answered(answer, next(found))
        blocks.append("\n\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def in_a_block(text: str, language: str = "") -> str:
    """Return a text as a block of code."""
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text)), 0)
    return f"{fence}{language}\n{text}\n{fence}"


def _answered(report: Report, found: Marks) -> Iterator[str]:
    yield f"**{_code(str(report.layer))}** {_words(' '.join(notes.called_with(report)))}"
    yield _table(_HEADINGS, [_cells(row) for row in rows(report, found)])
    yield in_a_block(safe(str(report.unpack), "utf-8"), "python")
    listed: list[str] = []
    different = [Note(fact.words) for fact in facts_of(found, report.same_shape_different_values) if fact.mark is None]
    size = notes.size(report), notes.whose(report.versions, report.ran.device, report.ran.seed)
    for note in (*different, *notes.notes(report), *(Note((one,)) for one in size if one)):
        if note.table or note.paste:
            yield from ["\n".join(listed)] if listed else []
            listed = []
            yield _small_table(note.table) if note.table else in_a_block(safe(plain(note.words), "utf-8"), "python")
        else:
            listed.append(f"- {_words(note.text)}")
    yield from ["\n".join(listed)] if listed else []


def _program(report: ProgramReport) -> Iterator[str]:
    yield f"**{_code(report.program.source)}**"
    if report.tensors:
        cells = [
            (str(tensor.line), *_cells(row)) for tensor, row in zip(report.tensors, program_rows(report), strict=True)
        ]
        yield _table(("line", *_HEADINGS[:2], *_HEADINGS[3:]), [(*line[:3], *line[4:]) for line in cells])
    if report.error is not None:
        yield in_a_block(as_text(shown_alone(report)), "text")
        if report.with_fix is not None:
            yield "With the fix:"
            yield from _program(report.with_fix)
            return
    yield "\n".join(f"- {_words(note.text)}" for note in (*program_notes(report), Note((whose(report),))) if note.text)


def _failed(error: RnnshapeError) -> Iterator[str]:
    if error.layer:
        yield f"**{_code(error.layer)}**"
    yield f"✗ {_words(error.message)}"
    if error.hint:
        yield _words(error.hint)


def _cells(row: Row) -> tuple[str, ...]:
    tensor = row.tensor
    letters = []
    for part, (opening, closing) in BRACKETS.items():
        joined = "".join(mark.letter for mark in row.marks(part))
        letters += [f"{opening}{joined}{closing}"] if joined else []
    equals = "<br>".join(one.said(_code) for one in row.equals)
    return (
        " ".join(letters),
        f"**{_code(tensor.name)}**",
        _code(row.place) if row.place.startswith("[") else row.place,
        _code(shape_code(tensor.shape)),
        _words(", ".join(tensor.axes)),
        _words(tensor.meaning),
        equals or (row.alone.value if row.alone in (Alone.CONSTANT, Alone.UNDECIDED) else ""),
    )


def _small_table(table: Small) -> str:
    return _table(table.headings, [tuple(map(_words, row)) for row in table.rows])


def _table(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(text: str) -> str:
    """Return a text as a span of code; a | would end the cell even there."""
    text = safe(text, "utf-8").replace("|", "\\|")
    fence = "`" * max((len(run) + 1 for run in re.findall(r"`+", text)), default=1)
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"


def _words(text: str) -> str:
    """Return a text that means itself, whatever is in it."""
    text = safe(text, "utf-8").replace("&", "&amp;").replace("<", "&lt;")
    # An underscore within a name, and brackets that no link follows, mean themselves; names stay readable so.
    return re.sub(r"([\\`*#|~>$!@]|(?<!\w)_|_(?!\w)|\](?=[(\[:])|\[(?=[ xX]\]))", r"\\\1", text)
