"""Every recurrent layer of Keras: what comes back, what it is called, which axes it has, and what equals what."""

from __future__ import annotations

import pytest

from rnnshape import explore
from rnnshape.errors import InvalidQuery, KerasRefused

BOTH = "return_sequences=True, return_state=True"
H, C = "final_memory_state", "final_carry_state"


def document(layer, **options):
    sizes = {} if "input" in options else {"batch": 2, "time": 3, "features": 2}
    return explore(layer, **{**sizes, **options}).to_dict()


def shapes(found):
    return [tuple(tensor["shape"]) for tensor in found["tensors"] if tensor["path"] is not None]


def names(found):
    return [tensor["name"] for tensor in found["tensors"]]


# layer, space, arguments, size of the output's spatial axes
CONVOLUTIONS = [
    ("ConvLSTM1D", (9,), "3", (7,)),
    ("ConvLSTM1D", (9,), "3, strides=2", (4,)),
    ("ConvLSTM1D", (9,), "3, padding='same'", (9,)),
    ("ConvLSTM1D", (9,), "3, padding='same', strides=2", (5,)),
    ("ConvLSTM1D", (9,), "3, dilation_rate=2", (5,)),
    ("ConvLSTM1D", (9,), "9", (1,)),
    ("ConvLSTM1D", (9,), "1", (9,)),
    ("ConvLSTM2D", (9, 7), "3", (7, 5)),
    ("ConvLSTM2D", (9, 7), "(3, 5)", (7, 3)),
    ("ConvLSTM2D", (9, 7), "3, strides=(2, 1)", (4, 5)),
    ("ConvLSTM2D", (9, 7), "3, padding='same'", (9, 7)),
    ("ConvLSTM2D", (9, 7), "3, padding='same', strides=3", (3, 3)),
    ("ConvLSTM2D", (9, 7), "3, dilation_rate=(2, 1)", (5, 5)),
    ("ConvLSTM2D", (3, 3), "3", (1, 1)),
    ("ConvLSTM3D", (4, 5, 6), "3", (2, 3, 4)),
    ("ConvLSTM3D", (4, 5, 6), "(1, 2, 3)", (4, 4, 4)),
    ("ConvLSTM3D", (4, 5, 6), "2, strides=2", (2, 2, 3)),
    ("ConvLSTM3D", (4, 5, 6), "2, padding='same'", (4, 5, 6)),
]
AXES = ["rows", "cols", "depth"]


@pytest.mark.parametrize(("layer", "space", "arguments", "out"), CONVOLUTIONS)
def test_conv_lstm_states_have_the_output_s_spatial_size(layer, space, arguments, out):
    found = document(f"{layer}(4, {arguments}, {BOTH})", space=space)
    axes = AXES[: len(space)]
    assert names(found) == ["whole_sequence_output", H, C]
    assert shapes(found) == [(2, 3, *out, 4), (2, *out, 4), (2, *out, 4)]
    assert [tensor["axes"] for tensor in found["tensors"]] == [
        ["batch", "timesteps", *axes, "filters"],
        ["batch", *axes, "filters"],
        ["batch", *axes, "filters"],
    ]
    assert found["input"]["axes"] == ["batch", "timesteps", *axes, "features"]
    assert found["equal"] == [[f"whole_sequence_output[:, -1{', :' * (len(space) + 1)}]", H]]
    assert found["states"] == {"accepts": [[2, *out, 4]] * 2, "structure": "[h, c]"}
    assert found["declared"]["agrees"]


@pytest.mark.parametrize(("layer", "space"), [("ConvLSTM1D", (9,)), ("ConvLSTM2D", (9, 7)), ("ConvLSTM3D", (4, 5, 6))])
def test_conv_lstm_with_channels_first_answers_or_is_refused(layer, space):
    """A machine may have no kernels for this layout."""
    axes = AXES[: len(space)]
    try:
        found = document(f"{layer}(4, 3, {BOTH}, data_format='channels_first')", space=space)
    except KerasRefused as refused:
        pytest.skip(f"no kernels: {refused.message}")
    out = tuple(size - 2 for size in space)
    assert found["input"]["shape"] == [2, 3, 2, *space]
    assert found["input"]["axes"] == ["batch", "timesteps", "features", *axes]
    assert shapes(found) == [(2, 3, 4, *out), (2, 4, *out), (2, 4, *out)]
    assert found["tensors"][0]["axes"] == ["batch", "timesteps", "filters", *axes]
    assert found["equal"] == [[f"whole_sequence_output[:, -1{', :' * (len(space) + 1)}]", H]]


@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave", "none"])
def test_bidirectional_conv_lstm(mode):
    found = document("conv-lstm-2d", space=(4, 5), units=2, bidirectional=True, merge_mode=mode, return_state=True)
    out = (2, 2, 3)
    forward, backward = "forward_final_memory_state", "backward_final_memory_state"
    merged = {
        "concat": f"concatenate([{forward}, {backward}], axis=-1)",
        "sum": f"{forward} + {backward}",
        "mul": f"{forward} * {backward}",
        "ave": f"({forward} + {backward}) / 2",
    }
    if mode == "none":
        assert found["equal"] == [["forward_output", forward], ["backward_output", backward]]
        assert shapes(found) == [(*out, 2)] * 6
    else:
        assert found["equal"] == [["output", merged[mode]]]
        assert shapes(found) == [(*out, 4 if mode == "concat" else 2), *[(*out, 2)] * 4]


def test_a_channels_first_conv_lstm_is_concatenated_along_its_last_axis_too():
    """That axis is no channel axis: Keras puts the two halves side by side in space."""
    layer = f"Bidirectional(ConvLSTM1D(5, 3, {BOTH}, data_format='channels_first'))"
    found = document(layer, space=(9,))
    assert shapes(found)[:2] == [(2, 3, 5, 14), (2, 5, 7)]
    assert found["equal"] == [
        ["whole_sequence_output[:, -1, :, :7]", "forward_final_memory_state"],
        ["whole_sequence_output[:, 0, :, 7:]", "backward_final_memory_state"],
    ]


UNPACK_THREE = (
    f"whole_sequence_output, (cell_0_final_state,), (cell_1_{H}, cell_1_{C}), (cell_2_{H}, cell_2_{C}) = layer(inputs)"
)
UNPACK_BOTH = (
    f"output, (forward_cell_0_{H}, forward_cell_0_{C}), (forward_cell_1_final_state,), "
    f"(backward_cell_0_{H}, backward_cell_0_{C}), (backward_cell_1_final_state,) = layer(inputs)"
)
STATES_BOTH = (
    "[[forward_cell_0_h, forward_cell_0_c], [forward_cell_1_h], "
    "[backward_cell_0_h, backward_cell_0_c], [backward_cell_1_h]]"
)
# layer, unpacking, shapes, equal, initial states
STACKS = [
    (
        "RNN(GRUCell(4), return_state=True)",
        "output, final_state = layer(inputs)",
        [(2, 4), (2, 4)],
        [["output", "final_state"]],
        "[h]",
    ),
    (
        f"RNN(LSTMCell(4), {BOTH})",
        f"whole_sequence_output, {H}, {C} = layer(inputs)",
        [(2, 3, 4), (2, 4), (2, 4)],
        [["whole_sequence_output[:, -1, :]", H]],
        "[h, c]",
    ),
    (
        "RNN([GRUCell(4)], return_state=True)",
        "output, (cell_0_final_state,) = layer(inputs)",
        [(2, 4), (2, 4)],
        [["output", "cell_0_final_state"]],
        "[[cell_0_h]]",
    ),
    (
        "RNN([LSTMCell(4), GRUCell(6)], return_state=True)",
        f"output, (cell_0_{H}, cell_0_{C}), (cell_1_final_state,) = layer(inputs)",
        [(2, 6), (2, 4), (2, 4), (2, 6)],
        [["output", "cell_1_final_state"]],
        "[[cell_0_h, cell_0_c], [cell_1_h]]",
    ),
    (
        f"RNN(StackedRNNCells([SimpleRNNCell(3), LSTMCell(4), LSTMCell(5)]), {BOTH})",
        UNPACK_THREE,
        [(2, 3, 5), (2, 3), (2, 4), (2, 4), (2, 5), (2, 5)],
        [["whole_sequence_output[:, -1, :]", f"cell_2_{H}"]],
        "[[cell_0_h], [cell_1_h, cell_1_c], [cell_2_h, cell_2_c]]",
    ),
    (
        "Bidirectional(RNN([LSTMCell(4), GRUCell(6)], return_state=True))",
        UNPACK_BOTH,
        [(2, 12), (2, 4), (2, 4), (2, 6), (2, 4), (2, 4), (2, 6)],
        [["output", "concatenate([forward_cell_1_final_state, backward_cell_1_final_state], axis=-1)"]],
        STATES_BOTH,
    ),
    (
        "GRUCell(4)",
        "output, (final_state,) = cell(inputs, states)",
        [(2, 4), (2, 4)],
        [["output", "final_state"]],
        "[h]",
    ),
    (
        "SimpleRNNCell(4)",
        "output, (final_state,) = cell(inputs, states)",
        [(2, 4), (2, 4)],
        [["output", "final_state"]],
        "[h]",
    ),
    (
        "StackedRNNCells([LSTMCell(4), GRUCell(6)])",
        f"output, ((cell_0_{H}, cell_0_{C}), (cell_1_final_state,)) = cell(inputs, states)",
        [(2, 6), (2, 4), (2, 4), (2, 6)],
        [["output", "cell_1_final_state"]],
        "[[cell_0_h, cell_0_c], [cell_1_h]]",
    ),
]


@pytest.mark.parametrize("initial", [None, "random"])
@pytest.mark.parametrize(("layer", "unpack", "expected", "equal", "states"), STACKS)
def test_cells_and_stacks_of_cells(layer, unpack, expected, equal, states, initial):
    found = document(layer, **({"initial_state": initial} if initial else {}))
    assert found["unpack"].replace("(inputs, initial_state=initial_state)", "(inputs)") == unpack
    assert shapes(found) == expected
    assert found["equal"] == equal
    assert found["states"]["structure"] == states


# the two layers, what Keras declares, what comes back
UNEVEN = [
    ("LSTM(4, {})", "LSTM(6, {}, go_backwards=True)", "((2, 3, 8), (2, 4), (2, 4), (2, 4), (2, 4))"),
    ("LSTM(4, {})", "GRU(6, {}, go_backwards=True)", "((2, 3, 8), (2, 4), (2, 4), (2, 4), (2, 4))"),
    ("GRU(4, {})", "LSTM(6, {}, go_backwards=True)", "((2, 3, 8), (2, 4), (2, 4))"),
    ("SimpleRNN(4, {}, go_backwards=True)", "RNN(GRUCell(6), {})", "((2, 3, 8), (2, 4), (2, 4))"),
]


@pytest.mark.parametrize(("forward", "backward", "declared"), UNEVEN)
def test_a_backward_layer_of_another_width_and_kind(forward, backward, declared):
    found = document(f"Bidirectional({forward.format(BOTH)}, backward_layer={backward.format(BOTH)})")
    kinds = ["final_memory_state" if "LSTM" in layer else "final_state" for layer in (forward, backward)]
    assert shapes(found)[0] == (2, 3, 10)
    assert found["equal"] == [
        ["whole_sequence_output[:, -1, :4]", f"forward_{kinds[0]}"],
        ["whole_sequence_output[:, 0, 4:]", f"backward_{kinds[1]}"],
    ]
    assert found["declared"]["structure"] == declared
    assert not found["declared"]["agrees"]
    assert [state[-1] for state in found["states"]["accepts"]] == [4, 4, 6, 6][
        "LSTM" not in forward : 4 - ("LSTM" not in backward)
    ]


def test_the_words_follow_the_direction_that_the_layers_run_in():
    layer = f"Bidirectional(GRU(4, {BOTH}, go_backwards=True), backward_layer=GRU(4, {BOTH}))"
    meanings = {tensor["name"]: tensor["meaning"] for tensor in document(layer)["tensors"]}
    assert "first timestep" in meanings["forward_final_state"]
    assert "last timestep" in meanings["backward_final_state"]


def test_without_sequences_an_uneven_bidirectional_is_the_two_states_side_by_side():
    layer = "Bidirectional(GRU(4, return_state=True), backward_layer=GRU(6, go_backwards=True, return_state=True))"
    assert document(layer)["equal"] == [
        ["output", "concatenate([forward_final_state, backward_final_state], axis=-1)"],
    ]


# layer, input, shapes, axes of the first tensor
OTHERS = [
    ("TimeDistributed(Dense(3))", (2, 3, 4), [(2, 3, 3)], ["batch", "timesteps", "features"]),
    ("TimeDistributed(LSTM(3))", (2, 5, 4, 6), [(2, 5, 3)], ["batch", "timesteps", "features"]),
    (
        "TimeDistributed(LSTM(3, return_sequences=True))",
        (2, 5, 4, 6),
        [(2, 5, 4, 3)],
        ["batch", "timesteps", "axis_1", "features"],
    ),
    ("Dense(3)", (2, 3, 4), [(2, 3, 3)], ["batch", "timesteps", "features"]),
    ("Dense(3)", (2, 4), [(2, 3)], ["batch", "features"]),
    ("Masking()", (2, 3, 4), [(2, 3, 4)], ["batch", "timesteps", "features"]),
    ("Embedding(10, 4)", (2, 3), [(2, 3, 4)], ["batch", "timesteps", "features"]),
    ("RepeatVector(5)", (2, 4), [(2, 5, 4)], ["batch", "timesteps", "features"]),
    ("Flatten()", (2, 3, 4), [(2, 12)], ["batch", "features"]),
    ("Conv1D(5, 2)", (2, 7, 4), [(2, 6, 5)], ["batch", "axis_1", "features"]),
    ("Dropout(0.5)", (2, 3, 4), [(2, 3, 4)], ["batch", "timesteps", "features"]),
    ("BatchNormalization()", (2, 3, 4), [(2, 3, 4)], ["batch", "timesteps", "features"]),
    ("Sequential([Embedding(10, 4), GRU(3)])", (2, 3), [(2, 3)], ["batch", "units"]),
    (
        "Sequential([LSTM(6, return_sequences=True), GRU(3, return_state=True)])",
        (2, 5, 4),
        [(2, 3), (2, 3)],
        ["batch", "units"],
    ),
    (
        "Sequential([LSTM(6), RepeatVector(7), LSTM(3, return_sequences=True), TimeDistributed(Dense(2))])",
        (2, 5, 4),
        [(2, 7, 2)],
        None,
    ),
    ("Sequential([Bidirectional(LSTM(6))])", (2, 5, 4), [(2, 12)], ["batch", "units"]),
    ("Sequential([Sequential([GRU(6, return_sequences=True)]), GRU(3)])", (2, 5, 4), [(2, 3)], ["batch", "units"]),
]


@pytest.mark.parametrize(("layer", "shape", "expected", "axes"), OTHERS)
def test_other_layers_of_one_tensor_in(layer, shape, expected, axes):
    found = document(layer, input=shape)
    assert shapes(found) == expected
    assert axes is None or found["tensors"][0]["axes"] == axes
    assert found["states"] is None


def test_a_sequential_finds_what_its_last_layer_returns():
    found = document(f"Sequential([GRU(6, return_sequences=True), Bidirectional(LSTM(4, {BOTH}))])")
    assert ["whole_sequence_output[:, -1, :4]", "forward_final_memory_state"] in found["equal"]
    assert ["whole_sequence_output[:, 0, 4:]", "backward_final_memory_state"] in found["equal"]


@pytest.mark.parametrize(
    ("given", "shape"),
    [("Input((4, 3))", [32, 4, 3]), ("Input((None, 3))", [32, 10, 3]), ("Input(batch_shape=(7, 4, 3))", [7, 4, 3])],
)
def test_an_input_layer_says_what_a_sequential_takes(given, shape):
    assert explore(f"Sequential([{given}, LSTM(5)])").to_dict()["input"]["shape"] == shape


def test_repeat_vector_takes_no_sequence_without_being_told_so():
    found = document("RepeatVector(5)")
    assert found["input"] == {"shape": [2, 2], "axes": ["batch", "features"], "dtype": "float32"}


@pytest.mark.parametrize(
    ("policy", "dtype"),
    [
        ("float16", "float16"),
        ("mixed_float16", "float16"),
        ("mixed_bfloat16", "bfloat16"),
        ("float64", "float64"),
        ("float32", "float32"),
    ],
)
@pytest.mark.parametrize("layer", ["SimpleRNN", "GRU", "LSTM", "Bidirectional", "stateful"])
def test_dtypes(layer, policy, dtype):
    keywords = f"{BOTH}, dtype='{policy}'"
    if layer == "Bidirectional":
        expression = f"Bidirectional(GRU(4, {keywords}), dtype='{policy}')"
        equal = [
            ["whole_sequence_output[:, -1, :4]", "forward_final_state"],
            ["whole_sequence_output[:, 0, 4:]", "backward_final_state"],
        ]
    else:
        expression = f"GRU(4, {keywords}, stateful=True)" if layer == "stateful" else f"{layer}(4, {keywords})"
        equal = [["whole_sequence_output[:, -1, :]", H if layer == "LSTM" else "final_state"]]
    found = document(expression)
    assert {tensor["dtype"] for tensor in found["tensors"]} == {dtype}
    assert found["equal"] == equal


def test_pure_bfloat16_needs_another_initializer_and_the_refusal_says_which():
    with pytest.raises(KerasRefused) as caught:
        document("GRU(4, dtype='bfloat16')")
    assert "mixed_bfloat16" in caught.value.hint
    found = document("GRU(4, return_state=True, dtype='bfloat16', recurrent_initializer='glorot_uniform')")
    assert found["equal"] == [["output", "final_state"]]


# layer, part of the message, part of the hint
REFUSED = [
    ("Sequential([LSTM(6), GRU(3)])", "expected ndim=3", "LSTM(6) gives its last output alone, and GRU after it"),
    ("Sequential([GRU(6, return_sequences=True), LSTM(5), GRU(3)])", "ndim=3", "LSTM(5) gives its last output alone"),
    ("Sequential([Bidirectional(LSTM(6)), LSTM(3)])", "ndim=3", "give LSTM return_sequences=True"),
    ("Sequential([LSTM(6), TimeDistributed(Dense(3))])", "at least 3 dimensions", "give LSTM return_sequences=True"),
    ("Sequential([LSTM(6, return_state=True), GRU(3)])", "[(2, 6), (2, 6), (2, 6)]", "take return_state off LSTM"),
    ("Sequential([LSTM(6, return_sequences=True), RepeatVector(3)])", "ndim=2", "give LSTM return_sequences=False"),
    ("RNN(LSTM(4))", "", "write LSTMCell"),
    ("RNN([GRU(4), GRUCell(4)])", "", "write GRUCell"),
    ("StackedRNNCells([LSTM(4)])", "", "write LSTMCell"),
    ("RNN(Dense(3))", "state_size", ""),
    ("Bidirectional(LSTMCell(4))", "", "write LSTM"),
    ("Bidirectional(Dense(3))", "", "a recurrent layer"),
    ("Bidirectional(LSTM(4), backward_layer=LSTM(4))", "go_backwards", "give one of them go_backwards=True"),
    ("Bidirectional(LSTM(4, go_backwards=True))", "go_backwards", "give one of them go_backwards=True"),
    (
        "Bidirectional(LSTM(4), backward_layer=LSTM(4, go_backwards=True, return_state=True))",
        "return_state",
        "the same return_sequences",
    ),
    ("Bidirectional(LSTM(4), backward_layer=LSTM(6, go_backwards=True), merge_mode='sum')", "", "same width"),
    ("Bidirectional(LSTM(4, stateful=True, return_state=True))", "", "leave out stateful or return_state"),
    ("ConvLSTM2D(4, 9)", "zero or negative", "padding='same'"),
    ("ConvLSTM2D(4, 3, strides=2, dilation_rate=2)", "strides=1", ""),
    ("ConvLSTM2D(4)", "needs the argument 'kernel_size'", ""),
    ("LSTM()", "LSTM needs the argument 'units'", ""),
    ("LSTM(0)", "positive integer, got 0", ""),
    ("LSTM(4.5)", "float", "whole numbers"),
    ("LSTM(4, activation='reluu')", "reluu", ""),
    ("TimeDistributed(LSTM(3))", "", "--input"),
    ("Conv2D(3, 3)", "min_ndim=4", "--input"),
    ("Attention()", "", "one tensor"),
]


@pytest.mark.parametrize(("layer", "message", "hint"), REFUSED)
def test_refusals_say_what_to_change(layer, message, hint):
    with pytest.raises(KerasRefused) as caught:
        document(layer)
    said = caught.value
    assert message in said.message
    assert hint in (said.hint or "")
    for internal in (
        "keras.src",
        "KerasTensor",
        "Arguments received",
        "tf.Tensor(",
        "name 'None'",
        "_1'",
        "{{",
        "NodeDef",
    ):
        assert internal not in said.message


@pytest.mark.parametrize("layer", ["Dense(3)", "LSTMCell(4)", "Embedding(9, 3)"])
def test_a_layer_without_a_mask_says_so(layer):
    with pytest.raises(InvalidQuery, match="takes no mask"):
        document(layer, mask="right:1")


@pytest.mark.parametrize("layer", ["Dense(3)", "TimeDistributed(Dense(3))", "Sequential([LSTM(4)])"])
def test_a_layer_without_states_says_so(layer):
    with pytest.raises(InvalidQuery, match="takes no initial_state"):
        document(layer, initial_state="zeros")
