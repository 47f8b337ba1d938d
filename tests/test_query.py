"""Queries: which sizes and seeds are refused, and how; and the catalogue of layers."""

from __future__ import annotations

from typing import Any

import pytest

from rnnshape import catalogue
from rnnshape.errors import InvalidQuery
from rnnshape.expression import Call
from rnnshape.mask import parse_mask
from rnnshape.query import LARGEST_SIZE, MergeMode, Query, Sizes, check_size

LSTM = Call("LSTM", (4,))


@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"batch": None, "time": None},
        {"batch": 1, "time": 1, "features": 1},
        {"batch": LARGEST_SIZE},
        {"space": (8, 8)},
        {"shape": (32, 10, 8)},
        {"shape": (None, None, 8)},
    ],
)
def test_sizes(sizes: dict[str, Any]) -> None:
    found = Sizes(**sizes)
    assert {name: getattr(found, name) for name in sizes} == sizes


ANY = f"a whole number from 1 to {LARGEST_SIZE}"


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"batch": 0}, f"batch must be {ANY}, or none. Received: batch=0"),
        ({"batch": -1}, f"batch must be {ANY}, or none. Received: batch=-1"),
        ({"time": 0}, f"time must be {ANY}, or none. Received: time=0"),
        ({"time": LARGEST_SIZE + 1}, f"time must be {ANY}, or none. Received: time={LARGEST_SIZE + 1}"),
        ({"time": 1.5}, f"time must be {ANY}, or none. Received: time=1.5"),
        ({"time": "10"}, f"time must be {ANY}, or none. Received: time='10'"),
        ({"time": True}, f"time must be {ANY}, or none. Received: time=True"),
        ({"features": 0}, f"features must be {ANY}. Received: features=0"),
        ({"features": None}, f"features must be {ANY}. Received: features=None"),
        ({"space": (8, 0)}, f"space must be {ANY}. Received: space=0"),
        ({"space": (8, None)}, f"space must be {ANY}. Received: space=None"),
        ({"shape": (32, 10, None)}, f"input must be {ANY}. Received: input=None"),
        ({"shape": (0, 10, 8)}, f"input must be {ANY}, or none. Received: input=0"),
        ({"shape": ()}, "input must have at least one axis. Received: input=()"),
    ],
)
def test_what_is_no_size(sizes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        Sizes(**sizes)
    assert caught.value.message == message


def test_check_size_by_name() -> None:
    check_size("units", 4)
    with pytest.raises(InvalidQuery, match=r"^units must be"):
        check_size("units", None)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "1", True, None])
def test_what_is_no_seed(seed: Any) -> None:
    with pytest.raises(InvalidQuery, match=r"^seed must be a whole number from 0 to 4294967295\. Received: seed="):
        Query(layer=LSTM, seed=seed)


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_seeds(seed: int) -> None:
    assert Query(layer=LSTM, seed=seed).seed == seed


@pytest.mark.parametrize(
    ("mask", "sizes"),
    [
        ("lengths:3,1", Sizes(batch=3, time=5)),
        ("right:6", Sizes(batch=3, time=5)),
        ("1,0", Sizes(batch=3, time=5)),
        ("1,0", Sizes(shape=(3, 5, 8))),
        ("lengths:3,1", Sizes(shape=(3,))),
    ],
)
def test_masks_that_do_not_fit(mask: str, sizes: Sizes) -> None:
    with pytest.raises(InvalidQuery, match=r"^The mask "):
        Query(layer=LSTM, sizes=sizes, mask=parse_mask(mask))


@pytest.mark.parametrize(
    "sizes", [Sizes(batch=2, time=5), Sizes(batch=None, time=None), Sizes(batch=9, shape=(2, 5, 8)), Sizes(shape=(2,))]
)
def test_masks_that_fit(sizes: Sizes) -> None:
    mask = parse_mask("lengths:3,1")
    assert Query(layer=LSTM, sizes=sizes, mask=mask).mask == mask


@pytest.mark.parametrize(("mode", "keras"), [(MergeMode.CONCAT, "concat"), (MergeMode.NONE, None)])
def test_merge_modes(mode: MergeMode, keras: str | None) -> None:
    assert mode.keras == keras


@pytest.mark.parametrize(
    ("word", "keras"),
    [
        ("lstm", "LSTM"),
        (" GRU ", "GRU"),
        ("simplernn", "SimpleRNN"),
        ("Simple-RNN", "SimpleRNN"),
        ("conv-lstm-3d", "ConvLSTM3D"),
        ("convlstm1d", "ConvLSTM1D"),
        ("rnn", None),
        ("", None),
    ],
)
def test_layers_by_word(word: str, keras: str | None) -> None:
    found = catalogue.by_word(word)
    assert (found and found.keras) == keras


def test_every_known_word_is_a_layer() -> None:
    assert all(catalogue.by_word(word) for word in catalogue.known_words())
    assert {layer.keras for layer in catalogue.LAYERS} == {
        "SimpleRNN", "GRU", "LSTM", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D",
    }  # fmt: skip


@pytest.mark.parametrize("layer", catalogue.LAYERS, ids=lambda layer: layer.typed)
def test_what_is_special_to_a_layer(layer: catalogue.Layer) -> None:
    assert layer.size == ("filters" if layer.spatial else "units")
    assert layer.spatial <= len(catalogue.SPATIAL_AXES)
