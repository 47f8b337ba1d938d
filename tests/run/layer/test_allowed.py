"""What words can do: they build and run layers. Nothing else is called, imported, read, made or started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from rnnshape import catalogue, explore
from rnnshape.errors import InvalidQuery, RnnshapeError

SIZES = {"batch": 2, "time": 3, "features": 5}
ROOT = Path(__file__).parents[3]

CELLS = """
import subprocess
from subprocess import Popen

import keras
from keras import layers, ops


class Cell(layers.Layer):
    def __init__(self, units=4, first=None, **kwargs):
        super().__init__(**kwargs)
        self.state_size = units
        self.first = first

    def call(self, inputs, states):
        return states[0], states


class First:
    def __call__(self, shape, dtype=None):
        return ops.ones(shape, dtype)


class Acts:
    def __init__(self, *_, **__):
        open("made", "w").close()


class Last(layers.Lambda):
    def __init__(self):
        super().__init__(lambda inputs: inputs[:, -1])
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty working directory but for a module of cells and a file with a secret in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_words.py").write_text(CELLS)
    (tmp_path / "secret.txt").write_text("first\nsecond\n")
    return tmp_path


ACT = "subprocess.Popen('touch made', shell=True)"
PLACES = ["{}", "RNN({})", "RNN([LSTMCell(4), {}])", "GRU(4, nosuch={})", "GRU(4, activation={{'a': [{}]}})"]
STANDARD = [
    ACT,
    "io.FileIO('made', 'w')",
    "this.X()",
    "antigravity.X()",
    "test.autotest.X()",
    "os.path.X()",
    "builtins.X()",
    f"{os.path.dirname(os.__file__)}/antigravity.py:X()",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("word", STANDARD)
def test_nothing_of_pythons_own_is_imported_or_called(folder, word, place):
    before = set(sys.modules)
    with pytest.raises(InvalidQuery, match="of Python's own"):
        explore(place.format(word))
    assert not {"this", "antigravity", "test", "test.autotest"} & (set(sys.modules) - before)
    assert not (folder / "made").exists()


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        ("gru", {"return_state": True, "into": ACT}),
        ("gru", {"set": f"nosuch={ACT}"}),
        ("gru", {"set": [f"activation=[{ACT}]"]}),
    ],
)
def test_nor_in_an_option(folder, layer, options):
    with pytest.raises(InvalidQuery, match="of Python's own"):
        explore(layer, **options, **SIZES)
    assert not (folder / "made").exists()


# what is typed, a part of what is said, a part of the hint
REFUSED = [
    ("Lambda('x')", "runs a function", "file.py"),
    ("TFSMLayer('dir')", "runs a saved program", "file.py"),
    ("my_words.layers.TFSMLayer('dir')", "runs a saved program", "file.py"),
    ("StringLookup(vocabulary='secret.txt')", "would read a file", "vocabulary=["),
    ("StringLookup(None, 1, None, 'x', 'secret.txt')", "would read a file", "vocabulary=["),
    ("IntegerLookup(vocabulary='secret.txt')", "would read a file", "vocabulary=["),
    ("Sequential([TextVectorization(vocabulary='secret.txt')])", "would read a file", "vocabulary=["),
    ("my_words.py:layers.StringLookup(vocabulary='secret.txt')", "would read a file", "vocabulary=["),
    ("GRU(4, kernel_initializer={'class_name': 'GRU', 'config': {}})", "from a configuration", "constructor call"),
    ("GRU(4, activation={'class_name': '__lambda__', 'config': {}})", "from a configuration", "constructor call"),
    (
        "GRU(4, kernel_initializer={'class_name': 'Popen', 'module': 'subprocess', 'config': {'args': 'touch made'}})",
        "from a configuration",
        "constructor call",
    ),
    (
        "GRU(4, kernel_initializer={'class_name': 'Zeros', 'config': {'a': {'class_name': 'function'}}})",
        "from a configuration",
        "constructor call",
    ),
    ("TimeDistributed({'a': [{'class_name': 'Dense'}]})", "from a configuration", "constructor call"),
    ("keras.src.export.tfsm_layer.TFSMLayer('x')", "Only layers of Keras", "by name"),
    ("keras.utils.FeatureSpace({})", "Only layers of Keras", "by name"),
    ("keras.applications.ResNet50()", "Only layers of Keras", "by name"),
    ("tf.io.FixedLenFeature((1,), 'x')", "Only layers of Keras", "by name"),
    ("keras.layers.recurrent.LSTM(4)", "Only layers of Keras", "mean LSTM?"),
    ("keras.layers.subprocess.Popen('x')", "Only layers of Keras", "by name"),
    (f"{os.path.dirname(keras.__file__)}/src/layers/layer.py:Layer()", "a module of Keras", ""),
    ("InputSpec()", "not a Keras layer or cell", ""),
    ("random.Random(3)", "no layer Random in keras.random", ""),
    ("my_words.Popen('touch made')", "not a Keras layer or cell", ""),
    ("my_words.subprocess.Popen('touch made')", "not a Keras layer or cell", ""),
    ("my_words.Acts()", "not a Keras layer or cell", ""),
    ("my_words.py:Acts()", "not a Keras layer or cell", ""),
    ("GRU(4, kernel_initializer=my_words.Acts())", "nor what one is built with", "initializers"),
    ("GRU(4, nosuch=my_words.py:Acts())", "nor what one is built with", "initializers"),
    ("numpy.testing.X()", "numpy.testing has no class X", ""),
    ("pytest.Mark()", "not a Keras layer or cell", ""),
]


@pytest.mark.parametrize(("word", "message", "hint"), REFUSED)
def test_only_layers_and_what_they_are_built_with_are_called(folder, word, message, hint):
    with pytest.raises(InvalidQuery) as caught:
        explore(word)
    assert message in caught.value.message
    assert "second" not in caught.value.message
    assert hint in (caught.value.hint or "")
    assert not (folder / "made").exists()


@pytest.mark.parametrize(
    "word",
    [
        "RNN(my_words.Cell(4))",
        "RNN(my_words.py:Cell(4, my_words.py:First()))",
        "GRU(4, kernel_initializer=my_words.First())",
        "GRU(4, kernel_regularizer={'class_name': 'L2', 'config': {'l2': 2}}, name='a')",
        "my_words.Last()",
        "my_words.layers.LSTM(4)",
        "keras.layers.Dense(4, kernel_regularizer=keras.regularizers.l2(0.1), bias_constraint=constraints.NonNeg())",
        "LSTM(4, dtype=keras.DTypePolicy('mixed_float16'))",
        "LSTM(4, dtype=tf.keras.mixed_precision.Policy('mixed_float16'))",
        "GRU(4, kernel_initializer=initializers.RandomNormal(seed=keras.random.SeedGenerator(3)))",
        "keras.models.Sequential([keras.Input((3, 5)), LSTM(4)])",
    ],
)
def test_layers_and_what_they_are_built_with_are_called(folder, word):
    assert explore(word, **SIZES).tensors


@pytest.fixture
def installed(folder, monkeypatch):
    """Return an installed package whose modules make a file when they are imported, all but those with layers."""
    package = folder / "site-packages" / f"pkg_{folder.name.replace('-', '_')}"
    (package / "inner").mkdir(parents=True)
    acts = "open('made', 'w').close()\n"
    files = {
        "__init__.py": "from .inner.cells import Cell\nfrom .inner import *\n",
        "inner/__init__.py": "from .cells import Cell as Other\n",
        "inner/base.py": CELLS,
        "inner/cells.py": "from . import base\n\n\nclass Cell(base.Cell):\n    pass\n",
        "tests.py": f"import os\n{acts}\n\nclass TestOs(object):\n    pass\n",
        "lazy.py": f"{acts}\ndef __getattr__(name):\n    return 4\n",
    }
    for name, text in files.items():
        (package / name).write_text(text)
    monkeypatch.syspath_prepend(package.parent)
    return package


@pytest.mark.parametrize("name", ["Cell", "Other", "inner.Other", "inner.cells.Cell", "inner.base.Cell"])
def test_a_layer_of_an_installed_package_is_found_through_its_imports(installed, name):
    assert explore(f"RNN({installed.name}.{name}(4))", **SIZES).tensors


@pytest.mark.parametrize("name", ["tests.TestOs", "tests.X", "lazy.X", "nowhere.X", "inner.base.Acts", "inner.X"])
def test_a_module_without_layers_is_not_imported(installed, name):
    with pytest.raises(InvalidQuery):
        explore(f"RNN({installed.name}.{name}(4))", **SIZES)
    assert not Path("made").exists()


def test_a_module_that_is_hidden_by_another_is_told(folder):
    (folder / "keras_tuner_of_mine.py").write_text(CELLS)
    sys.modules["keras_tuner_of_mine"] = keras
    try:
        with pytest.raises(InvalidQuery, match="another module") as caught:
            explore("keras_tuner_of_mine.Cell(4)", **SIZES)
    finally:
        del sys.modules["keras_tuner_of_mine"]
    # What it says to type works.
    assert "keras_tuner_of_mine.py:Cell(…)" in caught.value.hint
    assert explore("keras_tuner_of_mine.py:Cell(4)", **SIZES).tensors


def test_the_catalogue_knows_what_keras_has():
    assert all(hasattr(keras, module) for module in catalogue.MODULES)
    assert not [name for name in catalogue.RENAMED if hasattr(keras.layers, name)]
    assert {"Lambda", "TFSMLayer"} <= {name for name in catalogue.REFUSED if hasattr(keras.layers, name)}
    readers = {name for name in dir(keras.layers) if "Lookup" in name or "Vectorization" in name}
    for name in readers:
        with pytest.raises(RnnshapeError, match="would read a file"):
            explore(f"{name}(vocabulary='secret.txt')")


def test_an_interpreter_that_is_listened_to_does_nothing_else():
    """Names from the standard library and the installed packages, in every place; see the program that is run."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.acting", "--words", "150"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "RNNSHAPE_WORKER": "off"},
        timeout=300,
    )
    assert done.stdout.splitlines()[-1:] == ["150 words that would act, 0 findings"], done.stdout + done.stderr[-2000:]
