"""What a TAB offers.

The scripts of `scripts` ask, in environment variables. The answers are ours because Typer draws the words of the
options with Rich, whose import costs more than all the rest. Little is imported before it is needed: a person waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_NOTHING = ":"
"""What is answered where there is nothing to offer, not even files; no shell reads it as a word."""


@dataclass(frozen=True, slots=True)
class Offers:
    """Words for the place of the cursor, and what is said of each; and whether a file may stand there instead."""

    words: tuple[tuple[str, str], ...]
    or_files: bool


def answer(environ: Mapping[str, str]) -> str | None:
    """Return what the script of the asking shell wants to read; None if nobody asks, or an unknown one."""
    kind, _, shell = environ.get("_RNNSHAPE_COMPLETE", "").partition("_")
    if kind != "complete" or shell not in _FORMS:
        return None
    typed, joined, last = _typed(environ)
    return _FORMS[shell](offers(typed, last), joined)


def offers(typed: Sequence[str], last: str) -> Offers:
    """Return what may stand in the place of the word `last`, after the words `typed` (without the program's name)."""
    from rnnshape.cli.command import command

    program = command()
    with program.make_context("rnnshape", list(typed), resilient_parsing=True) as context:
        source = _source(program.get_params(context), typed, last)
        words = _following(typed, last) or tuple(
            (item.value, item.help or "") for item in (source or program).shell_complete(context, last)
        )
        # A layer may be in a file: my_cells.py:MyCell(4).
        or_files = source is not None and (source.param_type_name == "argument" or source.metavar == "FILE")
        return Offers(words, or_files)


def _following(typed: Sequence[str], last: str) -> tuple[tuple[str, str], ...]:
    """Return the words that may follow a switch, such as the shells behind --show-completion."""
    from rnnshape.options import ALL, option_of
    from rnnshape.options import typed as spelled

    switches = {spelled(name): option_of(name) for name in ALL if option_of(name).is_switch}
    option = switches.get(typed[-1]) if typed else None
    return tuple((word, "") for word in option.choices if word.startswith(last)) if option else ()


def _source(parameters: Sequence[Any], typed: Sequence[str], last: str) -> Any:
    """Return the option whose value the last word is, or the argument; None where it is an option itself."""
    may_be_option = "--" not in typed
    for parameter in parameters:
        if may_be_option and typed and typed[-1] in parameter.opts and not parameter.is_flag:
            return parameter
    if may_be_option and last.startswith("-"):
        return None
    return next(parameter for parameter in parameters if parameter.param_type_name == "argument")


def _typed(environ: Mapping[str, str]) -> tuple[list[str], str, str]:
    """Return what stands before the cursor.

    Returns:
        The complete words without the program's name; what stands in the last word before the value that it ends in,
        such as `--merge-mode=`; and that value, or the last word itself.

    """
    # bash; zsh and fish; PowerShell. No worker serves who has set one of Typer's own variables.
    line = (environ[name] for name in ("COMP_WORDS", "_RNNSHAPE_LINE", "_TYPER_COMPLETE_ARGS") if name in environ)
    words, is_open = _split(next(line, ""))
    if "_TYPER_COMPLETE_WORD_TO_COMPLETE" in environ:  # PowerShell keeps no space at the end
        is_open = bool(environ["_TYPER_COMPLETE_WORD_TO_COMPLETE"])
    at = len(words) - is_open
    if "COMP_WORDS" in environ:
        cursor = environ.get("COMP_CWORD", "")
        at = int(cursor) if cursor.isascii() and cursor.isdigit() else at
    typed, last = words[1:at], "".join(words[at : at + 1])
    if last.startswith("--") and "=" in last:
        option, _, value = last.partition("=")
        return [*typed, option], f"{option}=", value
    # bash makes a word of the sign.
    if last == "=":
        return typed, "", ""
    return (typed[:-1] if typed[-1:] == ["="] else typed), "", last


def _split(line: str) -> tuple[list[str], bool]:
    """Split a line as a shell does, which need not be complete; tell whether its last word may go on."""
    import shlex

    is_open = bool(line) and not line[-1].isspace()
    for closing in ("", "'", '"'):
        try:
            return shlex.split(line + closing), is_open or bool(closing)
        except ValueError:  # a quotation is open
            continue
    return line.split(), is_open


def _for_bash(offered: Offers, _joined: str) -> str:
    # bash makes words of what stands in front of the value, too.
    return _listed(offered, [word for word, _ in offered.words])


def _for_zsh(offered: Offers, joined: str) -> str:
    """Return commands, which the script evaluates."""
    import shlex

    skipped = "compset -P '*='; " if joined else ""
    if not offered.words:
        return f"{skipped}_files" if offered.or_files else _NOTHING
    words = " ".join(shlex.quote(f"{word}:{said}" if said else word) for word, said in offered.words)
    return f"{skipped}local -a offered; offered=({words}); _describe word offered"


def _for_fish(offered: Offers, joined: str) -> str:
    return _listed(offered, [f"{joined}{word}\t{said}" if said else f"{joined}{word}" for word, said in offered.words])


def _listed(offered: Offers, lines: Sequence[str]) -> str:
    return "\n".join(lines) if lines or offered.or_files else _NOTHING


def _for_powershell(offered: Offers, joined: str) -> str:
    return "\n".join(f"{joined}{word}:::{said or ' '}" for word, said in offered.words)


_FORMS: Mapping[str, Callable[[Offers, str], str]] = {
    "bash": _for_bash,
    "zsh": _for_zsh,
    "fish": _for_fish,
    "powershell": _for_powershell,
}
