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


H_AND_C = "[final_memory_state, final_carry_state]"
JOINED = (
    "[concatenate([forward_final_memory_state, backward_final_memory_state], axis=-1), "
    "concatenate([forward_final_carry_state, backward_final_carry_state], axis=-1)]"
)
INTO = [
    ("LSTM(4, return_state=True)", "LSTM(4)", True, H_AND_C, None),
    ("GRU(4, return_state=True)", "GRU(4)", True, "[final_state]", None),
    ("LSTM(4)", "LSTM(4)", False, None, None),
    ("LSTM(4, return_state=True)", "LSTM(8)", False, H_AND_C, "LSTM(4)"),
    ("LSTM(4, return_state=True)", "LSTM(units=8)", False, H_AND_C, "LSTM(units=4)"),
    ("LSTM(4, return_state=True)", "GRU(4)", False, "[final_memory_state]", None),
    ("GRU(4, return_state=True)", "LSTM(4)", False, "[final_state, zeros_like(final_state)]", None),
    ("Bidirectional(LSTM(4, return_state=True))", "LSTM(8)", False, JOINED, None),
    ("Bidirectional(LSTM(4, return_state=True))", "LSTM(7)", False, JOINED, "LSTM(8)"),
    (
        "Bidirectional(GRU(4, return_state=True), merge_mode=None)",
        "Bidirectional(GRU(4))",
        True,
        "[forward_final_state, backward_final_state]",
        None,
    ),
    (
        "LSTM(4, return_state=True)",
        "Bidirectional(LSTM(4))",
        False,
        "[final_memory_state, final_carry_state, final_memory_state, final_carry_state]",
        None,
    ),
    (
        "RNN([LSTMCell(4), GRUCell(6)], return_state=True)",
        "RNN([LSTMCell(4), GRUCell(6)])",
        True,
        "[[cell_0_final_memory_state, cell_0_final_carry_state], [cell_1_final_state]]",
        None,
    ),
    ("GRU(4, return_state=True)", "RNN([GRUCell(4), GRUCell(4)])", False, "[[final_state], [final_state]]", None),
    ("LSTMCell(4)", "LSTM(4)", True, H_AND_C, None),
    (
        "Bidirectional(LSTM(4, return_state=True))",
        "RNN(LSTMCell(4))",
        False,
        JOINED,
        "RNN(LSTMCell(8))",
    ),
    (
        "RNN([GRUCell(4), LSTMCell(4)], return_state=True)",
        "RNN([LSTMCell(4), GRUCell(4)])",
        False,
        "[[cell_0_final_state, zeros_like(cell_0_final_state)], [cell_1_final_memory_state]]",
        None,
    ),
    ("ConvLSTM1D(4, 3, return_state=True)", "LSTM(4)", False, None, None),
    (
        "Bidirectional(GRU(4, return_state=True))",
        "Bidirectional(GRU(8))",
        False,
        "[forward_final_state, backward_final_state]",
        "Bidirectional(GRU(4))",
    ),
    (
        "Bidirectional(GRU(4, return_state=True), backward_layer=GRU(6, go_backwards=True, return_state=True))",
        "RNN(GRUCell(4))",
        False,
        "[concatenate([forward_final_state, backward_final_state], axis=-1)]",
        "RNN(GRUCell(10))",
    ),
]


def test_into_another_convolution():
    """Its states have the size of its own output: only with padding can they be those of the layer before."""
    layer = "ConvLSTM1D(4, 3, padding='same', return_state=True)"
    assert document(layer, into="ConvLSTM1D(4, 3, padding='same')")["into"]["fits"]
    assert not document(layer, into="ConvLSTM1D(4, 3)")["into"]["fits"]
    assert not document(layer, into="ConvLSTM2D(4, 3)")["into"]["fits"]


@pytest.mark.parametrize(("layer", "decoder", "fits", "states", "other"), INTO)
def test_into(layer, decoder, fits, states, other):
    """The proof is the run: what is said to fit is passed to the bare Keras layer, here once more."""
    import numpy as np
    from keras import layers

    found = document(layer, into=decoder)
    into = found["into"]
    assert (into["layer"], into["fits"], into["initial_state"]) == (decoder, fits, states)
    assert into.get("layer_that_fits") == other
    assert (into["change"] is None) == fits
    if states is not None:
        values = {tensor["name"]: np.ones(tensor["shape"], "float32") for tensor in found["tensors"]}
        names = {"concatenate": np.concatenate, "zeros_like": np.zeros_like, **vars(layers)}
        passed = eval(states, names, values)  # noqa: S307 - our own expression
        built = eval(other or decoder, names)  # noqa: S307
        assert built(np.ones((3, 4, 2), "float32"), initial_state=passed).shape[0] == 3


def test_into_a_layer_that_fails_with_states_of_the_right_shapes():
    """A stack of one LSTM cell, unrolled, takes its own output for a list of states: that is no matter of fitting."""
    found = document("RNN([LSTMCell(4)], return_state=True)", into="RNN([LSTMCell(4)], unroll=True)")["into"]
    assert (found["fits"], found["initial_state"]) == (False, None)
    assert found["wants"] == found["gives"]
    assert found["change"].startswith("Keras fails at calling RNN with states of the right shapes: ")


def test_into_a_layer_that_cannot_be_built():
    with pytest.raises(KerasRefused, match="output size would be"):
        document("LSTM(4, return_state=True)", into="ConvLSTM1D(4, 30)")
    with pytest.raises(KerasRefused, match="nope"):
        document("LSTM(4, return_state=True)", into="LSTM(4, kernel_initializer='nope')")


def test_into_a_layer_without_states():
    with pytest.raises(InvalidQuery, match="takes no initial_state"):
        document("LSTM(4, return_state=True)", into="Dense(4)")


def together(layer, **options):
    from rnnshape.layers import explore_together

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
    from rnnshape.layers import explore_together

    (family,) = request(["gru"], read_options({"all_flags": True, "set": {"unts": 1}}))
    assert [answer.code for answer in explore_together(family)] == ["invalid-query"] * 4


IN_EXPRESSIONS = [
    ("LSTM(4)", [("output", "whole_sequence_output[:, -1, :]", "final_memory_state")]),
    (
        "Bidirectional(LSTM(4), merge_mode='sum')",
        [("output", "forward_final_memory_state + backward_final_memory_state")],
    ),
    ("RNN(GRUCell(3))", [("output", "whole_sequence_output[:, -1, :]", "final_state")]),
    (
        "RNN([LSTMCell(4), GRUCell(3)])",
        [("output", "whole_sequence_output[:, -1, :]", "cell_1_final_state")],
    ),
    (
        "Sequential([Dense(3), Sequential([GRU(5, return_sequences=True), LSTM(4)])])",
        [("output", "whole_sequence_output[:, -1, :]", "final_memory_state")],
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
        {"output", MERGES["concat"]},
        {"whole_sequence_output[:, -1, :4]", "forward_final_state"},
        {"whole_sequence_output[:, 0, 4:]", "backward_final_state"},
    ]


def test_nothing_is_claimed_across_combinations_where_dropout_is_random():
    found = together("gru", training=True, set={"dropout": 0.5})
    assert [report["equal_across"] for report in found] == [[]] * 4
    assert found[3]["equal"] == [[LAST, "final_state"]]


def test_measured_times_are_relative_to_the_fastest():
    from rnnshape.layers import explore_measured

    asked = [query for family in request(["simple-rnn", "lstm", "Dense(4)"], read_options({})) for query in family]
    measured = [report.measured for report in explore_measured(asked)]
    assert min(times.relative for times in measured) == 1
    fastest = min(times.median for times in measured)
    for times in measured:
        assert times.relative == times.median / fastest
        assert times.quartiles[0] <= times.median <= times.quartiles[1]
        assert times.calls >= 1


def test_what_was_not_run_at_its_sizes_is_not_measured():
    from rnnshape.layers import explore_measured

    asked = [query for family in request(["gru"], read_options({"batch": "none,3"})) for query in family]
    unknown, known = explore_measured(asked)
    assert unknown.measured is None
    assert known.measured.relative == 1


def test_measuring_ends_in_time(monkeypatch):
    from rnnshape.layers import explore_measured
    from rnnshape.run.layer import measure

    monkeypatch.setattr(measure, "_LONGEST", 0.0)
    asked = [query for family in request(["gru", "lstm"], read_options({"batch": 2, "time": 3})) for query in family]
    assert [report.measured.calls for report in explore_measured(asked)] == [1, 1]


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


def test_what_is_no_question_to_python():
    import rnnshape

    with pytest.raises(InvalidQuery, match="layer must be a layer's name"):
        explore(5)
    with pytest.raises(InvalidQuery, match="Received: options for 2"):
        explore("gru", units=[4, 5])
    with pytest.raises(InvalidQuery, match="There is no option unit"):
        explore("gru", unit=4)
    assert "explore" in dir(rnnshape)


def test_a_report_saves_itself(tmp_path):
    explore("gru", return_state=True, batch=2, time=3).save(tmp_path / "answer.txt")
    assert "final_state" in (tmp_path / "answer.txt").read_text(encoding="utf-8")
