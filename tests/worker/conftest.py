"""A house of its own for each worker under test: a copy of the package, a runtime folder, an environment."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import rnnshape
from rnnshape.worker import admin

PACKAGE = Path(rnnshape.__file__).parent
BOUND = 60
"""Seconds that nothing here takes, on any machine; they end a test that hangs."""


class House:
    """Where a worker lives: all that it may touch is below `path`, but for its socket, which is in `runtime`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.site = path / "site"
        # Not below `path`, which may be too long for a socket already.
        self.runtime = Path(tempfile.mkdtemp(prefix="rnn"))
        self.sockets = self.runtime / "rnnshape"
        shutil.copytree(PACKAGE, self.site / "rnnshape", ignore=shutil.ignore_patterns("__pycache__"))
        inherited = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "COVERAGE_PROCESS_CONFIG")
        self.env = {name: os.environ[name] for name in inherited if name in os.environ} | {
            "XDG_RUNTIME_DIR": str(self.runtime),
            "HOME": str(path),
            "RNNSHAPE_WORKER": "on",
        }
        self.command: list[str] = []

    def run(self, *words: str, env: dict[str, str] | None = None, command: list[str] | None = None, **options):
        """Run the command line to its end; stdin is empty."""
        options = {"input": "", "cwd": self.path, **options}
        options |= {} if "stdout" in options else {"capture_output": True}
        return subprocess.run(
            [*(command or self.command), *words],
            env=self.env | (env or {}),
            text=True,
            timeout=BOUND,
            check=False,
            **options,
        )

    def start(self, *words: str, env: dict[str, str] | None = None, **options) -> subprocess.Popen[str]:
        options = {"stdin": subprocess.DEVNULL, "cwd": self.path, **options}
        return subprocess.Popen(
            [*self.command, *words],
            env=self.env | (env or {}),
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )

    def workers(self) -> list[admin.WorkerStatus]:
        """Return the workers that answer."""
        paths = [str(path) for path in self.sockets.glob("*") if "." not in path.name]
        return [status for status in map(admin._status, paths) if status is not None]

    def worker(self) -> admin.WorkerStatus:
        (status,) = self.workers()
        return status

    def rested(self) -> admin.WorkerStatus:
        """Wait until the one worker has its spares ready and nobody to serve."""
        wait_for(lambda: len(self.workers()) == 1 and self.worker().is_rested)
        return self.worker()

    def processes(self) -> list[int]:
        """Return the processes that were started here, and live."""
        # A worker shows the path of its socket, and nothing else of its environment.
        ours = f"XDG_RUNTIME_DIR={self.runtime}".encode(), f"RNNSHAPE=rnnshape worker {self.sockets}/".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                is_ours = any(word.startswith(ours) for word in (entry / "environ").read_bytes().split(b"\0"))
                if is_ours and not is_over(int(entry.name)):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def close(self) -> None:
        """Stop the workers (one may only be on its way), and insist that nothing is left of them."""
        try:
            wait_for(self._are_stopped)
        finally:
            for pid in self.processes():
                os.kill(pid, signal.SIGKILL)
            shutil.rmtree(self.runtime)

    def _are_stopped(self) -> bool:
        for worker in self.workers():
            admin._stop(worker.socket)
        return not self.processes()


def read_terminal(ours: int) -> str:
    """Return what was printed on a pseudo-terminal whose other end no process holds any more, and close it."""
    text = b""
    with contextlib.suppress(OSError):  # which says that the other end is closed
        while data := os.read(ours, 65536):
            text += data
    os.close(ours)
    return text.decode()


def is_over(pid: int) -> bool:
    """Tell whether a process has ended; a zombie that nobody takes has, too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + BOUND
    while not condition():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def _hang_ups_end_a_client() -> Iterator[None]:
    """Have clients end at a hang-up, though the tests may be run with nohup, which they would inherit."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Return a house for the stand-in, with a TensorFlow and a Keras that are nothing but files."""
    made = House(tmp_path / "h")
    for package in ("tensorflow", "keras"):
        (made.site / package).mkdir()
        (made.site / package / "__init__.py").write_text("")
        (made.site / f"{package}-3.0.dist-info").mkdir()
    shutil.copy(Path(__file__).parent / "standin.py", made.site / "standin.py")
    made.command = [sys.executable, str(made.site / "standin.py")]
    yield made
    made.close()


@pytest.fixture(scope="module")
def real_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return a house for the real program, with a worker in it that has its spares ready."""
    made = House(tmp_path_factory.mktemp("real") / "h")
    made.command = [sys.executable, "-m", "rnnshape"]
    made.env["PYTHONPATH"] = str(made.site)
    try:
        first = made.run("gru")
        assert first.returncode == 0, first.stderr
        made.rested()
        yield made
    finally:
        made.close()
