"""What the system shows of a process, and a worker must not keep: its first client's words and environment."""

from __future__ import annotations

import contextlib
import os

_ARGUMENTS, _ENVIRONMENT = 48, 50
"""Fields of `/proc/PID/stat`: where each begins in memory, and behind it where it ends. proc(5) numbers them so."""


def forget(title: str) -> None:
    """Have `ps` show this title, and `/proc/PID/environ` the title alone; what the system does not allow is left.

    The variables themselves stay: C code finds them by pointers into the memory that is overwritten, and so they are
    set once more before, which copies them.
    """
    with contextlib.suppress(ImportError, OSError, ValueError, IndexError):
        import ctypes

        with open("/proc/self/stat", encoding="ascii", errors="replace") as file:
            # Behind the name, which may hold anything, come the fields from number 3 on.
            fields = file.read().rpartition(")")[2].split()
        for name, value in list(os.environb.items()):
            os.putenv(name, value)
        words = os.fsencode(title)
        for field, text in ((_ARGUMENTS, words), (_ENVIRONMENT, b"RNNSHAPE=" + words)):
            begin, end = int(fields[field - 3]), int(fields[field - 2])
            if 0 < begin < end:
                ctypes.memset(begin, 0, end - begin)
                ctypes.memmove(begin, text, min(len(text), end - begin - 1))
