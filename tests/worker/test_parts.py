"""The parts of the worker by themselves, where something is missing, changes in between, or is refused."""

from __future__ import annotations

import io
import os
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from rnnshape.worker import admin, client, ending, fingerprint, process, protocol, server, spares, start
from rnnshape.worker import folder as sockets
from rnnshape.worker.fingerprint import Fingerprint
from rnnshape.worker.folder import NoWorker


@pytest.fixture
def folder(monkeypatch):
    # The path of a socket has at most 107 bytes, which a test's own folder can exceed.
    with tempfile.TemporaryDirectory() as path:
        monkeypatch.setenv("XDG_RUNTIME_DIR", path)
        yield Path(path) / "rnnshape"


# --- where the socket lives


def test_a_working_directory_that_is_gone(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setattr("sys.path", ["", *sys.path])
    with pytest.raises(NoWorker, match="the working directory is gone"):
        fingerprint.fingerprint()


def test_packages_that_are_nowhere(tmp_path):
    with pytest.raises(NoWorker, match="in no folder"):
        fingerprint.files((str(tmp_path),))


def test_a_folder_below_a_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NoWorker, match="its folder cannot be read"):
        sockets.check(str(tmp_path / "file" / "folder"))


# --- asking about it


def test_nobody_listens(folder, monkeypatch):
    folder.mkdir(0o700)
    path = str(folder / "stale")
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    assert admin.status() is None
    assert admin.stop() is False

    def nowhere():
        raise NoWorker("nowhere")

    monkeypatch.setattr(fingerprint, "fingerprint", nowhere)
    assert admin._own_path() is None


def test_somebody_listens_and_says_nothing(folder, monkeypatch):
    folder.mkdir(0o700)
    monkeypatch.setattr(admin, "_LIVELY", 0.05)
    monkeypatch.setattr(admin, "_ENDING", 0.05)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(folder / "silent"))
        silent.listen()
        assert admin.status() is None
        assert admin.stop() is False


def test_the_memory_and_the_life_of_a_process_that_is_gone():
    assert not admin._lives("no number")
    assert admin._lives(str(os.getpid()))
    assert admin._memory((2**22 + 1,)) is None
    assert admin._memory((os.getpid(),)) > 2**20


def test_a_status_that_has_lines_of_another_version(monkeypatch):
    monkeypatch.setattr(admin, "_tell", lambda *_, **__: ({"pid": "1"}, True))
    assert admin._status("somewhere") is None


# --- leaving one behind


def test_a_file_that_changes_while_it_is_imported():
    seen = Fingerprint("other files", "settings", "", tuple(sys.path), 0.0)
    with pytest.raises(NoWorker, match="a file changed"):
        start.leave_behind(None, seen, {}, spares.Terms())


def test_a_process_that_may_not_fork(folder, monkeypatch):
    def fails():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(process, "fork", fails)
    with pytest.raises(NoWorker, match="it cannot be forked"):
        start.leave_behind(None, fingerprint.fingerprint(), dict(os.environb), spares.Terms())


def test_a_path_where_one_lives_already(folder):
    folder.mkdir(0o700)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(folder / "path"))
        other.listen()
        assert start._listen(str(folder / "path")) is None


def test_a_socket_that_is_gone_is_nobody_s_own(folder):
    folder.mkdir(0o700)
    (folder / "path").touch()
    seen = os.stat(folder / "path")
    assert server.still_owns(str(folder / "path"), seen)
    (folder / "path").unlink()
    assert not server.still_owns(str(folder / "path"), seen)


def test_packages_that_are_gone_are_not_as_they_were(tmp_path):
    assert not server.still_as(Fingerprint("files", "settings", "", (str(tmp_path),), 0.0))


# --- interrupts, as the client passes them on


def interrupted(connection, times=1):
    with client._Signals(connection, os.getpid()):
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            # Python calls the handler between two steps of the main thread.
            for _ in range(100):
                pass


def test_the_first_interrupt_goes_to_the_worker_and_the_second_ends_the_wait():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        interrupted(ours)
        assert theirs.recv(1) == protocol.INTERRUPT
        with pytest.raises(KeyboardInterrupt):
            interrupted(ours, times=2)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_behind_the_worker_s_end_ends_the_wait():
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, pytest.raises(KeyboardInterrupt):
        interrupted(ours)


def test_what_ends_in_the_middle_of_an_answer_is_told(capsys, monkeypatch):
    assert client._wait(iter([(protocol.WRITING, 0)]), is_users=False) == 1
    assert "ended in the middle" in capsys.readouterr().err
    monkeypatch.setattr("sys.stderr", None)
    assert client._wait(iter([(protocol.WRITING, 0)]), is_users=False) == 1
    with pytest.raises(NoWorker, match="before the answer"):
        client._wait(iter([]), is_users=False)
    assert client._wait(iter([]), is_users=True) == 1


@pytest.mark.parametrize(
    ("words", "may"),
    [
        (["gru", "--units", "4"], False),
        (["LSTM(4, dropout=0.5)", "--set", "dropout=0.25"], False),
        (["tf.keras.layers.Bidirectional(keras.layers.LSTM(4))"], False),
        (["x = layers.LSTM(4)(x)", "snippet.py", "--save", "a.svg"], False),
        (["RNN(cells.Minimal(5))"], True),
        (["RNN([LSTMCell(4),cells.Minimal(5)])"], True),
        (["my/cells.py:Cell(4)"], True),
        (["'my cells.py':Cell(4)"], True),
        (["snippet.py", "--run"], True),
        (["lstm", "--into", "Bidirectional(layer=own.Layer(4))"], True),
    ],
    ids=str,
)
def test_words_that_may_run_a_user_s_code(words, may):
    assert client.may_run_users_code(words) is may


def test_a_request_that_ends_too_early_or_says_that_it_is_longer_than_any():
    whole = protocol.Request(["rnnshape"], {b"A": b"b"}, (True, True, True), 0).pack()
    for data in (whole[:3], whole[:-1], b"\xff" * 64):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.settimeout(1)
            thread = threading.Thread(target=lambda ours=ours, data=data: (ours.sendall(data), ours.close()))
            thread.start()
            with pytest.raises(ValueError, match="request"):
                protocol.receive(theirs)
            thread.join()


# --- the end of a run


class Broken(io.StringIO):
    def flush(self):
        raise OSError(28, "No space left on device")


def test_how_a_run_ends(monkeypatch, capsys):
    def fails(_):
        raise ZeroDivisionError

    def is_interrupted(_):
        raise KeyboardInterrupt

    assert ending.finish(lambda _: 3, []) == 3
    assert ending.finish(is_interrupted, []) == 130
    assert ending.finish(fails, []) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdout", Broken())
    assert ending.finish(lambda _: 0, []) == 120
    assert ending.finish(lambda _: 2, []) == 2
    monkeypatch.setattr("sys.stdout", None)
    assert ending.finish(lambda _: 0, []) == 0
