"""The lines that a script is made of: comments, values that are assumed or drawn, statements that are passed over."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from rnnshape.program_report import Assumed
from rnnshape.trace import Span, TracedTensor

_WIDTH = 100


def merged(imports: Iterable[str]) -> list[str]:
    """Return the lines with one for all names of a module."""
    found: dict[str, list[str]] = {}
    for line in imports:
        front, has_names, name = line.partition(" import ")
        found.setdefault(f"{front} import " if has_names else line, []).append(name)
    return [f"{front}{', '.join(names)}" for front, names in found.items()]


def given(one: Assumed) -> str:
    """Return the line that gives what `--let` gave."""
    return f"{one.name} = {one.code}  # given with --let"


def count(number: int) -> str:
    """Say how many equalities hold."""
    return f"{number} equalit{'y holds' if number == 1 else 'ies hold'}."


def runnable(code: str) -> str:
    """Return the code that is assumed for a name, with its imports in it."""
    if code.startswith("np.zeros("):
        # All-zero data would make everything equal.
        return f"np.random.normal(size={code.removeprefix('np.zeros(').removesuffix(')')})"
    return f"keras.{code}" if code.startswith(("Input(", "Sequential(")) else code


def drawn(tensor: TracedTensor) -> str:
    """Return code for random values like those that the tensor had."""
    shape = tuple(tensor.draws[0].shape) if tensor.draws else tuple(size or 2 for size in tensor.shape)
    if tensor.dtype == "bool":
        return f"_random.integers(0, 2, {shape}).astype(bool)"
    if tensor.draws and all((draw == draw.astype(int)).all() for draw in tensor.draws):
        lowest, most = (int(pick(draw.flat)) for pick, draw in ((min, tensor.draws[0]), (max, tensor.draws[0])))
        return f'_random.integers({lowest}, {most + 1}, {shape}).astype("{tensor.dtype}")'
    return f'_random.normal(size={shape}).astype("{tensor.dtype}")'


def pass_over(lines: list[str], span: Span, names: Sequence[str]) -> None:
    """Make a comment of a statement; what it would bind is None."""
    first, last = span.line - 1, span.end_line - 1
    front, behind = lines[first][: span.column], lines[last][span.end_column :]
    instead = f"{' = '.join([*names, 'None'])}" if names else "pass"
    if front.strip() or (behind.strip() and not behind.lstrip().startswith("#")):
        lines[first : last + 1] = [f"{front}{instead}{behind}", *[""] * (last - first)]
        return
    whole = lines[first : last + 1]
    code = f"{front}{instead}  # " if front or names else "# "
    whole[0] = f"{code}passed over: {whole[0].lstrip()}"
    whole[1:] = [f"{front}# {line}".rstrip() for line in whole[1:]]
    lines[first : last + 1] = whole


def comment(text: str) -> list[str]:
    """Return the lines of a comment."""
    return [f"# {line}" for line in textwrap.wrap(text, _WIDTH - 2, break_long_words=False)]


def folded(opening: str, items: Iterable[str], closing: str) -> list[str]:
    """Return the items between brackets: in one line if it holds them, else a line each."""
    found = list(items)
    line = f"{opening}{', '.join(found)}{closing}"
    return [line] if len(line) <= _WIDTH else [opening, *(f"    {item}," for item in found), closing]
