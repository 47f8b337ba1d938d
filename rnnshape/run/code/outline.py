"""What it takes to run the code for real: imports, values, the statements that cannot be run, where the tensors are."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rnnshape import tree
from rnnshape.program_report import Assumed
from rnnshape.run.code import imports, library
from rnnshape.run.code.halt import Halt
from rnnshape.run.code.values import Function, Opaque, Unknown
from rnnshape.run.code.world import Made
from rnnshape.run.tensors import is_tensor, tensors_in
from rnnshape.trace import Kept, Outline, Shape, Span

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine
    from rnnshape.run.code.sequential import Chain

_RUN = frozenset({"print", "summary", "compile"})
"""What is passed over while the code is read, and does no harm where it is run."""
_MOST_ITEMS = 1000


def outline(machine: Machine, halt: Halt | None, names: Mapping[Made, str]) -> Outline:
    """Return the outline of a program that was interpreted, up to `halt`."""
    passed, unknown, broken = _sorted_out(machine)
    ends = [statement.lineno for statement in broken]
    if halt is not None and machine.places.outermost is not None:
        ends.append(machine.places.outermost.lineno)
    end = min(ends, default=None)
    return Outline(
        imports=tuple(map(library.import_of, machine.places.supplied)),
        given=tuple((_line_of(machine, line, one), one) for line, one in machine.places.given),
        unknown=tuple(unknown),
        passed_over=tuple(sorted((Span(*machine.main.span(one)), _bound(machine, one)) for one in _outer(passed))),
        end=end,
        kept=tuple(_kept(machine, names)),
        reached=tuple(_reached(machine, names)),
        built=tuple(_built(machine, has_passed=bool(passed & machine.places.makers))),
    )


def _sorted_out(machine: Machine) -> tuple[set[ast.stmt], dict[str, None], list[ast.stmt]]:
    """Return the statements that are passed over, the names that need some value, and the statements that stay broken.

    A statement that meets something unknown is passed over, unless it makes a layer or a tensor all the same: then a
    name that has no value gets one.
    """
    passed = _imports_of_others(machine) | _told(machine)
    unknown: dict[str, None] = {}
    broken: list[ast.stmt] = []
    tops = {id(node): top for top in machine.main.tree.body for node in ast.walk(top)}
    for statement, value in machine.places.met:
        if not _is_unknown(machine, value) or statement in passed:
            continue
        code = value.code if isinstance(value, Unknown | Opaque) else ""
        is_needed = statement in machine.places.makers or isinstance(statement, ast.Return)
        if isinstance(statement, ast.FunctionDef) or (isinstance(statement, ast.With) and code.startswith("tf.")):
            continue
        if isinstance(value, Unknown) and is_needed:
            if code.isidentifier():
                unknown.setdefault(code)
            else:
                broken.append(tops[id(statement)])
        elif not isinstance(statement, ast.Return):
            passed.add(statement)
    return passed, unknown, broken


def _outer(passed: set[ast.stmt]) -> set[ast.stmt]:
    """Return the statements that are in no other one."""
    inside = {id(node) for statement in passed for node in ast.walk(statement) if node is not statement}
    return {statement for statement in passed if id(statement) not in inside}


def _bound(machine: Machine, statement: ast.stmt) -> tuple[str, ...]:
    """Return the names that a statement binds, without those that were given."""
    given = {one.name for _, one in machine.places.given}
    names = (node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return tuple(dict.fromkeys(name for name in names if name not in given))


def _line_of(machine: Machine, line: int, given: Assumed) -> int:
    """Return the line in front of which a given value stands: one that needs the code's own names, where it is used."""
    names = {node.id for node in ast.walk(ast.parse(given.code, mode="eval")) if isinstance(node, ast.Name)}
    stored = {node.id for node in ast.walk(machine.main.tree) if isinstance(node, ast.Name) and not _is_load(node)}
    if not names & stored:
        return 0
    return max((top.lineno for top in machine.main.tree.body if top.lineno <= line), default=0)


def _is_load(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def _is_unknown(machine: Machine, value: Unknown | Opaque | Function) -> bool:
    """Tell whether this has no value even now: neither given nor assumed."""
    if not isinstance(value, Unknown):
        return True
    if value.size is not None or value.tensor is not None or f"len({value.code})" in machine.sizes_of:
        return False
    return isinstance(machine.top.names.get(value.code), Unknown | type(None))


def _imports_of_others(machine: Machine) -> set[ast.stmt]:
    """Return the imports of what a machine with Keras alone may not have."""
    found: set[ast.stmt] = set()
    for node in ast.walk(machine.main.tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or "."]
        else:
            continue
        if any(name == "__future__" or not _is_here(name) for name in modules):
            found.add(node)
    return found


def _is_here(name: str) -> bool:
    if name.partition(".")[0] in sys.stdlib_module_names:
        return True
    try:
        return not isinstance(imports.module(name), Unknown)
    except ModuleNotFoundError:
        # The code's own error: it stays where it is, or the code handles it.
        return True


def _told(machine: Machine) -> set[ast.stmt]:
    """Return the statements of what is told as passed over, but for what does no harm."""
    lines = {one.line for one in machine.world.skipped if one.what.rpartition(".")[2] not in _RUN}
    found: dict[int, ast.stmt] = {}
    for node in ast.walk(machine.main.tree):
        # The walk goes from the outside in: the innermost statement of a line is the last one.
        if isinstance(node, ast.stmt):
            found |= dict.fromkeys(lines & set(range(node.lineno, (node.end_lineno or node.lineno) + 1)), node)
    return {node for node in found.values() if node not in machine.places.makers}


def _kept(machine: Machine, names: Mapping[Made, str]) -> Iterator[Kept]:
    """Yield the expressions in whose values tensors with a name come up first."""
    in_text = {
        id(inside)
        for node in ast.walk(machine.main.tree)
        if isinstance(node, ast.JoinedStr)
        for inside in ast.walk(node)
    }
    for node in {node: None for made, node in machine.places.first.items() if made in names}:
        if id(node) in in_text or not hasattr(node, "lineno"):
            continue
        found = []
        for tensors in machine.places.values[node]:
            found += [names.get(made, "") if machine.places.first[made] is node else "" for made in tensors if made]
            if None in tensors:
                break
        else:
            yield Kept(Span(*machine.main.span(node)), tuple(found))


def _reached(machine: Machine, names: Mapping[Made, str]) -> Iterator[tuple[str, str]]:
    """Yield the tensors that a variable holds at the end, or that a Sequential in a variable has inside."""
    at_end = _held_in_lists(machine) | {id(value): name for name, value in machine.top.names.items() if _is_plain(name)}
    held = {id(machine.top.names[made.variable]) for made in names if made.variable in machine.top.names}
    for made, name in names.items():
        if made.alias is not None:
            continue
        if made.variable is not None and id(made.value) in held and machine.top.names.get(made.variable) is made.value:
            yield name, made.variable
        elif id(made.value) in at_end:
            yield name, at_end[id(made.value)]
    for chain in machine.chains.values():
        model = at_end.get(id(chain.model))
        if model is not None:
            yield from _inside(machine, chain, model, names)


def _held_in_lists(machine: Machine) -> dict[int, str]:
    """Return the expressions that give the tensors in the lists and tuples of variables, by the tensors' ids."""
    return {
        id(item): f"{name}[{at}]"
        for name, value in machine.top.names.items()
        if _is_plain(name) and isinstance(value, list | tuple)
        for at, item in enumerate(value[:_MOST_ITEMS])
        if is_tensor(item)
    }


def _inside(machine: Machine, chain: Chain, model: str, names: Mapping[Made, str]) -> Iterator[tuple[str, str]]:
    counts = [id(layer) for other in machine.chains.values() for layer in other.model.layers]
    places = [f"{model}.inputs"] + [f"{model}.layers[{at}].output" for at in range(len(chain.layers))]
    owners = [None, *chain.layers]
    for owner, place, value in zip(owners, places, chain.values, strict=False):
        tensors = list(tensors_in(value))
        if owner is not None and counts.count(id(owner)) != 1:
            continue
        for at, tensor in enumerate(tensors):
            made = machine.world.made(tensor)
            if made is not None and made.alias is None and made in names:
                is_one = owner is not None and not isinstance(value, list | tuple | dict)
                flat = f"{place}[{at}]" if owner is None else f"keras.tree.flatten({place})[{at}]"
                yield names[made], place if is_one else flat


def _built(machine: Machine, *, has_passed: bool) -> Iterator[tuple[str, Shape]]:
    """Yield the Sequentials that only a passed-over line builds, or none: their input was assumed."""
    at_end = {id(value): name for name, value in machine.top.names.items() if _is_plain(name)}
    for chain in machine.chains.values():
        model = at_end.get(id(chain.model))
        roots = [machine.world.made(leaf) for _, leaf in tree.leaves(chain.values[:1])]
        if model is not None and len(roots) == 1 and roots[0] is not None and (roots[0].assumed or has_passed):
            yield model, roots[0].shape


def _is_plain(name: Any) -> bool:
    return isinstance(name, str) and name.isidentifier()
