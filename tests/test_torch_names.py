"""What the tensors are called in PyTorch, held against PyTorch: with the weights copied over, the numbers agree."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import rnnshape
from rnnshape.torch_names import torch_names

torch = pytest.importorskip("torch")

FLAGS = [{"return_sequences": a, "return_state": b} for a, b in itertools.product((False, True), repeat=2)]
KINDS = {"SimpleRNN": "RNN", "GRU": "GRU", "LSTM": "LSTM"}


def in_torch(kind, weights, features, units, *, bidirectional):
    """Return the PyTorch layer with the weights of the Keras layer."""
    layer = getattr(torch.nn, KINDS[kind])(features, units, batch_first=True, bidirectional=bidirectional)
    # Keras has z, r, h side by side, PyTorch r, z, n below each other; the LSTM's i, f, c, o are i, f, g, o.
    order = [1, 0, 2] if kind == "GRU" else None

    def gates(array):
        blocks = np.split(array, len(order), axis=-1) if order else [array]
        return np.concatenate([blocks[at] for at in order or [0]], axis=-1)

    for suffix, three in (("", weights[:3]), ("_reverse", weights[3:])):
        if not three:
            continue
        kernel, recurrent, bias = three
        # Where PyTorch has two biases and Keras has one, any two that add up to it will do.
        inner, outer = bias if bias.ndim == 2 else (0.25 * bias, 0.75 * bias)
        values = {
            "weight_ih": gates(kernel).T,
            "weight_hh": gates(recurrent).T,
            "bias_ih": gates(inner),
            "bias_hh": gates(outer),
        }
        for name, value in values.items():
            getattr(layer, f"{name}_l0{suffix}").data = torch.tensor(np.ascontiguousarray(value))
    return layer


def run(kind, flags, *, bidirectional):
    """Return, for each tensor of the report, its value in Keras and its value in PyTorch, and the state's shapes."""
    import keras

    report = rnnshape.explore(kind, units=4, batch=3, time=5, features=2, bidirectional=bidirectional, **flags)
    random = np.random.default_rng(0)
    inputs = random.normal(size=(3, 5, 2)).astype("float32")
    layer = getattr(keras.layers, kind)(4, **flags)
    layer = keras.layers.Bidirectional(layer) if bidirectional else layer
    layer(inputs)
    layer.set_weights([random.normal(size=weight.shape).astype("float32") for weight in layer.get_weights()])
    value = layer(inputs)
    value = value if isinstance(value, tuple) else (value,)
    ours = {tensor.name: np.array(one) for tensor, one in zip(report.tensors, value, strict=True)}
    theirs = in_torch(kind, layer.get_weights(), 2, 4, bidirectional=bidirectional)
    with torch.no_grad():
        output, states = theirs(torch.tensor(inputs))
    h_n, c_n = states if kind == "LSTM" else (states, None)
    known = {"output": output, "h_n": h_n, "c_n": c_n, "torch": torch}
    names = torch_names(report)
    assert list(names) == list(ours)
    in_theirs = {name: eval(code, known).numpy() for name, code in names.items()}  # noqa: S307 - our own expressions
    return layer, theirs, ours, in_theirs, known


@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("flags", FLAGS, ids=lambda flags: "-".join(name for name, on in flags.items() if on) or "none")
@pytest.mark.parametrize("kind", KINDS)
def test_the_numbers_are_the_same(kind, flags, bidirectional):
    _, _, ours, theirs, known = run(kind, flags, bidirectional=bidirectional)
    for name, value in ours.items():
        assert value.shape == theirs[name].shape
        np.testing.assert_allclose(value, theirs[name], atol=1e-5)
    directions = 2 if bidirectional else 1
    assert known["h_n"].shape == (directions, 3, 4), "the states never have the batch first"


@pytest.mark.parametrize("kind", KINDS)
def test_two_biases_are_counted_twice(kind):
    layer, theirs, *_ = run(kind, FLAGS[0], bidirectional=False)
    counted = sum(weight.numel() for weight in theirs.parameters())
    extra = 0 if kind == "GRU" else 4 * (4 if kind == "LSTM" else 1)
    assert counted == layer.count_params() + extra


def test_another_order_of_the_gates_gives_other_numbers(monkeypatch):
    """The test of the test."""
    right = np.split

    def swapped(array, count, axis):
        return right(array, count, axis=axis)[::-1]

    monkeypatch.setattr(np, "split", swapped)
    _, _, ours, theirs, _ = run("GRU", FLAGS[3], bidirectional=False)
    assert not np.allclose(ours["final_state"], theirs["final_state"], atol=1e-3)
