"""What Markdown and CSV say beside a tensor."""

from __future__ import annotations

import csv
import dataclasses
import io

import pytest
from reports import gru_state, lstm_both, lstm_state

from rnnshape.show.console import as_text
from rnnshape.show.equals import Alone, rows
from rnnshape.show.markdown import as_markdown
from rnnshape.show.marks import marks
from rnnshape.show.spreadsheet import as_csv
from rnnshape.show.table import table

CLOSE = dataclasses.replace(gru_state, equal=(), close=gru_state.equal)
CLOSE_SLICE = dataclasses.replace(lstm_both, equal=(), close=lstm_both.equal)
BARE = dataclasses.replace(gru_state, equal=(), same_shape_different_values=())
STEPPED = dataclasses.replace(
    BARE, tensors=(BARE.tensors[0], dataclasses.replace(BARE.tensors[1], path=None, name="every_state"))
)


def row(report, at=-1):
    (found,) = marks([report])
    return rows(report, found)[at]


def in_csv(report, at=-1):
    return list(csv.DictReader(io.StringIO(as_csv([report]))))[at]


def in_markdown(report, at=-1):
    lines = [line for line in as_markdown([report]).splitlines() if line.startswith("| ") and "**" in line]
    return [cell.strip() for cell in lines[at].strip("|").split(" | ")]


def test_close_is_close_everywhere():
    assert row(CLOSE).equals[0].sign == "≈"
    assert in_csv(CLOSE)["equals"] == "≈ output"
    assert in_markdown(CLOSE)[-1].endswith("≈ `output`")
    assert "output ≈ final_state" in as_text(table([CLOSE]))
    assert in_csv(CLOSE_SLICE, 0)["equals"] == "[:, -1, :] ≈ final_memory_state"
    assert in_markdown(CLOSE_SLICE, 0)[-1].rstrip(" |") == "`[:, -1, :]` ≈ `final_memory_state`"


def test_equal_is_equal_everywhere():
    assert row(gru_state).equals[0].sign == "="
    assert in_csv(gru_state)["equals"] == "output"
    assert "≈" not in as_csv([gru_state]) + as_markdown([gru_state]) + as_text(table([gru_state]))


def test_what_is_stepped_is_stepped_everywhere():
    assert row(STEPPED).place == "stepped"
    assert in_csv(STEPPED)["at"] == "stepped"
    assert in_markdown(STEPPED)[2] == "stepped"
    assert "stepped" in as_text(table([STEPPED]))


@pytest.mark.parametrize(
    ("known", "why", "in_table"),
    [
        ("undecided", Alone.UNDECIDED, "not compared, since the values vary too little"),
        ("constant", Alone.CONSTANT, "constant, so compared with nothing"),
    ],
)
def test_why_nothing_equals_it_is_said_everywhere(known, why, in_table):
    report = dataclasses.replace(BARE, **{known: ("final_state",)})
    assert row(report).alone is why
    assert in_csv(report)["equals"] == known
    assert in_markdown(report)[-1].rstrip(" |") == known
    assert in_table in as_text(table([report]))
    assert in_csv(report, 0)["equals"] == ""


def test_of_the_only_tensor_nothing_is_said():
    assert row(dataclasses.replace(BARE, tensors=BARE.tensors[:1])).alone is Alone.ONLY
    assert row(lstm_state).alone is Alone.NOTHING
