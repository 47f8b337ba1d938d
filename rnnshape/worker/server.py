"""The worker: a fork of the first client that has imported everything and runs no TensorFlow operation, ever.

It accepts connections and hands each to a spare. It waits for nothing but events, so a client that says nothing, or
garbage, costs it nothing, and every client learns at once that somebody is there.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rnnshape.worker import fingerprint, folder, protocol
from rnnshape.worker.child import AGAIN, READY, TAKEN
from rnnshape.worker.fingerprint import Fingerprint
from rnnshape.worker.process import Child, Waiting, reap
from rnnshape.worker.watching import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a worker lives: times in seconds.

    `idle` without a client end it; `tick` is the time between two looks at its files; `patience` is for a client to
    say what it wants; `grace` for clients being served when the worker ends; `quiet` is what a client gets before a
    new spare takes time from it; `answer` is what a spare gets to take a client, or to get ready while one waits;
    `spares` wait for clients at any time.
    """

    idle: float = 900.0
    tick: float = 5.0
    patience: float = 2.0
    grace: float = 10.0
    quiet: float = 0.5
    answer: float = 3.0
    spares: int = 2


@dataclass(slots=True)
class Counts:
    """What `--worker status` tells of the past."""

    since: float = field(default_factory=time.time)
    served: int = 0


class Server:
    """The worker's loop. Everything that is open is in `_watched`, for a fork to close."""

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
        self._spawn = spawn
        self._still_right = still_right
        self._terms = terms
        self._hold = hold
        self._watch = watch
        self._used = used
        self._hold_until = time.monotonic() + terms.patience * 2
        self._counts = Counts()
        self._children: dict[int, Child] = {}
        self._newcomers: dict[int, tuple[socket.socket, float]] = {}
        self._queue: deque[Waiting] = deque()
        self._stoppers: list[socket.socket] = []
        self._failures = 0
        self._is_stale = False
        self._last_use = time.monotonic()
        self._next_look = time.monotonic()

    def run(self) -> None:
        """Serve until it is time to end; then no spare is left, and no client that was not served."""
        try:
            while not self._is_over():
                self._replenish()
                self._turn()
        finally:
            self._end()

    def _is_over(self) -> bool:
        now = time.monotonic()
        if self._is_stale or self._stoppers or self._failures > 2:  # spares that never got ready, in a row
            return True
        if self._queue or any(child.state is Child.State.SERVING for child in self._children.values()):
            self._last_use = now
        if now >= self._next_look:
            self._next_look = now + self._terms.tick
            self._end_forgotten()
            if not self._still_right():
                return True
        return now - self._last_use >= self._terms.idle

    def _end_forgotten(self) -> None:
        for child in self._children.values():
            if child.is_forgotten():
                child.kill()

    def _replenish(self) -> None:
        """Fork the spares that are missing.

        Clients that wait come first: each gets a spare of its own, but no more at a time than there are processors.
        When nobody waits, the resting spares are replaced, but not while that would slow down a client's short run.
        """
        children = self._children.values()
        unused = [child for child in children if child.state in {Child.State.WARMING, Child.State.READY}]
        warm = [child for child in unused if child.is_warm]
        begun = time.monotonic() - self._terms.quiet
        busy = sum(child.served_since > begun for child in children if child.state is Child.State.SERVING)
        if self._queue:
            fresh = sum(client.wants_fresh for client in self._queue)
            wanted = fresh + max(len(self._queue) - fresh - sum(map(self._is_lively, warm)), 0)
            raw = sum(not child.is_warm and self._is_lively(child) for child in unused)
            warming = sum(child.state is Child.State.WARMING and self._is_lively(child) for child in warm)
            missing = min(wanted, len(os.sched_getaffinity(0)) - busy - warming) - raw
        elif self._is_held() or (
            self._was_busy_since(begun) and any(child.state is Child.State.READY for child in warm)
        ):
            missing = 0
        else:
            missing = self._terms.spares - len(warm)
            self._dismiss(warm[self._terms.spares :])
        for _ in range(missing):
            child = self._spawn(self._descriptors(), bool(self._queue))
            child.is_warm = not self._queue
            self._children[child.channel.fileno()] = child

    def _was_busy_since(self, time: float) -> bool:
        return any(child.served_since > time for child in self._children.values())

    def _dismiss(self, children: Iterable[Child]) -> None:
        """End spares that are more than there need to be, now that nobody waits; each channel tells when it is over."""
        for child in children:
            if child.state is Child.State.READY:
                child.kill()

    def _is_lively(self, child: Child) -> bool:
        """Tell whether a spare is ready, or may still be on its way: it may have been stopped, or be out of luck."""
        return child.state is Child.State.READY or time.monotonic() - child.born < self._terms.answer

    def _is_held(self) -> bool:
        if self._hold is not None and time.monotonic() >= self._hold_until:
            self._release()
        return self._hold is not None

    def _release(self) -> None:
        if self._hold is not None:
            os.close(self._hold)
            self._hold = None

    def _descriptors(self) -> list[int]:
        own = [self._listener.fileno(), *self._children, *self._newcomers]
        own += [connection.fileno() for connection in self._stoppers]
        lent = [child.client for child in self._children.values() if child.client is not None]
        own += [client.connection.fileno() for client in (*self._queue, *lent)]
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
            elif descriptor in self._children:
                self._hear_child(self._children[descriptor])
            elif descriptor in self._newcomers:
                self._hear_newcomer(descriptor)
        self._take_back()
        for descriptor, (_, until) in list(self._newcomers.items()):
            if time.monotonic() >= until:
                self._newcomers.pop(descriptor)[0].close()
        self._hand_on()

    def _is_told(self, events: Sequence[int]) -> bool:
        """Tell whether a file has changed: where the system does not tell, it is looked at when a client comes."""
        if self._watch is None:
            return False
        asked = self._listener.fileno() if self._watch.descriptor is None else self._watch.descriptor
        return asked in events and self._watch.tells()

    def _wait(self) -> list[int]:
        """Return the descriptors at which something happened, after the time at the latest when something is due."""
        poll = select.poll()
        for descriptor in (self._listener.fileno(), *self._children, *self._newcomers):
            poll.register(descriptor, select.POLLIN)
        if self._hold is not None:
            poll.register(self._hold, select.POLLHUP)
        if self._watch is not None and self._watch.descriptor is not None:
            poll.register(self._watch.descriptor, select.POLLIN)
        left = min(self._due()) - time.monotonic()
        return [descriptor for descriptor, _ in poll.poll(max(0.0, left) * 1000 + 1)]

    def _due(self) -> Iterator[float]:
        """Yield the times at which something is to be looked at, whatever happens."""
        now = time.monotonic()
        yield from (self._next_look, self._last_use + self._terms.idle)
        yield from (until for _, until in self._newcomers.values())
        if self._hold is not None:
            yield self._hold_until
        for child in self._children.values():
            if child.served_since + self._terms.quiet > now:
                yield child.served_since + self._terms.quiet
            if child.client is not None:
                yield child.served_since + self._terms.answer
            if self._queue and child.born + self._terms.answer > now:
                yield child.born + self._terms.answer

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
            self._queue.append(Waiting(connection, wants_fresh=wish == protocol.FRESH, pid=pid))
        elif wish == protocol.STOP:
            self._stoppers.append(connection)
        else:
            connection.close()

    def _status(self) -> bytes:
        fields = {"pid": os.getpid(), "since": self._counts.since, "served": self._counts.served}
        children = {state.name.lower(): [] for state in Child.State}  # type: dict[str, list[str]]
        for child in self._children.values():
            children[child.state.name.lower()].append(str(child.pid))
        pids = {state: ",".join(numbers) for state, numbers in children.items()}
        return "\n".join(f"{name}={value}" for name, value in (fields | pids).items()).encode()

    def _hear_child(self, child: Child) -> None:
        try:
            word = child.channel.recv(1)
        except OSError:
            word = b""
        if word == TAKEN:
            client = child.let_go()
            if client is not None:
                client.connection.close()
            return
        if word in {READY, AGAIN}:
            if child.state is Child.State.SERVING and word == READY:
                self._counts.served -= 1  # that client had no request
            child.is_free()
            child.is_warm = child.is_warm or word == AGAIN
            self._failures = 0
            return
        if child.state is Child.State.WARMING:
            self._failures += 1
        client = child.let_go()
        if client is not None:
            client.connection.close()
        del self._children[child.channel.fileno()]
        reap(child)

    def _take_back(self) -> None:
        """Replace a spare that does not take its client: it was stopped, perhaps. The client gets another one."""
        late = time.monotonic() - self._terms.answer
        for child in self._children.values():
            if child.client is not None and child.served_since < late:
                child.kill()
                client = child.let_go()
                assert client is not None
                self._queue.appendleft(client)
                self._counts.served -= 1

    def _hand_on(self) -> None:
        """Give the clients that wait to the spares that wait, the one in front that served last: its memory is near."""
        ready = [child for child in self._children.values() if child.state is Child.State.READY]
        for child in sorted(ready, key=lambda child: -child.served_since):
            client = self._next_for(child)
            if client is not None:
                ready.remove(child)
                if protocol.is_stopped(child.pid):
                    child.kill()
                    continue
                self._queue.remove(client)
                child.serve(client)
                self._counts.served += 1
                self._last_use = time.monotonic()
                self._used()
        for child in ready:
            if not child.is_warm:
                child.kill()  # its client is gone, or was quicker served by another: a warm one is to take its place

    def _next_for(self, child: Child) -> Waiting | None:
        """Return the client that a spare is for: one in which something has run is not for all."""
        return next((client for client in self._queue if not (child.is_warm and client.wants_fresh)), None)

    def _end(self) -> None:
        """End the spares; wait, for a while, for those that serve. Whoever asked for the end sees it by its own."""
        self._end_forgotten()
        self._listener.close()
        self._release()
        waiting = (client.connection for client in self._queue)
        for connection in (*waiting, *(newcomer for newcomer, _ in self._newcomers.values())):
            connection.close()
        for child in self._children.values():
            if child.state is not Child.State.SERVING:
                child.kill()
        until = time.monotonic() + self._terms.grace
        while self._children and (left := until - time.monotonic()) > 0:
            poll = select.poll()
            for descriptor in self._children:
                poll.register(descriptor, select.POLLIN)
            for descriptor, _ in poll.poll(left * 1000 + 1):
                self._hear_last(self._children[descriptor])

    def _hear_last(self, child: Child) -> None:
        """Hear a child that still serves: when it has done so, it ends."""
        try:
            word = child.channel.recv(1)
        except OSError:
            word = b""
        if word == TAKEN:
            client = child.let_go()
            if client is not None:
                client.connection.close()
            return
        if word:
            child.kill()
        reap(self._children.pop(child.channel.fileno()))


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
