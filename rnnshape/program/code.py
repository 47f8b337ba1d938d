"""Text -> `Code`: parsed, bounded, and made of nothing but the nodes that are known."""

from __future__ import annotations

import ast
import json
import re
import warnings
from dataclasses import dataclass, field

from rnnshape.catalogue import INPUT, MODEL, SEQUENTIAL
from rnnshape.program.classes import check_calls_something
from rnnshape.program.refused import NotRead
from rnnshape.program.text import cell, clean, error_of

MAX_CHARACTERS = 400_000
MAX_LINES = 10_000
MAX_NODES = 200_000
MAX_DEPTH = 100
MAX_NOTEBOOK = 64_000_000
"""Characters of a notebook, whose pictures are part of the file."""

_KNOWN = (
    ast.mod,
    ast.expr,
    ast.expr_context,
    ast.boolop,
    ast.operator,
    ast.unaryop,
    ast.cmpop,
    ast.comprehension,
    ast.ExceptHandler,
    ast.arguments,
    ast.arg,
    ast.keyword,
    ast.alias,
    ast.withitem,
    ast.stmt,
)
_REFUSED = {
    "AsyncFunctionDef": "an async function",
    "AsyncFor": "an async loop",
    "AsyncWith": "an async block",
    "Await": "an await",
    "Match": "a match statement",
    "TryStar": "an except* block",
    "TypeAlias": "a type alias",
}
_CLASS_NAME = re.compile(r"_*[A-Z]\w*")


@dataclass(frozen=True, slots=True)
class Code:
    """A program that was read. `lines` are those that columns refer to: without prompts, with their numbers kept."""

    source: str
    lines: tuple[str, ...]
    tree: ast.Module = field(compare=False, repr=False)

    def span(self, node: ast.AST) -> tuple[int, int, int, int]:
        """Return a node's first line (from 1) and column (from 0, in characters), and its last ones."""
        line = getattr(node, "lineno", 1)
        end = getattr(node, "end_lineno", None) or line
        start_column, end_column = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", None) or 0
        return line, self._column(line, start_column), end, self._column(end, end_column)

    def text(self, node: ast.AST) -> str:
        """Return the source of a node."""
        line, column, end, end_column = self.span(node)
        if line == end:
            return self.lines[line - 1][column:end_column]
        inside = self.lines[line : end - 1]
        return "\n".join([self.lines[line - 1][column:], *inside, self.lines[end - 1][:end_column]])

    def _column(self, line: int, offset: int) -> int:
        """Python counts bytes; people and terminals count characters."""
        if not 1 <= line <= len(self.lines):
            return 0
        return len(self.lines[line - 1].encode()[:offset].decode(errors="ignore"))


def read(text: str, *, source: str = "-") -> Code:
    """Return the code that the text holds.

    Raises:
        NotRead: it is no Python, or more of it than is read; the error has the line.

    """
    _check_size(text, MAX_CHARACTERS)
    return _code(clean(text), source)


def read_notebook(text: str, *, source: str = "-") -> Code:
    """Return the code cells of a Jupyter notebook as one program, a blank line between them.

    Raises:
        NotRead: it is no notebook, or its code is not read.

    """
    if len(text) > MAX_NOTEBOOK:
        raise NotRead(f"A notebook has at most {MAX_NOTEBOOK:,} characters. Received: {len(text):,}", kind="TooLarge")
    cells = [cell(source_of) for source_of in _code_cells(text)]
    whole = "\n".join(cells)
    _check_size(whole, MAX_CHARACTERS)
    return _code(whole, source)


def read_value(text: str, *, name: str) -> Code:
    """Return the code that `--let NAME=CODE` gives: one expression.

    Raises:
        NotRead: it is none.

    """
    code = read(text.strip(), source=f"--let {name}")
    if len(code.tree.body) == 1 and isinstance(code.tree.body[0], ast.Expr):
        return code
    message = f"--let {name}= takes one expression. Received: {text.strip()[:80]}"
    raise NotRead(message, hint=f'Write a value: --let "{name}=np.zeros((32, 10, 8))".')


def is_code(word: str) -> bool:
    """Tell whether a word of the command line is code, rather than the name or the expression of one layer.

    Code is: several statements; an assignment, unless all it does is give a layer (not a model) a name; a call of a
    layer on a tensor (`LSTM(4)(x)`); a method call (`model.add(…)`); several lines that are no Python.
    """
    stripped = word.strip()
    if len(stripped) > MAX_CHARACTERS or not any(character in stripped for character in "(=\n;"):
        return "\n" in stripped
    text = clean(word)
    if error_of(text) is not None:
        return "\n" in stripped and len([line for line in stripped.splitlines() if "=" in line or "(" in line]) > 1
    body = _parsed(text).body
    if len(body) != 1:
        return len(body) > 1
    statement = body[0]
    if isinstance(statement, ast.AnnAssign) and statement.value is None:
        # `cells.py:Cell(4)` is a class in a file, which Python takes for a name with its type.
        return False
    if isinstance(statement, ast.Assign):
        plain = len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name | ast.Attribute)
        return not (plain and _constructs(statement.value))
    return not isinstance(statement, ast.Expr) or _is_call_on_tensor(statement.value)


def _constructs(node: ast.expr) -> bool:
    """Tell whether this is the constructor call of a layer, `LSTM(4)`, `keras.layers.LSTM(4)`, and not of a model."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return bool(_CLASS_NAME.fullmatch(name)) and name not in {INPUT, MODEL, SEQUENTIAL}


def _is_call_on_tensor(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Call):
        return True
    # A method of something that has a name: `model.add(…)`; but `keras.layers.LSTM(4)` is a layer.
    return (
        isinstance(node.func, ast.Attribute)
        and not _CLASS_NAME.fullmatch(node.func.attr)
        and "." in ast.unparse(node.func)
    )


def _code(text: str, source: str) -> Code:
    lines = tuple(text.split("\n")[:-1] or [""])
    if (error := error_of(text)) is not None:
        raise _syntax(error, lines)
    tree = _parsed(text)
    code = Code(source, lines, tree)
    _check_nodes(code)
    check_calls_something(tree.body, lines, source)
    return code


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        # Python warns of a "\\d" on stderr while it parses; the string is taken as Python takes it.
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _check_size(text: str, largest: int) -> None:
    if len(text) > largest:
        message = f"Code has at most {largest:,} characters. Received: {len(text):,}"
        raise NotRead(message, kind="TooLarge", hint="Give the lines that make the layers and call them.")
    if (count := text.count("\n")) > MAX_LINES:
        message = f"Code has at most {MAX_LINES:,} lines. Received: {count:,}"
        raise NotRead(message, line=MAX_LINES, kind="TooLarge")
    if "\x00" in text:
        raise NotRead("The text is binary: it has null bytes.", hint="Give a .py or .ipynb file, or pasted code.")


def _syntax(error: Exception, lines: tuple[str, ...]) -> NotRead:
    if not isinstance(error, SyntaxError):
        return NotRead(f"Python cannot parse the code: it is nested too deep. ({type(error).__name__})", kind="TooDeep")
    line = min(max(error.lineno or 1, 1), len(lines))
    text = lines[line - 1]
    message = f"Line {line} is not Python: {error.msg}"
    hint = "Give code alone, without the text around it." if _is_prose(text) else None
    return NotRead(message, line=line, column=max((error.offset or 1) - 1, 0), text=text, hint=hint)


def _is_prose(line: str) -> bool:
    return bool(re.search(r"[A-Za-z]+ [A-Za-z]+ [a-z]+", line)) and "(" not in line and "=" not in line


def _check_nodes(code: Code) -> None:
    """Refuse a tree that is too large or too deep, and nodes of a kind that is never read. No recursion."""
    waiting: list[tuple[ast.AST, int, int]] = [(code.tree, 0, 1)]
    count = 0
    while waiting:
        node, depth, line = waiting.pop()
        line = getattr(node, "lineno", line)
        count += 1
        if count > MAX_NODES or depth > MAX_DEPTH:
            message = f"Code has at most {MAX_NODES:,} parts, nested at most {MAX_DEPTH} deep."
            raise NotRead(message, line=line, text=code.lines[line - 1], kind="TooLarge")
        name = type(node).__name__
        if name in _REFUSED or not isinstance(node, _KNOWN):
            what = _REFUSED.get(name, name)
            hint = "--run executes the code instead of reading it."
            raise NotRead(
                f"Line {line} has {what}, which is not read.", line=line, text=code.lines[line - 1], hint=hint
            )
        waiting += [(child, depth + 1, line) for child in ast.iter_child_nodes(node)]


def _code_cells(text: str) -> list[str]:
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotRead(f"This is no notebook: {error}", hint="Give an .ipynb file as Jupyter saves it.") from None
    if not isinstance(notebook, dict):
        raise NotRead("This is no notebook: it has no cells.", hint="Give an .ipynb file as Jupyter saves it.")
    cells = notebook.get("cells")
    if cells is None and isinstance(sheets := notebook.get("worksheets"), list):
        # The format of before 2015.
        cells = [item for sheet in sheets if isinstance(sheet, dict) for item in sheet.get("cells", [])]
    if not isinstance(cells, list):
        raise NotRead("This is no notebook: it has no cells.", hint="Give an .ipynb file as Jupyter saves it.")
    found = []
    for item in cells:
        if isinstance(item, dict) and item.get("cell_type") == "code":
            lines = item.get("source", item.get("input", ""))
            found.append("".join(map(str, lines)) if isinstance(lines, list) else str(lines))
    return found
