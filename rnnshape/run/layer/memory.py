"""How much memory there is: what the machine, the control groups around this process and its own limits leave of it.

The readers take the function that reads a file, so that the files of any system can be given to them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

Read = Callable[[str], str]
"""Takes the path of a file and returns its text. Raises OSError where it cannot be read."""

_UNTOLD = 2**31
"""What is taken for granted where the system tells nothing."""
_sharing: list[int] = []


def share_among(processes: int) -> None:
    """Note that so many processes, this one among them, share what memory there is."""
    _sharing[:] = [processes]


def available_memory() -> int:
    """Return the bytes that this process may still allocate, other processes that share the work counted in."""
    own = own_limit(read_file)
    everyones = min([of_machine(read_file), *of_groups(read_file)]) // (_sharing[0] if _sharing else 1)
    return everyones if own is None else min(everyones, own)


def read_file(path: str) -> str:
    """Return the text of a file of the system's."""
    return Path(path).read_text(encoding="utf-8", errors="replace")


def of_machine(read: Read) -> int:
    """Return the bytes that the machine has left, or half of what it has where it tells no more than that."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in read("/proc/meminfo").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return _UNTOLD


def own_limit(read: Read) -> int | None:
    """Return the bytes that the limit of this process's addresses leaves; None where there is no limit."""
    with contextlib.suppress(ImportError, OSError, ValueError, IndexError):
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            pages = int(read("/proc/self/statm").split()[0])
            return max(0, soft - pages * os.sysconf("SC_PAGE_SIZE"))
    return None


def of_groups(read: Read) -> Iterator[int]:
    """Yield the bytes that each control group around this process leaves, of version 1 and 2, from the inside out."""
    try:
        groups = read("/proc/self/cgroup").splitlines()
        mounts = [_Mount.read(line) for line in read("/proc/self/mountinfo").splitlines()]
    except OSError:
        return
    for line in groups:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "memory" not in controllers.split(","):
            continue
        names = _VERSION_1 if controllers else _VERSION_2
        for mount in mounts:
            if mount.is_of(names.kind):
                for folder in mount.folders(path):
                    yield from _left_in(folder, names, read)


@dataclass(frozen=True, slots=True)
class _Names:
    """What the files of one version of control groups are called."""

    kind: str
    limit: str
    used: str
    cache: str


_VERSION_1 = _Names("cgroup", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_VERSION_2 = _Names("cgroup2", "memory.max", "memory.current", "inactive_file")


@dataclass(frozen=True, slots=True)
class _Mount:
    """Which folder of a file system is seen where."""

    root: str
    point: str
    kind: str
    options: str

    @classmethod
    def read(cls, line: str) -> _Mount:
        """Return the mount that a line of /proc/self/mountinfo tells of (see `man 5 proc`)."""
        before, _, after = line.partition(" - ")
        words, kinds = [*before.split(), *[""] * 5], [*after.split(), *[""] * 3]
        return cls(root=words[3], point=words[4], kind=kinds[0], options=kinds[2])

    def is_of(self, kind: str) -> bool:
        """Tell whether the memory of control groups of this version is seen here."""
        return self.kind == kind and (kind == "cgroup2" or "memory" in self.options.split(","))

    def folders(self, group: str) -> Iterator[str]:
        """Yield the folders of the group and of all around it, as far out as they are seen here."""
        inside = PurePosixPath(group)
        # In a container the group may lie outside of what is mounted: its own folder is the mounted one.
        is_seen = inside.is_relative_to(self.root) and ".." not in inside.parts
        here = PurePosixPath(self.point) / (inside.relative_to(self.root) if is_seen else "")
        for folder in (here, *here.parents):
            yield str(folder)
            if str(folder) == self.point:
                return


def _left_in(folder: str, names: _Names, read: Read) -> Iterator[int]:
    with contextlib.suppress(OSError, ValueError):
        # The word max stands for no limit. What is cached of files is given up when memory is asked for.
        limit = int(read(f"{folder}/{names.limit}"))
        used = int(read(f"{folder}/{names.used}"))
        yield max(0, limit - max(0, used - _cached(folder, names, read)))


def _cached(folder: str, names: _Names, read: Read) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in read(f"{folder}/memory.stat").splitlines():
            name, _, number = line.partition(" ")
            if name == names.cache:
                return int(number)
    return 0
