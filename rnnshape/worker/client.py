"""Have a worker answer the command line. Standard library only, and as little of it as will do."""

from __future__ import annotations

import os
import sys

from rnnshape.worker import wire
from rnnshape.worker.place import Fingerprint, NoWorker, socket_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Iterator
    from types import FrameType

POLICIES = ("auto", "on", "off")

_LIVELY = 5.0
"""Seconds in which a worker sees a connection: nothing that it does takes longer, even on a busy machine."""

_QUEUED = 60.0
"""Seconds for the clients before this one. Shorter, and a busy machine would get each of them as a cold start too."""


def policy() -> str:
    """Return what `RNNSHAPE_WORKER` asks for: "auto", "on" or "off".

    Raises:
        ValueError: it asks for something else; the message says what is expected and what was received.

    """
    value = os.environ.get("RNNSHAPE_WORKER", "") or "auto"
    if value not in POLICIES:
        raise ValueError(f"RNNSHAPE_WORKER is one of {', '.join(POLICIES)}. Received: {value!r}")
    return value


def ask(seen: Fingerprint) -> int:
    """Have the worker with this fingerprint run this process's command line, and return the exit status.

    Raises:
        NoWorker: none is there, or none that can be trusted, or it was lost before it printed anything. Then nothing
            has happened that anybody could see.
        KeyboardInterrupt: a second Ctrl-C, or one before the worker had the request.

    """
    connection = wire.connect(socket_path(seen), seconds=_LIVELY)
    try:
        words = wire.words(connection)
        try:
            connection.sendall(wire.QUERY)
            _expect(wire.ACCEPTED, words)
            connection.settimeout(_QUEUED)
            _expect(wire.ASKING, words)
            connection.settimeout(_LIVELY)
            _hand_over(connection)
            _expect(wire.STARTED, words)
        except OSError as error:
            raise NoWorker(f"it does not take the request: {error}") from error
        # A layer may take its time, as without a worker. The end of the process that runs it ends the wait.
        connection.settimeout(None)
        with _Interrupts(connection):
            return _wait(words)
    finally:
        connection.close()


def _expect(word: bytes, words: Iterator[tuple[bytes, int]]) -> None:
    if next(words, (b"", 0))[0] != word:
        raise NoWorker("it ended, or fell silent, before the answer")


def _hand_over(connection: _socket.socket) -> None:
    umask = os.umask(0)
    os.umask(umask)
    # What Python found at its start: since then another file may have got the number of a closed stream.
    streams = (sys.__stdin__ is not None, sys.__stdout__ is not None, sys.__stderr__ is not None)
    request = wire.Request(sys.argv, os.environb, streams, umask)
    # The directory goes as a descriptor, for its path may be gone or another's; without O_PATH it must be readable.
    directory = os.open(".", getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY)
    try:
        wire.send(connection, request, [directory, *(number for number in range(3) if streams[number])])
    finally:
        os.close(directory)


def _wait(words: Iterator[tuple[bytes, int]]) -> int:
    """Follow the answer to its end."""
    is_printing = False
    for word, number in words:
        if word == wire.ENDED:
            return number
        is_printing = is_printing or word == wire.WRITING
    if not is_printing:
        raise NoWorker("it ended before the answer")
    if sys.stderr is not None:
        print("rnnshape: the worker ended in the middle of the answer", file=sys.stderr)  # noqa: T201
    return 1


class _Interrupts:
    """While entered, the first Ctrl-C goes to the worker, which ends as the program does; the second ends the wait."""

    def __init__(self, connection: _socket.socket) -> None:
        self._connection = connection
        self._said = False
        self._before: object = None

    def __enter__(self) -> None:
        import _signal  # type: ignore[import-not-found]  # `signal` makes enums of it, which takes longer than the rest

        self._signal = _signal
        self._before = _signal.getsignal(_signal.SIGINT)
        # Ignored in a background job: then it stays so.
        if self._before is _signal.default_int_handler:
            _signal.signal(_signal.SIGINT, self._pass_on)

    def __exit__(self, *_: object) -> None:
        if self._before is self._signal.default_int_handler:
            self._signal.signal(self._signal.SIGINT, self._before)

    def _pass_on(self, _number: int, _frame: FrameType | None) -> None:
        if self._said:
            raise KeyboardInterrupt
        self._said = True
        try:
            self._connection.send(wire.INTERRUPT)
        except OSError:
            raise KeyboardInterrupt from None
