"""An answer is made of a trace alone: nothing is run for it."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import pytest

from rnnshape.options import read_options
from rnnshape.request import request

WITHOUT_KERAS = """
import json, pickle, sys
sys.modules["keras"] = sys.modules["tensorflow"] = None
with open(sys.argv[1], "rb") as file:
    traces = pickle.load(file)
from rnnshape.answer.comparison import compare_tensors
from rnnshape.answer.layer import report_of_layer
print(json.dumps([report_of_layer(trace, compare_tensors(trace)).to_dict() for trace in traces]))
"""
LAYERS = [
    ("lstm", {"return_sequences": True, "return_state": True}),
    ("gru", {"bidirectional": True, "return_sequences": True, "mask": "right:3"}),
    ("lstm", {"return_state": True, "into": "Bidirectional(LSTM(4))", "weights": True}),
    ("simple-rnn", {"every_state": True, "initial_state": "random"}),
    ("Sequential([Masking(0.0), Dense(3), LSTM(4, return_sequences=True)])", {"mask": "lengths:5,3,1"}),
    ("gru", {"batch": None, "time": None, "return_state": True}),
    ("LSTMCell(3)", {}),
]


@pytest.fixture(scope="module")
def answered():
    """Return (trace, JSON document) for each query."""
    from rnnshape import layers

    traces = []

    def noted(trace, findings, real=layers.report_of_layer):
        traces.append(trace)
        return real(trace, findings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers, "report_of_layer", noted)
        queries = [request([layer], read_options(options))[0][0] for layer, options in LAYERS]
        documents = [layers.explore(query).to_dict() for query in queries]
    return list(zip(traces, documents, strict=True))


def test_a_trace_is_plain_data_and_all_that_an_answer_needs(answered, tmp_path):
    file = tmp_path / "traces"
    file.write_bytes(pickle.dumps([trace for trace, _ in answered]))
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT_KERAS, str(file)], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(process.stdout) == json.loads(json.dumps([document for _, document in answered]))


def test_the_call_without_the_mask_is_a_call_of_the_program(answered):
    from rnnshape.trace import StepKind

    made = [[step.kind for step in trace.steps] for trace, _ in answered]
    assert made[0] == [StepKind.LAYER]
    assert made[1] == [StepKind.LAYER, StepKind.UNMASKED]
    assert made[3] == [StepKind.LAYER, StepKind.CELL]


def test_the_layer_that_takes_the_states_is_a_second_step_of_the_program(answered):
    from rnnshape.trace import StepKind

    trace, document = answered[2]
    first, second = trace.steps
    assert (first.kind, second.kind, str(second.made_by)) == (StepKind.LAYER, StepKind.INTO, "Bidirectional(LSTM(4))")
    assert f"[{', '.join(second.initial_state)}]" == document["into"]["initial_state"]
