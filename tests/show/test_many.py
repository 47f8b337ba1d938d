"""Several answers as one table, and the combinations of the two flags as a matrix."""

from __future__ import annotations

import dataclasses
import re

import pytest
import reports
from screens import cell_len, plain

from rnnshape.errors import KerasRefused
from rnnshape.expression import parse
from rnnshape.report import Input, Report
from rnnshape.show.matrix import matrix
from rnnshape.show.varying import varying
from rnnshape.structure import reading


def with_units(report: Report, units: int, batch: int | None = 32) -> Report:
    """Return the report of the layer with another size."""
    tensors = tuple(
        dataclasses.replace(one, shape=(batch, *one.shape[1:-1], units * (one.shape[-1] or 0) // 4))
        for one in report.tensors
    )
    equal = tuple(
        tuple(reading.expression(code.replace(":4]", f":{units}]").replace("4:]", f"{units}:]")) for code in one)
        for one in report.equal
    )
    layer = parse(str(report.layer).replace("(4", f"({units}"))
    given = dataclasses.replace(report.input, shape=(batch, *report.input.shape[1:]))
    size = dataclasses.replace(report.parameters, total=units * 1000)
    return dataclasses.replace(report, tensors=tensors, layer=layer, input=given, equal=equal, parameters=size)


def rows_in(text: str) -> list[list[str]]:
    """Return the cells of the first table in a text, its headings first."""
    lines = text.split("\n\n")[1].splitlines()
    return [re.split(r" {2,}", line.strip()) for line in lines]


def columns_of(*some: Report) -> dict[str, list[str]]:
    found = varying(some).columns
    return {column.name: [column.said(at) for at in range(len(some))] for column in found}


def called(layer: str, **more: object) -> Report:
    return dataclasses.replace(reports.gru, layer=parse(layer), **more)


VARYING = {
    "a size": (("GRU(4)", "GRU(1600)"), {"units": ["4", "1,600"]}, "GRU(units)"),
    "a size that is named": (("GRU(units=4)", "GRU(units=5)"), {"units": ["4", "5"]}, "GRU(units=units)"),
    "filters": (
        ("ConvLSTM1D(4, kernel_size=3)", "ConvLSTM1D(4, kernel_size=5)"),
        {"kernel_size": ["3", "5"]},
        "ConvLSTM1D(4, kernel_size=kernel_size)",
    ),
    "the layer": (("GRU(4)", "LSTM(4)"), {"layer": ["GRU", "LSTM"]}, "GRU(4), LSTM(4)"),
    "layer and size": (
        ("GRU(4)", "LSTM(5)"),
        {"layer": ["GRU", "LSTM"], "units": ["4", "5"]},
        "GRU(units), LSTM(units)",
    ),
    "inside a wrapper": (
        ("Bidirectional(GRU(4), merge_mode='sum')", "Bidirectional(GRU(4), merge_mode=None)"),
        {"merge_mode": ["'sum'", "None"]},
        "Bidirectional(GRU(4), merge_mode=merge_mode)",
    ),
    "a flag that one has": (
        ("GRU(4)", "GRU(4, return_state=True)"),
        {"return_state": ["False", "True"]},
        "GRU(4)",
    ),
    "another argument that one has": (
        ("GRU(4)", "GRU(4, dropout=0.5)"),
        {"layer": ["GRU(4)", "GRU(4, dropout=0.5)"]},
        "GRU(4), GRU(4, dropout=0.5)",
    ),
    "cells": (
        ("RNN([LSTMCell(4), GRUCell(6)])", "RNN([LSTMCell(5), GRUCell(6)])"),
        {"layer": ["RNN([LSTMCell(4), GRUCell(6)])", "RNN([LSTMCell(5), GRUCell(6)])"]},
        "RNN([LSTMCell(4), GRUCell(6)]), RNN([LSTMCell(5), GRUCell(6)])",
    ),
    "a name that occurs twice": (
        ("Bidirectional(GRU(4), backward_layer=GRU(4))", "Bidirectional(GRU(4), backward_layer=GRU(5))"),
        {"layer": ["Bidirectional(GRU(4), backward_layer=GRU(4))", "Bidirectional(GRU(4), backward_layer=GRU(5))"]},
        "Bidirectional(GRU(4), backward_layer=GRU(4)), Bidirectional(GRU(4), backward_layer=GRU(5))",
    ),
}


@pytest.mark.parametrize("case", VARYING)
def test_what_varies_of_the_layers(case: str) -> None:
    layers, columns, title = VARYING[case]
    some = [called(layer) for layer in layers]
    assert columns_of(*some) == columns
    assert varying(some).layer(range(len(some))) == title


def test_what_varies_of_the_inputs() -> None:
    first = called("GRU(4)")
    second = called("GRU(4)", input=dataclasses.replace(first.input, shape=(None, 1000, 8)))
    assert columns_of(first, second) == {"batch": ["32", "None"], "timesteps": ["10", "1,000"]}
    assert varying([first, second]).called_with == (
        "on inputs (batch, timesteps, 8)", "= (batch, timesteps, features)",
    )  # fmt: skip
    third = called("GRU(4)", input=Input(shape=(3, 8), axes=("batch", "features"), dtype="float32"))
    assert columns_of(first, third) == {"inputs": ["(32, 10, 8)", "(3, 8)"]}


def test_what_varies_of_the_call() -> None:
    first, second = reports.masked, dataclasses.replace(reports.masked, mask=None, training=None)
    assert columns_of(first, second) == {"mask": ["lengths:10,7,3", "none"], "training": ["True", "none"]}
    assert varying([first, second]).called_with[-1] == "initial_state=random"


def test_a_row_a_query_with_numbers_at_the_right() -> None:
    text = plain([with_units(reports.lstm_both, units, batch) for units in (4, 1600) for batch in (32, None)], width=80)
    assert text.startswith("LSTM(units, return_sequences=True, return_state=True)\n  on inputs (batch, 10, 8)")
    lines = text.split("\n\n")[1].splitlines()
    assert [line[: len(" units  batch")] for line in lines] == [
        " units  batch",
        "     4     32",
        "     4   None",
        " 1,600     32",
        " 1,600   None",
    ]
    assert rows_in(text)[0][-4:] == ["[0]", "[1]", "[2]", "parameters"]
    assert rows_in(text)[4][2:] == ["[A] (None, 10, 1600)", "A (None, 1600)", "(None, 1600)", "1,600,000"]
    assert len({line.rstrip()[-1:] for line in lines[1:]}) == 1


def test_what_is_the_same_in_all_queries_is_said_once() -> None:
    for width in (50, 60, 80, None):
        text = plain([with_units(reports.bidirectional_sequences, units) for units in (4, 5, 60)], width=width)
        assert text.count("backward_final_state = ") + text.count("= backward_final_state") <= 2
        assert text.count("whole_sequence_output[:, -1, :units]") == 1
        assert text.count("layer(inputs)") == 1
        assert text.count("Keras 3.15.1") == 1


def test_what_is_returned_otherwise_is_told_by_layer() -> None:
    text = plain([reports.gru_state, with_units(reports.gru_state, 5), reports.lstm_both], width=80)
    assert [row[0] for row in rows_in(text)] == ["layer", "GRU", "GRU", "LSTM"]
    assert "\nGRU(units, return_state=True)\n at " in text
    assert "\nLSTM(4, return_sequences=True, return_state=True)\n at " in text
    assert text.count("layer(inputs)") == 2


def test_an_error_stands_in_its_place() -> None:
    error = KerasRefused("units must be positive", layer="GRU(0)", hint="Give more.")
    text = plain([reports.gru_state, error, with_units(reports.gru_state, 5)], width=80)
    lines = text.split("\n\n")[1].splitlines()
    assert lines[2:4] == ["! GRU(0): units must be positive", "  Give more."]
    assert len(lines) == 5


@pytest.mark.parametrize("width", [50, 60, 80, 100, None])
def test_nothing_is_cut(width: int | None) -> None:
    some = [with_units(reports.bidirectional_none, units, batch) for units in (4, 512) for batch in (32, None)]
    text = plain(some, width=width)
    assert all(cell_len(line) <= (width or 10_000) for line in text.splitlines())
    for report in some:
        for tensor in report.tensors:
            assert str(tensor.shape) in text
            assert tensor.name in text


def test_a_row_of_many_takes_a_line() -> None:
    few, many = (
        plain([with_units(reports.lstm_both, units) for units in range(1, count)], width=80) for count in (9, 809)
    )
    assert len(many.splitlines()) == len(few.splitlines()) + 800


def test_only_where_sizes_are_reduced_it_is_said_and_once() -> None:
    some = [reports.unknown, with_units(reports.lstm_state, 5), with_units(reports.unknown, 6, None)]
    text = plain(some, width=80)
    assert text.count("values were compared at small sizes") == 1
    assert "small sizes" not in plain(some[1:2] * 2, width=80)


def test_answers_with_more_to_say_stand_one_below_the_other() -> None:
    text = plain([reports.weights, reports.into_yes], width=80)
    assert text.count("layer(inputs)") == text.count("Keras 3.15.1") == 2
    assert "recurrent_kernel" in text
    assert "The states fit into" in text


FOUR = """\
           return_sequences  no  no  yes yes
               return_state  no  yes no  yes
      tensor                                   shape        what it is
  A   output                 –   [0]           (32, 4)      output, last step
 [A]  whole_sequence_output          –   [0]   (32, 10, 4)  output, every step
  A   final_memory_state         [1]     [1]   (32, 4)      h, last step
      final_carry_state          [2]     [2]   (32, 4)      c, last step"""


def test_the_combinations_are_a_matrix() -> None:
    text = plain(reports.all_flags, width=80)
    assert text.split("\n\n")[1] == FOUR
    assert text.count("output = final_memory_state = whole_sequence_output[:, -1, :]") == 1
    assert text.count("same shape, different values") == 1
    for report in reports.all_flags:
        assert str(report.unpack) in text.splitlines()


def test_a_matrix_is_of_one_query_and_of_what_is_the_same_in_all_of_them() -> None:
    assert matrix(reports.all_flags) is not None
    assert matrix([*reports.all_flags, *reports.all_flags]) is None
    assert matrix([reports.gru, reports.gru_state]) is None
    # A layer with noise gives a tensor other values in each run: what it equals, it equals in one of them.
    noisy = [dataclasses.replace(report, equal_across=()) for report in reports.all_flags]
    assert matrix(noisy) is None
    assert plain(noisy, width=80).count("layer(inputs)") == 4


@pytest.mark.parametrize("width", [30, 45, 50, 60, 80, 120, None])
def test_where_a_matrix_has_no_room_there_are_rows(width: int | None) -> None:
    text = plain(reports.all_flags, width=width)
    assert all(cell_len(line) <= (width or 10_000) for line in text.splitlines())
    assert ("yes yes" in text) == ((width or 100) > 43)


def test_all_families_share_their_letters_each() -> None:
    text = plain([*reports.all_flags, *(with_units(report, 5) for report in reports.all_flags)], width=100)
    assert rows_in(text)[0][:3] == ["units", "return_sequences", "return_state"]
    assert len(rows_in(text)) == 9
    assert "One letter is one value in all combinations of the flags" in text


def test_a_policy_that_all_queries_have_is_told() -> None:
    mixed = [called(f"GRU({units})", dtype_policy="mixed_float16") for units in (4, 8)]
    assert "policy mixed_float16" in " ".join(plain(mixed, width=80).split())
    assert "policy" not in plain([called("GRU(4)"), called("GRU(8)")], width=80)
