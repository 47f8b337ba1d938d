"""Keras and TensorFlow, imported once, on first use and not before."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import IO

from rnnshape.errors import NoTensorflow, RnnshapeError

INSTALL_LINE = "python -m pip install tensorflow"
BACKEND = "tensorflow"
_CHOICE = "KERAS_BACKEND"

_MOST_THREADS = 100
"""As many as are tried at most: with hundreds of cores TensorFlow has more, but who has those has threads enough."""


@dataclass(slots=True)
class _Process:
    """What this process has done so far."""

    keras: ModuleType | None = None
    """The module, once it is imported."""
    after_import: list[Callable[[], None]] = field(default_factory=list)
    ran_in: int | None = None
    """The process in which an operation may have run: this one, or the one that this one was forked from."""
    ran_code: bool = False
    last_log: str = ""


_process = _Process()


def is_loaded() -> bool:
    """Tell whether Keras has been imported by `load`."""
    return _process.keras is not None


def has_run() -> bool:
    """Tell whether an operation may have run in this process; it must not be forked then."""
    return _process.ran_in is not None


def is_about_to_run(*, only_layers: bool = False) -> None:
    """Note that from here on this process must not be forked; with `only_layers`, that nothing runs but Keras's own."""
    _process.ran_in = os.getpid()
    if not only_layers:
        runs_code()


def runs_code() -> None:
    """Note that code runs that is not Keras's own: what it leaves changed is not known."""
    _process.ran_code = True


def ran_code() -> bool:
    """Tell whether code has run in this process that is not Keras's own."""
    return _process.ran_code


def use_one_thread() -> None:
    """Have operations run in one thread: for a process that shares the cores with others, before its first one."""
    import tensorflow as tf

    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)


def after_import(callback: Callable[[], None]) -> None:
    """Have the callback called once, after the import and before any operation has run (a process may fork then)."""
    _process.after_import.append(callback)


def load() -> ModuleType:
    """Return the `keras` module, on the TensorFlow backend.

    Raises:
        NoTensorflow: TensorFlow or Keras 3 cannot be imported.
        RnnshapeError: this process may not start enough threads.

    """
    if _process.keras is None:
        _expect_threads()
        _process.keras = _import_keras()
        while _process.after_import:
            _process.after_import.pop(0)()
    return _process.keras


def _expect_threads() -> None:
    """Start as many threads as TensorFlow and OpenBLAS are going to; without them, these end the process wordlessly.

    Raises:
        RnnshapeError: the system refuses.

    """
    enough = threading.Event()
    waiting: list[threading.Thread] = []
    wanted = min(3 * (os.cpu_count() or 1) + 2, _MOST_THREADS)
    try:
        for _ in range(wanted):
            thread = threading.Thread(target=enough.wait, daemon=True)
            thread.start()
            waiting.append(thread)
    except RuntimeError as error:
        message = f"TensorFlow needs about {wanted} threads; the system lets this process start {len(waiting)}."
        raise RnnshapeError(
            message, hint="ulimit -u, or the container's limit of processes, has to be higher."
        ) from error
    finally:
        enough.set()
        for thread in waiting:
            thread.join()


def _import_keras() -> ModuleType:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    was_enabled = gc.isenabled()
    # The import allocates a million long-lived objects: collecting meanwhile only walks them again and again.
    gc.disable()
    try:
        with quiet(importing=True), _backend_of_ours():
            import keras
            import tensorflow as tf
    except ModuleNotFoundError as error:
        raise NoTensorflow(f"TensorFlow cannot be imported: {error}", hint=f"Install it: {INSTALL_LINE}") from error
    except Exception as error:  # a broken installation, a broken keras.json, too little memory
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        message = f"TensorFlow cannot be imported: {said}"
        raise NoTensorflow(message, hint="python -c 'import keras' shows all of it.") from error
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
    if not hasattr(keras, "__version__") or keras.__version__.startswith("2."):
        message = f"rnnshape needs Keras 3. Received: Keras {getattr(keras, '__version__', 'of unknown version')}"
        raise NoTensorflow(message, hint="python -m pip install --upgrade keras tensorflow")
    if keras.config.backend() != BACKEND:
        message = f"rnnshape runs Keras on TensorFlow. Received: Keras, imported already, on {keras.config.backend()}"
        raise NoTensorflow(
            message, hint="Start a new Python, and set KERAS_BACKEND=tensorflow before it imports keras."
        )
    # Tiny graphs: the optimizer costs more than it saves, and rounding stays what the layer's own code gives.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    assert isinstance(keras, ModuleType)
    return keras


@contextlib.contextmanager
def _backend_of_ours() -> Iterator[None]:
    """Have Keras choose TensorFlow meanwhile. The user's own choice stays in the environment, to be told."""
    chosen = os.environ.get(_CHOICE)
    os.environ[_CHOICE] = BACKEND
    try:
        yield
    finally:
        if chosen is None:
            del os.environ[_CHOICE]
        else:
            os.environ[_CHOICE] = chosen


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend that the user has chosen for Keras, and where: a variable, or the path of a file."""

    backend: str
    where: str


def passed_over() -> Choice | None:
    """Return the user's choice of a backend where that is not TensorFlow; the variable counts more than the file."""
    chosen, where = os.environ.get(_CHOICE), _CHOICE
    if not chosen:
        home = os.environ.get("KERAS_HOME") or str(Path("~/.keras").expanduser())
        where = os.path.join(home, "keras.json")  # noqa: PTH118 - shown as it was given
        chosen = _backend_in(where)
    return None if not chosen or chosen == BACKEND else Choice(chosen, where)


def _backend_in(path: str) -> str | None:
    """Return the backend that Keras's configuration file names, if one can be read in it."""
    try:
        config = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    named = config.get("backend") if isinstance(config, dict) else None
    return named if isinstance(named, str) else None


@contextlib.contextmanager
def quiet(*, importing: bool = False) -> Iterator[None]:
    """Keep what TensorFlow's C++ code logs off descriptor 2, and everything off descriptor 1.

    What a user's own code prints, on whichever stream, goes to the real stderr. The log goes to an unnamed temporary
    file, and is kept for `last_log` when the block fails; where no such file can be made, the log is shown.

    Args:
        importing: whether modules are imported that may keep `sys.stderr` for later.

    """
    import tempfile

    _process.last_log = ""
    with contextlib.ExitStack() as stack:
        try:
            stderr = os.dup(2)
            held = tempfile.TemporaryFile()  # noqa: SIM115 - the stack closes it
        except OSError:
            yield
            return
        stack.callback(held.close)
        stack.callback(os.close, stderr)
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        own = open(stderr, "w", buffering=1, closefd=False, errors="replace")  # noqa: SIM115 - the stack closes it
        stack.callback(_close, own)
        stack.enter_context(_standing_in(own, "stdout", "__stdout__"))
        if not importing:
            stack.enter_context(_standing_in(own, "stderr", "__stderr__"))
        for number, instead in ((1, stderr), (2, held.fileno())):
            stack.enter_context(_redirected(number, instead))
        try:
            yield
        except BaseException:
            held.seek(0)
            _process.last_log = held.read().decode(errors="replace")
            raise


def _close(stream: IO[str]) -> None:
    """Close a stream, unless its buffer was taken away."""
    with contextlib.suppress(ValueError):
        stream.close()


@contextlib.contextmanager
def _standing_in(stream: IO[str], *names: str) -> Iterator[None]:
    """Have these of the streams of `sys` be another one meanwhile: whoever closes it, the real ones stay open."""
    before = {name: getattr(sys, name) for name in names}
    for name in names:
        setattr(sys, name, stream)
    try:
        yield
    finally:
        for name, real in before.items():
            setattr(sys, name, real)


@contextlib.contextmanager
def _redirected(number: int, instead: int) -> Iterator[None]:
    """Have a descriptor mean another file meanwhile; a closed one stays closed."""
    try:
        before = os.dup(number)
    except OSError:
        yield
        return
    try:
        os.dup2(instead, number)
        yield
    finally:
        os.dup2(before, number)
        os.close(before)


def forget_log() -> None:
    """Forget what was logged: it is nothing to the next one who asks."""
    _process.last_log = ""


def last_log() -> str:
    """Return what TensorFlow logged in the last `quiet` block that failed."""
    return _process.last_log
