"""What a worker has in memory and may do, and so which worker is the right one for a client.

A client computes all of this at every start. So: few imports, no `pathlib`, no `dataclasses`.
"""

from __future__ import annotations

import os
import sys
import time

# What `importlib.util.source_hash` calls. Another function of this kind would have to be loaded from a file first.
from _imp import source_hash

from rnnshape.worker.folder import NoWorker

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_HEAVY = ("tensorflow", "keras")
_INSTALLED = ("site-packages", "dist-packages")
_VERSIONS = (".dist-info", ".egg-info", ".egg-link")
_PREFIXES = (
    *("TF", "KERAS_", "XLA_", "CUDA_", "NVIDIA_", "OMP_", "KMP_", "GOMP_", "OPENBLAS_", "MKL_", "ONEDNN_", "DNNL_"),
    *("NPY_", "NUMPY_", "PYTHON", "LC_", "LD_", "TYPER_", "_TYPER_"),
)
# The last four are read when Typer's Rich half is imported.
_NAMES = frozenset({"LANG", "LANGUAGE", "HOME", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TERMINAL_WIDTH"})
_STATUS = ("Uid:", "Gid:", "Groups:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:", "NoNewPrivs:", "Seccomp:",
           "Cpus_allowed:", "Mems_allowed:")  # fmt: skip
_LINKS = ("root", *(f"ns/{name}" for name in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")))


class Fingerprint:
    """What a worker has in memory, or what a client would import now: equal ones are interchangeable.

    `files` are rnnshape's own files, TensorFlow's and Keras's, and the packages that are installed, one a line;
    `settings` the interpreter, the environment that is read at import, and what a process has of its parent and cannot
    be handed later (its limits, its groups, …); `config` Keras's configuration file, empty where there is none. `path`
    is `sys.path`, made absolute, and `taken` when it was taken (a Unix time).
    """

    __slots__ = ("config", "files", "path", "settings", "taken")

    def __init__(self, files: str, settings: str, config: str, path: tuple[str, ...], taken: float) -> None:
        self.files = files
        self.settings = settings
        self.config = config
        self.path = path
        self.taken = taken

    def name(self) -> str:
        """Return the fingerprint as the name of a socket: 24 hexadecimal digits."""
        text = f"{self.files}\0{self.settings}\0{self.config}".encode("utf-8", "surrogateescape")
        return (source_hash(0, text) + source_hash(1, text))[:12].hex()


def fingerprint() -> Fingerprint:
    """Return the fingerprint of what this process would import now.

    Raises:
        NoWorker: the files cannot be found, so that nothing could tell when they change.

    """
    try:
        path = tuple(entry if entry.startswith("/") else os.path.join(os.getcwd(), entry) for entry in sys.path)
    except OSError as error:
        raise NoWorker(f"the working directory is gone: {error}") from error
    return Fingerprint(files(path), "\n".join((_settings(), *inherited(), *path)), config(), path, time.time())


def files(path: tuple[str, ...]) -> str:
    """Return a line for each file that rnnshape consists of or is worth watching, by which a change can be told.

    Of rnnshape's own, that is the number of the file: a worker sees by itself what is written into one that it has in
    memory, and to ask for the time of each would take a client a millisecond.

    Raises:
        NoWorker: a file, or a package, is not there (any more).

    """
    try:
        lines = sorted(_own_lines(_PACKAGE))
    except OSError as error:
        raise NoWorker(f"rnnshape's own files cannot be read: {error}") from error
    folders = {folder for folder in path if folder.endswith(_INSTALLED)}
    for package in _HEAVY:
        folder, line = _find(package, path)
        folders.add(folder)
        lines.append(line)
    for folder in sorted(folders):
        lines += _installed(folder)
    return "\n".join(lines)


def _installed(folder: str) -> list[str]:
    """Return what tells which packages are installed in a folder: their versions, and the files that extend sys.path.

    NumPy, Rich and Typer are in memory, too: their versions are part of these names.
    """
    lines = []
    try:
        for name in sorted(os.listdir(folder)):
            if name.endswith(_VERSIONS):
                lines.append(name)
            elif name.endswith(".pth"):
                lines.append(_line(f"{folder}/{name}", os.stat(f"{folder}/{name}")))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise NoWorker(f"the installed packages cannot be listed: {error}") from error
    return lines


def _own_lines(folder: str) -> list[str]:
    lines = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name == "__pycache__":
                continue
            if entry.is_dir():
                lines += _own_lines(entry.path)
            else:
                lines.append(f"{entry.path} {entry.inode()}")
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


def inherited() -> list[str]:
    """Return what a process has of its parent and keeps, a line each.

    Its users, groups, capabilities and processors; its limits, niceness and control group; its namespaces and root.

    Raises:
        NoWorker: the system does not tell.

    """
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            found = [line.rstrip() for line in file if line.startswith(_STATUS)]
        for name in ("limits", "cgroup"):
            with open(f"/proc/self/{name}", encoding="utf-8", errors="surrogateescape") as file:
                found.append(file.read())
        found += [os.readlink(f"/proc/self/{link}") for link in _LINKS]
    except OSError as error:
        raise NoWorker(f"the system does not tell what this process may do: {error}") from error
    return [*found, str(os.getpriority(os.PRIO_PROCESS, 0)), str(os.sched_getscheduler(0))]


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
