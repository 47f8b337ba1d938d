"""The suite itself: as a background job, and where something never comes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).parents[1] / "conftest.py"

INTERRUPTED = """
import os, pytest, signal, subprocess, sys

def test_an_interrupt_reaches_it_and_what_it_starts():
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()
    code = "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('survived')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert done.stdout == b""
"""

ENDLESS = """
import socket

def test_that_waits_for_ever():
    ours, theirs = socket.socketpair()
    ours.recv(1)

def test_that_does_not():
    pass
"""


def run(folder: Path, conftest: str, test: str, *before: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(conftest)
    (folder / "test_it.py").write_text(test)
    command = [*before, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def test_where_interrupts_are_ignored(tmp_path):
    done = run(tmp_path, CONFTEST.read_text(), INTERRUPTED, "sh", "-c", "trap '' INT; exec \"$@\"", "sh")
    assert "1 passed" in done.stdout


def test_every_wait_has_an_end(tmp_path):
    done = run(tmp_path, CONFTEST.read_text().replace("BOUND = 900", "BOUND = 1"), ENDLESS)
    assert "it waited for more than 1 seconds" in done.stdout
    assert "1 failed, 1 passed" in done.stdout
