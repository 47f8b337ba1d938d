"""An error -> what a person reads of it: what was wrong, and what to type instead."""

from __future__ import annotations

from rich.text import Text

from rnnshape.errors import RnnshapeError


def error_text(error: RnnshapeError) -> Text:
    """Return the error's message and hint."""
    text = Text("error: ", style="bold red", end="")
    text.append(error.message, style="not bold default")
    if error.hint:
        text.append("\n hint: ", style="bold cyan")
        text.append(error.hint, style="not bold default")
    return text
