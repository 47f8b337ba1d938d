"""The table as Markdown that GitHub renders, equality marks included."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rnnshape.errors import RnnshapeError
from rnnshape.report import Report, Tensor
from rnnshape.show import notes
from rnnshape.show.console import safe
from rnnshape.show.marks import Carried, Marks, Part, marks

_HEADINGS = ("", "tensor", "at", "shape", "axes", "what it is", "equals")
_SIGNS = {Part.WHOLE: "{}", Part.SLICE: "[{}]", Part.MERGED: "({})"}


def as_markdown(answers: Sequence[Report | RnnshapeError]) -> str:
    """Return the answers as Markdown: for each a heading, a table, the assignment to paste and the notes."""
    found = iter(marks([answer for answer in answers if isinstance(answer, Report)]))
    blocks = []
    for answer in answers:
        lines = _failed(answer) if isinstance(answer, RnnshapeError) else _answered(answer, next(found))
        blocks.append("\n\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def in_a_block(text: str, language: str = "") -> str:
    """Return a text as a block of code."""
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text)), 0)
    return f"{fence}{language}\n{text}\n{fence}"


def _answered(report: Report, found: Marks) -> Iterator[str]:
    yield f"**{_code(report.layer)}** {_words(' '.join(notes.called_with(report)))}"
    yield _table(_HEADINGS, [_row(report, tensor, found.of(tensor.name)) for tensor in report.tensors])
    yield in_a_block(safe(report.unpack, "utf-8"), "python")
    listed: list[str] = []
    for note in notes.notes(report):
        if note.rows or note.code:
            yield from ["\n".join(listed)] if listed else []
            listed = []
            yield _small_table(note) if note.rows else in_a_block(safe(note.text, "utf-8"), "python")
        else:
            listed.append(f"- {_words(f'{note.lead} {note.text}'.strip())}")
    yield from ["\n".join(listed)] if listed else []


def _failed(error: RnnshapeError) -> Iterator[str]:
    if error.layer:
        yield f"**{_code(error.layer)}**"
    yield f"✗ {_words(error.message)}"
    if error.hint:
        yield _words(error.hint)


def _row(report: Report, tensor: Tensor, carried: Sequence[Carried]) -> tuple[str, ...]:
    at = "".join(f"[{step}]" for step in tensor.path or ())
    letters = []
    for part, sign in _SIGNS.items():
        joined = "".join(one.mark.letter for one in carried if one.part is part)
        letters += [sign.format(joined)] if joined else []
    return (
        " ".join(letters),
        f"**{_code(tensor.name)}**",
        _code(at) if at else "bare",
        _code(notes.shape_code(tensor.shape)),
        _words(", ".join(tensor.axes)),
        _words(tensor.meaning),
        "<br>".join(_equals(one) for one in carried) or ("constant" if tensor.name in (report.constant or ()) else ""),
    )


def _equals(one: Carried) -> str:
    if one.part is Part.MERGED:
        return f"part of {_code((*one.others, *one.mark.statement)[0])}"
    sign = " ≈ " if one.mark.is_close else " = "
    text = sign.join(_code(code) for code in (*one.own, *one.others))
    return f"≈ {text}" if one.mark.is_close and one.part is Part.WHOLE else text


def _small_table(note: notes.Note) -> str:
    rows = [tuple(_words(cell.lines[0][0]) if cell.lines else "" for cell in row.cells) for row in note.rows]
    return _table(note.headings, rows)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
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
