"""What happened in one run, written down as a trace: names, axes, words, values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape import tree
from rnnshape.errors import printable
from rnnshape.program_report import FailsLater, Operand, ProgramInput
from rnnshape.run.code.code_program import Values
from rnnshape.run.code.halt import Halt
from rnnshape.run.code.naming import Names
from rnnshape.run.code.outline import outline
from rnnshape.run.code.words import Described, described_tensors
from rnnshape.run.code.world import Called, Made
from rnnshape.run.layer.masks import first_and_last
from rnnshape.run.layer.refusal import clean
from rnnshape.run.tensors import is_hollow, is_tensor, shape_of, tensors_in
from rnnshape.trace import (
    CodeTrace,
    Nested,
    Shape,
    StepKind,
    Stop,
    TracedMask,
    TracedStep,
    TracedTensor,
)

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine


def written(machine: Machine, halt: Halt | None, values: Values) -> CodeTrace:
    """Return the trace of a run that stopped at `halt`, or nowhere."""
    return _Writer(machine, values).trace(halt)


class _Writer:
    def __init__(self, machine: Machine, values: Values) -> None:
        self.machine = machine
        self.world = machine.world
        self.values = values
        # What stands for a tensor that was made before is none itself.
        self.shown = _shown(machine) & set(machine.world.tensors)
        self.steps = [call for call in self.world.calls if any(made in self.shown for made in call.outputs)]
        self.place = {call: at for at, call in enumerate(self.steps)}
        self.words: dict[Made, Described] = described_tensors(self.world)
        rows = [made for made in self.world.tensors if made in self.shown]
        self.names = Names(machine, rows, self.words)
        self.rows = rows
        self.structures = values.draws[0].structures if values.draws else {}
        self.is_cut = any(is_hollow(made.value) for made in self.world.tensors)
        """Whether data was too large to be run whole: then a run returns fewer rows than are declared."""

    def trace(self, halt: Halt | None) -> CodeTrace:
        world, code = self.world, self.machine.main
        return CodeTrace(
            source=code.source,
            lines=code.lines,
            executed=False,
            inputs=tuple(self._input(made) for made in self.rows if made.root is not None and made.alias is None),
            steps=tuple(map(self._step, self.steps)),
            tensors=tuple(map(self._tensor, self.rows)),
            assumed=tuple(world.assumed),
            skipped=tuple(world.skipped),
            masks=tuple(dict.fromkeys(world.masks)),
            parameters=_parameters(world.calls),
            sizes=tuple(self.values.sizes.items()),
            seed=self.machine.seed,
            draws=len(self.values.draws),
            device=self.values.draws[0].device if self.values.draws else "CPU",
            mask=self._mask(),
            stop=None if halt is None else self._stop(halt),
            fails_later=tuple(_failure(call, error) for call, error in self.values.failures.items()),
            outline=outline(self.machine, halt, {made: self.names[made] for made in self.rows}),
        )

    def _mask(self) -> TracedMask | None:
        padding = self.machine.padding
        if padding is None:
            return None
        draws = [draw.masks for draw in self.values.draws]
        if not all(draws) or len({rows.shape for masks in draws for rows in masks}) > 1:
            return TracedMask(given=str(padding.spec))
        steps = [first_and_last(masks[0]) for masks in draws]
        return TracedMask(
            given=str(padding.spec), first=tuple(first for first, _ in steps), last=tuple(last for _, last in steps)
        )

    def _input(self, made: Made) -> ProgramInput:
        return ProgramInput(
            name=self.names[made],
            variable=made.variable,
            line=made.line,
            shape=made.shape,
            axes=self.words[made].axes,
            dtype=made.dtype,
            assumed=made.assumed,
        )

    def _tensor(self, made: Made) -> TracedTensor:
        words = self.words[made]
        call = made.call if made.call in self.place else None
        # Where Keras declares another shape than it returns, the step says so; these values are not this tensor's.
        draws = tuple(draw for draw in self.values.of(made) if _fits(draw, made.shape))
        return TracedTensor(
            name=self.names[made],
            variable=made.variable,
            line=made.line,
            step=None if call is None else self.place[call],
            path=made.path if call is not None else (),
            shape=made.shape,
            axes=words.axes,
            dtype=made.dtype,
            meaning=words.meaning,
            masked=made.masked,
            has_time=words.has_time,
            half=words.half,
            draws=draws,
            unchanged=self._unchanged(made, draws),
            kind=made.kind,
        )

    def _unchanged(self, made: Made, draws: tuple[Any, ...]) -> str | None:
        """Return the tensor that came out of its call as it went in."""
        if made.alias is not None and made.alias in self.shown:
            return self.names[made.alias]
        if made.call is None or made.call.kind is StepKind.FUNCTION or not draws:
            return None
        for before in made.call.inputs:
            others = self.values.of(before)
            if before in self.shown and before.shape == made.shape and _are_equal(draws, others):
                return self.names[before]
        return None

    def _step(self, call: Called) -> TracedStep:
        declared = _structure(call.structure)
        real = None if self.is_cut else _real(self.structures.get(call))
        agrees = real is None or declared is None or tree.agree(declared, real)
        states = call.kwargs.get("initial_state", call.kwargs.get("states"))
        mask = call.kwargs.get("mask")
        own = {id(value) for value in (*tensors_in(states), *tensors_in(mask))}
        return TracedStep(
            line=call.line,
            layer=call.layer,
            name=printable(call.name),
            kind=call.kind,
            inputs=tuple(dict.fromkeys(self._names_of(made for made in call.inputs if id(made.value) not in own))),
            initial_state=self._nested(states),
            mask=next(iter(self._names_of(self._known(mask))), None),
            training=bool(call.kwargs.get("training") or False) if call.kind is not StepKind.FUNCTION else False,
            returns=tuple(self.names[made] for made in call.outputs if made in self.shown),
            parameters=_parameters([call]),
            declared=None if declared is None else tree.as_code(declared),
            returned=None if declared is None else tree.as_code(declared if agrees else real),
            is_shared=call.is_shared,
            calls=call.times,
        )

    def _known(self, value: Any) -> list[Made]:
        return [made for leaf in tensors_in(value) if (made := self.world.made(leaf)) is not None]

    def _names_of(self, tensors: Any) -> list[str]:
        """Return the names of tensors; of one that is not shown, those of what it was made from."""
        found: list[str] = []
        for made in tensors:
            if made in self.shown:
                found.append(self.names[made])
            elif made.alias is not None:
                found += self._names_of([made.alias])
            elif made.call is not None and made.call in self.world.calls:
                found += self._names_of(made.call.inputs)
        return found

    def _nested(self, value: Any) -> Nested | None:
        if value is None or not any(True for _ in tensors_in(value)):
            return None
        if isinstance(value, list | tuple):
            inside = (self._nested(item) for item in value)
            return tuple(item for item in inside if item is not None)
        return next(iter(self._names_of(self._known(value))), None)

    def _stop(self, halt: Halt) -> Stop:
        code = halt.source or self.machine.main
        if code is self.machine.main:
            line, column, end_line, end_column = code.span(halt.node)
        else:
            # The value that was given for a name: the line that uses it.
            line = end_line = self.machine.line
            column, end_column = 0, len(self.machine.main.lines[line - 1])
        message = halt.message if code is self.machine.main else f"{halt.message} ({code.source})"
        return Stop(
            code=halt.code,
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column,
            kind=halt.kind,
            message=_bounded(message),
            hint=None if halt.hint is None else _bounded(halt.hint),
            operands=tuple(self._operand(text, value) for text, value in halt.operands),
        )

    def _operand(self, text: str, value: Any) -> Operand:
        made = self.world.made(value)
        return Operand(code=text, shape=shape_of(value), line=made.line if made is not None else None)


def _bounded(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


_LONGEST = 2_000


def _failure(call: Called, error: Exception) -> FailsLater:
    said = clean(str(error) or str(getattr(error, "message", ""))) or type(error).__name__
    return FailsLater(line=call.line, layer=call.layer, kind=type(error).__name__, message=said)


def _shown(machine: Machine) -> set[Made]:
    """Return the tensors that have a row: what has a name, what layers return, and what goes into them."""
    shown = {made for made in machine.world.tensors if made.variable is not None or made.root == "input"}
    for call in machine.world.calls:
        if call.kind is not StepKind.FUNCTION:
            shown.update(call.outputs)
            shown.update(call.inputs)
    shown.update(made for made in machine.world.tensors if made.kind == "symbolic")
    return shown


def _fits(draw: Any, shape: Shape) -> bool:
    """Tell whether values have the declared shape, but for the batch, of which only some rows may have been run."""
    return len(draw.shape) == len(shape) and all(
        size is None or size == real for size, real in zip(shape[1:], draw.shape[1:], strict=True)
    )


def _are_equal(draws: Any, others: Any) -> bool:
    return len(draws) == len(others) and all(
        one.shape == other.shape and np.array_equal(one, other) for one, other in zip(draws, others, strict=True)
    )


def _parameters(calls: list[Called]) -> int:
    """Return the number of parameters of what the calls call, each weight once."""
    weights = {id(weight): weight for call in calls for weight in getattr(call.owner, "weights", ())}
    return sum(int(np.prod(weight.shape)) for weight in weights.values())


def _structure(value: Any) -> Any:
    try:
        return tree.shapes(value) if all(is_tensor(leaf) for _, leaf in tree.leaves(value)) else None
    except (TypeError, ValueError):
        return None


def _real(value: Any) -> Any:
    """Return the nesting of real shapes, each of which is a tuple of numbers already."""
    if value is None:
        return None
    try:
        return tree.shapes(value)
    except (AttributeError, TypeError, ValueError):
        return None
