"""Many queries: the order, whatever the number of processes; processes that die; Ctrl-C; standard input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

ENVIRON = {**os.environ, "RNNSHAPE_WORKER": "off"}

# The process that forks must not have run an operation, which the one that runs the tests may have.
SHARE = """
import os, sys, time
from rnnshape.run.layer import jobs

def run(task):
    if task == "die":
        os._exit(3)
    if task == "kill":
        os.kill(os.getpid(), 9)
    if isinstance(task, float):
        time.sleep(task)
    return task, os.getpid()

def died(task, how):
    return task, how

{body}
"""


def shared(body: str, timeout: float = 60) -> str:
    process = subprocess.run(
        [sys.executable, "-c", SHARE.format(body=body)], capture_output=True, text=True, check=True, timeout=timeout
    )
    assert process.stderr == ""
    return process.stdout


@pytest.mark.parametrize("jobs", [1, 2, 5, 200])
def test_results_come_in_the_order_of_the_tasks(jobs):
    body = f"print([task for task, _ in jobs.share(list(range(150)), {jobs}, run=run, died=died)])"
    assert shared(body) == f"{list(range(150))}\n"


def test_slow_tasks_do_not_change_the_order():
    tasks = [0.3, 0.0, 0.2, 0.0, 0.1, 0.0]
    assert shared(f"print([task for task, _ in jobs.share({tasks}, 3, run=run, died=died)])") == f"{tasks}\n"


def test_a_process_that_dies_costs_its_task_and_nothing_else():
    out = shared("print(list(jobs.share([1, 'die', 2, 'kill', 3], 2, run=lambda t: run(t)[0], died=died)))")
    assert out == "[1, ('die', 'it exited'), 2, ('kill', 'signal 9'), 3]\n"


def test_processes_are_replaced_before_they_grow_large():
    body = "jobs._LIFE = 10; print(len({pid for _, pid in jobs.share(range(95), 2, run=run, died=died)}))"
    assert int(shared(body)) >= 9


def test_no_process_is_left_when_the_rest_is_not_wanted():
    body = """
results = jobs.share([0.0, 0.0, 60.0, 60.0], 2, run=run, died=died)
pids = {next(results)[1], next(results)[1]}
time.sleep(0.2)
results.close()
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("none left")
"""
    assert shared(body) == "none left\n"


def rnnshape(*argv, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "rnnshape", *argv],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": ENVIRON, **options},
    )


CELL = """
import os
import keras

class Deadly(keras.layers.Layer):
    def call(self, inputs):
        if inputs.shape[0] == 3:
            os.kill(os.getpid(), 9)
        return inputs
"""


def test_a_grid_is_answered_in_its_order_by_any_number_of_processes(tmp_path):
    """A process that dies in the middle of a query costs that query an error line."""
    (tmp_path / "deadly.py").write_text(CELL)
    argv = ["GRU(2)", "deadly.Deadly()", "LSTM()", "--batch", "2,3,4", "--time", "3", "--features", "2", "--json"]
    outputs = []
    for jobs in ("1", "3"):
        with rnnshape(*argv, "--jobs", jobs, cwd=tmp_path) as process:
            out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (1, "")
        outputs.append(out)
    assert outputs[0] == outputs[1]
    documents = [json.loads(line) for line in outputs[0].splitlines()]
    assert [document["layer"] for document in documents] == ["GRU(2)"] * 3 + ["deadly.Deadly()"] * 3 + ["LSTM()"] * 3
    assert ["error" in document for document in documents] == [False] * 3 + [False, True, False] + [True] * 3
    assert documents[4]["error"]["code"] == "unexpected"


def test_ctrl_c_keeps_what_was_printed():
    with rnnshape("gru", "--units", ",".join(map(str, range(1, 400))), "--json") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == ""
    assert json.loads(first)["layer"] == "GRU(1)"
    assert all(json.loads(line)["layer"] for line in rest.splitlines())


def test_ctrl_c_while_tensorflow_is_imported():
    with rnnshape("gru") as process:
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "")


def test_a_reader_who_has_seen_enough_ends_a_grid():
    with rnnshape("gru", "--units", ",".join(map(str, range(1, 400))), "--json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["layer"] == "GRU(1)"
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


LINES = "gru\n\n# a comment\n  LSTM(3)  \nBidirectional(GRU(2))\n"


def test_layers_from_standard_input(monkeypatch, capsys):
    import io

    from rnnshape.cli import run

    monkeypatch.setattr("sys.stdin", io.StringIO(LINES))
    assert run(["SimpleRNN(2)", "-", "--json", "--batch", "2", "--time", "3"]) == 0
    layers = [json.loads(line)["layer"] for line in capsys.readouterr().out.splitlines()]
    assert layers == ["SimpleRNN(2)", "GRU(4)", "LSTM(3)", "Bidirectional(GRU(2))"]


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        (b"gru\nLSTM(3\n", "Line 2 of standard input"),
        (b"gru\n\nlsmt\n", "Line 3 of standard input"),
        (b"gru\n\xff\xfe\n", "Line 2 of standard input"),
        (b"", "Which layer"),
    ],
    ids=["syntax", "name", "bytes", "empty"],
)
def test_a_line_of_standard_input_that_is_no_layer_is_named(stdin, said):
    with rnnshape("-", "--json", stdin=subprocess.PIPE, text=False) as process:
        out, err = process.communicate(stdin, timeout=60)
    assert process.returncode == 2
    assert said in err.decode()
    assert json.loads(out)["error"]["code"] == "invalid-query"


def test_more_than_a_million_queries_want_a_yes(capsys):
    from rnnshape.cli import run

    numbers = ",".join(map(str, range(1, 102)))
    assert run(["gru", "--units", numbers, "--batch", numbers, "--time", numbers]) == 2
    assert "--yes" in capsys.readouterr().err


def test_cores_where_a_system_does_not_tell_which(monkeypatch):
    from rnnshape.run.layer import jobs

    monkeypatch.delattr(jobs.os, "sched_getaffinity")
    monkeypatch.setattr(jobs.os, "cpu_count", lambda: 3)
    assert jobs.cores() == 3
    monkeypatch.setattr(jobs.os, "cpu_count", lambda: None)
    assert jobs.cores() == 1


def test_every_process_takes_its_share_of_the_memory():
    body = """
from rnnshape.run.layer import memory
memory.of_machine, memory.of_groups, memory.own_limit = (lambda _: 1200), (lambda _: [900]), (lambda _: None)
print(set(jobs.share(range(6), 3, run=lambda _: memory.available_memory(), died=died)), memory.available_memory())
"""
    assert shared(body) == "{300} 900\n"
