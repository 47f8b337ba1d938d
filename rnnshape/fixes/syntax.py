"""Text that is not Python: a bracket that is never closed, an argument without its `=`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rnnshape.fixes.edits import Candidate, Edit, apply, insertion
from rnnshape.fixes.names import ARGUMENTS
from rnnshape.fixes.source import Source, split_lines
from rnnshape.trace import CodeTrace

_ARGUMENT = re.compile(r"(?<=[(,\s])(" + "|".join(ARGUMENTS) + r")(?=\s*[(\[])")
_VALUE = r"[\w.]+(?:\[[\w:-]+\])?"
_SEVERAL = re.compile(rf"(?<=[(,\s])(\w+)\s*=\s*({_VALUE}(?:\s*,\s*{_VALUE})+)(?=\s*[,)])")
_TAKE_SEVERAL = {"initial_state": "[]", "inputs": "[]", "outputs": "[]", "loss": "[]"}
_TAKE_SEVERAL |= dict.fromkeys(("input_shape", "shape", "batch_shape", "kernel_size", "target_shape"), "()")
_QUOTES = {"‘": "'", "’": "'", "“": '"', "”": '"', "´": "'", "`": "'"}
_PAIRS = {")": "(", "]": "[", "}": "{"}


def unread(text: str, trace: CodeTrace) -> Iterator[Candidate]:
    """Yield the text with everything repaired that is known here, where it can be parsed then."""
    del trace
    edits = [*_quotes(text), *_arguments(text)]
    edits += _brackets(text, edits)
    edits += _together(text)
    if edits and Source.read(apply(text, edits)) is not None:
        yield Candidate(edits=tuple(edits), why=_why(edits), at=min(edits).start)


def _why(edits: list[Edit]) -> str:
    added = {edit.text for edit in edits}
    if added & {"[", "("}:
        return "several values of one argument stand in brackets"
    if "=" in added and added & set(_PAIRS):
        return "an argument is given by `=`, and every bracket is closed"
    return (
        "an argument is given by `=`"
        if "=" in added
        else "every bracket is closed"
        if added & set(_PAIRS)
        else "quotes are straight"
    )


def _quotes(text: str) -> list[Edit]:
    return [Edit(at, at + 1, _QUOTES[each]) for at, each in enumerate(text) if each in _QUOTES]


def _arguments(text: str) -> list[Edit]:
    """`input_shape(2, 6)` among the arguments of a call: `input_shape=(2, 6)`."""
    found = []
    for match in _ARGUMENT.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if "(" in line and match[1] not in ("add", "dot", "shape"):
            found.append(Edit(match.end(), match.end(), "="))
    return found


def _together(text: str) -> list[Edit]:
    """`initial_state=h, c` among the arguments of a call: `initial_state=[h, c]`."""
    found = []
    for match in _SEVERAL.finditer(text):
        brackets = _TAKE_SEVERAL.get(match[1])
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if brackets is not None and "(" in line:
            found += [insertion(match.start(2), brackets[0]), insertion(match.end(2), brackets[1])]
    return found


def _brackets(text: str, edits: list[Edit]) -> list[Edit]:
    """Return the brackets that are missing at the ends of lines: where the next line starts a statement of its own."""
    del edits
    found: list[Edit] = []
    opened: list[str] = []
    offset = 0
    lines = split_lines(text)
    for number, line in enumerate(lines):
        code = _code(line)
        for each in code:
            if each in "([{":
                opened.append(each)
            elif each in _PAIRS and opened and opened[-1] == _PAIRS[each]:
                opened.pop()
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if opened and _starts_statement(following) and not code.rstrip().endswith((",", "(", "[", "{", "+", "\\")):
            end = offset + len(code.rstrip())
            closing = "".join({"(": ")", "[": "]", "{": "}"}[each] for each in reversed(opened))
            found.append(insertion(end, closing))
            opened = []
        offset += len(line)
    return found


def _code(line: str) -> str:
    """Return the line without its comment and with blanks for its texts."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", lambda match: " " * len(match[0]), line.rstrip("\r\n"))
    return (
        line.rstrip("\r\n")[: len(bare.partition("#")[0])]
        if "'" not in line and '"' not in line
        else bare.partition("#")[0]
    )


def _starts_statement(line: str) -> bool:
    """Tell whether the line is the start of a statement, or there is none."""
    if not line.strip():
        return True
    return bool(
        re.match(r"\s*(?:[\w.]+(?:\s*,\s*\w+)*\s*=[^=]|[\w.]+\(|for |if |def |class |import |from |#|print)", line)
    ) and not re.match(r"\s*\w+\s*=\s*.*,\s*$", line)
