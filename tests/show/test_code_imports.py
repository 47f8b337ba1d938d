"""`--code` for classes from files: the script imports each from its own file, whatever the file is called."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rnnshape import explore
from rnnshape.show.code import code

CELL = """
import keras
import numpy as np


class {name}(keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.state_size = self.output_size = units * {times}

    def call(self, inputs, states):
        return states[0] + np.pi, [states[0] + np.pi]
"""

# the files with the class of each, how often it takes the units, the expression, the shapes that the script prints
CASES = [
    (
        {"p1/ed.py": ("C", 1), "p2/ed.py": ("C", 2)},
        "RNN([p1/ed.py:C(4), p2/ed.py:C(4)], return_state=True)",
        ["(2, 8)", "(2, 4)", "(2, 8)"],
    ),
    (
        {"class.py": ("A", 1), "import.py": ("B", 2), "keras.py": ("A", 3), "numpy.py": ("D", 4), "types.py": ("E", 5)},
        "RNN([class.py:A(1), import.py:B(1), keras.py:A(1), numpy.py:D(1), types.py:E(1)], return_state=True)",
        ["(2, 5)", "(2, 1)", "(2, 2)", "(2, 3)", "(2, 4)", "(2, 5)"],
    ),
]


@pytest.mark.parametrize(("files", "layer", "shapes"), CASES)
def test_a_script_takes_each_class_from_its_own_file(files, layer, shapes, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, (cls, times) in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(CELL.format(name=cls, times=times))
    report = explore(layer, batch=2, time=3, features=5)
    script = tmp_path / "script.py"
    script.write_text(code(report))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert [line.partition(" ")[2] for line in done.stdout.splitlines()] == shapes
    assert script.read_text().startswith("import sys\n" if "keras.py" in files else "import runpy\n")
