"""One run of code: interpreted for the shapes, run for the values, written down as a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from rnnshape.mask import MaskSpec
from rnnshape.program import Code
from rnnshape.query import Sizes
from rnnshape.run import engine
from rnnshape.run.code.code_program import Values, draw_values
from rnnshape.run.code.halt import Halt, Returned
from rnnshape.run.code.machine import Machine
from rnnshape.run.code.padding import Padding
from rnnshape.run.code.sequential import assume_inputs
from rnnshape.run.code.statements import run_body
from rnnshape.run.code.written import written
from rnnshape.trace import FIRST_DRAWS, MORE_DRAWS, CodeTrace

Guard = Callable[[], AbstractContextManager[object]]
"""Makes what is around each draw."""


@dataclass(frozen=True, slots=True)
class CodeRun:
    """Code that was run: its tensors and calls, where it stopped, and its draws so far.

    `finish` says in the trace what else is known.
    """

    machine: Machine
    values: Values
    halt: Halt | None = None
    finish: Callable[[CodeTrace], CodeTrace] | None = None
    guard: Guard = engine.quiet

    def trace(self) -> CodeTrace:
        """Return what happened."""
        found = written(self.machine, self.halt, self.values)
        return found if self.finish is None else self.finish(found)

    def with_more_draws(self) -> CodeRun:
        """Return the same with more draws."""
        with self.guard():
            return replace(self, values=self.values.with_more(MORE_DRAWS))


def drawn(
    machine: Machine,
    halt: Halt | None = None,
    *,
    draws: int = FIRST_DRAWS,
    finish: Callable[[CodeTrace], CodeTrace] | None = None,
    guard: Guard = engine.quiet,
) -> CodeRun:
    """Return the run of code whose calls were noted, with so many draws."""
    with guard():
        return CodeRun(machine, draw_values(machine, draws), halt, finish, guard)


def interpreted(
    code: Code,
    lets: Mapping[str, Code] | None = None,
    *,
    sizes: Sizes | None = None,
    seed: int = 0,
    draws: int = FIRST_DRAWS,
    mask: MaskSpec | None = None,
) -> CodeRun:
    """Run code by reading it.

    `lets` give values to names that the code does not define, each an expression (`program.read_value`); `sizes` are
    those of the inputs that are assumed. `draws` is the number of times that values are drawn; 0: none are. With a
    `mask`, the inputs are padded with zeros and carry it.

    Raises:
        NoTensorflow: TensorFlow cannot be imported.

    """
    keras = engine.load()
    engine.is_about_to_run()
    with engine.quiet():
        # Layers are numbered from the start, as in a fresh process.
        keras.utils.clear_session(free_memory=False)
        machine = Machine(code, lets or {}, seed=seed, sizes=sizes or Sizes())
        if mask is not None:
            machine.padding = Padding(mask)
            machine.world.masking = machine.padding.attach
        halt = _interpreted(machine)
        if halt is None:
            assume_inputs(machine)
    return drawn(machine, halt, draws=draws)


def run_program(
    code: Code,
    lets: Mapping[str, Code] | None = None,
    *,
    sizes: Sizes | None = None,
    seed: int = 0,
    draws: int = FIRST_DRAWS,
    mask: MaskSpec | None = None,
) -> CodeTrace:
    """Return what happens when code runs: every named tensor, every call, and where it stopped (see `interpreted`)."""
    return interpreted(code, lets, sizes=sizes, seed=seed, draws=draws, mask=mask).trace()


def _interpreted(machine: Machine) -> Halt | None:
    """Run the statements; return where they stopped, if they did."""
    try:
        run_body(machine, machine.code.tree.body)
    except Halt as halt:
        return halt
    except Returned:
        return None
    return None
