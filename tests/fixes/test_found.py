"""What holds of every fix, whatever the program: it was run, it is a change, and it is told as it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnshape.fixes import Budget, find
from rnnshape.fixes.search import Verdict, judge, settled
from rnnshape.program import read
from rnnshape.program_report import Cause, FailsLater
from rnnshape.run.code import run_program
from rnnshape.trace import CodeTrace, Stop

FLAGS = st.sampled_from(
    ["", ", return_sequences=True", ", return_state=True", ", return_sequences=True, return_state=True"]
)
LAYERS = st.one_of(
    st.builds("{}({}{})".format, st.sampled_from(["LSTM", "GRU", "SimpleRNN"]), st.integers(2, 4), FLAGS),
    st.builds("Bidirectional(LSTM({}{}))".format, st.integers(2, 4), FLAGS),
    st.sampled_from(["Dense(3)", "Dropout(0.1)", "TimeDistributed(Dense(2))", "RepeatVector(4)", "Flatten()"]),
)


def run(text):
    return run_program(read(text), draws=0)


@settings(max_examples=8)
@given(st.lists(LAYERS, min_size=1, max_size=4))
def test_a_fix_that_is_told_runs(layers):
    code = "model = Sequential()\nmodel.add(Input((5, 3)))\n" + "".join(f"model.add({each})  # é\n" for each in layers)
    before = run(code)
    found = find(code, before, run, budget=Budget(tries=8, others=1))
    if not found.fixes:
        assert found.text is None
        return
    after = run(found.text)
    assert before.stop is not None
    assert found.text != code
    assert after.stop is None or after.stop.line > before.stop.line
    assert (after.stop is None) == (found.remaining is None)
    kept = [line for line in code.split("\n") if line not in [each.code for each in found.fixes[0].removes]]
    assert all(line in found.text.split("\n") for line in kept)


def stopped(text, line, message="expected ndim=3, found ndim=2. Full shape received: (None, 5)", code="keras-refused"):
    stop = Stop(
        code=code, line=line, column=0, end_line=line, end_column=1, kind="ValueError", message=message
    )  # fmt: skip
    return trace_of(text, stop=stop)


def trace_of(text, **more):
    return CodeTrace(
        source="x.py", lines=tuple(text.split("\n")), executed=False, inputs=(), steps=(), tensors=(), **more
    )  # fmt: skip


CODE = "x = Input((7, 3))\nh = LSTM(5)(x)\ny = LSTM(4)(h)\nz = LSTM(3)(y)\n"


def test_nothing_is_told_where_every_change_still_stops():
    tried = []

    def never(text):
        tried.append(text)
        return stopped(text, 3)

    assert find(CODE, stopped(CODE, 3), never).fixes == ()
    assert tried
    assert CODE not in tried
    assert len(set(tried)) == len(tried)


def test_no_more_is_tried_than_the_budget_allows():
    tried = []

    def never(text):
        tried.append(text)
        return stopped(text, 3)

    find(CODE, stopped(CODE, 3), never, budget=Budget(tries=3))
    assert len(tried) == 3
    find(CODE, stopped(CODE, 3), never, budget=Budget(seconds=0))
    assert len(tried) == 3


def test_a_change_that_breaks_what_runs_it_is_none():
    def broken(text):
        raise RuntimeError(text)

    assert find(CODE, stopped(CODE, 3), broken).fixes == ()


def test_what_stops_further_on_is_told_with_the_error_that_is_left():
    def run_partly(text):
        return stopped(text, 4) if "LSTM(5, return_sequences=True)" in text else stopped(text, 3)

    found = find(CODE, stopped(CODE, 3), run_partly)
    assert (found.fixes[0].line, found.fixes[0].code) == (2, "h = LSTM(5, return_sequences=True)(x)")
    assert found.remaining is not None
    assert found.remaining.line == 4
    assert found.hint is not None
    assert found.hint.startswith("With the fix, the next error is at line 4: expected ndim=3")
    assert found.cause == Cause(line=2, what="`h` lost its time axis here: return_sequences=False")


def test_what_comes_of_a_fix_is_told_by_the_lines_that_were_given():
    code = "m = Sequential()\nm.add(LSTM(4, batch_input_shape=(2, 10, 8)))\nm.add(Dense(1))\nm.compile()\n"
    found = find(code, run(code), run)
    assert found.text is not None
    assert found.as_given is not None
    assert found.trace is not None
    assert found.text.splitlines()[1:3] == ["m.add(Input(batch_shape=(2, 10, 8)))", "m.add(LSTM(4))"]
    given = [(one.name, one.line) for one in found.as_given.tensors][:3]
    assert given == [("input_layer", 2), ("lstm", 2), ("dense", 3)]
    assert [(one.what, one.line) for one in found.as_given.skipped] == [("m.compile", 4)]
    assert [one.line for one in found.trace.tensors] == [2, 3, 4]


def test_the_smallest_change_comes_first_and_the_others_are_told():
    found = find(CODE, stopped(CODE, 3), trace_of)
    meanings = [each.changes_meaning for each in found.fixes]
    assert len(meanings) == 3
    assert meanings == sorted(meanings)
    assert [each.code for each in found.fixes[0].removes] == ["h = LSTM(5)(x)"]
    assert [each.code for each in found.fixes[0].adds] == ["h = LSTM(5, return_sequences=True)(x)"]
    assert found.remaining is None
    assert found.hint is None


def test_a_call_that_fails_with_values_is_a_stop():
    later = FailsLater(line=3, layer="LSTM(4)", kind="IndexError", message="list index out of range")
    assert settled(trace_of(CODE, fails_later=(later,))).stop.line == 3
    assert settled(trace_of(CODE)).stop is None


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (trace_of(CODE), Verdict.RUNS),
        (stopped(CODE, 4), Verdict.LATER),
        (stopped(CODE, 3, "another"), Verdict.OTHERWISE),
        (stopped(CODE, 3), Verdict.NO_BETTER),
        (stopped(CODE, 2), Verdict.NO_BETTER),
    ],
)
def test_what_a_change_did(after, verdict):
    assert judge(CODE, stopped(CODE, 3), CODE, after) is verdict


@pytest.mark.parametrize(
    "code",
    [
        "x = Input((3,))\n" + "x = x + x\n" * 300 + "y = LSTM(4)(x)\n",
        "x = Input((3,))\n" + "x = LSTM(4)(x)\n" * 300,
        "x = x\ny = y2 = y\nz = LSTM(4)(y)\n",
        ">>> x = 1\n" + " " * 20_000 + "\n>>> LSTM(4)(x)\n",
    ],
    ids=["a sum of itself", "layer on layer", "given itself", "blanks"],
)
def test_where_a_tensor_comes_from_is_followed_once(code):
    def never(text):
        return stopped(text, text.count("\n"))

    assert find(code, stopped(code, code.count("\n")), never, budget=Budget(tries=1)).fixes == ()
