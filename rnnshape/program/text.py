"""Code as it was pasted -> text that Python parses. Every line keeps its number, so that errors point at the source."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator

_UNSEEN = dict.fromkeys([0xFEFF, 0x200B, 0x200C, 0x200D, 0x2060])
_SPACES = {0xA0: " ", 0x2007: " ", 0x202F: " ", 0x0C: ""}
_NEWLINE = re.compile(r"\r\n|[\r\x0b\x85\u2028\u2029]")
# Only the characters in front of code are looked at, so every pattern is anchored and linear.
_PROMPT = re.compile(r"[ \t]*(?:>>>|\.\.\.)(?: |$)")
_IN = re.compile(r"[ \t]*In ?\[[ \d*]*\]: ?")
_OUT = re.compile(r"[ \t]*Out ?\[[ \d*]*\]:")
_MORE = re.compile(r"[ \t]*\.{3,}: ?")
_MAGIC = re.compile(r"(?P<indent>[ \t]*)(?:[!%?]|[A-Za-z_][\w.]*\?{1,2}[ \t]*$|(?:pip|conda)[ \t]+install\b)")
_ASSIGNED_MAGIC = re.compile(r"(?P<front>[ \t]*[A-Za-z_]\w*[ \t]*=[ \t]*)[!%](?![=])")
_CELL_MAGIC = re.compile(r"%%(?!time\b|capture\b|timeit\b|prun\b)\w")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)[ \t]*[\w+-]*[ \t]*$")


def clean(text: str) -> str:
    """Return the text in the first form that Python parses; where none does, without prompts and magics.

    Prompts (`>>>`, `In [3]:`) and the outputs below them, magics, fences and a common indentation are passed over.
    The number of lines stays.
    """
    lines = _lines(text)
    forms: tuple[Callable[[list[str]], list[str]], ...] = (
        _dedented,
        lambda found: _dedented(_without_magics(_without_fences(found))),
        lambda found: _dedented(_without_magics(_without_prompts(_without_fences(found)))),
    )
    last = ""
    # `In [3]: x = 5` is an annotation, to Python.
    is_session = _IN.match(next(filter(str.strip, lines), "")) is not None
    for form in forms[-1:] if is_session else forms:
        last = "\n".join(form(lines)) + "\n"
        if error_of(last) is None:
            break
    return last


def cell(text: str) -> str:
    """Return the code of one notebook cell; nothing of a cell in another language (`%%bash`)."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return "" if _CELL_MAGIC.match(first) else clean(text)


def error_of(text: str) -> Exception | None:
    """Return what Python's parser raises for the text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        return error
    return None


def _lines(text: str) -> list[str]:
    """Return the lines, with one kind of line end, and plain spaces for those that web pages have."""
    return _NEWLINE.sub("\n", text).translate(_UNSEEN | _SPACES).split("\n")


def _dedented(lines: list[str]) -> list[str]:
    """Take the indentation away that all lines have; where the first one has less, all others."""
    for start in (0, 1):
        margins = [len(line) - len(line.lstrip(" \t")) for line in lines[start:] if line.strip()]
        margin = min(margins, default=0)
        if start == 1 and _opens(next(filter(str.strip, lines), "")):
            break
        if margin:
            first = lines[0].lstrip(" \t") if start else None
            rest = [line[margin:] if line.strip() else "" for line in lines[start:]]
            return rest if first is None else [first, *rest]
    return lines


def _opens(line: str) -> bool:
    """Tell whether the lines behind belong inside this one."""
    code = line.split("#", maxsplit=1)[0].rstrip()
    return code.endswith((":", "(", "[", "{", ",", "\\")) or code.count("(") > code.count(")")


def _without_fences(lines: list[str]) -> list[str]:
    return ["" if _FENCE.match(line) else line for line in lines]


def _without_magics(lines: list[str]) -> list[str]:
    return [_without_magic(line) for line in lines]


def _without_magic(line: str) -> str:
    found = _MAGIC.match(line)
    if found:
        # A block whose only line is a magic still needs a statement.
        return f"{found['indent']}pass" if found["indent"] else ""
    found = _ASSIGNED_MAGIC.match(line)
    return f"{found['front']}..." if found else line


def _without_prompts(lines: list[str]) -> list[str]:
    if any(_IN.match(line) for line in lines):
        return list(_ipython(lines))
    if any(line.lstrip().startswith(">>>") for line in lines):
        return [line[found.end() :] if (found := _PROMPT.match(line)) else "" for line in lines]
    return lines


def _ipython(lines: list[str]) -> Iterator[str]:
    """Yield the code of each line: what is behind `In [3]:`, and what follows it up to an output or a blank line.

    IPython shows further lines of a cell behind `...:`; people who copy from a notebook have them without.
    """
    has_more = any(_MORE.match(line) for line in lines)
    inside = False
    for line in lines:
        found = _IN.match(line)
        more = _MORE.match(line)
        if found:
            inside = True
            yield line[found.end() :]
        elif more:
            yield line[more.end() :]
        elif _OUT.match(line):
            inside = False
            yield ""
        else:
            yield line if inside and not has_more else ""
