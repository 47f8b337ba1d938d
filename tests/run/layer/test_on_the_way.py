"""The tensors on the way through a Sequential: their names, shapes, masks, and what is equal among them."""

from __future__ import annotations

import pytest

from rnnshape import explore

SMALL = {"batch": 3, "time": 5, "features": 4}


def document(*layers, **options):
    return explore(f"Sequential([{', '.join(layers)}])", **{**SMALL, **options}).to_dict()


def inside(found):
    return [tensor for tensor in found["tensors"] if "layer" in tensor]


NAMED = [
    (("LSTM(4, return_sequences=True)", "LSTM(3)"), ["lstm"]),
    (("Dense(3)", "Dense(3)", "LSTM(4, return_state=True)"), ["dense", "dense_1"]),
    # Keras numbers the layer inside of a Bidirectional, too.
    (
        ("GRU(2, return_sequences=True)", "Bidirectional(GRU(3, return_sequences=True))", "GRU(4)"),
        ["gru", "bidirectional"],
    ),
    (("Sequential([Dense(3), Sequential([Dense(2)])])", "GRU(4, return_sequences=True)"), ["dense", "dense_1"]),
    (("TimeDistributed(Dense(3))", "LSTM(2)"), ["time_distributed"]),
    (("Dense(3, name='output')", "LSTM(2)"), ["output_2"]),
    (("Dense(3, name='my-own.layer')", "LSTM(2)"), ["my_own_layer"]),
    (("Dense(3, name='lambda')", "LSTM(2)"), ["_lambda"]),
    (("LSTM(4)",), []),
]


@pytest.mark.parametrize(("layers", "names"), NAMED)
def test_a_tensor_on_the_way_has_the_name_of_its_layer(layers, names):
    found = document(*layers)
    assert [tensor["name"] for tensor in inside(found)] == names
    assert [tensor["path"] for tensor in inside(found)] == [None] * len(names)
    every = [tensor["name"] for tensor in found["tensors"]]
    assert every[len(every) - len(names) :] == names, "the returned ones come first"
    # A second model in the same process is numbered from the start, too.
    assert document(*layers) == found


SHAPES = [
    (("Dense(3)", "LSTM(4)"), {}, [(3, 5, 3)]),
    (("LSTM(6)", "RepeatVector(2)", "GRU(4, return_sequences=True)"), {}, [(3, 6), (3, 2, 6)]),
    (("Conv1D(2, 2)", "Flatten()", "Dense(3)"), {}, [(3, 4, 2), (3, 8)]),
    (("Dense(3)", "LSTM(4)"), {"batch": None, "time": None}, [(None, None, 3)]),
    (("Embedding(50, 7)", "Bidirectional(LSTM(4, return_sequences=True))", "LSTM(4)"),
     {"time": 1_000_000, "features": 8}, [(3, 1_000_000, 7), (3, 1_000_000, 8)]),
    (("LSTM(5000, return_sequences=True)", "GRU(4)"), {"batch": 64, "time": 500}, [(64, 500, 5000)]),
    (("Input((9, 2))", "Dense(3)", "LSTM(4)"), {"batch": 3, "time": 9, "features": 2}, [(3, 9, 3)]),
    (("Input((9, 2))", "Dense(3)", "LSTM(4)"), {"batch": None, "time": 9, "features": 2}, [(None, 9, 3)]),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "sizes", "shapes"), SHAPES)
def test_shapes_on_the_way_are_those_at_the_asked_sizes(layers, sizes, shapes):
    assert [tuple(tensor["shape"]) for tensor in inside(document(*layers, **sizes))] == shapes


MASKED = [
    (("Dense(3)", "LSTM(4, return_sequences=True)", "GRU(2)"), "right:2", [True, True]),
    (("Dense(3)", "LSTM(4, return_sequences=True)", "GRU(2)"), None, [False, False]),
    (("Embedding(9, 3, mask_zero=True)", "LSTM(4, return_sequences=True)", "GRU(2)"), None, [True, True]),
    (("Masking()", "Conv1D(3, 2)", "LSTM(4)"), None, [True, False]),
    (("Masking()", "LSTM(4)", "Dense(2)"), "right:2", [True, False]),
]


@pytest.mark.parametrize(("layers", "mask", "masked"), MASKED)
def test_a_tensor_on_the_way_says_whether_it_carries_a_mask(layers, mask, masked):
    found = document(*layers, **({"mask": mask} if mask else {}))
    assert [tensor.get("masked", False) for tensor in inside(found)] == masked


def test_a_long_time_axis_is_traced_with_all_that_is_on_the_way():
    """From some timesteps on a graph runs; its inner tensors and masks come out of it as they do eagerly."""
    layers = ("Embedding(9, 3, mask_zero=True)", "LSTM(4, return_sequences=True)", "Dropout(0.5)", "GRU(2)")
    short, long = (document(*layers, time=time) for time in (5, 60))
    for one, other in zip(inside(short), inside(long), strict=True):
        assert {**one, "shape": None} == {**other, "shape": None}
    assert short["equal"] == long["equal"] == [["lstm", "dropout"]]


PROGRAMS = [
    ("LSTM(4, return_sequences=True)", "GRU(3)"),
    ("Dense(4)", "Bidirectional(GRU(3, return_sequences=True))", "LSTM(3, return_sequences=True)"),
    ("LSTM(4)", "RepeatVector(5)", "GRU(3, return_sequences=True)"),
    ("SimpleRNN(4, return_sequences=True, go_backwards=True)", "LSTM(3, return_sequences=True, return_state=True)"),
]


@pytest.mark.parametrize("layers", PROGRAMS, ids=str)
def test_a_model_is_answered_as_the_calls_of_its_layers_are(layers):
    found = document(*layers)
    returned = [tensor["name"] for tensor in found["tensors"] if "layer" not in tensor]
    names = [[tensor["name"]] for tensor in inside(found)] + [returned]
    lines = ["inputs = Input(batch_shape=(3, 5, 4))"]
    for layer, made in zip(layers, names, strict=True):
        lines.append(f"{', '.join(made)} = {layer}({lines[-1].partition(' = ')[0]})")
    program = explore("\n".join(lines)).to_dict()
    shapes = {tensor["name"]: tensor["shape"] for tensor in program["tensors"]}
    assert {tensor["name"]: tensor["shape"] for tensor in found["tensors"]}.items() <= shapes.items()
    assert {frozenset(one) for one in found["equal"]} == {frozenset(one) for one in program["equal"]}
    assert found["same_shape_different_values"] == program["same_shape_different_values"]
