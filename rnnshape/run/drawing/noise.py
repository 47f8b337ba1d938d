"""What is random while a layer is called: dropout, noise, and states that a layer starts from."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from rnnshape.run import engine
from rnnshape.run.drawing.numbers import is_float


@contextlib.contextmanager
def noise(owners: Iterable[Any], key: Sequence[int]) -> Iterator[None]:
    """Have everything random in these layers drawn anew meanwhile, from this key.

    Dropout, noise and random initial states of a run are then independent of those of any other run. The generator
    that Keras has for all layers without one of their own is put aside meanwhile.
    """
    random = np.random.default_rng(key)
    states = {
        id(state): state
        for owner in owners
        for state in getattr(owner, "variables", ())
        if not any(state is weight for weight in getattr(owner, "weights", ()))
    }
    with _common_generator() as common:
        for state in (*states.values(), *common):
            if not is_float(state):
                state.assign(random.integers(1, 2**16, size=tuple(state.shape)).astype(state.dtype))
        yield


@contextlib.contextmanager
def _common_generator() -> Iterator[tuple[Any, ...]]:
    """Put another generator in the place of Keras's own; yield its state.

    Keras has no public name for that place. Where it is called otherwise one day, there is nothing to yield.
    """
    try:
        from keras.src.backend.common import global_state
        from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR
    except ImportError:
        yield ()
        return
    before, ours = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR), _generator()
    global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, ours)
    try:
        yield (ours.state,)
    finally:
        global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, before)


@functools.cache
def _generator() -> Any:
    return engine.load().random.SeedGenerator(0)
