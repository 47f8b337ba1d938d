"""What Keras takes on symbolic tensors and fails at with values is told, with a tried change; it is no error."""

from __future__ import annotations

import pytest

from rnnshape.programs import Source, explore_code
from rnnshape.show.console import as_text
from rnnshape.show.table import table

WIDE = "x = Input((10, 8))\ns = Input((5,))\ny = LSTM(4)(x, initial_state=[s, s])\n"
OPEN = (
    "a = Input((None, 8))\nb = Input((None, 8))\n_, f, _, g, _ = Bidirectional(LSTM(4, return_state=True))(a)\n"
    "h = Concatenate()([f, g])\ny = LSTM(4)(b, initial_state=[h, h])\n"
)
FITS = OPEN.replace("y = LSTM(4)", "y = LSTM(8)")
DEEP = "x = Input((10, 8))\ns = Input((3, 4))\ny = LSTM(4)(x, initial_state=[s, s])\n"


@pytest.mark.parametrize(("code", "fix"), [(WIDE, "y = LSTM(5)(x, initial_state=[s, s])"), (DEEP, None)])
def test_a_state_that_does_not_fit(code, fix):
    report = explore_code(Source(code))
    assert (report.error, report.status) == (None, 0)
    (failing,) = report.fails_later
    assert (failing.line, failing.layer) == (3, "LSTM(4)")
    assert "ncompatible" in failing.message
    assert fix is None or failing.fix.code == fix
    assert [tensor.name for tensor in report.tensors] == ["x", "s", "y"]
    assert "line 3: with values, in fit or predict, this fails:" in as_text(table([report]))


def test_a_state_that_does_not_fit_is_told_where_the_steps_are_not_known():
    (failing,) = explore_code(Source(OPEN)).fails_later
    assert (failing.line, failing.layer) == (5, "LSTM(4)")
    assert failing.fix.code == "y = LSTM(8)(b, initial_state=[h, h])"
    assert explore_code(Source(FITS)).fails_later is None


def test_steps_that_must_be_as_many_are_no_failure():
    report = explore_code(Source("a = Input((None, 8))\nb = Input((None, 8))\nc = Add()([a, b])\n"))
    assert (report.fails_later, report.error) == (None, None)
    assert report.ran.sizes["axis 1"] > 1
