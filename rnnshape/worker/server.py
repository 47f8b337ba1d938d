"""The worker: a fork of the first client that has imported everything and runs no TensorFlow operation, ever.

It accepts connections and hands each to a spare. It waits for nothing but events, so a client that says nothing, or
garbage, costs it nothing, and every client learns at once that somebody is there.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable, Iterator, Sequence

from rnnshape.worker import fingerprint, folder, protocol
from rnnshape.worker.fingerprint import Fingerprint
from rnnshape.worker.process import Child, Waiting
from rnnshape.worker.spares import Spares, Terms
from rnnshape.worker.watching import Watch


class Server:
    """The worker's loop."""

    def __init__(
        self,
        listener: socket.socket,
        *,
        spawn: Callable[[list[int], bool], Child],
        still_right: Callable[[], bool],
        terms: Terms,
        hold: int | None = None,
        watch: Watch | None = None,
        used: Callable[[], None] = lambda: None,
    ) -> None:
        """Take a listening socket.

        Args:
            listener: where clients connect.
            spawn: forks a spare, which closes the given descriptors, and does not warm up when a client waits for it.
            still_right: whether the socket's path is this worker's and its files are what it has in memory.
            terms: how long it lives.
            hold: a descriptor at whose end the first client has its answer; until then no spare takes time from it.
            watch: tells of files that change.
            used: called when a client is served.

        """
        listener.settimeout(0)
        self._listener = listener
        self._spares = Spares(spawn, terms, used)
        self._still_right = still_right
        self._terms = terms
        self._hold = hold
        self._watch = watch
        self._hold_until = time.monotonic() + terms.patience * 2
        self._since = time.time()
        self._newcomers: dict[int, tuple[socket.socket, float]] = {}
        self._stoppers: list[socket.socket] = []
        self._is_stale = False
        self._next_look = time.monotonic()

    def run(self) -> None:
        """Serve until it is time to end; then no spare is left, and no client that was not served."""
        try:
            while not self._is_over():
                self._spares.replenish(self._descriptors(), is_held=self._is_held())
                self._turn()
        finally:
            self._end()

    def _is_over(self) -> bool:
        now = time.monotonic()
        if self._is_stale or self._stoppers or self._spares.is_hopeless:
            return True
        if self._spares.is_busy:
            self._spares.last_use = now
        if now >= self._next_look:
            self._next_look = now + self._terms.tick
            self._spares.end_forgotten()
            if not self._still_right():
                return True
        return now - self._spares.last_use >= self._terms.idle

    def _is_held(self) -> bool:
        if self._hold is not None and time.monotonic() >= self._hold_until:
            self._release()
        return self._hold is not None

    def _release(self) -> None:
        if self._hold is not None:
            os.close(self._hold)
            self._hold = None

    def _descriptors(self) -> list[int]:
        own = [self._listener.fileno(), *self._newcomers, *(connection.fileno() for connection in self._stoppers)]
        own += [] if self._watch is None or self._watch.descriptor is None else [self._watch.descriptor]
        return own if self._hold is None else [*own, self._hold]

    def _turn(self) -> None:
        """Wait for something to happen, at most until the next look at the files, and deal with it."""
        events = self._wait()
        if self._is_told(events):
            # Whoever waits sees the end of the connection, and runs what is in the files now.
            self._is_stale = True
            return
        for descriptor in events:
            if descriptor == self._listener.fileno():
                self._accept()
            elif descriptor == self._hold:
                self._release()
            elif descriptor in self._spares.channels():
                self._spares.hear(descriptor)
            elif descriptor in self._newcomers:
                self._hear_newcomer(descriptor)
        self._spares.take_back()
        for descriptor, (_, until) in list(self._newcomers.items()):
            if time.monotonic() >= until:
                self._newcomers.pop(descriptor)[0].close()
        self._spares.hand_on()

    def _is_told(self, events: Sequence[int]) -> bool:
        """Tell whether a file has changed: where the system does not tell, it is looked at when a client comes."""
        if self._watch is None:
            return False
        asked = self._listener.fileno() if self._watch.descriptor is None else self._watch.descriptor
        return asked in events and self._watch.tells()

    def _wait(self) -> list[int]:
        """Return the descriptors at which something happened, after the time at the latest when something is due."""
        poll = select.poll()
        for descriptor in (self._listener.fileno(), *self._spares.channels(), *self._newcomers):
            poll.register(descriptor, select.POLLIN)
        if self._hold is not None:
            poll.register(self._hold, select.POLLHUP)
        if self._watch is not None and self._watch.descriptor is not None:
            poll.register(self._watch.descriptor, select.POLLIN)
        left = min(self._due()) - time.monotonic()
        return [descriptor for descriptor, _ in poll.poll(max(0.0, left) * 1000 + 1)]

    def _due(self) -> Iterator[float]:
        """Yield the times at which something is to be looked at, whatever happens."""
        yield from (self._next_look, self._spares.last_use + self._terms.idle)
        yield from (until for _, until in self._newcomers.values())
        yield from self._spares.due()
        if self._hold is not None:
            yield self._hold_until

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        # The folder is closed to others, so this is the second lock on the same door.
        if protocol.peer(connection) not in {os.geteuid(), 0}:
            connection.close()
            return
        connection.settimeout(0)
        self._newcomers[connection.fileno()] = connection, time.monotonic() + self._terms.patience
        self._hear_newcomer(connection.fileno())

    def _hear_newcomer(self, descriptor: int) -> None:
        connection, _ = self._newcomers[descriptor]
        try:
            wish = connection.recv(1)
            if wish in {protocol.QUERY, protocol.FRESH}:
                connection.send(protocol.ACCEPTED + b"\0")
            elif wish in {protocol.STATUS, protocol.STOP}:
                connection.send(self._status())
        except BlockingIOError:
            return
        except OSError:
            wish = b""
        del self._newcomers[descriptor]
        if wish in {protocol.QUERY, protocol.FRESH}:
            pid = protocol.peer_process(connection)
            self._spares.add(Waiting(connection, wants_fresh=wish == protocol.FRESH, pid=pid))
        elif wish == protocol.STOP:
            self._stoppers.append(connection)
        else:
            connection.close()

    def _status(self) -> bytes:
        fields: dict[str, object] = {"pid": os.getpid(), "since": self._since, "served": self._spares.served}
        states = {state: ",".join(map(str, pids)) for state, pids in self._spares.by_state().items()}
        return "\n".join(f"{name}={value}" for name, value in (fields | states).items()).encode()

    def _end(self) -> None:
        """End the spares, and let clients have their answers. Whoever asked for the end sees it by its own."""
        self._listener.close()
        self._release()
        for connection, _ in self._newcomers.values():
            connection.close()
        self._spares.end()


def still_owns(path: str, seen: os.stat_result) -> bool:
    """Tell whether the path still leads to the socket that had this status."""
    try:
        now = os.stat(path)
    except OSError:
        return False
    return (now.st_ino, now.st_dev) == (seen.st_ino, seen.st_dev)


def still_as(seen: Fingerprint) -> bool:
    """Tell whether the files, and Keras's configuration, are what they were when the fingerprint was taken."""
    try:
        return fingerprint.files(seen.path) == seen.files and fingerprint.config() == seen.config
    except (folder.NoWorker, OSError):
        return False
