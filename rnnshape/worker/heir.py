"""How the first client leaves a worker behind."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Mapping
from typing import NoReturn

from rnnshape.worker import place, process, server, spare
from rnnshape.worker.place import Fingerprint, NoWorker
from rnnshape.worker.program import Program
from rnnshape.worker.server import Server, Terms

_BACKLOG = 128


def terms() -> Terms:
    """Return the terms of a worker, with the idle time of `RNNSHAPE_WORKER_IDLE`: seconds, else the default."""
    with contextlib.suppress(ValueError):
        idle = float(os.environ.get("RNNSHAPE_WORKER_IDLE", ""))
        if 0 < idle < float("inf"):
            return Terms(idle=idle)
    return Terms()


def leave_behind(program: Program, seen: Fingerprint, environ: Mapping[bytes, bytes], terms: Terms) -> None:
    """Fork the worker. Call it after the imports and before any operation; this process goes on as if nothing were.

    Args:
        program: what the worker's spares run.
        seen: the fingerprint, taken before the imports.
        environ: the environment before the imports.
        terms: how the worker lives.

    Raises:
        NoWorker: there is none to be had.

    """
    now = Fingerprint(place.files(seen.path), seen.settings, place.config(), seen.path)
    if now.files != seen.files or (seen.config and now.config != seen.config):
        raise NoWorker("a file changed while it was imported")
    # Keras writes its configuration file when it finds none: what it wrote is what it has in memory.
    path = place.socket_path(now)
    place.make_folder()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    around = spare.Surroundings(environ)
    try:
        # This process keeps the other end until it exits, and the worker waits for that before it takes up the CPU.
        hold, _ = os.pipe()
        pid = process.fork()
    except OSError as error:
        raise NoWorker(f"it cannot be forked: {error}") from error
    if pid == 0:
        try:
            process.detach([hold])
            _become(program, now, path, around, terms, hold)
        finally:
            os._exit(0)


def _become(
    program: Program, seen: Fingerprint, path: str, around: spare.Surroundings, terms: Terms, hold: int
) -> None:
    found = _listen(path)
    if found is None:
        return
    listener, owned = found

    def spawn(close: list[int], is_awaited: bool) -> process.Child:  # noqa: FBT001
        def live(channel: socket.socket) -> NoReturn:
            spare.live(channel, program, around, is_awaited=is_awaited)

        return process.fork_child(live, close)

    try:
        program.prepare()
        Server(
            listener,
            spawn=spawn,
            still_right=lambda: server.still_owns(path, owned) and server.still_as(seen),
            terms=terms,
            hold=hold,
        ).run()
    finally:
        if server.still_owns(path, owned):
            os.unlink(path)


def _listen(path: str) -> tuple[socket.socket, os.stat_result] | None:
    """Return a socket that listens at the path, and what it is there; None where a worker lives there already.

    A stale socket, whose worker was killed, is replaced. Of two workers that come at the same moment the later takes
    the path; the other notices at its first look.
    """
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            try:
                probe.connect(path)
            except TimeoutError:
                return None
            return None
    listener = socket.socket(socket.AF_UNIX)
    temporary = f"{path}.{os.getpid()}"
    listener.bind(temporary)
    listener.listen(_BACKLOG)
    # Looked at before the renaming: right behind it, another one may have taken the path.
    owned = os.stat(temporary)
    os.rename(temporary, path)
    return listener, owned
