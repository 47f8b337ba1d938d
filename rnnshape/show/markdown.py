"""Answers as Markdown that GitHub renders: tables, lists, and code as code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from rnnshape.show.blocks import Block, Group, Heading, Items, Kind, Paste, Picture, Said, Table, blocks
from rnnshape.show.columns import spelled
from rnnshape.show.console import as_text, safe
from rnnshape.show.rows import Answers, Words, sign_text


def render(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the answers as Markdown: for each a heading, a table, the facts, the assignment to paste and the notes.

    A picture is a block of text.
    """
    if shown is not None:
        return _block_of(as_text(shown).splitlines(), "text") + "\n"
    return "\n\n".join(part for answer in blocks(answers) for block in answer for part in _block(block)) + "\n"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Table():
            yield from [_heading(block.about)] if block.about else []
            yield _table(block)
        case Items():
            yield "\n".join(f"- {_said(item)}" for item in block.items)
        case Paste():
            yield _block_of(block.lines, "python")
        case Heading():
            yield _heading(block)
        case Picture():
            yield _block_of(as_text(block.shown).splitlines(), "text")
        case Said():
            yield _said(block)


def _table(table: Table) -> str:
    rule = ["---:" if kind is Kind.NUMBER else "---" for kind in table.kinds]
    rows = [row for group in table.groups for row in _rows(group, table.kinds)]
    lines = (map(_text, table.headings), rule, *rows)
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(markdown: str) -> str:
    """Return what stands in a cell: a | would end it, even in a span of code, and has a backslash there only."""
    return markdown.replace("|", "\\|")


def _rows(group: Group, kinds: Sequence[Kind]) -> Iterator[list[str]]:
    """Yield the rows; what is said of them has a row, too, as no cell spans several columns."""
    for row in group.rows:
        cells = zip(map(_said, row), kinds, strict=True)
        yield [f"**{text}**" if kind is Kind.NAME and text else text for text, kind in cells]
    yield from ([_said(said), *[""] * (len(kinds) - 1)] for said in group.below)


def _heading(heading: Heading) -> str:
    return " ".join(filter(None, [f"**{_words(heading.title)}**", _text(heading.words)]))


def _said(said: Said) -> str:
    signs = sign_text(said.signs)
    parts = ["✗" if said.wrong else "", *(f"**{_text(text)}**" if text else "" for text in (said.sign, said.lead))]
    words = _words(said.words)
    marked = f"**{_text(signs)}**" if signs and words else _text(signs)
    return " ".join(filter(None, [marked, *parts, f"**{words}**" if said.strong else words]))


def _block_of(lines: Sequence[str], language: str) -> str:
    """Return lines as a block of code."""
    text = "\n".join(safe(line, "utf-8") for line in lines)
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text)), 0)
    return f"{fence}{language}\n{text}\n{fence}"


def _words(words: Words) -> str:
    return spelled(words, code=_code, plain=_text)


def _code(text: str) -> str:
    """Return a text as a span of code."""
    if not text:
        return ""
    text = safe(text, "utf-8")
    fence = "`" * max((len(run) + 1 for run in re.findall(r"`+", text)), default=1)
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"


def _text(text: str) -> str:
    """Return a text that means itself, whatever is in it."""
    text = safe(text, "utf-8").replace("&", "&amp;").replace("<", "&lt;")
    # An underscore within a name, and brackets that no link follows, mean themselves; names stay readable so.
    return re.sub(r"([\\`*#~>$!@]|(?<!\w)_|_(?!\w)|\](?=[(\[:])|\[(?=[ xX]\]))", r"\\\1", text)
