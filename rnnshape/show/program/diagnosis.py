"""Where and why a program stopped: the line, the tensors on it, where the cause lies, and the line that runs."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator

from rich.cells import cell_len, chop_cells
from rich.text import Text

from rnnshape.program_report import ChangedLine, Fix, ProgramError
from rnnshape.show.fold import prose
from rnnshape.show.look import Look, Shown
from rnnshape.show.rows import Tone, shape_code

_WHO = {"keras-refused": "Keras refuses", "not-read": "rnnshape does not read"}
_OF_PYTHON = {
    "AttributeError", "ImportError", "IndentationError", "KeyError", "ModuleNotFoundError", "NameError", "SyntaxError",
    "UnboundLocalError", "ZeroDivisionError",
}  # fmt: skip
"""Errors that Python raises before Keras sees anything."""
_MOST_OTHERS = 3
_MOST_PARTS = 12
"""Rows that one line of code takes at most."""


def diagnosed(error: ProgramError) -> Shown:
    """Return the diagnosis as something to show by itself."""
    return Shown(lambda look: diagnosis(error, look))


def diagnosis(error: ProgramError, look: Look) -> Iterator[Text]:
    """Yield the lines that say where a program stopped, why, and what to change."""
    is_read = error.code != "not-read" or "is not Python" in error.message
    who = "Python" if error.kind in _OF_PYTHON and is_read else "Keras"
    verb = f"{who} refuses" if who == "Python" else _WHO.get(error.code, "this fails at")
    lead = Text.assemble(("error:", look.alarm), (f" {verb} line {error.line}", look.tone(Tone.STRONG)))
    yield lead if error.kind is None else lead.append(f"  {error.kind}", look.quiet)
    gutter = len(str(max(error.line, error.cause.line if error.cause else 0, error.fix.line if error.fix else 0))) + 2
    yield from _source(error, gutter, look)
    for one in error.operands or ():
        origin = f", from line {one.line}" if one.line is not None else ""
        yield from _said(f"{one.code} is {shape_code(one.shape)}{origin}", gutter, look)
    if error.cause is not None and error.cause.line != error.line:
        yield from _said(f"line {error.cause.line}: {error.cause.what}", gutter, look, look.tone(Tone.STRONG))
    elif error.cause is not None:
        yield from _said(error.cause.what, gutter, look, look.tone(Tone.STRONG))
    lead_in = f"{who} says" if error.code == "keras-refused" else "why"
    yield from _said(f"{lead_in}: {error.message}", gutter, look, look.quiet if error.cause else "")
    if error.fix is not None:
        yield from _fix(error.fix, look)
        yield from _others(error, look)
    elif error.hint:
        yield from _said(f"hint: {error.hint}", gutter, look)


def _source(error: ProgramError, gutter: int, look: Look) -> Iterator[Text]:
    """Yield the line of the code, and carets below what is at fault in it."""
    if error.text is None:
        return
    stripped = error.text.strip().expandtabs(4)
    start = width = 0
    if error.column is not None and error.end_column is not None:
        # The columns count what is written, with the margin that is not shown.
        shift = len(error.text) - len(error.text.lstrip())
        start = max(error.column - shift, 0)
        width = max(min(error.end_column - shift, len(stripped)) - start, 1)
    bar = "|" if look.is_ascii else "│"
    parts = _parts(look.safe(stripped), gutter + 3, look)
    shown = _near(parts, start)
    for number, at, part in shown:
        front = str(error.line) if number == shown[0][0] else ""
        yield Text.assemble((f"{front:>{gutter}} {bar} ", look.quiet), part)
        first, last = max(start - at, 0), min(start + width - at, len(part))
        if first < last:
            caret = f"{' ' * cell_len(part[:first])}{'^' * cell_len(part[first:last])}"
            yield Text.assemble((f"{' ' * gutter} {bar} ", look.quiet), (caret.rstrip(), look.tone(Tone.STRONG)))


def _parts(code: str, taken: int, look: Look) -> list[str]:
    """Return a line of code as pieces that fit, broken at spaces where there are some: nothing of it is cut off."""
    room = max(look.width - taken, 20)
    parts = []
    while cell_len(code[: room + 1]) > room:
        part = chop_cells(code[:room], room)[0]
        space = part.rfind(" ") + 1
        parts.append(part[:space] if space > len(part) // 2 else part)
        code = code[len(parts[-1]) :]
    return [*parts, code]


def _near(parts: list[str], start: int) -> list[tuple[int, int, str]]:
    """Return the pieces around a place, each with its number and where it begins: a line may be very long."""
    ends = list(itertools.accumulate(map(len, parts), initial=0))
    here = next((number for number in range(len(parts)) if ends[number + 1] > start), 0)
    first = 0 if len(parts) <= _MOST_PARTS else max(here - 1, 0)
    return [(number, ends[number], parts[number]) for number in range(len(parts))[first : first + _MOST_PARTS]]


def _said(text: str, gutter: int, look: Look, style: str = "") -> Iterator[Text]:
    """Yield a text in lines that fit, behind the numbers of the lines."""
    return _indented(text, gutter + 3, look, style)


def _indented(text: str, indent: int, look: Look, style: str = "", further: str = "  ") -> Iterator[Text]:
    """Yield a text in lines that fit, this far from the left; all but the first stand further to the right."""
    for line in prose(look.safe(text), max(look.width - indent, 20), further):
        yield Text(" " * indent).append(line, style)


def _fix(fix: Fix, look: Look) -> Iterator[Text]:
    marks = [_tried(fix)]
    marks += ["changes the result"] if fix.changes_meaning else []
    marks += ["has placeholders: put your own values there"] if fix.placeholders else []
    for at, line in enumerate(prose(look.safe("; ".join(marks)), max(look.width - 5, 20), "     ")):
        yield Text.assemble(("fix, " if at == 0 else "", look.tone(Tone.GOOD)), line)
    styles = {"-": look.alarm, "+": look.added}
    diff = list(_diff(fix))
    width = max(len(str(changed.line)) for _, changed in diff)
    for sign, changed in diff:
        parts = _parts(look.safe(changed.code.rstrip().expandtabs(4)), width + 7, look)
        for number, part in enumerate(parts[:_MOST_PARTS]):
            front = [(sign, styles[sign]), f" {changed.line:>{width}}"] if number == 0 else [" " * (width + 2)]
            yield Text.assemble("  ", *front, f" {'|' if look.is_ascii else '│'} {part}")


def _diff(fix: Fix) -> Iterator[tuple[str, ChangedLine]]:
    """Yield the lines that go and come in the order of the file: where one takes another's place, it stands behind."""
    removes = deque(fix.removes)
    adds = deque(fix.adds if fix.adds or fix.removes else [ChangedLine(fix.line, fix.code)])
    shift = 0
    while removes or adds:
        if not adds or (removes and removes[0].line <= adds[0].line - shift):
            shift -= 1
            yield "-", removes.popleft()
        else:
            shift += 1
            yield "+", adds.popleft()


def _tried(fix: Fix) -> str:
    if fix.then is None:
        return "tried, and it runs"
    name = f"{fix.then_name} is " if fix.then_name else "gives "
    return f"tried: it runs, {name}{shape_code(fix.then)}"


def _others(error: ProgramError, look: Look) -> Iterator[Text]:
    for other in (error.other_fixes or ())[:_MOST_OTHERS]:
        # A line that only comes in leaves the one that it is numbered after as it is.
        place = "line" if other.removes or not other.adds else "in front of line"
        said, tried = f"or {place} {other.line}: {other.code.strip()}", f"({_tried(other)})"
        is_short = cell_len(f"{said} {tried}") <= look.width
        for indent, text in [(0, f"{said} {tried}")] if is_short else [(0, said), (2, tried)]:
            yield from _indented(text, indent, look, look.quiet, "   ")
