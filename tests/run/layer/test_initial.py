"""Initial weights that nobody reads: made without their initializers, where that changes no answer."""

from __future__ import annotations

import numpy as np
import pytest

from rnnshape import explore
from rnnshape.errors import KerasRefused
from rnnshape.expression import parse
from rnnshape.run import engine
from rnnshape.run.layer import initial

LAYER = """
import keras
import numpy as np

class Normed(keras.layers.Dense):
    def build(self, shape):
        super().build(shape)
        self.largest = float(np.abs(self.kernel.numpy()).max())

    def call(self, inputs):
        return super().call(inputs) / self.largest
"""

RANDOM = ["orthogonal", "glorot_uniform", "he_normal", "lecun_uniform", "random_normal", "random_uniform"]
CERTAIN = ["zeros", "ones", "identity"]


def made(layer, initializer, shape, dtype="float32"):
    with initial.costless(parse(layer)):
        return np.asarray(engine.load().initializers.get(initializer)(shape, dtype=dtype))


@pytest.mark.parametrize("initializer", [*RANDOM, "truncated_normal"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_random_initializers_give_zeros_meanwhile_and_draw_again_afterwards(initializer, dtype):
    found = made("GRU(4)", initializer, (3, 5), dtype)
    assert (found.shape, str(found.dtype), np.abs(found).max()) == ((3, 5), dtype, 0)
    assert np.abs(np.asarray(engine.load().initializers.get(initializer)((3, 5)))).max() > 0


@pytest.mark.parametrize("initializer", CERTAIN)
def test_what_costs_nothing_stays(initializer):
    bare = np.asarray(engine.load().initializers.get(initializer)((4, 4)))
    assert np.array_equal(made("GRU(4)", initializer, (4, 4)), bare)


@pytest.mark.parametrize(("shape", "dtype"), [((4, 4), "bfloat16"), ((4,), "float32")])
def test_what_an_initializer_refuses_it_refuses_in_its_own_words(shape, dtype):
    with pytest.raises(Exception, match=r".") as bare:
        engine.load().initializers.Orthogonal()(shape, dtype=dtype)
    with pytest.raises(type(bare.value)) as caught:
        made("GRU(4)", "orthogonal", shape, dtype)
    assert str(caught.value) == str(bare.value)


def test_no_decomposition_is_computed_however_large(monkeypatch):
    """Keras asks `ops.qr`, or the backend's, for it: of one number it may."""
    import tensorflow as tf

    real, sizes = tf.linalg.qr, []

    def qr(values, **more):
        sizes.append(tuple(values.shape))
        return real(values, **more)

    monkeypatch.setattr(tf.linalg, "qr", qr)
    explore("gru", units=300, batch=1, time=1)
    assert set(sizes) <= {(1, 1)}


def test_a_users_layer_may_compute_something_of_its_initial_weights(tmp_path, monkeypatch):
    (tmp_path / "normed.py").write_text(LAYER)
    monkeypatch.chdir(tmp_path)
    assert explore("normed.Normed(4)").to_dict()["tensors"][0]["shape"] == [32, 10, 4]
    assert np.abs(made("normed.Normed(4)", "orthogonal", (3, 5))).max() > 0
    monkeypatch.setattr(initial, "_COSTLY", 10)
    assert np.abs(made("normed.Normed(4)", "orthogonal", (3, 5))).max() > 0


def test_a_refusal_reaches_the_user():
    with pytest.raises(KerasRefused, match="bfloat16"):
        explore("LSTM(4, dtype='bfloat16')")
