"""What Keras takes on symbolic tensors and fails at with values is told, with a tried change; it is no error."""

from __future__ import annotations

import pytest

from rnnshape.programs import Source, explore_code

WIDE = "x = Input((10, 8))\ns = Input((5,))\ny = LSTM(4)(x, initial_state=[s, s])\n"
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
    assert "line 3: with values, in fit or predict, this fails:" in str(report)
