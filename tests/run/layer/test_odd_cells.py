"""Whatever bare Keras runs is answered, with the shapes that bare Keras gives: over cells and layers of every make."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rnnshape import explore
from rnnshape.errors import KerasRefused

HERE = Path(__file__).parent
SIZES = {"batch": 3, "time": 5, "features": 2}
CELLS = (
    "Plain()", "StartsFromOnes()", "StartsFromOneTensor()", "StartsFromAWeight()", "StartsAtRandom()",
    "StartsFromNumpy()", "StartsFromNumpyNoise()", "WantsABatch()", "TakesInputsToo()", "Wide()", "TwoOutputs()",
    "NestedStates()", "TupleOfSizes()", "ListOfOneSize()", "SizesAreTensorShapes()", "ReturnsABareState()",
    "TakesMore()", "NoLayer()", "ScaledGRUCell(4)", "SwappedLSTMCell(4)",
)  # fmt: skip
LAYERS = (
    "SwappedLSTM(4, return_state=True)", "LSTMFromAWeight(4, return_state=True)",
    "LSTMFromAWeight(4, return_sequences=True, return_state=True, stateful=True)", "Around()", "InADict()",
    "HasItsOwnReturnState()", "HasItsOwnReturnState(return_state=True)",
)  # fmt: skip
BOTH = ", return_sequences=True, return_state=True"


@pytest.fixture(autouse=True)
def among_the_cells(monkeypatch):
    monkeypatch.chdir(HERE)
    monkeypatch.syspath_prepend(HERE)


def expressions():
    yield from (f"odd_cells.{cell}" for cell in CELLS)
    yield from (f"odd_cells.{layer}" for layer in LAYERS)
    yield from (f"RNN(odd_cells.{cell}{BOTH})" for cell in CELLS)
    for cell in ("TwoOutputs()", "Wide()", "NestedStates()", "StartsFromAWeight()", "StartsFromNumpy()"):
        yield from (f"RNN(odd_cells.{cell}{flags})" for flags in ("", ", return_state=True", ", stateful=True"))
        yield f"RNN([LSTMCell(4), odd_cells.{cell}], return_state=True)"
    yield "odd_cells.MeanRNN(odd_cells.Plain(), return_sequences=True)"
    yield "odd_cells.MeanRNN(LSTMCell(4), return_sequences=True, return_state=True)"
    yield "TimeDistributed(RepeatVector(2))"


def bare(expression):
    """Return what bare Keras returns for the expression, or the exception."""
    import keras
    import odd_cells

    try:
        layer = eval(expression, {**vars(keras.layers), "odd_cells": odd_cells})  # noqa: S307 - the cases above
        inputs = np.ones((3, 5, 2), "float32")
        if hasattr(layer, "state_size") and not isinstance(layer, keras.layers.RNN):
            states = keras.layers.RNN(layer)
            states.build(inputs.shape)
            return layer(inputs[:, 0], states.get_initial_state(3))
        return layer(inputs)
    except Exception as error:  # noqa: BLE001 - that Keras refuses is an answer, too
        return error


def structure(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        inside = ", ".join(map(structure, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
    return str(tuple(value.shape))


@pytest.mark.parametrize("expression", list(expressions()))
def test_the_shapes_are_those_of_bare_keras(expression):
    truth = bare(expression)
    if isinstance(truth, Exception):
        with pytest.raises(KerasRefused):
            explore(expression, **SIZES)
        return
    document = explore(expression, **SIZES).to_dict()
    assert document["returned"]["structure"] == structure(truth)
    for tensor in document["tensors"]:
        # No axis is called what its size denies.
        named = dict(zip(tensor["axes"], tensor["shape"], strict=True))
        assert named.get("batch", 3) == 3
        assert named.get("timesteps", 5) == 5


def test_a_name_claims_what_keras_s_own_code_does_and_no_more():
    def said(expression):
        return [(tensor["name"], tensor["meaning"]) for tensor in explore(expression, **SIZES).to_dict()["tensors"]]

    own = said("LSTM(4, return_state=True)")
    assert said("odd_cells.LSTMFromAWeight(4, return_state=True)") == own
    assert said("odd_cells.SwappedLSTM(4, return_state=True)") == [
        ("output", "output"),
        ("final_state_0", "state 0"),
        ("final_state_1", "state 1"),
    ]
    after = "after the last timestep"
    assert said("RNN(odd_cells.SwappedLSTMCell(4), return_state=True)")[1:] == [
        ("final_state_0", f"state 0 {after}"),
        ("final_state_1", f"state 1 {after}"),
    ]
    assert said("RNN(odd_cells.ScaledGRUCell(4), return_state=True)")[1:] == [("final_state", f"state {after}")]


def test_axes_of_what_a_cell_puts_out_twice():
    document = explore("RNN(odd_cells.TwoOutputs(), return_sequences=True)", **SIZES).to_dict()
    (tensor,) = document["tensors"]
    assert tensor["shape"] == [2, 3, 5, 4]
    assert tensor["axes"] == ["axis_0", "axis_1", "axis_2", "axis_3"]
    assert tensor["name"] == "output"


def test_what_a_layer_around_another_returns():
    document = explore("odd_cells.Around()", **SIZES).to_dict()
    assert [tensor["axes"] for tensor in document["tensors"]] == [
        ["batch", "timesteps", "features"],
        ["batch", "features"],
        ["batch", "features"],
    ]
    assert ["whole_sequence_output[:, -1, :]", "output_1"] in document["equal"]


STARTS = {
    "Plain()": None,
    "StartsFromOnes()": "ones",
    "StartsFromAWeight()": "a weight",
    "StartsAtRandom()": "random numbers",
    "StartsFromNumpyNoise()": "random numbers",
    "StartsFromNumpy()": "values of its own",
}


@pytest.mark.parametrize("cell", STARTS)
@pytest.mark.parametrize("batch", [3, None])
def test_what_a_layer_starts_from_is_found_by_asking_it(cell, batch):
    states = explore(f"RNN(odd_cells.{cell})", **{**SIZES, "batch": batch}).to_dict()["states"]
    assert states.get("starts_from") == STARTS[cell]
    assert states["accepts"] == [[batch, 4]]
