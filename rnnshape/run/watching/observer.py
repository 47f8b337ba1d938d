"""Every call of a layer in the watched code, noted as the interpreter notes it; and what the code calls the tensors."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from rnnshape import tree
from rnnshape.program import Code
from rnnshape.query import Sizes
from rnnshape.run import engine
from rnnshape.run.code.budget import Budget
from rnnshape.run.code.layers import note_call, note_masks
from rnnshape.run.code.machine import Machine
from rnnshape.run.code.words import BATCH
from rnnshape.run.code.world import Called, Made
from rnnshape.run.tensors import dtype_of, is_symbolic, is_tensor, kind_of, shape_of, tensors_in
from rnnshape.run.watching.code_of import code_of
from rnnshape.run.watching.frames import Frames
from rnnshape.run.watching.history import note_symbolic
from rnnshape.run.watching.lines import bound_at, is_data, name_of
from rnnshape.run.watching.recomputed import call_of_line
from rnnshape.trace import StepKind

MOST = 1_000
"""Tensors that are noted; a program that goes on making layers is watched no further."""

Way = tuple[tuple[Any, int], ...]


class _Unbounded(Budget):
    """Code that the user asked to run takes what it takes."""

    def tensor(self) -> None:
        self.tensors += 1

    def hold(self, size: int) -> None:
        self.bytes += size


@dataclass(slots=True, eq=False)
class _Active:
    """A layer that is being called, with what, and how many watched frames are around the call."""

    layer: Any
    depth: int
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    is_concrete: bool


@dataclass(slots=True)
class _Scope:
    """The names of a running frame, with the identity of what they are bound to, and the line that runs."""

    names: dict[str, int]
    line: int


@dataclass(slots=True)
class Observer:
    """Notes what the layers are called with and return while it is `watching`; only in the thread that watches."""

    machine: Machine
    frames: Frames
    is_on: bool = True
    active: list[_Active] = field(default_factory=list)
    calls: dict[tuple[Way, int], Called] = field(default_factory=dict)
    bound: dict[tuple[Way, int, str], Made] = field(default_factory=dict)
    again: dict[Any, list[Any]] = field(default_factory=dict)
    """What a call that was made before returned the last time; it stands for no tensor with values."""
    scopes: dict[FrameType, _Scope] = field(default_factory=dict)
    thread: int = field(default_factory=threading.get_ident)

    @contextlib.contextmanager
    def watching(self, frame: FrameType | None = None) -> Iterator[None]:
        """Watch meanwhile; `frame` is one that runs already."""
        layer = engine.load().layers.Layer
        original = layer.__call__
        layer.__call__ = _hooked(self, original)
        before = sys.gettrace()
        frame_before = frame.f_trace if frame is not None else None
        sys.settrace(self._called)
        if frame is not None:
            self._enter(frame)
            frame.f_trace = self._stepped
        try:
            yield
        finally:
            sys.settrace(before)
            layer.__call__ = original
            if frame is not None:
                frame.f_trace = frame_before
                self._look(frame)
            self.is_on = False
            self.scopes.clear()

    def call(self, layer: Any, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a layer as it was called, and note it."""
        caller = sys._getframe(2)  # noqa: SLF001 - behind the hook
        is_direct = self.is_on and threading.get_ident() == self.thread and self.frames.is_direct(caller)
        frame = self._frame_of_call(caller, is_direct=is_direct)
        if frame is None:
            return original(layer, *args, **kwargs)
        tensors = list(tensors_in((args, kwargs)))
        is_concrete = not any(map(is_symbolic, tensors))
        is_noted = not self._is_a_look() and not isinstance(layer, engine.load().layers.InputLayer)
        if is_noted and (not is_concrete or (self._way(frame), id(layer)) not in self.calls):
            with self._safely():
                for value in tensors:
                    made = self._meet(value, frame)
                    if made.root is None and made.call is None and not (is_direct or self.active):
                        made.label = BATCH
        self.active.append(_Active(layer, len(self.frames.way(frame)), args, kwargs, is_concrete))
        try:
            result = original(layer, *args, **kwargs)
        finally:
            self.active.pop()
        if is_noted and self.is_on:
            with self._safely():
                self._note(layer, args, kwargs, result, frame)
        return result

    def _frame_of_call(self, caller: FrameType, *, is_direct: bool) -> FrameType | None:
        """Return the watched frame that a call comes from: its own ones, and the outermost of Keras's below it."""
        if not self.is_on or threading.get_ident() != self.thread or (self.active and not is_direct):
            return None
        return self.frames.nearest(caller)

    def _is_a_look(self) -> bool:
        """Tell whether Keras only looks at a layer, for its shapes, before a call that is noted anyway."""
        from keras.src.backend.common.symbolic_scope import in_symbolic_scope

        return bool(self.active) and self.active[0].is_concrete and in_symbolic_scope()

    def _note(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any, frame: FrameType) -> None:
        found = list(tensors_in(result))
        if not found:
            return
        if not any(map(is_symbolic, found)):
            key = (self._way(frame), id(layer))
            earlier = self.calls.get(key)
            if earlier is not None:
                earlier.times += 1
                self._repeat(key, earlier.outputs, result)
                return
        keras = engine.load()
        kind = StepKind.MODEL if isinstance(layer, keras.Model) else StepKind.LAYER
        line = self.frames.line(frame)
        call = Called(line, kind, code_of(layer), layer.name, layer, args, kwargs, owner=layer)
        self.machine.world.kept.append(layer)
        note_call(self.machine, call, layer)
        for value in tensors_in(args[:1]):
            self.machine.world.tensor(value, line).feeds = True
        self.machine.world.record(call, result)
        if kwargs.get("mask") is None:
            note_masks(self.machine, call)
        if frame.f_code.co_filename != self.frames.filename:
            # Python tells nothing of the names in code that TensorFlow has rewritten.
            for name, value in bound_at(self.machine.main.tree, line, result):
                self.machine.world.bind(name, value, line, self.frames.depth(frame))
        if not any(map(is_symbolic, found)):
            self.calls[key] = call

    def _way(self, frame: FrameType | None) -> Way:
        """Return the way to a call; inside a layer's own `call` from there, wherever the layer is called from."""
        way = self.frames.way(frame)
        return way[: len(way) - self.active[-1].depth] if self.active else way

    def _repeat(self, key: Any, outputs: list[Made], result: Any) -> None:
        """Have what a call returns for another time be one more value of the same tensor."""
        world = self.machine.world
        for value in self.again.pop(key, ()):
            world.known.pop(id(value), None)
        values = dict(tree.leaves(result))
        kept = []
        for made in outputs:
            value = values.get(made.path)
            if is_tensor(value) and world.made(value) is None:
                world.known[id(value)] = self._stand_in(made, value)
                kept.append(value)
        self.again[key] = kept

    def _stand_in(self, made: Made, value: Any) -> Made:
        other = Made(value, shape_of(value), dtype_of(value), kind_of(value), made.line, variable=made.variable)
        other.alias, other.is_again = made, True
        return other

    # What tensors there are, and what they are called

    def _meet(self, value: Any, frame: FrameType, variable: str | None = None, line: int | None = None) -> Made:
        """Return what is known of a tensor; of a new one, whether the program starts from it is found out."""
        world = self.machine.world
        made = world.made(value)
        if made is not None:
            return made
        line = self.frames.line(frame) if line is None else line
        if is_symbolic(value):
            made = note_symbolic(self.machine, value, line)
        else:
            name = variable or name_of(value, self.frames.around(frame))
            made = world.add(value, line, root="data" if self._is_data(value, frame, name, line) else None)
            if name is not None:
                world.bind(name, value, line, self.frames.depth(frame))
        if len(world.tensors) > MOST:
            self.is_on = False
            world.skip(line, f"more than {MOST:,} tensors")
        return made

    def _is_data(self, value: Any, frame: FrameType, name: str | None, line: int) -> bool:
        if self.active or not (isinstance(value, np.ndarray) or hasattr(value, "numpy")):
            return False
        return is_data(self.machine, self.frames, frame, name, line)

    def _compute(self, name: str, value: Any, line: int, frame: FrameType, before: Mapping[str, int]) -> None:
        """Note a tensor that the line computes from known ones with a library's functions."""
        if is_symbolic(value) or self.machine.world.made(value) is not None:
            return
        if (self._way(frame.f_back), line, name) not in self.bound:
            call = call_of_line(self.machine, frame, name, line, before)
            if call is not None:
                self.machine.world.record(call, value)

    def _bind(self, name: str, value: Any, line: int, frame: FrameType) -> None:
        world = self.machine.world
        made = world.made(value)
        if made is not None and made.is_again:
            return
        key = (self._way(frame.f_back), line, name)
        earlier = self.bound.get(key)
        if earlier is not None and not is_symbolic(value):
            if made is None:
                for before in self.again.pop(key, ()):
                    world.known.pop(id(before), None)
                world.known[id(value)] = self._stand_in(earlier, value)
                self.again[key] = [value]
            return
        made = made or self._meet(value, frame, name, line)
        self.bound[key] = made
        world.bind(name, value, line, self.frames.depth(frame))

    # Where the code is: Python tells of each frame and each line

    def _called(self, frame: FrameType, event: str, _: Any) -> Any:
        if event != "call" or frame.f_code.co_filename != self.frames.filename or not self.is_on:
            return None
        if frame.f_code.co_name.startswith("<") and frame.f_code.co_name != "<module>":
            return None
        if threading.get_ident() != self.thread:
            return None
        with self._safely():
            self._enter(frame)
            self._link(frame)
        return self._stepped

    def _stepped(self, frame: FrameType, event: str, _: Any) -> Any:
        if event in ("line", "return") and self.is_on:
            with self._safely():
                self._look(frame)
            if event == "return":
                self.scopes.pop(frame, None)
        return self._stepped

    def _enter(self, frame: FrameType) -> None:
        names = {name: id(value) for name, value in list(frame.f_locals.items())}
        self.scopes[frame] = _Scope(names, frame.f_lineno or 1)

    def _look(self, frame: FrameType) -> None:
        """Note the names that the line has bound to tensors."""
        scope = self.scopes.get(frame)
        if scope is None or self._is_a_look():
            return
        before = dict(scope.names)
        for name, value in list(frame.f_locals.items()):
            if scope.names.get(name) != id(value):
                scope.names[name] = id(value)
                if is_tensor(value) and not name.startswith("__"):
                    self._compute(name, value, scope.line, frame, before)
                    self._bind(name, value, scope.line, frame)
        scope.line = frame.f_lineno or scope.line

    def _link(self, frame: FrameType) -> None:
        """Have the arguments of a layer's own `call` mean the tensors that the layer was called with.

        Keras converts them on the way.
        """
        if not self.active or frame.f_code.co_name != "call":
            return
        active = self.active[-1]
        given = list(frame.f_locals.items())
        if not given or given[0][1] is not active.layer:
            return
        outside: Mapping[str, Any] = {
            **dict(zip((name for name, _ in given[1:]), active.args, strict=False)),
            **active.kwargs,
        }
        for name, value in given[1:]:
            before = dict(tree.leaves(outside.get(name)))
            for path, leaf in tree.leaves(value):
                made = self.machine.world.made(before[path]) if is_tensor(before.get(path)) else None
                if made is not None and is_tensor(leaf) and self.machine.world.made(leaf) is None:
                    self.machine.world.know(leaf, made)

    @contextlib.contextmanager
    def _safely(self) -> Iterator[None]:
        """Never fail in the user's code: what cannot be noted ends the watching."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - tensors are objects of anybody's
            self.is_on = False
            last = max((call.line for call in self.machine.world.calls), default=1)
            self.machine.world.skip(last, f"what is called later ({type(error).__name__})")


def observer_for(code: Code, filename: str, *, seed: int = 0) -> Observer:
    """Return an observer of the code in a file."""
    machine = Machine(code, {}, seed=seed, sizes=Sizes())
    machine.budget = machine.world.budget = _Unbounded()
    return Observer(machine, Frames(filename))


def _hooked(observer: Observer, original: Callable[..., Any]) -> Callable[..., Any]:
    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N807 - it stands in for it
        return observer.call(self, original, args, kwargs)

    return __call__
