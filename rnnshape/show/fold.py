"""Breaking code and sentences into lines that fit, at places where a reader would break them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len, chop_cells

_INDENT = "    "
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_LEAST = 8
"""No line is made narrower than this; where less room is left, it is the terminal's turn to break."""


def fold(code: str, width: int, *, commas: bool = False) -> list[str]:
    """Return a Python expression as lines of at most `width` cells that are the same expression.

    Brackets are opened up from the outside in, one item a line. What has none breaks at its spaces; a word that is
    too wide by itself stays whole, so that the code can still be copied from a terminal that wraps it. `commas`:
    the last of several items that have a line each gets a comma, too.
    """
    width = max(width, _LEAST)
    if cell_len(code) <= width:
        return [code]
    group = _longest_group(code)
    if group is None:
        return fill(split(code, " "), width, chop=False)
    opening, closing = group
    head, inside, tail = code[: opening + 1], code[opening + 1 : closing], code[closing:]
    lines = [head]
    items = _with_commas(split(inside, ","), last=commas)
    room = width - len(_INDENT)
    for item in [inside] if cell_len(inside) <= room else items:
        lines += [_INDENT + line for line in fold(item, room, commas=commas)]
    return lines + fold(tail, width, commas=commas)


def fold_assignment(code: str, width: int) -> list[str]:
    """Return `a, b = value` as lines of at most `width` cells that are the same assignment."""
    if cell_len(code) <= width:
        return [code]
    targets, equals, value = code.partition(" = ")
    if not equals:
        return fold(code, width)
    items = [item for item in split(targets, ",") if item]
    if len(items) > 1:
        return _several(items, value, width)
    if targets.endswith(","):
        return ["(", *(_INDENT + line for line in _element(items[0], width)), *fold(f") = {value}", width)]
    first, *rest = fold(value, width)
    if cell_len(targets + equals + first) <= width:
        return [targets + equals + first, *rest]
    return [f"{targets} = (", *(_INDENT + line for line in fold(value, width - len(_INDENT))), ")"]


def _several(items: list[str], value: str, width: int) -> list[str]:
    """Return `(a, b,` and ` c) = value`, as many on a line as fit; one on each line where not even one fits so."""
    atoms = [f"{item}," for item in items[:-1]] + [f"{items[-1]}) = {value}"]
    atoms[0] = f"({atoms[0]}"
    if all(cell_len(atom) < width for atom in atoms):
        return fill(atoms, width, " ", chop=False)
    return ["(", *(_INDENT + line for item in items for line in _element(item, width)), *fold(f") = {value}", width)]


def _element(item: str, width: int) -> list[str]:
    return fold(f"{item},", width - len(_INDENT))


def fill(atoms: Iterable[str], width: int, indent: str = "", *, chop: bool = True) -> list[str]:
    """Return the atoms joined by spaces, as lines of at most `width` cells; all but the first line are indented.

    An atom is kept whole unless it is wider than a line by itself (and even then without `chop`).
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(atoms, max(width - len(indent), _LEAST)) if chop else atoms:
        joined = f"{line} {piece}" if line else piece
        if not line or cell_len((indent if lines else "") + joined) <= width:
            line = joined
        else:
            lines.append((indent if lines else "") + line)
            line = piece
    return [*lines, (indent if lines else "") + line]


def _pieces(atoms: Iterable[str], width: int) -> Iterator[str]:
    """Yield the atoms, those that are too wide as their words, and a word that is too wide in pieces."""
    for atom in atoms:
        for word in [atom] if cell_len(atom) <= width else atom.split(" "):
            yield from _chopped(word, width)


def _chopped(word: str, width: int) -> Iterator[str]:
    """Yield a word in pieces of at most `width` cells, broken behind a bracket where there is one: names stay whole."""
    while cell_len(word) > width:
        part = chop_cells(word, width)[0]
        behind = max(part.rfind(opening) for opening in _CLOSING) + 1
        yield part[: behind or len(part)]
        word = word[behind or len(part) :]
    yield word


def prose(text: str, width: int, indent: str = "") -> list[str]:
    """Return a sentence as lines of at most `width` cells; what `_atoms` takes for one word stays whole."""
    return fill(_atoms(text), width, indent)


def split(code: str, separator: str) -> list[str]:
    """Return the parts of an expression between the separators that stand outside its brackets and strings."""
    parts, start = [], 0
    for at, depth in _scan(code):
        if depth == 0 and code.startswith(separator, at):
            parts.append(code[start:at].strip())
            start = at + len(separator)
    return [*parts, code[start:].strip()]


def _with_commas(items: list[str], *, last: bool) -> list[str]:
    """Return the items each with its comma; the `last` of several has one if that is asked, or if the code had one."""
    if len(items) > 1 and (last or not items[-1]):
        return [f"{item}," for item in items if item]
    return [f"{item}," for item in items[:-1]] + items[-1:]


def _scan(code: str) -> Iterator[tuple[int, int]]:
    """Yield the places outside of strings, and how many brackets are open there, a bracket itself included."""
    depth, quote, skip = 0, "", False
    for at, character in enumerate(code):
        if skip:
            skip = False
        elif quote:
            skip = character == "\\"
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
            yield at, depth
        elif character in ")]}":
            yield at, depth
            depth = max(depth - 1, 0)
        else:
            yield at, depth


def _longest_group(code: str) -> tuple[int, int] | None:
    """Return where the longest outermost pair of brackets opens and closes, empty ones aside."""
    groups, opening = [], -1
    for at, depth in _scan(code):
        if depth == 1 and code[at] in _CLOSING:
            opening = at
        elif depth == 1 and opening >= 0 and code[at] == _CLOSING[code[opening]]:
            groups.append((opening, at))
    found = max(groups, key=lambda group: group[1] - group[0], default=(0, 0))
    return found if found[1] - found[0] > 1 else None


def _atoms(text: str) -> list[str]:
    """Return the words of a sentence, where an index, a shape or a call counts as one word.

    A number goes with the word before it (`Keras 3.15.1`), an equals sign with both sides, a value with its option.
    """
    atoms: list[str] = []
    open_until = 0
    for match in re.finditer(r"\S+", text):
        word, start = match.group(), match.start()
        if start < open_until:
            atoms[-1] += f" {word}"
            continue
        if atoms and _belongs(atoms[-1], word):
            atoms[-1] += f" {word}"
        else:
            atoms.append(word)
        end = _end_of_code(text, start, match.end())
        open_until = max(open_until, end)
    return atoms


def _belongs(before: str, word: str) -> bool:
    """Tell whether a word must not begin a line, since it is said of the one before it."""
    is_open = not before.endswith((",", ";", ":", "."))
    return is_open and (word[0].isdigit() or word == "=" or before.rpartition(" ")[2].lstrip("(").startswith("--"))


def _end_of_code(text: str, start: int, end: int) -> int:
    """Return where the brackets close that a word opens as code does (`x[`, `f(`, `x=[`, `(3`), or the word's end."""
    code = re.search(r"[\w=][\[(]|^\[|^[(\[]+(?:\d|None)", text[start:end])
    if not code:
        return end
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if at >= end - 1 and depth <= 0:
            return at + 1
    return end
