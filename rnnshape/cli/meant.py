"""What was meant by an option that there is not, and what to type instead of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rnnshape import catalogue
from rnnshape.errors import nearest
from rnnshape.show.formats import NAMES

_LAYERS = ("layer", "layers", "cell")
_ALIASES = {"markdown": "md", "latex": "tex", "text": "txt", "tsv": "plain", "page": "html", "picture": "svg"}
_MEANT = {
    **dict.fromkeys(("output", "out", "o", "file", "export", "write"), "--save {value:answer.txt}"),
    **{name: f"--format {name}" for name in NAMES},
    **{name: f"--format {form}" for name, form in _ALIASES.items() if form in NAMES},
    **dict.fromkeys(("form", "type", "as"), "--format {value:md}"),
    **dict.fromkeys(("diff", "compare", "baseline", "expected", "against", "before"), "--expect {value:before.jsonl}"),
    **dict.fromkeys(("no-color", "no-colour", "nocolor", "plain-text", "monochrome"), "--color never"),
    **dict.fromkeys(("colour", "colors"), "--color {value:always}"),
    **dict.fromkeys(("columns", "cols"), "--width {value:100}"),
    "merge": "--bidirectional --merge-mode {value:concat}",
    **dict.fromkeys(("bi", "birnn", "bilstm", "bigru"), "--bidirectional"),
    **dict.fromkeys(("sequences", "seq", "sequence"), "--return-sequences"),
    **dict.fromkeys(("state", "states"), "--return-state"),
    **dict.fromkeys(("backwards", "reverse"), "--go-backwards"),
    **dict.fromkeys(("hidden-size", "hidden-units", "hidden", "hidden-dim", "num-units"), "--units {value:4}"),
    **dict.fromkeys(("output-dim", "filters"), "--units {value:4}"),
    **dict.fromkeys(("batch-size", "rows"), "--batch {value:32}"),
    **dict.fromkeys(("timesteps", "steps", "seq-len", "sequence-length", "length"), "--time {value:10}"),
    **dict.fromkeys(("input-dim", "input-size", "channels", "input-features"), "--features {value:8}"),
    **dict.fromkeys(("input-shape", "shape", "batch-shape", "batch-input-shape"), "--input {value:32,10,8}"),
    **dict.fromkeys(("kernel", "kernels"), "--kernel-size {value:3}"),
    **dict.fromkeys(("every-flag", "all", "combinations"), "--all-flags"),
    **dict.fromkeys(("params", "parameters"), "--weights"),
    **dict.fromkeys(("processes", "workers", "threads"), "--jobs {value:2}"),
    **dict.fromkeys(("silent", "s"), "--quiet"),
    **dict.fromkeys(("v", "V"), "--version"),
    **dict.fromkeys(("verbose", "traceback"), "--debug"),
    **dict.fromkeys(_LAYERS, "layers stand alone: rnnshape {value:gru}"),
    **dict.fromkeys(("num-layers", "stacked"), "a stack is an expression: 'RNN([LSTMCell(4), LSTMCell(4)])'"),
}
"""What is meant by names that are far from the right one, or nearer to a wrong one. {value:…} is what was given."""

_SHORTEST = 3
"""Letters of a name that can be a misspelling of another: anything is near to two."""

_VALUE = re.compile(r"\{value:([^}]*)\}")


def with_one_dash(argv: Sequence[str], options: Iterable[str]) -> tuple[str, str] | None:
    """Return the first option that is typed with one dash instead of two, and with two.

    The parser would take `-units` for `-u nits`.
    """
    for word in argv[: argv.index("--") if "--" in argv else None]:
        typed = word.partition("=")[0]
        meant = f"-{typed.replace('_', '-')}"
        if typed.startswith("-") and not typed.startswith("--") and meant in options:
            return typed, meant
    return None


def instead_of(option: str, argv: Sequence[str], options: Iterable[str]) -> str | None:
    """Return what to type in the place of an unknown option; None where nobody knows.

    Args:
        option: as the parser names it, which takes `-return-state` for `-r` and more.
        argv: the words that were typed.
        options: all that there are.

    """
    word = next((word for word in argv if word.partition("=")[0] == option), None)
    if word is None and not option.startswith("--"):
        word = next((word for word in argv if word.startswith(option) and word[2:]), None)
    typed, equals, value = (word or option).partition("=")
    name = typed.lstrip("-").replace("_", "-").lower()
    given = value if equals else _next(argv, word, or_layer=name in _LAYERS)
    if name in _LAYERS and given is not None and given.isdecimal():
        # A number of layers, as PyTorch has it.
        name = "num-layers"
    if f"--{name}" not in options and name in _MEANT:
        return _VALUE.sub(lambda default: given or default[1], _MEANT[name])
    if f"--{name}" in options:
        # A flag takes no value, and an option is shown with the one that was given.
        return f"--{name}"
    argument = name.replace("-", "_")
    if argument in catalogue.ARGUMENTS:
        return _set(argument, given)
    return _nearest(name, given, options) if len(name) >= _SHORTEST else None


def _nearest(name: str, given: str | None, options: Iterable[str]) -> str | None:
    """Return the option that begins with this name, or that it is a misspelling of; or the argument of the layer."""
    known = [option[2:] for option in options if option.startswith("--")]
    begun = [other for other in known if other.startswith(name)]
    if len(begun) == 1:
        return f"--{begun[0]}"
    near = nearest(name, known)
    other = nearest(name.replace("-", "_"), catalogue.ARGUMENTS)
    if other is not None and (near is None or nearest(name, (near, other.replace("_", "-"))) != near):
        return _set(other, given)
    return f"--{near}" if near else None


def _set(argument: str, given: str | None) -> str:
    return f"--set {argument}={given or '…'}"


def _next(argv: Sequence[str], word: str | None, *, or_layer: bool) -> str | None:
    """Return the word behind another, if it may be its value: it is no option, and no layer unless one may stand."""
    at = argv.index(word) + 1 if word is not None else len(argv)
    following = argv[at] if at < len(argv) else "-"
    is_layer = catalogue.by_word(following) is not None
    return None if following.startswith("-") or (is_layer and not or_layer) else following
