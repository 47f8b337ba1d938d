"""One run of one program: interpreted for the shapes, run for the values, written down as a trace."""

from __future__ import annotations

from collections.abc import Mapping

from rnnshape.mask import MaskSpec
from rnnshape.program import Code
from rnnshape.query import Sizes
from rnnshape.run import engine
from rnnshape.run.code.halt import Halt, Returned
from rnnshape.run.code.machine import Machine
from rnnshape.run.code.padding import Padding
from rnnshape.run.code.replay import draw_values
from rnnshape.run.code.sequential import assume_inputs
from rnnshape.run.code.statements import run_body
from rnnshape.run.code.written import written
from rnnshape.trace import Trace

DRAWS = 2


def run_program(
    code: Code,
    lets: Mapping[str, Code] | None = None,
    *,
    sizes: Sizes | None = None,
    seed: int = 0,
    draws: int = DRAWS,
    mask: MaskSpec | None = None,
) -> Trace:
    """Return what happens when the program runs: every named tensor, every call, and where it stopped.

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
        values = draw_values(machine, draws)
    return written(machine, halt, values)


def _interpreted(machine: Machine) -> Halt | None:
    """Run the statements; return where they stopped, if they did."""
    try:
        run_body(machine, machine.code.tree.body)
    except Halt as halt:
        return halt
    except Returned:
        return None
    return None
