"""Saving what is shown to a file, in the form that its suffix names: whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from rnnshape.errors import InvalidQuery, RnnshapeError, nearest
from rnnshape.program_report import ProgramReport
from rnnshape.report import Report
from rnnshape.show import whole
from rnnshape.show.answers import table
from rnnshape.show.console import as_text, safe
from rnnshape.show.json import as_json
from rnnshape.show.markdown import as_markdown, in_a_block
from rnnshape.show.picture import as_html, as_svg
from rnnshape.show.spreadsheet import as_csv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import RenderableType

    Answers = Sequence[Report | ProgramReport | RnnshapeError]


def save(answers: Answers, path: str | os.PathLike[str], *, shown: RenderableType | None = None) -> None:
    """Write the answers to a file.

    Args:
        answers: the reports, and the errors among them, in their order.
        path: the file, exactly as it is named; an existing one gets another text, and keeps all else.
        shown: the picture to save, such as a diagram; the table unless one is given. CSV and JSON hold the answers
            whatever the picture is.

    Raises:
        InvalidQuery: the suffix is none that is known, or there can be no such file.
        RnnshapeError: the file could not be written; an existing one is as it was.

    """
    writer = _WRITERS[check_path(path)]
    try:
        whole.write(os.fspath(path), writer(answers, shown))
    except OSError as error:
        raise RnnshapeError(f"{os.fspath(path)} cannot be written: {error.strerror or error}") from error


def check_path(path: str | os.PathLike[str]) -> str:
    """Return the suffix that says in which form the file is written.

    Raises:
        InvalidQuery: the suffix is none that is known, or there can be no such file.

    """
    named = os.fspath(path)
    suffix = Path(named).suffix.lower()
    if suffix not in _WRITERS:
        known = list(_WRITERS)
        near = nearest(suffix or Path(named).name.lstrip("."), known)
        message = f"A file to save to ends in {', '.join(known[:-1])} or {known[-1]}. Received: {named}"
        raise InvalidQuery(message, hint=f"Did you mean {Path(named).stem}{near}?" if near else None)
    if "\0" in named:
        raise InvalidQuery(f"No file has such a name. Received: {named}")
    folder = os.path.dirname(os.path.realpath(named))  # noqa: PTH120
    if os.path.isdir(named):  # noqa: PTH112
        raise InvalidQuery(f"{named} is a folder.", hint="Name a file in it.")
    if os.path.exists(named) and not os.path.isfile(named):  # noqa: PTH110, PTH113
        raise InvalidQuery(f"{named} is no ordinary file, so it is not written to.")
    if not os.path.isdir(folder):  # noqa: PTH112
        raise InvalidQuery(f"There is no folder {folder}. Received: {named}", hint="Make it first: mkdir -p …")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidQuery(f"The folder {folder} cannot be written to. Received: {named}")
    return suffix


def _title(answers: Answers) -> str:
    names = dict.fromkeys(
        answer.program.source if isinstance(answer, ProgramReport) else str(answer.layer or "") for answer in answers
    )
    return safe(", ".join(name for name in names if name) or "rnnshape", "utf-8")


def _svg(answers: Answers, shown: RenderableType | None) -> str:
    return as_svg(shown or table(answers), _title(answers))


def _html(answers: Answers, shown: RenderableType | None) -> str:
    return as_html(shown or table(answers), _title(answers))


def _text(answers: Answers, shown: RenderableType | None) -> str:
    return as_text(shown or table(answers)) + "\n"


def _markdown(answers: Answers, shown: RenderableType | None) -> str:
    return as_markdown(answers) if shown is None else in_a_block(as_text(shown), "text") + "\n"


def _csv(answers: Answers, shown: RenderableType | None) -> str:  # noqa: ARG001
    return as_csv(answers)


def _json(answers: Answers, shown: RenderableType | None) -> str:  # noqa: ARG001
    documents = [answer.to_dict() for answer in answers]
    return "".join(as_json(document, pretty=len(documents) == 1) + "\n" for document in documents)


_WRITERS: dict[str, Callable[..., str]] = {
    ".svg": _svg,
    ".html": _html,
    ".txt": _text,
    ".md": _markdown,
    ".csv": _csv,
    ".json": _json,
}
