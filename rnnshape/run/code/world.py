"""Every tensor of the program and every call that made one, as they come up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnshape import tree
from rnnshape.program_report import Assumed, MaskAt, PassedOver
from rnnshape.run.code.budget import Budget
from rnnshape.run.tensors import dtype_of, is_hollow, is_tensor, kind_of, shape_of, tensors_in
from rnnshape.trace import Path, Shape, StepKind


@dataclass(slots=True, eq=False)
class Made:
    """One tensor. `value` is what the code holds: a symbolic tensor, an eager one or an array.

    `variable` is its name in the code, `depth` how deep in calls it was bound, `line` where. `root` says what the
    program starts from: `input`, `data`. `call` is what made it, `path` where in the return value it was. `alias` is
    the tensor that it is another name of, `is_again` where it is what the same call returned another time. `feeds` is
    set where a layer takes it as its main input.
    """

    value: Any
    shape: Shape
    dtype: str
    kind: str
    line: int
    call: Called | None = None
    path: Path = ()
    root: str | None = None
    variable: str | None = None
    depth: int = 0
    masked: bool = False
    assumed: bool = False
    alias: Made | None = None
    is_again: bool = False
    feeds: bool = False
    label: str = ""
    """The name that an input has in Keras."""


@dataclass(slots=True, eq=False)
class Called:
    """One call. `target` is the layer, model or function; `args` and `kwargs` are as they were passed."""

    line: int
    kind: StepKind
    layer: str
    name: str
    target: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: list[Made] = field(default_factory=list)
    outputs: list[Made] = field(default_factory=list)
    owner: Any = None
    """The layer or model, where the target is a function that calls it."""
    is_shared: bool = False
    structure: Any = None
    times: int = 1
    """How often the call was made, where code was executed."""


@dataclass(slots=True, eq=False)
class World:
    """What there is: tensors in the order in which they were made, and the calls."""

    budget: Budget
    tensors: list[Made] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)
    assumed: list[Assumed] = field(default_factory=list)
    skipped: list[PassedOver] = field(default_factory=list)
    masks: list[MaskAt] = field(default_factory=list)
    known: dict[int, Made] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)
    """Everything whose `id` is used, so that no other object gets it."""
    seen: set[int] = field(default_factory=set)
    """The layers that were called."""
    holders: dict[str, Made] = field(default_factory=dict)
    """The tensor that each name at the top means now."""
    is_recording: bool = True
    masking: Callable[[Any], None] | None = None
    """Gives an input its mask, where one was asked for."""

    def made(self, value: Any) -> Made | None:
        """Return what is known of a tensor."""
        return self.known.get(id(value))

    def add(self, value: Any, line: int, **about: Any) -> Made:
        """Note a new tensor."""
        self.budget.tensor()
        if isinstance(value, np.ndarray) and not is_hollow(value):
            self.budget.hold(value.nbytes)
        if self.masking is not None and about.get("root") == "input":
            self.masking(value)
        masked = getattr(value, "_keras_mask", None) is not None
        made = Made(value, shape_of(value), dtype_of(value), kind_of(value), line, masked=masked, **about)
        self.tensors.append(made)
        self.know(value, made)
        return made

    def know(self, value: Any, made: Made) -> None:
        """Have this object mean that tensor."""
        self.kept.append(value)
        self.known[id(value)] = made

    def tensor(self, value: Any, line: int) -> Made:
        """Return what is known of a tensor; one that is new is data."""
        return self.made(value) or self.add(value, line, root="data")

    def record(self, call: Called, result: Any) -> Any:
        """Note a call and the tensors that it returned."""
        if not self.is_recording:
            return result
        inputs = [self.tensor(leaf, call.line) for leaf in tensors_in((call.args, call.kwargs))]
        call.inputs = list(dict.fromkeys(inputs))
        self.calls.append(call)
        call.structure = result
        for path, leaf in tree.leaves(result):
            if not is_tensor(leaf):
                continue
            before = self.made(leaf)
            if before is not None and before not in call.outputs:
                # It was handed through: the same object comes back.
                call.outputs.append(self._passed(before, call, path))
                continue
            call.outputs.append(self.add(leaf, call.line, call=call, path=path))
        return result

    def _passed(self, before: Made, call: Called, path: Path) -> Made:
        made = Made(before.value, before.shape, before.dtype, before.kind, call.line, call=call, path=path)
        made.alias, made.masked = before, before.masked
        self.tensors.append(made)
        self.known[id(before.value)] = made
        return made

    def bind(self, variable: str, value: Any, line: int, depth: int) -> None:
        """Note that the code calls a tensor so; the outermost name is the one that counts."""
        if not self.is_recording or not is_tensor(value):
            return
        made = self.tensor(value, line)
        if made.variable is None or depth < made.depth:
            made.variable, made.line, made.depth = variable, line, depth
        elif depth == 0 and self.holders.get(variable) is not made:
            other = Made(value, made.shape, made.dtype, made.kind, line, variable=variable, alias=made)
            other.masked = made.masked
            self.tensors.append(other)
            self.known[id(value)] = made = other
        if depth == 0:
            self.holders[variable] = made

    def skip(self, line: int, what: str) -> None:
        """Note that something is passed over, once for each line."""
        if self.is_recording and (said := PassedOver(line=line, what=what)) not in self.skipped:
            self.skipped.append(said)
