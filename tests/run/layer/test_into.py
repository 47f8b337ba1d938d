"""`--into` over the whole family: what it finds runs, keeps h and c apart, and is found wherever there is anything.

That there is anything is decided without the program: by trying every returned state, and every two side by side, in
every place where the other layer wants one.
"""

from __future__ import annotations

import ast
import functools
import itertools
import random
from dataclasses import replace

import numpy as np
import pytest

from rnnshape import explore
from rnnshape.expression import parse
from rnnshape.options import read_options
from rnnshape.request import request

BATCH, TIME, FEATURES = 3, 4, 2
ENCODERS = (
    "SimpleRNN(2, return_state=True)",
    "GRU(4, return_state=True, return_sequences=True)",
    "LSTM(2, return_state=True)",
    "Bidirectional(GRU(2, return_state=True))",
    "Bidirectional(LSTM(2, return_state=True))",
    "Bidirectional(LSTM(3, return_state=True), merge_mode=None)",
    "Bidirectional(GRU(2, return_state=True), backward_layer=GRU(3, return_state=True, go_backwards=True))",
    "RNN([LSTMCell(2), LSTMCell(4)], return_state=True)",
    "RNN([LSTMCell(2), GRUCell(3)], return_state=True)",
    "RNN([GRUCell(2), GRUCell(2)], return_state=True)",
    "Bidirectional(RNN([GRUCell(2), LSTMCell(2)], return_state=True))",
    "LSTMCell(3)",
    "StackedRNNCells([GRUCell(2), GRUCell(4)])",
)
DECODERS = (
    "GRU(2)",
    "LSTM(4)",
    "RNN(LSTMCell(5))",
    "RNN([LSTMCell(2), LSTMCell(2)])",
    "RNN([GRUCell(4), LSTMCell(2)])",
    "RNN([GRUCell(3), GRUCell(2), GRUCell(2)])",
    "Bidirectional(GRU(2))",
    "Bidirectional(LSTM(3))",
    "Bidirectional(RNN([LSTMCell(2), GRUCell(2)]))",
    "Bidirectional(GRU(3), backward_layer=GRU(2, go_backwards=True))",
    "LSTMCell(2)",
    "StackedRNNCells([GRUCell(6), GRUCell(2)])",
)
PAIRS = random.Random(5).sample(list(itertools.product(ENCODERS, DECODERS)), 40)  # noqa: S311 - a sample


@functools.cache
def found_by(encoder):
    from rnnshape.run.layer.layer_run import run_layer

    ((query,),) = request([encoder], read_options({"batch": BATCH, "time": TIME, "features": FEATURES}))
    return run_layer(query)


@functools.cache
def into_of(encoder, decoder):
    from rnnshape.run.layer.into import into

    found = found_by(encoder)
    return into(replace(found, query=replace(found.query, into=parse(decoder))))


def built(code):
    from keras import layers

    return eval(code, vars(layers).copy())  # noqa: S307 - our own expression


def wanted_by(layer):
    """Return the other layer's own initial states, nested, as arrays."""
    import keras

    if isinstance(layer, keras.layers.Bidirectional):
        return [*wanted_by(layer.forward_layer), *wanted_by(layer.backward_layer)]
    states = layer.get_initial_state(batch_size=BATCH)
    return keras.tree.map_structure(np.asarray, list(states) if isinstance(states, list | tuple) else [states])


def shapes(nested):
    return [shapes(item) for item in nested] if isinstance(nested, list | tuple) else np.shape(nested)


def leaves(nested):
    return [leaf for item in nested for leaf in leaves(item)] if isinstance(nested, list | tuple) else [nested]


def values_of(encoder):
    found = found_by(encoder)
    return {named.name: value for named, value in zip(found.named, found.run.draws[0].returned, strict=True)}


def something_fits(encoder, wanted):
    """Tell whether each place can have a returned state, or two side by side, of its shape."""
    states = [value for name, value in values_of(encoder).items() if "output" not in name]
    pool = [value.shape for value in states]
    pool += [(BATCH, a.shape[1] + b.shape[1]) for a, b in itertools.permutations(states, 2)]
    return all(value.shape in pool for value in leaves(wanted))


def run(layer, states):
    import keras

    if isinstance(layer, keras.layers.RNN | keras.layers.Bidirectional):
        return layer(np.ones((BATCH, TIME, FEATURES), "float32"), initial_state=states)
    return layer(np.ones((BATCH, FEATURES), "float32"), states)


def carries_of(layer):
    """Return for each place whether it is for a carry state, by the classes of the cells alone."""
    import keras

    if isinstance(layer, keras.layers.Bidirectional):
        return [*carries_of(layer.forward_layer), *carries_of(layer.backward_layer)]
    cell = getattr(layer, "cell", layer)
    return [
        is_carry
        for one in getattr(cell, "cells", [cell])
        for is_carry in ([False, True] if isinstance(one, keras.layers.LSTMCell) else [False])
    ]


@pytest.mark.parametrize(("encoder", "decoder"), PAIRS, ids=lambda code: code.replace(", return_state=True", ""))
def test_what_fits_is_found_and_runs(encoder, decoder):
    into = into_of(encoder, decoder)
    wanted = wanted_by(built(decoder))
    assert (into.initial_state is not None) >= something_fits(encoder, wanted)
    if into.initial_state is None:
        return
    layer = built(str(into.layer_that_fits or decoder))
    names = {**values_of(encoder), "concatenate": np.concatenate, "zeros_like": np.zeros_like}
    states = eval(into.initial_state, names)  # noqa: S307 - our own expression
    assert shapes(states) == shapes(wanted_by(layer))
    run(layer, states)
    assert into.fits == (into.change is None)
    assert into.layer_that_fits is None or shapes(wanted_by(layer)) != shapes(wanted)
    codes = leaves_of_code(ast.parse(into.initial_state, mode="eval").body)
    for code, is_carry in zip(codes, carries_of(layer), strict=True):
        assert into.caution or "zeros_like" in code or ("carry" in code) == is_carry


def test_what_fits_by_its_shapes_alone_is_told():
    into = into_of("Bidirectional(GRU(2, return_state=True))", "LSTMCell(2)")
    assert (into.fits, into.caution) == (True, "backward_final_state (h) is taken for c")
    assert into_of("LSTM(2, return_state=True)", "LSTMCell(2)").caution is None


def leaves_of_code(node):
    return (
        [leaf for one in node.elts for leaf in leaves_of_code(one)]
        if isinstance(node, ast.List)
        else [ast.unparse(node)]
    )


def test_the_pairs_are_of_every_kind():
    """The check above would be worth little if everything, or nothing, fitted."""
    kinds = {
        (into.fits, into.initial_state is None, into.layer_that_fits is None)
        for into in map(into_of, *zip(*PAIRS, strict=True))
    }
    assert {fits for fits, _, _ in kinds} == {True, False}
    assert {has for _, _, has in kinds} == {True, False}


FORWARD = ("forward_final_memory_state", "forward_final_carry_state")
BACKWARD = ("backward_final_memory_state", "backward_final_carry_state")
WORDS = [
    # encoder, decoder, what was done, initial_state, the changed layer
    (
        "Bidirectional(LSTM(4, return_state=True))",
        "RNN([LSTMCell(4), LSTMCell(4)])",
        "nest them as it does",
        f"[[{', '.join(FORWARD)}], [{', '.join(BACKWARD)}]]",
        None,
    ),
    (
        "RNN([GRUCell(4), GRUCell(4)], return_state=True)",
        "Bidirectional(GRU(4))",
        "one bracket less",
        "[cell_0_final_state, cell_1_final_state]",
        None,
    ),
    (
        "RNN([LSTMCell(6), LSTMCell(4)], return_state=True)",
        "LSTM(4)",
        "pass the states of the last cell",
        "[cell_1_final_memory_state, cell_1_final_carry_state]",
        None,
    ),
    (
        "RNN([LSTMCell(6), LSTMCell(4)], return_state=True)",
        "LSTM(6)",
        "pass the states of cell 0",
        "[cell_0_final_memory_state, cell_0_final_carry_state]",
        None,
    ),
    (
        "RNN([LSTMCell(4), GRUCell(6)], return_state=True)",
        "RNN([GRUCell(6), LSTMCell(4)])",
        "pass the cells' states in another order",
        "[[cell_1_final_state], [cell_0_final_memory_state, cell_0_final_carry_state]]",
        None,
    ),
    (
        "GRU(4, return_state=True)",
        "RNN([LSTMCell(4), LSTMCell(4)])",
        "pass them to every cell; start the carry state from zeros",
        "[[final_state, zeros_like(final_state)], [final_state, zeros_like(final_state)]]",
        None,
    ),
    (
        "RNN([LSTMCell(4), GRUCell(6)], return_state=True)",
        "RNN([LSTMCell(8), GRUCell(8)])",
        "give it 4 and 6 units",
        "[[cell_0_final_memory_state, cell_0_final_carry_state], [cell_1_final_state]]",
        "RNN([LSTMCell(4), GRUCell(6)])",
    ),
    (
        "Bidirectional(RNN([GRUCell(4)], return_state=True))",
        "GRU(3)",
        "concatenate forward and backward; give it 8 units",
        "[concatenate([forward_cell_0_final_state, backward_cell_0_final_state], axis=-1)]",
        "GRU(8)",
    ),
    (
        "ConvLSTM1D(4, 3, padding='same', return_state=True)",
        "ConvLSTM1D(8, 3, padding='same')",
        "give it 4 filters",
        "[final_memory_state, final_carry_state]",
        "ConvLSTM1D(4, 3, padding='same')",
    ),
    (
        "GRU(4)",
        "GRU(4)",
        "no states are returned: give the layer return_state=True, or pass on its output",
        "[output]",
        None,
    ),
    ("LSTM(4)", "LSTM(4)", "no states are returned: give the layer return_state=True", None, None),
    (
        "SimpleRNN(4, return_sequences=True)",
        "GRU(4)",
        "no states are returned: give the layer return_state=True, or pass on the last timestep of its output",
        "[whole_sequence_output[:, -1, :]]",
        None,
    ),
    ("Sequential([Flatten(), Dense(4)])", "GRU(4)", "no states are returned: pass on its output", "[output]", None),
    ("Dense(4)", "GRU(4)", "no states are returned, and the output does not fit as one", None, None),
]


@pytest.mark.parametrize(("encoder", "decoder", "change", "states", "other"), WORDS)
def test_what_has_to_be_done_is_said(encoder, decoder, change, states, other):
    into = into_of(encoder, decoder)
    assert (into.fits, into.change, into.initial_state, into.layer_that_fits and str(into.layer_that_fits)) == (
        False,
        change,
        states,
        other,
    )


_NUMBER = itertools.count()
USERS = """
import keras

class Wrapped(keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.rnn = keras.layers.LSTM(units, return_sequences=True, return_state=True)

    def call(self, inputs):
        sequence, h, c = self.rnn(inputs)
        return sequence, [h, c]

class StatesAlone(Wrapped):
    def call(self, inputs):
        return self.rnn(inputs)[1:]

class Cell(keras.layers.Layer):
    def __init__(self, *sizes, **kwargs):
        super().__init__(**kwargs)
        self.sizes = sizes
        self.state_size = list(sizes)

    def call(self, inputs, states):
        return states[0], states

    def get_config(self):
        return {"sizes": self.sizes}
"""
OF_USERS = [
    ("{}.Wrapped(4)", "LSTM(4)", "one bracket less", "[output_1, output_2]"),
    ("{}.Wrapped(4)", "LSTM(8)", "give it 4 units", "[output_1, output_2]"),
    ("{}.Wrapped(4)", "RNN([LSTMCell(4)])", None, "[[output_1, output_2]]"),
    ("{}.StatesAlone(4)", "LSTM(4)", "pass on all that it returns", "[output, output_1]"),
    (
        "RNN({}.Cell(4, 6), return_state=True)",
        "RNN({}.Cell(6, 4))",
        "in another order",
        "[final_state_1, final_state_0]",
    ),
    ("RNN({}.Cell(4, 6), return_state=True)", "GRU(6)", "pass final_state_1 alone", "[final_state_1]"),
    ("GRU(4, return_state=True)", "RNN({}.Cell(8))", "give it 4 units", "[final_state]"),
]


@pytest.mark.parametrize(("encoder", "decoder", "change", "states"), OF_USERS)
def test_into_and_from_what_users_wrote(encoder, decoder, change, states, tmp_path, monkeypatch):
    """Of a user's layer nobody knows which state is which: shapes and nesting decide, and what came first stays so."""
    monkeypatch.chdir(tmp_path)
    name = f"handed_on_{next(_NUMBER)}"
    (tmp_path / f"{name}.py").write_text(USERS)
    found = explore(encoder.format(name), into=decoder.format(name), batch=3, time=4, features=2).into
    assert (found.change, found.initial_state) == (change, states)


@pytest.mark.parametrize(
    ("layer", "options", "decoder", "gives", "wants"),
    [
        ("lstm", {"batch": None}, "LSTM(4)", "[(None, 4), (None, 4)]", "[(None, 4), (None, 4)]"),
        ("gru", {"batch": 10**6, "time": 10**5}, "GRU(5)", "[(1000000, 4)]", "[(1000000, 5)]"),
        ("gru", {"batch": None, "units": 9000}, "GRU(300)", "[(None, 9000)]", "[(None, 300)]"),
    ],
)
def test_shapes_are_those_that_were_asked_for(layer, options, decoder, gives, wants):
    found = explore(layer, return_state=True, into=decoder, **options).into
    assert (found.gives, found.wants) == (gives, wants)
    assert found.initial_state is not None
