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

    `says` is what it is, in a few words.
    """

    name: str
    module: str
    suffix: str
    says: str = ""


FORMATS = (
    Format("table", "text", "", "what a terminal shows"),
    Format("json", "json", ".json", "one JSON document for each answer"),
    Format("md", "markdown", ".md", "tables for GitHub"),
    Format("html", "html", ".html", "a page that follows the reader's theme"),
    Format("svg", "svg", ".svg", "a picture that follows the reader's theme"),
    Format("csv", "spreadsheet", ".csv", "a line for each tensor, for spreadsheets"),
    Format("tex", "latex", ".tex", "booktabs tables, for papers"),
    Format("txt", "text", ".txt", "the table as text, neither cut nor wrapped"),
    Format("plain", "plain", ".tsv", "one record a line, for cut and awk"),
)
NAMES: tuple[str, ...] = tuple(form.name for form in FORMATS)
BY_SUFFIX: dict[str, str] = {form.suffix: form.name for form in FORMATS if form.suffix}


def render(answers: Answers, name: str, *, shown: RenderableType | None = None) -> str:
    """Return the answers in the form of this name, as one text that ends in a newline.

    Args:
        answers: the reports, and the errors among them, in their order.
        name: one of `NAMES`.
        shown: the picture to render, such as a diagram; the table unless one is given. The forms that hold data (JSON,
            CSV, plain) hold the answers whatever the picture is.

    Raises:
        InvalidQuery: there is no form of this name.

    """
    module = importlib.import_module(f"rnnshape.show.{_known(name).module}")
    return cast("Render", module.render)(answers, shown)


def _known(name: str) -> Format:
    for form in FORMATS:
        if form.name == name:
            return form
    near = nearest(name, NAMES)
    message = f"A format is one of {', '.join(NAMES)}. Received: {name}"
    raise InvalidQuery(message, hint=f"Did you mean {near}?" if near else None)
