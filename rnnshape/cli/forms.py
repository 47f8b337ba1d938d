"""In which form answers are printed and saved, by what the options say together."""

from __future__ import annotations

from dataclasses import dataclass

from rnnshape.errors import InvalidQuery
from rnnshape.options import Options

_STANDARD_OUTPUT = "-"


@dataclass(frozen=True, slots=True)
class Form:
    """The form on standard output, and that in a file.

    `printed` is the name of a format, "code", or None where nothing is printed; `file` is the file, None for none, and
    `saved` the name of its format, None where its suffix names it.
    """

    printed: str | None
    file: str | None
    saved: str | None


def form_of(options: Options) -> Form:
    """Return the form that the options ask for together.

    Raises:
        InvalidQuery: they ask for two at once, or there can be no such file.

    """
    asked = _asked(options)
    if options.save == _STANDARD_OUTPUT:
        if options.code:
            raise InvalidQuery("--code and --save - both write to standard output: choose one.")
        return Form(asked or "txt", None, None)
    if options.save is None:
        return Form(asked or (None if options.quiet else "table"), None, None)
    name = None if options.format in (None, "table") else options.format
    _check_file(options.save, name)
    printed = asked if asked in ("json", "code") and name is None else None if options.quiet else "table"
    return Form(printed, options.save, name)


def _asked(options: Options) -> str | None:
    """Return the one form that is asked for; None where nothing was said."""
    asked = {
        "--json": "json" if options.json else None,
        "--code": "code" if options.code else None,
        f"--format {options.format}": options.format,
    }
    given = {typed: name for typed, name in asked.items() if name is not None}
    if len(set(given.values())) > 1:
        raise InvalidQuery(f"{' and '.join(given)} are two forms of one answer: choose one.")
    if options.diagram and {"json", "code"} & set(given.values()):
        raise InvalidQuery(f"{next(iter(given))} and --diagram are two ways to show an answer: choose one.")
    return next(iter(given.values()), None)


def _check_file(path: str, name: str | None) -> None:
    """Refuse a file that cannot be written, or whose suffix names another form than --format."""
    from pathlib import Path

    from rnnshape.show.formats import BY_SUFFIX
    from rnnshape.show.save import check_path

    suffix = Path(path).suffix.lower()
    if name is not None and BY_SUFFIX.get(suffix, name) != name:
        message = f"--save {path} and --format {name} contradict each other: {suffix} is another form."
        raise InvalidQuery(message, hint=f"Leave out --format {name}.")
    check_path(path, name=name)
