"""A worker's spares, and the clients that wait for them."""

from __future__ import annotations

import os
import select
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rnnshape.worker import protocol
from rnnshape.worker.child import AGAIN, READY, TAKEN
from rnnshape.worker.process import Child, Waiting, reap


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


class Spares:
    """The processes that wait for clients, or serve them, and the clients that wait for one."""

    def __init__(
        self, spawn: Callable[[list[int], bool], Child], terms: Terms, used: Callable[[], None] = lambda: None
    ) -> None:
        """Have none yet.

        Args:
            spawn: forks a spare, which closes the given descriptors, and does not warm up when a client waits for it.
            terms: how long anything may take, and how many spares there are to be.
            used: called when a client is served.

        """
        self._spawn = spawn
        self._terms = terms
        self._used = used
        self._children: dict[int, Child] = {}
        self._queue: deque[Waiting] = deque()
        self._failures = 0
        self.served = 0
        self.last_use = time.monotonic()

    @property
    def is_busy(self) -> bool:
        """Tell whether somebody waits, or is served."""
        return bool(self._queue) or any(child.state is Child.State.SERVING for child in self._children.values())

    @property
    def is_hopeless(self) -> bool:
        """Tell whether several spares in a row have never got ready."""
        return self._failures > 2

    def add(self, client: Waiting) -> None:
        """Have a client wait."""
        self._queue.append(client)

    def by_state(self) -> dict[str, list[int]]:
        """Return the numbers of the processes in each state."""
        found: dict[str, list[int]] = {state.name.lower(): [] for state in Child.State}
        for child in self._children.values():
            found[child.state.name.lower()].append(child.pid)
        return found

    def channels(self) -> list[int]:
        """Return the descriptors at which the spares are heard."""
        return list(self._children)

    def descriptors(self) -> list[int]:
        """Return every descriptor that is open here, for a fork to close."""
        lent = [child.client for child in self._children.values() if child.client is not None]
        return [*self._children, *(client.connection.fileno() for client in (*self._queue, *lent))]

    def due(self) -> Iterator[float]:
        """Yield the times at which something is to be looked at, whatever happens."""
        now = time.monotonic()
        for child in self._children.values():
            if child.served_since + self._terms.quiet > now:
                yield child.served_since + self._terms.quiet
            if child.client is not None:
                yield child.served_since + self._terms.answer
            if self._queue and child.born + self._terms.answer > now:
                yield child.born + self._terms.answer

    def replenish(self, elsewhere: list[int], *, is_held: bool) -> None:
        """Fork the spares that are missing.

        Clients that wait come first: each gets a spare of its own, but no more at a time than there are processors.
        When nobody waits, the resting spares are replaced, but not while that would slow down a client's short run.

        Args:
            elsewhere: descriptors that are open in the worker, for a fork to close.
            is_held: whether the first client may still be at work, which has the processors to itself.

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
        elif is_held or (self._was_busy_since(begun) and any(child.state is Child.State.READY for child in warm)):
            missing = 0
        else:
            # Who serves comes back, or makes room for another one: till then one that waits is enough.
            serving = sum(child.is_warm for child in children if child.state is Child.State.SERVING)
            missing = max(1, self._terms.spares - serving) - len(warm)
            self._dismiss(warm[self._terms.spares :])
        for _ in range(missing):
            child = self._spawn([*elsewhere, *self.descriptors()], bool(self._queue))
            child.is_warm = not self._queue
            self._children[child.channel.fileno()] = child

    def hear(self, descriptor: int) -> None:
        """Hear what the spare at this descriptor says, or that it is no more."""
        child = self._children[descriptor]
        word = _word_of(child)
        if word == TAKEN:
            return
        if word in {READY, AGAIN}:
            if child.state is Child.State.SERVING and word == READY:
                self.served -= 1  # that client had no request
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

    def take_back(self) -> None:
        """Replace a spare that does not take its client: it was stopped, perhaps. The client gets another one."""
        late = time.monotonic() - self._terms.answer
        for child in self._children.values():
            if child.client is not None and child.served_since < late:
                child.kill()
                client = child.let_go()
                assert client is not None
                self._queue.appendleft(client)
                self.served -= 1

    def hand_on(self) -> None:
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
                self.served += 1
                self.last_use = time.monotonic()
                self._used()
        for child in ready:
            if not child.is_warm:
                child.kill()  # its client is gone, or was quicker served by another: a warm one is to take its place

    def end_forgotten(self) -> None:
        """End what was stopped while it served a client that is gone."""
        for child in self._children.values():
            if child.is_forgotten():
                child.kill()

    def end(self) -> None:
        """End the spares; wait, for a while, for those that serve."""
        self.end_forgotten()
        for client in self._queue:
            client.connection.close()
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

    def _next_for(self, child: Child) -> Waiting | None:
        """Return the client that a spare is for: one in which something has run is not for all."""
        return next((client for client in self._queue if not (child.is_warm and client.wants_fresh)), None)

    def _hear_last(self, child: Child) -> None:
        """Hear a child that still serves: when it has done so, it ends."""
        word = _word_of(child)
        if word == TAKEN:
            return
        if word:
            child.kill()
        reap(self._children.pop(child.channel.fileno()))


def _word_of(child: Child) -> bytes:
    """Return what a child says, nothing if it is no more; one that has taken its client has no more need of us."""
    try:
        word = child.channel.recv(1)
    except OSError:
        return b""
    if word == TAKEN and (client := child.let_go()) is not None:
        client.connection.close()
    return word
