"""What Keras declares differently from what it returns, over the whole family of recurrent layers.

`python -m tests.declared` runs it and prints a Markdown table, one row for each kind of disagreement. "Declared" is
what the symbolic call and `compute_output_shape` say before anything is run; the nesting is part of it.
"""

from __future__ import annotations

import itertools
import os
import re
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnnshape import explore
from rnnshape.errors import KerasRefused

SIZES = {"batch": 2, "time": 3, "features": 5}
CELLS = """
    import keras
    from keras import ops


    class Wide(keras.layers.Layer):
        '''Puts out more than it keeps.'''

        def __init__(self, says=False, **kwargs):
            super().__init__(**kwargs)
            self.state_size = 4
            if says:
                self.output_size = 6

        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], 4), name="kernel")

        def call(self, inputs, states):
            state = ops.tanh(ops.matmul(inputs, self.kernel) + states[0])
            return ops.concatenate([state, state[:, :2]], axis=-1), [state]


    class Matrix(keras.layers.Layer):
        '''Keeps a matrix.'''

        state_size = [(4, 3)]
        output_size = 4

        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], 4), name="kernel")

        def get_initial_state(self, batch_size=None):
            return [ops.zeros((batch_size, 4, 3))]

        def call(self, inputs, states):
            output = ops.tanh(ops.matmul(inputs, self.kernel) + states[0][:, :, 0])
            return output, [states[0] + output[:, :, None]]
"""
FLAGS = ("return_sequences", "return_state", "go_backwards", "stateful")
MERGES = ("concat", "sum", "mul", "ave", None)


@dataclass(frozen=True)
class Kind:
    """Queries that disagree in one way, if they disagree: what they are, and the query that stands for them."""

    what: str
    example: str


PLAIN = Kind("a single layer", "")
STACK = Kind(
    "the states of stacked cells, where a cell has one state", "RNN([LSTMCell(4), GRUCell(6)], return_state=True)"
)
STACKED_BOTH_WAYS = Kind(
    "stacked cells inside `Bidirectional`", "Bidirectional(RNN([LSTMCell(4), GRUCell(6)], return_state=True))"
)
ONE_OF_ONE = Kind("a stack of a single cell", "RNN([GRUCell(4)], return_state=True)")
UNEVEN = Kind(
    "the width of a `backward_layer` of another width",
    "Bidirectional(LSTM(4), backward_layer=LSTM(6, go_backwards=True))",
)
MIXED = Kind(
    "the states of a `backward_layer` of another kind",
    "Bidirectional(LSTM(4, return_state=True), backward_layer=GRU(4, go_backwards=True, return_state=True))",
)
WIDE = Kind("a cell whose output is wider than its state, without `output_size`", "RNN(declared_cells.Wide())")
SAYS = Kind("a cell whose output is wider than its state, with `output_size`", "")
MATRIX = Kind("a cell's state of several axes", "RNN(declared_cells.Matrix(), return_state=True)")
TIMED = Kind("`TimeDistributed` around a layer that returns states", "TimeDistributed(LSTM(4, return_state=True))")
STATEFUL = Kind(
    "the states of a stateful layer inside `Bidirectional`", "Bidirectional(GRU(4, return_state=True, stateful=True))"
)
UNROLLED_ONE = Kind("a stack of a single LSTM cell, unrolled", "RNN([LSTMCell(4)], unroll=True)")


KINDS = (STACK, ONE_OF_ONE, STACKED_BOTH_WAYS, UNEVEN, MIXED, WIDE, SAYS, MATRIX, TIMED, STATEFUL, UNROLLED_ONE, PLAIN)
"""In the order of the table."""


def flags(*names: str) -> Iterator[str]:
    """Yield the keyword arguments of every combination of these flags."""
    for chosen in itertools.product((False, True), repeat=len(names)):
        yield "".join(f", {name}=True" for name, on in zip(names, chosen, strict=True) if on)


def queries() -> Iterator[tuple[Kind, str]]:
    """Yield every query of the family, with the kind that it belongs to."""
    for given in flags(*FLAGS):
        yield PLAIN, f"LSTM(4{given})"
    for layer, given in itertools.product(("SimpleRNN", "GRU"), flags("return_sequences", "return_state", "unroll")):
        yield PLAIN, f"{layer}(4{given})"
    for dims, given in itertools.product((1, 2, 3), flags("return_sequences", "return_state")):
        yield PLAIN, f"ConvLSTM{dims}D(4, 2{given})"
        yield PLAIN, f"ConvLSTM{dims}D(4, 2{given}, padding='same', strides=2)"
    for mode, given in itertools.product(("concat", None), flags("return_sequences", "return_state", "stateful")):
        kind = STATEFUL if "stateful" in given and "return_state" in given else PLAIN
        yield kind, f"Bidirectional(GRU(4{given}), merge_mode={mode!r})"
    for mode, given in itertools.product(MERGES, flags("return_sequences", "return_state")):
        yield PLAIN, f"Bidirectional(LSTM(4{given}), merge_mode={mode!r})"
    for given in flags("return_sequences", "return_state"):
        yield PLAIN, f"Bidirectional(ConvLSTM1D(4, 2{given}))"
    for given in flags("return_sequences", "return_state", "unroll"):
        yield STACK, f"RNN([LSTMCell(4), GRUCell(6)]{given})"
        yield PLAIN, f"RNN([LSTMCell(4), LSTMCell(6)]{given})"
        yield ONE_OF_ONE, f"RNN([GRUCell(4)]{given})"
        yield UNROLLED_ONE if "unroll" in given else ONE_OF_ONE, f"RNN([LSTMCell(4)]{given})"
        yield WIDE, f"RNN(declared_cells.Wide(){given})"
        yield SAYS, f"RNN(declared_cells.Wide(True){given})"
        yield MATRIX, f"RNN(declared_cells.Matrix(){given})"
    for given, mode in itertools.product(flags("return_sequences", "return_state"), ("concat", None)):
        yield STACKED_BOTH_WAYS, f"Bidirectional(RNN([LSTMCell(4), GRUCell(6)]{given}), merge_mode={mode!r})"
        back = f"{given}, go_backwards=True"
        yield UNEVEN, f"Bidirectional(LSTM(4{given}), backward_layer=LSTM(6{back}), merge_mode={mode!r})"
        yield MIXED, f"Bidirectional(LSTM(4{given}), backward_layer=GRU(4{back}), merge_mode={mode!r})"
    for given in flags("return_sequences", "return_state"):
        yield TIMED, f"TimeDistributed(LSTM(4{given}))"
    for layer in ("Dense(4)", "RepeatVector(3)", "Embedding(9, 4)", "Masking()", "Conv1D(4, 2)", "LSTMCell(4)"):
        yield PLAIN, layer


def answer(expression: str) -> tuple[bool, str, str]:
    """Return whether the declared shapes are the real ones, and both in words."""
    options = dict(SIZES)
    if expression.startswith("TimeDistributed"):
        options = {"input": (2, 3, 6, 5)}
    try:
        document = explore(expression, **options).to_dict()
    except KerasRefused as error:
        declared = re.search(r"Keras declares (.*), then fails", error.message)
        return False, f"`{declared[1]}`" if declared else "refused", "fails when it is run"
    declared = document["declared"]["structure"]
    shown = "fails" if declared.startswith("refused") else f"`{declared}`"
    return document["declared"]["agrees"], shown, f"`{document['returned']['structure']}`"


def table() -> str:
    """Return the Markdown table of what disagrees, with Keras's version above it."""
    asked = list(queries())
    disagreeing: dict[Kind, list[str]] = {}
    for kind, expression in asked:
        if not answer(expression)[0]:
            disagreeing.setdefault(kind, []).append(expression)
    counts = {kind: sum(kind == other for other, _ in asked) for kind in disagreeing}
    import keras

    lines = [f"| Keras {keras.__version__} | for example | declared | returned |", "| --- | --- | --- | --- |"]
    for kind in sorted(disagreeing, key=KINDS.index):
        expressions = disagreeing[kind]
        example = kind.example or expressions[0]
        _, declared, returned = answer(example)
        how_many = f"{len(expressions)} of {counts[kind]}"
        shown = example.replace("declared_cells.", "cells.")
        lines.append(f"| {kind.what} ({how_many}) | `{shown}` | {declared} | {returned} |")
    agreeing = len(asked) - sum(map(len, disagreeing.values()))
    lines += ["", f"Of {len(asked)} queries, {agreeing} are declared as they are."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(table_in(Path(folder)))


def table_in(folder: Path) -> str:
    """Return the table, made from this folder, where the cells are written to."""
    (folder / "declared_cells.py").write_text(textwrap.dedent(CELLS), encoding="utf-8")
    here = Path.cwd()
    os.chdir(folder)
    try:
        return table()
    finally:
        os.chdir(here)


if __name__ == "__main__":
    main()
