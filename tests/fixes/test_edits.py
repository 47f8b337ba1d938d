"""Edits change what they say, and nothing else; the syntax tree's places are those of the text."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnshape.fixes.edits import Edit, apply, changes, moved
from rnnshape.fixes.rewrite import (
    line_after,
    line_before,
    remove_arguments,
    rename_call,
    set_keyword,
    spell,
    wrap,
)
from rnnshape.fixes.source import Source, split_lines, without_prompt

TEXTS = st.text(alphabet="abc äé\t\n\r#()=,", max_size=60)


@st.composite
def edited(draw):
    """Return a text and edits of it that do not overlap."""
    text = draw(TEXTS)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return text, [Edit(start, end, draw(st.text("xyz\n", max_size=5))) for start, end in pairs]


@given(edited())
def test_everything_between_the_edits_stays(case):
    text, edits = case
    after = apply(text, edits)
    at = before = 0
    for edit in edits:
        kept = text[before : edit.start]
        assert after[at : at + len(kept)] == kept
        at += len(kept)
        assert after[at : at + len(edit.text)] == edit.text
        at, before = at + len(edit.text), edit.end
    assert after[at:] == text[before:]


@given(edited())
def test_the_changes_make_the_new_text_from_the_old_one(case):
    text, edits = case
    after = apply(text, edits)
    lines = [line.rstrip("\r\n") for line in split_lines(text)]
    for change in reversed(changes(text, after)):
        start = change.line - 1
        assert tuple(lines[start : start + len(change.removes)]) == change.removes
        lines[start : start + len(change.removes)] = change.adds
    assert lines == [line.rstrip("\r\n") for line in split_lines(after)]


@given(TEXTS)
def test_lines_are_split_where_python_splits_them(text):
    assert "".join(split_lines(text)) == text
    assert all(line for line in split_lines(text))


def test_a_line_behind_a_change_moves_with_it():
    shifts = changes("a\nb\nc\n", "a\nx\ny\nc\n")
    assert [moved(shifts, line) for line in (1, 3)] == [1, 4]


def test_a_line_in_a_change_is_one_of_those_that_come_in_its_place():
    assert [moved(changes("a\nx\ny\nc\n", "a\nb\nc\n"), line) for line in (1, 2, 3, 4)] == [1, 2, 2, 3]
    assert [moved(changes("a\nx\ny\nc\n", "a\nc\n"), line) for line in (1, 2, 3, 4)] == [1, 2, 2, 2]


@pytest.mark.parametrize("edits", [[Edit(0, 2, ""), Edit(1, 3, "")], [Edit(0, 9, "")], [Edit(2, 1, "")]])
def test_edits_that_cannot_be_applied_are_refused(edits):
    with pytest.raises(ValueError, match="overlaps"):
        apply("abcd", edits)


def call_of(text):
    source = Source.read(text)
    assert source is not None
    return source, source.calls()[0]


SET = {
    "LSTM()": "LSTM(a=1)",
    "LSTM(4)": "LSTM(4, a=1)",
    "LSTM(4,)": "LSTM(4, a=1,)",
    "LSTM((4))": "LSTM((4), a=1)",
    "LSTM(4, a=2)": "LSTM(4, a=1)",
    "LSTM(4, *x, **y)": "LSTM(4, *x, **y, a=1)",
    "LSTM(4,  # ), units\n     b=(2)  # last\n     )": "LSTM(4,  # ), units\n     b=(2), a=1  # last\n     )",
    "ä = LSTM('é', b='ö')": "ä = LSTM('é', b='ö', a=1)",
    "LSTM(\r\n  4\r\n)": "LSTM(\r\n  4, a=1\r\n)",
}


@pytest.mark.parametrize("text", SET)
def test_an_argument_is_set(text):
    source, call = call_of(text)
    after = apply(text, [set_keyword(source, call, "a", "1")])
    assert after == SET[text]
    ast.parse(after)


REMOVED = {
    "f(a=1)": "f()",
    "f(a=1,)": "f()",
    "f(a=1, b=2)": "f(b=2)",
    "f(b=2, a=1)": "f(b=2)",
    "f(b=2, a=1,)": "f(b=2,)",
    "f(a=1, c=3, b=2)": "f(b=2)",
    "f(b=2, a=1, c=3)": "f(b=2)",
    "f(a=1, b=2, c=3)": "f(b=2)",
    "f(a=(1), c=(3))": "f()",
    "f(x,  # ,\n  a=1,\n  b=2)": "f(x,\n  b=2)",
}


@pytest.mark.parametrize("text", REMOVED)
def test_arguments_are_removed(text):
    source, call = call_of(text)
    gone = [each for each in call.keywords if each.arg in ("a", "c")]
    after = apply(text, remove_arguments(source, call, *gone))
    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(REMOVED[text]))


def test_lines_are_put_in_with_their_indentation():
    text = "def f():\n\tx = LSTM(4)\n\ty = 1; z = GRU(2)"
    source = Source.read(text)
    first, second = source.calls()
    assert apply(text, [line_before(source, source.statement(first), "a()")]).split("\n")[1:3] == [
        "\ta()",
        "\tx = LSTM(4)",
    ]
    assert apply(text, [line_after(source, source.statement(first), "a()")]).split("\n")[2] == "\ta()"
    assert apply(text, [line_before(source, source.statement(second), "a()")]).endswith("y = 1; a(); z = GRU(2)")
    assert apply(text, [line_after(source, source.statement(second), "a()")]).endswith("\n\ta()")


def test_a_line_in_a_session_gets_the_prompt():
    text = ">>> x = 1\n>>> y = LSTM(4)\n"
    source = Source.read(text)
    statement = source.statement(source.calls()[0])
    assert apply(text, [line_before(source, statement, "a()")]) == ">>> x = 1\n>>> a()\n>>> y = LSTM(4)\n"
    assert apply(text, [line_after(source, statement, "a()")]) == ">>> x = 1\n>>> y = LSTM(4)\n>>> a()\n"


def test_a_call_is_renamed_and_wrapped():
    text = "y = tf.keras.layers.LSTM(4)(x)"
    source = Source.read(text)
    maker = source.calls()[0].func
    assert apply(text, [rename_call(source, maker, "GRU")]) == "y = tf.keras.layers.GRU(4)(x)"
    assert apply(text, wrap(source, source.calls()[0].args[0], "f(")) == "y = tf.keras.layers.LSTM(4)(f(x))"


SPELLED = {
    "y = LSTM(4)(x)": ("Reshape", "y = LSTM(4)(x)"),
    "y = tf.keras.layers.LSTM(4)(x)": ("tf.keras.layers.Reshape", "y = tf.keras.layers.LSTM(4)(x)"),
    "from keras.layers import LSTM\ny = LSTM(4)(x)": (
        "Reshape",
        "from keras.layers import LSTM, Reshape\ny = LSTM(4)(x)",
    ),
    "from keras.layers import (LSTM,\n  GRU)\ny = LSTM(4)(x)": (
        "Reshape",
        "from keras.layers import (LSTM,\n  GRU, Reshape)\ny = LSTM(4)(x)",
    ),
    "from keras.layers import *\ny = LSTM(4)(x)": ("Reshape", "from keras.layers import *\ny = LSTM(4)(x)"),
    "from keras.layers import LSTM, Reshape\ny = LSTM(4)(x)": (
        "Reshape",
        "from keras.layers import LSTM, Reshape\ny = LSTM(4)(x)",
    ),
}


@pytest.mark.parametrize("text", SPELLED)
def test_a_layer_is_spelled_as_the_code_spells_its_layers(text):
    source = Source.read(text)
    spelling, edits = spell(source, "Reshape", like=source.calls()[-1].func)
    assert (spelling, apply(text, edits)) == SPELLED[text]


PASTED = {
    ">>> x = LSTM(4)(a)\n": "LSTM(4)",
    ">>> x = LSTM(4)(\n...     a)\n<printed>\n": "LSTM(4)",
    "In [3]: x = LSTM(4)(a)\n": "LSTM(4)",
    "  x = LSTM(4)(a)\n  y = 2\n": "LSTM(4)",
    "!pip install keras\nx = LSTM(4)(a)\n": "LSTM(4)",
    "%matplotlib inline\nx = LSTM(4)(a)\n": "LSTM(4)",
}


@pytest.mark.parametrize("text", PASTED)
def test_places_are_those_of_the_text_as_it_was_pasted(text):
    source = Source.read(text)
    maker = next(call for call in source.calls() if source.code(call.func) == "LSTM")
    start, end = source.span(maker)
    assert text[start:end] == source.code(maker) == PASTED[text]
    assert source.line_of(start) == text[:start].count("\n") + 1


@pytest.mark.parametrize("text", ["LSTM(4", "x = = 2\n", "\x00", "if 1:\n"])
def test_what_is_no_python_is_no_source(text):
    assert Source.read(text) is None


def test_a_line_without_its_prompt():
    assert without_prompt(">>> x = 1") == "x = 1"
    assert without_prompt("    x = 1") == "x = 1"
