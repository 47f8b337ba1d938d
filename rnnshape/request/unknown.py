"""What was meant by a word that is no layer, and what to type instead of it."""

from __future__ import annotations

import re

from rnnshape import catalogue
from rnnshape.errors import InvalidQuery, nearest
from rnnshape.expression import Call, instead_of_torch

_SWITCHED = frozenset({"true", "false", "yes", "no", "on", "off"})
"""Words that people type behind a flag."""
_OF_FLAGS = "A flag such as --return-state takes no value. To switch it off, leave it out."


def unknown_layer(word: str) -> InvalidQuery:
    """Return the error for a word that is no layer, with what to type instead."""
    listed = ", ".join(catalogue.TYPED)
    message = (
        f"There is no layer {word!r}; expected {listed}, or a Keras expression such as 'LSTM(4)'. Received: {word}"
    )
    return InvalidQuery(message, hint=_OF_FLAGS if word.strip().lower() in _SWITCHED else _instead(word), layer=word)


def _instead(word: str) -> str:
    """Return what may have been meant by a word that is no layer."""
    plain = word.strip().lower()
    if plain.isdecimal():
        return f"Sizes are options: --units {plain}."
    several = [part for part in re.split(r"[,;+&/|\s]+", plain) if part]
    layers = [layer.typed for layer in map(catalogue.by_word, several) if layer is not None]
    if layers and len(layers) == len(several):
        return f"Type spaces between layers: {' '.join(layers)}" if len(layers) > 1 else f"Did you mean {layers[0]}?"
    meant = catalogue.MEANT.get(plain.replace("-", "").replace("_", ""))
    of_torch = instead_of_torch(Call(word.strip()))
    if meant is not None or of_torch is not None:
        return of_torch or f"Did you mean {meant}?"
    today = catalogue.today(plain.rpartition(".")[2])
    layer = catalogue.by_word(today or plain.rpartition(".")[2])
    if today is not None:
        return f"That is an old name: in Keras 3 it is {layer.typed if layer else today}."
    if layer is not None:
        # Only the names of Keras's modules may stand in front of a layer: `torch.nn.GRU` is another one.
        is_of_keras = not plain.rpartition(".")[0].startswith(("torch", "nn", "flax", "jax"))
        return f"Did you mean {layer.typed}" + (f", or '{word.strip()}(4)'?" if is_of_keras else ", of Keras?")
    near = nearest(word, catalogue.TYPED) or nearest(word, catalogue.known_words())
    return f"Did you mean {near}?" if near else "An expression is a call: 'LSTM(4)'."
