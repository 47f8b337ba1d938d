"""Whether a file that a worker has in memory has changed since: told by the system at once, without looking."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

_EVENTS = 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800
"""Modified, attributes changed, moved from or to, created, deleted, itself deleted or moved; see inotify(7)."""
_HEADER = 16
_CACHE = b"__pycache__"


class Watch:
    """The folders of all modules that are imported in this process.

    Where the system cannot watch them, or watches enough already, `descriptor` is None, and `tells` looks at the files.
    """

    def __init__(self) -> None:
        """Begin to watch."""
        self._folders: set[str] = set()
        self._times: dict[str, int] = {}
        self.descriptor = self._system = None
        with contextlib.suppress(ImportError, OSError, AttributeError):
            import ctypes

            system = ctypes.CDLL(None, use_errno=True)
            descriptor: int = system.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            if descriptor >= 0:
                self.descriptor, self._system = descriptor, system
        self.follow()

    descriptor: int | None
    """What is ready to be read when something has changed."""
    _system: Any

    def follow(self) -> None:
        """Watch what was imported since, too."""
        files = set(module_files())
        for folder in sorted({os.path.dirname(file) for file in files} - self._folders):
            self._folders.add(folder)
            if self.descriptor is not None:
                watched = self._system.inotify_add_watch(self.descriptor, os.fsencode(folder), _EVENTS)
                if watched < 0 and os.path.isdir(folder):  # a module from an archive has none
                    os.close(self.descriptor)
                    self.descriptor = None
        if self.descriptor is None:
            self._times = {file: _time(file) for file in files}

    def tells(self) -> bool:
        """Tell whether anything has changed since the last time that this was asked."""
        if self.descriptor is None:
            return any(_time(file) != time for file, time in self._times.items())
        changed = False
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.descriptor, 65536):
                changed = changed or any(name != _CACHE for name in _names(data))
        return changed


def _time(file: str) -> int:
    """Return when a file was changed, in nanoseconds; 0 where there is none."""
    try:
        return os.stat(file).st_mtime_ns
    except OSError:
        return 0


def module_files() -> Iterator[str]:
    """Yield the files of the modules that are imported in this process."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and os.path.isabs(file):
            yield file


def own_files() -> list[str]:
    """Return those of them that are rnnshape's own."""
    package = os.path.dirname(os.path.dirname(__file__))
    return [file for file in module_files() if file.startswith(f"{package}/")]


def _names(data: bytes) -> Iterator[bytes]:
    """Yield the name of the file in each event; an empty one where the event is about the folder."""
    at = 0
    while at + _HEADER <= len(data):
        length = int.from_bytes(data[at + 12 : at + _HEADER], sys.byteorder)
        yield data[at + _HEADER : at + _HEADER + length].rstrip(b"\0")
        at += _HEADER + length
