"""How the first client leaves a worker behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from typing import NoReturn

from rnnshape.worker import child, fingerprint, folder, process, protocol, server
from rnnshape.worker.fingerprint import Fingerprint
from rnnshape.worker.folder import NoWorker
from rnnshape.worker.forgetting import forget
from rnnshape.worker.program import Program
from rnnshape.worker.server import Server
from rnnshape.worker.spares import Terms
from rnnshape.worker.watching import Watch, module_files, own_files

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
    now = Fingerprint(fingerprint.files(seen.path), seen.settings, fingerprint.config(), seen.path, seen.taken)
    if now.files != seen.files or (seen.config and now.config != seen.config):
        raise NoWorker("a file changed while it was imported")
    # Keras writes its configuration file when it finds none: what it wrote is what it has in memory.
    path = folder.socket_path(now)
    folder.make_folder()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    around = child.Surroundings(environ)
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
    program: Program, seen: Fingerprint, path: str, around: child.Surroundings, terms: Terms, hold: int
) -> None:
    found = _listen(path)
    if found is None:
        return
    listener, owned = found

    def spawn(close: list[int], is_awaited: bool) -> process.Child:  # noqa: FBT001
        def live(channel: socket.socket) -> NoReturn:
            child.live(channel, program, around, is_awaited=is_awaited)

        return process.fork_child(live, close)

    watch = Watch()
    try:
        if any(_changed_since(file, seen.taken) for file in module_files()):
            return
        forget(f"rnnshape worker {path}")
        _make_room(path)
        begun = time.time()
        program.prepare()
        watch.follow()
        if any(_changed_since(file, begun) for file in module_files()):
            return

        def is_right() -> bool:
            # A file system that others write to, too, may tell nobody.
            is_same = server.still_as(seen) and not any(_changed_since(file, begun) for file in own_files())
            return is_same and server.still_owns(path, owned) and not _is_one_too_many(path)

        Server(
            listener,
            spawn=spawn,
            still_right=is_right,
            terms=terms,
            hold=hold,
            watch=watch,
            used=lambda: _touch(path),
        ).run()
    finally:
        if server.still_owns(path, owned):
            os.unlink(path)


def _changed_since(file: str, begun: float) -> bool:
    try:
        return os.stat(file).st_mtime > begun
    except OSError:
        return False  # a module from an archive, say


def _make_room(path: str) -> None:
    """End the workers beyond the most that there may be, those that were not used for the longest time."""
    _touch(path)
    for other in [one for one in folder.sockets() if one != path][folder.MOST - 1 :]:
        with contextlib.suppress(OSError, NoWorker):
            connection = protocol.connect(other, seconds=1)
            connection.sendall(protocol.STOP)
            connection.close()


def _is_one_too_many(path: str) -> bool:
    """Tell whether enough other workers were used since this one was."""
    return path in folder.sockets()[folder.MOST :]


def _touch(path: str) -> None:
    """Note in the time of a worker's socket that it was used now."""
    with contextlib.suppress(OSError):
        os.utime(path)


def _ended_if_stopped(pid: int) -> bool:
    """Have a worker that was stopped go on and end, and tell whether that was the case."""
    if not protocol.is_stopped(pid):
        return False
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGCONT)
    return True


def _listen(path: str) -> tuple[socket.socket, os.stat_result] | None:
    """Return a socket that listens at the path, and what it is there; None where a worker lives there already.

    A stale socket, whose worker was killed, is replaced, and so is a worker that somebody has stopped. Of two workers
    that come at the same moment the later takes the path; the other notices at its first look.
    """
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            try:
                probe.connect(path)
            except TimeoutError:
                return None
            if not _ended_if_stopped(protocol.peer_process(probe)):
                return None
    listener = socket.socket(socket.AF_UNIX)
    temporary = f"{path}.{os.getpid()}"
    listener.bind(temporary)
    listener.listen(_BACKLOG)
    # Looked at before the renaming: right behind it, another one may have taken the path.
    owned = os.stat(temporary)
    os.rename(temporary, path)
    return listener, owned
