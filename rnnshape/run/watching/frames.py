"""Frames of the watched code: which of its lines is running, and how deep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

_GENERATED = "__autograph_generated_file"
_OURS = str(Path(__file__).parent)
"""Whoever watches around a watcher is none of the code."""
_INSIDE_KERAS = ("keras/src/", "keras\\src\\")


class Frames:
    """The frames of the code in one file."""

    def __init__(self, filename: str) -> None:
        """Watch the code that Python knows under this name of a file."""
        self.filename = filename

    def is_watched(self, frame: FrameType) -> bool:
        """Tell whether a frame runs the watched code, also where TensorFlow has rewritten it for a graph."""
        name = frame.f_code.co_filename
        return name == self.filename or (_GENERATED in name and _origin(frame, self.filename) is not None)

    def nearest(self, frame: FrameType | None) -> FrameType | None:
        """Return the innermost watched frame from here on."""
        while frame is not None and not self.is_watched(frame):
            frame = frame.f_back
        return frame

    def is_direct(self, frame: FrameType | None) -> bool:
        """Tell whether a call from this frame is the watched code's own: none of Keras's code lies between."""
        while frame is not None and not self.is_watched(frame):
            code = frame.f_code
            between = code.co_name in {"__call__", "error_handler"} and any(
                part in code.co_filename for part in _INSIDE_KERAS
            )
            between = between or code.co_filename.startswith(_OURS)
            # TensorFlow calls rewritten code through a frame of its own.
            if not between and not (code.co_name == "converted_call" or "autograph" in code.co_filename):
                return False
            frame = frame.f_back
        return frame is not None

    def line(self, frame: FrameType) -> int:
        """Return the line of the watched code that a frame is at."""
        if frame.f_code.co_filename == self.filename:
            return frame.f_lineno or 1
        return _origin(frame, self.filename) or 1

    def way(self, frame: FrameType | None) -> tuple[tuple[Any, int], ...]:
        """Return the way to a call: the place in each watched frame around it."""
        return tuple((one.f_code, one.f_lasti) for one in self.around(frame))

    def around(self, frame: FrameType | None) -> Iterator[FrameType]:
        """Yield the watched frames from this one outwards."""
        while frame is not None:
            if self.is_watched(frame):
                yield frame
            frame = frame.f_back

    def depth(self, frame: FrameType) -> int:
        """Return how many watched frames are around a frame."""
        return sum(1 for _ in self.around(frame.f_back))


def _origin(frame: FrameType, filename: str) -> int | None:
    """Return the line that a line of rewritten code comes from. TensorFlow keeps the map at the function."""
    above = frame.f_back
    for _ in range(8):
        if above is None:
            return None
        function = above.f_locals.get("converted_f") if above.f_code.co_name == "converted_call" else None
        if function is not None:
            return _in_map(getattr(function, "ag_source_map", None), frame, filename)
        above = above.f_back
    return None


def _in_map(lines: Any, frame: FrameType, filename: str) -> int | None:
    for place, origin in (lines or {}).items():
        if place.lineno == frame.f_lineno and place.filename == frame.f_code.co_filename:
            return int(origin.loc.lineno) if origin.loc.filename == filename else None
    return None
