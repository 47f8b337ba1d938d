"""Where workers' sockets live, and whether that place can be trusted.

A client looks at every start. So: few imports, no `pathlib`, no `dataclasses`.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rnnshape.worker.fingerprint import Fingerprint

LONGEST_PATH = 103
"""Bytes of the longest path that every system takes as the address of a Unix socket."""

MOST = 2
"""Workers of one user at a time."""


class NoWorker(Exception):
    """Why no worker is used; the text is for `--debug`."""


def folder() -> str:
    """Return the path of the folder for sockets, which need not exist.

    It is the same one whatever TMPDIR says: else each job with a TMPDIR of its own left its own workers behind.
    """
    uid = os.geteuid()
    for runtime in (os.environ.get("XDG_RUNTIME_DIR", ""), f"/run/user/{uid}"):
        if runtime.startswith("/"):
            try:
                # Another user's (sudo keeps the variable): a folder of ours in it would be in that user's way.
                if os.stat(runtime).st_uid == uid:
                    return f"{runtime}/rnnshape"
            except OSError:
                continue
    return f"/tmp/rnnshape-{uid}"  # noqa: S108 - its owner and mode are checked


def check(path: str) -> None:
    """Check that a folder for sockets is a folder, ours, and closed to everybody else.

    Raises:
        NoWorker: it is not, or it is not there.

    """
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        raise NoWorker("none is there") from None
    except OSError as error:
        raise NoWorker(f"its folder cannot be read: {error}") from error
    if status.st_mode & 0o170000 != 0o040000:
        raise NoWorker(f"{path} is not a folder, or a link to one")
    if status.st_uid != os.geteuid():
        raise NoWorker(f"{path} belongs to another user")
    if status.st_mode & 0o077:
        raise NoWorker(f"{path} is open to other users (mode {status.st_mode & 0o777:o}, not 700)")


def make_folder() -> str:
    """Make the folder for sockets unless it is there, and return its path.

    Raises:
        NoWorker: it cannot be made, or what is there is not to be trusted.

    """
    path = folder()
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    except OSError as error:
        raise NoWorker(f"its folder cannot be made: {error}") from error
    check(path)
    return path


def socket_path(seen: Fingerprint) -> str:
    """Return the path of the socket of the worker with this fingerprint.

    Raises:
        NoWorker: the path is too long for a socket.

    """
    path = f"{folder()}/{seen.name()}"
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise NoWorker(f"the path of its socket is longer than {LONGEST_PATH} bytes: {path}")
    return path


def sockets() -> list[str]:
    """Return the paths of all that may be a worker's socket, the one that was used last in front.

    A worker touches its socket whenever it serves.
    """
    path = folder()
    try:
        check(path)
        found = [f"{path}/{name}" for name in os.listdir(path) if "." not in name]
        times = {name: os.stat(name).st_mtime_ns for name in found if os.path.exists(name)}
    except (NoWorker, OSError):
        return []
    return sorted(times, key=lambda name: (-times[name], name))
