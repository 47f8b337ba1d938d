"""Queries of every kind, and the reports that they were answered with: `found.jsonl`, one line each.

The renderers are tested with the stored reports, without TensorFlow; `test_asked.py` holds them to a real run.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import rnnshape
from rnnshape.report import Report

FOUND = Path(__file__).parent / "found.jsonl"
BOTH = {"return_sequences": True, "return_state": True}
BI = {"bidirectional": True}
BACKWARD = "go_backwards=True, return_sequences=True, return_state=True"
STACK = "RNN([LSTMCell(4), GRUCell(6)], return_state=True, return_sequences=True)"

ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "gru": ("gru", {}),
    "gru-state": ("gru", {"return_state": True}),
    "gru-sequences": ("gru", {"return_sequences": True}),
    "simple-rnn": ("simple-rnn", {"batch": 2, "time": 3, **BOTH}),
    "lstm": ("lstm", BOTH),
    "lstm-last": ("lstm", {"return_state": True}),
    "lstm-backwards": ("lstm", {"go_backwards": True, **BOTH}),
    "gru-backwards": ("gru", {"go_backwards": True, "return_state": True}),
    "one-step": ("lstm", {"time": 1, **BOTH}),
    "four-steps": ("gru", {"time": 4, **BOTH}),
    "bi": ("lstm", {**BI, **BOTH}),
    "bi-last": ("lstm", {**BI, "return_state": True}),
    "bi-output": ("lstm", BI),
    "bi-sum": ("gru", {**BI, "merge_mode": "sum", **BOTH}),
    "bi-ave": ("gru", {**BI, "merge_mode": "ave", "return_state": True}),
    "bi-none": ("lstm", {**BI, "merge_mode": "none", **BOTH}),
    "bi-none-last": ("gru", {**BI, "merge_mode": "none", "return_state": True}),
    "stack": (STACK, {}),
    "bi-stack": (f"Bidirectional({STACK})", {}),
    "conv-1d": ("conv-lstm-1d", {"batch": 2, "time": 3, "return_state": True}),
    "conv-2d": ("conv-lstm-2d", {"batch": 2, **BOTH}),
    "bi-conv": ("Bidirectional(ConvLSTM1D(3, 2, return_sequences=True, return_state=True))", {"batch": 2, "time": 3}),
    "bi-mul": ("Bidirectional(LSTM(4, return_state=True), 'mul')", {}),
    "mask-right": ("gru", {"mask": "right:3", **BOTH}),
    "mask-left": ("lstm", {"mask": "left:3", **BOTH}),
    "mask-lengths": ("gru", {"mask": "lengths:10,7,3", "zero_output_for_mask": True, **BOTH}),
    "mask-empty-row": ("gru", {"mask": "lengths:0,7,3", **BOTH}),
    "mask-steps": ("gru", {"mask": "1,1,0,1,0", "zero_output_for_mask": True, **BOTH}),
    "bi-mask": ("gru", {"mask": "right:3", **BI, **BOTH}),
    "initial-state": ("lstm", {"initial_state": "random", "training": True, "return_state": True}),
    "stack-initial-state": (STACK, {"initial_state": "zeros"}),
    "bi-initial-state": ("lstm", {"initial_state": "random", **BI, "return_state": True}),
    "unknown": ("lstm", {"batch": None, "time": None, **BOTH}),
    "unknown-mask": ("gru", {"batch": None, "mask": "right:3", "initial_state": "random", **BOTH}),
    "unknown-stack": (STACK, {"batch": None}),
    "huge": ("lstm", {"batch": 1_000_000, "time": 100_000, "units": 512, "features": 512, **BI, **BOTH}),
    "cell": ("LSTMCell(4)", {}),
    "cell-stack": ("StackedRNNCells([LSTMCell(4), GRUCell(6)])", {}),
    "users-module": ("RNN(my_look_cells.MinimalCell(5), return_state=True)", {}),
    "users-file": ("RNN(my-look-cells.py:MinimalCell(5), return_state=True, return_sequences=True)", {}),
    "dense": ("Dense(3)", {}),
    "time-distributed": ("TimeDistributed(Dense(3, activation='relu'))", {}),
    "sequential": ("Sequential([Embedding(100, 16), LSTM(4, return_sequences=True), GRU(6, return_state=True)])", {}),
    "classifier": ("Sequential([Embedding(100, 16, mask_zero=True), Bidirectional(LSTM(4)), Dense(3)])", {}),
    "regularized": ("GRU(4, kernel_regularizer=regularizers.L2(0.1), recurrent_initializer='zeros')", {}),
    "into": ("lstm", {"into": "LSTM(4, return_sequences=True)", "return_state": True}),
    "bi-into": ("lstm", {"into": "LSTM(4)", **BI, "return_state": True}),
    "into-gru": ("lstm", {"into": "GRU(4)", "return_state": True}),
    "into-lstm": ("gru", {"into": "LSTM(4)", "return_state": True}),
    "into-nothing": (STACK, {"into": "ConvLSTM1D(4, 3)"}),
    "into-cell": ("lstm", {"into": "LSTMCell(4)", "return_state": True}),
    "cell-into": ("LSTMCell(4)", {"into": "LSTM(4)"}),
    "unknown-output": ("lstm", {"batch": None}),
    "huge-weights": (
        "ConvLSTM1D(40_000, (3,), kernel_regularizer={'class_name': 'L2', 'config': {'l2': 2}}, return_state=True)",
        {},
    ),
    "bi-of-unequals": ("Bidirectional(LSTM(4), backward_layer=GRU(6, go_backwards=True))", {}),
    "bi-of-unequal-stacks": (f"Bidirectional({STACK}, backward_layer=RNN([LSTMCell(4), GRUCell(5)], {BACKWARD}))", {}),
    "stack-by-words": ("RNN(cell=StackedRNNCells(cells=[LSTMCell(4), GRUCell(6)]))", {}),
    "sequential-by-words": ("Sequential(layers=[LSTM(4, return_sequences=True), GRU(3, return_state=True)])", {}),
}  # fmt: skip


@functools.cache
def real(name: str) -> Report:
    """Return the report of a real run, one for all tests."""
    layer, options = ASKED[name]
    return rnnshape.explore(layer, **options)


def found() -> dict[str, Report]:
    """Return the stored reports by the names of their queries."""
    documents = map(json.loads, FOUND.read_text(encoding="utf-8").splitlines())
    return {document.pop("asked"): Report.from_dict(document) for document in documents}


def stored(name: str, report: Report) -> str:
    """Return a report as a line of the file; which versions were there is not stored."""
    versions = {"rnnshape": "0.1.0", "keras": "3", "tensorflow": "2", "python": "3"}
    return json.dumps({"asked": name, **report.to_dict(), "versions": versions})
