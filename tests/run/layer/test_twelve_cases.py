"""The twelve cases of the post that rnnshape grew out of: three layers, both flags, `[32, 10, 8]` inputs, 4 units.

Shapes, names and equalities are written out; the answers come from the real layers.
"""

from __future__ import annotations

import pytest

from rnnshape import explore

SEQUENCE, ONE = [32, 10, 4], [32, 4]
LAST = "whole_sequence_output[:, -1, :]"

CASES = {
    ("simple-rnn", False, False): ({"output": ONE}, []),
    ("simple-rnn", True, False): ({"whole_sequence_output": SEQUENCE}, []),
    ("simple-rnn", False, True): ({"output": ONE, "final_state": ONE}, [["output", "final_state"]]),
    ("simple-rnn", True, True): ({"whole_sequence_output": SEQUENCE, "final_state": ONE}, [[LAST, "final_state"]]),
    ("gru", False, False): ({"output": ONE}, []),
    ("gru", True, False): ({"whole_sequence_output": SEQUENCE}, []),
    ("gru", False, True): ({"output": ONE, "final_state": ONE}, [["output", "final_state"]]),
    ("gru", True, True): ({"whole_sequence_output": SEQUENCE, "final_state": ONE}, [[LAST, "final_state"]]),
    ("lstm", False, False): ({"output": ONE}, []),
    ("lstm", True, False): ({"whole_sequence_output": SEQUENCE}, []),
    ("lstm", False, True): (
        {"output": ONE, "final_memory_state": ONE, "final_carry_state": ONE},
        [["output", "final_memory_state"]],
    ),
    ("lstm", True, True): (
        {"whole_sequence_output": SEQUENCE, "final_memory_state": ONE, "final_carry_state": ONE},
        [[LAST, "final_memory_state"]],
    ),
}


@pytest.mark.parametrize(("layer", "sequences", "state"), CASES)
def test_what_the_post_shows(layer, sequences, state):
    shapes, equal = CASES[layer, sequences, state]
    document = explore(layer, units=4, return_sequences=sequences, return_state=state).to_dict()
    assert {tensor["name"]: tensor["shape"] for tensor in document["tensors"]} == shapes
    assert document["equal"] == equal
    assert document["input"]["shape"] == [32, 10, 8]
    assert document["declared"]["agrees"]


def test_the_carry_state_is_neither():
    document = explore("lstm", return_state=True).to_dict()
    assert document["same_shape_different_values"] == [["final_memory_state", "final_carry_state"]]


@pytest.mark.parametrize(("layer", "total"), [("simple-rnn", 32), ("gru", 108), ("lstm", 128)])
def test_parameters_at_three_features_and_four_units(layer, total):
    assert explore(layer, units=4, features=3).parameters.total == total
