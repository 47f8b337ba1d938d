"""Tell about the workers of this user, and end them. Neither starts one."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass

from rnnshape.worker import fingerprint, folder, protocol

_LIVELY = 3.0
_ENDING = 20.0
"""Seconds: longer than a worker waits for the clients it serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """A worker that answers.

    `since` is a Unix time, `served` the number of clients so far. `spares` are the process numbers of the spares that
    wait for a client, `warming` of those that soon will, `serving` of those that serve one now. `memory_bytes` is the
    proportional set size of the worker and its spares, None where it cannot be read. `is_ours` tells whether a query
    from here would go to it: its version, its interpreter and its environment are ours.
    """

    pid: int
    since: float
    served: int
    socket: str
    spares: tuple[int, ...]
    warming: tuple[int, ...]
    serving: tuple[int, ...]
    memory_bytes: int | None
    is_ours: bool

    @property
    def is_rested(self) -> bool:
        """Tell whether it serves nobody and has its spares ready."""
        return bool(self.spares) and not self.warming and not self.serving


def statuses() -> list[WorkerStatus]:
    """Return the status of every worker of this user, in front that of the one that a query from here would go to."""
    found = [status for status in map(_status, folder.sockets()) if status is not None]
    return sorted(found, key=lambda worker: not worker.is_ours)


def status() -> WorkerStatus | None:
    """Return the status of the worker that a query from here would go to, else of any other one of this user."""
    return next(iter(statuses()), None)


def stop() -> bool:
    """End every worker of this user, wait until it has ended with its spares, and tell whether there was one.

    A client that is being served still gets its answer, unless that takes very long.
    """
    stopped = [_stop(path) for path in folder.sockets()]
    return any(stopped)


def _status(path: str) -> WorkerStatus | None:
    told, _ = _tell(path, protocol.STATUS, seconds=_LIVELY)
    if told is None:
        return None
    try:
        pid, spares, warming = int(told["pid"]), _numbers(told["ready"]), _numbers(told["warming"])
        since = float(told["since"])
        time.localtime(since)  # is it a time at all
        return WorkerStatus(
            pid=pid,
            since=since,
            served=int(told["served"]),
            socket=path,
            spares=spares,
            warming=warming,
            serving=_numbers(told["serving"]),
            memory_bytes=_memory((pid, *spares, *warming)),
            is_ours=path == _own_path(),
        )
    except (KeyError, ValueError, OverflowError, OSError):
        # The worker of another version, which tells other things.
        return None


def _stop(path: str) -> bool:
    told, has_ended = _tell(path, protocol.STOP, seconds=_ENDING)
    if told is None or not has_ended:
        return False
    # Its descriptors are closed a moment before it is gone.
    until = time.monotonic() + _LIVELY
    while _lives(told.get("pid", "")) and time.monotonic() < until:
        time.sleep(0.002)
    return True


def _lives(pid: str) -> bool:
    return pid.isdecimal() and not protocol.is_over(int(pid))


def _tell(path: str, wish: bytes, *, seconds: float) -> tuple[dict[str, str] | None, bool]:
    """Return what the worker answers to a wish, and whether it closed the connection in this time."""
    parts: list[bytes] = []
    has_ended = False
    try:
        connection = protocol.connect(path, seconds=_LIVELY)
    except folder.NoWorker:
        return None, False
    try:
        connection.sendall(wish)
        parts.append(connection.recv(65536))
        connection.settimeout(seconds)
        while parts[-1]:
            parts.append(connection.recv(65536))
        has_ended = True
    except OSError:
        pass
    finally:
        connection.close()
    lines = b"".join(parts).decode("utf-8", "replace").splitlines()
    return (dict(line.split("=", 1) for line in lines if "=" in line) or None), has_ended


def _own_path() -> str | None:
    with contextlib.suppress(folder.NoWorker):
        return folder.socket_path(fingerprint.fingerprint())
    return None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(",") if number)


def _memory(pids: tuple[int, ...]) -> int | None:
    """Return the proportional set size of these processes together, in bytes."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("Pss:")) * 1024
        except (OSError, StopIteration):
            return None
    return total
