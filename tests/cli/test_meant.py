"""What is meant by options that there are not: the right one is named, and what the hint says to type works."""

from __future__ import annotations

import shlex

import pytest

from rnnshape import cli
from rnnshape.catalogue import ARGUMENTS
from rnnshape.cli import scripts
from rnnshape.cli.meant import instead_of, with_one_dash
from rnnshape.errors import KerasRefused
from rnnshape.show.formats import NAMES

# what is typed, what is to stand in its place
MEANT = [
    ("gru --output x.svg", "gru --save x.svg"),
    ("gru --dropout 0.5", "gru --set dropout=0.5"),
    ("gru --activation=relu", "gru --set activation=relu"),
    ("gru --use_bias False", "gru --set use_bias=False"),
    ("gru --recurrent-droput 0.2", "gru --set recurrent_dropout=0.2"),
    ("gru --merge sum", "gru --bidirectional --merge-mode sum"),
    ("gru --markdown", "gru --format md"),
    ("gru --form csv", "gru --format csv"),
    *((f"gru --{name}", f"gru --format {name}") for name in NAMES if name != "json"),
    ("gru --colour never", "gru --color never"),
    ("gru --no-color", "gru --color never"),
    ("gru --columns 60", "gru --width 60"),
    ("gru --bidir", "gru --bidirectional"),
    ("gru --seq", "gru --return-sequences"),
    ("gru --states", "gru --return-state"),
    ("gru --parameters", "gru --weights"),
    ("gru --threads 3", "gru --jobs 3"),
    ("gru --verbose", "gru --debug"),
    ("gru --widht 50", "gru --width 50"),
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
    monkeypatch.setattr("rnnshape.cli.answering.answers_to", lambda *_, **__: [KerasRefused("canned", layer="GRU(4)")])


def hint_of(line, capsys):
    assert cli.run(shlex.split(line)) == 2
    return capsys.readouterr().err.partition("hint: ")[2].strip()


@pytest.mark.parametrize(("line", "right"), MEANT)
def test_the_right_option_is_named_and_works(line, right, capsys):
    named = hint_of(line, capsys).removeprefix("Did you mean ").removesuffix("?")
    assert right.startswith(f"gru {named}")
    assert cli.run(shlex.split(right)) == KerasRefused.status
    assert "canned" in capsys.readouterr().out


# what is typed, what is to stand in its place, and the words of the hint that say so
WORDS = [
    ("lsmt", "lstm", "Did you mean lstm?"),
    ("lstm,gru", "lstm gru", "Type spaces between layers: lstm gru"),
    ("lstm,", "lstm", "Did you mean lstm?"),
    ("LSTM+GRU", "lstm gru", "Type spaces between layers: lstm gru"),
    ("bilstm", "lstm --bidirectional", "Did you mean lstm --bidirectional?"),
    ("CuDNNLSTM", "lstm", "That is an old name: in Keras 3 it is lstm."),
    ("keras.layers.GRU", "'keras.layers.GRU(4)'", "Did you mean gru, or 'keras.layers.GRU(4)'?"),
    ("rnn", "'RNN(LSTMCell(4))'", "Did you mean simple-rnn, or 'RNN(LSTMCell(4))'?"),
    ("gru 4", "gru --units 4", "Sizes are options: --units 4."),
    ("gru --mask post:3", "gru --mask right:3", "Did you mean right:3?"),
    ("gru --mask pre:3", "gru --mask left:3", "Did you mean left:3?"),
    ("gru --input 32x10x8", "gru --input 32,10,8", "--input 32,10,8"),
    ("gru --input '32 10 8'", "gru --input 32,10,8", "--input 32,10,8"),
    ("gru --merge-mode sum", "gru --merge-mode sum --bidirectional", "Add --bidirectional."),
    ("gru --merge-mode avg --bidirectional", "gru --merge-mode ave --bidirectional", "Did you mean ave?"),
    ("gru --initial-state zero", "gru --initial-state zeros", "Did you mean zeros?"),
    ("gru --format htm", "gru --format html", "Did you mean html?"),
    ("gru --color alway", "gru --color always", "Did you mean always?"),
    ("gru --save a.htm", "gru --save a.html", "Did you mean a.html?"),
    ("'LSTM(4, dtype=tf.float16)'", "\"LSTM(4, dtype='float16')\"", "Quote it: dtype='float16'."),
    ("'LSTM(a.b)'", "'LSTM(4)'", "Write a value in the place of a.b, such as 4."),
    ("'LSTM(4)' --units 4", "'LSTM(4)'", "Write it into the expression, or give the layer by its name, such as gru."),
]


@pytest.mark.parametrize(("line", "right", "hint"), WORDS)
def test_what_a_hint_says_to_type_works(line, right, hint, capsys):
    assert hint_of(line, capsys) == hint
    assert cli.run(shlex.split(right)) == KerasRefused.status
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
        ("gru --compare before.jsonl", "Did you mean --expect before.jsonl?"),
        ("gru --expeted f", "Did you mean --expect?"),
        ("gru -n 3", "rnnshape --help lists the options."),
        ("gru --nan", "rnnshape --help lists the options."),
        ("gru --foo", "rnnshape --help lists the options."),
        ("gru --training=yes", "--training takes no value."),
    ],
)
def test_other_hints(line, hint, capsys):
    assert hint_of(line, capsys) == hint


def test_what_is_an_option_is_left_alone():
    options = ["-u", "--units", "--set"]
    assert with_one_dash(["gru", "u", "-u3", "-3", "-", "--units", "3", "--", "-units"], options) is None
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
    assert hint_of("--show-completion gru", capsys) == "Leave the name out for the shell that you are in."
    assert cli.run(["--show-completion", "zsh"]) == 0
    assert capsys.readouterr().out == scripts.script("zsh")
