"""Ctrl-C, which must not get lost.

Python raises KeyboardInterrupt wherever it happens to be. In a finalizer, or in a library that catches everything, it
is gone: so it is noted as well, and raised again at the next answer.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_noted: list[int] = []


@contextmanager
def noted() -> Iterator[None]:
    """Note each Ctrl-C meanwhile, where it is Python that deals with it, and this is the thread that is told."""
    _noted.clear()
    is_told = threading.current_thread() is threading.main_thread()
    if not is_told or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def check() -> None:
    """Raise the KeyboardInterrupt that was raised before and came to nothing."""
    if _noted:
        raise KeyboardInterrupt


def _note(number: int, frame: FrameType | None) -> None:
    _noted.append(number)
    signal.default_int_handler(number, frame)
