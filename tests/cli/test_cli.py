"""The program as it is run: what is on which stream, and the exit status."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import platform
import re
import shlex
import signal
import subprocess
import sys
import time
from importlib import metadata

import pytest

from rnnshape import explore
from rnnshape.cli import run
from rnnshape.cli.answering import exit_status, is_terminal
from rnnshape.options import ALL
from rnnshape.report import Declared

SMALL = ["--batch", "2", "--time", "3", "--features", "2"]


@pytest.fixture
def ran(capsys):
    def call(*argv):
        status = run(list(argv))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_a_table(ran):
    status, out, err = ran("gru", "--units", "4", "--return-state")
    assert (status, err) == (0, "")
    assert "GRU(4, return_state=True) on inputs (32, 10, 8)" in out
    assert "output, final_state = layer(inputs)\n" in out


def test_json_is_one_line_per_query(ran):
    status, out, err = ran("gru", "lstm", "--units", "2,3", "--json", *SMALL)
    assert (status, err) == (0, "")
    assert [json.loads(line)["layer"] for line in out.splitlines()] == ["GRU(2)", "GRU(3)", "LSTM(2)", "LSTM(3)"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_json_is_indented_for_one_query_on_a_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdout", Terminal())
    assert run(["gru", "--json", *SMALL]) == 0
    text = sys.stdout.getvalue()
    assert json.loads(text)["layer"] == "GRU(4)"
    assert len(text.splitlines()) > 10


KEYS = [
    "schema_version",
    "layer",
    "input",
    "unpack",
    "tensors",
    "equal",
    "same_shape_different_values",
    "states",
    "declared",
    "returned",
    "parameters",
    "ran",
    "versions",
]


def test_the_keys_of_the_contract_in_their_order(ran):
    _, out, _ = ran("lstm", "--return-state", "--json", *SMALL)
    document = json.loads(out)
    assert list(document) == KEYS
    assert list(document["input"]) == ["shape", "axes", "dtype"]
    for tensor in document["tensors"]:
        assert list(tensor) == ["name", "path", "shape", "axes", "dtype", "meaning"]
    assert list(document["ran"]) == ["seed", "draws", "device", "reduced_to"]
    assert document["ran"]["draws"] == 2
    assert document["ran"]["reduced_to"] is None
    assert list(document["versions"]) == ["rnnshape", "keras", "tensorflow", "python", "backend"]


WRONG = [
    (["lsmt"], 2, "invalid-query", "Did you mean lstm?"),
    (["gru", "--unit", "4"], 2, "invalid-query", "Did you mean --units?"),
    (["gru", "--units"], 2, "invalid-query", "--units"),
    (["gru", "--return-state=True"], 2, "invalid-query", "--return-state takes no value."),
    (["gru", "--into", "lsmt"], 2, "invalid-query", "Write a value"),
    (["gru", "--units", "0"], 2, "invalid-query", "units"),
    (["LSTM(4, unts=3)"], 2, "invalid-query", "Did you mean units?"),
    (["LSTM(4).units"], 2, "invalid-query", "LSTM(4).units"),
    (["-q"], 2, "invalid-query", "Which layer"),
    (["--worker", "stpo"], 2, "invalid-query", "Did you mean stop?"),
    (["gru", "--all-flags", "--return-state"], 2, "invalid-query", "--all-flags"),
    (["Sequential([LSTM(6), GRU(3)])"], 1, "keras-refused", "return_sequences=True"),
    (["lstm", "--bidirectional", "--stateful", "--return-state"], 1, "keras-refused", "Keras declares"),
]


@pytest.mark.parametrize(("argv", "status", "code", "said"), WRONG, ids=str)
def test_an_error_is_on_stderr(argv, status, code, said, ran):
    found, out, err = ran(*argv)
    assert (found, out) == (status, "")
    assert err.startswith("error: ")
    assert said in err
    assert "Traceback" not in err
    assert "\x1b" not in err


@pytest.mark.parametrize(("argv", "status", "code", "said"), WRONG, ids=str)
def test_an_error_is_a_document_with_json(argv, status, code, said, ran):
    found, out, _ = ran("--json", *argv)
    document = json.loads(out)
    assert found == status
    assert list(document) == ["schema_version", "layer", "error"]
    assert list(document["error"]) == ["code", "message", "hint"]
    assert document["error"]["code"] == code
    assert said in f"{document['error']['message']} {document['error']['hint']}"


def test_a_bad_query_among_good_ones_costs_only_itself(ran):
    status, out, _ = ran("GRU(2)", "LSTM()", "LSTM(2)", "--json", *SMALL)
    assert status == 1
    assert ["error" in json.loads(line) for line in out.splitlines()] == [False, True, False]
    status, out, _ = ran("GRU(2)", "LSTM()", *SMALL)
    assert status == 1
    assert "output = layer(inputs)" in out
    assert "needs the argument 'units'" in out


def test_debug_shows_where(ran):
    _, _, err = ran("Sequential([LSTM(6), GRU(3)])", "--debug")
    assert "Traceback" in err


DISAGREES = "RNN([LSTMCell(4), GRUCell(6)], return_state=True)"
DECLARED = "Keras declares ((2, 6), [(2, 4), (2, 4)], (2, 6)), and returns ((2, 6), [(2, 4), (2, 4)], [(2, 6)])."
STRICTLY = [
    (["LSTM(4)"], []),
    (["LSTM(4, return_state=True)", "--into", "LSTM(4)"], []),
    ([DISAGREES], [f"{DISAGREES}: {DECLARED}"]),
    (["GRU(4)", DISAGREES, "GRU(5, return_state=True)", "--into", "GRU(5)"], [
        "GRU(4): the states do not fit into GRU(5): it wants [(2, 5)], they are [].",
        f"{DISAGREES}: {DECLARED}",
        f"{DISAGREES}: the states do not fit into GRU(5): it wants [(2, 5)], they are [[(2, 4), (2, 4)], [(2, 6)]].",
    ]),
]  # fmt: skip


@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
@pytest.mark.parametrize(("words", "said"), STRICTLY)
def test_strict_says_what_differs(ran, words, said, quiet):
    status, out, err = ran(*words, "--strict", *quiet, *SMALL)
    assert (status, bool(out)) == (int(bool(said)), not quiet)
    assert err == "".join(f"rnnshape: {line}\n" for line in said)
    assert ran(*words, *quiet, *SMALL)[::2] == (0, "")


def test_strict_where_keras_refuses_to_declare():
    declared = Declared(agrees=False, structure="refused: no such axis")
    report = dataclasses.replace(explore("gru", batch=2, time=3), declared=declared)
    stderr = io.StringIO()
    with contextlib.redirect_stderr(stderr):
        assert exit_status([report], strict=True) == 1
    assert (
        stderr.getvalue() == "rnnshape: GRU(4): Keras refuses to declare a shape (no such axis), and returns (2, 4).\n"
    )


def test_quiet_says_what_failed(ran):
    status, out, err = ran("gru", "GRU(4, activation='none-such')", "--quiet", *SMALL)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("rnnshape: GRU(4, activation='none-such'): ")
    assert ran("gru", "GRU(4, activation='none-such')", "--quiet", "--json", *SMALL)[2] == ""


def test_quiet(ran):
    assert ran("gru", "--quiet", *SMALL) == (0, "", "")


@pytest.fixture
def no_workers(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def test_no_worker_to_tell_about(ran, no_workers):
    assert ran("--worker", "status") == (0, "no worker\n", "")
    assert ran("--worker", "status", "--json") == (0, '{"worker": null}\n', "")
    assert ran("--worker", "stop") == (0, "there was no worker\n", "")


def test_a_worker_policy_that_is_none(ran, monkeypatch):
    monkeypatch.setenv("RNNSHAPE_WORKER", "maybe")
    status, out, err = ran("gru")
    assert (status, out) == (2, "")
    assert "auto, on, off" in err


def test_version(ran):
    import rnnshape

    status, out, err = ran("--version")
    first, *others = out.splitlines()
    assert (status, err, first) == (0, "", f"rnnshape {rnnshape.__version__}")
    assert [line.partition(" ")[0] for line in others] == ["Keras", "TensorFlow", "Python"]
    assert others[2] == f"Python {platform.python_version()}"


def test_version_without_tensorflow(ran, monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert "TensorFlow is not installed\n" in ran("--version")[1]


def test_nothing_at_all_shows_what_to_type(ran):
    status, out, err = ran()
    assert (status, out) == (2, "")
    examples = [line.strip().split("  ")[0] for line in err.splitlines() if line.startswith("  rnnshape ")]
    assert len(examples) == 3
    for example in examples:
        assert run([*shlex.split(example)[1:], "--quiet"]) == 0
    assert err.endswith("rnnshape --help shows all options.\n")


@pytest.mark.parametrize("width", [80, 72, 60])
def test_the_help_fits(width, ran, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    status, out, err = ran("--help")
    assert (status, err) == (0, "")
    assert max(map(len, out.splitlines())) <= width
    terms = [line.split("  ")[1].split(" ")[0].strip(",") for line in out.splitlines() if line.startswith("  -")]
    assert len(terms) == len(ALL) + 2  # help itself, and standard input
    assert out.index("Examples:") < out.index("LAYER is") < out.index("The layer:") < out.index("Help:")


def test_a_narrow_help_cuts_no_word(ran, monkeypatch):
    words = []
    for width in ("80", "50"):
        monkeypatch.setenv("COLUMNS", width)
        words.append(ran("--help")[1].split())
    assert words[0] == words[1]


def test_no_tensorflow(ran, monkeypatch):
    from rnnshape.errors import NoTensorflow

    def fails():
        raise NoTensorflow("TensorFlow cannot be imported", hint="python -m pip install tensorflow")

    monkeypatch.setattr("rnnshape.run.engine.load", fails)
    status, out, err = ran("gru")
    assert (status, out) == (3, "")
    assert "pip install tensorflow" in err


def test_too_few_threads(ran, monkeypatch):
    """TensorFlow would abort, and OpenBLAS would interrupt itself: neither says a word."""
    import threading

    from rnnshape.run import engine

    started = []

    def start(thread, real=threading.Thread.start):
        if len(started) == 3:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        real(thread)

    monkeypatch.setattr(engine, "_process", engine._Process())
    monkeypatch.setattr(threading.Thread, "start", start)
    status, out, err = ran("gru")
    assert (status, out) == (1, "")
    assert "the system lets this process start 3." in err
    assert "ulimit -u" in err
    assert not any(thread.is_alive() for thread in started)


def test_interrupt(ran, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("rnnshape.run.engine.load", interrupted)
    assert ran("gru") == (130, "", "")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_interrupt_that_somebody_swallows(ran, monkeypatch, form):
    """In a finalizer, or in a bare except of a library, KeyboardInterrupt is gone; the next answer brings it back."""
    from rnnshape import layers

    asked = []

    def swallowing(query, kept, real=layers.explore):
        asked.append(query)
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(10)
        return real(query, kept)

    monkeypatch.setattr(layers, "explore", swallowing)
    status, _, err = ran("gru", "lstm", *form, *SMALL)
    assert (status, err) == (130, "")
    assert len(asked) == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


ENVIRON = {**os.environ, "RNNSHAPE_WORKER": "off"}


def start(argv, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "rnnshape", *argv],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_a_fresh_process_prints_the_answer_and_nothing_else():
    with start(["gru", "--return-state"], stdout=subprocess.PIPE, env=ENVIRON) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.startswith("GRU(4, return_state=True)")
    assert "\x1b" not in out


def test_a_missing_tensorflow_in_a_fresh_process(tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise ModuleNotFoundError('no tensorflow here', name='tensorflow')\n")
    environ = {**ENVIRON, "PYTHONPATH": str(tmp_path)}
    with start(["gru", "--json"], stdout=subprocess.PIPE, env=environ) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert json.loads(out)["error"]["code"] == "no-tensorflow"
    assert "pip install" in err


def test_a_broken_keras_json_in_a_fresh_process(tmp_path):
    (tmp_path / "keras.json").write_text('{"floatx": "float99"}')
    with start(["gru", "--json"], stdout=subprocess.PIPE, env={**ENVIRON, "KERAS_HOME": str(tmp_path)}) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert json.loads(out)["error"]["code"] == "no-tensorflow"
    # Older ones of Keras say no more than that.
    assert "float99" in err or "cannot be imported: AssertionError\n" in err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk():
    with open("/dev/full", "w") as full, start(["--version"], stdout=full, env=ENVIRON) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "cannot be written" in err
    assert "Traceback" not in err


def test_a_reader_who_has_seen_enough():
    read, write = os.pipe()
    os.close(read)
    with start(["--help"], stdout=write, env=ENVIRON) as process:
        os.close(write)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


def test_code_is_python(ran):
    status, out, _ = ran("lstm", "--return-state", "--code", *SMALL)
    assert status == 0
    compile(out, "code", "exec")
    assert "assert np.array_equal(output, final_memory_state)" in out


def test_diagram(ran):
    status, out, _ = ran("gru", "--return-state", "--diagram", *SMALL)
    assert status == 0
    assert "final_state (2, 4)" in out
    assert "t=0" in out


def test_explain_is_in_the_table_and_in_the_document(ran):
    _, out, _ = ran("gru", "--return-state", "--explain", *SMALL)
    assert "In PyTorch" in out
    _, out, _ = ran("gru", "--return-state", "--explain", "--json", *SMALL)
    assert "In PyTorch" in json.loads(out)["explanation"][-1]


def test_one_form_at_a_time(ran):
    status, _, err = ran("gru", "--code", "--diagram")
    assert status == 2
    assert "choose one" in err


@pytest.mark.parametrize("suffix", ["svg", "html", "txt", "md", "csv", "json"])
def test_save(ran, tmp_path, suffix):
    path = tmp_path / f"answer.{suffix}"
    status, out, err = ran("gru", "--return-state", "--quiet", "--save", str(path), *SMALL)
    assert (status, out, err) == (0, "", "")
    assert "final_state" in path.read_text(encoding="utf-8")
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["answer.pdf", "answer", "nowhere/answer.svg", ".", ""])
def test_a_place_that_cannot_be_saved_to_is_noticed_before_anything_runs(ran, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rnnshape.run.engine.load", lambda: pytest.fail("it ran"))
    status, out, err = ran("gru", "--save", name)
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert not list(tmp_path.iterdir())


def test_a_report_shows_itself_in_a_notebook():
    from rnnshape import explore

    html = explore("gru", return_state=True)._repr_html_()
    assert "<table" in html
    assert "final_state" in html


NOISY = """
import os, sys
import keras

class Noisy(keras.layers.Layer):
    def call(self, inputs):
        print("to stdout")
        print("to stderr", file=sys.stderr)
        os.write(1, b"to descriptor 1\\n")
        os.system("echo by another process")
        return inputs
"""


def test_what_a_user_s_code_prints_goes_to_stderr(tmp_path):
    (tmp_path / "noisy.py").write_text(NOISY)
    with start(["noisy.Noisy()", "--json"], stdout=subprocess.PIPE, env=ENVIRON, cwd=tmp_path) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["layer"] == "noisy.Noisy()"
    assert {"to stdout", "to stderr", "to descriptor 1", "by another process"} == set(err.split("\n")) - {""}


def test_measure(ran):
    status, out, _ = ran("gru", "lstm", "--measure", *SMALL)
    assert status == 0
    assert re.search(r" ms \(.*\), .* x the fastest", out)
    assert re.search(r"\), the fastest", out)


def test_a_person_is_told_of_the_import_until_it_is_over(ran, monkeypatch):
    from rnnshape.run import engine

    at_import = []
    monkeypatch.setattr(engine, "is_loaded", lambda: False)
    monkeypatch.setattr(engine, "after_import", at_import.append)
    monkeypatch.setattr("sys.stderr", stderr := Terminal())
    status, out, _ = ran("gru", "--return-state", *SMALL)
    assert status == 0
    assert "final_state" in out
    words = "importing TensorFlow ..."
    assert stderr.getvalue() == f"{words}\r{' ' * len(words)}\r"
    for wipe in at_import:
        wipe()
    assert stderr.getvalue().count(words) == 1
    assert stderr.getvalue().count("\r") == 2


CLOSING = """
import keras, sys

class Closing(keras.layers.GRUCell):
    def call(self, *args, **kwargs):
        for name in ("stdout", "__stdout__", "stderr", "__stderr__"):
            stream = getattr(sys, name)
            try:
                stream.{how}()
            except ValueError:  # the second time
                pass
        return super().call(*args, **kwargs)
"""


@pytest.mark.parametrize("how", ["close", "detach"])
def test_a_cell_that_closes_the_streams_takes_no_answer_away(ran, tmp_path, how):
    (tmp_path / "closing.py").write_text(CLOSING.format(how=how))
    real = sys.__stdout__, sys.__stderr__
    status, out, err = ran(f"RNN({tmp_path}/closing.py:Closing(4))", "--json", *SMALL)
    assert (status, err) == (0, "")
    assert json.loads(out)["tensors"][0]["shape"] == [2, 4]
    assert (sys.__stdout__, sys.__stderr__) == real


@pytest.mark.parametrize("how", ["close", "detach"])
def test_an_answer_for_a_stream_that_something_closed(monkeypatch, capsys, how):
    """As by a thread that a cell has left behind: no traceback, and no word of a bug."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    getattr(stream, how)()
    monkeypatch.setattr("sys.stdout", stream)
    for words in (["gru"], ["gru", "--json"], ["gru", "--code"], ["--version"], ["--help"]):
        assert run([*words, *(SMALL if words[0] == "gru" else [])]) == 1
        err = capsys.readouterr().err
        assert err.startswith("error: The answer cannot be written: ")
        assert "bug" not in err


GRIDS = {
    "a grid": ["gru", "lstm", "--units", "1,2"],
    "families": ["gru", "lstm", "--units", "1,2", "--all-flags"],
    "errors": ["GRU(2)", "GRU(2, activation='no-such')", "GRU(3)", "--all-flags"],
    "code": ["x = GRU(2)(inputs)", "gru", "--return-state"],
}


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("form", ["csv", "plain"])
def test_answers_one_by_one_are_the_same_text_as_all_of_them(ran, tmp_path, form, grid):
    path = tmp_path / "whole"
    status, out, _ = ran(*GRIDS[grid], "--format", form)
    assert ran(*GRIDS[grid], "--format", form, "--save", str(path))[0] == status
    assert out == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["csv", "plain"])
@pytest.mark.parametrize("end", [None, KeyboardInterrupt])
def test_a_form_that_streams_keeps_no_answer(monkeypatch, capsys, form, end):
    known = [explore(f"GRU({units})", batch=2, time=3, features=2) for units in range(1, 7)]
    printed, given, kept = [], [], []

    def answers(*_, **__):
        for report in known:
            given.append(dataclasses.replace(report))
            yield given[-1]
            printed.append(capsys.readouterr().out)
            # `one`, `given` and the argument refer to it, and nothing else may.
            kept.append(sum(sys.getrefcount(one) > 3 for one in given))
        if end:
            raise end

    monkeypatch.setattr("rnnshape.cli.answering.answers_to", answers)
    assert run(["gru", "--format", form]) == (130 if end else 0)
    printed.append(capsys.readouterr().out)
    assert max(kept) <= 2
    # It is the next answer that tells that this one is complete.
    assert [re.findall(r"GRU\((\d)\)", text)[:1] for text in printed] == [[], *([str(units)] for units in range(1, 7))]


def test_nobody_is_told_on_a_stream_that_is_closed():
    stream = io.StringIO()
    stream.close()
    assert not is_terminal(stream)
    assert not is_terminal(None)


CLOSED = "error: The answer cannot be written: standard output is closed\n"


@pytest.mark.parametrize("form", [[], ["--diagram"], ["--code"], ["--json"], ["--format", "csv"], ["--save", "-"]])
def test_without_a_stdout_an_answer_is_lost_and_that_is_told(monkeypatch, capsys, form):
    monkeypatch.setattr("sys.stdout", None)
    monkeypatch.setattr("rnnshape.cli.answering.answers_to", lambda *_, **__: pytest.fail("computed in vain"))
    assert run(["gru", *form, *SMALL]) == 1
    assert capsys.readouterr().err == CLOSED


def test_without_a_stdout_what_needs_none_is_done(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("sys.stdout", None)
    assert run(["gru", "--quiet", *SMALL]) == 0
    assert run(["gru", "--save", str(tmp_path / "a.json"), *SMALL]) == 0
    assert json.loads((tmp_path / "a.json").read_text())["layer"] == "GRU(4)"
    assert capsys.readouterr().err == ""


def test_without_a_stdout_a_wrong_question_is_told_first(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout", None)
    assert run(["LSMT"]) == 2
    assert "There is no layer 'LSMT'" in capsys.readouterr().err


def test_without_a_stdin_there_are_no_lines(ran, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    status, _, err = ran("-")
    assert status == 2
    assert "no standard input" in err


def test_a_stdin_that_is_no_text(ran, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"gru\nLSTM(\xff)\n"), encoding="utf-8"))
    status, _, err = ran("-")
    assert status == 2
    assert "of standard input cannot be read" in err


def test_an_interrupt_before_the_words_are_read(monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("rnnshape.cli.command.command", interrupted)
    assert run(["gru"]) == 130


def test_a_person_sees_how_far_many_queries_are(ran, monkeypatch):
    monkeypatch.setattr("sys.stderr", stderr := Terminal())
    status, out, _ = ran("gru", "lstm", *SMALL)
    assert status == 0
    assert "LSTM(4)" in out
    assert "/2" in stderr.getvalue()


def test_an_interrupt_while_the_error_is_shown(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("rnnshape.cli._show", interrupted)
    assert run(["--nope"]) == 130


def test_the_worker_in_words(ran, monkeypatch):
    from rnnshape.worker.admin import WorkerStatus

    told = WorkerStatus(
        pid=12,
        since=0.0,
        served=3,
        memory_bytes=5_000_000,
        socket="/run/s",
        spares=(13, 14),
        warming=(),
        serving=(),
        is_ours=True,
    )
    monkeypatch.setattr("rnnshape.worker.admin.statuses", lambda: [told])
    status, out, _ = ran("--worker", "status")
    assert status == 0
    assert {"pid     12", "served  3", "memory  5 MB, its spares included", "socket  /run/s"} < set(out.splitlines())
    assert json.loads(ran("--worker", "status", "--json")[1])["worker"]["spares"] == [13, 14]
    others = dataclasses.replace(told, memory_bytes=None, is_ours=False)
    monkeypatch.setattr("rnnshape.worker.admin.statuses", lambda: [others])
    out = ran("--worker", "status")[1]
    assert "memory  unknown" in out
    assert out.endswith("It does not answer here: its version or its environment is another.\n")


def test_an_interrupt_before_the_program(monkeypatch):
    from rnnshape import __main__ as entry

    def interrupted():
        raise KeyboardInterrupt

    ended = []
    monkeypatch.setattr(entry, "_answer", interrupted)
    monkeypatch.setattr(entry.os, "_exit", ended.append)
    entry.main()
    assert ended == [130]


def test_a_keras_that_is_too_old_in_a_fresh_process(tmp_path):
    (tmp_path / "keras.py").write_text("__version__ = '2.15.0'\n")
    (tmp_path / "tensorflow.py").write_text("__version__ = '2.15.0'\n")
    with start(["gru", "--json"], stdout=subprocess.PIPE, env={**ENVIRON, "PYTHONPATH": str(tmp_path)}) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert json.loads(out)["error"]["message"] == "rnnshape needs Keras 3. Received: Keras 2.15.0"
    assert "--upgrade" in err
