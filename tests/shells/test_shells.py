"""Completion in real shells, and its installation."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import SHELLS, Terminal

COMPLETIONS = Path(__file__).parent.parent.parent / "completions"


def need(shell: str) -> None:
    """Skip where a shell is not there; what checks a change has to have all of them."""
    if shutil.which(shell) is None and not os.environ.get("CI"):
        pytest.skip(f"there is no {shell}")


@pytest.fixture(scope="module", params=SHELLS)
def terminal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a shell with the script of the repository, in a folder with a file and a folder."""
    need(request.param)
    home = tmp_path_factory.mktemp(request.param)
    (home / "work" / "drafts").mkdir(parents=True)
    (home / "work" / "answer.svg").touch()
    (home / "work" / "my_cells.py").touch()
    (home / "bin").mkdir()
    (home / "bin" / "rnnshape").symlink_to(Path(sys.executable).parent / "rnnshape")
    started = Terminal(request.param, home, folder=COMPLETIONS)
    yield started
    started.close()


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        pytest.param("rnnshape g", "rnnshape gru", id="layer"),
        pytest.param("rnnshape gru ls", "rnnshape gru lstm", id="another layer"),
        pytest.param("rnnshape --units 4 si", "rnnshape --units 4 simple-rnn", id="layer after an option"),
        pytest.param('rnnshape "LSTM(4)" g', "rnnshape LSTM(4) gru", id="layer after an expression"),
        pytest.param("rnnshape gru --bid", "rnnshape gru --bidirectional", id="option"),
        pytest.param('rnnshape "RNN(LSTMCell(4))" --tim', "rnnshape RNN(LSTMCell(4)) --time", id="option after that"),
        pytest.param("rnnshape gru --merge-mode m", "rnnshape gru --merge-mode mul", id="merge mode"),
        pytest.param("rnnshape gru --merge-mode sum,c", "rnnshape gru --merge-mode sum,concat", id="another one"),
        pytest.param("rnnshape gru --merge-mode=m", "rnnshape gru --merge-mode=mul", id="after the sign"),
        pytest.param("rnnshape gru --initial-state r", "rnnshape gru --initial-state random", id="initial state"),
        pytest.param("rnnshape conv-lstm-2d --padding s", "rnnshape conv-lstm-2d --padding same", id="padding"),
        pytest.param("rnnshape --worker sta", "rnnshape --worker status", id="worker"),
        pytest.param("rnnshape gru --save an", "rnnshape gru --save answer.svg", id="file"),
        pytest.param("rnnshape gru --save=an", "rnnshape gru --save=answer.svg", id="file after the sign"),
        pytest.param("rnnshape gru --save dr", "rnnshape gru --save drafts", id="folder"),
        pytest.param("rnnshape my", "rnnshape my_cells.py", id="file with cells"),
        pytest.param("rnnshape gru --units an", "rnnshape gru --units an", id="no file for a number"),
        pytest.param("rnnshape gru --mask=an", "rnnshape gru --mask=an", id="no file after the sign"),
        pytest.param("rnnshape gru --merge-mode an", "rnnshape gru --merge-mode an", id="no file for a choice"),
        pytest.param("rnnshape gru --an", "rnnshape gru --an", id="no file for an option"),
        pytest.param("../bin/rnnshape gru --bid", "../bin/rnnshape gru --bidirectional", id="a program by its path"),
        pytest.param("~/bin/rnnshape gru --bid", "{home}/bin/rnnshape gru --bidirectional", id="one in the home"),
    ],
)
def test_tab(terminal: Terminal, typed: str, becomes: str):
    # The slash after a folder is gone in zsh once something else follows.
    assert terminal.completed(typed).rstrip("/") == becomes.format(home=terminal.home)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        pytest.param("rnnshape conv-lstm-", {"1d", "2d", "3d"}, id="layers"),
        pytest.param("rnnshape gru --return-s", {"sequences", "state"}, id="options"),
        pytest.param("rnnshape gru --merge-mode ", {"concat", "sum", "mul", "ave", "none"}, id="merge modes"),
        pytest.param("rnnshape gru --save ", {"answer.svg", "drafts/", "my_cells.py"}, id="files"),
    ],
)
def test_what_is_offered(terminal: Terminal, typed: str, words: set[str]):
    screen = terminal.offered(typed, words)
    assert {word for word in words if word in screen} == words, screen


@pytest.mark.parametrize("shell", SHELLS)
def test_installed(shell: str, tmp_path: Path):
    need(shell)
    first = Terminal(shell, tmp_path)
    try:
        printed = first.run("rnnshape --install-completion")
        assert f"{shell} completion is in" in printed
    finally:
        first.close()
    second = Terminal(shell, tmp_path)
    try:
        # At the very first TAB, too.
        assert second.completed("rnnshape gru --bid") == "rnnshape gru --bidirectional"
    finally:
        second.close()


@pytest.mark.parametrize("shell", SHELLS)
def test_shown(shell: str, tmp_path: Path):
    need(shell)
    shown = Terminal(shell, tmp_path)
    try:
        shown.run("rnnshape --show-completion > shown")
        script = {"bash": "rnnshape.bash", "zsh": "_rnnshape", "fish": "rnnshape.fish"}[shell]
        assert (tmp_path / "work" / "shown").read_text() == (COMPLETIONS / script).read_text()
    finally:
        shown.close()
