"""The completion scripts of the repository are the ones that the program makes, and what it tells them."""

from __future__ import annotations

from pathlib import Path

import pytest
import shellingham
from test_imports import HEAVY, probe

from rnnshape.cli import run
from rnnshape.cli.scripts import script

COMPLETIONS = Path(__file__).parents[2] / "completions"
FILES = {"bash": "rnnshape.bash", "zsh": "_rnnshape", "fish": "rnnshape.fish", "pwsh": "rnnshape.ps1"}


def asked(shell: str, typed: str) -> dict[str, str]:
    """Return the environment in which a shell's script asks, with the cursor at the end of a line."""
    if shell == "bash":
        at = str(len(typed.split(" ")) - 1)
        return {"_RNNSHAPE_COMPLETE": "complete_bash", "COMP_WORDS": typed.replace(" ", "\n"), "COMP_CWORD": at}
    name = "_TYPER_COMPLETE_ARGS" if shell == "powershell" else "_RNNSHAPE_LINE"
    return {"_RNNSHAPE_COMPLETE": f"complete_{shell}", name: typed}


@pytest.fixture
def offered(monkeypatch, capsys):
    def run_asked(shell: str, typed: str) -> str:
        for name, value in asked(shell, typed).items():
            monkeypatch.setenv(name, value)
        assert run([]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return run_asked


@pytest.mark.parametrize("shell", FILES)
def test_script_is_the_program_s_own(shell, same_as_file):
    same_as_file(COMPLETIONS / FILES[shell], script(shell))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("rnnshape g", {"gru"}),
        ("rnnshape conv-lstm-", {"conv-lstm-1d", "conv-lstm-2d", "conv-lstm-3d"}),
        ("rnnshape gru --return-", {"--return-sequences", "--return-state"}),
        ("rnnshape gru --bidirectional --merge-mode ", {"concat", "sum", "mul", "ave", "none"}),
        ("rnnshape gru --merge-mode sum,", {"sum,concat", "sum,mul", "sum,ave", "sum,none"}),
        ("rnnshape gru --merge-mode = s", {"sum"}),
        ("rnnshape gru --merge-mode =", {"concat", "sum", "mul", "ave", "none"}),
        ("rnnshape gru --initial-state r", {"random"}),
        ("rnnshape gru --initial-state zeros,", {":"}),  # nothing, and no files
        ("rnnshape gru --units ", {":"}),
        ("rnnshape gru --save=", set()),
        ("rnnshape gru,", set()),
        ("rnnshape gru --save ", set()),
        ("rnnshape gru --no-such-option l", {"lstm"}),
        ("rnnshape --version g", {"gru"}),
        ("rnnshape --show-completion ", {"bash", "zsh", "fish", "powershell", "pwsh"}),
        ("rnnshape --install-completion z", {"zsh"}),
        ("rnnshape gru --color a", {"auto", "always"}),
        ("rnnshape gru --format m", {"md"}),
        ("rnnshape -- --", set()),
        ('rnnshape "Bidir', set()),
        ("rnnshape 'GRU(4", set()),
    ],
)
def test_what_a_tab_offers(typed, expected, offered):
    assert set(offered("bash", typed).split()) == expected


def test_zsh_gets_words_with_what_they_mean(offered):
    line = offered("zsh", "rnnshape gru --return-s")
    assert "'--return-state:Also return the final states.'" in line
    assert """'--initial-state:Start from these states instead of the layer'"'"'s own.'""" in offered(
        "zsh", "rnnshape gru --initial"
    )
    assert line.endswith("; _describe word offered\n")


def test_zsh_gets_what_stands_before_a_value(offered):
    assert offered("zsh", "rnnshape --merge-mode=su") == (
        "compset -P '*='; local -a offered; offered=(sum); _describe word offered\n"
    )
    assert offered("zsh", "rnnshape --save=su") == "compset -P '*='; _files\n"


def test_fish_gets_words_with_what_they_mean(offered):
    assert offered("fish", "rnnshape gru --return-st") == "--return-state\tAlso return the final states.\n"
    assert offered("fish", "rnnshape --merge-mode=su") == "--merge-mode=sum\n"
    assert offered("fish", "rnnshape --save ").strip() == ""
    assert offered("fish", "rnnshape --units ").strip() == ":"


@pytest.mark.parametrize(
    ("typed", "word", "expected"),
    [
        ("rnnshape g", "g", "gru::: \n"),
        ("rnnshape gru --return-st", "--return-st", "--return-state:::Also return the final states.\n"),
        ("rnnshape gru --initial-state", "", "zeros::: \nrandom::: \n"),
    ],
)
def test_powershell_gets_words_with_what_they_mean(typed, word, expected, offered, monkeypatch):
    monkeypatch.setenv("_TYPER_COMPLETE_WORD_TO_COMPLETE", word)
    assert offered("powershell", typed) == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("typed", ["rnnshape g", "rnnshape gru --", "rnnshape gru --save "])
def test_a_tab_imports_neither_keras_nor_rich(shell, typed):
    assert probe([], HEAVY | {"rich"}, **asked(shell, typed)) == (0, [])


@pytest.mark.parametrize("option", ["--show-completion", "--install-completion"])
def test_a_shell_that_is_none_of_ours(option, monkeypatch, capsys):
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("tcsh", "/bin/tcsh"))
    assert run([option]) == 1
    assert "tcsh" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_installed_is_what_is_shown(shell, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("shellingham.detect_shell", lambda: (shell, f"/bin/{shell}"))
    assert run(["--show-completion"]) == 0
    assert capsys.readouterr().out == script(shell)
    assert run(["--install-completion"]) == 0
    paths = {"bash": ".bash_completions/rnnshape.sh", "zsh": ".zfunc/_rnnshape"}
    path = tmp_path / paths.get(shell, ".config/fish/completions/rnnshape.fish")
    assert str(path) in capsys.readouterr().out
    assert path.read_text(encoding="utf-8").strip() == script(shell).strip()


def test_a_home_that_cannot_be_written_to(monkeypatch, capsys, tmp_path):
    (tmp_path / "home").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("zsh", "/bin/zsh"))
    assert run(["--install-completion"]) == 1
    err = capsys.readouterr().err
    assert "cannot be installed" in err
    assert "bug" not in err


@pytest.mark.parametrize("option", ["--show-completion", "--install-completion"])
def test_the_shell_around_the_worker_is_not_asked_for(option, monkeypatch):
    from rnnshape import __main__ as entry

    monkeypatch.setattr("sys.argv", ["rnnshape", option])
    assert entry._is_about_here()
    monkeypatch.setattr("sys.argv", ["rnnshape", "gru"])
    assert not entry._is_about_here()


def test_an_open_quotation_and_an_open_escape_are_no_words(offered):
    assert offered("fish", "rnnshape 'g").strip() == "gru"
    assert offered("fish", "rnnshape g\\").strip() == ""
    assert offered("fish", 'rnnshape gru --save "g\\').strip() == ""


@pytest.mark.parametrize("asked_for", ["complete_tcsh", "source_tcsh", "complete", "anything"])
def test_who_asks_is_a_shell_that_is_known(asked_for, monkeypatch, capsys):
    monkeypatch.setenv("_RNNSHAPE_COMPLETE", asked_for)
    assert run(["gru"]) == 1
    assert capsys.readouterr().out == ""


def test_a_defect_says_nothing_to_the_shell(monkeypatch, capsys):
    def fails(_):
        raise ValueError("a defect")

    monkeypatch.setattr("rnnshape.cli.completion.answer", fails)
    monkeypatch.setenv("_RNNSHAPE_COMPLETE", "complete_bash")
    assert run([]) == 1
    assert capsys.readouterr() == ("", "")


def test_a_shell_that_nobody_knows(monkeypatch, capsys):
    def fails():
        raise shellingham.ShellDetectionFailure

    monkeypatch.setattr("shellingham.detect_shell", fails)
    assert run(["--show-completion"]) == 1
    assert "This shell is unknown." in capsys.readouterr().err
