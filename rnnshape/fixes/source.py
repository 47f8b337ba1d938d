"""Code as a tree whose nodes know their place in the text."""

from __future__ import annotations

import ast
import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_PROMPT = re.compile(r"[ \t]*(?:>>> ?|\.{3,}:? ?|In \[\d*\]: ?)")
_MAGIC = re.compile(r"[ \t]*[!%]")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


def split_lines(text: str) -> list[str]:
    """Split at the ends of lines that Python knows, and keep them."""
    return _LINE.findall(text)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A text, its tree, and where in the text each node is."""

    text: str
    tree: ast.Module
    lines: tuple[str, ...]
    starts: tuple[int, ...]
    parents: dict[ast.AST, ast.AST] = field(repr=False)
    given: dict[str, list[tuple[int, ast.expr]]] = field(repr=False, default_factory=dict)
    """What each name is given, with the offset behind which it has that."""

    @classmethod
    def read(cls, text: str) -> Source | None:
        """Parse the text; None where it is not Python. Prompts, magics and a common indentation do not matter."""
        tree = _parsed(text) or _parsed(_without_prompts(text))
        if tree is None:
            return None
        lines = tuple(split_lines(text))
        starts = _starts(lines)
        parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        source = cls(text, tree, lines, starts, parents)
        for node in ast.walk(tree):
            for target in _targets(node):
                for name, value in _pairs(target, getattr(node, "value", None)):
                    source.given.setdefault(name, []).append((source.span(node)[1], value))
        for values in source.given.values():
            values.sort(key=lambda pair: pair[0])
        return source

    def offset(self, line: int, column: int) -> int:
        """Return where in the text a place of the tree is. `column` counts bytes, as in Python's own trees."""
        if line > len(self.lines):
            return len(self.text)
        return self.starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode(errors="ignore"))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return where the node starts and ends in the text."""
        assert isinstance(node, ast.expr | ast.stmt | ast.keyword | ast.alias | ast.arg)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def code(self, node: ast.AST) -> str:
        """Return the text of the node."""
        start, end = self.span(node)
        return self.text[start:end]

    def line_of(self, offset: int) -> int:
        """Return the line (from 1) that a character of the text is in."""
        return max(bisect.bisect_right(self.starts[: len(self.lines)], offset), 1)

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what the node is part of, from the inside out."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def statement(self, node: ast.AST) -> ast.stmt:
        """Return the innermost statement that the node is part of."""
        return next(each for each in (node, *self.above(node)) if isinstance(each, ast.stmt))

    def statement_at(self, line: int) -> ast.stmt | None:
        """Return the innermost statement that the line is part of."""
        found = [
            node for node in ast.walk(self.tree) if isinstance(node, ast.stmt) and node.lineno <= line <= _last(node)
        ]
        return max(found, key=lambda node: (node.lineno, -_last(node)), default=None)

    def calls(self, inside: ast.AST | None = None) -> list[ast.Call]:
        """Return the calls in the order of the text; of nested ones, the outer one comes first."""
        nodes = [node for node in ast.walk(inside or self.tree) if isinstance(node, ast.Call)]
        return sorted(nodes, key=lambda call: (*self.span(call)[:1], -self.span(call)[1]))

    def names(self) -> set[str]:
        """Return every name that occurs."""
        return {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}

    def defined(self) -> set[str]:
        """Return the names that the code gives something itself; imports are none of them."""
        nodes = list(ast.walk(self.tree))
        made = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        return made | {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}

    def imported(self) -> set[str]:
        """Return the names that imports bind."""
        nodes = [node for node in ast.walk(self.tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        return {each.asname or each.name for node in nodes for each in node.names}

    def assigned(self, name: str, before: int) -> ast.expr | None:
        """Return what the name was last given in front of an offset: an expression of its own, not a part of one."""
        values = self.given.get(name, [])
        at = bisect.bisect_right(values, before, key=lambda pair: pair[0])
        return values[at - 1][1] if at else None

    def indent(self, node: ast.stmt) -> str:
        """Return what stands in front of all code on the line of the statement: blanks, or a prompt."""
        line = self.lines[node.lineno - 1]
        prompt = _PROMPT.match(line)
        start = prompt.end() if prompt is not None else 0
        return line[: len(line) - len(line[start:].lstrip(" \t"))]


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def _pairs(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr]]:
    """Yield each name of a target with what it is given: with all of it, where it is given a part of that."""
    if value is None:
        return
    if not isinstance(target, ast.Tuple | ast.List):
        if spelled(target):
            yield spelled(target), value
    elif isinstance(value, ast.Tuple | ast.List):
        for each, part in zip(target.elts, value.elts, strict=False):
            yield from _pairs(each, part)
    else:
        for each in target.elts:
            if spelled(each):
                yield spelled(each), value


def spelled(node: ast.expr | None) -> str:
    """Return a dotted name as it is written (`self.lstm`), "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        front = spelled(node.value)
        return f"{front}.{node.attr}" if front else ""
    if isinstance(node, ast.Starred):
        return spelled(node.value)
    return ""


def called(call: ast.Call) -> str:
    """Return the last part of the name that is called: `LSTM` for `tf.keras.layers.LSTM(4)`; "" for no name."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def keyword(call: ast.Call, *names: str) -> ast.keyword | None:
    """Return the first keyword argument of one of these names."""
    return next((each for each in call.keywords if each.arg in names), None)


def argument(call: ast.Call, position: int | None, *names: str) -> ast.expr | None:
    """Return the argument that is given by one of these names, or at the position."""
    named = keyword(call, *names)
    if named is not None:
        return named.value
    if position is None or position >= len(call.args) or any(isinstance(each, ast.Starred) for each in call.args):
        return None
    return call.args[position]


def is_true(node: ast.expr | None) -> bool:
    """Tell whether the expression is a constant that counts as true."""
    return isinstance(node, ast.Constant) and bool(node.value)


def _last(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _starts(lines: tuple[str, ...]) -> tuple[int, ...]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return tuple(starts)


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    try:
        tree = ast.parse("if 1:\n" + text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    only = tree.body[0]
    if len(tree.body) != 1 or not isinstance(only, ast.If) or only.orelse:
        return None
    return ast.Module([ast.increment_lineno(each, -1) for each in only.body], [])


def without_prompt(line: str) -> str:
    """Return the code of a line, without a prompt and its indentation."""
    prompt = _PROMPT.match(line)
    return (line[prompt.end() :] if prompt is not None else line).strip()


def _without_prompts(text: str) -> str:
    """Return the text, as long as before, with blanks for its prompts and a comment for each of its magics."""
    lines = split_lines(text)
    has_prompts = any(_PROMPT.match(line) for line in lines)
    return "".join(_without_prompt(line, has_prompts=has_prompts) for line in lines)


def _without_prompt(line: str, *, has_prompts: bool) -> str:
    prompt = _PROMPT.match(line)
    if prompt is not None:
        line = " " * prompt.end() + line[prompt.end() :]
    elif has_prompts and line.strip():
        return "#" + line[1:]  # what was printed
    magic = _MAGIC.match(line)
    return line if magic is None else line[: magic.end() - 1] + "#" + line[magic.end() :]
