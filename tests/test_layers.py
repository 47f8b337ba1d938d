"""Layers that are answered together: equal across the combinations of flags, and measured in turn."""

from __future__ import annotations

import pytest

from rnnshape.layers import explore_measured, explore_together
from rnnshape.options import read_options
from rnnshape.request import request
from rnnshape.run.layer import measure

LAST = "whole_sequence_output[:, -1, :]"


def together(layer, **options):
    (family,) = request([layer], read_options({"batch": 3, "time": 5, "features": 2, "all_flags": True, **options}))
    return [report.to_dict() for report in explore_together(family)]


@pytest.mark.parametrize(
    ("layer", "state"), [("simple-rnn", "final_state"), ("gru", "final_state"), ("lstm", "final_memory_state")]
)
def test_equality_holds_across_the_combinations_of_flags(layer, state):
    """The very point of the post: the plain output is the last step of the sequence, and the state."""
    found = together(layer)
    assert [tuple(report["combination"].values()) for report in found] == [
        (False, False),
        (True, False),
        (False, True),
        (True, True),
    ]
    for report in found:
        assert report["same_weights"]
        assert [set(statement) for statement in report["equal_across"]] == [{"output", LAST, state}]


def test_combinations_that_are_all_refused():
    (family,) = request(["gru"], read_options({"all_flags": True, "set": {"unts": 1}}))
    assert [answer.code for answer in explore_together(family)] == ["invalid-query"] * 4


IN_EXPRESSIONS = [
    ("LSTM(4)", [("output", LAST, "final_memory_state")]),
    (
        "Bidirectional(LSTM(4), merge_mode='sum')",
        [("output", "forward_final_memory_state + backward_final_memory_state")],
    ),
    ("RNN(GRUCell(3))", [("output", LAST, "final_state")]),
    (
        "RNN([LSTMCell(4), GRUCell(3)])",
        [("output", LAST, "cell_1_final_state")],
    ),
    (
        "Sequential([Dense(3), Sequential([GRU(5, return_sequences=True), LSTM(4)])])",
        [("output", LAST, "final_memory_state")],
    ),
]


@pytest.mark.parametrize(("layer", "across"), IN_EXPRESSIONS)
def test_equality_holds_across_the_combinations_of_an_expression(layer, across):
    found = together(layer)
    assert all(report["same_weights"] for report in found)
    assert [report["returned"]["container"] == "tensor" for report in found] == [True, True, False, False]
    assert [tuple(statement) for statement in found[0]["equal_across"]] == across


def test_equality_across_combinations_of_a_bidirectional_layer():
    found = together("gru", bidirectional=True)[0]["equal_across"]
    assert [set(statement) for statement in found] == [
        {"output", "concatenate([forward_final_state, backward_final_state], axis=-1)"},
        {"whole_sequence_output[:, -1, :4]", "forward_final_state"},
        {"whole_sequence_output[:, 0, 4:]", "backward_final_state"},
    ]


def test_nothing_is_claimed_across_combinations_where_dropout_is_random():
    found = together("gru", training=True, set={"dropout": 0.5})
    assert [report["equal_across"] for report in found] == [[]] * 4
    assert found[3]["equal"] == [[LAST, "final_state"]]


def test_measured_times_are_relative_to_the_fastest():
    asked = [query for family in request(["simple-rnn", "lstm", "Dense(4)"], read_options({})) for query in family]
    measured = [report.measured for report in explore_measured(asked)]
    assert min(times.relative for times in measured) == 1
    fastest = min(times.median for times in measured)
    for times in measured:
        assert times.relative == times.median / fastest
        assert times.quartiles[0] <= times.median <= times.quartiles[1]
        assert times.calls >= 1


def test_what_was_not_run_at_its_sizes_is_not_measured():
    asked = [query for family in request(["gru"], read_options({"batch": "none,3"})) for query in family]
    unknown, known = explore_measured(asked)
    assert unknown.measured is None
    assert known.measured.relative == 1


def test_measuring_ends_in_time(monkeypatch):
    monkeypatch.setattr(measure, "_LONGEST", 0.0)
    asked = [query for family in request(["gru", "lstm"], read_options({"batch": 2, "time": 3})) for query in family]
    assert [report.measured.calls for report in explore_measured(asked)] == [1, 1]
