"""Which words of the command line are layers, and which are code: pasted, in files, from standard input."""

from __future__ import annotations

import io
import json

import pytest

from rnnshape.cli import words
from rnnshape.cli.words import parts_of
from rnnshape.errors import InvalidQuery
from rnnshape.programs import Source

STACK = "model = Sequential()\nmodel.add(LSTM(32, input_shape=(20, 2)))\n"
NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "markdown", "source": ["# words"]},
            {"cell_type": "code", "source": ["x = Input((3, 4))\n", "y = GRU(5)(x)"], "outputs": []},
        ],
        "nbformat": 4,
    }
)


def kinds(parts):
    return ["code" if isinstance(part, Source) else part for part in parts]


@pytest.mark.parametrize(
    ("word", "is_code"),
    [
        ("gru", False),
        ("LSTM(4, return_state=True)", False),
        ("layer = LSTM(4)", False),
        ("keras.layers.Bidirectional(keras.layers.GRU(4))", False),
        ("path/to/cells.py:Cell(4)", False),
        ("cells.py:Cell(4)", False),
        ("RNN(cells.py:Cell(4))", False),
        ("x = LSTM(4)(x)", True),
        ("LSTM(4)(x)", True),
        ("model.add(LSTM(4))", True),
        ("a, b = GRU(4, return_state=True)(x)", True),
        (STACK, True),
        ("x = Input((3, 4)); y = GRU(5)(x)", True),
    ],
)
def test_pasted_words(word, is_code):
    assert kinds(parts_of([word])) == (["code"] if is_code else [word])


def test_words_keep_their_order():
    assert kinds(parts_of(["gru", STACK, "LSTM(4)"])) == ["gru", "code", "LSTM(4)"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gru\nLSTM(4)\n", ["gru", "LSTM(4)"]),
        ("# layers\n\n  gru\n", ["gru"]),
        ("keras.Sequential([\n    LSTM(4),\n    Dense(1)\n])\n", None),
        ("gru  \n\nBidirectional(LSTM(4), merge_mode='sum')\n", ["gru", "Bidirectional(LSTM(4), merge_mode='sum')"]),
        ("", []),
        (STACK, None),
        (">>> x = Input((3, 4))\n>>> LSTM(4)(x)\n", None),
        ("from keras.layers import LSTM\nLSTM(4)\n", None),
        ("LSTM(4)\nx = LSTM(4)(x)\n", None),
        (NOTEBOOK, None),
    ],
)
def test_standard_input_is_layers_or_code(monkeypatch, text, expected):
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    parts = parts_of(["-"])
    assert kinds(parts) == (["code"] if expected is None else expected)
    if text == NOTEBOOK:
        assert parts[0].is_notebook


def test_a_wrong_line_among_layers_has_its_number(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("gru\nLSTM(4\n"))
    with pytest.raises(InvalidQuery, match="Line 2 of standard input"):
        parts_of(["-"])


@pytest.mark.parametrize(("name", "text"), [("a.py", STACK), ("b.ipynb", NOTEBOOK), ("c.txt", STACK), ("d.md", STACK)])
def test_files(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    (part,) = parts_of([str(tmp_path / name)])
    assert (part.text, part.name, part.is_notebook) == (text, name, name.endswith("ipynb"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "There is no file"),
        (b"a = 1\0", "bytes that are zero"),
        (b"#" * 2_000, "more than 1,000 bytes"),
    ],
)
def test_files_that_are_none(tmp_path, monkeypatch, data, said):
    monkeypatch.setattr(words, "LONGEST", 1_000)
    path = tmp_path / "a.py"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InvalidQuery, match=said):
        parts_of([str(path)])


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(InvalidQuery, match="Is a directory"):
        parts_of([str(tmp_path / "folder.py")])


def test_a_file_in_another_encoding_is_read_all_the_same(tmp_path):
    (tmp_path / "a.py").write_bytes("x = 1  # é".encode("latin-1"))
    (part,) = parts_of([str(tmp_path / "a.py")])
    assert part.text.endswith("é")
