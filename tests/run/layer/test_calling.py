"""Masks, initial states, training, stateful layers: which equalities then hold, and which a mask breaks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rnnshape import explore
from rnnshape.options import read_options
from rnnshape.request import request

SEQUENCES = {"return_sequences": True, "return_state": True}
LAST, STEP = "whole_sequence_output[:, -1, :]", "whole_sequence_output[rows, last_step]"
KINDS = {"simple-rnn": "final_state", "gru": "final_state", "lstm": "final_memory_state"}

# A mask of each kind for 3 rows of 5 steps: first and last unmasked step, and which ends it masks in any row.
MASKS = {
    "right:2": ([0, 0, 0], [2, 2, 2], {"last"}),
    "left:2": ([2, 2, 2], [4, 4, 4], {"first"}),
    "lengths:5,3,1": ([0, 0, 0], [4, 2, 0], {"last"}),
    "lengths:5,5,5": ([0, 0, 0], [4, 4, 4], set()),
    "1,0,1,1,0": ([0, 0, 0], [3, 3, 3], {"last"}),
    "0,1,1,1,0": ([1, 1, 1], [3, 3, 3], {"first", "last"}),
    "1,0,1,0,1": ([0, 0, 0], [4, 4, 4], set()),
    "right:0": ([0, 0, 0], [4, 4, 4], set()),
}


def document(layer, **options):
    return explore(layer, **{"batch": 3, "time": 5, "features": 2, "units": 4, **options}).to_dict()


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("layer", ["gru", "lstm"])
def test_masked_steps_repeat_the_output_before_them(layer, mask):
    state = KINDS[layer]
    first, last, ends = MASKS[mask]
    found = document(layer, mask=mask, **SEQUENCES)
    masks_something = mask not in ("lengths:5,5,5", "right:0")
    assert found["mask"] == {"given": mask, "first_step": first, "last_step": last, "applied": masks_something}
    assert found["equal"] == [[LAST, STEP, state] if "last" in ends else [LAST, state]]
    assert found["broken"] == []
    one = document(layer, mask=mask, return_state=True)
    assert one["equal"] == [["output", state]]
    assert one["broken"] == []


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("layer", ["gru", "lstm"])
def test_zero_output_for_mask_breaks_what_the_last_step_equals(layer, mask):
    state = KINDS[layer]
    ends = MASKS[mask][2]
    found = document(layer, mask=mask, zero_output_for_mask=True, **SEQUENCES)
    assert found["equal"] == [[STEP if "last" in ends else LAST, state]]
    assert found["broken"] == ([[LAST, state]] if "last" in ends else [])
    # Without sequences the output is zeroed, too.
    one = document(layer, mask=mask, zero_output_for_mask=True, return_state=True)
    assert one["equal"] == ([] if "last" in ends else [["output", state]])
    assert one["broken"] == ([["output", state]] if "last" in ends else [])
    all_rows = "last" in ends and not mask.startswith("lengths")
    assert one.get("constant") == (["output"] if all_rows else None)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("layer", ["gru", "lstm"])
def test_bidirectional_forces_zeros_where_it_returns_sequences(layer, mask):
    forward, backward = f"forward_{KINDS[layer]}", f"backward_{KINDS[layer]}"
    ends = MASKS[mask][2]
    found = document(layer, mask=mask, bidirectional=True, **SEQUENCES)
    at_last, at_first = "whole_sequence_output[:, -1, :4]", "whole_sequence_output[:, 0, 4:]"
    equal = {
        ("whole_sequence_output[rows, last_step, :4]" if "last" in ends else at_last, forward),
        ("whole_sequence_output[rows, first_step, 4:]" if "first" in ends else at_first, backward),
    }
    assert set(map(tuple, found["equal"])) == equal
    broken = {(at_last, forward)} if "last" in ends else set()
    broken |= {(at_first, backward)} if "first" in ends else set()
    assert set(map(tuple, found["broken"])) == broken


MERGES = {
    "concat": "concatenate([{0}, {1}], axis=-1)",
    "sum": "{0} + {1}",
    "mul": "{0} * {1}",
    "ave": "({0} + {1}) / 2",
}


@pytest.mark.parametrize("mask", ["left:2", "lengths:5,3,0"])
@pytest.mark.parametrize("mode", [*MERGES, "none"])
@pytest.mark.parametrize("layer", ["gru", "lstm"])
def test_every_merge_mode_holds_with_a_mask_where_there_is_one_output(layer, mode, mask):
    forward, backward = f"forward_{KINDS[layer]}", f"backward_{KINDS[layer]}"
    found = document(layer, mask=mask, bidirectional=True, merge_mode=mode, return_state=True)
    if mode == "none":
        assert found["equal"] == [["forward_output", forward], ["backward_output", backward]]
    else:
        assert found["equal"] == [["output", MERGES[mode].format(forward, backward)]]
    assert found["broken"] == []


@pytest.mark.parametrize(("mask", "first", "last"), [("right:2", "[:, 0, :]", "[rows, last_step]")])
def test_two_outputs_with_a_mask(mask, first, last):
    found = document("gru", mask=mask, bidirectional=True, merge_mode="none", **SEQUENCES)
    assert found["equal"] == [
        [f"forward_whole_sequence_output{last}", "forward_final_state"],
        [f"backward_whole_sequence_output{first}", "backward_final_state"],
    ]
    assert found["broken"] == [["forward_whole_sequence_output[:, -1, :]", "forward_final_state"]]


@pytest.mark.parametrize("layer", KINDS)
def test_go_backwards_gives_the_sequence_in_the_order_it_was_run_in(layer):
    """So its last step is the state, and the mask's last step is somewhere else."""
    for mask in ("right:2", "left:2", None):
        found = document(layer, go_backwards=True, **SEQUENCES, **({"mask": mask} if mask else {}))
        assert [LAST, KINDS[layer]] in [statement[:1] + statement[-1:] for statement in found["equal"]]
        assert "reversed" in found["tensors"][0]["meaning"]


@pytest.mark.parametrize("options", [{}, {"zero_output_for_mask": True}, {"bidirectional": True}], ids=str)
@pytest.mark.parametrize("layer", ["gru", "lstm"])
def test_where_all_is_masked_there_are_zeros_and_nothing_is_claimed(layer, options):
    for flags in (SEQUENCES, {"return_state": True}):
        found = document(layer, mask="right:5", **options, **flags)
        assert found["equal"] == []
        # All zeros: what holds without the mask holds with it as well.
        assert found["broken"] == []
        assert found["constant"] == [tensor["name"] for tensor in found["tensors"]]


def test_a_row_that_is_masked_throughout_keeps_its_initial_state():
    """Its output is zeros all the same, which breaks the equality that all other rows keep."""
    zeros = document("gru", mask="lengths:5,3,0", **SEQUENCES)
    assert zeros["equal"] == [[LAST, "final_state"]]
    random = document("gru", mask="lengths:5,3,0", initial_state="random", **SEQUENCES)
    assert random["equal"] == []
    assert random["broken"] == [[LAST, "final_state"]]


def test_a_mask_with_a_single_timestep_and_a_single_row():
    assert document("gru", mask="1", batch=1, time=1, **SEQUENCES)["equal"] == [[LAST, "final_state"]]
    assert document("gru", mask="0", batch=1, time=1, **SEQUENCES)["equal"] == []
    assert document("gru", mask="lengths:1,0", batch=2, time=1, **SEQUENCES)["broken"] == []


CONV = "ConvLSTM1D(2, 3, return_sequences=True, return_state=True)"
STACK = "RNN([GRUCell(3), LSTMCell(4)], return_sequences=True, return_state=True)"


@pytest.mark.parametrize("mask", ["right:2", "left:2", "lengths:5,3,1"])
def test_masks_on_convolutions_and_stacks(mask):
    step = [STEP] if "last" in MASKS[mask][2] else []
    last = "whole_sequence_output[:, -1, :, :]"
    assert document_of_expression(CONV, mask=mask)["equal"] == [[last, *step, "final_memory_state"]]
    assert document_of_expression(STACK, mask=mask)["equal"] == [[LAST, *step, "cell_1_final_memory_state"]]


def document_of_expression(layer, **options):
    return explore(layer, **{"batch": 3, "time": 5, "features": 2, **options}).to_dict()


TWO_STACKS = (
    "[[forward_cell_0_h, forward_cell_0_c], [forward_cell_1_h, forward_cell_1_c], "
    "[backward_cell_0_h, backward_cell_0_c], [backward_cell_1_h, backward_cell_1_c]]"
)
# layer, the shapes that it accepts, in words, and the equalities
INITIAL = {
    "SimpleRNN(4, return_state=True)": ([[3, 4]], "[h]", [["output", "final_state"]]),
    "LSTM(4, return_state=True)": ([[3, 4], [3, 4]], "[h, c]", [["output", "final_memory_state"]]),
    "Bidirectional(LSTM(4, return_state=True), merge_mode='sum')": (
        [[3, 4]] * 4,
        "[forward_h, forward_c, backward_h, backward_c]",
        [["output", "forward_final_memory_state + backward_final_memory_state"]],
    ),
    "Bidirectional(GRU(4, return_state=True), backward_layer=GRU(6, return_state=True, go_backwards=True))": (
        [[3, 4], [3, 6]],
        "[forward_h, backward_h]",
        [["output", "concatenate([forward_final_state, backward_final_state], axis=-1)"]],
    ),
    "RNN([LSTMCell(4), GRUCell(6)], return_state=True)": (
        [[[3, 4], [3, 4]], [[3, 6]]],
        "[[cell_0_h, cell_0_c], [cell_1_h]]",
        [["output", "cell_1_final_state"]],
    ),
    "Bidirectional(RNN([LSTMCell(4), LSTMCell(5)], return_state=True), merge_mode=None)": (
        [[[3, 4], [3, 4]], [[3, 5], [3, 5]]] * 2,
        TWO_STACKS,
        [
            ["forward_output", "forward_cell_1_final_memory_state"],
            ["backward_output", "backward_cell_1_final_memory_state"],
        ],
    ),
    "ConvLSTM2D(2, 3, return_state=True)": ([[3, 6, 6, 2]] * 2, "[h, c]", [["output", "final_memory_state"]]),
    "LSTMCell(4)": ([[3, 4], [3, 4]], "[h, c]", [["output", "final_memory_state"]]),
    "StackedRNNCells([GRUCell(3), GRUCell(4)])": (
        [[[3, 3]], [[3, 4]]],
        "[[cell_0_h], [cell_1_h]]",
        [["output", "cell_1_final_state"]],
    ),
    "GRU(4, return_state=True, stateful=True)": ([[3, 4]], "[h]", [["output", "final_state"]]),
}


@pytest.mark.parametrize("states", [None, "zeros", "random"])
@pytest.mark.parametrize("layer", INITIAL)
def test_initial_states_of_every_kind(layer, states):
    accepts, structure, equal = INITIAL[layer]
    found = document_of_expression(layer, **({"initial_state": states} if states else {}))
    assert found["states"] == {"accepts": accepts, "structure": structure}
    assert found["equal"] == equal
    assert found.get("initial_state") == states
    assert ("initial_state" in found["unpack"]) == (states is not None and "Cell" not in layer.partition("(")[0])


@pytest.mark.parametrize("layer", ["simple-rnn", "lstm"])
@pytest.mark.parametrize("dropout", ["dropout", "recurrent_dropout"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_dropout_changes_values_and_no_equality(layer, dropout, wrapped):
    options = {"training": True, "set": {dropout: 0.5}, "bidirectional": wrapped, **SEQUENCES}
    plain = {"bidirectional": wrapped, **SEQUENCES}
    found = document(layer, **options)
    assert found["training"] is True
    assert found["equal"] == document(layer, **plain)["equal"]


def test_a_tensor_that_dropout_zeroes_is_no_finding():
    """Dropout may zero all that there is, in one draw or in many."""
    for seed in range(4):
        found = document(
            "simple-rnn", units=1, batch=1, features=1, training=True, set={"dropout": 0.9}, seed=seed, **SEQUENCES
        )
        assert found["equal"] in ([[LAST, "final_state"]], [])


@pytest.mark.parametrize("layer", KINDS)
def test_a_stateful_layer_begins_each_draw_anew(layer):
    found, plain = (document(layer, stateful=stateful, **SEQUENCES) for stateful in (True, False))
    assert found["equal"] == plain["equal"] == [[LAST, KINDS[layer]]]
    masked = document(layer, stateful=True, mask="lengths:5,3,1", **SEQUENCES)
    assert masked["equal"] == [[LAST, STEP, KINDS[layer]]]


def test_every_expression_of_a_masked_report_can_be_evaluated():
    """With NumPy's names, the tensors' and the mask's, as the schema says; on made-up values of the right shapes."""
    found = document("lstm", mask="lengths:5,3,1", bidirectional=True, **SEQUENCES)
    names = {tensor["name"]: np.zeros(tensor["shape"]) for tensor in found["tensors"]}
    names |= {"rows": np.arange(3), "concatenate": np.concatenate}
    names |= {word: np.array(found["mask"][word]) for word in ("first_step", "last_step")}
    for statement in itertools.chain(found["equal"], found["broken"]):
        evaluated = [eval(code, names) for code in statement]  # noqa: S307 - expressions of our own making
        assert len({value.shape for value in evaluated}) == 1


LONG = [
    "gru",
    "lstm",
    "Bidirectional(LSTM(3, return_sequences=True))",
    "RNN([LSTMCell(4), GRUCell(3)], return_state=True)",
]


@pytest.mark.parametrize("layer", LONG)
@pytest.mark.parametrize("options", [{}, {"mask": "lengths:40,30,7"}], ids=["", "masked"])
def test_a_graph_in_one_thread_gives_the_values_that_it_gives_in_many(monkeypatch, layer, options):
    """TensorFlow has no public name for it: without it, all is the same."""
    from tensorflow.python.eager import context

    from rnnshape.run.layer.layer_run import run_layer

    ((query,),) = request([layer], read_options({"batch": 3, "time": 40, **options}))
    in_one = [one.returned for one in run_layer(query).run.draws]
    monkeypatch.delattr(context, "function_executor_type")
    in_many = [one.returned for one in run_layer(query).run.draws]
    for ours, theirs in zip(in_one, in_many, strict=True):
        assert all((one == other).all() for one, other in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(
    ("layer", "time", "traced"),
    [
        ("lstm", 5, 0),
        ("lstm", 200, 1),
        ("Bidirectional(GRU(3))", 200, 1),
        ("Sequential([LSTM(2, return_sequences=True), GRU(2)])", 200, 1),
        ("Sequential([LSTM(2), RepeatVector(70), GRU(2)])", 5, 1),
        ("TimeDistributed(LSTM(2))", 5, 1),
    ],
)
def test_only_a_draw_with_a_long_loop_is_traced(monkeypatch, layer, time, traced):
    from rnnshape.run.layer import eager_or_traced

    seen = []

    def trace(*args):
        seen.append(args)
        return original(*args)

    original = eager_or_traced._traced
    monkeypatch.setattr(eager_or_traced, "_traced", trace)
    explore(layer, **({"input": f"3,{time},70,4"} if layer.startswith("Time") else {"time": time}))
    assert len(seen) == traced
