"""The worker: a fork of the first client that has imported everything and runs no TensorFlow operation, ever.

It accepts connections and hands each to a spare. It waits for nothing but events, so a client that says nothing, or
garbage, costs it nothing, and every client learns at once that somebody is there.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from rnnshape.worker import place, spare, wire
from rnnshape.worker.process import Child, reap


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a worker lives: times in seconds.

    `idle` without a client end it; `tick` is the time between two looks at its files; `patience` is for a client to
    say what it wants; `grace` for clients being served when the worker ends; `quiet` is what a client gets before a
    new spare takes time from it; `spares` wait for clients at any time.
    """

    idle: float = 900.0
    tick: float = 5.0
    patience: float = 2.0
    grace: float = 10.0
    quiet: float = 0.5
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
    ) -> None:
        """Take a listening socket.

        Args:
            listener: where clients connect.
            spawn: forks a spare, which closes the given descriptors, and does not warm up when a client waits for it.
            still_right: whether the socket's path is this worker's and its files are what it has in memory.
            terms: how long it lives.
            hold: a descriptor at whose end the first client has its answer; until then no spare takes time from it.

        """
        listener.settimeout(0)
        self._listener = listener
        self._spawn = spawn
        self._still_right = still_right
        self._terms = terms
        self._hold = hold
        self._hold_until = time.monotonic() + terms.patience * 2
        self._counts = Counts()
        self._children: dict[int, Child] = {}
        self._newcomers: dict[int, tuple[socket.socket, float]] = {}
        self._queue: deque[socket.socket] = deque()
        self._stoppers: list[socket.socket] = []
        self._failures = 0
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
        if self._stoppers or self._failures > 2:  # spares that never got ready, in a row
            return True
        if self._queue or any(child.state is Child.State.SERVING for child in self._children.values()):
            self._last_use = now
        if now >= self._next_look:
            self._next_look = now + self._terms.tick
            if not self._still_right():
                return True
        return now - self._last_use >= self._terms.idle

    def _replenish(self) -> None:
        """Fork the spares that are missing.

        Clients that wait come first: each gets a spare of its own, but no more at a time than there are processors.
        When nobody waits, the resting spares are replaced, but not while that would slow down a client's short run.
        """
        states = [child.state for child in self._children.values()]
        unused = len(states) - states.count(Child.State.SERVING)
        busy = sum(child.served_since > time.monotonic() - self._terms.quiet for child in self._children.values())
        if self._queue:
            missing = min(len(self._queue), len(os.sched_getaffinity(0)) - busy) - unused
        elif self._is_held() or (busy and Child.State.READY in states):
            missing = 0
        else:
            missing = self._terms.spares - unused
        for _ in range(missing):
            child = self._spawn(self._descriptors(), bool(self._queue))
            child.is_warm = not self._queue
            self._children[child.channel.fileno()] = child

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
        own += [connection.fileno() for connection in (*self._queue, *self._stoppers)]
        return own if self._hold is None else [*own, self._hold]

    def _turn(self) -> None:
        """Wait for something to happen, at most until the next look at the files, and deal with it."""
        poll = select.poll()
        for descriptor in (self._listener.fileno(), *self._children, *self._newcomers):
            poll.register(descriptor, select.POLLIN)
        if self._hold is not None:
            poll.register(self._hold, select.POLLHUP)
        now = time.monotonic()
        times = [self._next_look, self._last_use + self._terms.idle, *(until for _, until in self._newcomers.values())]
        if self._hold is not None:
            times.append(self._hold_until)
        quiet_until = [child.served_since + self._terms.quiet for child in self._children.values()]
        times += [until for until in quiet_until if until > now]
        for descriptor, _ in poll.poll(max(0.0, min(times) - now) * 1000 + 1):
            if descriptor == self._listener.fileno():
                self._accept()
            elif descriptor == self._hold:
                self._release()
            elif descriptor in self._children:
                self._hear_child(self._children[descriptor])
            else:
                self._hear_newcomer(descriptor)
        for descriptor, (_, until) in list(self._newcomers.items()):
            if time.monotonic() >= until:
                self._newcomers.pop(descriptor)[0].close()
        self._hand_on()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        # The folder is closed to others, so this is the second lock on the same door.
        if wire.peer(connection) not in {os.geteuid(), 0}:
            connection.close()
            return
        connection.settimeout(0)
        self._newcomers[connection.fileno()] = connection, time.monotonic() + self._terms.patience
        self._hear_newcomer(connection.fileno())

    def _hear_newcomer(self, descriptor: int) -> None:
        connection, _ = self._newcomers[descriptor]
        try:
            wish = connection.recv(1)
            if wish == wire.QUERY:
                connection.send(wire.ACCEPTED + b"\0")
            elif wish in {wire.STATUS, wire.STOP}:
                connection.send(self._status())
        except BlockingIOError:
            return
        except OSError:
            wish = b""
        del self._newcomers[descriptor]
        if wish == wire.QUERY:
            self._queue.append(connection)
        elif wish == wire.STOP:
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
        if word == spare.READY:
            if child.state is Child.State.SERVING:
                self._counts.served -= 1  # that client had no request
            child.state = Child.State.READY
            self._failures = 0
            return
        if child.state is Child.State.WARMING:
            self._failures += 1
        del self._children[child.channel.fileno()]
        reap(child)

    def _hand_on(self) -> None:
        """Give the clients that wait to the spares that wait."""
        ready = [child for child in self._children.values() if child.state is Child.State.READY]
        while self._queue and ready:
            connection, child = self._queue.popleft(), ready.pop(0)
            child.serve()
            self._counts.served += 1
            self._last_use = time.monotonic()
            # A spare that has just died takes the connection with it: the client sees its end, and helps itself.
            with contextlib.suppress(OSError):
                socket.send_fds(child.channel, [b"c"], [connection.fileno()])
            connection.close()
        for child in ready:
            if not child.is_warm:
                child.kill()  # its client is gone, or was quicker served by another: a warm one is to take its place

    def _end(self) -> None:
        """End the spares; wait, for a while, for those that serve. Whoever asked for the end sees it by its own."""
        self._listener.close()
        self._release()
        for connection in (*self._queue, *(newcomer for newcomer, _ in self._newcomers.values())):
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
                reap(self._children.pop(descriptor))


def still_owns(path: str, seen: os.stat_result) -> bool:
    """Tell whether the path still leads to the socket that had this status."""
    try:
        now = os.stat(path)
    except OSError:
        return False
    return (now.st_ino, now.st_dev) == (seen.st_ino, seen.st_dev)


def still_as(seen: place.Fingerprint) -> bool:
    """Tell whether the files, and Keras's configuration, are what they were when the fingerprint was taken."""
    try:
        return place.files(seen.path) == seen.files and place.config() == seen.config
    except (place.NoWorker, OSError):
        return False
