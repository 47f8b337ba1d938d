"""How much memory there is, read from made-up systems."""

from __future__ import annotations

import os

import pytest

from rnnshape.run.layer import memory

MEMINFO = {"/proc/meminfo": "MemTotal: 9 kB\nMemAvailable: 4000000 kB\n"}
UNIFIED = "30 23 0:26 {root} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
MEMORY = "35 31 0:32 {root} /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
OTHERS = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n33 1 0:1 / / rw - ext4 /dev/vda rw\n"


def reader(files):
    def read(path):
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    return read


def version_1(folder, limit, used, cached=0):
    at = f"/sys/fs/cgroup/memory{folder}"
    stat = f"cache 7\ninactive_file 1\ntotal_inactive_file {cached}\n"
    return {f"{at}/memory.limit_in_bytes": limit, f"{at}/memory.usage_in_bytes": used, f"{at}/memory.stat": stat}


def version_2(folder, limit, used, cached=0):
    at = f"/sys/fs/cgroup{folder}"
    return {f"{at}/memory.max": limit, f"{at}/memory.current": used, f"{at}/memory.stat": f"inactive_file {cached}\n"}


def system(groups, mounts, *files):
    found = {"/proc/self/cgroup": groups, "/proc/self/mountinfo": OTHERS + mounts}
    for more in files:
        found |= more
    return found


V2, V1 = UNIFIED.format(root="/"), MEMORY.format(root="/")
DOCKER = MEMORY.format(root="/docker/abc")

# what: the files, and what each group leaves, from the inside out
GROUPS = {
    "none": ({}, []),
    "unreadable mounts": ({"/proc/self/cgroup": "0::/\n"}, []),
    "the root of version 2 has no limit": (system("0::/\n", V2), []),
    "a container of version 2": (system("0::/\n", V2, version_2("", "3000\n", "1000\n")), [2000]),
    "no limit": (system("0::/\n", V2, version_2("", "max\n", "1000\n")), []),
    "a limit that is reached": (system("0::/\n", V2, version_2("", "3000", "5000")), [0]),
    "a cache is given up": (system("0::/\n", V2, version_2("", "3000", "2500", 1500)), [2000]),
    "nested, each limited": (
        system(
            "0::/a/b/c\n",
            V2,
            version_2("/a/b/c", "max", "10"),
            version_2("/a/b", "3000", "1000"),
            version_2("/a", "9000", "8500"),
        ),
        [2000, 500],
    ),
    "version 1": (system("4:cpu:/x\n2:memory:/\n", V1, version_1("", "3000", "1000")), [2000]),
    "version 1, nested, several controllers": (
        system(
            "4:cpu,memory:/a/b\n0::/\n",
            V1,
            version_1("/a/b", "9223372036854771712", "0"),
            version_1("/a", "700", "300", 100),
        ),
        [9223372036854771712, 500],
    ),
    "version 1 in a container that sees its own group alone": (
        system("2:memory:/docker/abc\n", DOCKER, version_1("", "3000", "1000")),
        [2000],
    ),
    "version 1 in a group inside of that": (
        system("2:memory:/docker/abc/in\n", DOCKER, version_1("/in", "900", "100"), version_1("", "3000", "1000")),
        [800, 2000],
    ),
    "a group that is not seen from here": (
        system("0::/../elsewhere\n", V2, version_2("", "3000", "1000"), version_2("/elsewhere", "1", "0")),
        [2000],
    ),
    "both versions": (
        system("2:memory:/a\n0::/b\n", V1 + V2, version_1("/a", "3000", "1000"), version_2("/b", "50", "10")),
        [2000, 40],
    ),
    "another controller's limit is none": (system("4:cpu:/x\n", V1, version_1("/x", "1", "1")), []),
}


@pytest.mark.parametrize(("files", "expected"), GROUPS.values(), ids=GROUPS)
def test_every_control_group_around_counts(files, expected):
    assert list(memory.of_groups(reader(files))) == expected


@pytest.mark.parametrize(
    ("files", "limit", "expected"),
    [
        (MEMINFO, -1, 4_096_000_000),
        ({**MEMINFO, **GROUPS["a container of version 2"][0]}, -1, 2000),
        ({**MEMINFO, **GROUPS["nested, each limited"][0]}, -1, 500),
        ({**MEMINFO, "/proc/self/statm": "1000 0"}, 5_096_000, 1_000_000),
        ({**MEMINFO, "/proc/self/statm": "9000 0"}, 5_096_000, 0),
        ({**MEMINFO, "/proc/self/statm": ""}, 5_096_000, 4_096_000_000),
    ],
)
def test_the_memory_is_the_least_that_any_limit_leaves(monkeypatch, files, limit, expected):
    import resource

    monkeypatch.setattr(memory, "read_file", reader(files))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    monkeypatch.setattr("os.sysconf", lambda _: 4096)
    assert memory.available_memory() == expected


def test_a_system_that_tells_little_of_its_memory(monkeypatch):
    monkeypatch.setattr("os.sysconf", lambda name: {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}[name])
    assert memory.of_machine(reader({})) == 2_048_000
    assert memory.of_machine(reader({"/proc/meminfo": "MemTotal: 9 kB\nMemAvailable:\n"})) == 2_048_000
    monkeypatch.delattr("os.sysconf")
    assert memory.of_machine(reader({})) == 2**31


def test_processes_that_share_the_work_share_the_memory_but_not_their_own_limits(monkeypatch):
    monkeypatch.setattr(memory, "read_file", reader(MEMINFO))
    monkeypatch.setattr(memory, "own_limit", lambda _: None)
    monkeypatch.setattr(memory, "_sharing", [])
    memory.share_among(4)
    assert memory.available_memory() == 1_024_000_000
    monkeypatch.setattr(memory, "own_limit", lambda _: 1_500_000_000)
    assert memory.available_memory() == 1_024_000_000
    memory.share_among(1)
    assert memory.available_memory() == 1_500_000_000


def test_the_memory_of_this_machine():
    assert 2**20 < memory.available_memory() < 2**50
    assert memory.read_file("/proc/self/stat" if os.path.exists("/proc") else __file__)
