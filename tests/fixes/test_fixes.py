"""Faulty programs: each fix that is told was run, it is the one that a person would make, and nothing is told in doubt.

`faulty.txt` has one program after the other, each with the changed line that is expected, or `no fix`. In a heading
stands whether the fix changes the meaning, or has placeholders.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

import pytest

from rnnshape.fixes import Budget, find
from rnnshape.fixes.edits import apply, changes
from rnnshape.fixes.search import settled
from rnnshape.program import NotRead, read, read_value
from rnnshape.run.code import run_program
from rnnshape.trace import CodeTrace, Stop

HERE = Path(__file__).parent
CASES = {case["id"]: case for case in json.loads((HERE.parent / "snippets" / "cases.json").read_text(encoding="utf-8"))}
QUICK = Budget(others=0)
PROGRAM = re.compile(
    r"== (?P<name>[^(\n]+?)(?P<marks>(?: \([^)]*\))*)\n(?P<code>.*?)^-> (?P<fix>[^\n]*)\n", re.DOTALL | re.MULTILINE
)
PROGRAMS = {
    found["name"]: (found["code"], found["fix"], found["marks"].strip())
    for found in PROGRAM.finditer((HERE / "faulty.txt").read_text(encoding="utf-8"))
}


def runner(let=(), draws=0):
    """Return what runs a text: read, never executed; without values, as long as none are drawn."""
    lets = {name: read_value(code, name=name) for name, code in dict(let).items()}

    @functools.cache
    def run(text):
        try:
            return settled(run_program(read(text), lets, draws=draws))
        except NotRead as error:
            return CodeTrace(
                source="", lines=(), executed=False, inputs=(), steps=(), tensors=(), stop=Stop(
                    code="not-read", line=error.line, column=error.column, end_line=error.line,
                    end_column=error.column, kind=error.kind, message=error.message,
                ),
            )  # fmt: skip

    return run


def diagnosed(code, let=(), budget=QUICK):
    run = runner(let)
    if run(code).stop is None:
        run = runner(let, draws=1)  # it may fail with values only
    return find(code, run(code), run, budget=budget), run


def with_changes(code, fix):
    """Return the program with the lines of a fix, made from nothing but those."""
    lines = code.split("\n")
    for gone in reversed(fix.removes):
        assert lines.pop(gone.line - 1) == gone.code
    for come in fix.adds:
        lines.insert(come.line - 1, come.code)
    return lines


def told(fix):
    marks = [" (changes meaning)"] * bool(fix.changes_meaning) + [" (has placeholders)"] * bool(fix.placeholders)
    return f"line {fix.line}: {fix.code}".rstrip(), "".join(marks).strip()


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_fix_of_a_faulty_program(name):
    code, expected, marks = PROGRAMS[name]
    found, run = diagnosed(code)
    assert run(code).stop is not None
    if expected == "no fix":
        assert found.fixes == ()
        return
    assert told(found.fixes[0]) == (expected, marks)
    assert found.remaining is None
    assert run(found.text).stop is None
    assert with_changes(code, found.fixes[0]) == found.text.split("\n")
    assert found.cause is not None
    assert 1 <= found.cause.line <= code.count("\n")


V04 = (
    "model.add(ConvLSTM2D(lstm_out, dropout=0.2, input_shape=x_train.shape[1:], kernel_size=(5, 1), "
    'return_sequences=0, padding="same"))'
)
FIXED = {
    "s01": (10, "all_outputs = rnn(series)"),
    "s03": (3, "seq, last_h, last_c = LSTM(6, return_sequences=True, return_state=True)(Input(shape=(10, 8)))"),
    "s09": (1, "model.add(Input(shape=(2,6), batch_size=20))"),
    "s12": (2, "rnn = tf.keras.layers.LSTM(20)"),
    "q06": (6, "modelo.add(Dense(6, input_shape=(None, 1)))"),
    "q08": (6, "model.fit(x_train[:, None, :],y_train,epochs=1,batch_size=32)"),
    "q10": (2, "model.add(Input(shape=(None,), batch_size=(window-step)*batch_size))"),
    "f02": (3, "from keras import ops as K"),
    "f03": (
        9,
        "combined = Model([text.inputs[0], side.inputs[0]], Concatenate(axis=1)([text.outputs[0], side.outputs[0]]))",
    ),
    "f04": (14, "joined = concatenate([left.outputs[0],right.outputs[0]],axis=-1)"),
    "f08": (8, "seq = Concatenate(axis=1)([image_step, Dense(30)(word_vecs)])"),
    "e06": (1, "Encoder = LSTM(units=STATE, return_state=True, return_sequences=True)(x)"),
    "e08": (23, "dec_out = Lambda(lambda x: ops.concatenate(x, axis=1))(collected)"),
    "e10": (1, "from keras.layers import LSTM"),
    "e14": (7, "model1 = Model(inputs=[x],outputs=[z])"),
    "b01": (3, "enc_out, forward_h, forward_c, backward_h, backward_c = encoder(enc_in)"),
    "b03": (10, "return_state=True))"),
    "a01": (8, 'encoder = LSTM(UNITS, return_state=True, name="enc_lstm", return_sequences=True) #(enc_emb)'),
    "t01": (2, "model.add(Input(batch_shape=(1, X_train.shape[1], X_train.shape[2])))"),
    "t04": (4, "model.add(Input(batch_shape=(batch_size, look_back, 1)))"),
    "t06": (7, "keras.layers.GRU(5, stateful=True, return_sequences=True),"),
    "t07": (4, "model.add(Input(batch_shape=(batch_size, steps, 1)))"),
    "v04": (2, V04),
    "c08": (4, "initial_state = cell.get_initial_state(batch_size=batch_size)"),
    "k01": (2, "from keras.layers import GRU, Dense"),
    "k02": (5, "model.add(Input(batch_shape=(1, X.shape[1], X.shape[2])))"),
    "k04": (3, "from keras.layers import Dense, Activation, Dropout"),
    "k06": (13, "model.add(Dense(n_tag))"),
}
"""Of the snippets in `tests/snippets`, those that are fixed: the line, and what it is then."""

NOT_FIXED = {
    "t02": "Assigning to the states of a layer is not read.",
    "c05": "A class of the code's own is not read.",
    "u01": "A class of the code's own is not read.",
    "u06": "A class of the code's own is not read.",
}


def test_every_snippet_with_an_error_is_in_one_of_the_lists():
    assert {*FIXED, *NOT_FIXED} == {name for name, case in CASES.items() if case["truth"]["error"]}


@pytest.mark.parametrize("name", FIXED)
def test_the_fix_of_a_snippet(name):
    case = CASES[name]
    found, run = diagnosed(case["code"], case["let"])
    assert (found.fixes[0].line, found.fixes[0].code) == FIXED[name]
    assert found.remaining is None
    assert run(found.text).stop is None
    assert changes(case["code"], found.text)


@pytest.mark.parametrize("name", NOT_FIXED)
def test_no_fix_is_told_that_was_not_run(name):
    assert diagnosed(CASES[name]["code"], CASES[name]["let"])[0].fixes == ()


def test_a_program_without_an_error_has_no_fix():
    assert diagnosed("x = Input((7, 3))\ny = LSTM(4)(x)\n")[0].fixes == ()


def test_an_edit_that_overlaps_is_refused():
    from rnnshape.fixes.edits import Edit

    with pytest.raises(ValueError, match="overlaps"):
        apply("abc", [Edit(0, 2, ""), Edit(1, 3, "")])
