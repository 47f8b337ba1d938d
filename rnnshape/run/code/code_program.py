"""Code as a program that can be run again: every call that was noted is made with random weights and inputs."""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape import tree
from rnnshape.run.code.starts import chosen_batch, start_of
from rnnshape.run.code.vocabulary import vocabularies
from rnnshape.run.code.world import Called, Made
from rnnshape.run.drawing import Draw, draw_in_range
from rnnshape.run.drawing.graphs import Traced
from rnnshape.run.drawing.numbers import masking_values
from rnnshape.run.layer.anatomy import is_recurrent
from rnnshape.run.layer.eager_or_traced import EAGER_STEPS, loops
from rnnshape.run.tensors import as_array, as_tensor, device_of, is_tensor, shape_of, tensors_in
from rnnshape.trace import Array

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_SECONDS = 15.0
_MOST_WORK = 1e10
_MOST_NUMBERS = 20_000_000
_MOST_STEPS = 1_000
"""Timesteps that a wrapper runs one by one."""
_EAGER_STEPS = EAGER_STEPS // 2
"""Here both draws have all timesteps, so that tracing pays at half as many."""


@dataclass(slots=True)
class CodeDraw:
    """The values of one draw, by tensor, as far as they can be computed.

    `structures` is what each call returned, as nested shapes; `masks` are those that inputs were given; `failures` are
    what the calls of layers raised that passed symbolically. `is_cut`: time or memory did not suffice for all calls.
    """

    calm: int = 0
    values: dict[Made, Array] = field(default_factory=dict)
    structures: dict[Called, Any] = field(default_factory=dict)
    masks: list[Array] = field(default_factory=list)
    failures: dict[Called, Exception] = field(default_factory=dict)
    device: str = "CPU"
    is_cut: bool = False
    has_failed: bool = False

    def of_layers(self) -> Iterator[Array]:
        """Return what layers returned; nothing of a draw that was cut, so that it is not made again."""
        if not self.is_cut:
            calls = ((made.call, array) for made, array in self.values.items())
            yield from (array for call, array in calls if call is not None and call.owner is not None)


class _NotRun(Exception):
    """A call takes too long with these sizes."""


class CodeProgram:
    """The calls that were noted, with the sizes that stand in for unknown ones.

    Unknown sizes take small numbers that are all different or, where `is_alike`, equal ones along the time axis.
    """

    def __init__(self, machine: Machine, *, is_alike: bool = False) -> None:
        """Take the run whose calls are made again."""
        self.machine = machine
        self.world = machine.world
        self.seed = machine.seed
        self.has_noise = True
        self.mark = zlib.crc32("\n".join(machine.main.lines).encode())
        self.is_alike = is_alike
        self.until = time.monotonic() + _SECONDS
        self.sizes = chosen_batch(machine)
        self.tokens = vocabularies(machine.world)
        owners = (call.owner for call in self.world.calls)
        self.owners: Sequence[Any] = list({id(owner): owner for owner in owners if owner is not None}.values())
        self.masking_values = masking_values(self.owners)
        self._graphs: dict[Called, Traced] = {}

    def known(self, number: int, calm: int) -> CodeDraw | None:  # noqa: ARG002
        """Return nothing: the tensors of code are its own."""
        return None

    def run(self, draw: Draw) -> CodeDraw:
        """Make all calls; where one cannot be made, the tensors behind it have no values."""
        self.machine.random = draw.random
        return _OneDraw(self, draw).run()

    def call(self, call: Called, args: Any, kwargs: Any) -> Any:
        """Return what a call returns; that of a layer that loops is traced once, and run in every draw.

        Raises:
            _NotRun: it would take too long.

        """
        if call.owner is None:
            return call.target(*args, **kwargs)
        args, kwargs = tree.mapped(as_tensor, (args, kwargs))
        shape = shape_of(next(tensors_in(args), np.empty(())))
        steps = (shape[1] or 1) if len(shape) >= 3 or (len(shape) == 2 and call.kind.value == "model") else 1
        weights = sum(math.prod(weight.shape) for weight in getattr(call.owner, "weights", ()))
        if steps > _MOST_STEPS and not is_recurrent(call.owner):
            raise _NotRun
        if weights * (shape[0] or 1 if shape else 1) * steps > _MOST_WORK:
            raise _NotRun
        if steps <= _EAGER_STEPS or not loops(call.owner):
            return call.target(*args, **kwargs)
        return self._graphs.setdefault(call, Traced(call.target))(*args, **kwargs)


class _OneDraw:
    """One draw while it is made: the values are tensors as the calls take and return them."""

    def __init__(self, program: CodeProgram, draw: Draw) -> None:
        self.program = program
        self.world = program.world
        self.draw = draw
        self.found = CodeDraw(calm=draw.calm)
        self.known: dict[Made, Any] = {}
        self.held = 0

    def run(self) -> CodeDraw:
        for made in self.world.tensors:
            if (
                made.root is not None
                and (value := start_of(made, self.program, self.draw, self.found.masks)) is not None
            ):
                self.known[made] = value
        for call in self.world.calls:
            self.found.has_failed |= not self._call(call)
        for made in self.world.tensors:
            if made.alias is not None and made.call is None and made.alias in self.known:
                self.known[made] = self.known[made.alias]
        self.found.values = {made: as_array(value) for made, value in self.known.items()}
        return self.found

    def _call(self, call: Called) -> bool:
        """Make one call; return whether it could be made."""
        if any(self._source(made) not in self.known for made in call.inputs):
            return False
        if time.monotonic() > self.program.until or self._is_too_large(call):
            self.found.is_cut = True
            return False
        try:
            args, kwargs = tree.mapped(self._value, (call.args, call.kwargs))
            result = self.program.call(call, args, kwargs)
        except _NotRun:
            self.found.is_cut = True
            return False
        except Exception as error:  # noqa: BLE001 - with values the code itself would fail later, or never
            if call.owner is not None:
                self.found.failures.setdefault(call, error)
            return False
        self.found.structures[call] = tree.mapped(lambda leaf: shape_of(leaf) if is_tensor(leaf) else leaf, result)
        return self._note(call, list(tensors_in(result)))

    def _note(self, call: Called, found: Sequence[Any]) -> bool:
        """Note what a call returned, by order: Keras declares some tensors bare that it returns in a list."""
        if len(found) != len(call.outputs):
            return False
        if call.owner is not None and found:
            self.found.device = device_of(found[0])
        for made, leaf in zip(call.outputs, found, strict=True):
            self.known[made] = np.asarray(leaf) if made.kind == "array" else leaf
        return True

    def _is_too_large(self, call: Called) -> bool:
        """Tell whether what the call returns takes too much memory, alone or with all that is there already."""
        batch = self.program.sizes.get("batch", 1)
        count = sum(math.prod(size or batch for size in made.shape) for made in call.outputs)
        self.held += count
        return count > _MOST_NUMBERS or self.held > 4 * _MOST_NUMBERS

    def _value(self, leaf: Any) -> Any:
        made = self.world.made(leaf) if is_tensor(leaf) else None
        return leaf if made is None else self.known[self._source(made)]

    def _source(self, made: Made) -> Made:
        """Return the tensor that this is another name of, if it has no value of its own."""
        while made not in self.known and made.alias is not None and not made.is_again:
            made = made.alias
        return made


@dataclass(frozen=True, slots=True)
class Values:
    """The draws so far, and the program that they are of; None where no values are drawn."""

    program: CodeProgram | None = None
    draws: tuple[CodeDraw, ...] = ()
    failures: dict[Called, Exception] = field(default_factory=dict)

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes that stood in for unknown ones."""
        return self.program.sizes if self.program is not None else {}

    def of(self, made: Made) -> tuple[Array, ...]:
        """Return the values of a tensor in each draw; none where one draw has none."""
        found = tuple(draw.values[made] for draw in self.draws if made in draw.values)
        return found if len(found) == len(self.draws) else ()

    def with_more(self, count: int) -> Values:
        """Return the same with so many more draws; these alone, where more of them cannot be made in time."""
        if self.program is None:
            return self
        self.program.until = time.monotonic() + _SECONDS
        first = len(self.draws)
        more = draw_in_range(self.program, range(first, first + count), calm=self.draws[0].calm)
        is_whole = all(draw.values.keys() >= self.draws[0].values.keys() for draw in more)
        return replace(self, draws=(*self.draws, *more)) if is_whole else self


def draw_values(machine: Machine, count: int) -> Values:
    """Return the values of all tensors in so many draws, as far as they can be computed.

    Where calls fail with unknown sizes that are all different, equal ones along the time axis are tried.
    """
    if count < 1:
        return Values()
    found = _drawn(machine, count, is_alike=False)
    if any(draw.has_failed for draw in found.draws) and _has_unknown_sizes(machine):
        alike = _drawn(machine, count, is_alike=True)
        # Sizes that we choose may not fit each other: what fails with both choices is the program's failure.
        both = {call: error for call, error in alike.failures.items() if call in found.failures}
        better = alike if _count(alike) > _count(found) else found
        return replace(better, failures=both)
    return found


def _drawn(machine: Machine, count: int, *, is_alike: bool) -> Values:
    program = CodeProgram(machine, is_alike=is_alike)
    draws = tuple(draw_in_range(program, range(count)))
    failures = {call: error for draw in reversed(draws) for call, error in draw.failures.items()}
    return Values(program, draws, failures)


def _count(values: Values) -> int:
    return min(len(draw.values) for draw in values.draws)


def _has_unknown_sizes(machine: Machine) -> bool:
    return any(None in made.shape[1:] for made in machine.world.tensors if made.root == "input")
