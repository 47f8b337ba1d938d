"""The page of help: examples first, then what a layer is, then the options under the headings of their parts.

It is plain text. Typer's own page is drawn with Rich, whose import costs more than everything else that `--help` does.
"""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from typer.core import TyperCommand

from rnnshape import catalogue
from rnnshape.cli.printing import stdout
from rnnshape.options import ALL, Option, Part, option_of, typed

SHORT = "Run Keras recurrent layers; show every tensor that comes back, and which of them are equal."
USAGE = "rnnshape [OPTIONS] LAYER..."
EXAMPLES = {
    "rnnshape lstm --return-sequences --return-state": "a layer by its name",
    "rnnshape \"Bidirectional(GRU(4), merge_mode='sum')\"": "a layer as in your code",
    "rnnshape 'x = LSTM(4)(inputs)'": "code, which is read",
}
"""What to type first, and what it is an example of."""

LAYER = {
    " ".join(catalogue.TYPED): "a layer by its name; Keras's own names, such as GRU, are taken, too",
    '"LSTM(4)"': "a Keras expression, which carries its own constructor arguments",
    '"x = LSTM(4)(inputs)", FILE.py, FILE.ipynb': "Keras code, which is read and not executed",
    "FILE.keras, FILE.h5": "a saved model",
    "-": "code, or layers one per line, from standard input",
}
"""What may stand in the place of LAYER, and what it is."""

SEVERAL = "Where a size takes several values, every combination is run."
HELP = ("-h, --help", "Show this help, and exit.")

_WIDEST, _NARROWEST = 80, 40
_GAP = 2


class Command(TyperCommand):
    """A command whose page of help is the one of this module."""

    def get_help(self, ctx: Any) -> str:  # noqa: ARG002 - everything is said by the list of options
        """Return the page as standard output can carry it: Typer would write UTF-8 to a stream of ASCII."""
        width = max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size().columns))
        text = page(width)
        encoding = getattr(stdout(), "encoding", None) or "utf-8"
        return text if encoding.lower().startswith("utf") else text.replace("…", "...")

    def format_usage(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the one sentence; a layer is needed, though Typer is not told so: the message is ours."""
        formatter.write_usage("rnnshape", "[OPTIONS] LAYER...")


def page(width: int) -> str:
    """Return the page of help, of lines of at most so many columns."""
    parts = [
        f"Usage: {USAGE}",
        textwrap.fill(SHORT, width),
        *_section("Examples", list(EXAMPLES.items()), width, beside=True),
        *_section("LAYER is one or more of", list(LAYER.items()), width),
        textwrap.fill(SEVERAL, width),
    ]
    for part in Part:
        rows = [(spelled(name, option), option.sentence) for name, option in options_of(part)]
        parts += _section(part.value, [*rows, HELP] if part is Part.HELP else rows, width)
    return "\n\n".join(parts)


def short(width: int) -> str:
    """Return what is said where nothing was asked: the examples, and where to read more."""
    examples = _section("For example", list(EXAMPLES.items()), width, beside=True)
    return "\n\n".join(
        [f"Usage: {USAGE}", textwrap.fill(SHORT, width), *examples, "rnnshape --help shows all options."]
    )


def options_of(part: Part) -> list[tuple[str, Option]]:
    """Return the options of a part, in their order."""
    return [(name, option_of(name)) for name in ALL if option_of(name).part is part]


def spelled(name: str, option: Option) -> str:
    """Return an option as the help has it: `-u, --units N,…`."""
    names = ", ".join(filter(None, (option.short, typed(name))))
    return f"{names} {option.metavar}" if option.metavar else names


def _section(heading: str, rows: Sequence[tuple[str, str]], width: int, *, beside: bool = False) -> Iterator[str]:
    """Yield a heading with its rows below it: what is typed, and what that means.

    They are in two columns. A term that takes more than a third of the width has a line of its own, or, with `beside`,
    only where its words would not fit beside it.
    """
    if not rows:
        return
    longest = max(len(term) for term, _ in rows)
    words = max(len(said) for _, said in rows)
    most = longest if beside and 3 * _GAP + longest + words <= width else width // 3
    column = max((len(term) for term, _ in rows if len(term) <= most), default=most)
    yield "\n".join([f"{heading}:", *(line for term, said in rows for line in _row(term, said, column, width))])


def _row(term: str, words: str, column: int, width: int) -> Iterator[str]:
    indent = " " * (_GAP + column + _GAP)
    # A default stays beside its word.
    kept = words.replace("Default: ", "Default:\xa0")
    lines = textwrap.wrap(kept, width - len(indent), break_long_words=False, break_on_hyphens=False)
    lines = [line.replace("\xa0", " ") for line in lines]
    if len(term) <= column:
        yield f"  {term:<{column}}  {lines[0]}"
        lines = lines[1:]
    else:
        yield from textwrap.wrap(term, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    yield from (f"{indent}{line}" for line in lines)
