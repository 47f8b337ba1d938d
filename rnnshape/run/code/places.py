"""Where in the code each tensor comes up first, and what cannot be run there: noted while it is interpreted."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rnnshape.program_report import Assumed
from rnnshape.run.code.keras_library import PASSED_OVER
from rnnshape.run.code.values import Function, Opaque, Unknown
from rnnshape.run.code.world import Made
from rnnshape.run.tensors import is_tensor, tensors_in

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_HARMLESS = frozenset({"set_random_seed", "clear_session"})


class Places:
    """What is noted of one run."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.values: dict[ast.AST, list[list[Made | None]]] = {}
        """For each expression, the tensors in its value, each time that it was evaluated."""
        self.first: dict[Made, ast.AST] = {}
        """The expression in whose value a tensor came up first."""
        self.met: list[tuple[ast.stmt, Unknown | Opaque | Function]] = []
        """What cannot be run, with the statement that met it."""
        self.makers: set[ast.stmt] = set()
        """The statements that made a tensor or a layer."""
        self.supplied: dict[str, None] = {}
        """The names that the code has without an import."""
        self.given: list[tuple[int, Assumed]] = []
        self.statement: ast.stmt | None = None
        self.outermost: ast.stmt | None = None

    @contextlib.contextmanager
    def inside(self, machine: Machine, statement: ast.stmt) -> Iterator[None]:
        """Note what happens meanwhile as this statement's."""
        before = self.statement
        if before is None:
            self.outermost = statement
        self.statement = statement
        made = len(machine.world.tensors) + len(machine.described)
        try:
            yield
        finally:
            self.statement = before
            if len(machine.world.tensors) + len(machine.described) > made:
                self.makers.add(statement)

    def note(self, machine: Machine, node: ast.AST, found: Any) -> None:
        """Note an expression's value."""
        if machine.code is not machine.main or not machine.world.is_recording or self.statement is None:
            return
        if isinstance(found, Unknown | Opaque) or _reaches_out(found):
            self.met.append((self.statement, found))
        elif is_tensor(found) or (isinstance(node, ast.Call) and isinstance(found, list | tuple | dict)):
            tensors = _made(machine, list(tensors_in(found)))
            if not tensors:
                return
            self.values.setdefault(node, []).append(tensors)
            for made in tensors:
                if made is not None:
                    self.first.setdefault(made, node)


def _made(machine: Machine, leaves: list[Any]) -> list[Made | None]:
    """Return what is known of each tensor; a call that returns one object twice has made two tensors of it."""
    found: list[Made | None] = []
    times: dict[int, int] = {}
    for leaf in leaves:
        made = machine.world.made(leaf)
        if made is not None and made.call is not None:
            same = [one for one in made.call.outputs if one.value is leaf] or [made]
            made = same[min(times.get(id(leaf), 0), len(same) - 1)]
        times[id(leaf)] = times.get(id(leaf), 0) + 1
        found.append(made)
    return found


def _reaches_out(found: Any) -> bool:
    name = found.path.rpartition(".")[2] if isinstance(found, Function) else ""
    return name in PASSED_OVER - _HARMLESS
