"""The same question, asked with other seeds: it has one answer.

What equals what is a property of the layer. The seed draws the weights and the inputs that show it, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from rnnshape.errors import RnnshapeError
from rnnshape.layers import explore, explore_together
from rnnshape.options import read_options
from rnnshape.report import Report
from rnnshape.request import request

Question = tuple[str, dict[str, Any]]
"""A layer, and the options of `rnnshape.explore`."""

BOTH = {"return_sequences": True, "return_state": True}
ACTIVATIONS = (
    *("celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "leaky_relu"),
    *("linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink"),
    *("softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "tanh"),
    "tanh_shrink",
)
"""Every activation of Keras's that needs no argument and keeps the width."""
CELLS = ("simple-rnn", "gru", "lstm")
CONVOLUTIONAL = ("conv-lstm-1d", "conv-lstm-2d")
MODES = ("concat", "sum", "mul", "ave", "none")
DTYPES = ("float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16")
TINY = {"batch": 1, "time": 1, "features": 1, "units": 1}
SMALL = {"batch": 2, "time": 2, "features": 2, "units": 2}
TOKENS = "Embedding(100, 16, mask_zero=True)"
BOTH_WRITTEN = "return_sequences=True, return_state=True"
EXPRESSIONS = (
    f"Sequential([{TOKENS}, Bidirectional(LSTM(4, {BOTH_WRITTEN}))])",
    f"Sequential([{TOKENS}, GRU(4, {BOTH_WRITTEN}, zero_output_for_mask=True)])",
    f"Sequential([Embedding(1, 3), LSTM(4, {BOTH_WRITTEN})])",
    f"Sequential([Embedding(2, 3, mask_zero=True), Bidirectional(GRU(4, {BOTH_WRITTEN}))])",
    f"Sequential([Embedding(10000, 3, mask_zero=True), LSTM(2, {BOTH_WRITTEN}, dtype='float16')])",
    f"Sequential([Masking(), Bidirectional(LSTM(4, {BOTH_WRITTEN}))])",
    f"Sequential([Masking(mask_value=0.5), GRU(4, {BOTH_WRITTEN})])",
    f"Sequential([Masking(mask_value=0.5, dtype='bfloat16'), LSTM(2, {BOTH_WRITTEN}, dtype='mixed_bfloat16')])",
    f"Sequential([LSTM(3, return_sequences=True), GRU(4, {BOTH_WRITTEN})])",
    f"Sequential([Dense(4, activation='relu'), Bidirectional(LSTM(2, {BOTH_WRITTEN}, activation='relu'))])",
    f"Sequential([Conv1D(6, 3, padding='same'), LSTM(4, {BOTH_WRITTEN})])",
    f"Sequential([Rescaling(255.0), LSTM(4, {BOTH_WRITTEN})])",
    f"Sequential([BatchNormalization(), SimpleRNN(4, {BOTH_WRITTEN})])",
    f"Sequential([GaussianNoise(0.5), LSTM(4, {BOTH_WRITTEN})])",
    f"RNN([LSTMCell(4), GRUCell(4), SimpleRNNCell(4)], {BOTH_WRITTEN})",
    f"RNN([LSTMCell(1, activation='relu'), LSTMCell(1)], {BOTH_WRITTEN})",
    f"Bidirectional(RNN([LSTMCell(4), GRUCell(4)], {BOTH_WRITTEN}))",
    f"Bidirectional(LSTM(4, {BOTH_WRITTEN}), backward_layer=GRU(6, {BOTH_WRITTEN}, go_backwards=True))",
    f"LSTM(4, {BOTH_WRITTEN}, trainable=False)",
    f"GRU(4, {BOTH_WRITTEN}, reset_after=False, use_bias=False)",
    "TimeDistributed(Dense(3, activation='relu'))",
    "TimeDistributed(Dropout(0.5))",
    "LSTMCell(4)",
    "StackedRNNCells([GRUCell(2), LSTMCell(2)])",
)


def questions() -> list[Question]:
    """Return questions from all over the family, the same ones each time."""
    asked: list[Question] = [(name, BOTH) for name in (*CELLS, *CONVOLUTIONAL)]
    asked += [(name, {}) for name in (*CELLS, "conv-lstm-1d")]
    asked += [(name, {"all_flags": True}) for name in CELLS]
    for name in CELLS:
        asked += [(name, {**BOTH, "bidirectional": True, "merge_mode": mode}) for mode in MODES]
        asked += [(name, {**BOTH, **sizes}) for sizes in (TINY, SMALL)]
        asked.append((name, {"all_flags": True, "training": True, "set": {"dropout": 0.5}}))
    for at, activation in enumerate(ACTIVATIONS):
        name, chosen = CELLS[at % 3], {"activation": activation}
        asked.append((name, {**BOTH, "set": chosen}))
        asked.append((name, {**BOTH, "set": chosen, **(TINY if at % 2 else SMALL)}))
        merged = {"return_state": True, "set": chosen, "bidirectional": True}
        asked += [(CELLS[(at + 1) % 3], {**merged, "merge_mode": mode}) for mode in (MODES[at % 5], MODES[at % 3])]
        asked.append((CELLS[(at + 2) % 3], {**merged, **SMALL, "merge_mode": MODES[1 + at % 3]}))
    for dtype in DTYPES:
        chosen = _of_dtype(dtype)
        asked += [("gru", {**BOTH, "set": chosen}), ("lstm", {**BOTH, **SMALL, "set": chosen})]
        asked += [
            ("simple-rnn", {**BOTH, **TINY, "set": chosen}),
            ("lstm", {**BOTH, "set": chosen, "every_state": True}),
        ]
        asked.append(("lstm", {"return_state": True, "bidirectional": True, "merge_mode": "sum", "set": chosen}))
    for mask in ("right:3", "left:3", "lengths:5,3,1", "1,0,1,1"):
        asked += [("lstm", {**BOTH, "mask": mask}), ("gru", {**BOTH, "mask": mask, "zero_output_for_mask": True})]
        asked.append(("lstm", {**BOTH, "mask": mask, "bidirectional": True}))
        asked.append(("simple-rnn", {**BOTH, "mask": mask, "set": {"activation": "relu"}}))
    asked += [(name, {**BOTH, "initial_state": kind}) for name in CELLS for kind in ("zeros", "random")]
    asked += [(name, {**BOTH, "every_state": True}) for name in CELLS]
    asked.append(("lstm", {**BOTH, "every_state": True, "bidirectional": True}))
    asked += [(name, {**BOTH, "go_backwards": True, "stateful": True, "unroll": True}) for name in CELLS]
    asked += [("lstm", {**BOTH, "time": 100, "set": {"activation": name}}) for name in ("relu", "exponential")]
    asked.append(("conv-lstm-1d", {**BOTH, "all_flags": True, "set": {"activation": "relu"}}))
    asked += [(text, {}) for text in EXPRESSIONS]
    asked += [(EXPRESSIONS[13], {"training": True}), ("TimeDistributed(Dropout(0.5))", {"training": True})]
    return [(name, _without_doubles(options)) for name, options in asked]


def _of_dtype(dtype: str) -> dict[str, Any]:
    """Return the arguments for this dtype; there is no orthogonal matrix of bfloat16."""
    return {"dtype": dtype, "recurrent_initializer": "glorot_uniform"}


def _without_doubles(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options without the two flags that `all_flags` is about."""
    dropped = BOTH if options.get("all_flags") else {}
    return {name: value for name, value in options.items() if name not in dropped}


def all_questions(random: Random) -> Iterator[Question]:
    """Yield those, then drawn ones without an end."""
    yield from questions()
    while True:
        yield question(random)


def check(asked: Question) -> tuple[object, list[str], object]:
    """Return a question's layer, what differs between its answers, and the question."""
    return asked[0].partition("(")[0], differences(asked, range(5)), asked


def question(random: Random) -> Question:
    """Return a question that is drawn around those."""
    options: dict[str, Any] = {} if random.random() < 0.15 else dict(BOTH)
    for name in ("go_backwards", "zero_output_for_mask", "unroll"):
        if random.random() < 0.15:
            options[name] = True
    for name in ("batch", "time", "features", "units"):
        options[name] = random.choice((1, 1, 2, 3, 5))
    chosen: dict[str, Any] = {}
    if random.random() < 0.6:
        chosen["activation"] = random.choice(ACTIVATIONS)
    if random.random() < 0.3:
        chosen |= _of_dtype(random.choice(DTYPES))
    if random.random() < 0.2:
        chosen["dropout"] = 0.5
        options["training"] = True
    if chosen:
        options["set"] = chosen
    if random.random() < 0.4:
        options |= {"bidirectional": True, "merge_mode": random.choice(MODES)}
        options.pop("go_backwards", None)
    if random.random() < 0.25:
        options["mask"] = f"{random.choice(('right', 'left'))}:{random.randrange(options['time'] + 1)}"
    elif random.random() < 0.2:
        options["initial_state"] = "random"
    if random.random() < 0.15:
        options |= {"all_flags": True}
    return random.choice(CELLS), _without_doubles(options)


def answers(asked: Question, seed: int) -> list[dict[str, Any]]:
    """Return what is said of equality by the reports of a question, with this seed."""
    layer, options = asked
    queries = [query for family in request([layer], read_options({**options, "seed": seed})) for query in family]
    reports: Sequence[Report | RnnshapeError]
    try:
        reports = explore_together(queries) if options.get("all_flags") else [explore(query) for query in queries]
    except RnnshapeError as error:
        reports = [error]
    return [_said(report) for report in reports]


def _said(report: Report | RnnshapeError) -> dict[str, Any]:
    if isinstance(report, RnnshapeError):
        return {"error": report.message}
    return {
        "equal": report.equal,
        "close": report.close,
        "same_shape_different_values": report.same_shape_different_values,
        "constant": report.constant,
        "undecided": report.undecided,
        "broken": report.broken,
        "equal_across": report.equal_across,
    }


def differences(asked: Question, seeds: Sequence[int]) -> list[str]:
    """Return what differs between the answers to a question with these seeds, in words."""
    first, *others = [answers(asked, seed) for seed in seeds]
    return [f"an error: {said['error']}" for said in first if "error" in said] + [
        f"{key} of {asked}: {one[key]} with seed {seeds[0]}, {another[key]} with seed {seed}"
        for seed, other in zip(seeds[1:], others, strict=True)
        for one, another in zip(first, other, strict=True)
        for key in one
        if one[key] != another.get(key)
    ]
