"""Have a worker answer the command line. Standard library only, and as little of it as will do."""

from __future__ import annotations

import os
import sys
import time

from rnnshape.worker import protocol
from rnnshape.worker.folder import NoWorker, socket_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from rnnshape.worker.fingerprint import Fingerprint

POLICIES = ("auto", "on", "off")

_LIVELY = 4.0
"""Seconds in which a worker sees a connection: nothing that it does takes longer, even on a busy machine."""

_QUEUED = 60.0
"""Seconds for the clients before this one. Shorter, and a busy machine would get each of them as a cold start too."""

_GLANCE = 0.3
"""Seconds of silence after which it is looked at whether somebody has stopped the process that is waited for."""


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
    connection = protocol.connect(socket_path(seen), seconds=_LIVELY)
    try:
        patience = _Patience(protocol.peer_process(connection), _LIVELY)
        words = protocol.words(connection, patience.is_over)
        try:
            is_users = may_run_users_code([*sys.argv[1:], *_listed_layers()])
            connection.sendall(protocol.FRESH if is_users else protocol.QUERY)
            connection.settimeout(_GLANCE)
            _expect(protocol.ACCEPTED, words)
            patience.begin(_QUEUED)
            _expect(protocol.ASKING, words)
            connection.settimeout(_LIVELY)
            _hand_over(connection)
            patience.begin(_LIVELY)
            connection.settimeout(_GLANCE)
            pid = _expect_start(words)
        except OSError as error:
            raise NoWorker(f"it does not take the request: {error}") from error
        # A layer may take its time, as without a worker. The end of the process that runs it ends the wait.
        patience.follow(pid)
        with _Signals(connection, pid):
            return _wait(words, is_users=is_users)
    finally:
        connection.close()


class _Patience:
    """How long a client waits for a word, and for whose."""

    def __init__(self, pid: int, seconds: float) -> None:
        self._pid = pid
        self._runs = False
        self.begin(seconds)

    def begin(self, seconds: float) -> None:
        """Wait so many seconds from now on."""
        self._until = time.monotonic() + seconds

    def follow(self, pid: int) -> None:
        """Wait for the process that runs the program from now on: for as long as it takes."""
        self._pid = pid
        self._runs = True

    def is_over(self) -> bool:
        """Tell whether it is no use to wait on; the process that runs the program goes on while this one does."""
        is_stopped = protocol.is_stopped(self._pid)
        if not self._runs:
            return is_stopped or time.monotonic() >= self._until
        if is_stopped:
            import _signal  # type: ignore[import-not-found]  # `signal` makes enums of it, which takes longer

            _send_group(self._pid, _signal.SIGCONT)
        return False


def _expect(word: bytes, words: Iterator[tuple[bytes, int]]) -> None:
    if next(words, (b"", 0))[0] != word:
        raise NoWorker("it ended, or fell silent, before the answer")


def _expect_start(words: Iterator[tuple[bytes, int]]) -> int:
    """Return the number of the process that runs the program, once it does."""
    pid, shift = 0, 0
    for word, number in words:
        if word == protocol.STARTED:
            return pid
        if word != protocol.PROCESS:
            break
        pid |= number << shift
        shift += 8
    raise NoWorker("it ended, or fell silent, before the answer")


_KERAS = frozenset(
    {"keras", "tf", "tensorflow", "layers", "models", "initializers", "regularizers", "constraints", "activations"}
)


def may_run_users_code(words: Sequence[str]) -> bool:
    """Tell whether words may name a class of the user's own, or ask for a file to be run.

    That code may set what can only be set before the first operation, and it may end its process: so it gets a process
    in which nothing has run yet, and is never run a second time.
    """
    for word in words:
        if ".py:" in word or ".py':" in word or '.py":' in word or word == "--run":
            return True
        if "(" in word and "." in word:
            for sign in "([{=,:":
                word = word.replace(sign, " ")  # noqa: PLW2901 - the same word, ready to be split
            for part in word.split():
                head, dot, rest = part.partition(".")
                if dot and head.isidentifier() and head not in _KERAS and rest[:1].isalpha():
                    return True
    return False


def _listed_layers() -> list[str]:
    """Return the layers that standard input lists, a line each, where the words ask for it."""
    if "-" not in sys.argv[1:]:
        return []
    from rnnshape.worker import spool

    data = spool.read_ahead()
    return data.decode("utf-8", "replace").splitlines() if spool.count_layers(data) else []


def _hand_over(connection: _socket.socket) -> None:
    umask = os.umask(0)
    os.umask(umask)
    # What Python found at its start: since then another file may have got the number of a closed stream.
    streams = (sys.__stdin__ is not None, sys.__stdout__ is not None, sys.__stderr__ is not None)
    request = protocol.Request(sys.argv, os.environb, streams, umask)
    # The directory goes as a descriptor, for its path may be gone or another's; without O_PATH it must be readable.
    directory = os.open(".", getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY)
    try:
        protocol.send(connection, request, [directory, *(number for number in range(3) if streams[number])])
    finally:
        os.close(directory)


def _wait(words: Iterator[tuple[bytes, int]], *, is_users: bool) -> int:
    """Follow the answer to its end; a user's code is not run once more."""
    is_printing = False
    for word, number in words:
        if word == protocol.ENDED:
            return number
        if word == protocol.DECLINED:
            raise NoWorker("it leaves so large a question to a process of its own")
        is_printing = is_printing or word == protocol.WRITING
    if not is_printing and not is_users:
        raise NoWorker("it ended before the answer")
    if sys.stderr is not None:
        print("rnnshape: the worker ended in the middle of the answer", file=sys.stderr)  # noqa: T201
    return 1


class _Signals:
    """While entered, what the keyboard does to this process, it does to the one that answers.

    The first Ctrl-C goes to the worker, which ends as the program does; the second ends the wait. A Ctrl-Z stops both,
    and both go on together.
    """

    def __init__(self, connection: _socket.socket, pid: int) -> None:
        self._connection = connection
        self._pid = pid
        self._said = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> None:
        import _signal

        self._signal = _signal
        # Ignored in a background job: then it stays so.
        for number, default, handler in (
            (_signal.SIGINT, _signal.default_int_handler, self._pass_on),
            (_signal.SIGTSTP, _signal.SIG_DFL, self._stop),
        ):
            if _signal.getsignal(number) == default:
                self._before[number] = default
                _signal.signal(number, handler)

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            self._signal.signal(number, before)

    def _pass_on(self, _number: int, _frame: FrameType | None) -> None:
        if self._said:
            raise KeyboardInterrupt
        self._said = True
        try:
            self._connection.send(protocol.INTERRUPT)
        except OSError:
            raise KeyboardInterrupt from None

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        _send_group(self._pid, self._signal.SIGSTOP)
        self._signal.signal(number, self._signal.SIG_DFL)
        os.kill(os.getpid(), number)
        # Here it goes on, once the shell says so.
        self._signal.signal(number, self._stop)
        _send_group(self._pid, self._signal.SIGCONT)


def _send_group(pid: int, number: int) -> None:
    """Send a signal to the process that answers, and to those that it forked."""
    try:
        os.killpg(pid, number)
    except OSError:
        return
