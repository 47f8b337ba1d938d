"""A grid's layers are built once for all timesteps, and each answer is the one that its question gets alone."""

from __future__ import annotations

import pytest

from rnnshape.options import read_options
from rnnshape.request import request

FLAGS = {"return_sequences": True, "return_state": True}
GRIDS = [
    ("lstm", {}),
    ("gru", {**FLAGS, "units": "3,4"}),
    ("gru", {**FLAGS, "features": "2,3", "batch": "2,5"}),
    ("simple-rnn", {**FLAGS, "every_state": True, "initial_state": "random"}),
    ("lstm", {**FLAGS, "bidirectional": True}),
    ("lstm", {**FLAGS, "training": True, "set": ["dropout=.5"]}),
    ("gru", {**FLAGS, "set": ["stateful=true"]}),
    ("gru", {**FLAGS, "set": ["unroll=true"]}),
    ("gru", {**FLAGS, "mask": "right:1"}),
    ("lstm", {**FLAGS, "dtype": "mixed_float16", "weights": True}),
    ("conv-lstm-1d", {**FLAGS, "units": "2", "space": "4"}),
    ("lstm", {"return_state": True, "into": "GRU(4)", "seed": "3"}),
    ("RNN([LSTMCell(3), GRUCell(2)], return_sequences=True)", {}),
    ("SimpleRNN(1, activation='relu', return_state=True)", {}),
    ("SimpleRNN(64, activation='linear', return_sequences=True)", {}),
    ("Sequential([LSTM(2, return_sequences=True), Dense(3)])", {}),
    ("TimeDistributed(Dense(2))", {}),
]


def queries(layer, options, times):
    return [family[0] for family in request([layer], read_options({**options, "time": ",".join(map(str, times))}))]


@pytest.mark.parametrize(("layer", "options"), GRIDS, ids=str)
def test_each_answer_of_a_grid_is_the_one_that_its_question_gets_alone(layer, options):
    from rnnshape.layers import explore
    from rnnshape.run.layer.kept import Kept

    kept = Kept()
    for query in queries(layer, options, [7, 1, 30, 2, 9, 3]):
        assert explore(query, kept).to_dict() == explore(query).to_dict(), query


@pytest.mark.parametrize(
    ("layer", "options", "built"),
    [
        ("lstm", {}, 1),
        ("gru", {"bidirectional": True}, 1),
        ("gru", {"features": "2,3"}, 2),
        ("gru", {"mask": "right:1"}, 6),
        ("gru", {"set": ["stateful=true"]}, 6),
        ("Sequential([LSTM(2)])", {}, 6),
    ],
)
def test_a_layer_that_is_the_same_for_all_timesteps_is_built_once(monkeypatch, layer, options, built):
    from rnnshape.layers import explore
    from rnnshape.run.layer import layer_run
    from rnnshape.run.layer.kept import Kept

    made = []
    real = layer_run.build
    monkeypatch.setattr(layer_run, "build", lambda call: made.append(call) or real(call))
    kept = Kept()
    for query in queries(layer, options, [4, 5, 6, 7, 8, 9]):
        explore(query, kept)
    assert len(made) == built
