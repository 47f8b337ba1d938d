"""An error -> what a person reads of it: what was wrong, and what to type instead."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from rnnshape.errors import RnnshapeError
from rnnshape.show.look import Look, Shown
from rnnshape.show.rows import Tone


def error_text(error: RnnshapeError) -> Shown:
    """Return the error's message and hint."""

    def lines(look: Look) -> Iterator[Text]:
        yield Text.assemble(("error:", look.alarm), f" {error.message}")
        if error.hint:
            yield Text.assemble((" hint:", look.tone(Tone.STRONG)), f" {error.hint}")

    return Shown(lines, wraps=True)
