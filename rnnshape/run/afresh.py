"""What Keras and NumPy remember from one answer to the next, put back as it was before any.

Keras numbers its layers, and keeps policies and generators, in one place that is nobody's public name; where it is kept
elsewhere one day, nothing is put back, and a process answers once, as always.
"""

from __future__ import annotations

import contextlib
import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnshape.run import engine
from rnnshape.run.layer import memory

_SIMPLE = (bool, int, float, str, type(None))


@dataclass(frozen=True, slots=True)
class Libraries:
    """What Keras and NumPy had in mind when it was looked at."""

    trackers: tuple[dict[str, Any], ...]
    settings: dict[str, Any]
    registered: tuple[dict[Any, Any], ...]
    drawing: Any
    printing: dict[str, Any]

    def put_back(self) -> bool:
        """Put it back, and tell whether all is as it was: no code but Keras's own has run since, and nothing is set."""
        if engine.ran_code():
            return False
        now = look()
        if now is None or self.fixed() != now.fixed():
            return False
        for tracker, kept in zip(_trackers(), self.trackers, strict=True):
            vars(tracker).clear()
            vars(tracker).update(_copied(kept))
        np.random.set_state(self.drawing)  # noqa: NPY002 - the generator that is everybody's
        memory.share_among(1)
        engine.forget_log()
        return True

    def fixed(self) -> tuple[Any, ...]:
        """Return what no layer of Keras's changes."""
        return self.settings, self.registered, self.printing


def look() -> Libraries | None:
    """Return what Keras and NumPy have in mind now; None where it is not found."""
    try:
        from keras.src.backend import config
        from keras.src.saving import object_registration

        trackers = tuple(_copied(vars(one)) for one in _trackers())
        registered = (object_registration.GLOBAL_CUSTOM_OBJECTS, object_registration.GLOBAL_CUSTOM_NAMES)
    except (ImportError, AttributeError):
        return None
    return Libraries(
        trackers=trackers,
        settings={name: value for name, value in vars(config).items() if isinstance(value, _SIMPLE)},
        registered=tuple(map(dict, registered)),
        drawing=np.random.get_state(),  # noqa: NPY002
        printing={**np.get_printoptions(), **np.geterr()},
    )


def tidy() -> None:
    """Give memory back: TensorFlow keeps half a megabyte for each layer of another size, of how its operations ran."""
    with contextlib.suppress(ImportError, AttributeError):
        from tensorflow.python.eager import context

        context.context().clear_kernel_cache()
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)


def _copied(kept: dict[str, Any]) -> dict[str, Any]:
    """Return the same names and values; the lists, sets and dictionaries among these are others."""
    return {name: copy.copy(value) if isinstance(value, (dict, list, set)) else value for name, value in kept.items()}


def _trackers() -> tuple[Any, ...]:
    """Return the objects in which Keras keeps what is global; the second one is not in every version."""
    from keras.src.backend.common import global_state

    found = (global_state.GLOBAL_STATE_TRACKER, getattr(global_state, "GLOBAL_SETTINGS_TRACKER", None))
    return tuple(one for one in found if one is not None)
