"""Standard input, read ahead, so that it is still there for this process where a worker has read it in vain."""

from __future__ import annotations

import os

MOST = 16 * 1024 * 1024
"""Bytes that are read ahead; the program refuses more than that."""
_CHUNK = 65536


def read_ahead() -> None:
    """Have standard input hold what it holds in a place where it can be read again.

    Raises:
        OSError: there is none, or nowhere to keep it.

    """
    parts, left = [], MOST
    while left > 0 and (data := os.read(0, min(_CHUNK, left))):
        parts.append(data)
        left -= len(data)
    kept = os.memfd_create("rnnshape", 0)
    try:
        for data in parts:
            os.write(kept, data)
        os.lseek(kept, 0, os.SEEK_SET)
        os.dup2(kept, 0)
    finally:
        os.close(kept)
