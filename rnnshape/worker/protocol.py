"""What a client and a worker say to each other, and how a client reaches a worker it may trust.

A client connects and sends one byte that says what it wants. A query's request, with the client's streams, follows when
a spare asks for it: on their way, the streams are open in no process that could be ended, and whoever reads what the
client prints would wait for them. All that the worker says to a query is words of two bytes: what, and a number (the
exit status; else 0).
"""

from __future__ import annotations

import os
import sys

from rnnshape.worker.folder import NoWorker, check

try:
    # `socket` adds enums and selectors, which take a third of an interpreter's start; a client needs neither.
    import _socket
except ImportError:  # pragma: no cover - a Python without sockets
    _socket = None  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping, Sequence

QUERY, FRESH, STATUS, STOP = b"q", b"f", b"s", b"x"
"""What a client wants. FRESH is a query for a process in which nothing has run: a user's code may want that."""

INTERRUPT = b"i"
"""What a client says later on: its user pressed Ctrl-C."""

ACCEPTED, ASKING, PROCESS, STARTED, WRITING, DECLINED, ENDED = b"a", b"r", b"p", b"s", b"w", b"d", b"e"
"""What a worker says: the client is seen; send the request; a byte of the number of the process that runs it, the
lowest first; the program runs; it is about to print; it did nothing, and leaves the query to the client; it ended."""
_NUMBER = 4
"""Bytes of the number of a process."""

LONGEST_REQUEST = 16 * 1024 * 1024
"""Bytes. Linux passes at most 6 MB of arguments and environment to a process."""

_HEADER = 5


def usable() -> bool:
    """Tell whether this system has what a worker needs: fork, Unix sockets, and a way to know who the peer is."""
    return hasattr(os, "fork") and hasattr(_socket, "AF_UNIX") and hasattr(_socket, "SO_PEERCRED")


def connect(path: str, *, seconds: float) -> _socket.socket:
    """Return a connection to the worker at this path, whose folder and owner have been checked.

    Raises:
        NoWorker: no worker answers there, or it is not to be trusted.

    """
    check(os.path.dirname(path))
    try:
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    except OSError as error:
        raise NoWorker(f"there is no socket to be had: {error}") from None
    try:
        connection.settimeout(seconds)
        connection.connect(path)
        owner = peer(connection)
    except OSError as error:
        connection.close()
        is_none = isinstance(error, (FileNotFoundError, ConnectionRefusedError))
        raise NoWorker("none is there" if is_none else f"it cannot be reached: {error}") from None
    if owner != os.geteuid():
        connection.close()
        raise NoWorker(f"the worker at {path} belongs to another user")
    return connection


def peer(connection: _socket.socket) -> int:
    """Return the user id of the process at the other end."""
    return _credentials(connection)[1]


def peer_process(connection: _socket.socket) -> int:
    """Return the number of the process at the other end: of the one that listened, seen from a client."""
    return _credentials(connection)[0]


def _credentials(connection: _socket.socket) -> tuple[int, int]:
    found = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)  # pid, uid, gid
    return int.from_bytes(found[:4], sys.byteorder), int.from_bytes(found[4:8], sys.byteorder)


def is_stopped(pid: int) -> bool:
    """Tell whether a process is there, and was stopped by a signal."""
    return _state(pid) in {b"T", b"t"}


def is_over(pid: int) -> bool:
    """Tell whether a process has ended; one whose parent has not noticed yet has, too."""
    return _state(pid) in {b"", b"Z", b"X"}


def _state(pid: int) -> bytes:
    """Return the letter of a process's state, see proc(5); empty where there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # Behind the name, which may hold anything.
            return file.read().rpartition(b")")[2].split()[0]
    except (OSError, IndexError):
        return b""


class Request:
    """A command line and what surrounds it: all that a run depends on, but for the streams and the directory."""

    __slots__ = ("argv", "environ", "streams", "umask")

    def __init__(
        self, argv: Sequence[str], environ: Mapping[bytes, bytes], streams: tuple[bool, bool, bool], umask: int
    ) -> None:
        """Take `sys.argv`, the environment, which of the three standard streams are open, and the umask."""
        self.argv = argv
        self.environ = environ
        self.streams = streams
        self.umask = umask

    def pack(self) -> bytes:
        """Return the request as bytes: the length of the rest, then fields that no NUL can be in, between NULs."""
        streams = "".join("10"[not is_open] for is_open in self.streams)
        fields = [streams.encode(), b"%d" % self.umask, b"%d" % len(self.argv)]
        fields += [os.fsencode(word) for word in self.argv]
        fields += [name + b"=" + value for name, value in self.environ.items() if name]
        body = b"\0".join(fields)
        return len(body).to_bytes(_HEADER, "big") + body

    @classmethod
    def unpack(cls, body: bytes) -> Request:
        """Return the request that `pack` made these bytes of, without the length.

        Raises:
            ValueError: nothing that `pack` makes.

        """
        streams, umask, count, *rest = body.split(b"\0")
        words, variables = rest[: int(count)], rest[int(count) :]
        _expect(len(words) == int(count) > 0 and len(streams) == 3)
        environ = {}
        for variable in variables:
            name, equals, value = variable.partition(b"=")
            _expect(bool(name and equals))
            environ[name] = value
        stdin, stdout, stderr = (digit == ord("1") for digit in streams)
        return cls([os.fsdecode(word) for word in words], environ, (stdin, stdout, stderr), int(umask))


def send(connection: _socket.socket, request: Request, descriptors: Sequence[int]) -> None:
    """Send a request with the descriptors (the directory's, then those of the streams that are open)."""
    data = request.pack()
    rights = b"".join(descriptor.to_bytes(4, sys.byteorder) for descriptor in descriptors)
    sent = connection.sendmsg([data], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
    if sent < len(data):
        connection.sendall(data[sent:])


def process_words(pid: int) -> bytes:
    """Return the words that tell the number of a process."""
    return b"".join(PROCESS + bytes([byte]) for byte in pid.to_bytes(_NUMBER, "little"))


def words(connection: _socket.socket, is_lost: Callable[[], bool]) -> Iterator[tuple[bytes, int]]:
    """Yield what the worker says, until it is gone, or is lost when it was silent for the connection's timeout."""
    heard = b""
    while True:
        try:
            data = connection.recv(64)
        except TimeoutError:
            if is_lost():
                return
            continue
        except OSError:
            return
        if not data:
            return
        heard += data
        while len(heard) > 1:
            word, heard = heard[:2], heard[2:]
            yield word[:1], word[1]


def receive(connection: socket.socket) -> tuple[Request, list[int]]:
    """Receive what `send` sends; the connection has a timeout.

    Raises:
        ValueError: garbage, half a message, or too long a one. No descriptor stays open.
        OSError: the peer is gone, or silent.

    """
    import socket as sockets

    data, descriptors, _, _ = sockets.recv_fds(connection, 65536, 8)
    try:
        request = Request.unpack(_body(connection, data))
        _expect(len(descriptors) == 1 + sum(request.streams))
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    return request, descriptors


def _body(connection: socket.socket, data: bytes) -> bytes:
    while len(data) < _HEADER:
        data += _more(connection)
    length = int.from_bytes(data[:_HEADER], "big")
    _expect(length <= LONGEST_REQUEST)
    parts, missing = [data[_HEADER:]], _HEADER + length - len(data)
    while missing > 0:
        parts.append(_more(connection))
        missing -= len(parts[-1])
    _expect(missing == 0)
    return b"".join(parts)


def _expect(is_right: bool) -> None:  # noqa: FBT001 - an assertion that stays
    if not is_right:
        raise ValueError("not a request")


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ValueError("half a request")
    return data
