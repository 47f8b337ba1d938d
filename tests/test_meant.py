"""What is meant by options that there are not: the right one is named, and what the hint says to type works."""

from __future__ import annotations

import shlex

import pytest

from rnnshape import cli
from rnnshape.catalogue import ARGUMENTS
from rnnshape.cli import scripts
from rnnshape.cli.meant import instead_of, with_one_dash
from rnnshape.errors import RnnshapeError

# what is typed, what is to stand in its place
MEANT = [
    ("gru --output x.svg", "gru --save x.svg"),
    ("gru --dropout 0.5", "gru --set dropout=0.5"),
    ("gru --activation=relu", "gru --set activation=relu"),
    ("gru --use_bias False", "gru --set use_bias=False"),
    ("gru --recurrent-droput 0.2", "gru --set recurrent_dropout=0.2"),
    ("gru --merge sum", "gru --bidirectional --merge-mode sum"),
    ("gru --plain", "gru --save answer.txt"),
    ("gru --markdown", "gru --save answer.md"),
    ("gru --csv", "gru --save answer.csv"),
    ("gru -return-state", "gru --return-state"),
    ("gru -return_state", "gru --return-state"),
    ("gru --return_sequences", "gru --return-sequences"),
    ("gru -units 3", "gru --units 3"),
    ("gru -bidirectional", "gru --bidirectional"),
    ("gru --unit 3", "gru --units 3"),
    ("gru --hidden-size 3", "gru --units 3"),
    ("gru --timesteps=3", "gru --time 3"),
    ("gru --batch_size 3", "gru --batch 3"),
    ("gru --input-shape 3,4,5", "gru --input 3,4,5"),
    ("gru --retrun-state", "gru --return-state"),
]


@pytest.fixture(autouse=True)
def nothing_runs(tmp_path, monkeypatch):
    """Have an error in the place of Keras's answers, and write into an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rnnshape.cli.answering.answers_to", lambda *_, **__: [RnnshapeError("canned", layer="GRU(4)")])


def hint_of(line, capsys):
    assert cli.run(shlex.split(line)) == 2
    return capsys.readouterr().err.partition("hint: ")[2].strip()


@pytest.mark.parametrize(("line", "right"), MEANT)
def test_the_right_option_is_named_and_works(line, right, capsys):
    named = hint_of(line, capsys).removeprefix("Did you mean ").removesuffix("?")
    assert right.startswith(f"gru {named}")
    assert cli.run(shlex.split(right)) == RnnshapeError.status
    assert "canned" in capsys.readouterr().out


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_argument_of_keras_is_given_by_set(name, capsys):
    assert hint_of(f"gru --{name.replace('_', '-')} 1", capsys) == f"Did you mean --set {name}=1?"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("gru --layers", "Layers stand alone: rnnshape gru"),
        ("gru --layers 3", "A stack is an expression: 'RNN([LSTMCell(4), LSTMCell(4)])'"),
        ("gru --layers lstm", "Layers stand alone: rnnshape lstm"),
        ("gru --num-layers 2", "A stack is an expression: 'RNN([LSTMCell(4), LSTMCell(4)])'"),
        ("gru --foo", "rnnshape --help lists the options."),
        ("gru --training=yes", "--training takes no value."),
    ],
)
def test_other_hints(line, hint, capsys):
    assert hint_of(line, capsys) == hint


def test_what_is_an_option_is_left_alone():
    options = ["-u", "--units", "--set"]
    assert with_one_dash(["gru", "-u3", "-3", "-", "--units", "3", "--", "-units"], options) is None
    assert instead_of("--zzz", ["--zzz"], options) is None


@pytest.mark.parametrize(
    "words", ["--install-completion fish", "--install-completion=fish", "fish --install-completion"]
)
def test_the_shell_may_be_named(words, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cli.run(words.split()) == 0
    assert capsys.readouterr().out.startswith("fish completion is in ")
    [path] = tmp_path.rglob("*.fish")
    assert path.read_text() == scripts.script("fish")


def test_a_shell_that_is_none_is_refused(capsys):
    assert hint_of("--show-completion fsh", capsys) == "Did you mean fish?"
    assert hint_of("--show-completion gru", capsys) == "Leave it out for the shell around you."
    assert cli.run(["--show-completion", "zsh"]) == 0
    assert capsys.readouterr().out == scripts.script("zsh")
