"""What is noted of watched code: which tensors there are, and what the code calls them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from rnnshape import tree
from rnnshape.run.code.machine import Machine
from rnnshape.run.code.world import Made
from rnnshape.run.tensors import dtype_of, is_symbolic, is_tensor, kind_of, shape_of
from rnnshape.run.watching.frames import Frames
from rnnshape.run.watching.history import note_symbolic
from rnnshape.run.watching.lines import is_data, name_of
from rnnshape.run.watching.recomputed import call_of_line

MOST = 1_000
"""Tensors that are noted; a program that goes on making layers is watched no further."""

Way = tuple[tuple[Any, int], ...]


@dataclass(slots=True, eq=False)
class Active:
    """A layer that is being called, with what, and how many watched frames are around the call."""

    layer: Any
    depth: int
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    is_concrete: bool


@dataclass(slots=True)
class Notes:
    """The tensors of watched code, as the interpreter would have them; `is_on`: more are noted."""

    machine: Machine
    frames: Frames
    is_on: bool = True
    active: list[Active] = field(default_factory=list)
    bound: dict[tuple[Way, int, str], Made] = field(default_factory=dict)
    again: dict[Any, list[Any]] = field(default_factory=dict)
    """What a call that was made before returned the last time; it stands for no tensor with values."""

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

    @contextlib.contextmanager
    def _safely(self) -> Iterator[None]:
        """Never fail in the user's code: what cannot be noted ends the watching."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - tensors are objects of anybody's
            self.is_on = False
            last = max((call.line for call in self.machine.world.calls), default=1)
            self.machine.world.skip(last, f"what is called later ({type(error).__name__})")
