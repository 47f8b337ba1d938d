"""What a process was like before a run, so that it can be so again for the next client.

Here is what belongs to the process and to Python; what belongs to the program's libraries is the program's to put back.
Whatever differs and cannot be put back for sure ends the process: a fresh one costs no client anything.
"""

from __future__ import annotations

import atexit
import gc
import locale
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

from rnnshape.worker import fingerprint
from rnnshape.worker.folder import NoWorker

_LISTS = ("path", "meta_path", "path_hooks")
_HOOKS = ("excepthook", "unraisablehook", "displayhook", "breakpointhook", "dont_write_bytecode", "tracebacklimit")
_GROWTH = 48 * 2**20
"""Bytes by which a process may grow before another one takes its place."""


class Before:
    """What this process is like now. `libraries` are the packages of which a run may import more than it found."""

    def __init__(self, libraries: frozenset[str]) -> None:
        """Look at everything that a run could leave changed."""
        self._libraries = libraries | sys.stdlib_module_names
        self._modules = dict(sys.modules)
        self._lists = {name: list(getattr(sys, name)) for name in _LISTS}
        self._hooks = {name: getattr(sys, name, None) for name in _HOOKS}
        self._limit = sys.getrecursionlimit(), sys.getswitchinterval()
        self._signals = {number: signal.getsignal(number) for number in signal.valid_signals()}
        self._filters = list(warnings.filters)
        self._show = warnings.showwarning, warnings.formatwarning
        self._environ = dict(os.environb)
        self._locale = locale.setlocale(locale.LC_ALL)
        self._collects = gc.isenabled()
        self._memory = resident()
        self._fixed = [look() for look in _FIXED]

    def put_back(self) -> bool:
        """Put back what a run may change, and tell whether this process is as it was, but for what it has learned."""
        try:
            is_same = [look() for look in _FIXED] == self._fixed and self._has_its_modules()
        except (OSError, NoWorker):
            return False
        if not is_same:
            return False
        self._put_back_python()
        self._put_back_signals()
        os.chdir("/")
        os.umask(0o077)
        for name in os.environb.keys() - self._environ.keys():
            del os.environb[name]
        os.environb.update(self._environ)
        if locale.setlocale(locale.LC_ALL) != self._locale:
            locale.setlocale(locale.LC_ALL, self._locale)
        gc.collect()
        (gc.enable if self._collects else gc.disable)()
        return resident() - self._memory <= _GROWTH

    def _has_its_modules(self) -> bool:
        """Tell whether every module is there still, and no other one came but of the libraries."""
        kept = all(sys.modules.get(name) is module for name, module in self._modules.items())
        return kept and all(name.partition(".")[0] in self._libraries for name in sys.modules.keys() - self._modules)

    def _put_back_python(self) -> None:
        for name, entries in self._lists.items():
            getattr(sys, name)[:] = entries
        for name, hook in self._hooks.items():
            if getattr(sys, name, None) is not hook:
                setattr(sys, name, hook)
        sys.setrecursionlimit(self._limit[0])
        sys.setswitchinterval(self._limit[1])
        random.seed()
        warnings.filters[:] = self._filters  # type: ignore[index]  # a list, whatever it is declared as
        warnings.showwarning, warnings.formatwarning = self._show
        # Which warnings were shown already is forgotten when the filters change, and leaving the block says they did.
        with warnings.catch_warnings():
            pass

    def _put_back_signals(self) -> None:
        for number, handler in self._signals.items():
            if signal.getsignal(number) is not handler and handler is not None:
                signal.signal(number, handler)


def _has_child() -> bool:
    """Tell whether a process that was forked here is left, or has ended unnoticed."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def _descriptors() -> frozenset[str]:
    folder = "/proc/self/fd"
    # The listing itself opens one, which is closed by then.
    return frozenset(name for name in os.listdir(folder) if os.path.lexists(f"{folder}/{name}"))


def _trace() -> tuple[Any, Any]:
    return sys.gettrace(), sys.getprofile()


_FIXED: tuple[Callable[[], Any], ...] = (
    threading.active_count,
    atexit._ncallbacks,  # noqa: SLF001 - the only way to know
    _has_child,
    _descriptors,
    _trace,
    fingerprint.inherited,
    lambda: signal.pthread_sigmask(signal.SIG_BLOCK, []),
    lambda: [signal.getitimer(which)[0] for which in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)],
)
"""What nothing but a user's code changes, and what is not put back: it has to be the same."""


def resident(pid: int | None = None) -> int:
    """Return the bytes of memory that a process has, by default this one; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid or 'self'}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
