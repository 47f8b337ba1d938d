"""The assignment that unpacks a return value: names at paths, and the call."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Invocation:
    """How a layer is called: `layer(inputs, mask=mask)`, or `cell(inputs, states)`.

    `arguments` are those behind the inputs, as code. `is_dict`: what comes back is a dict, which is unpacked by value.
    """

    arguments: tuple[str, ...] = ()
    is_cell: bool = False
    is_dict: bool = False

    @property
    def variable(self) -> str:
        """What the layer is called in code."""
        return "cell" if self.is_cell else "layer"

    def __str__(self) -> str:
        """Return the call as code."""
        return f"{self.variable}({', '.join(('inputs', *self.arguments))}){self.end}"

    @property
    def end(self) -> str:
        """What stands behind the call: a dict is iterated by its keys."""
        return ".values()" if self.is_dict else ""


@dataclass(frozen=True, slots=True)
class Unpack:
    """The names of the returned tensors, where each is in the return value, and the call that returns them."""

    names: tuple[str, ...]
    paths: tuple[Path, ...]
    call: Invocation = Invocation()

    def __str__(self) -> str:
        """Return the assignment as code."""
        return f"{self.targets} = {self.call}"

    @property
    def targets(self) -> str:
        """The left side: `output, (a, b), (c,)`. A place without any tensor is unpacked into `_`."""
        if self.paths == ((),):
            return self.names[0]
        nested = _nest(list(zip(self.paths, self.names, strict=True)), 0)
        return nested.removeprefix("(").removesuffix(")") or "()"


def _nest(leaves: list[tuple[Path, str]], depth: int) -> str:
    """Return the code of a tuple with the leaves at the places that their paths give from `depth` on."""
    places: dict[int, list[tuple[Path, str]]] = {}
    for path, name in leaves:
        places.setdefault(path[depth], []).append((path, name))
    code = []
    for place in range(max(places, default=-1) + 1):
        inside = places.get(place, [((), "_")])
        is_leaf = len(inside[0][0]) <= depth + 1
        code.append(inside[0][1] if is_leaf else _nest(inside, depth + 1))
    return f"({', '.join(code)}{',' if len(code) == 1 else ''})"
