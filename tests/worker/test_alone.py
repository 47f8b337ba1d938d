"""A later client gets what it would get alone, and the first one leaves nothing of its own behind."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rnnshape.worker import watching
from rnnshape.worker.folder import MOST

from .conftest import House, is_over, wait_for

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do it")


@pytest.fixture
def warm(house: House) -> House:
    house.run("say")
    house.rested()
    return house


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


# --- what can be handed over is


def test_the_folder_for_temporary_files(warm: House, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        done = warm.run("temporary", env={"TMPDIR": str(tmp_path / name)})
        assert done.stdout == f"warm {tmp_path / name}\n"


# --- what cannot is part of the fingerprint


def test_a_relative_path_to_modules_is_another_one_in_another_folder(house: House, tmp_path):
    house.env["PYTHONPATH"] = "lib"
    for name in ("a", "b"):
        (tmp_path / name / "lib").mkdir(parents=True)
    said = [house.run("say", cwd=tmp_path / name).stdout for name in ("a", "b", "a", "b")]
    assert said == ["cold\n", "cold\n", "warm\n", "warm\n"]


def test_the_folder_that_python_m_looks_in_is_the_client_s_own(house: House, tmp_path):
    house.env["PYTHONPATH"] = str(house.site)
    house.command = [sys.executable, "-m", "standin"]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    said = [house.run("say", cwd=tmp_path / name).stdout for name in ("a", "b", "a", "b")]
    assert said == ["cold\n", "cold\n", "warm\n", "warm\n"]


CHANGES = {
    "niceness": lambda: os.nice(5),
    "a limit of time": lambda: resource.setrlimit(resource.RLIMIT_CPU, (1000, 1000)),
    "a limit of memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (2**36, 2**36)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_limits_and_niceness_are_the_client_s_own(warm: House, change):
    assert warm.run("say", preexec_fn=CHANGES[change]).stdout == "cold\n"
    assert warm.run("say").stdout == "warm\n"


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one processor")
def test_processors_are_the_client_s_own(warm: House):
    one = {min(os.sched_getaffinity(0))}
    assert warm.run("say", preexec_fn=lambda: os.sched_setaffinity(0, one)).stdout == "cold\n"


@root
def test_groups_are_the_client_s_own(warm: House):
    assert warm.run("say", preexec_fn=lambda: os.setgroups([54321])).stdout == "cold\n"


@root
def test_the_control_group_is_the_client_s_own(warm: House):
    mounted = [Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")]  # beside version 1, or alone
    above = next((path for path in mounted if (path / "cgroup.procs").exists()), None)
    if above is None:
        pytest.skip("this system has no control groups of version 2")
    group = above / f"rnnshape-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        pytest.skip("this system makes no control group")
    script = f'echo $$ > {group}/cgroup.procs && exec "$@"'
    try:
        # With "auto" no worker is left behind in the group.
        auto = {"RNNSHAPE_WORKER": "auto"}
        done = warm.run("say", env=auto, command=["sh", "-c", script, "sh", *warm.command])
    finally:
        wait_for(lambda: not (group / "cgroup.procs").read_text())
        group.rmdir()
    assert done.stdout == "cold\n", done.stderr
    assert warm.run("say").stdout == "warm\n"


@root
def test_another_view_of_the_files_is_another_worker_s(warm: House):
    unshared = ["unshare", "--mount", *warm.command]
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system gives no namespace")
    assert warm.run("say", command=unshared).stdout == "cold\n"


def test_a_file_that_extends_the_path_is_noticed(house: House, tmp_path):
    site = tmp_path / "site-packages"
    site.mkdir()
    house.env["PYTHONPATH"] = str(site)
    house.run("say")
    assert house.run("say").stdout == "warm\n"
    (site / "new.pth").write_text("")
    assert house.run("say").stdout == "cold\n"


def test_a_package_in_another_folder_that_is_upgraded_is_noticed(house: House, tmp_path):
    site = tmp_path / "site-packages"
    (site / "numpy-1.0.dist-info").mkdir(parents=True)
    house.env["PYTHONPATH"] = str(site)
    house.run("say")
    (site / "numpy-1.0.dist-info").rename(site / "numpy-1.1.dist-info")
    assert house.run("say").stdout == "cold\n"


def test_an_edit_of_any_file_in_memory_ends_the_worker(warm: House):
    pid = warm.worker().pid
    with (warm.site / "standin.py").open("a") as file:  # no file of rnnshape's, nor one that is listed
        file.write("\n")
    assert warm.run("say").stdout == "cold\n"
    wait_for(lambda: is_over(pid))


def test_a_file_that_is_written_next_to_those_in_memory_while_python_compiles_is_none(warm: House):
    (warm.site / "__pycache__").mkdir(exist_ok=True)
    assert warm.run("say").stdout == "warm\n"


def test_without_a_system_that_tells_files_are_looked_at(monkeypatch, tmp_path):
    path = tmp_path / "imported.py"
    path.write_text("")
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: None)
    monkeypatch.setattr(watching, "module_files", lambda: iter([str(path)]))
    watch = watching.Watch()
    assert (watch.descriptor, watch.tells()) == (None, False)
    os.utime(path, (1, 1))
    assert watch.tells()


def test_what_is_imported_later_is_watched_too(monkeypatch, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(watching, "module_files", lambda: iter([str(tmp_path / "a" / "m.py")]))
    watch = watching.Watch()
    monkeypatch.setattr(watching, "module_files", lambda: iter([str(tmp_path / "b" / "m.py")]))
    (tmp_path / "b" / "m.py").write_text("")
    assert not watch.tells()
    watch.follow()
    (tmp_path / "b" / "m.py").write_text("changed")
    assert watch.tells()
    os.close(watch.descriptor)


# --- a user's own code


def test_a_user_s_code_gets_a_process_in_which_nothing_has_run(warm: House):
    assert warm.run("warmed", "LSTM(4)").stdout == "warm warmed up\n"
    warm.rested()
    assert warm.run("warmed", "cells.py:Cell(4)").stdout == "warm fresh\n"
    warm.rested()
    assert warm.run("warmed", "gru").stdout == "warm warmed up\n"


def test_a_user_s_code_that_ends_its_process_is_not_run_twice(warm: House):
    done = warm.run("end", "cells.py:Cell(4)")
    assert (done.returncode, done.stdout) == (1, "")
    assert "ended in the middle" in done.stderr
    assert (warm.path / "mark").read_text() == "warm\n"


# --- stopping


SHELL = """
import os, subprocess, sys
job = subprocess.Popen(sys.argv[1:], preexec_fn=os.setpgrp)
print(job.pid, flush=True)
job.wait()
"""
"""What a shell does with a job: a group of its own in the shell's session. In any other a Ctrl-Z does nothing."""


def test_both_stop_and_both_go_on(warm: House, tmp_path):
    file = tmp_path / "go on"
    shell = subprocess.Popen(
        [sys.executable, "-c", SHELL, *warm.command, "wait", str(file)],
        env=warm.env,
        cwd=warm.path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    client = int(shell.stdout.readline())
    assert shell.stdout.readline() == "warm begun\n"
    (serving,) = warm.worker().serving
    os.kill(client, signal.SIGTSTP)
    wait_for(lambda: (state(client), state(serving)) == ("T", "T"))
    os.kill(client, signal.SIGCONT)
    file.touch()
    assert shell.communicate(timeout=60)[0] == "finished\n"


def test_a_spare_that_is_stopped_is_replaced(warm: House):
    spares = warm.worker().spares
    for pid in spares:
        os.kill(pid, signal.SIGSTOP)
    assert warm.run("say", "a").stdout == "warm a\n"
    wait_for(lambda: all(map(is_over, spares)))


def test_a_spare_that_is_stopped_when_it_has_its_client_is_replaced(house: House, monkeypatch):
    """It cannot be known in time: so the client is taken back after a while."""
    house.run("say", env={"STANDIN_ANSWER": "0.3", "STANDIN_SEES": "nothing"})
    spares = house.rested().spares
    for pid in spares:
        os.kill(pid, signal.SIGSTOP)
    assert house.run("say", "a").stdout == "warm a\n"
    wait_for(lambda: any(map(is_over, spares)))


def test_a_process_that_another_one_has_stopped_goes_on_while_its_client_does(warm: House):
    client = warm.start("begin", "0.5")
    assert client.stdout.readline() == "warm begun\n"
    os.kill(warm.worker().serving[0], signal.SIGSTOP)
    assert client.communicate(timeout=60)[0] == "finished\n"


def test_a_process_that_was_stopped_with_its_client_ends_with_it(warm: House):
    client = warm.start("begin", "60")
    assert client.stdout.readline() == "warm begun\n"
    (serving,) = warm.worker().serving
    os.kill(client.pid, signal.SIGSTOP)
    os.kill(serving, signal.SIGSTOP)
    client.kill()
    client.communicate(timeout=60)
    wait_for(lambda: is_over(serving))


def test_a_stopped_process_ends_with_its_client_though_the_worker_is_gone(warm: House):
    client = warm.start("begin", "60")
    assert client.stdout.readline() == "warm begun\n"
    (serving,) = warm.worker().serving
    os.kill(client.pid, signal.SIGSTOP)
    os.kill(serving, signal.SIGSTOP)
    os.kill(warm.worker().pid, signal.SIGKILL)
    client.kill()
    client.communicate(timeout=60)
    wait_for(lambda: is_over(serving))


# --- what is left behind


def test_nothing_of_the_first_client_can_be_read_in_the_worker(house: House):
    house.run("say", "my word", env={"MY_SECRET": "hunter2"})
    worker = house.rested()
    for pid in (worker.pid, *worker.spares):
        for name in ("environ", "cmdline"):
            shown = Path(f"/proc/{pid}/{name}").read_bytes()
            assert b"hunter2" not in shown
            assert b"my word" not in shown
    assert Path(f"/proc/{worker.pid}/cmdline").read_text().startswith("rnnshape worker ")
    house.run("surroundings", env={"MY_SECRET": "mine"})
    assert "mine" in house.run("surroundings", env={"MY_SECRET": "mine"}).stdout


STATUS = """
import sys; sys.path[0] = {site!r}
from rnnshape.worker import admin
print(*(worker.pid for worker in admin.statuses()))
"""


def test_there_are_never_more_than_two_workers(house: House):
    for number in range(5):
        assert house.run("say", env={"OMP_NUM_THREADS": str(number + 1)}).stdout == "cold\n"
        wait_for(lambda: all(worker.is_rested for worker in house.workers()) and house.workers())
        wait_for(lambda: len(house.workers()) <= MOST)
    assert len(house.workers()) == MOST
    told = house.run(command=[sys.executable, "-c", STATUS.format(site=str(house.site))]).stdout
    assert sorted(map(int, told.split())) == sorted(worker.pid for worker in house.workers())
    # The two that were used last are those that are left.
    assert house.run("say", env={"OMP_NUM_THREADS": "5"}).stdout == "warm\n"
    assert house.run("say", env={"OMP_NUM_THREADS": "4"}).stdout == "warm\n"
    assert house.run("say", env={"OMP_NUM_THREADS": "1"}).stdout == "cold\n"
