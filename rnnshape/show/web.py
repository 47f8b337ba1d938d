"""The blocks of a page as HTML: tables with header cells and captions, lists, code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from rich.console import RenderableType

from rnnshape.show import palette
from rnnshape.show.blocks import Block, Group, Heading, Items, Kind, Paste, Picture, Said, Table, blocks
from rnnshape.show.columns import spelled
from rnnshape.show.console import safe
from rnnshape.show.picture import Piece, colours, pieces
from rnnshape.show.rows import BRACKETS, Answers, Signs, Words


def as_html(answers: Answers) -> Iterator[str]:
    """Yield the answers in pieces of HTML."""
    for answer in blocks(answers):
        yield '<section class="rnnshape">'
        for block in answer:
            yield from _block(block)
        yield "</section>"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Table():
            yield from _table(block)
        case Items():
            yield "\n".join(["<ul>", *(f"<li>{_said(item)}</li>" for item in block.items), "</ul>"])
        case Paste():
            code = "\n".join(map(_text, block.lines))
            yield f'<pre tabindex="0"><code>{code}</code></pre>'
        case Heading():
            yield f"<p>{_heading(block)}</p>"
        case Picture():
            yield picture(block.shown)
        case Said():
            yield f"<p>{_said(block)}</p>"


def picture(shown: RenderableType) -> str:
    """Return what a terminal shows as preformatted text."""
    text = "\n".join("".join(_spans(line)) for line in pieces(shown))
    # Whoever has no mouse can scroll only what can have the focus.
    return f'<pre tabindex="0">{text}</pre>'


def _spans(line: Sequence[Piece]) -> Iterator[str]:
    at = 0
    for piece in line:
        yield " " * (piece.column - at)
        text = escape(piece.text)
        look = f'style="color:{piece.ink};background:{piece.ground}"' if piece.ground else 'class="dim"' * piece.dim
        text = f"<span {look}>{text}</span>" if look else text
        yield f"<b>{text}</b>" if piece.bold else text
        at = piece.column + piece.width


def _table(table: Table) -> Iterator[str]:
    label = "".join(table.about.title) if table.about else ", ".join(table.headings)
    # Whoever has no mouse can scroll only what can have the focus.
    yield f'<div class="wide" role="region" aria-label="{_text(label)}" tabindex="0">'
    yield "<table>"
    if table.about:
        yield f"<caption><span>{_heading(table.about)}</span></caption>"
    heads = zip(table.headings, table.kinds, strict=True)
    yield f"<thead>\n<tr>{''.join(_cell('th', text, kind, 'col') for text, kind in heads)}</tr>\n</thead>"
    for group in table.groups:
        yield "<tbody>"
        yield from _group(group, table.kinds)
        yield "</tbody>"
    yield "</table>\n</div>"


def _group(group: Group, kinds: Sequence[Kind]) -> Iterator[str]:
    span = f'colspan="{len(kinds)}"'
    if group.title:
        yield f'<tr><th scope="rowgroup" {span}>{_code(group.title)}</th></tr>'
    name = kinds.index(Kind.NAME) if Kind.NAME in kinds else 0
    for row in group.rows:
        cells = (
            _cell("th", _said(said), kind, "row") if at == name else _cell("td", _said(said), kind)
            for at, (said, kind) in enumerate(zip(row, kinds, strict=True))
        )
        yield f"<tr>{''.join(cells)}</tr>"
    yield from (f"<tr><td {span}>{_said(said)}</td></tr>" for said in group.below)


def _cell(tag: str, content: str, kind: Kind, scope: str = "") -> str:
    told = f' scope="{scope}"' if scope else ""
    look = f' class="{kind.value}"' if kind in (Kind.NUMBER, Kind.PROSE) else ""
    return f"<{tag}{told}{look}>{content}</{tag}>"


def _heading(heading: Heading) -> str:
    return " ".join(filter(None, [_words(heading.title), _text(heading.words)]))


def _said(said: Said) -> str:
    parts = [_chip("!", palette.alarm(fixed=True)) if said.wrong else "", _signs(said.signs)]
    parts += [f"<b>{_text(text)}</b>" if text else "" for text in (said.sign, said.lead)]
    words = _words(said.words)
    return " ".join(filter(None, [*parts, f"<b>{words}</b>" if said.strong else words]))


def _signs(signs: Signs) -> str:
    """Return the letters of marks, each on its own ground, in their brackets."""
    return " ".join(
        f"{BRACKETS[part][0]}{''.join(_chip(one.letter, palette.mark(one.number, fixed=True)) for one in marks)}"
        f"{BRACKETS[part][1]}"
        for part, marks in signs
    )


def _chip(text: str, style: str) -> str:
    ink, ground = colours(style)
    return f'<b class="sign" style="color:{ink};background:{ground}">{_text(text)}</b>'


def _words(words: Words) -> str:
    return spelled(words, code=_code, plain=_text)


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>" if text else ""


def _text(text: str) -> str:
    return escape(safe(text, "utf-8"))
