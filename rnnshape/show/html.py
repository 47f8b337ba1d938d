"""Answers as HTML: a whole page, or the piece of one that a notebook shows. Both follow the reader's theme."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from rich.console import RenderableType

from rnnshape.show import palette
from rnnshape.show.answers import title
from rnnshape.show.blocks import Block, Group, Heading, Items, Kind, Paste, Picture, Said, Table, blocks
from rnnshape.show.columns import spelled
from rnnshape.show.console import safe
from rnnshape.show.picture import Piece, colours, pieces
from rnnshape.show.rows import BRACKETS, Answers, Signs, Words

# The letters of marks bring their own ground with them. All else has the colour of the text around it, which is dark on
# a light ground and light on a dark one: so nobody has to be asked which theme it is. The class stands twice where a
# notebook has rules for the same things, so that these weigh more.
_STYLE = """\
.rnnshape { margin: 0 0 2em; line-height: 1.5; color: inherit; }
.rnnshape .wide { overflow-x: auto; container-type: inline-size; }
.rnnshape .wide + .wide { margin-top: 1em; }
.rnnshape .wide:focus-visible, .rnnshape pre:focus-visible { outline: 2px solid currentColor; outline-offset: -2px; }
.rnnshape.rnnshape code, .rnnshape.rnnshape pre { padding: 0; border: 0; color: inherit; background: transparent; \
font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.95em; \
white-space: inherit; }
.rnnshape.rnnshape pre { margin: 0.8em 0; line-height: 1.1; white-space: pre; overflow-x: auto; }
.rnnshape.rnnshape table { margin: 0; border: 0; border-collapse: collapse; font-size: inherit; color: inherit; }
.rnnshape.rnnshape caption { caption-side: top; padding: 0 0 0.5em; text-align: start; color: inherit; }
.rnnshape.rnnshape caption span { display: inline-block; position: sticky; left: 0; max-width: 100cqw; }
.rnnshape.rnnshape th, .rnnshape.rnnshape td { padding: 0.2em 1.2em 0.2em 0; border: 0; text-align: start; \
vertical-align: baseline; white-space: nowrap; font-weight: normal; color: inherit; }
.rnnshape.rnnshape .number { text-align: end; }
.rnnshape.rnnshape td.prose { min-width: 18em; white-space: normal; }
@container (max-width: 700px) { .rnnshape.rnnshape td.prose { white-space: nowrap; } }
.rnnshape.rnnshape thead th, .rnnshape.rnnshape caption code, .rnnshape.rnnshape tbody th[scope="row"] code { \
font-weight: bold; }
.rnnshape.rnnshape thead tr { border-bottom: 1px solid currentColor; }
.rnnshape.rnnshape tbody + tbody { border-top: 1px solid color-mix(in srgb, currentColor 30%, transparent); }
.rnnshape.rnnshape tbody tr { background: transparent; }
.rnnshape.rnnshape ul { margin: 0.8em 0; padding: 0; list-style: none; }
.rnnshape.rnnshape p { margin: 0.8em 0; }
.rnnshape .dim { color: color-mix(in srgb, currentColor 75%, transparent); }
.rnnshape .sign { padding: 0 0.3em; border-radius: 0.2em; }
"""
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 1.5em; font-family: system-ui, sans-serif; color: CanvasText; background: Canvas; }}
{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def render(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the answers as an HTML page: a table for each, or the picture as it is in a terminal."""
    return _PAGE.format(title=escape(title(answers)), style=_STYLE, body=_body(answers, shown))


def fragment(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the same as a piece of a page that styles nothing but itself: what a notebook shows."""
    return f"<style>\n{_STYLE}</style>\n{_body(answers, shown)}"


def _body(answers: Answers, shown: RenderableType | None) -> str:
    if shown is not None:
        return f'<div class="rnnshape">{_picture(shown)}</div>'
    return "\n".join(part for answer in blocks(answers) for part in _section(answer))


def _section(answer: Sequence[Block]) -> Iterator[str]:
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
            yield _picture(block.shown)
        case Said():
            yield f"<p>{_said(block)}</p>"


def _picture(shown: RenderableType) -> str:
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
