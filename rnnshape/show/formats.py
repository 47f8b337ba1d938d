"""Every form that answers are written in, once: its name, the suffix of its files, and the module that makes it.

A form is a module of this room with a function `render(answers, shown)` that returns the whole text, and a line in
`FORMATS`. The modules are imported only once they are needed: to know the names costs nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from rnnshape.errors import InvalidQuery, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import RenderableType

    from rnnshape.show.rows import Answers

    Render = Callable[[Answers, RenderableType | None], str]


@dataclass(frozen=True, slots=True)
class Format:
    """A form of answers. `module` is in this room; `suffix` is what a file's name ends in, empty if none means it.

    `says` is what it is, in a few words. Where the text of an answer stands by itself behind those before it, the form
    `streams`, and its `render` takes the number of the `first` answer, too.
    """

    name: str
    module: str
    suffix: str
    says: str = ""
    streams: bool = False


FORMATS = (
    Format("table", "text", "", "what a terminal shows"),
    Format("json", "json", ".json", "one JSON document for each answer"),
    Format("md", "markdown", ".md", "tables for GitHub"),
    Format("html", "html", ".html", "a page that follows the reader's theme"),
    Format("svg", "svg", ".svg", "a picture that follows the reader's theme"),
    Format("csv", "spreadsheet", ".csv", "a line for each tensor, for spreadsheets", streams=True),
    Format("tex", "latex", ".tex", "booktabs tables, for papers"),
    Format("txt", "text", ".txt", "the table as text, neither cut nor wrapped"),
    Format("plain", "plain", ".tsv", "one record a line, for cut and awk", streams=True),
)
NAMES: tuple[str, ...] = tuple(form.name for form in FORMATS)
BY_SUFFIX: dict[str, str] = {form.suffix: form.name for form in FORMATS if form.suffix}


def streams(name: str) -> bool:
    """Tell whether answers in the form of this name can be rendered one after the other."""
    return _known(name).streams


def render(answers: Answers, name: str, *, shown: RenderableType | None = None, first: int = 1) -> str:
    """Return the answers in the form of this name, as one text that ends in a newline.

    Args:
        answers: the reports, and the errors among them, in their order.
        name: one of `NAMES`.
        shown: the picture to render, such as a diagram; the table unless one is given. The forms that hold data (JSON,
            CSV, plain) hold the answers whatever the picture is.
        first: the number of the first answer, from 1; more than that in a form that streams alone.

    Raises:
        InvalidQuery: there is no form of this name.

    """
    form = _known(name)
    module = importlib.import_module(f"rnnshape.show.{form.module}")
    if form.streams:
        return cast("str", module.render(answers, first=first))
    return cast("Render", module.render)(answers, shown)


def _known(name: str) -> Format:
    for form in FORMATS:
        if form.name == name:
            return form
    near = nearest(name, NAMES)
    message = f"A format is one of {', '.join(NAMES)}. Received: {name}"
    raise InvalidQuery(message, hint=f"Did you mean {near}?" if near else None)
