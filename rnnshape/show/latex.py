"""Answers as LaTeX: a table of the kind that papers have, with the package booktabs, and its notes below it."""

from __future__ import annotations

import re
import unicodedata
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
_ALIGNED = {Column.LINE: "r", Column.MEANING: "p{0.22\\linewidth}"}


def render(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the answers as LaTeX: a `table` for each, or the picture as lines of text.

    The text is ASCII: any engine reads it, in any encoding.
    """
    if shown is not None:
        return "\n".join(["\\begin{flushleft}", _lines(as_text(shown, encoding="ascii")), "\\end{flushleft}"]) + "\n"
    lines = [_HEAD]
    for answer, section in zip(answers, sections(answers), strict=True):
        lines += _section(section, answer if isinstance(answer, ProgramReport) else None)
    return "\n".join(lines) + "\n"


def _section(section: Section, program: ProgramReport | None) -> Iterator[str]:
    yield from ("\\begin{table}[htbp]", "\\centering", "\\footnotesize", "\\setlength{\\tabcolsep}{4pt}")
    if section.title:
        yield f"\\caption{{{' '.join([_code(section.title), *map(_text, section.called_with)])}}}"
        yield "\\smallskip"
    if section.rows:
        yield from _tensors(section)
    yield from _below(section, program)
    yield "\\end{table}"
    if section.then is not None and program is not None:
        yield from _section(section.then, program.with_fix)


def _tensors(section: Section) -> Iterator[str]:
    shown = columns(section)
    headings = ["last axis" if one is Column.AXES else one.value for one in shown]
    rows: list[str] = []
    for row in section.rows:
        if row.layer:
            rows += ["\\addlinespace"] if rows else []
            rows.append(f"\\multicolumn{{{len(shown)}}}{{l}}{{{_code(row.layer)}}} {_NEXT}")
        rows.append(_row(_cell(row, one) for one in shown))
    yield from _tabular([_ALIGNED.get(one, "l") for one in shown], headings, rows)


def _cell(row: Row, column: Column) -> str:
    """Return a cell; a page has room for the last axis alone, which tells most."""
    if column is Column.AXES:
        return _text(row.axes[-1] if row.axes else "")
    text = _words(cell(row, column))
    return f"\\raggedright {text}" if column is Column.MEANING and text else text


def _below(section: Section, program: ProgramReport | None) -> Iterator[str]:
    """Yield what there is to say besides the tensors, a paragraph each; nothing where there is nothing to say."""
    said = [*map(_note, section.before)]
    said += [f"\\textbf{{{_text(one.sign)}}} {_words(one.words)}" for one in section.facts]
    said += [f"\\textbf{{{_text(one.text)}}} {_words(one.words)}" for one in section.signs]
    if program is not None and section.error is not None:
        said.append(_lines(as_text(shown_alone(program), encoding="ascii")))
    elif section.error is not None:
        said += [_text(text) for text in (section.error.message, section.error.hint) if text]
    said += [_code(section.unpack)] if section.unpack else []
    said += map(_note, last(section))
    if said:
        yield "\n".join(["\\begin{flushleft}", " \\par\n".join(said), "\\end{flushleft}"])


def _note(note: Note) -> str:
    if note.table is not None:
        return "\n".join(_small(note.table))
    if note.paste:
        return _code(plain(note.words))
    lead = f"\\textbf{{{_text(note.lead)}}}" if note.lead else ""
    return " ".join(filter(None, [lead, note.spare, _words(note.words)]))


def _small(table: Small) -> Iterator[str]:
    aligned = ["r" if at in table.right else "l" for at in range(len(table.headings))]
    yield from _tabular(aligned, table.headings, [_row(map(_text, row)) for row in table.rows])


def _tabular(aligned: Sequence[str], headings: Sequence[str], rows: Iterable[str]) -> Iterator[str]:
    yield f"\\begin{{tabular}}{{@{{}}{''.join(aligned)}@{{}}}}"
    yield from ("\\toprule", _row(map(_text, headings)), "\\midrule", *rows, "\\bottomrule")
    yield "\\end{tabular}"


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
    return f"\\texttt{{{_escaped(text)}}}"


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
