"""Saving what is shown to a file, in the form that its suffix names: whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from rnnshape.errors import InvalidQuery, RnnshapeError, nearest
from rnnshape.show import formats, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import RenderableType

    from rnnshape.show.rows import Answers


def save(
    answers: Answers, path: str | os.PathLike[str], *, shown: RenderableType | None = None, name: str | None = None
) -> None:
    """Write the answers to a file.

    Args:
        answers: the reports, and the errors among them, in their order.
        path: the file, exactly as it is named; an existing one gets another text, and keeps all else.
        shown: the picture to save, such as a diagram; the table unless one is given. The forms that hold data hold
            the answers whatever the picture is.
        name: the form, one of `formats.NAMES`; by default the one that the file's suffix means.

    Raises:
        InvalidQuery: the suffix is none that is known, or there can be no such file.
        RnnshapeError: the file could not be written; an existing one is as it was.

    """
    text = formats.render(answers, check_path(path, name=name), shown=shown)
    try:
        whole.write(os.fspath(path), text)
    except OSError as error:
        raise RnnshapeError(f"{os.fspath(path)} cannot be written: {error.strerror or error}") from error


def check_path(path: str | os.PathLike[str], *, name: str | None = None) -> str:
    """Return the name of the form in which the file is written: the one given, or else the one that its suffix means.

    Raises:
        InvalidQuery: the suffix is none that is known, or there can be no such file.

    """
    named = os.fspath(path)
    form = name or _meant_by_suffix(named)
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
    return form


def _meant_by_suffix(named: str) -> str:
    suffix = Path(named).suffix.lower()
    if suffix not in formats.BY_SUFFIX:
        known = list(formats.BY_SUFFIX)
        near = nearest(suffix or Path(named).name.lstrip("."), known)
        message = f"A file to save to ends in {', '.join(known[:-1])} or {known[-1]}. Received: {named}"
        raise InvalidQuery(message, hint=f"Did you mean {Path(named).stem}{near}?" if near else None)
    return formats.BY_SUFFIX[suffix]
