"""Answers as Markdown that GitHub renders: a table of the tensors, the facts as a list, code as code."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from rnnshape.program_report import ProgramReport
from rnnshape.show.columns import Column, cell, columns, last, spelled
from rnnshape.show.console import as_text, safe
from rnnshape.show.program.diagnosis import shown_alone
from rnnshape.show.rows import Note, Row, Section, Small, Words, plain
from rnnshape.show.sections import sections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import RenderableType

    from rnnshape.show.formats import Answers


def render(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the answers as Markdown: for each a heading, a table, the facts, the assignment to paste and the notes.

    A picture is a block of text.
    """
    if shown is not None:
        return _block(as_text(shown), "text") + "\n"
    blocks: list[str] = []
    for answer, section in zip(answers, sections(answers), strict=True):
        blocks += _section(section, answer if isinstance(answer, ProgramReport) else None)
    return "\n\n".join(blocks) + "\n"


def _section(section: Section, program: ProgramReport | None) -> Iterator[str]:
    if section.title:
        yield " ".join([f"**{_code(section.title)}**", *map(_text, section.called_with)])
    yield from _notes(section.before)
    if section.rows:
        shown = columns(section)
        # A heading that is empty in all but name: the marks need none beside the names that they stand in front of.
        headings = ["" if column is Column.MARK else column.value for column in shown]
        yield _table(headings, [_cells(row, shown) for row in section.rows])
    facts = [f"**{_text(one.sign)}** {_words(one.words)}" for one in section.facts]
    yield from _list([*facts, *(f"**{_text(one.text)}** {_words(one.words)}" for one in section.signs)])
    if section.error is not None:
        yield from _problem(section, program)
    if section.unpack:
        yield _block(section.unpack, "python")
    yield from _notes(last(section))
    if section.then is not None and program is not None:
        yield "With the fix:"
        yield from _section(section.then, program.with_fix)


def _problem(section: Section, program: ProgramReport | None) -> Iterator[str]:
    if program is not None:
        yield _block(as_text(shown_alone(program)), "text")
    elif section.error is not None:
        yield f"✗ {_text(section.error.message)}"
        yield from [_text(section.error.hint)] if section.error.hint else []


def _cells(row: Row, shown: Sequence[Column]) -> list[str]:
    return [f"**{_words(cell(row, one))}**" if one is Column.NAME else _words(cell(row, one)) for one in shown]


def _notes(notes: Iterable[Note]) -> Iterator[str]:
    """Yield notes: those that are sentences as lists, tables and code between them."""
    for is_sentence, some in itertools.groupby(notes, key=lambda note: note.table is None and not note.paste):
        if is_sentence:
            yield from _list(map(_note, some))
        else:
            for note in some:
                yield _small(note.table) if note.table is not None else _block(plain(note.words), "python")


def _note(note: Note) -> str:
    said = _words(note.words)
    return " ".join(filter(None, [f"**{_text(note.lead)}**" if note.lead else "", note.spare, said]))


def _small(table: Small) -> str:
    return _table(table.headings, [tuple(map(_text, row)) for row in table.rows], right=table.right)


def _table(headings: Sequence[str], cells: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> str:
    rule = ["---:" if at in right else "---" for at in range(len(headings))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (headings, rule, *cells))


def _list(items: Iterable[str]) -> Iterator[str]:
    lines = [f"- {item}" for item in items]
    if lines:
        yield "\n".join(lines)


def _block(text: str, language: str) -> str:
    """Return a text as a block of code."""
    text = "\n".join(safe(line, "utf-8") for line in text.splitlines())
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text)), 0)
    return f"{fence}{language}\n{text}\n{fence}"


def _words(words: Words) -> str:
    return spelled(words, code=_code, plain=_text)


def _code(text: str) -> str:
    """Return a text as a span of code; a | would end the cell even there."""
    text = safe(text, "utf-8").replace("|", "\\|")
    fence = "`" * max((len(run) + 1 for run in re.findall(r"`+", text)), default=1)
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"


def _text(text: str) -> str:
    """Return a text that means itself, whatever is in it."""
    text = safe(text, "utf-8").replace("&", "&amp;").replace("<", "&lt;")
    # An underscore within a name, and brackets that no link follows, mean themselves; names stay readable so.
    return re.sub(r"([\\`*#|~>$!@]|(?<!\w)_|_(?!\w)|\](?=[(\[:])|\[(?=[ xX]\]))", r"\\\1", text)
