"""Standard input, read ahead, so that it is known how much is asked before it is decided who answers."""

from __future__ import annotations

import os

MOST = 16 * 1024 * 1024
"""Bytes that are read ahead; the program refuses more than that."""
_CHUNK = 65536


def read_ahead() -> bytes:
    """Return what standard input holds, and have it hold the same once more for whoever reads it next.

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
    return b"".join(parts)


def count_layers(data: bytes) -> int:
    """Return how many lines may be layers, of a list of them; 0 where a line looks like code."""
    lines = [line for line in data.splitlines() if line.strip() and not line.lstrip().startswith(b"#")]
    return 0 if any(_looks_like_code(line.strip()) for line in lines) or _is_nested(lines) else len(lines)


def _looks_like_code(line: bytes) -> bool:
    head, equals, _ = line.partition(b"=")
    return line[:1] in b">{" or (bool(equals) and b"(" not in head) or b" " in line.partition(b"(")[0].strip()


def _is_nested(lines: list[bytes]) -> bool:
    opened = any(line.count(b"(") != line.count(b")") or line.count(b"[") != line.count(b"]") for line in lines)
    return opened and any(line[:1] in b" \t" for line in lines)
