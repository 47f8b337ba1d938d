"""Cells and layers as people write them, which differ from Keras's own in what they start from, take and return."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


class Plain(layers.Layer):
    """A cell with one state, which is its output."""

    def __init__(self, width=4, **kwargs):
        super().__init__(**kwargs)
        self.width = self.state_size = width

    def build(self, shape):
        self.into = self.add_weight(shape=(shape[-1], self.width), name="into")
        self.along = self.add_weight(shape=(self.width, self.width), name="along")

    def step(self, inputs, state):
        return ops.tanh(ops.matmul(inputs, self.into) + ops.matmul(state, self.along))

    def call(self, inputs, states):
        new = self.step(inputs, states[0])
        return new, [new]

    def get_config(self):
        return {**super().get_config(), "width": self.width}


class StartsFromOnes(Plain):
    def get_initial_state(self, batch_size=None):
        return [ops.ones((batch_size, self.width))]


class StartsFromOneTensor(Plain):
    def get_initial_state(self, batch_size=None):
        return ops.full((batch_size, self.width), 0.5)


class StartsFromAWeight(Plain):
    def build(self, shape):
        super().build(shape)
        self.start = self.add_weight(shape=(self.width,), name="start", initializer="normal")

    def get_initial_state(self, batch_size=None):
        return [ops.broadcast_to(self.start, (batch_size, self.width))]


class StartsAtRandom(Plain):
    def __init__(self, width=4, **kwargs):
        super().__init__(width, **kwargs)
        self.noise = keras.random.SeedGenerator(7)

    def get_initial_state(self, batch_size=None):
        return [keras.random.uniform((batch_size, self.width), seed=self.noise)]


class StartsFromNumpy(Plain):
    def get_initial_state(self, batch_size=None):
        return [np.full((batch_size, self.width), 0.25, "float32")]


class StartsFromNumpyNoise(Plain):
    def get_initial_state(self, batch_size=None):
        return [np.random.default_rng().normal(size=(batch_size, self.width)).astype("float32")]


class WantsABatch(Plain):
    def get_initial_state(self, batch_size):
        return [ops.ones((batch_size, self.width))]


class TakesInputsToo(Plain):
    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        return [ops.ones((batch_size, self.width), dtype=dtype or "float32")] if inputs is None else inputs


class Wide(Plain):
    def call(self, inputs, states):
        new = self.step(inputs, states[0])
        return ops.concatenate([new, -new, new * 2], axis=-1), [new]


class TwoOutputs(Plain):
    def call(self, inputs, states):
        new = self.step(inputs, states[0])
        return (new, new * 3), [new]


class NestedStates(Plain):
    def __init__(self, width=4, **kwargs):
        super().__init__(width, **kwargs)
        self.state_size = [[width, width], width]
        self.output_size = width

    def get_initial_state(self, batch_size=None):
        first, second, third = (ops.ones((batch_size, self.width)) * scale for scale in (0.1, 0.2, 0.3))
        return [[first, second], third]

    def call(self, inputs, states):
        (first, second), third = states
        new = self.step(inputs, first) + second
        return new, [[new, second * 0.5], third + new]


class TupleOfSizes(Plain):
    def __init__(self, width=4, **kwargs):
        super().__init__(width, **kwargs)
        self.state_size = (width, 3)

    def call(self, inputs, states):
        new = self.step(inputs, states[0])
        return new, (new, states[1] + new[:, :3])


class ListOfOneSize(Plain):
    def __init__(self, width=4, **kwargs):
        super().__init__(width, **kwargs)
        self.state_size = [width]


class SizesAreTensorShapes(Plain):
    def __init__(self, width=4, **kwargs):
        super().__init__(width, **kwargs)
        self.state_size = [tf.TensorShape([width])]
        self.output_size = width

    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, self.width))]


class ReturnsABareState(Plain):
    def call(self, inputs, states):
        new = self.step(inputs, states[0])
        return new, new


class TakesMore(Plain):
    def call(self, inputs, states, training=False, scale=2.0):
        new = self.step(inputs, states[0]) * (3.0 if training else scale)
        return new, [new]


class NoLayer:
    """A cell that is no Keras layer."""

    state_size = 2
    output_size = 2
    compute_dtype = "float32"

    def __call__(self, inputs, states):
        return self.call(inputs, states)

    def call(self, inputs, states):
        new = ops.tanh(inputs[:, :2] + states[0])
        return new, [new]


class ScaledGRUCell(layers.GRUCell):
    """Hands on another state than it puts out."""

    def call(self, inputs, states, training=False):
        output, new = super().call(inputs, states, training=training)
        return output, [ops.multiply(new[0], 0.5)]


class SwappedLSTMCell(layers.LSTMCell):
    """Keeps c in front of h."""

    def call(self, inputs, states, training=False):
        output, (memory, carry) = super().call(inputs, [states[1], states[0]], training=training)
        return output, [carry, memory]


class SwappedLSTM(layers.LSTM):
    """Returns c before h."""

    def call(self, sequences, initial_state=None, mask=None, training=False):
        output, memory, carry = super().call(sequences, initial_state, mask, training)
        return output, carry, memory


class LSTMFromAWeight(layers.LSTM):
    """Keras's own LSTM, which starts from a weight."""

    def build(self, sequences_shape, initial_state_shape=None):
        super().build(sequences_shape, initial_state_shape)
        self.start = self.add_weight(shape=(1, self.units), name="start", initializer="normal")

    def get_initial_state(self, batch_size):
        return [ops.repeat(self.start, batch_size, axis=0), ops.ones((batch_size, self.units))]


class MeanRNN(layers.RNN):
    """Returns the mean over time beside what a recurrent layer returns."""

    def call(self, sequences, initial_state=None, mask=None, training=False):
        found = super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        output = found[0] if isinstance(found, tuple) else found
        return found, ops.mean(output, axis=1)


class Around(layers.Layer):
    """Returns (sequence, [h, c])."""

    def __init__(self, width=4, **kwargs):
        super().__init__(**kwargs)
        self.inside = layers.LSTM(width, return_sequences=True, return_state=True)

    def call(self, inputs):
        sequence, *states = self.inside(inputs)
        return sequence, states


class InADict(layers.Layer):
    """Returns a dict."""

    def __init__(self, width=4, **kwargs):
        super().__init__(**kwargs)
        self.inside = layers.GRU(width, return_sequences=True, return_state=True)

    def call(self, inputs):
        sequence, state = self.inside(inputs)
        return {"sequence": sequence, "state": state}


class HasItsOwnReturnState(layers.Layer):
    """Has the argument that recurrent layers have, and is none."""

    def __init__(self, return_state=False, **kwargs):
        super().__init__(**kwargs)
        self.return_state = return_state
        self.inside = layers.GRU(4, return_state=True)

    def call(self, inputs, scale=None):
        output, state = self.inside(inputs if scale is None else inputs * scale)
        return (output, state) if self.return_state else output
