"""The name of each tensor of a program: the code's own, made unique; else the layer's."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rnnshape.names import identifier
from rnnshape.run.code.words import Described
from rnnshape.run.code.world import Made
from rnnshape.trace import StepKind

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine


class Names:
    """The names of all rows. A name that is bound again is `x_2`, `x_3`; what has no name takes the layer's."""

    def __init__(self, machine: Machine, rows: Sequence[Made], words: Mapping[Made, Described]) -> None:
        """Name all of them, in order."""
        self._taken: set[str] = set()
        self._of: dict[Made, str] = {}
        self._own = _names_in(machine)
        # The code's own names come first: no tensor of ours takes one away.
        for made in rows:
            if _has_name(made):
                self._of[made] = self._unique(str(made.variable), is_own=True)
        for made in rows:
            if not _has_name(made):
                self._of[made] = self._unique(_name_of(made, words[made]), is_own=False)

    def __getitem__(self, made: Made) -> str:
        """Return the name of a row."""
        return self._of[made]

    def _unique(self, name: str, *, is_own: bool) -> str:
        found, number = name, 1
        while found in self._taken or (found in self._own and (not is_own or found != name)):
            number += 1
            found = f"{name}_{number}"
        self._taken.add(found)
        return found


def _has_name(made: Made) -> bool:
    """Tell whether the code has a name for a tensor."""
    return made.variable is not None


def _names_in(machine: Machine) -> set[str]:
    """Return the names that the code binds anywhere."""
    nodes = ast.walk(machine.main.tree)
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _name_of(made: Made, words: Described) -> str:
    if made.call is None or made.root is not None:
        return identifier(made.label or (made.call.layer if made.call is not None else "") or "data")
    call = made.call
    name = identifier(call.name if call.kind is not StepKind.FUNCTION else _function_name(call.name))
    return f"{name}_{words.ending}" if len(call.outputs) > 1 and words.ending else name


def _function_name(path: str) -> str:
    name = path.rpartition(".")[2]
    return _SIGNS.get(name, name) or "tensor"


_SIGNS = {"+": "sum", "-": "difference", "*": "product", "/": "quotient", "@": "matmul", "[]": "item", "**": "power"}
