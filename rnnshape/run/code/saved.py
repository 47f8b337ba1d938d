"""A saved model -> a trace: its configuration alone is read, for the weights say nothing of the shapes.

A file may come from anybody. What its configuration names is looked at first: nothing but Keras's own classes, and
those that the user names, is ever made; a Lambda carries code of its own, and is refused.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnnshape.errors import InvalidQuery, KerasRefused, RnnshapeError, said_by
from rnnshape.expression import parse
from rnnshape.program import read
from rnnshape.query import Sizes
from rnnshape.run import engine
from rnnshape.run.code.code_run import CodeRun, Guard, drawn
from rnnshape.run.code.construction import guarded
from rnnshape.run.code.halt import TooMuch
from rnnshape.run.code.machine import Machine
from rnnshape.run.layer.refusal import clean
from rnnshape.run.layer.users import users_class
from rnnshape.run.watching.history import note_symbolic
from rnnshape.trace import CodeTrace, StepKind, TracedStep

_MOST = 64_000_000
"""Bytes of a configuration."""
_DEEPEST = 80
_REFUSED = frozenset({"Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "FlaxLayer", "JaxLayer", "function"})
"""What carries code, or reaches for files."""
_PLAIN = frozenset(
    {"__tuple__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__", "__keras_tensor__"}
)


def load(path: Path, classes: Mapping[str, str] | None = None) -> Any:
    """Return the model that a file describes, with random weights.

    Args:
        path: a `.keras` or a `.h5` file.
        classes: where the classes are that are not Keras's own, by name: `path/to/file.py:Class`.

    Raises:
        InvalidQuery: there is no such file, or it holds no model that is read.
        KerasRefused: Keras cannot make the model.
        NoTensorflow: TensorFlow cannot be imported.

    """
    config = _configuration(path)
    known = {name: users_class(parse(f"{place}()")) for name, place in (classes or {}).items()}
    registered = dict(_checked(config, known, path.name))
    keras = engine.load()
    engine.is_about_to_run()
    machine = Machine(read("", source=path.name), {}, seed=0, sizes=Sizes())
    try:
        with engine.quiet(), guarded(machine):
            model = _made(config, {**known, **registered})
    except TooMuch as error:
        raise InvalidQuery(f"{path.name}: {error}", hint="It is too large to be made here.") from error
    except RnnshapeError:
        raise
    except Exception as error:
        said = clean(said_by(error)) or type(error).__name__
        raise KerasRefused(f"Keras cannot make the model in {path.name}: {said}") from error
    if not isinstance(model, keras.Model):
        raise InvalidQuery(f"{path.name} holds a {type(model).__name__}, and no model.")
    return model


def _made(config: dict[str, Any], classes: dict[str, Any]) -> Any:
    """Return the model of a configuration; a HDF5 file has that of older versions, without modules."""
    if "module" in config:
        return engine.load().saving.deserialize_keras_object(config, classes, safe_mode=True)
    from keras.src.legacy.saving.saving_utils import model_from_config
    from keras.src.saving.serialization_lib import SafeModeScope

    with SafeModeScope(safe_mode=True):
        return model_from_config(config, custom_objects=classes)


def _configuration(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            start = file.read(8)
        text = (
            _of_archive(path) if start.startswith(b"PK") else _of_hdf5(path) if start == b"\x89HDF\r\n\x1a\n" else None
        )
    except FileNotFoundError:
        raise InvalidQuery(f"There is no file {path.name}.", hint="Give its path from here.") from None
    except (OSError, zipfile.BadZipFile, KeyError, RuntimeError, ValueError, NotImplementedError) as error:
        raise _broken(path, str(error).strip("'\"")) from error
    if text is None:
        raise _broken(path, "it is neither a .keras archive nor HDF5")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _broken(path, f"its configuration is no JSON ({type(error).__name__})") from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise _broken(path, "its configuration is that of no model")
    # How it was trained says nothing of its shapes.
    return {**config, "compile_config": None}


def _broken(path: Path, why: str) -> InvalidQuery:
    return InvalidQuery(
        f"{path.name} is no saved model that can be read: {why.splitlines()[0] if why else 'it is broken'}.",
        hint="Save it anew: model.save('model.keras')",
    )


def _of_archive(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo("config.json").file_size > _MOST:
            raise ValueError("its configuration is too large")
        with archive.open("config.json") as file:
            # What the archive says of its sizes may be untrue.
            return file.read(_MOST)


def _of_hdf5(path: Path) -> str | bytes:
    import h5py  # type: ignore[import-untyped]  # it has none

    with h5py.File(path, "r") as file:
        found = file.attrs.get("model_config")
    if not isinstance(found, str | bytes):
        raise KeyError("it holds weights alone, and not which layers they belong to")
    return found


def _checked(config: Any, known: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """Yield the classes by the names under which they were registered.

    Raises:
        InvalidQuery: something in the file carries code, or is a class that is not known.

    """
    waiting = [(config, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > _DEEPEST:
            raise InvalidQuery(f"{name} is nested more than {_DEEPEST} deep.")
        if isinstance(value, dict):
            waiting += [(item, depth + 1) for item in value.values()]
            if isinstance(value.get("class_name"), str):
                yield from _registered(value, known, name)
        elif isinstance(value, list):
            waiting += [(item, depth + 1) for item in value]


def _registered(value: dict[str, Any], known: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    cls, module = value["class_name"], value.get("module")
    if cls in _REFUSED:
        what = "a Lambda layer, which carries code of its own" if "ambda" in cls else f"a {cls}, which is not read"
        message = f"{name} has {what}: reading a file never runs code."
        hint = "--run a script that loads it, if you trust it." if "ambda" in cls else None
        raise InvalidQuery(message, hint=hint)
    if _reaches_for_files(value.get("config")):
        raise InvalidQuery(f"{name} has a {cls} that reads a file: reading a model never reaches for another file.")
    if cls in known:
        yield str(value.get("registered_name") or cls), known[cls]
    elif cls in _PLAIN or _is_keras(cls, module):
        return
    elif module is None and any(hasattr(one, cls) for one in _operations()):
        message = f"{name} has the operation {cls}, which Keras itself does not read from a HDF5 file."
        raise InvalidQuery(message, hint="Save the model as an archive: model.save('model.keras')")
    else:
        hint = f"Say where it is: --let {cls}=path/to/file.py:{cls}"
        raise InvalidQuery(f"{name} has a {cls}, which is not Keras's own.", hint=hint)


def _operations() -> list[Any]:
    names = ("numpy", "core", "math", "nn", "linalg", "image")
    return [sys.modules.get(f"keras.src.ops.{name}") for name in names]


def _is_keras(cls: str, module: object) -> bool:
    """Tell whether a class is one of Keras's own that a model is made of; older files do not say their modules."""
    keras = engine.load()
    whose = "" if module is None else str(module)
    if whose and whose.split(".")[0] != "keras":
        return False
    places = [keras, keras.layers, keras.initializers, keras.regularizers, keras.constraints, keras.dtype_policies]
    places += [keras.models, keras.random, sys.modules.get(whose or "keras.src.models.functional")]
    found = next((getattr(place, cls) for place in places if hasattr(place, cls)), None)
    parts = (
        keras.Operation,
        keras.initializers.Initializer,
        keras.regularizers.Regularizer,
        keras.constraints.Constraint,
        keras.dtype_policies.DTypePolicy,
        keras.random.SeedGenerator,
    )
    return isinstance(found, type) and issubclass(found, parts)


def _reaches_for_files(config: Any) -> bool:
    vocabulary = config.get("vocabulary") if isinstance(config, dict) else None
    return isinstance(vocabulary, str)


def describe(model: Any, source: str, *, seed: int = 0, guard: Guard = engine.quiet) -> CodeRun:
    """Return every tensor on its way through a model, as the code that makes them.

    Raises:
        InvalidQuery: the model does not say which layers it calls on what.

    """
    inputs, outputs = _ends(model, source)
    machine = Machine(read("", source=source), {}, seed=seed, sizes=Sizes())
    with guard():
        for tensor in (*inputs, *outputs):
            note_symbolic(machine, tensor, 1)
    return drawn(machine, finish=_with_lines, guard=guard)


def is_described(layer: Any) -> bool:
    """Tell whether a layer is a model that says which layers it calls on what."""
    keras = engine.load()
    is_own = not type(layer).__module__.startswith("keras.") and type(layer).call is not keras.Sequential.call
    return isinstance(layer, keras.Model) and not is_own and bool(getattr(layer, "inputs", None))


def _ends(model: Any, source: str) -> tuple[list[Any], list[Any]]:
    keras = engine.load()
    try:
        inputs, outputs = model.inputs, model.outputs
    except (AttributeError, ValueError):
        inputs = outputs = None
    if inputs and outputs:
        return keras.tree.flatten(inputs), keras.tree.flatten(outputs)
    if isinstance(model, keras.Sequential):
        raise InvalidQuery(
            f"{source} is a Sequential without an input: nothing says which shapes go in.",
            hint="Add keras.Input((10, 8)) as its first layer, or call it once.",
        )
    raise InvalidQuery(
        f"{source} is a {type(model).__name__}, a subclass of Model: only its code says which layers it calls on what.",
        hint="--run a script that calls it.",
    )


def _with_lines(trace: CodeTrace) -> CodeTrace:
    """Return the trace with a line of code for each input and for each call."""
    lines = [f"{one.name} = Input(batch_shape={one.shape}{_dtype(one.dtype)})" for one in trace.inputs]
    first = len(lines) + 1
    lines += map(_line, trace.steps)
    at = {one.name: number for number, one in enumerate(trace.inputs, 1)}
    tensors = tuple(
        replace(one, line=at.get(one.name, 1) if one.step is None else first + one.step) for one in trace.tensors
    )
    return replace(
        trace,
        is_model=True,
        lines=tuple(lines),
        inputs=tuple(replace(one, line=at[one.name]) for one in trace.inputs),
        steps=tuple(replace(one, line=first + number) for number, one in enumerate(trace.steps)),
        tensors=tensors,
        masks=tuple(replace(one, line=_line_of(one.layer, trace, first)) for one in trace.masks),
    )


def _line_of(layer: str, trace: CodeTrace, first: int) -> int:
    return first + next((at for at, step in enumerate(trace.steps) if step.layer == layer), 0)


def _dtype(dtype: str) -> str:
    return "" if dtype == "float32" else f", dtype={dtype!r}"


def _line(step: TracedStep) -> str:
    inputs = step.inputs[0] if len(step.inputs) == 1 else f"[{', '.join(step.inputs)}]"
    states = "" if step.initial_state is None else f", initial_state={_code(step.initial_state)}"
    called = f"{step.layer}({inputs}{states})" if step.kind is not StepKind.FUNCTION else f"{step.layer}()({inputs})"
    return f"{', '.join(step.returns)} = {called}"


def _code(names: Any) -> str:
    return names if isinstance(names, str) else f"[{', '.join(map(_code, names))}]"
