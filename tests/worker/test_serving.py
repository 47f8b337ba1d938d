"""One client and its spare: the same bytes and status as without, whatever happens to either of them."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time

import pytest

from .conftest import House, is_over, read_terminal, wait_for

WITHOUT = {"RNNSHAPE_WORKER": "off"}


def same(house: House, *words: str, env: dict[str, str] | None = None, **options):
    """Run it in a worker, then without one, and compare, but for the word that tells which it was."""
    served = house.worker().served
    warm = house.run(*words, env=env, **options)
    assert house.worker().served == served + 1
    cold = house.run(*words, env={**(env or {}), **WITHOUT}, **options)
    assert warm.returncode == cold.returncode
    assert (warm.stdout or "").replace("warm", "cold").replace("'RNNSHAPE_WORKER', 'on'", "") == (
        cold.stdout or ""
    ).replace("'RNNSHAPE_WORKER', 'off'", "")
    assert warm.stderr == cold.stderr
    return warm


@pytest.fixture
def warm(house: House) -> House:
    house.run("say")
    house.rested()
    return house


def test_output_and_status(warm: House):
    assert same(warm, "fail", "7").returncode == 7
    assert same(warm, "say", "a b", "", "ü", "x\ny").stdout == "warm a b  ü x\ny\n"


def test_calls_take_no_memory_anew_at_any_depth(warm: House):
    assert same(warm, "descend", "700").stdout == "warm 0\n"


def test_a_defect_looks_the_same(warm: House):
    done, cold = warm.run("raise"), warm.run("raise", env=WITHOUT)
    assert (done.returncode, done.stdout) == (cold.returncode, cold.stdout) == (1, "before\n")
    assert done.stderr.splitlines()[-1] == cold.stderr.splitlines()[-1] == "RuntimeError: a defect"


def test_directory_umask_environment_and_streams(warm: House, tmp_path):
    below = tmp_path / "below"
    below.mkdir()
    env = {"WHATEVER": "a=b\nc", "EMPTY": "", "TZ": "Asia/Tokyo"}
    same(warm, "surroundings", "--x", env=env, cwd=below, umask=0o027)
    same(warm, "surroundings", input="read\r\nthis\n")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_closed_stream(warm: House, number: int):
    redirection = ("<&-", ">&-", "2>&-")[number]
    command = ["sh", "-c", f'exec "$@" {redirection}', "sh", *warm.command]
    same(warm, "surroundings", command=command)


@pytest.mark.parametrize("variables", [{"PYTHONUNBUFFERED": "1"}, {"PYTHONIOENCODING": "latin-1:replace"}])
def test_streams_as_the_environment_asks(house: House, variables: dict[str, str]):
    house.env |= variables
    house.run("say")
    house.rested()
    same(house, "surroundings")


def test_streams_of_a_worker_whose_first_client_had_none(house: House):
    house.run("say", command=["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *house.command])
    house.rested()
    same(house, "surroundings")


def test_a_terminal(warm: House):
    seen = []
    for env in ({}, WITHOUT):
        ours, theirs = pty.openpty()
        warm.run("surroundings", env=env, stdout=theirs, stderr=subprocess.PIPE)
        os.close(theirs)
        seen.append(read_terminal(ours).replace("warm", "cold").replace("'on'", "'off'"))
    assert seen[0] == seen[1]
    assert ", True, False, True) True" in seen[0]  # a line at a time, through a buffer, on a terminal


def test_a_directory_that_is_gone(warm: House, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    script = 'cd "$1" && rmdir "$1" && shift && exec "$@"'
    done = warm.run("say", command=["sh", "-c", script, "sh", str(gone), *warm.command])
    assert done.stdout in {"cold\n", "warm\n"}
    assert done.returncode == 0


def test_a_broken_pipe(warm: House):
    script = '"$@" | head -n 2; wait'
    done = warm.run("flood", command=["sh", "-c", script, "sh", *warm.command])
    assert (done.stdout, done.stderr) == ("0\n1\n", "")
    wait_for(lambda: not warm.worker().serving)


def test_a_large_request(warm: House):
    words = ["x" * 100_000] * 8
    assert warm.run("say", *words).stdout == " ".join(["warm", *words]) + "\n"


def test_many_at_once(house: House):
    house.run("say")
    clients = [house.start("say", str(number)) for number in range(50)]
    for number, client in enumerate(clients):
        assert client.communicate(timeout=60) == (f"warm {number}\n", "")
        assert client.returncode == 0
    assert house.rested().served == 50


def test_each_client_has_a_process_of_its_own(warm: House):
    for _ in range(3):
        warm.run("mark")
    assert (warm.path / "mark").read_text() == "warm\n" * 3


def signalled(house: House, number: int, *words: str) -> subprocess.Popen[str]:
    client = house.start(*words)
    wait_for(lambda: house.worker().serving)
    (child,) = house.worker().serving
    if words[0] == "begin":
        assert client.stdout.readline() == "warm begun\n"
    else:
        time.sleep(0.1)
    client.send_signal(number)
    assert client.communicate(timeout=60) == ("", "")
    wait_for(lambda: is_over(child))
    return client


def test_interrupt(warm: House):
    client = signalled(warm, signal.SIGINT, "begin", "50")
    assert client.returncode == 130


def test_an_interrupt_that_a_background_job_ignores(warm: House):
    # A shell without job control has its background jobs ignore it.
    script = '"$@" & sleep 0.3; kill -INT $!; wait $!; echo "status $?"'
    done = warm.run("later", "1", command=["sh", "-c", script, "sh", *warm.command])
    assert done.stdout == "warm at last\nstatus 0\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_client_that_is_ended_takes_its_process_along(warm: House, number: int):
    assert signalled(warm, number, "later", "50").returncode == -number


def test_an_interrupt_without_a_worker(house: House):
    client = house.start("begin", "50", env=WITHOUT)
    assert client.stdout.readline() == "cold begun\n"
    client.send_signal(signal.SIGINT)
    assert client.communicate(timeout=60) == ("", "")
    assert client.returncode == 130


def test_the_process_dies_before_it_printed(warm: House):
    client = warm.start("later", "1", "--debug")
    wait_for(lambda: warm.worker().serving)
    os.kill(warm.worker().serving[0], signal.SIGKILL)
    out, err = client.communicate(timeout=60)
    assert (client.returncode, out) == (0, "cold at last\n")
    assert "no worker is used: it ended" in err


def test_what_a_worker_declines_is_answered_by_the_client(warm: House):
    served = warm.worker().served
    assert warm.run("decline", "-", input="these lines").stdout == "cold answer to these lines\n"
    assert warm.rested().served == served + 1


def test_the_process_ends_by_itself_before_it_printed(warm: House):
    assert warm.run("die").stdout == "cold answer\n"


def test_the_process_dies_after_it_printed(warm: House):
    client = warm.start("begin", "50")
    assert client.stdout.readline() == "warm begun\n"
    os.kill(warm.worker().serving[0], signal.SIGKILL)
    out, err = client.communicate(timeout=60)
    assert (client.returncode, out) == (1, "")
    assert err == "rnnshape: the worker ended in the middle of the answer\n"


def test_the_process_dies_and_a_fork_of_it_lives(warm: House):
    client = warm.start("fork", "1")
    assert client.stdout.readline() == "warm forked\n"
    os.kill(warm.worker().serving[0], signal.SIGKILL)
    assert client.stdout.readline() == "cold forked\n"  # it did not wait for the fork to end
    assert client.wait(timeout=60) == 0
    client.communicate()


def test_the_worker_dies_while_a_client_is_served(warm: House):
    client = warm.start("later", "0.5")
    wait_for(lambda: warm.worker().serving)
    os.kill(warm.worker().pid, signal.SIGKILL)
    assert client.communicate(timeout=60)[0] == "warm at last\n"
    wait_for(lambda: not warm.processes())
    assert warm.run("say").stdout == "cold\n"


def test_the_worker_dies_while_clients_wait(house: House):
    house.run("say", env={"STANDIN_WARM_UP": "2"})
    clients = [house.start("say", env={"STANDIN_WARM_UP": "0"}) for _ in range(3)]
    wait_for(lambda: house.workers() and house.worker().warming)
    time.sleep(0.2)
    os.kill(house.worker().pid, signal.SIGKILL)
    assert [client.communicate(timeout=60)[0] for client in clients] == ["cold\n"] * 3


def test_a_worker_that_is_stopped_is_replaced(warm: House):
    stopped = warm.worker().pid
    os.kill(stopped, signal.SIGSTOP)
    assert warm.run("say").stdout == "cold\n"
    wait_for(lambda: is_over(stopped))
    assert warm.rested().pid != stopped
    assert warm.run("say").stdout == "warm\n"


def test_a_worker_that_is_stopped_is_left_alone_by_whoever_leaves_none(warm: House):
    worker = warm.worker()
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        assert warm.run("say", env={"RNNSHAPE_WORKER": "auto"}).stdout == "cold\n"
    finally:
        os.kill(worker.pid, signal.SIGCONT)
    assert warm.rested().pid == worker.pid


def test_a_waiting_spare_dies(warm: House):
    for pid in warm.worker().spares:
        os.kill(pid, signal.SIGKILL)
    assert warm.run("say").stdout == "warm\n"
    assert len(warm.rested().spares) == 2
