"""Forking: how a client's fork becomes a worker, and a worker's fork a spare."""

from __future__ import annotations

import contextlib
import enum
import gc
import os
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import ClassVar, NoReturn

from rnnshape.worker import protocol

_SET_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


class _State(enum.Enum):
    WARMING = enum.auto()
    READY = enum.auto()
    SERVING = enum.auto()
    ENDING = enum.auto()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A client that waits for a spare, and its process. `wants_fresh`: for a spare in which nothing has run."""

    connection: socket.socket
    wants_fresh: bool = False
    pid: int = 0


@dataclass(slots=True)
class Child:
    """A spare, seen from the worker."""

    State: ClassVar[type[_State]] = _State

    pid: int
    channel: socket.socket
    state: _State = _State.WARMING
    is_warm: bool = True
    served_since: float = float("-inf")
    born: float = field(default_factory=time.monotonic)
    client: Waiting | None = None
    """The client that it was given, until it says that it has it."""
    serves: int = 0
    """The process of the client that it was given."""

    def serve(self, client: Waiting) -> None:
        """Give it a client; from now on it serves."""
        self.state = _State.SERVING
        self.served_since = time.monotonic()
        self.client = client
        self.serves = client.pid
        # One that has just died takes the connection with it: the client sees its end, and helps itself.
        with contextlib.suppress(OSError):
            socket.send_fds(self.channel, [b"c"], [client.connection.fileno()])

    def let_go(self) -> Waiting | None:
        """Return the client that it has not taken yet, and forget it."""
        client, self.client = self.client, None
        return client

    def is_free(self) -> None:
        """Note that it waits for a client."""
        self.state = _State.READY
        self.serves = 0

    def is_forgotten(self) -> bool:
        """Tell whether it was stopped while it served a client that is gone: nobody else has it go on."""
        return self.state is _State.SERVING and protocol.is_stopped(self.pid) and protocol.is_over(self.serves)

    def kill(self) -> None:
        """End it, whatever it does. It is not reaped yet, so the number is still its own."""
        self.state = _State.ENDING
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def reap(child: Child) -> None:
    """Take the exit status of a child whose channel has closed, which is to say that it is exiting."""
    child.channel.close()
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child.pid, 0)


def fork() -> int:
    """Fork; Python's warning about threads is not for us.

    The threads it means are OpenBLAS's, which prepares itself for forks; TensorFlow has none before its first
    operation, and the worker runs none.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def fork_child(live: Callable[[socket.socket], NoReturn], close: Iterable[int]) -> Child:
    """Fork a child that closes these descriptors of ours, and lives with a channel to us."""
    ours, theirs = socket.socketpair()
    pid = fork()
    if pid:
        theirs.close()
        return Child(pid, ours)
    try:
        ours.close()
        for descriptor in close:
            os.close(descriptor)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _go_on_without_parent()
        live(theirs)
    finally:
        os._exit(1)


def _go_on_without_parent() -> None:
    """Have the system let this process go on when the worker dies: if it was stopped, nobody is left to notice."""
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, int(signal.SIGCONT), 0, 0, 0)


def detach(keep: Iterable[int]) -> None:
    """Leave the terminal, the directory, the files and the signals of the process that this one was forked from."""
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    kept = {0, 1, 2, *keep}
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))
    text = open(os.devnull, "r+", encoding="utf-8")  # noqa: SIM115 - for good
    sys.stdin = sys.stdout = sys.stderr = sys.__stdin__ = sys.__stdout__ = sys.__stderr__ = text  # type: ignore[misc]
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    # As Python has them from its start; an interrupt is for the client.
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    gc.collect()
    gc.freeze()
