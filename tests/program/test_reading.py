"""Text as it is pasted -> code: with the lines' numbers kept, bounded, and refused with a place."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnshape.errors import RnnshapeError
from rnnshape.program import NotRead, is_code, read, read_notebook, read_value

PLAIN = "x = Input((3, 2))\ny = LSTM(4)(x)"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "x = Input((3, 2))\r\ny = LSTM(4)(x)\r\n",
        "\ufeffx = Input((3, 2))\ny\u00a0= LSTM(4)(x)",
        "    x = Input((3, 2))\n    y = LSTM(4)(x)",
        "x = Input((3, 2))\n    y = LSTM(4)(x)",
        "\tx = Input((3, 2))\n\ty = LSTM(4)(x)",
        ">>> x = Input((3, 2))\n>>> y = LSTM(4)(x)",
        "  >>> x = Input((3, 2))\n  >>> y = LSTM(4)(x)",
        "In [3]: x = Input((3, 2))\nIn [4]: y = LSTM(4)(x)",
        "In [*]: x = Input((3, 2))\n   ...: y = LSTM(4)(x)",
        "x = Input((3, 2))  # three steps\ny = LSTM(4)(x)",
    ],
)
def test_what_is_around_code_is_passed_over(text):
    lines = [line.split("  #")[0] for line in read(text).lines if line]
    assert lines == PLAIN.split("\n")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (">>> x = 1\n1\n>>> y = 2", 3),
        ("In [1]: x = 1\nOut[1]: 1\n\nIn [2]: y = 2", 4),
        ("!pip install keras\nx = 1\ny = 2", 3),
        ("%matplotlib inline\nimport x\ny = 2", 3),
        ("```python\nx = 1\ny = 2\n```", 3),
        ("x = !ls\n\ny = 2", 3),
        (">>> f(\n...     1)\n(2, 3)\n>>> y = 2", 4),
    ],
)
def test_lines_keep_their_numbers(text, line):
    code = read(text)
    last = code.tree.body[-1]
    assert (last.lineno, code.lines[line - 1]) == (line, "y = 2")


def test_a_magic_alone_in_a_block_leaves_a_block():
    assert len(read("for i in range(3):\n    !ls\nx = 1").tree.body) == 2


def test_columns_count_characters():
    code = read("größe = f(ü, x)")
    call = code.tree.body[0].value
    assert code.span(call)[1] == len("größe = ")
    assert code.text(call.args[1]) == "x"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("gru", False),
        ("LSTM(4)", False),
        ("keras.layers.LSTM(4, return_state=True)", False),
        ("layer = LSTM(4)", False),
        ("self.rnn = LSTM(4);", False),
        ("Bidirectional(\n    LSTM(4),\n)", False),
        ("Sequential([\n    LSTM(4),\n    Dense(2),\n])", False),
        ("RNN(path/to/my_cells.py:MinimalCell(5))", False),
        ("--units", False),
        ("x = LSTM(64, return_sequences=True)(x)", True),
        ("LSTM(4)(x)", True),
        ("model.add(LSTM(4))", True),
        ("x = Input((3, 4))", True),
        ("out, h, c = LSTM(4, return_state=True)", True),
        ("x = 1; y = 2", True),
        ("x = LSTM(4)(x)\ny = Dense(2)(x", True),
        ("def f(x):\n    return x", True),
    ],
)
def test_words_are_told_apart(word, expected):
    assert is_code(word) is expected


def notebook(*cells, **more):
    return json.dumps({"cells": [{"cell_type": kind, "source": source} for kind, source in cells], **more})


def test_code_cells_of_a_notebook_are_one_program():
    text = notebook(
        ("markdown", "# x = 5 is prose"),
        ("code", ["%matplotlib inline\n", "x = 1"]),
        ("code", "%%bash\nrm -r build"),
        ("code", "y = 2"),
    )
    assert [line for line in read_notebook(text).lines if line] == ["x = 1", "y = 2"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 3}', "x = 1", "[" * 5000])
def test_what_is_no_notebook_is_refused(text):
    with pytest.raises(NotRead, match="no notebook"):
        read_notebook(text)


@pytest.mark.parametrize(
    ("text", "line", "kind"),
    [
        ("x = (", 1, "SyntaxError"),
        ("x = 1\ny = = 2", 2, "SyntaxError"),
        ("hello there, how does this work", 1, "SyntaxError"),
        ("\x00\x01", 1, "SyntaxError"),
        ("x = 1\nmatch x:\n    case 1: pass", 2, "SyntaxError"),
        ("async def f(): pass", 1, "SyntaxError"),
        ("x = 1\n" * 20_000, 10_000, "TooLarge"),
        ("x = '" + "a" * 500_000 + "'", 1, "TooLarge"),
        ("x = a" + ".b" * 500, 1, "TooLarge"),
        ("x = " + "-" * 5000 + "1", 1, "TooDeep"),
        ("x = " + "(" * 500 + ")" * 500, 1, "SyntaxError"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_not_read_is_refused_at_its_line(text, line, kind):
    with pytest.raises(NotRead) as refused:
        read(text)
    error = refused.value
    assert (error.line, error.kind, error.code, error.status) == (line, kind, "not-read", 2)
    assert error.to_dict()["error"]["line"] == line
    assert pickle.loads(pickle.dumps(error)).line == line


@pytest.mark.parametrize("text", ["", "x = 1", "import os", "1; 2"])
def test_a_given_value_is_one_expression(text):
    with pytest.raises(NotRead, match="one expression"):
        read_value(text, name="n")


@given(st.text(alphabet="xy=()[]{}:,.\n\t >>>In[1]%!'\"#é\\", max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        code = read(text)
    except RnnshapeError:
        return
    assert len(code.lines) == max(text.count("\n") + 1, 1)


CELL = """
class MyCell(keras.layers.Layer):
    def __init__(self, units, **kwargs):
        self.state_size = units
"""
MODEL = """
class Encoder(keras.Model):
    def __init__(self, vocabulary, units):
        self.lstm = LSTM(units)
"""


@pytest.mark.parametrize(
    ("text", "source", "typed"),
    [
        (CELL, "own.py", "RNN(own.py:MyCell(4))"),
        (f"import keras\n'words'\nSIZE = 3{CELL}{MODEL}", "own.py", "RNN(own.py:MyCell(4))"),
        (MODEL, "own.py", "own.py:Encoder(…)"),
        (MODEL, "standard input", "FILE.py:Encoder(…)"),
        ("class Own(Layer): pass", "a.ipynb", "FILE.py:Own()"),
    ],
)
def test_code_that_only_defines_classes_says_how_to_run_one(text, source, typed):
    with pytest.raises(NotRead, match="defines classes and calls nothing") as caught:
        read(text, source=source)
    assert caught.value.hint == f'Name a class with the path of its file: rnnshape "{typed}"'
    assert caught.value.text.startswith("class ")


@pytest.mark.parametrize("more", ["x = Input((3, 4))", "if __name__ == '__main__':\n    pass", "run()"])
def test_code_that_does_more_than_define_classes_is_read(more):
    assert read(f"{CELL}{more}\n").lines
    assert read("class Settings:\n    units = 3\n").lines
