"""A block of a Python program that is watched while it runs; and one call of a layer that somebody holds."""

from __future__ import annotations

import contextlib
import linecache
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

from rnnshape.errors import InvalidQuery, RnnshapeError
from rnnshape.program import Code, NotRead, read
from rnnshape.query import DEFAULT_BATCH
from rnnshape.run import engine
from rnnshape.run.code.code_run import CodeRun, Guard
from rnnshape.run.layer.anatomy import is_cell
from rnnshape.run.layer.refusal import refusal
from rnnshape.run.layer.states import accepted_states
from rnnshape.run.tensors import is_symbolic, is_tensor, shape_of, tensors_in
from rnnshape.run.watching.code_of import code_of
from rnnshape.run.watching.execute import stop_of, watched
from rnnshape.run.watching.observer import Observer, observer_for
from rnnshape.run.watching.preserved import preserved
from rnnshape.trace import Stop

_CALL = "<the call>"


class Block:
    """The calls of layers in a block of the code that runs in a frame."""

    def __init__(self, frame: FrameType, *, seed: int) -> None:
        """Get ready to watch; the frame's file is the code."""
        engine.load()
        engine.is_about_to_run()
        self._filename = frame.f_code.co_filename
        self._code = _code_in(self._filename)
        self._observer = observer_for(self._code, self._filename, seed=seed)
        self._stack = contextlib.ExitStack()
        self._frame = frame
        self._stop: Stop | None = None

    def start(self) -> None:
        """Watch from here on."""
        self._stack.enter_context(self._observer.watching(self._frame))

    def end(self, error: BaseException | None) -> None:
        """Watch no more; `error` is what ended the block."""
        self._stack.close()
        if isinstance(error, Exception):
            self._stop = stop_of(error, self._code, self._filename, self._observer.machine.world)

    def run(self) -> CodeRun:
        """Return what happened, with values; the layers are as they were afterwards."""
        return _watched(self._observer, self._stop)


def _code_in(filename: str) -> Code:
    lines = linecache.getlines(filename)
    name = filename.replace("\\", "/").rpartition("/")[2]
    try:
        return read("".join(lines), source=name)
    except NotRead:
        tree = read("").tree
        return Code(name, tuple(line.rstrip("\n") for line in lines), tree)


def _watched(observer: Observer, stop: Stop | None) -> CodeRun:
    owners = [call.owner for call in observer.machine.world.calls if call.owner is not None]
    return watched(observer, stop, guard=keeping(owners))


def keeping(layers: Sequence[Any]) -> Guard:
    """Return what leaves layers as they were after each draw."""

    @contextlib.contextmanager
    def guard() -> Iterator[None]:
        with preserved(layers), engine.quiet():
            yield

    return guard


def call_layer(layer: Any, inputs: Any, given: Mapping[str, Any], *, seed: int) -> CodeRun:
    """Return what one call of a layer gives; the layer is as it was afterwards.

    Args:
        layer: a layer, a cell or a model; of one that is not built, a copy is called.
        inputs: its inputs, nested as it takes them; None for a symbolic tensor of the shape that it was built for.
        given: further arguments of the call: `mask`, `initial_state`, `training`.
        seed: of the random weights and inputs with which values are compared.

    Raises:
        InvalidQuery: nothing says what the input is.
        KerasRefused: Keras refuses the call.

    """
    with preserved([layer]):
        layer = layer if layer.built else _copy(layer)
        inputs = _symbolic(layer) if inputs is None else inputs
        given = _with_states(layer, inputs, given)
        names = {"layer": layer, "inputs": inputs, **given}
        # A cell takes its states behind the input.
        arguments = ", ".join(["inputs", *(name if name == "states" else f"{name}={name}" for name in given)])
        text = f"layer({arguments})"
        observer = observer_for(read(text, source=code_of(layer)), _CALL, seed=seed)
        for name in ("inputs", "initial_state", "states"):
            _name_parts(observer, name, names.get(name))
        try:
            with engine.quiet(), observer.watching():
                exec(compile(text, _CALL, "exec"), names)  # noqa: S102 - the line above
        except Exception as error:
            raise _refused(error, layer) from error
        return _watched(observer, None)


def _with_states(layer: Any, inputs: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call; a cell has states, by default those that it starts from."""
    if not is_cell(layer):
        return dict(given)
    first = next(tensors_in(inputs), None)
    batch = shape_of(first)[0] if first is not None and len(shape_of(first)) else None
    more = {name: value for name, value in given.items() if name != "initial_state"}
    states = given.get("initial_state")
    return {"states": accepted_states(layer, batch or DEFAULT_BATCH) if states is None else states, **more}


def _name_parts(observer: Observer, name: str, value: Any) -> None:
    """Note the tensors that are passed, in order, by name; those of a list as `initial_state_0`."""
    if not isinstance(value, list | tuple):
        if is_tensor(value) and not is_symbolic(value):
            observer.machine.world.add(value, 1, root="data", variable=name)
        return
    for number, part in enumerate(tensors_in(value)):
        if observer.machine.world.made(part) is None and not is_symbolic(part):
            observer.machine.world.add(part, 1, root="data", label=f"{name}_{number}")


def _refused(error: Exception, layer: Any) -> RnnshapeError:
    found = refusal(error, layer=code_of(layer), doing="the call")
    # The hints are about words of the command line, where they name one.
    hint = None if "--" in (found.hint or "") else found.hint
    return type(found)(found.message, hint=hint, layer=found.layer)


def _copy(layer: Any) -> Any:
    """Return a layer like one that is not built yet; of a class that makes no copies, the layer itself."""
    try:
        return type(layer).from_config(layer.get_config())
    except Exception:  # noqa: BLE001 - get_config is code of anybody's
        return layer


def _symbolic(layer: Any) -> Any:
    keras = engine.load()
    known = getattr(layer, "_build_shapes_dict", None) or {}
    shapes = list(known.values())
    if not layer.built or not shapes or not _is_shape(shapes[0]):
        name = type(layer).__name__
        message = f"{name} is not built, so that nothing says which input it takes."
        if layer.built:
            message = f"{name} does not tell for which input it was built."
        raise InvalidQuery(message, hint="Give an input: explore(layer, inputs), such as keras.Input((10, 8)).")
    return keras.Input(batch_shape=(None, *shapes[0][1:]), dtype=_dtype(layer))


def _is_shape(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(size is None or isinstance(size, int) for size in value)


def _dtype(layer: Any) -> str | None:
    return "int32" if isinstance(layer, engine.load().layers.Embedding) else None
