"""Every row of the table of old spellings, against the Keras that is installed: old names are gone, new ones there."""

from __future__ import annotations

import importlib
import inspect

import pytest

from rnnshape.fixes import modernised, today, today_module
from rnnshape.fixes.spellings import (
    ARGUMENTS,
    BACKEND_FUNCTIONS,
    CLASSES,
    MERGE_MODES,
    METHODS,
    MODULES,
    TENSORFLOW_FUNCTIONS,
)


@pytest.fixture(scope="module")
def keras():
    import keras

    return keras


def found(module, dotted):
    for part in dotted.split("."):
        module = getattr(module, part, None)
    return module


@pytest.mark.parametrize(("old", "new"), MODULES.items())
def test_a_module_has_moved(old, new, keras):
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"keras.{old}")
    assert inspect.ismodule(importlib.import_module(f"keras.{new}"))
    assert today_module(f"keras.{old}") == f"keras.{new}"
    assert today_module(f"tensorflow.keras.{old}") == f"tensorflow.keras.{new}"


@pytest.mark.parametrize(("old", "new"), CLASSES.items())
def test_a_class_is_called_otherwise(old, new, keras):
    assert not hasattr(keras.layers, old)
    assert hasattr(keras.layers, new)
    assert today(old) == new


def test_every_mode_of_a_merge_is_a_layer(keras):
    for layer in MERGE_MODES.values():
        assert hasattr(keras.layers, layer)
        assert hasattr(keras.layers, layer.lower())


def owner(keras, name):
    """Return what is called by this name: a layer, an optimizer, a method of a model or of a cell."""
    if name == "get_initial_state":
        return keras.layers.LSTMCell.get_initial_state
    places = (keras.layers, keras, keras.optimizers, keras.Model)
    return next((getattr(place, name) for place in places if hasattr(place, name)), None)


@pytest.mark.parametrize("name", [name for name in ARGUMENTS if name not in CLASSES])
def test_an_argument_is_called_otherwise_or_gone(name, keras):
    what = owner(keras, name)
    if what is None:  # a class that is gone under this name; its arguments are those of its successor
        assert name not in vars(keras.layers)
        return
    if name == "Model":  # a model that is called with inputs and outputs is a functional one
        what = keras.src.models.Functional
    names = inspect.signature(what).parameters
    for old, new in ARGUMENTS[name].items():
        assert old not in names, old
        assert not new or new in names or "kwargs" in names, new


@pytest.mark.parametrize(("old", "new"), METHODS.items())
def test_a_method_is_called_otherwise(old, new, keras):
    assert not hasattr(keras.Model, old)
    assert hasattr(keras.Model, new)


def test_every_function_is_in_ops(keras):
    for new in {*BACKEND_FUNCTIONS.values(), *TENSORFLOW_FUNCTIONS.values()}:
        assert found(keras.ops, new) is not None, new


def test_every_function_of_tensorflow_is_there():
    import tensorflow as tf

    for old in TENSORFLOW_FUNCTIONS:
        assert found(tf, old) is not None, old


MODERN = {
    "from keras.layers.recurrent import LSTM, GRU": "from keras.layers import LSTM, GRU",
    "from keras.layers.core import TimeDistributedDense, Dense": "from keras.layers import Dense",
    "from keras.layers.core import Dense, TimeDistributedDense": "from keras.layers import Dense",
    "from keras.layers.core import TimeDistributedDense": "from keras.layers import Dense",
    "from keras.layers import CuDNNLSTM as L": "from keras.layers import LSTM as L",
    "import keras.layers.recurrent as r": "import keras.layers as r",
    "from keras.utils import np_utils": "from keras import utils as np_utils",
    "from tensorflow.python.keras.layers import LSTM": "from tensorflow.keras.layers import LSTM",
    "x = keras.layers.recurrent.LSTM(4)": "x = keras.layers.LSTM(4)",
    "CuDNNGRU(4, # units\n  input_dim=3)": "GRU(4, # units\n  input_shape=(None, 3))",
    "LSTM(4, input_dim=3, input_length=7)": "LSTM(4, input_shape=(7, 3))",
    "LSTM(input_dim=3, output_dim=4)": "LSTM(input_shape=(None, 3), units=4)",
    "LSTM(4, consume_less='gpu', truncate_gradient=-1)": "LSTM(4)",
    "LSTM(consume_less='gpu', units=4)": "LSTM(units=4)",
    "LSTM(4, time_major=False,)": "LSTM(4,)",
    "LSTM(4, time_major=True)": "LSTM(4, time_major=True)",
    "Dense((4), init='uniform', bias=False)": "Dense((4), kernel_initializer='uniform', use_bias=False)",
    "m.fit(x, y, nb_epoch=3, show_accuracy=True)": "m.fit(x, y, epochs=3)",
    "Model(input=a, output=b)": "Model(inputs=a, outputs=b)",
    "Adam(lr=0.1)": "Adam(learning_rate=0.1)",
    "m.predict_classes(x)": "m.predict(x).argmax(axis=-1)",
    "m.fit_generator(g, samples_per_epoch=3)": "m.fit(g, steps_per_epoch=3)",
    "Convolution2D(8, 3, 3, border_mode='same')": "Convolution2D(8, (3, 3), padding='same')",
    "Conv2D(8, nb_row=3, nb_col=5)": "Conv2D(8, kernel_size=(3, 5))",
    "Conv2D(8, 3, dim_ordering='th')": "Conv2D(8, 3, data_format='channels_first')",
    "Dropout(p=0.5)": "Dropout(rate=0.5)",
    "y = merge([a, b], mode='sum')": "y = add([a, b])",
    "y = merge([a, b], mode='concat', concat_axis=1)": "y = concatenate([a, b], axis=1)",
    "m.add(LSTM(4, batch_input_shape=(2, 5, 3), stateful=True))": "m.add(Input(batch_shape=(2, 5, 3)))\n"
    "m.add(LSTM(4, stateful=True))",
    "m = Sequential([LSTM(4, batch_input_shape=(2, 5, 3))])": "m = Sequential([Input(batch_shape=(2, 5, 3)), LSTM(4)])",
    "y = LSTM(4, batch_input_shape=(2, 5, 3))(x)": "y = LSTM(4)(x)",
    "y = K.expand_dims(x)": "y = ops.expand_dims(x)",
    "from keras import backend as K\ny = K.expand_dims(x)": "from keras import ops as K\ny = K.expand_dims(x)",
    "from keras import backend as K\nK.clear_session()\ny = K.sum(x)": "from keras import backend as K\n"
    "K.clear_session()\ny = keras.ops.sum(x)",
    "import tensorflow.keras.backend as K\ny = K.sum(x)": "import tensorflow.keras.backend as K\ny = K.sum(x)",
    "def merge(a): return a\nmerge(1)": "def merge(a): return a\nmerge(1)",
    "LSTM = 1\nx = 'nb_epoch, input_dim'  # CuDNNLSTM": "LSTM = 1\nx = 'nb_epoch, input_dim'  # CuDNNLSTM",
    "LSTM(4, input_shape=(7, 3))": "LSTM(4, input_shape=(7, 3))",
    "Embedding(9, 4, input_length=7)": "Embedding(9, 4, input_length=7)",
}


@pytest.mark.parametrize("old", MODERN)
def test_old_code_in_todays_words(old):
    new, edits = modernised(old)
    assert new == MODERN[old]
    assert (new == old) == (edits == ())


@pytest.mark.parametrize("old", MODERN)
def test_what_is_modern_stays(old):
    assert modernised(MODERN[old]) == (MODERN[old], ())


def test_what_is_no_python_stays():
    assert modernised("LSTM(4, nb_epoch=") == ("LSTM(4, nb_epoch=", ())


def test_a_name_that_is_not_old():
    assert today("LSTM") is None
    assert today("nb_epoch") == "epochs"
    assert today_module("keras.layers") is None
    assert today_module("numpy") is None
