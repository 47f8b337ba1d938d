"""Keras and TensorFlow, imported once, on first use and not before."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType

from rnnshape.errors import NoTensorflow

INSTALL_LINE = "python -m pip install tensorflow"

_after_import: list[Callable[[], None]] = []


def is_loaded() -> bool:
    """Tell whether Keras has been imported by `load`."""
    return bool(_loaded)


_loaded: list[ModuleType] = []
_last_log: list[str] = []
_has_run: list[int] = []


def has_run() -> bool:
    """Tell whether an operation may have run in this process; it must not be forked then."""
    return bool(_has_run)


def is_about_to_run() -> None:
    """Note that from here on this process must not be forked."""
    _has_run[:] = [os.getpid()]


def after_import(callback: Callable[[], None]) -> None:
    """Have the callback called once, after the import and before any operation has run (a process may fork then)."""
    _after_import.append(callback)


def load() -> ModuleType:
    """Return the `keras` module, on the TensorFlow backend.

    Raises:
        NoTensorflow: TensorFlow or Keras 3 cannot be imported.

    """
    if not _loaded:
        _loaded.append(_import_keras())
        while _after_import:
            _after_import.pop(0)()
    return _loaded[0]


def _import_keras() -> ModuleType:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    was_enabled = gc.isenabled()
    # The import allocates a million long-lived objects: collecting meanwhile only walks them again and again.
    gc.disable()
    try:
        with quiet():
            import keras
            import tensorflow as tf
    except ImportError as error:
        missing = getattr(error, "name", None) or "tensorflow"
        raise NoTensorflow(
            f"TensorFlow cannot be imported: {error}", hint=f"Install it: {INSTALL_LINE}  (missing: {missing})"
        ) from error
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
    if not hasattr(keras, "__version__") or keras.__version__.startswith("2."):
        message = f"rnnshape needs Keras 3. Received: Keras {getattr(keras, '__version__', 'of unknown version')}"
        raise NoTensorflow(message, hint="python -m pip install --upgrade keras tensorflow")
    # Tiny graphs: the optimizer costs more than it saves, and rounding stays what the layer's own code gives.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    assert isinstance(keras, ModuleType)
    return keras


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what TensorFlow's C++ code logs off descriptor 2, and Python's warnings and prints off stdout.

    What a user's own code prints goes to the real stderr. The log goes to an unnamed temporary file, and is kept for
    `last_log` when the block fails; where no such file can be made, the log is shown.
    """
    import tempfile

    _last_log.clear()
    try:
        sys.stderr.flush()
        saved = os.dup(2)
        held = tempfile.TemporaryFile()  # noqa: SIM115 - it is read after the block when that fails
    except (OSError, ValueError, AttributeError):
        yield
        return
    with contextlib.ExitStack() as stack:
        stack.callback(held.close)
        stack.callback(os.close, saved)
        stack.callback(os.dup2, saved, 2)
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        own = stack.enter_context(open(saved, "w", buffering=1, closefd=False, errors="replace"))
        stack.enter_context(contextlib.redirect_stdout(own))
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            _last_log.append(held.read().decode(errors="replace"))
            raise


def last_log() -> str:
    """Return what TensorFlow logged in the last `quiet` block that failed."""
    return "".join(_last_log)
