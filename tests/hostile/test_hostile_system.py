"""Closed streams, full disks, small limits, places that are not there: in fresh processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rnnshape.worker import fingerprint, protocol
from rnnshape.worker.folder import NoWorker

PROGRAM = f"{sys.executable} -m rnnshape"


@pytest.fixture
def shell(tmp_path):
    """Run a line of shell in a folder of its own, in which `$R` is the program."""
    (tmp_path / "here").mkdir()
    environ = {**os.environ, "R": PROGRAM, "RNNSHAPE_WORKER": "off", "HOME": str(tmp_path)}

    def call(line, **changes):
        environ.update(changes)
        process = subprocess.run(
            ["bash", "-c", line],
            cwd=tmp_path / "here",
            env=environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in process.stderr
        return process

    return call


CLOSED = [
    ("$R --version >&-", 1, "", "standard output is closed"),
    ("$R --help >&-", 1, "", "standard output is closed"),
    ("$R gru >&- 2>/dev/full", 1, "", ""),
    ("$R gru <&- >&- 2>&-", 1, "", ""),
    ("$R --nope 2>&-", 2, "", ""),
    ("$R --nope <&- >&- 2>&-", 2, "", ""),
    ("$R --nope --json 2>/dev/full", 2, "invalid-query", ""),
    ("$R --nope --json >/dev/full", 2, "", "cannot be written"),
    ("$R --nope >/dev/full 2>/dev/full", 2, "", ""),
    ("$R --version >/dev/full", 1, "", "No space left"),
    ("$R --help >/dev/full", 1, "", "No space left"),
    ("$R - <&-", 2, "", "no standard input"),
    ("trap '' PIPE; $R --nope 2>&1 | true; exit ${PIPESTATUS[0]}", 2, "", ""),
    ("mkdir gone; cd gone; rmdir ../gone; $R --nope", 2, "", "no such option"),
    ("ulimit -n 16; $R --nope", 2, "", "no such option"),
    ("COLUMNS=rubbish TERM= LANG=C PYTHONIOENCODING=ascii $R --help", 0, "N,...", ""),
]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
@pytest.mark.parametrize(("line", "status", "out", "err"), CLOSED, ids=[line for line, *_ in CLOSED])
def test_without_keras(shell, line, status, out, err):
    done = shell(line)
    assert done.returncode == status, done.stderr
    assert out in done.stdout
    assert err in done.stderr.lower() or err in done.stderr


def test_closed_streams_and_a_file_to_save_to(shell, tmp_path):
    """What TensorFlow logs goes to descriptor 2, which must not be the file then."""
    assert shell("$R gru --quiet --save answer.json <&- >&- 2>&-").returncode == 0
    assert json.loads((tmp_path / "here" / "answer.json").read_text())["layer"] == "GRU(4)"
    assert os.listdir(tmp_path / "here") == ["answer.json"]


def test_next_to_nothing_is_there(shell, tmp_path):
    nowhere = str(tmp_path / "not" / "there")
    done = shell(
        # A worker would be left in /tmp, for want of another place.
        "mkdir gone; cd gone; rmdir ../gone; unset HOME; ulimit -n 24; $R gru --json; status=$?; "
        "$R --worker stop >/dev/null; ls -A ..; exit $status",
        **dict.fromkeys(["TMPDIR", "TEMP", "TMP", "KERAS_HOME", "XDG_RUNTIME_DIR"], nowhere),
        LANG="C",
        PYTHONIOENCODING="ascii",
        RNNSHAPE_WORKER="on",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["layer"] == "GRU(4)"


def test_less_memory_than_tensorflow_takes(shell):
    done = shell("ulimit -v 1000000; $R gru --json")
    assert done.returncode in (1, 3)
    assert json.loads(done.stdout)["error"]["code"] in ("unexpected", "no-tensorflow")
    assert done.stderr.startswith("error: ")


def test_descriptors_that_are_closed_are_held():
    script = (
        "import os; from rnnshape.__main__ import _hold_closed_streams as hold;"
        "os.close(0); os.close(2); hold(); assert os.open('/dev/null', 0) > 2"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_packages_that_cannot_be_listed(tmp_path, monkeypatch):
    for name in ("tensorflow", "keras"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")

    def refuses(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "listdir", refuses)
    with pytest.raises(NoWorker, match="cannot be listed"):
        fingerprint.files((str(tmp_path),))


def test_no_socket_to_be_had(tmp_path, monkeypatch):
    def refuses(*_):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(protocol._socket, "socket", refuses)
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    with pytest.raises(NoWorker, match="Too many open files"):
        protocol.connect(str(Path(folder) / "x"), seconds=1)


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)], ids=str)
def test_streams_that_a_program_closed_before_it_explored(tmp_path, closed):
    program = f"""
import os, pathlib
for number in {closed}:
    os.close(number)
from rnnshape import explore
pathlib.Path("answer").write_text(str(explore("gru", return_state=True, batch=2, time=3).equal))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, timeout=120, check=False, capture_output=True)
    assert done.returncode == 0
    assert (tmp_path / "answer").read_text() == "(('output', 'final_state'),)"
