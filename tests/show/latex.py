"""A strict reader of the LaTeX that is written here: whatever it does not know, it refuses."""

from __future__ import annotations

import re

from rnnshape.show.latex import _ACCENTS, _LETTERS, _NEXT

_TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|[{}&$%#_^~]|[^\\{}&$%#_^~]", re.DOTALL)
_OF_LETTERS = {
    command.strip("$") if command.startswith("$") else re.sub(r"\d*\{\}$", "", command) for command in _LETTERS.values()
}
_KNOWN = {
    "\\begin", "\\end", "\\centering", "\\setlength", "\\tabcolsep", "\\raggedright", "\\footnotesize", "\\caption",
    "\\smallskip", "\\tabularnewline", "\\toprule",
    "\\midrule", "\\bottomrule", "\\addlinespace", "\\multicolumn", "\\textbf", "\\texttt", "\\par", "\\mbox",
    "\\linewidth", "\\\\", "\\char", *_OF_LETTERS, *(f"\\{accent}" for accent in _ACCENTS.values()),
}  # fmt: skip
_CELLS = re.compile(r"@\{\}|p\{[^{}]*\}|[lr]")


def check(document: str) -> None:
    """Refuse a document that TeX would refuse, or in which a letter means something else than itself."""
    assert document.isascii(), "an engine may not know the encoding"
    depth, is_math, environments = 0, False, []
    for line in document.splitlines():
        body = "" if line.startswith("%") else line
        for piece in _TOKEN.findall(body):
            depth += (piece == "{") - (piece == "}")
            assert depth >= 0, f"a brace too many: {line}"
            if piece == "$":
                is_math = not is_math
            assert piece not in ("#", "_", "^", "%"), f"{piece} by itself: {line}"
            assert piece != "&" or "tabular" in environments, f"& outside of a table: {line}"
            assert not piece.startswith("\\") or piece in _KNOWN, f"unknown: {piece}"
        assert depth == 0, f"a brace is open at the end of: {line}"
        assert not is_math, f"mathematics is open at the end of: {line}"
        for verb, name in re.findall(r"\\(begin|end)\{(\w+)\}", body):
            if verb == "begin":
                environments.append(name)
            else:
                assert environments.pop() == name
        assert not re.match(r"\s*[\[*]", body), f"this may be taken for what belongs to the line before: {line}"
    assert not environments
    _check_tables(document)


def tables(document: str) -> list[list[list[str]]]:
    """Return the cells of each table, row by row."""
    found = re.findall(r"\\begin\{tabular\}\{((?:[^{}]|\{[^{}]*\})*)\}\n(.*?)\\end\{tabular\}", document, re.DOTALL)
    return [[_cells(line) for line in body.splitlines() if line.endswith(_NEXT)] for _, body in found]


def text(document: str) -> str:
    """Return what is read on the page, more or less: letters for commands, without what they do to them."""
    backwards = {command: letter for letter, command in _LETTERS.items()}
    pattern = "|".join(map(re.escape, sorted(backwards, key=len, reverse=True)))
    document = re.sub(
        r"\\(?:texttt|textbf|caption|mbox)(?=\{)|\\raggedright ", "", document.replace("-{}", "-").replace(",{}", ",")
    )
    document = document.replace("~", " ")
    document = re.sub(pattern, lambda found: f"\0{ord(backwards[found[0]])}\0", document)
    document = re.sub(r"[{}]", "", document)
    return re.sub("\0(\\d+)\0", lambda found: chr(int(found[1])), document)


def _cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)&", line.removesuffix(_NEXT))


def _check_tables(document: str) -> None:
    specified = re.findall(r"\\begin\{tabular\}\{((?:[^{}]|\{[^{}]*\})*)\}\n", document)
    for columns, rows in zip(specified, tables(document), strict=True):
        count = len([one for one in _CELLS.findall(columns) if one != "@{}"])
        assert "".join(_CELLS.findall(columns)) == columns
        for row in rows:
            spans = [int(found[1]) if (found := re.match(r"\\multicolumn\{(\d+)\}", one)) else 1 for one in row]
            assert sum(spans) == count, row
