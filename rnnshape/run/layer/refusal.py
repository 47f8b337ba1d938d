"""An exception from Keras, TensorFlow or a user's own cell -> a refusal in words that a person understands."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

from rnnshape.errors import KerasRefused, RnnshapeError, printable, said_by
from rnnshape.run.layer.hints import hint_for

_NOISE = re.compile(
    r"\{\{[^}]*\}\}\s*"  # {{function_node …}}
    r"|\[Op:[^\]]*\](?:[ \t]*name:[ \t]*\S*)?"
    r"|;? *NodeDef: .*$"
    r"|Exception encountered when calling [^\n]*\n+"
    r"|Arguments received by [^\n]*:(?:\n\s+•[^\n]*)*"
    r"|^in user code:\s*(?:\n\s+File [^\n]*\n[^\n]*)*\s*"
    # What Keras wraps around the error of a cell, or of a layer that it builds anew; the error comes behind.
    r"|^Could not automatically infer the output shape .*?Error encountered:\s*"
    r"|^Error when deserializing class .*?Exception encountered: "
    r"|^.*? could not be deserialized properly\..*?Exception encountered: "
    r"|\s*Full object config: .*$"
    r"| for '\{\{node [^}]*\}\} ?= \w+\[.*$"
    r"|(?<=nested structure\.)\s*First structure: .*$",
    re.DOTALL | re.MULTILINE,
)
_NAMES = (
    # Layers are numbered as they are made, which says nothing to a user who wrote one.
    (re.compile(r"(Input \d+) with name '[^']*' of layer '(\w+?)(?:_\d+)?'"), r"\1 of layer \2"),
    (re.compile(r"(Layer|model) \"?(\w+?)_\d+\"?(?=\s)"), r"\1 \2"),
    (re.compile(r"<KerasTensor shape=(\([^)]*\))[^>]*>"), r"\1"),
    (re.compile(r"<(\w+) name=[^>]*>"), r"\1"),
    (re.compile(r"<class '(?:\w+\.)*(\w+)'>"), r"\1"),
    (re.compile(r"\bkeras\.src\.(?:\w+\.)*(\w+)"), r"\1"),
    (re.compile(r"(\w+)\.__init__\(\) missing \d+ required positional arguments?: "), r"\1 needs the argument "),
    (re.compile(r"\w+\.__init__\(\) takes "), "It takes "),
)
_AT_MOST = 1_500


def refusal(error: BaseException, *, layer: str, doing: str) -> RnnshapeError:
    """Return the refusal that an exception means; one of ours is handed on as it is."""
    if isinstance(error, RnnshapeError):
        return error
    said = clean(said_by(error)) or type(error).__name__
    line = users_line(error)
    hint = hint_for(said, layer)
    if line is not None:
        return KerasRefused(f"{type(error).__name__} in {line}: {said}", hint=hint, layer=layer)
    if isinstance(error, ValueError) or "__init__()" in said_by(error):
        return KerasRefused(said, hint=hint, layer=layer)
    return KerasRefused(f"Keras fails at {doing}: {type(error).__name__}: {said}", hint=hint, layer=layer)


def clean(text: str) -> str:
    """Return an error text of Keras's without ANSI codes, internal names and the list of arguments it received."""
    text = _NOISE.sub("", printable(text))
    lines = [line.strip() for line in text.splitlines()]
    text = " ".join(line for line in lines if line)
    for pattern, instead in _NAMES:
        text = pattern.sub(instead, text)
    return text if len(text) <= _AT_MOST else text[: _AT_MOST - 1] + "…"


def users_line(error: BaseException) -> str | None:
    """Return file, line and code of the innermost frame in the user's own code, if the error came through any."""
    found = None
    for frame in traceback.extract_tb(error.__traceback__):
        if _is_users(frame.filename):
            found = f"{shown_path(frame.filename)}:{frame.lineno} ({(frame.line or '').strip()})"
    return found


_OURS = str(Path(__file__).resolve().parent.parent)
_PYTHON = str(Path(traceback.__file__).resolve().parent)
_LIBRARIES = re.compile(
    r"[/\\](?:site|dist)-packages[/\\](?:keras|tensorflow|numpy|optree|ml_dtypes|absl|google|h5py)[/\\]"
    r"|__autograph_generated_file"
)


def _is_users(filename: str) -> bool:
    """Tell whether a file is neither ours, nor Python's, nor of what Keras is made of; it may be installed."""
    if filename.startswith((_OURS, "<")) or _LIBRARIES.search(filename):
        return False
    return not filename.startswith(_PYTHON) or "-packages" in filename


def shown_path(filename: str) -> str:
    """Return a file's path as short as it can be said here: below the working directory, from there."""
    path = Path(filename)
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return filename
