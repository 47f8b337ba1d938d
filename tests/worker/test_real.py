"""The real program in a real worker: the same bytes as without, for everything that can be asked."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess

import pytest

from .conftest import House, read_terminal, wait_for

WITHOUT = {"RNNSHAPE_WORKER": "off"}


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["lstm", "--units", "3", "--return-state", "--return-sequences"], id="a table"),
        pytest.param(["gru", "--units", "4,5", "--json"], id="documents"),
        pytest.param(["Dense(4)", "--input", "2,3,4", "--json"], id="another layer"),
        pytest.param(["GRU(4, activation='none-such')"], id="refused by Keras"),
        pytest.param(["gur"], id="misspelt"),
        pytest.param(["gru", "--json", "--units", "x"], id="wrong document"),
        pytest.param(["--no-such-option"], id="wrong option"),
        pytest.param([], id="nothing"),
        pytest.param(["--help"], id="help"),
        pytest.param(["--version"], id="version"),
    ],
)
def test_the_same_bytes_and_status(real_house: House, words: list[str]):
    served = real_house.rested().served
    warm, cold = real_house.run(*words), real_house.run(*words, env=WITHOUT)
    assert (warm.stdout, warm.stderr, warm.returncode) == (cold.stdout, cold.stderr, cold.returncode)
    assert real_house.worker().served == served + 1


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"COLUMNS": "60"}, id="narrow"),
        pytest.param({"NO_COLOR": "1", "TERM": "dumb"}, id="no colour"),
        pytest.param(
            {"_RNNSHAPE_COMPLETE": "complete_bash", "COMP_WORDS": "rnnshape --uni", "COMP_CWORD": "1"}, id="tab"
        ),
        pytest.param({"_RNNSHAPE_COMPLETE": "complete_zsh", "_RNNSHAPE_LINE": "rnnshape --uni"}, id="tab in zsh"),
        pytest.param({"_RNNSHAPE_COMPLETE": "complete_fish", "_RNNSHAPE_LINE": "rnnshape --uni"}, id="tab in fish"),
    ],
)
def test_the_clients_environment_counts(real_house: House, env: dict[str, str]):
    served = real_house.rested().served
    warm, cold = real_house.run("--help", env=env), real_house.run("--help", env=env | WITHOUT)
    assert (warm.stdout, warm.stderr, warm.returncode) == (cold.stdout, cold.stderr, cold.returncode)
    assert real_house.worker().served == served + 1


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"])
def test_streams_that_are_closed_or_full(real_house: House, closed: str):
    command = ["sh", "-c", f'"$@" {closed}', "sh", *real_house.command, "gru", "--json"]
    real_house.rested()
    warm, cold = real_house.run(command=command), real_house.run(command=command, env=WITHOUT)
    assert (warm.stdout, warm.stderr, warm.returncode) == (cold.stdout, cold.stderr, cold.returncode)
    assert warm.returncode == (1 if ">&-" in closed.replace("2>", "") or closed == ">/dev/full" else 0)


def test_a_terminal(real_house: House):
    seen = []
    for env in ({}, WITHOUT):
        ours, theirs = pty.openpty()
        terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "100"}
        real_house.run("lstm", "--return-state", env=terminal | env, stdout=theirs, stderr=subprocess.PIPE)
        os.close(theirs)
        seen.append(read_terminal(ours))
    assert seen[0] == seen[1]
    assert "\x1b[" in seen[0]


def test_many_at_once(real_house: House):
    real_house.rested()
    clients = [real_house.start("gru", "--units", str(units), "--json") for units in range(1, 21)]
    for units, client in enumerate(clients, 1):
        out, err = client.communicate(timeout=120)
        assert (client.returncode, err) == (0, "")
        assert json.loads(out)["tensors"][0]["shape"] == [32, units]


def test_interrupt(real_house: House):
    real_house.rested()
    client = real_house.start(*["GRU(4)"] * 59, "--time", "none", "--json")
    wait_for(lambda: real_house.worker().serving)
    client.send_signal(signal.SIGINT)
    _, err = client.communicate(timeout=60)
    assert client.returncode == 130
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        pytest.param(["gru", "--units", "1,2,3,4,5,6,7,8", "--time", "1,2,3,4,5,6,7,8", "--json"], "", id="a grid"),
        pytest.param(["-", "--json", "--time", "2"], "GRU(2)\n" * 61, id="a list"),
    ],
)
def test_a_large_question_is_left_to_processes_of_its_own(real_house: House, words: list[str], stdin: str):
    served = real_house.rested().served
    asked = real_house.run(*words, "--debug", input=stdin)
    assert asked.returncode == 0
    assert "leaves so large a question" in asked.stderr
    assert len(asked.stdout.splitlines()) == (64 if not stdin else 61)
    assert real_house.rested().served == served + 1


def test_the_worker_never_runs_an_operation(real_house: House):
    # TensorFlow's threads come with the first operation; what has threads must not fork.
    worker = real_house.rested()
    threads = len(os.listdir(f"/proc/{worker.pid}/task"))
    assert threads <= len(os.sched_getaffinity(0))  # OpenBLAS's, which is prepared for forks
    assert all(len(os.listdir(f"/proc/{pid}/task")) > threads for pid in worker.spares)


def test_the_answer_does_not_depend_on_the_clients_before(real_house: House):
    words = ["lstm", "--bidirectional", "--return-state", "--json"]
    answers = {real_house.run(*words).stdout for _ in range(3)}
    assert len(answers) == 1


SETTING = """
import keras, tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(1)  # refused once an operation has run
class Mine(keras.layers.GRU):
    pass
"""


@pytest.mark.parametrize("from_stdin", [False, True])
def test_a_user_s_module_may_set_what_can_only_be_set_at_first(real_house: House, from_stdin):
    (real_house.path / "setting.py").write_text(SETTING)
    words, given = (["-"], "gru\nsetting.py:Mine(3)\n") if from_stdin else (["setting.py:Mine(3)"], "")
    served = real_house.rested().served
    warm, cold = (real_house.run(*words, env=env, input=given) for env in ({}, WITHOUT))
    assert (warm.stdout, warm.stderr, warm.returncode) == (cold.stdout, cold.stderr, cold.returncode)
    assert warm.returncode == int(from_stdin)  # where a layer has run before, it is too late in any process
    assert real_house.worker().served == served + 1


def test_no_file_of_tensorflow_s_is_left_of_a_user_s_code(real_house: House):
    real_house.rested()
    (real_house.path / "traced.py").write_text(TRACED)
    folder = real_house.path / "temporary"
    folder.mkdir()
    for env in ({}, WITHOUT):
        done = real_house.run("traced.py:Mine()", env={**env, "TMPDIR": str(folder)})
        assert (done.returncode, done.stderr) == (0, "")
        assert os.listdir(folder) == []


TRACED = """
import keras, tensorflow as tf
class Mine(keras.layers.Layer):
    @tf.function
    def call(self, x):
        if tf.reduce_sum(x) > 0:
            x = x + 1
        return x
"""
