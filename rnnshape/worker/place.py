"""Where a worker's socket lives, whether that place can be trusted, and which worker is the right one.

A client computes all of this at every start. So: few imports, no `pathlib`, no `dataclasses`.
"""

from __future__ import annotations

import os
import sys

try:
    # The same function as hashlib's, without loading OpenSSL for it: that takes longer than all the rest.
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

LONGEST_PATH = 103
"""Bytes of the longest path that every system takes as the address of a Unix socket."""

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_HEAVY = ("tensorflow", "keras")
_PREFIXES = (
    *("TF", "KERAS_", "XLA_", "CUDA_", "NVIDIA_", "OMP_", "KMP_", "GOMP_", "OPENBLAS_", "MKL_", "NPY_", "NUMPY_"),
    *("PYTHON", "LC_", "LD_", "TYPER_", "_TYPER_"),
)
# The last four are read when Typer's Rich half is imported.
_NAMES = frozenset({"LANG", "LANGUAGE", "HOME", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TERMINAL_WIDTH"})


class NoWorker(Exception):
    """Why no worker is used; the text is for `--debug`."""


class Fingerprint:
    """What a worker has in memory, or what a client would import now: equal ones are interchangeable.

    `files` are rnnshape's own files, TensorFlow's and Keras's, and the versions installed next to these, one a line;
    `settings` the interpreter and the environment that is read at import; `config` Keras's configuration file, empty
    where there is none. `path` is `sys.path`, made absolute.
    """

    __slots__ = ("config", "files", "path", "settings")

    def __init__(self, files: str, settings: str, config: str, path: tuple[str, ...]) -> None:
        self.files = files
        self.settings = settings
        self.config = config
        self.path = path

    def name(self) -> str:
        """Return the fingerprint as the name of a socket: 24 hexadecimal digits."""
        text = f"{self.files}\0{self.settings}\0{self.config}"
        return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()


def fingerprint() -> Fingerprint:
    """Return the fingerprint of what this process would import now.

    Raises:
        NoWorker: the files cannot be found, so that nothing could tell when they change.

    """
    try:
        path = tuple(entry if entry.startswith("/") else os.path.join(os.getcwd(), entry) for entry in sys.path)
    except OSError as error:
        raise NoWorker(f"the working directory is gone: {error}") from error
    return Fingerprint(files(path), _settings(), config(), path)


def files(path: tuple[str, ...]) -> str:
    """Return a line for each file that rnnshape consists of or is worth watching, with its time and size.

    Raises:
        NoWorker: a file, or a package, is not there (any more).

    """
    try:
        lines = sorted(_stat_lines(_PACKAGE))
    except OSError as error:
        raise NoWorker(f"rnnshape's own files cannot be read: {error}") from error
    folders = set()
    for package in _HEAVY:
        folder, line = _find(package, path)
        folders.add(folder)
        lines.append(line)
    for folder in sorted(folders):
        # NumPy, Rich and Typer are in memory too: their versions are part of these names.
        try:
            lines.extend(sorted(name for name in os.listdir(folder) if name.endswith(".dist-info")))
        except OSError as error:
            raise NoWorker(f"the installed packages cannot be listed: {error}") from error
    return "\n".join(lines)


def _stat_lines(folder: str) -> list[str]:
    lines = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name == "__pycache__":
                continue
            if entry.is_dir():
                lines += _stat_lines(entry.path)
            else:
                lines.append(_line(entry.path, entry.stat()))
    return lines


def _line(path: str, status: os.stat_result) -> str:
    return f"{path} {status.st_mtime_ns} {status.st_size}"


def _find(package: str, path: tuple[str, ...]) -> tuple[str, str]:
    for folder in path:
        source = f"{folder}/{package}/__init__.py"
        try:
            return folder, _line(source, os.stat(source))
        except OSError:
            continue
    raise NoWorker(f"{package} is in no folder of sys.path")


def _settings() -> str:
    read_at_import = sorted(
        f"{name}={value}" for name, value in os.environ.items() if name in _NAMES or name.startswith(_PREFIXES)
    )
    streams = f"unbuffered={writes_through()}"
    python = (sys.prefix, sys.base_prefix, sys.version, str(sys.flags), str(sys.warnoptions), str(sys._xoptions))  # noqa: SLF001 - the documented name
    return "\n".join((*python, streams, *read_at_import))


def writes_through() -> bool:
    """Tell whether Python was started with -u or `PYTHONUNBUFFERED`; no flag keeps that."""
    return any(getattr(stream, "write_through", False) for stream in (sys.__stdout__, sys.__stderr__))


def config() -> str:
    """Return the text of Keras's configuration file; empty where there is none."""
    home = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")
    try:
        with open(f"{home}/keras.json", encoding="utf-8", errors="replace") as file:
            return file.read(4096)
    except OSError:
        return ""


def folder() -> str:
    """Return the path of the folder for sockets, which need not exist."""
    uid = os.geteuid()
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/"):
        try:
            # Another user's (sudo keeps the variable): a folder of ours in it would be in that user's way.
            if os.stat(runtime).st_uid == uid:
                return f"{runtime}/rnnshape"
        except OSError:
            pass
    for name in ("TMPDIR", "TEMP", "TMP"):
        temporary = os.environ.get(name, "")
        if temporary.startswith("/"):
            return f"{temporary}/rnnshape-{uid}"
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
