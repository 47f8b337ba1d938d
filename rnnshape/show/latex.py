"""Answers as LaTeX: a table of the kind that papers have, with the package booktabs, and its notes below it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType

from rnnshape.show.blocks import Block, Group, Heading, Items, Kind, Paste, Picture, Said, Table, blocks
from rnnshape.show.columns import Column, spelled
from rnnshape.show.console import as_text, safe
from rnnshape.show.rows import Answers, Words, sign_text

_HEAD = "% \\usepackage{booktabs} in the preamble is all that this needs."
_LETTERS = {
    "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "$": "\\$", "&": "\\&", "#": "\\#", "%": "\\%", "_": "\\_",
    "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}",
    "|": "\\textbar{}", '"': "\\char34{}", "'": "\\textquotesingle{}", "`": "\\textasciigrave{}",
    "≠": "$\\neq$", "≈": "$\\approx$", "×": "$\\times$", "·": "$\\cdot$", "→": "$\\rightarrow$", "✗": "$\\times$",
    "…": "\\ldots{}", "–": "\\textendash{}", "—": "\\textemdash{}", "“": "\\textquotedblleft{}",
    "”": "\\textquotedblright{}", "‘": "\\textquoteleft{}", "’": "\\textquoteright{}",
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u030a": "r", "\u030c": "v",
    "\u0327": "c",
}  # fmt: skip
"""The commands of accents, by the characters that put them on the letter before."""
_NEXT = "\\tabularnewline"
"""The end of a row, also behind a cell that is not justified, where \\\\ would end a line of it."""
_ALIGNED = {Kind.NUMBER: "r", Kind.PROSE: "p{0.22\\linewidth}"}
_LAST_AXIS = "last axis"


def render(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the answers as LaTeX: a `table` for each, or the picture as lines of text.

    The text is ASCII: any engine reads it, in any encoding.
    """
    if shown is not None:
        return "\n".join(["\\begin{flushleft}", _lines(as_text(shown, encoding="ascii")), "\\end{flushleft}"]) + "\n"
    return "\n".join([_HEAD, *(line for answer in blocks(answers) for line in _answer(answer))]) + "\n"


def _answer(found: Sequence[Block]) -> Iterator[str]:
    """Yield one answer: the first table by itself, with its caption, and all else as paragraphs below it."""
    table = next((block for block in found if isinstance(block, Table) and block.about), None)
    about = table.about if table else next((block for block in found if isinstance(block, Heading)), None)
    yield from ("\\begin{table}[htbp]", "\\centering", "\\footnotesize", "\\setlength{\\tabcolsep}{4pt}")
    yield from [f"\\caption{{{_heading(about)}}}", "\\smallskip"] if about else []
    yield from _table(table) if table else []
    said = [part for block in found if block is not table and block is not about for part in _block(block)]
    if said:
        yield "\n".join(["\\begin{flushleft}", " \\par\n".join(said), "\\end{flushleft}"])
    yield "\\end{table}"


def _block(block: Block) -> Iterator[str]:
    """Yield the paragraphs of a block."""
    match block:
        case Table():
            yield from [_heading(block.about)] if block.about else []
            yield "\n".join(_table(block))
        case Items():
            yield from map(_said, block.items)
        case Paste():
            yield from map(_code, block.lines)
        case Heading():
            yield _heading(block)
        case Picture():
            yield _lines(as_text(block.shown, encoding="ascii"))
        case Said():
            yield _said(block)


def _table(table: Table) -> Iterator[str]:
    aligned = "".join(_ALIGNED.get(kind, "l") for kind in table.kinds)
    # A page has room for the last axis alone, which tells most.
    headings = [_LAST_AXIS if text == Column.AXES.value else text for text in table.headings]
    yield f"\\begin{{tabular}}{{@{{}}{aligned}@{{}}}}"
    yield from ("\\toprule", _row(map(_text, headings)), "\\midrule")
    for at, group in enumerate(table.groups):
        yield from ["\\addlinespace"] if at else []
        yield from _group(group, table.kinds, [text == _LAST_AXIS for text in headings])
    yield from ("\\bottomrule", "\\end{tabular}")


def _group(group: Group, kinds: Sequence[Kind], shortened: Sequence[bool]) -> Iterator[str]:
    if group.title:
        yield f"\\multicolumn{{{len(kinds)}}}{{l}}{{{_code(group.title)}}} {_NEXT}"
    for row in group.rows:
        yield _row(_cell(said, kind, last) for said, kind, last in zip(row, kinds, shortened, strict=True))
    for said in group.below:
        yield f"\\multicolumn{{{len(kinds)}}}{{p{{0.9\\linewidth}}}}{{\\raggedright {_said(said)}}} {_NEXT}"


def _cell(said: Said, kind: Kind, last: bool) -> str:  # noqa: FBT001
    if last:
        return _text("".join(said.words).rpartition(", ")[2])
    text = _said(said)
    return f"\\raggedright {text}" if kind is Kind.PROSE and text else text


def _heading(heading: Heading) -> str:
    return " ".join(filter(None, [_words(heading.title), _text(heading.words)]))


def _said(said: Said) -> str:
    signs = sign_text(said.signs)
    words = _words(said.words)
    bold = [signs if words else "", said.sign, said.lead]
    plain = [_text(signs) if signs and not words else "", *(f"\\textbf{{{_text(text)}}}" for text in bold if text)]
    return " ".join(filter(None, [*plain, f"\\textbf{{{words}}}" if said.strong else words]))


def _row(cells: Iterable[str]) -> str:
    # A row that begins with [ or * would be taken for what may stand at the end of the row before it.
    return f"{' & '.join(f'{{{text}}}' if text.startswith(('[', '*')) else text for text in cells)} {_NEXT}"


def _lines(text: str) -> str:
    """Return lines of code, each on a line of its own, with all of its spaces."""
    return " \\\\\n".join(_line(line) for line in text.splitlines())


def _line(line: str) -> str:
    return f"\\texttt{{{_escaped(line).replace(' ', '~')}}}" if line.strip() else "\\mbox{}"


def _words(words: Words) -> str:
    return spelled(words, code=_code, plain=_text)


def _code(text: str) -> str:
    return f"\\texttt{{{_escaped(text)}}}" if text else ""


def _text(text: str) -> str:
    return _escaped(text)


def _escaped(text: str) -> str:
    # Two hyphens in a row would be a dash, two commas a quotation mark.
    return re.sub(r"([-,])(?=\1)", r"\1{}", "".join(map(_letter, safe(text, "utf-8"))))


def _letter(character: str) -> str:
    """Return what stands for a character: itself, its command, its letter with an accent, or else its number."""
    if character in _LETTERS:
        return _LETTERS[character]
    if character.isascii():
        return character
    return _accented(character) or f"\\texttt{{U+{ord(character):04X}}}"


def _accented(character: str) -> str:
    parts = unicodedata.normalize("NFD", character)
    letter, accent = parts[0], parts[1:]
    is_known = letter.isascii() and letter.isalpha() and accent in _ACCENTS
    return f"\\{_ACCENTS[accent]}{{{letter}}}" if is_known else ""
