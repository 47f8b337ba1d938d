"""`--mask` with code: the inputs are padded and carry the mask, and what is equal is said of unmasked steps, too."""

from __future__ import annotations

import numpy as np
import pytest

from rnnshape.mask import parse_mask
from rnnshape.program import read
from rnnshape.programs import Source, explore_code
from rnnshape.run.code import run_program
from rnnshape.show.console import as_text
from rnnshape.show.table import table

SEQUENCE = "x = Input((5, 2))\ny, h = GRU(3, return_sequences=True, return_state=True, zero_output_for_mask=True)(x)\n"
TOKENS = """\
t = Input((None,))
e = Embedding(9, 2, mask_zero=True)(t)
y, h = GRU(3, return_sequences=True, return_state=True)(e)
"""


def tensors(code, mask):
    trace = run_program(read(code), mask=parse_mask(mask))
    return {tensor.name: tensor for tensor in trace.tensors}


@pytest.mark.parametrize("mask", ["right:2", "left:1", "lengths:5,3,1", "1,0,1,1,0"])
def test_a_sequence_holds_zeros_and_carries_the_mask(mask):
    found = tensors(SEQUENCE, mask)
    spec = parse_mask(mask)
    for draw in found["x"].draws:
        rows = np.array([spec.row(at, 5) for at in range(len(draw))])
        assert ((draw != 0).any(axis=-1) == rows).all()
    assert (found["x"].masked, found["y"].masked) == (True, True)


def test_tokens_are_padding_where_the_mask_says_so():
    found = tensors(TOKENS, "lengths:4,2,6")
    for draw in found["t"].draws:
        assert draw.shape[0] == 3
        assert (np.count_nonzero(draw, axis=1) == [4, 2, 6]).all()
    assert (found["t"].masked, found["e"].masked) == (False, True)


@pytest.mark.parametrize("code", [SEQUENCE, TOKENS], ids=["sequence", "tokens"])
def test_the_state_is_the_last_unmasked_step(code):
    report = explore_code(Source(code), mask=parse_mask("lengths:5,3,1"))
    assert any({"y[rows, last_step]", "h"} <= set(statement) for statement in report.equal)
    assert report.mask.last_step == (4, 2, 0)
    assert explore_code(Source(code)).mask is None


def test_a_row_without_any_step_has_none():
    report = explore_code(Source(SEQUENCE), mask=parse_mask("lengths:5,0"))
    assert report.mask.first_step == (0, None)
    assert not any("last_step" in one for statement in report.equal for one in statement)
    assert "last_step=[4, none]" in as_text(table([report]))


def test_an_input_that_the_mask_does_not_fit_is_left_alone():
    found = tensors("x = Input((4, 2))\ny = LSTM(3)(x)\nz = Input((7,))\nw = Dense(2)(z)", "1,0,1,1,0")
    assert not any(tensor.masked for tensor in found.values())
    assert all((draw != 0).all() for draw in found["x"].draws)
