"""The completion scripts of the repository are the ones that the program makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.completion import get_completion_script

COMPLETIONS = Path(__file__).parent.parent / "completions"
FILES = {"bash": "rnnshape.bash", "zsh": "_rnnshape", "fish": "rnnshape.fish", "pwsh": "rnnshape.ps1"}


@pytest.mark.parametrize("shell", FILES)
def test_script_is_the_program_s_own(shell, same_as_file):
    script = get_completion_script(prog_name="rnnshape", complete_var="_RNNSHAPE_COMPLETE", shell=shell)
    same_as_file(COMPLETIONS / FILES[shell], script.strip() + "\n")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("rnnshape g", {"gru"}),
        ("rnnshape conv-lstm-", {"conv-lstm-1d", "conv-lstm-2d", "conv-lstm-3d"}),
        ("rnnshape gru --return-", {"--return-sequences", "--return-state"}),
        ("rnnshape gru --bidirectional --merge-mode ", {"concat", "sum", "mul", "ave", "none"}),
        ("rnnshape gru --merge-mode sum,", {"sum,concat", "sum,sum", "sum,mul", "sum,ave", "sum,none"}),
        ("rnnshape gru --initial-state r", {"random"}),
    ],
)
def test_what_a_tab_offers(typed, expected, monkeypatch, capsys):
    from rnnshape.cli import run

    monkeypatch.setenv("_RNNSHAPE_COMPLETE", "complete_bash")
    words = typed.split(" ")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    assert run([]) == 0
    assert set(capsys.readouterr().out.split()) == expected
