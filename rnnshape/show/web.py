"""An answer as a piece of HTML: a table with header cells and a caption, and below it what else there is to say."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from html import escape

from rnnshape.program_report import ProgramReport
from rnnshape.show import palette
from rnnshape.show.columns import Column, cell, columns, last, spelled
from rnnshape.show.console import safe
from rnnshape.show.marks import Mark, Part
from rnnshape.show.picture import colours
from rnnshape.show.program.diagnosis import shown_alone
from rnnshape.show.rows import BRACKETS, Fact, Note, Row, Section, Sign, Small, Tone, Words, plain
from rnnshape.show.sections import sections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import RenderableType

    from rnnshape.show.formats import Answers

    Picture = Callable[[RenderableType], str]


def answers_as_html(answers: Answers, picture: Picture) -> Iterator[str]:
    """Yield each answer as a piece of HTML; `picture` is how what a terminal shows is put into a page."""
    for answer, section in zip(answers, sections(answers), strict=True):
        lines = [*_section(section, answer if isinstance(answer, ProgramReport) else None, picture)]
        yield "\n".join(['<section class="rnnshape">', *lines, "</section>"])


def _section(section: Section, program: ProgramReport | None, picture: Picture) -> Iterator[str]:
    yield from _notes(section.before)
    if section.rows:
        yield from _tensors(section)
    elif section.title:
        yield f"<p>{_caption(section)}</p>"
    yield from _list([*map(_fact, section.facts), *map(_meaning, section.signs)])
    if section.error is not None:
        yield from _problem(section, program, picture)
    if section.unpack:
        yield _code_block(section.unpack)
    yield from _notes(last(section))
    if section.then is not None and program is not None:
        yield "<p>With the fix:</p>"
        yield from _section(section.then, program.with_fix, picture)


def _problem(section: Section, program: ProgramReport | None, picture: Picture) -> Iterator[str]:
    if program is not None:
        yield picture(shown_alone(program))
    elif section.error is not None:
        yield f"<p>{_wrong()} {_text(section.error.message)}</p>"
        yield from [f"<p>{_text(section.error.hint)}</p>"] if section.error.hint else []


def _tensors(section: Section) -> Iterator[str]:
    shown = columns(section)
    yield _scrolling(section.title)
    yield f"<table>\n<caption><span>{_caption(section)}</span></caption>"
    yield _head([column.value for column in shown], [at for at, one in enumerate(shown) if one is Column.LINE])
    for layer, rows in _groups(section.rows):
        yield "<tbody>"
        if layer:
            yield f'<tr><th scope="rowgroup" colspan="{len(shown)}">{_code(layer)}</th></tr>'
        yield from (f"<tr>{''.join(_cell(row, column) for column in shown)}</tr>" for row in rows)
        yield "</tbody>"
    yield "</table>\n</div>"


def _scrolling(label: str) -> str:
    """Return the opening of what scrolls sideways: whoever has no mouse can scroll only what can have the focus."""
    return f'<div class="wide" role="region" aria-label="{_text(label)}" tabindex="0">'


def _groups(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Yield what each call returns, with the call; what no call returns has an empty one."""
    starts = [at for at, row in enumerate(rows) if row.layer or not at]
    for start, end in itertools.pairwise([*starts, len(rows)]):
        yield rows[start].layer, list(rows[start:end])


def _caption(section: Section) -> str:
    said = [_code(section.title)] if section.title else []
    return " ".join([*said, *map(_text, section.called_with)])


def _head(headings: Sequence[str], right: Container[int]) -> str:
    """Return the header cells; the columns of `right` hold numbers."""
    kinds = [' class="number"' if at in right else "" for at in range(len(headings))]
    cells = "".join(f'<th scope="col"{kind}>{_text(said)}</th>' for kind, said in zip(kinds, headings, strict=True))
    return f"<thead>\n<tr>{cells}</tr>\n</thead>"


def _cell(row: Row, column: Column) -> str:
    if column is Column.MARK:
        return f"<td>{' '.join(_sign(part, marks) for part, marks in row.signs)}</td>"
    text = _words(cell(row, column))
    if column is Column.NAME:
        return f'<th scope="row">{text}</th>'
    return f'<td class="number">{text}</td>' if column is Column.LINE else f"<td>{text}</td>"


def _sign(part: Part, marks: Iterable[Mark]) -> str:
    """Return the letters of marks, each on its own ground, in the brackets of this part."""
    opening, closing = BRACKETS[part]
    return f"{opening}{''.join(_letter(mark) for mark in marks)}{closing}"


def _letter(mark: Mark) -> str:
    return _chip(mark.letter, palette.mark(mark.number, fixed=True))


def _wrong() -> str:
    return _chip("!", palette.alarm(fixed=True))


def _chip(text: str, style: str) -> str:
    ink, ground = colours(style)
    return f'<b class="sign" style="color:{ink};background:{ground}">{_text(text)}</b>'


def _fact(fact: Fact) -> str:
    sign = _sign(fact.part, [fact.mark]) if fact.mark is not None else f"<b>{_text(fact.sign)}</b>"
    return f"{sign} {_words(fact.words)}"


def _meaning(sign: Sign) -> str:
    letter = _sign(sign.part, [sign.mark]) if sign.mark is not None else f"<b>{_text(sign.text)}</b>"
    return f"{letter} {_words(sign.words)}"


def _notes(notes: Iterable[Note]) -> Iterator[str]:
    """Yield notes: those that are sentences as lists, tables and code between them."""
    for is_sentence, some in itertools.groupby(notes, key=lambda note: note.table is None and not note.paste):
        if is_sentence:
            yield from _list([_note(note) for note in some])
        else:
            for note in some:
                yield from _small(note.table) if note.table is not None else [_code_block(plain(note.words))]


def _note(note: Note) -> str:
    lead = f"<b>{_text(note.lead)}</b>" if note.lead else ""
    said = _words(note.words)
    if note.tone is Tone.STRONG and not lead:
        said = f"<b>{said}</b>"
    return " ".join(filter(None, [_wrong() if note.tone is Tone.WRONG else "", lead, note.spare, said]))


def _small(table: Small) -> Iterator[str]:
    yield _scrolling(", ".join(table.headings))
    yield "<table>"
    yield _head(table.headings, table.right)
    yield "<tbody>"
    for row in table.rows:
        cells = [
            f'<td class="number">{_text(text)}</td>' if at in table.right else f"<td>{_text(text)}</td>"
            for at, text in enumerate(row[1:], 1)
        ]
        yield f'<tr><th scope="row">{_code(row[0])}</th>{"".join(cells)}</tr>'
    yield "</tbody>\n</table>\n</div>"


def _list(items: Sequence[str]) -> Iterator[str]:
    if items:
        yield "\n".join(["<ul>", *(f"<li>{item}</li>" for item in items), "</ul>"])


def _code_block(code: str) -> str:
    return f'<pre tabindex="0"><code>{_text(code)}</code></pre>'


def _words(words: Words) -> str:
    return spelled(words, code=_code, plain=_text)


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>"


def _text(text: str) -> str:
    return escape(safe(text, "utf-8"))
