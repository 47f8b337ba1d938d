"""What real layers return, under every flag and merge mode, and what refusals become of."""

from __future__ import annotations

import pytest

from rnnshape import explore
from rnnshape.errors import InvalidQuery, KerasRefused
from rnnshape.options import read_options
from rnnshape.request import request


def document(layer, **options):
    return explore(layer, **{"batch": 3, "time": 5, "features": 2, **options}).to_dict()


def equal(layer, **options):
    return document(layer, **options)["equal"]


LAST, H, C = "whole_sequence_output[:, -1, :]", "final_memory_state", "final_carry_state"
BOTH = {"return_sequences": True, "return_state": True}


@pytest.mark.parametrize(
    "flags",
    [
        {},
        {"go_backwards": True},
        {"stateful": True},
        {"unroll": True},
        {"zero_output_for_mask": True},
        {"go_backwards": True, "unroll": True},
        {"training": True, "set": {"dropout": 0.5}},
        {"initial_state": "zeros"},
        {"initial_state": "random"},
        {"seed": 7},
        {"time": 40},
        {"set": {"activation": "relu"}},
    ],
    ids=str,
)
@pytest.mark.parametrize("layer", ["simple-rnn", "gru", "lstm"])
def test_the_last_step_is_the_state_under_every_flag(layer, flags):
    state = H if layer == "lstm" else "final_state"
    assert equal(layer, **BOTH, **flags) == [[LAST, state]]
    assert equal(layer, return_state=True, **flags) == [["output", state]]


FORWARD, BACKWARD = "forward_final_state", "backward_final_state"
MERGES = {
    "concat": f"concatenate([{FORWARD}, {BACKWARD}], axis=-1)",
    "sum": f"{FORWARD} + {BACKWARD}",
    "mul": f"{FORWARD} * {BACKWARD}",
    "ave": f"({FORWARD} + {BACKWARD}) / 2",
}


@pytest.mark.parametrize("mode", MERGES)
@pytest.mark.parametrize("layer", ["simple-rnn", "gru"])
def test_each_merge_mode_is_explained(layer, mode):
    assert equal(layer, bidirectional=True, merge_mode=mode, return_state=True) == [["output", MERGES[mode]]]


def test_without_merging_there_are_two_outputs():
    found = document("gru", bidirectional=True, merge_mode="none", **BOTH)
    assert [tensor["name"] for tensor in found["tensors"]] == [
        "forward_whole_sequence_output",
        "backward_whole_sequence_output",
        "forward_final_state",
        "backward_final_state",
    ]
    assert found["equal"] == [
        ["forward_whole_sequence_output[:, -1, :]", "forward_final_state"],
        ["backward_whole_sequence_output[:, 0, :]", "backward_final_state"],
    ]


def test_where_the_states_sit_in_a_bidirectional_sequence():
    assert equal("lstm", bidirectional=True, **BOTH) == [
        ["whole_sequence_output[:, -1, :4]", "forward_final_memory_state"],
        ["whole_sequence_output[:, 0, 4:]", "backward_final_memory_state"],
    ]


STRUCTURES = {
    "LSTM(4)": ("output = layer(inputs)", "(3, 4)", "tensor", "[h, c]"),
    "GRU(4, return_state=True)": ("output, final_state = layer(inputs)", "((3, 4), (3, 4))", "tuple", "[h]"),
    "RNN([LSTMCell(4), GRUCell(6)], return_state=True)": (
        "output, (cell_0_final_memory_state, cell_0_final_carry_state), (cell_1_final_state,) = layer(inputs)",
        "((3, 6), [(3, 4), (3, 4)], [(3, 6)])",
        "tuple",
        "[[cell_0_h, cell_0_c], [cell_1_h]]",
    ),
    "Bidirectional(GRU(4, return_state=True), merge_mode=None)": (
        "forward_output, backward_output, forward_final_state, backward_final_state = layer(inputs)",
        "((3, 4), (3, 4), (3, 4), (3, 4))",
        "tuple",
        "[forward_h, backward_h]",
    ),
    "LSTMCell(4)": (
        "output, (final_memory_state, final_carry_state) = cell(inputs, states)",
        "((3, 4), [(3, 4), (3, 4)])",
        "tuple",
        "[h, c]",
    ),
    "Sequential([LSTM(6, return_sequences=True), GRU(3)])": ("output = layer(inputs)", "(3, 3)", "tensor", None),
}


@pytest.mark.parametrize("layer", STRUCTURES)
def test_structure(layer):
    unpack, structure, container, states = STRUCTURES[layer]
    found = document(layer)
    assert found["unpack"] == unpack
    assert found["returned"] == {"structure": structure, "container": container}
    assert (found["states"] or {"structure": None})["structure"] == states


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        ("gru", BOTH),
        ("lstm", {"bidirectional": True, **BOTH}),
        ("RNN([LSTMCell(4), GRUCell(6)], return_state=True, return_sequences=True)", {}),
        ("ConvLSTM2D(2, 3, return_state=True, return_sequences=True)", {}),
    ],
)
def test_the_unpacking_line_runs_and_paths_locate_the_tensors(layer, options):
    """The line is executed on a value nested as the report says."""
    found = document(layer, **options)
    value: list = []
    for tensor in found["tensors"]:
        at = value
        for step in tensor["path"][:-1]:
            while len(at) <= step:
                at.append([])
            at = at[step]
        at.append(tensor["name"])
    names: dict = {"layer": lambda _: value, "inputs": None}
    exec(found["unpack"], names)  # noqa: S102 - a line of our own making
    for tensor in found["tensors"]:
        assert names[tensor["name"]] == tensor["name"]


def test_weights_have_the_same_names_however_many_layers_were_made_before():
    first, second = (document("lstm", bidirectional=True)["parameters"] for _ in range(2))
    assert first == second
    assert [weight["name"] for weight in first["weights"]][:3] == [
        "forward_kernel",
        "forward_recurrent_kernel",
        "forward_bias",
    ]


def test_a_single_timestep_is_no_finding():
    """With one step, the first step is the last one, and backward is forward's neighbour: only because of the size."""
    assert equal("gru", time=1, **BOTH) == [[LAST, "final_state"]]
    assert equal("gru", time=1, bidirectional=True, **BOTH) == equal("gru", time=5, bidirectional=True, **BOTH)


@pytest.mark.parametrize(
    "sizes", [{"batch": 1}, {"units": 1}, {"features": 1}, {"batch": 4, "units": 4, "features": 4}]
)
def test_sizes_of_one_and_sizes_that_coincide_change_nothing(sizes):
    assert equal("lstm", **BOTH, **sizes) == [[LAST, H]]
    assert equal("gru", return_state=True, bidirectional=True, **sizes) == [["output", MERGES["concat"]]]


def test_a_long_time_axis_gives_the_same_answer():
    short, long = (document("lstm", time=time, **BOTH) for time in (5, 1000))
    assert short["equal"] == long["equal"]
    assert long["tensors"][0]["shape"] == [3, 1000, 4]
    assert long["ran"]["reduced_to"] is None


def test_unknown_sizes_are_shown_and_small_ones_are_run():
    found = document("lstm", batch=None, time=None, **BOTH)
    assert [tensor["shape"] for tensor in found["tensors"]] == [[None, None, 4], [None, 4], [None, 4]]
    assert found["equal"] == [[LAST, H]]
    assert found["states"]["accepts"] == [[None, 4], [None, 4]]
    assert found["ran"]["reduced_to"] == {
        "layer": "LSTM(4, return_sequences=True, return_state=True)",
        "input": [3, 5, 2],
    }


def test_huge_sizes_are_not_allocated():
    found = document("lstm", units=200_000, batch=1_000_000, time=100_000, bidirectional=True, **BOTH)
    assert found["tensors"][0]["shape"] == [1_000_000, 100_000, 400_000]
    assert ["whole_sequence_output[:, -1, :200000]", "forward_final_memory_state"] in found["equal"]
    assert found["parameters"]["total"] == 2 * 4 * 200_000 * (200_000 + 2 + 1)
    assert found["ran"]["reduced_to"]["layer"].startswith("Bidirectional(LSTM(13")


def test_many_timesteps_are_not_run_one_by_one():
    """Neither a loop of a million steps, nor three thousand of a mask laid out one behind the other."""
    long = document("simple-rnn", time=1_000_000)
    assert long["tensors"][0]["shape"] == [3, 4]
    assert long["ran"]["reduced_to"]["input"] == [3, 5, 2]
    masked = document("gru", unroll=True, mask="right:3000", time=3005, **BOTH)
    assert "unroll=False" in masked["ran"]["reduced_to"]["layer"]
    assert masked["equal"]


REFUSED = [
    ("RNN(~nobodyatall/cells.py:Cell(4))", {}, InvalidQuery, None),
    (f"RNN({'x' * 300}/cells.py:Cell(4))", {}, InvalidQuery, None),
    ("gru", {"stateful": True, "batch": None}, KerasRefused, "give --batch a number"),
    ("Sequential([LSTM(6), GRU(3)])", {}, KerasRefused, "return_sequences=True"),
    ("lstm", {"set": {"activation": "reluu"}}, KerasRefused, None),
    ("lstm", {"set": {"dropout": "high"}}, KerasRefused, None),
    ("lstm", {"set": {"unts": 4}}, InvalidQuery, "Did you mean units?"),
    ("LSTN(4)", {}, InvalidQuery, "Did you mean LSTM?"),
    ("LSTM()", {}, KerasRefused, None),
    ("RNN(LSTM(4))", {}, KerasRefused, None),
    ("Bidirectional(LSTM(4), merge_mode='summ')", {}, KerasRefused, None),
    ("nowhere.Cell(4)", {}, InvalidQuery, "working directory"),
    ("GRU(4)", {"input": (3, 4)}, InvalidQuery, None),
    ("GRU(4)", {"space": (3, 4)}, InvalidQuery, None),
    ("Dense(3)", {"initial_state": "zeros"}, InvalidQuery, None),
]


@pytest.mark.parametrize(("layer", "options", "error", "hint"), REFUSED, ids=str)
def test_refusals(layer, options, error, hint):
    if "input" not in options:
        options = {"batch": 3, "time": 5, **options}
    with pytest.raises(error) as caught:
        explore(layer, **options)
    said = caught.value
    assert said.message
    assert "\x1b" not in said.message
    assert "{{" not in said.message
    assert "Arguments received" not in said.message
    assert (hint or "") in (said.hint or "")


def test_what_keras_declares_and_then_fails_to_do_is_told_in_one_message():
    with pytest.raises(KerasRefused, match=r"Keras declares .* then fails when it is run"):
        document("lstm", bidirectional=True, stateful=True, return_state=True)


def test_the_same_seed_gives_the_same_draws_whatever_the_flags():
    """The weights of two queries are equal when their shapes are: what lets combinations of flags be compared."""
    from rnnshape.run.layer.layer_run import run_layer

    values = []
    for flags in ({}, BOTH):
        ((query,),) = request(["gru"], read_options({"batch": 3, "time": 5, **flags}))
        values.append([one.returned for one in run_layer(query).run.draws])
    for plain, both in zip(*values, strict=True):
        assert (plain[0] == both[1]).all()


def test_a_sequential_takes_the_input_that_it_says():
    """Where the batch or the time axis is open, it is as asked."""

    def shape(layer, **options):
        return explore(layer, **options).to_dict()["input"]["shape"]

    found = shape("Sequential([Input((5,)), RepeatVector(3), LSTM(4)])", batch=2)
    assert found == [2, 5]
    found = shape("Sequential([Input((None, 7)), LSTM(4)])", batch=2, time=6)
    assert found == [2, 6, 7]
    found = shape("Sequential([Input((None, 4, 5)), TimeDistributed(LSTM(2))])", batch=2, time=6)
    assert found == [2, 6, 4, 5]
