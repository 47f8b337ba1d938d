"""Text to a constructor call, by way of Python's syntax tree. Nothing is evaluated."""

from __future__ import annotations

import ast
import math
import re
import shlex
import warnings

from rnnshape.catalogue import ACTIVATIONS, by_word
from rnnshape.errors import InvalidQuery
from rnnshape.expression.data import PLAIN_FILE, Call, Items, Pairs
from rnnshape.expression.prefixes import without_prefix

MAX_CHARACTERS = 5_000
MAX_DEPTH = 30
MAX_ITEMS = 1_000
_LARGEST_INTEGER = 2**63 - 1
_SHOWN_CHARACTERS = 80

_LOWER_CASE = ("initializers.", "regularizers.", "constraints.", "activations.")
"""Keras has lower-case names for some of what a layer is built with: regularizers.l2, initializers.zeros."""

_QUOTED = r"'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\""
# path/to/cells.py:Name( - the one piece of the language that is not Python. A path with other characters is quoted.
_FILE_CALL = re.compile(
    rf"(?P<file>{PLAIN_FILE}|'[^'\n\\]*\.py'|\"[^\"\n\\]*\.py\"):(?P<name>[A-Za-z_]\w*)|(?P<quoted>{_QUOTED})"
)
_STAND_IN = "_rnnshape_file_{}_"
# What is pasted along with a layer and says nothing of it: `>>> `, `layer = `, `self.rnn = `, a comma, a semicolon.
_PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.) ", re.MULTILINE)
_ASSIGNED = re.compile(r"^\s*[A-Za-z_][\w.]*\s*=(?!=)\s*")
_CLASS_NAME = re.compile(r"_*[A-Z]\w*")

_DTYPE = re.compile(r"(?:mixed_)?b?float\d+|u?int\d+|bool")
# The arguments whose values are words.
_WORDS = re.compile(r"(?:\w+_)?(?:activation|initializer|regularizer|constraint|dtype|padding|mode|format|name)")

# The nodes that are refused, in words.
_CALLED = {
    ast.JoinedStr: "an f-string",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.Lambda: "a lambda",
    ast.Starred: "a *",
    ast.NamedExpr: "an assignment",
    ast.Subscript: "an index",
    ast.Set: "a set",
    ast.IfExp: "a condition",
}


def parse(text: str) -> Call:
    """Return the constructor call that the text spells.

    What is pasted along with it from code or docs is passed over: a prompt, a variable that it is assigned to, a
    comma or semicolon behind it.

    Raises:
        InvalidQuery: the text is no such call; the message shows where.

    """
    _check_length(text)
    stripped = text.strip()
    if stripped.startswith(">>>"):
        stripped = _PROMPT.sub("", stripped)
    value = _parse(_ASSIGNED.sub("", stripped).rstrip(",; \t\r\n"), text)
    if isinstance(value, Call):
        return value
    raise _refusal(text, "it is a value, not a call of a layer", hint="Write a call such as 'LSTM(4)'.")


def parse_value(text: str) -> object:
    """Return the literal or the constructor call that the text spells, as data.

    Raises:
        InvalidQuery: the text is neither.

    """
    _check_length(text)
    return _parse(text.strip(), text)


def _check_length(text: str) -> None:
    """Refuse a long text before anything else looks at it, so that nothing else needs to be quick."""
    if len(text) > MAX_CHARACTERS:
        message = f"An expression has at most {MAX_CHARACTERS} characters. Received: {len(text)} characters"
        raise InvalidQuery(message)


def _parse(stripped: str, text: str) -> object:
    """Parse the stripped text; messages show the text as it was typed."""
    if not stripped:
        raise _refusal(text, "it is empty", hint="Write a call such as 'LSTM(4)'.")
    source, files = _set_files_aside(stripped)
    if _depth(source) > MAX_DEPTH:
        raise _refusal(text, f"it is nested more than {MAX_DEPTH} levels deep")
    try:
        with warnings.catch_warnings():
            # Python warns of a "\\d" on stderr while it parses; the string is taken as Python takes it.
            warnings.simplefilter("ignore")
            tree = ast.parse(source, mode="eval")
    except SyntaxError as error:
        where = f" (at character {error.offset})" if error.offset and source == text else ""
        raise _refusal(text, f"it is not valid Python: {error.msg}{where}", hint=_syntax_hint(source)) from None
    except (ValueError, MemoryError, RecursionError) as error:
        raise _refusal(text, f"Python cannot parse it: {error}") from None
    return _Reader(text, files).read(tree.body, 0)


def _set_files_aside(text: str) -> tuple[str, dict[str, tuple[str, str]]]:
    files: dict[str, tuple[str, str]] = {}

    def stand_in(found: re.Match[str]) -> str:
        if found["quoted"]:
            return found[0]
        name = _STAND_IN.format(len(files))
        file = found["file"]
        files[name] = (file[1:-1] if file[0] in "'\"" else file, found["name"])
        return name

    return _FILE_CALL.sub(stand_in, text), files


def _depth(source: str) -> int:
    """Return how deep Python's parser would go: brackets in brackets, or signs in front of one another."""
    unquoted = re.sub(_QUOTED, "", source)
    deepest = level = 0
    for character in unquoted:
        level += (character in "([{") - (character in ")]}")
        deepest = max(deepest, level)
    signs = max((len(re.sub(r"\s", "", run)) for run in re.findall(r"[-+~\s]+", unquoted)), default=0)
    return max(deepest, signs)


def _syntax_hint(source: str) -> str | None:
    unquoted = re.sub(_QUOTED, "", source)
    missing = unquoted.count("(") - unquoted.count(")")
    count = f"{abs(missing)} closing parenthes{'i' if abs(missing) == 1 else 'e'}s too"
    if missing:
        return f"{count} few. Quote the whole expression." if missing > 0 else f"{count} many."
    return None


class _Reader:
    """Turns the syntax tree into data, and refuses every node that is not on the short list."""

    def __init__(self, text: str, files: dict[str, tuple[str, str]]) -> None:
        self.text = text
        self.files = files
        self.items = 0
        self.argument: str | None = None
        """The keyword argument whose value is being read; None: there is none."""

    def read(self, node: ast.expr, depth: int) -> object:
        self.items += 1
        if self.items > MAX_ITEMS or depth > MAX_DEPTH:
            raise _refusal(self.text, f"it has more than {MAX_ITEMS} parts or {MAX_DEPTH} levels")
        match node:
            case ast.Constant(value=value):
                return self._constant(value)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=value)) if isinstance(
                value, int | float
            ) and not isinstance(value, bool):
                number = self._constant(value)
                return -number if isinstance(sign, ast.USub) else number  # type: ignore[operator]
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                values = tuple(self.read(element, depth + 1) for element in elements)
                return Items(values, is_list=isinstance(node, ast.List))
            case ast.Dict(keys=keys, values=values):
                return self._pairs(keys, values, depth)
            case ast.Call():
                return self._call(node, depth)
        raise self._unknown(node)

    def _constant(self, value: object) -> object:
        if isinstance(value, float) and not math.isfinite(value):
            raise _refusal(self.text, "it has a number too large for a float")
        if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
            raise _refusal(self.text, "it has an integer of more than 63 bits")
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise _refusal(self.text, f"it has a literal of type {type(value).__name__}, which no layer takes")

    def _pairs(self, keys: list[ast.expr | None], values: list[ast.expr], depth: int) -> Pairs:
        pairs = []
        for key, value in zip(keys, values, strict=True):
            if key is None:
                raise _refusal(self.text, "it unpacks a dict with **")
            name = self.read(key, depth + 1)
            if isinstance(name, Call | Items | Pairs):
                raise _refusal(self.text, "it has a dict whose keys are not plain values")
            pairs.append((name, self.read(value, depth + 1)))
        return Pairs(tuple(pairs))

    def _call(self, node: ast.Call, depth: int) -> Call:
        name, file = self._class_name(node.func)
        args: list[object] = []
        kwargs: list[tuple[str, object]] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                raise _refusal(self.text, "it unpacks arguments with *")
            self.argument = None
            args.append(self.read(argument, depth + 1))
        for keyword in node.keywords:
            if keyword.arg is None:
                raise _refusal(self.text, "it unpacks arguments with **")
            if keyword.arg in dict(kwargs):
                raise _refusal(self.text, f"it gives {_shortened(keyword.arg)} twice")
            self.argument = keyword.arg
            kwargs.append((keyword.arg, self.read(keyword.value, depth + 1)))
        return Call(name, tuple(args), tuple(kwargs), file)

    def _class_name(self, node: ast.expr) -> tuple[str, str | None]:
        parts = _dotted(node)
        if parts is None:
            hint = "Give the layer alone, without the call on its inputs." if isinstance(node, ast.Call) else None
            raise _refusal(
                self.text, "what it calls is not a plain name", hint=hint or "Call layers by name: 'LSTM(4)'."
            )
        file, first = self.files.get(parts[0], (None, parts[0]))
        name = ".".join([first, *parts[1:]])
        if any(part.startswith("__") for part in name.split(".")):
            raise _refusal(self.text, f"{_shortened(name)} is not the name of a layer")
        if file is not None:
            return name, file
        name = without_prefix(name)
        if not _CLASS_NAME.fullmatch(name.rpartition(".")[2]) and not name.startswith(_LOWER_CASE):
            known = by_word(name.replace("_", "-"))
            hint = f"Did you mean {known.keras}?" if known else "Give the constructor call of a layer alone: 'LSTM(4)'."
            raise _refusal(
                self.text, f"{_shortened(name)} is not a layer: a layer's name begins with a capital letter", hint=hint
            )
        return name, None

    def _unknown(self, node: ast.expr) -> InvalidQuery:
        parts = _dotted(node)
        if parts is not None:
            return self._bare_name(parts)
        if isinstance(node, ast.Attribute):
            return _refusal(self.text, f"it takes the attribute {_shortened(node.attr)} of something")
        kind = _CALLED.get(type(node), "an operator")
        return _refusal(self.text, f"it has {kind}", hint="Only calls, literals, lists, tuples and dicts are read.")

    def _bare_name(self, parts: list[str]) -> InvalidQuery:
        file, first = self.files.get(parts[0], (None, parts[0]))
        last = parts[-1]
        if file is not None:
            word, hint = f"{file}:{first}", _shortened(f"Call the class: '{file}:{first}(…)'.")
        else:
            word = ".".join(parts)
            hint = self._instead_of_name(word, last)
        return _refusal(self.text, f"it has the bare name {_shortened(word)}", hint=hint)

    def _instead_of_name(self, word: str, last: str) -> str:
        """Return what to write in the place of a bare name."""
        layer = by_word(last)
        if _CLASS_NAME.fullmatch(last) and (layer is not None or not last.isupper()):
            return _shortened(f"Call it: {word}(…).")
        if layer is not None:
            return f"Call it: {layer.keras}(…)."
        if last.lower() in ("true", "false", "none"):
            return f"Write {last.capitalize()}."
        if last in ACTIVATIONS or _DTYPE.fullmatch(last) or _WORDS.fullmatch(self.argument or ""):
            return _shortened(f"Quote it: {f'{self.argument}=' if self.argument else ''}'{last}'.")
        where = f"{self.argument}=4" if self.argument else "4"
        said = _shortened(f"Write a value in the place of {word}, such as {where}.")
        if not word.isidentifier() or len(self.text) > _SHOWN_CHARACTERS:
            return said
        code = shlex.quote(f"y = {_ASSIGNED.sub('', self.text.strip())}(x)")
        return f"{said} Or call the layer on a tensor, as code, and give it: rnnshape {code} --let {word}=4"


def _dotted(node: ast.expr) -> list[str] | None:
    """Return the parts of a dotted name; None where the node is none."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [node.id, *reversed(parts)] if isinstance(node, ast.Name) else None


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"


def _refusal(text: str, reason: str, *, hint: str | None = None) -> InvalidQuery:
    message = f"This is not a layer expression: {reason}. Received: {_shortened(' '.join(text.split()))}"
    return InvalidQuery(message, hint=hint, layer=text if len(text) <= MAX_CHARACTERS else None)
