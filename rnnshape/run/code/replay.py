"""The values: every call that was noted is made again, with random weights and random inputs, once for each draw."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape import tree
from rnnshape.run.code.arrays import as_array, as_tensor, device_of, is_placeholder
from rnnshape.run.code.tracing import Traced, loops
from rnnshape.run.code.vocabulary import vocabularies
from rnnshape.run.code.world import Called, Made, is_hollow, is_tensor, shape_of
from rnnshape.run.layer.anatomy import is_recurrent
from rnnshape.run.layer.draws import draw_weights
from rnnshape.run.layer.states import reset_states
from rnnshape.trace import Array, StepKind

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_BATCH = (3, 5, 7, 11)
_SIZES = (5, 7, 11, 13, 17, 19, 23, 29)
_LARGEST_BATCH = 64
_ROWS = 4
"""Rows that are kept of data that is too large to be run."""
_SECONDS = 15.0
_MOST_WORK = 1e10
_MOST_NUMBERS = 20_000_000
_MOST_STEPS = 1_000
"""Timesteps that a wrapper runs one by one."""
_LONG = 12
"""Timesteps from which on a layer is traced before it is run."""


@dataclass(slots=True)
class Values:
    """The values of each tensor in each draw, and the sizes that stood in for unknown ones."""

    draws: dict[Made, list[Array]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    count: int = 0
    device: str = "CPU"
    structures: dict[Called, Any] = field(default_factory=dict)
    """What each call returned in the first draw."""
    masked: dict[int, list[Array]] = field(default_factory=dict)
    """The masks that inputs were given, for each draw."""
    graphs: dict[Called, Traced] = field(default_factory=dict)
    """The calls that are traced, and run in every draw."""
    failures: dict[Called, Exception] = field(default_factory=dict)
    """What the calls of layers raised that passed symbolically."""


class _Failed(Exception):
    """A call cannot be made with these sizes."""


def draw_values(machine: Machine, count: int) -> Values:
    """Return the values of all tensors, as far as they can be computed.

    Unknown sizes take small numbers that are all different; where the calls fail with those, equal ones along the time
    axis; where they fail even so, the tensors behind the failing call have no values.
    """
    if count < 1:
        return Values()
    until = time.monotonic() + _SECONDS
    found, failed = _all_draws(machine, count, until, is_alike=False)
    if failed and _has_unknown_sizes(machine):
        alike, _ = _all_draws(machine, count, until, is_alike=True)
        # Sizes that we choose may not fit each other: what fails with both choices is the program's failure.
        both = {call: error for call, error in alike.failures.items() if call in found.failures}
        found = alike if len(alike.draws) > len(found.draws) else found
        found.failures = both
    return found


def _has_unknown_sizes(machine: Machine) -> bool:
    return any(None in made.shape[1:] for made in machine.world.tensors if made.root == "input")


def _all_draws(machine: Machine, count: int, until: float, *, is_alike: bool) -> tuple[Values, bool]:
    values = Values(sizes=_chosen(machine))
    failed = False
    for draw in range(count):
        replay = _Replay(machine, draw, values, until, is_alike=is_alike)
        failed |= replay.run()
        for made, value in replay.known.items():
            values.draws.setdefault(made, []).append(as_array(value))
        values.count += 1
    # A tensor counts only if every draw has it.
    values.draws = {made: arrays for made, arrays in values.draws.items() if len(arrays) == count}
    return values, failed


def _chosen(machine: Machine) -> dict[str, int]:
    """Return the batch of the code's own data where there is one, or a small number that is no other size."""
    roots = [made for made in machine.world.tensors if made.root is not None and made.shape]
    if not any(made.root == "input" and made.shape[0] is None for made in roots):
        return {}
    asked = None if machine.padding is None else machine.padding.size(0)
    if asked is not None:
        return {"batch": asked}
    used = {made for call in machine.world.calls if call.kind is not StepKind.FUNCTION for made in call.inputs}
    used |= {made.alias for made in used if made.alias is not None}
    own = [made.shape[0] for made in roots if made in used and made.shape[0] is not None]
    if own and own[0] <= _LARGEST_BATCH:
        return {"batch": own[0]}
    known = {size for made in machine.world.tensors for size in made.shape if size}
    return {"batch": next((size for size in _BATCH if size not in known), _BATCH[0])}


class _Replay:
    """One draw."""

    def __init__(self, machine: Machine, draw: int, values: Values, until: float, *, is_alike: bool) -> None:
        self.machine = machine
        self.world = machine.world
        self.random = np.random.default_rng([machine.seed, draw])
        self.values = values
        self.draw = draw
        self.until = until
        self.is_alike = is_alike
        self.known: dict[Made, Any] = {}
        self.held = 0
        self.tokens = vocabularies(machine.world)
        self.taken = {size for made in machine.world.tensors for size in made.shape if size}
        self.batches = self._batches()

    def _batches(self) -> int | None:
        return self.values.sizes.get("batch")

    def run(self) -> bool:
        """Make all calls; return whether one failed."""
        self.machine.random = self.random
        for owner in self._owners():
            draw_weights(owner, self.random, self.draw)
            reset_states(owner)
        for made in self.world.tensors:
            if made.root is not None:
                self._start(made)
        failed = False
        for call in self.world.calls:
            failed |= not self._call(call)
        for made in self.world.tensors:
            if made.alias is not None and made.call is None and made.alias in self.known:
                self.known[made] = self.known[made.alias]
        return failed

    def _owners(self) -> Iterator[Any]:
        seen: set[int] = set()
        for call in self.world.calls:
            if call.owner is not None and id(call.owner) not in seen:
                seen.add(id(call.owner))
                yield call.owner

    def _start(self, made: Made) -> None:
        if made.root == "input":
            self.known[made] = self._input(made)
        else:
            value = self._data(made)
            if value is not None:
                self.known[made] = value

    def _input(self, made: Made) -> Any:
        import tensorflow as tf

        shape = tuple(self._size(made, axis, size) for axis, size in enumerate(made.shape))
        if math.prod(shape) > 20_000_000:
            shape = (min(shape[0], _ROWS), *shape[1:])
        numbers, padding = self._numbers(made, shape, made.dtype), self.machine.padding
        if padding is None or not padding.is_for(shape, is_tokens=made in self.tokens):
            return tf.constant(numbers)
        self.values.masked.setdefault(self.draw, []).append(padding.rows(*shape[:2]))
        return padding.masked(made, tf.constant(padding.padded(numbers)))

    def _numbers(self, made: Made, shape: tuple[int, ...], dtype: str) -> Any:
        tokens = self.tokens.get(made)
        if tokens is not None or "int" in dtype:
            most = tokens or 100
            found = self.random.integers(min(1, most - 1), max(most, 1), size=shape)
            return found.astype(dtype if dtype not in {"string", "bool"} else "int32")
        if dtype == "bool":
            return self.random.integers(0, 2, size=shape).astype(bool)
        return self.random.standard_normal(size=shape).astype(
            dtype if "float" in dtype and dtype != "bfloat16" else "float32"
        )

    def _size(self, made: Made, axis: int, size: int | None) -> int:
        if size is not None:
            return size
        asked = None if self.machine.padding is None else self.machine.padding.size(axis)
        if axis == 0:
            return self.values.sizes.setdefault("batch", asked or self.batches or _BATCH[0])
        # Each unknown axis has a size of its own, unless the program needs them alike.
        key = f"axis {axis}" if self.is_alike else f"{made.variable or made.label}.shape[{axis}]"
        if key not in self.values.sizes:
            used = {*self.values.sizes.values(), *self.taken}
            self.values.sizes[key] = asked or next((one for one in _SIZES if one not in used), _SIZES[0])
        return self.values.sizes[key]

    def _data(self, made: Made) -> Any:
        """Return the values of data: drawn anew where it was random, or stands for data; else as the code has it."""
        value = made.value
        if is_hollow(value):
            shape = (min(value.shape[0], _ROWS), *value.shape[1:])
            if math.prod(shape) > 5_000_000:
                return None
            self.values.sizes.setdefault("batch", shape[0])
            return self._numbers(made, shape, made.dtype)
        if made.assumed or (made.feeds and is_placeholder(value, "fiu" if made in self.tokens else "f")):
            whole = tuple(size or 0 for size in shape_of(value))
            return self._like(value, self._numbers(made, whole, made.dtype))
        call = made.call
        if call is not None and call.layer.startswith(("np.random", "tf.random")) and "int" not in made.dtype:
            again = call.target(*call.args, **call.kwargs)
            found = [leaf for _, leaf in tree.leaves(again) if is_tensor(leaf)]
            if len(found) == 1 and shape_of(found[0]) == made.shape:
                return found[0]
        return value

    def _like(self, value: Any, numbers: Any) -> Any:
        import tensorflow as tf

        return numbers if isinstance(value, np.ndarray) else tf.constant(numbers)

    def _call(self, call: Called) -> bool:
        """Make one call again; return whether it could be."""
        if time.monotonic() > self.until or any(self._source(made) not in self.known for made in call.inputs):
            return False
        if self._is_too_large(call):
            return False
        try:
            args, kwargs = tree.mapped(self._value, (call.args, call.kwargs))
            result = self._run(call, args, kwargs)
        except _Failed:
            return False
        except Exception as error:  # noqa: BLE001 - with values the code itself would fail later, or never
            if call.owner is not None:
                self.values.failures.setdefault(call, error)
            return False
        if self.draw == 0:
            self.values.structures[call] = tree.mapped(lambda leaf: shape_of(leaf) if is_tensor(leaf) else leaf, result)
        found = [leaf for _, leaf in tree.leaves(result) if is_tensor(leaf)]
        if len(found) != len(call.outputs):
            return False
        # By order, not by place: Keras declares some tensors bare that it returns in a list.
        if call.owner is not None:
            self.values.device = device_of(found[0]) if found else self.values.device
        for made, leaf in zip(call.outputs, found, strict=True):
            self.known[made] = np.asarray(leaf) if made.kind == "array" else leaf
        return True

    def _is_too_large(self, call: Called) -> bool:
        """Tell whether what the call returns takes too much memory, alone or with all that is there already."""
        batch = self.values.sizes.get("batch", _BATCH[0])
        count = sum(math.prod(size or batch for size in made.shape) for made in call.outputs)
        self.held += count
        return count > _MOST_NUMBERS or self.held > 4 * _MOST_NUMBERS

    def _value(self, leaf: Any) -> Any:
        made = self.world.made(leaf) if is_tensor(leaf) else None
        if made is None:
            return leaf
        return self.known[self._source(made)]

    def _source(self, made: Made) -> Made:
        """Return the tensor that this is another name of, if it has no value of its own."""
        while made not in self.known and made.alias is not None and not made.is_again:
            made = made.alias
        return made

    def _run(self, call: Called, args: Any, kwargs: Any) -> Any:

        if call.owner is None:
            return call.target(*args, **kwargs)
        args, kwargs = tree.mapped(as_tensor, (args, kwargs))
        first = next((leaf for _, leaf in tree.leaves(args) if is_tensor(leaf)), None)
        shape = shape_of(first) if first is not None else ()
        steps = (shape[1] or 1) if len(shape) >= 3 or (len(shape) == 2 and call.kind.value == "model") else 1
        weights = sum(math.prod(weight.shape) for weight in getattr(call.owner, "weights", ()))
        if steps > _MOST_STEPS and not is_recurrent(call.owner):
            raise _Failed
        if weights * (shape[0] or 1 if shape else 1) * steps > _MOST_WORK:
            raise _Failed
        if steps <= _LONG or not loops(call.owner):
            return call.target(*args, **kwargs)
        if call not in self.values.graphs:
            self.values.graphs[call] = Traced(call.target)
        return self.values.graphs[call](args, kwargs)
