"""Whether a file that a worker has in memory has changed since: told by the system at once, without looking."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

_EVENTS = 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800
"""Modified, attributes changed, moved from or to, created, deleted, itself deleted or moved; see inotify(7)."""
_HEADER = 16
_CACHE = b"__pycache__"


class Watch:
    """The folders of all modules that are imported in this process."""

    def __init__(self) -> None:
        """Begin to watch; where the system cannot, or watches enough already, nothing is told."""
        self.descriptor: int | None = None
        with contextlib.suppress(ImportError, OSError, AttributeError):
            import ctypes

            system = ctypes.CDLL(None, use_errno=True)
            descriptor = system.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            if descriptor < 0:
                return
            self.descriptor = descriptor
            for folder in sorted({os.path.dirname(file) for file in module_files()}):
                if system.inotify_add_watch(descriptor, os.fsencode(folder), _EVENTS) < 0:
                    return

    def tells(self) -> bool:
        """Tell whether anything has changed since the last time that this was asked."""
        if self.descriptor is None:
            return False
        changed = False
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.descriptor, 65536):
                changed = changed or any(name != _CACHE for name in _names(data))
        return changed


def module_files() -> Iterator[str]:
    """Yield the files of the modules that are imported in this process."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and os.path.isabs(file):
            yield file


def _names(data: bytes) -> Iterator[bytes]:
    """Yield the name of the file in each event; an empty one where the event is about the folder."""
    at = 0
    while at + _HEADER <= len(data):
        length = int.from_bytes(data[at + 12 : at + _HEADER], sys.byteorder)
        yield data[at + _HEADER : at + _HEADER + length].rstrip(b"\0")
        at += _HEADER + length
