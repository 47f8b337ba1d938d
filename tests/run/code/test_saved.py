"""Saved models: every tensor on its way, and no code that a file carries."""

from __future__ import annotations

import json
import warnings
import zipfile

import pytest

from rnnshape.api.reports import of_program
from rnnshape.errors import InvalidQuery, RnnshapeError
from rnnshape.programs import explore_saved

OWN = """
import keras

class Twice(keras.layers.Layer):
    def call(self, x):
        return 2 * x

class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = keras.layers.LSTM(3)

    def call(self, x):
        return self.inner(x)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models, saved by Keras itself, which warns of some of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return saved_in(tmp_path_factory.mktemp("saved"))


def saved_in(folder):
    import keras
    from keras import layers

    x = keras.Input((None, 8), name="x")
    y, h, c = layers.LSTM(4, return_sequences=True, return_state=True, name="encoder")(x)
    last = y[:, -1, :]
    both = layers.Bidirectional(layers.GRU(2), name="both")(y)
    z = layers.LSTM(4, name="decoder")(y, initial_state=[h, c])
    keras.Model(x, [last, both, z]).save(folder / "functional.keras")
    plain = keras.Sequential([keras.Input((5,)), layers.Embedding(9, 4, mask_zero=True), layers.LSTM(3)])
    plain.save(folder / "sequential.keras")
    keras.Sequential([keras.Input((5, 2)), layers.LSTM(3), layers.Dense(2)]).save(folder / "plain.h5")
    keras.Model(x, layers.Lambda(lambda value: value * 2, output_shape=(None, 8))(x)).save(folder / "code.keras")
    keras.Model(x, layers.Lambda(lambda value: value * 2, output_shape=(None, 8))(x)).save(folder / "code.h5")
    keras.Sequential([layers.LSTM(3)]).save(folder / "inputless.keras")
    plain.save_weights(folder / "only.weights.h5")
    names = {"__name__": "own"}
    exec(OWN, names)  # noqa: S102 - the text above
    keras.Model(x, names["Twice"]()(x)).save(folder / "own.keras")
    net = names["Net"]()
    net(keras.ops.zeros((2, 5, 8)))
    net.save(folder / "net.keras")
    (folder / "own.py").write_text(OWN)
    (folder / "broken.keras").write_bytes(b"PK\x03\x04 and no more")
    (folder / "text.keras").write_text("hello")
    (folder / "empty.h5").write_bytes(b"")
    return folder


TENSORS = {
    "functional.keras": [
        ("x", (None, None, 8), 1),
        ("encoder_whole_sequence_output", (None, None, 4), 2),
        ("encoder_final_memory_state", (None, 4), 2),
        ("encoder_final_carry_state", (None, 4), 2),
        ("get_item", (None, 4), 3),
        ("both", (None, 4), 4),
        ("decoder", (None, 4), 5),
    ],
    "sequential.keras": [("input_layer", (None, 5), 1), ("embedding", (None, 5, 4), 2), ("lstm", (None, 3), 3)],
    "plain.h5": [("input_layer", (None, 5, 2), 1), ("lstm", (None, 3), 2), ("dense", (None, 2), 3)],
}


@pytest.mark.parametrize(("name", "tensors"), TENSORS.items(), ids=TENSORS)
def test_every_tensor_on_its_way_is_told(folder, name, tensors):
    report = explore_saved(folder / name)
    found = [(tensor.name.rstrip("_0123456789"), tensor.shape, tensor.line) for tensor in report.tensors]
    assert found == tensors
    assert not report.program.executed
    assert report.program.source == name
    assert report.ran.draws == 2


def test_a_model_is_told_from_code_that_is_read(folder):
    report = of_program(explore_saved(folder / "sequential.keras"))
    assert report.to_dict()["program"]["model"] is True
    assert "a model, as" in str(report)
    assert "read, not executed" not in str(report)


def test_values_and_states_of_a_saved_model_are_compared(folder):
    report = explore_saved(folder / "functional.keras")
    item = next(tensor.name for tensor in report.tensors if tensor.name.startswith("get_item"))
    assert ("encoder_whole_sequence_output[:, -1, :]", "encoder_final_memory_state", item) in report.equal
    decoder = next(step for step in report.steps if step.name == "decoder")
    assert decoder.initial_state == ["encoder_final_memory_state", "encoder_final_carry_state"]
    assert decoder.layer == "LSTM(4)"


@pytest.mark.parametrize("name", ["sequential.keras", "plain.h5"])
def test_a_saved_model_has_a_script(folder, name):
    script = explore_saved(folder / name, with_script=True).program.script
    made = {}
    exec(compile(script, name, "exec"), made)  # noqa: S102 - the script is ours
    assert [value.shape for one, value in made.items() if one.startswith("lstm")] == [(None, 3)]


def test_a_model_of_which_no_script_can_be_made_says_so(folder):
    classes = {"Twice": f"{folder}/own.py:Twice"}
    with pytest.raises(InvalidQuery, match="No script can be made of"):
        explore_saved(folder / "own.keras", classes, with_script=True)


REFUSED = {
    "code.keras": "Lambda",
    "code.h5": "Lambda",
    "own.keras": "Twice, which is not Keras's own",
    "net.keras": "Net, which is not Keras's own",
    "inputless.keras": "without an input",
    "only.weights.h5": "weights alone",
    "broken.keras": "no saved model",
    "text.keras": "neither",
    "empty.h5": "neither",
    "nowhere.keras": "no file",
}


@pytest.mark.parametrize(("name", "said"), REFUSED.items(), ids=REFUSED)
def test_what_is_not_read_ends_with_a_clear_error(folder, name, said):
    with pytest.raises(InvalidQuery, match=said) as caught:
        explore_saved(folder / name)
    assert name in caught.value.message
    assert "/" not in caught.value.message


def test_own_classes_are_named_by_their_user(folder):
    report = explore_saved(folder / "own.keras", {"Twice": f"{folder}/own.py:Twice"})
    assert [(tensor.name.rstrip("_0123456789"), tensor.shape) for tensor in report.tensors] == [
        ("x", (None, None, 8)),
        ("twice", (None, None, 8)),
    ]
    with pytest.raises(InvalidQuery, match="subclass of Model"):
        explore_saved(folder / "net.keras", {"Net": f"{folder}/own.py:Net"})


EVIL = {
    "a module": {"module": "os", "class_name": "system", "config": {"command": "touch {mark}"}},
    "a function of Keras's": {"module": "keras.utils", "class_name": "get_file", "config": {"fname": "{mark}"}},
    "a function inside Keras": {
        "module": "keras.src.utils.file_utils",
        "class_name": "makedirs",
        "config": {"path": "{mark}"},
    },
    "a layer that reads files": {
        "module": "keras.layers",
        "class_name": "StringLookup",
        "config": {"vocabulary": "{mark}"},
    },
    "a saved function": {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "{mark}"}},
    "a lambda": {"class_name": "__lambda__", "config": {"value": "4wEAAAAAAAAA"}},
}


@pytest.mark.parametrize("layer", EVIL.values(), ids=EVIL)
def test_a_file_makes_nothing_but_layers_of_keras(tmp_path, layer):
    mark = tmp_path / "made"
    text = json.dumps(layer).replace("{mark}", str(mark))
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": [json.loads(text)]}}
    with zipfile.ZipFile(tmp_path / "evil.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
    with pytest.raises(RnnshapeError) as caught:
        explore_saved(tmp_path / "evil.keras")
    assert caught.value.code == "invalid-query"
    assert not mark.exists()
