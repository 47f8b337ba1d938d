"""A process that has answered may answer again, and nobody can tell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import House, is_over, wait_for

ROOT = Path(__file__).parents[2]
QUESTIONS = os.environ.get("RNNSHAPE_QUESTIONS", "30")
"""More of them take minutes: 500 were asked before a release."""


def test_every_byte_is_that_of_a_fresh_process():
    command = [sys.executable, "-m", "tests.worker.again", QUESTIONS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=3600)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.splitlines()[-1].endswith("0 differ")


def served_by(house: House, *words: str, **options) -> tuple[int, ...]:
    """Ask, and return the processes that wait for the next client."""
    house.run(*words, **options)
    return house.rested().spares


def test_the_same_processes_serve_on(house: House):
    spares = served_by(house, "say")
    for _ in range(5):
        assert served_by(house, "say") == spares
    assert house.worker().served == 5


def test_after_so_many_answers_another_one_takes_its_place(house: House):
    spares = set(served_by(house, "say", env={"STANDIN_ANSWERS": "2"}))
    for _ in range(4):
        house.run("say")
        house.rested()
    assert len(set(house.rested().spares) - spares) >= 1


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["leave", "thread"], id="a thread"),
        pytest.param(["leave", "file"], id="a descriptor"),
        pytest.param(["leave", "child"], id="a process"),
        pytest.param(["leave", "module"], id="a module"),
        pytest.param(["leave", "limit"], id="a limit"),
    ],
)
def test_what_leaves_something_behind_is_not_used_again(house: House, words: list[str]):
    before = set(served_by(house, "say"))
    house.run(*words)
    wait_for(lambda: set(house.worker().spares) != before)
    assert house.run("say").stdout == "warm\n"


def test_the_process_of_a_user_s_code_is_nobody_else_s(house: House):
    house.run("say")
    house.rested()
    pid = int(house.run("process", "cells.py:Cell(4)").stdout)
    wait_for(lambda: is_over(pid))
    assert house.run("process").stdout != f"{pid}\n"


def test_what_is_left_for_the_end_is_done_at_the_end_of_the_answer(house: House):
    cold = house.run("leave", "exit")
    house.rested()
    assert cold.stdout == house.run("leave", "exit").stdout == "at the end\n"
    assert house.run("say").stdout == "warm\n"


def test_an_interrupted_process_is_not_used_again(house: House):
    house.run("say")
    house.rested()
    client = house.start("begin", "50")
    assert client.stdout.readline() == "warm begun\n"
    (serving,) = house.worker().serving
    client.send_signal(signal.SIGINT)
    client.communicate(timeout=60)
    assert client.returncode == 130
    wait_for(lambda: is_over(serving))


@pytest.mark.parametrize("option", ["env", "umask", "cwd"])
def test_nothing_of_one_client_is_seen_by_the_next(house: House, tmp_path, option):
    changed = {"env": {"MY_SECRET": "1", "TZ": "Asia/Tokyo"}, "umask": 0o077, "cwd": tmp_path}
    house.run("say")
    house.rested()
    house.run("disturb", **{option: changed[option]})
    house.rested()
    told = house.run("surroundings").stdout.replace("'on'", "'off'")
    assert told == house.run("surroundings", env={"RNNSHAPE_WORKER": "off"}).stdout


def test_a_stream_that_is_closed_is_not_the_last_client_s(house: House, tmp_path):
    """What is written to a descriptor that the client has closed must not reach the client before."""
    house.run("say")
    house.rested()
    with (tmp_path / "out").open("w") as file:
        house.run("say", "first", stdout=file, stderr=subprocess.PIPE)
    house.rested()
    command = ["sh", "-c", 'exec "$@" >&-', "sh", *house.command]
    assert house.run("blurt", command=command).returncode == 0
    assert (tmp_path / "out").read_text() == "warm first\n"


def test_a_reader_sees_the_end_at_once_though_the_process_lives_on(house: House):
    house.run("say")
    (spare, *_) = house.rested().spares
    reader, writer = os.pipe()
    house.run("say", stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    with open(reader, "rb") as file:
        assert file.read() == b"warm\n"
    assert not is_over(spare)


def test_what_python_remembers_is_put_back():
    """In a process of its own: the one that runs the tests has threads, and more modules."""
    code = f"""
import random, signal, sys, warnings
sys.path[0] = {str(ROOT)!r}
from rnnshape.worker.again import Before
before = Before(frozenset())
path, filters, limit = list(sys.path), list(warnings.filters), sys.getrecursionlimit()
def told():
    with warnings.catch_warnings(record=True) as caught:
        warnings.warn_explicit("once", UserWarning, "file", 1, registry=registry)
    return len(caught)
registry = {{}}
first = told()
sys.path.append("x"); sys.setrecursionlimit(5000); sys.excepthook = print
warnings.simplefilter("error"); signal.signal(signal.SIGUSR1, lambda *_: None)
assert before.put_back()
assert (sys.path, warnings.filters, sys.getrecursionlimit()) == (path, filters, limit)
assert sys.excepthook is sys.__excepthook__
assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
assert first == told() == 1
signal.setitimer(signal.ITIMER_REAL, 1000)
assert not before.put_back()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
