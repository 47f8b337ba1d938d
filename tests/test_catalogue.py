"""A layer costs a row: one that is made up, in a copy of the package that has its row and is the same in all else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rnnshape

PACKAGE = Path(rnnshape.__file__).parent
ROW = """
    Layer(
        "mixed", "Mixed",
        Cell(
            "MixedCell",
            (CellState("h", "hidden", "hidden state h"), CellState("m", "mixed", "mixed state m")),
            (Gate("u", "update"), Gate("x", "mix")),
        ),
        torch=Torch("Mixed", ("x", "u")),
    ),
"""
LAYER = """
import contextlib, io, json, sys

import keras

import rnnshape
from rnnshape.cli import run


@keras.saving.register_keras_serializable()
class MixedCell(keras.layers.Layer):
    def __init__(self, units, **more):
        super().__init__(**more)
        self.units, self.output_size, self.state_size = units, units, [units, units]

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 2 * self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, 2 * self.units), name="recurrent_kernel")
        self.bias = self.add_weight(shape=(2 * self.units,), name="bias")

    def call(self, inputs, states):
        h, m = states
        both = keras.ops.tanh(inputs @ self.kernel + h @ self.recurrent_kernel + self.bias)
        u, x = keras.ops.split(both, 2, axis=-1)
        m = m + u * x
        return keras.ops.tanh(m), [keras.ops.tanh(m), m]


@keras.saving.register_keras_serializable()
class Mixed(keras.layers.RNN):
    def __init__(self, units, cell=None, **more):
        super().__init__(MixedCell(units), **more)
        self.units = units

    def get_config(self):
        return {**super().get_config(), "units": self.units}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


for cls in (MixedCell, Mixed):
    # It is one of Keras's own, as far as anyone can see.
    cls.__module__ = "keras.src.layers.rnn.mixed"
    setattr(keras.layers, cls.__name__, cls)
said = [rnnshape.__file__]
for argv in json.loads(sys.argv[1]):
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout):
        run([*argv, "--batch", "3", "--time", "5"])
    said.append(stdout.getvalue())
print("\\n" + json.dumps(said))
"""
BOTH = ["--return-sequences", "--return-state"]
ASKED = [
    ["mixed", *BOTH, "--json"],
    ["mixed", *BOTH, "--code"],
    ["mixed", *BOTH, "--diagram"],
    ["mixed", *BOTH, "--explain"],
    ["mixed", *BOTH, "--weights"],
    ["mixed", *BOTH, "--bidirectional", "--json"],
    ["RNN([MixedCell(4), GRUCell(2)], return_state=True)", "--json", "--every-state"],
    ["Bidirectional(MixedCell(4))", "--json"],
]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what the copy with one more row answers."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, copy / "rnnshape", ignore=shutil.ignore_patterns("__pycache__"))
    catalogue = copy / "rnnshape" / "catalogue.py"
    text = catalogue.read_text(encoding="utf-8")
    changed = text.replace("\nLAYERS = (", f"\nLAYERS = ({ROW}", 1)
    assert changed != text
    catalogue.write_text(changed, encoding="utf-8")
    environ = {**os.environ, "PYTHONPATH": str(copy), "RNNSHAPE_WORKER": "off"}
    process = subprocess.run(
        [sys.executable, "-c", LAYER, json.dumps(ASKED)],
        capture_output=True, text=True, check=True, timeout=300, cwd=copy, env=environ,
    )  # fmt: skip
    found, *answers = json.loads(process.stdout.splitlines()[-1])
    assert Path(found).parent == copy / "rnnshape"
    return answers


def test_it_has_a_word_and_names(said: list[str]) -> None:
    found = json.loads(said[0])
    assert found["layer"] == "Mixed(4, return_sequences=True, return_state=True)"
    assert [(one["name"], one["meaning"]) for one in found["tensors"]] == [
        ("whole_sequence_output", "output at every timestep"),
        ("final_hidden_state", "hidden state h after the last timestep"),
        ("final_mixed_state", "mixed state m after the last timestep"),
    ]
    assert found["states"]["structure"] == "[h, m]"
    assert found["equal"] == [["whole_sequence_output[:, -1, :]", "final_hidden_state"]]


def test_it_has_code(said: list[str]) -> None:
    assert "layer = layers.Mixed(4, return_sequences=True, return_state=True)" in said[1]
    assert "assert np.array_equal(whole_sequence_output[:, -1, :], final_hidden_state)" in said[1]


def test_it_has_a_diagram(said: list[str]) -> None:
    assert "│ Mixed" in said[2]
    for letter in ("h", "m"):
        assert f"0 ─{letter}─►│" in said[2]
    assert "final_mixed_state" in said[2]


def test_it_has_names_in_pytorch(said: list[str]) -> None:
    sentence = " ".join(said[3].split())
    assert "from nn.Mixed(…, batch_first=True)" in sentence
    assert "final_hidden_state is h_n[0], final_mixed_state is m_n[0]; h_n and m_n never have" in sentence
    assert "the gates are in the order x, u instead of u, x" in sentence


def test_it_has_gates(said: list[str]) -> None:
    assert "2 * units * (features + units + 1)" in said[4]
    assert "u update, x mix" in said[4]


def test_it_goes_into_others(said: list[str]) -> None:
    both, stacked = json.loads(said[5]), json.loads(said[6])
    assert [one["name"] for one in both["tensors"]][-2:] == [
        "backward_final_hidden_state",
        "backward_final_mixed_state",
    ]
    assert both["equal"][-1] == ["whole_sequence_output[:, 0, 4:]", "backward_final_hidden_state"]
    names = [one["name"] for one in stacked["tensors"]]
    assert "cell_0_final_mixed_state" in names
    assert "cell_0_every_hidden_state" in names


def test_it_is_told_from_its_cell(said: list[str]) -> None:
    assert json.loads(said[7])["error"]["hint"] == (
        "Bidirectional takes a whole layer, and MixedCell is a cell: write Mixed."
    )
