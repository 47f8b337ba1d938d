"""A real shell on a pseudo-terminal: a line is typed, TAB is pressed, and what the line has become is looked at."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from pathlib import Path

import pexpect

SHELLS = ("bash", "zsh", "fish")
BOUND = 60
"""Seconds that nothing here takes, on any machine; they end a test that hangs."""

_BARE = {"bash": ("--norc", "--noprofile"), "zsh": ("-f",), "fish": ("--no-config",)}
_PREPARED = {
    "bash": "bind 'set bell-style none'; bind 'set show-all-if-ambiguous on'; source {folder}/rnnshape.bash",
    "zsh": "fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D",
    "fish": "source {folder}/rnnshape.fish",
}
_ESCAPES = re.compile(r"\x1b\[[0-9;?>=]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b\][^\x07]*\x07|\x1b[=>]|[\x07\x08\x0f\r]")
_HOME, _END, _CTRL_C = "\x01", "\x05", "\x03"


class Terminal:
    """A shell in the folder `work` of a home of its own, with this environment's `rnnshape` first on its path.

    Args:
        shell: its name.
        home: its home; whatever is left behind is there.
        folder: of the completion scripts, which the shell then loads; without it, it reads its usual files.
        environ: more of the environment.

    """

    def __init__(self, shell: str, home: Path, *, folder: Path | None = None, **environ: str) -> None:
        self.home = home
        work = home / "work"
        work.mkdir(exist_ok=True)
        self._spawned = pexpect.spawn(
            shell,
            [*(_BARE[shell] if folder else ()), "-i"],
            env={
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(home),
                "LANG": "C.UTF-8",
                "TERM": "xterm",
                "RNNSHAPE_WORKER": "off",
                **environ,
            },
            cwd=work,
            encoding="utf-8",
            dimensions=(50, 160),
            timeout=BOUND,
        )
        if folder:
            self._spawned.sendline(_PREPARED[shell].format(folder=folder))
        self.run("true")

    def run(self, line: str) -> str:
        """Run a line, and return what was on the screen until it had ended."""
        return self._entered(line, before="", after="\n")

    def completed(self, line: str) -> str:
        """Press TAB at the end of a line, and return the line that becomes of it: the words, one space between.

        The shell itself tells, as the arguments of a command that is put in front; nothing is run.
        """
        self._spawned.send(f"{line}\t")
        screen = self._entered("", before=f"{_HOME}printf '<%s>' ", after=f"{_END}; ")
        words = re.findall(r"<([^<>]*)>", screen.rpartition("printf")[2].partition("\n")[2])
        assert words, screen
        return " ".join(words)

    def offered(self, line: str, words: set[str]) -> str:
        """Press TAB at the end of a line, and return what is on the screen once these words are; or else in the end."""
        self._spawned.send(f"{line}\t")
        screen, until = "", time.monotonic() + BOUND
        while not all(word in screen for word in words) and time.monotonic() < until:
            with contextlib.suppress(pexpect.TIMEOUT):
                screen += _ESCAPES.sub("", self._spawned.read_nonblocking(65536, timeout=0.1))
        self._spawned.send(_CTRL_C)
        self.run("true")
        return screen

    def close(self) -> None:
        self._spawned.close(force=True)

    def _entered(self, line: str, *, before: str, after: str) -> str:
        # Put together by printf, so that the line as it is typed is not taken for what it prints.
        end = "printf 'it has %s\\n' ended"
        self._spawned.send(f"{before}{line}{after}{end}\r")
        self._spawned.expect_exact("it has ended")
        return _ESCAPES.sub("", self._spawned.before)
