"""A spare: a warmed-up fork of the worker that waits for a client, and is that client's rnnshape.

Where nothing but Keras's own layers have run, it is put back as it was, and waits for another client; else it exits.
"""

from __future__ import annotations

import contextvars
import io
import locale
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any, NoReturn, TextIO

from rnnshape.worker import protocol
from rnnshape.worker.again import Before
from rnnshape.worker.ending import INTERRUPTED, finish
from rnnshape.worker.fingerprint import writes_through
from rnnshape.worker.lines import Line, Lines
from rnnshape.worker.program import Program

READY, TAKEN, AGAIN = b"r", b"t", b"a"
"""What a spare says to the worker: it waits for a client (and the last one, if any, sent no request); it has got one;
that one has its answer, and it waits for another."""

PATIENCE = 2.0
"""Seconds between two parts of a request."""

_STREAMS = ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__")

MOST_ANSWERS = 250
"""Clients that one process serves: Keras and TensorFlow keep a little of every layer."""


class Surroundings:
    """What Python read at the worker's start, and a run of its own would have read at its own: how streams are coded.

    The variables that decide on it are part of the fingerprint, so it is the same for every client. `imported` is what
    the imports changed in the environment.
    """

    def __init__(self, before: Mapping[bytes, bytes]) -> None:
        """Look at the streams of the worker's first client; `before` is the environment before the imports."""
        # All are the same but for the error handler of stderr; one of them may be closed.
        found = [stream for stream in (sys.__stdout__, sys.__stdin__) if stream is not None]
        self.encoding = found[0].encoding if found else "utf-8"
        self.errors = found[0].errors if found else _errors()
        if not found and sys.__stderr__ is not None:
            self.encoding = sys.__stderr__.encoding
        self.unbuffered = writes_through()
        self.imported = {name: value for name, value in os.environb.items() if before.get(name) != value}
        # The streams of the first client must never be flushed into a later client's: they are kept, unused.
        self._first = (sys.stdin, sys.stdout, sys.stderr, sys.__stdin__, sys.__stdout__, sys.__stderr__)


def _errors() -> str | None:
    """Return what Python would have streams do with what they cannot encode, by its own rule; see PEP 538 and 540."""
    encoding, _, errors = os.environ.get("PYTHONIOENCODING", "").partition(":")
    if (encoding or errors) and not sys.flags.ignore_environment:
        return errors or "strict"
    is_plain = locale.setlocale(locale.LC_CTYPE) in {"C", "POSIX", "C.UTF-8", "C.utf8", "UTF-8"}
    return "surrogateescape" if is_plain or sys.flags.utf8_mode else "strict"


def live(channel: socket.socket, program: Program, surroundings: Surroundings, *, is_awaited: bool) -> NoReturn:
    """Warm up, then serve the clients that come on the channel from the worker. The worker's end ends the wait.

    With a client waiting already, there is no time to warm up: that is more work than the client's own.
    """
    lines = Lines(channel)
    if not is_awaited:
        program.warm_up()
    before = Before(program.libraries)
    word, served = READY, 0
    while True:
        channel.sendall(word)
        data, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
        if not data:
            os._exit(0)
        channel.sendall(TAKEN)
        connection = socket.socket(fileno=descriptors[0])
        found = _requested(connection)
        word = READY
        if found is not None:
            request, streams = found
            status = _serve(lines.line(connection), request, streams, program, surroundings)
            served += 1
            if served >= MOST_ANSWERS or status == INTERRUPTED or not (program.put_back() and before.put_back()):
                os._exit(0)
            word = AGAIN


def _requested(connection: socket.socket) -> tuple[protocol.Request, list[int]] | None:
    """Return the request of a client, with its descriptors; None where it sends none, or is gone."""
    connection.settimeout(PATIENCE)
    try:
        connection.sendall(protocol.ASKING + b"\0")
        request, streams = protocol.receive(connection)
    except (OSError, ValueError):
        connection.close()
        return None
    try:
        # A group of its own, so that what the program forks can be stopped with it.
        os.setpgid(0, 0)
        connection.sendall(protocol.process_words(os.getpid()) + protocol.STARTED + b"\0")
    except OSError:
        connection.close()
        for descriptor in streams:
            os.close(descriptor)
        return None
    connection.settimeout(None)
    return request, streams


def _serve(
    line: Line, request: protocol.Request, descriptors: list[int], program: Program, around: Surroundings
) -> int:
    """Be the client's process: run the program with what the request says, tell the status, and return it."""
    _apply(request, descriptors, around)
    nobodys = {name: getattr(sys, name) for name in _STREAMS}
    _open_streams(request.streams, around, line)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        line.watch()
        status = contextvars.copy_context().run(finish, program.run, sys.argv[1:])
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:  # in the last moment
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        status = INTERRUPTED
    _close_streams(nobodys)
    line.end(status)
    return status


def _apply(request: protocol.Request, descriptors: list[int], around: Surroundings) -> None:
    directory, *streams = descriptors
    os.fchdir(directory)
    os.close(directory)
    for number, is_open in enumerate(request.streams):
        if is_open:
            descriptor = streams.pop(0)
            os.dup2(descriptor, number)
            os.close(descriptor)
    os.umask(request.umask)
    environ = {**request.environ, **around.imported}
    zone = os.environb.get(b"TZ")
    for name in os.environb.keys() - environ.keys():
        del os.environb[name]
    os.environb.update(environ)
    if environ.get(b"TZ") != zone:
        time.tzset()
    sys.argv = list(request.argv)
    # The folder for temporary files is looked for once, and TMPDIR may be another one now.
    tempfile.tempdir = None


def _open_streams(are_open: tuple[bool, bool, bool], around: Surroundings, line: Line) -> None:
    """Give the program the three text streams that Python would have given it."""
    for number, name in enumerate(_STREAMS[:3]):
        stream = _open_stream(number, name, around, line) if are_open[number] else None
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _close_streams(nobodys: Mapping[str, TextIO | None]) -> None:
    """Hold nothing of the client's: whoever reads what it prints waits until nobody has the other end."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    os.close(null)
    for name, stream in nobodys.items():
        setattr(sys, name, stream)


def _open_stream(number: int, name: str, around: Surroundings, line: Line) -> TextIO:
    raw = io.FileIO(0, "r", closefd=False) if number == 0 else _Output(number, line)
    raw.name = f"<{name}>"  # as Python names its own
    # Python itself wraps the raw stream where there is to be no buffer.
    buffer: Any = io.BufferedReader(raw) if number == 0 else raw if around.unbuffered else io.BufferedWriter(raw)
    stream = io.TextIOWrapper(
        buffer,
        encoding=around.encoding,
        errors="backslashreplace" if name == "stderr" else around.errors,
        newline="\n",
        # A terminal's lines at once, stderr's always; without a buffer nothing is left to flush.
        line_buffering=not around.unbuffered and (name == "stderr" or raw.isatty()),
        write_through=around.unbuffered,
    )
    stream.mode = "w" if number else "r"  # type: ignore[misc]
    return stream


class _Output(io.FileIO):
    """Descriptor 1 or 2; the client hears of it before the first byte goes out.

    A client that has not heard of it may run the query again by itself when this process is lost. What is left in a
    buffer when the client has its answer goes nowhere: the descriptor may be another client's by then.
    """

    def __init__(self, number: int, line: Line) -> None:
        super().__init__(number, "w", closefd=False)
        self._line = line

    def write(self, data: bytes) -> int | None:  # type: ignore[override]  # any buffer, as in the class above
        if not self._line.is_open:
            return memoryview(data).nbytes
        self._line.announce()
        return super().write(data)
