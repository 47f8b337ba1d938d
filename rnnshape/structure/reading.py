"""Text of a document -> terms, roles and unpacking, as data. What is not written as ours is refused.

Whatever is read has to be written in the same way again; that is checked in the end, so the steps before need not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from rnnshape.catalogue import CELL_STATES, CellState
from rnnshape.structure.roles import Direction, Nest, Role, RoleKind
from rnnshape.structure.terms import Expression, Form, Index, Listed, Merge, Place, Side, Term, Zeros
from rnnshape.structure.unpack import Invocation, Path, Unpack

_DEEPEST = 32
_NAME = r"[^\W\d]\w*"
_TERM = re.compile(rf"({_NAME})(?:\[([^\[\]]*)\])?")
_LAST = re.compile(r"(\d{0,12}):(\d{0,12})")
_JOINED = re.compile(r"concatenate\((\[.*\]), axis=(-?\d{1,3})\)", re.DOTALL)
_CALL = re.compile(r"(layer|cell)\(inputs((?:, [\w=]+)*)\)(\.values\(\))?")
_FRONT = r"(?:(forward|backward)_)?(?:cell_(\d{1,6})_)?"
_OUTPUT = re.compile(rf"{_FRONT}(?:(whole_sequence_output)|output(?:_(\d{{1,6}}))?)")
_STATE = re.compile(rf"{_FRONT}(final|every)_(?:([^\W\d_]+)_)?state(?:_(\d{{1,6}}))?")
_WORD = re.compile(rf"{_FRONT}(?:state(?:_(\d{{1,6}}))?|(\w))")


def expression(text: str) -> Expression:
    """Return the expression that is written so.

    Raises:
        ValueError: it is none of ours.

    """
    found = _expression(text, 0)
    if str(found) != text:
        raise ValueError("an expression over the names of tensors")
    return found


def unpack(text: str) -> Unpack:
    """Return the assignment that is written so.

    Raises:
        ValueError: it is none of ours.

    """
    targets, _, called = text.partition(" = ")
    call = _CALL.fullmatch(called)
    if call is not None:
        arguments = tuple(call[2].removeprefix(", ").split(", ")) if call[2] else ()
        is_bare = re.fullmatch(_NAME, targets) is not None
        leaves = [((), targets)] if is_bare else [] if targets == "()" else list(_targets(targets, (), 0))
        paths, names = tuple(path for path, _ in leaves), tuple(name for _, name in leaves)
        found = Unpack(names, paths, Invocation(arguments, call[1] == "cell", call[3] is not None))
        if str(found) == text:
            return found
    raise ValueError("the assignment that unpacks the return value")


def nest(text: str) -> Nest:
    """Return the nested roles that are written so.

    Raises:
        ValueError: they are none of ours.

    """
    found = _nest(text, 0)
    if isinstance(found, Nest) and str(found) == text:
        return _with_states(found, found.roles)
    raise ValueError("nested names of states")


def role(name: str, meaning: str) -> Role:
    """Return the role that a tensor of this name and meaning has; that of an output where the name is none of ours."""
    return replace(_role_of(name), is_backwards="reversed order" in meaning or "first timestep" in meaning)


def _role_of(name: str) -> Role:
    output, state = _OUTPUT.fullmatch(name), _STATE.fullmatch(name)
    if state is not None:
        return _role(
            RoleKind.STATE,
            *state.group(1, 2),
            state=None if state[5] else _state_named(state[4] or ""),
            number=_number(state[5]),
            every_step=state[3] == "every",
        )
    if output is None:
        return _role(RoleKind.OUTPUT, None, None)
    return _role(
        RoleKind.OUTPUT, *output.group(1, 2), number=_number(output[4]), every_step=output[3] is not None
    )  # fmt: skip


def _expression(text: str, depth: int) -> Expression:
    """Return what is written so, or something else that is not written so."""
    if depth > _DEEPEST:
        raise ValueError("an expression that is nested less deeply")
    if text.startswith("(") and text.endswith(") / 2"):
        left, _, right = text[1:-5].partition(" + ")
        return Merge(Form.MEAN, _expression(left, depth + 1), _expression(right, depth + 1))
    for sign, form in ((" + ", Form.SUM), (" * ", Form.PRODUCT)):
        parts = list(_split(text, sign))
        if len(parts) == 2:
            return Merge(form, _expression(parts[0], depth + 1), _expression(parts[1], depth + 1))
    if text.startswith("["):
        return Listed(tuple(_expression(part, depth + 1) for part in _split(text[1:-1], ", ")))
    if text.startswith("zeros_like("):
        return Zeros(_expression(text[11:-1], depth + 1))
    return _joined(text, depth) if text.startswith("concatenate(") else _term(text)


def _joined(text: str, depth: int) -> Expression:
    found = _JOINED.fullmatch(text)
    both = _expression(found[1], depth + 1) if found else None
    if found is None or not isinstance(both, Listed) or len(both.items) != 2:
        raise ValueError("a concatenation of two expressions")
    return Merge(Form.SIDE_BY_SIDE, *both.items, int(found[2]))


def _term(text: str) -> Term:
    found = _TERM.fullmatch(text)
    if found is None:
        raise ValueError("a tensor or a slice of one")
    return Term(found[1], Index() if found[2] is None else _index(found[2].split(", ")))


def _index(parts: list[str]) -> Index:
    place = next((place for place in reversed(Place) if tuple(parts[: len(place.codes)]) == place.codes), Place.WHOLE)
    last = _LAST.fullmatch(parts[-1])
    if last is None or not (last[1] or last[2]):
        return Index(place, len(parts))
    return Index(place, len(parts), Side.RIGHT if last[1] else Side.LEFT, int(last[1] or last[2]))


def _targets(text: str, path: Path, depth: int) -> Iterator[tuple[Path, str]]:
    """Yield the names in a tuple's code without its brackets, each with its path."""
    if depth > _DEEPEST:
        raise ValueError("a return value that is nested less deeply")
    for at, part in enumerate(_split(text.removesuffix(","), ", ")):
        if part.startswith("("):
            yield from _targets(part[1:-1], (*path, at), depth + 1)
        elif part != "_":
            yield (*path, at), part


def _nest(text: str, depth: int) -> Nest | Role:
    if depth > _DEEPEST:
        raise ValueError("names that are nested less deeply")
    if text.startswith("["):
        parts = list(_split(text[1:-1], ", ")) if len(text) > 2 else []
        return Nest(tuple(_nest(part, depth + 1) for part in parts))
    found = _WORD.fullmatch(text)
    if found is None:
        raise ValueError("the name of a state")
    # Which state of this letter it is, the other states of its cell tell.
    state = CellState(found[4], "", "") if found[4] else None
    return _role(RoleKind.STATE, *found.group(1, 2), state=state, number=_number(found[3]))


def _with_states(nested: Nest, roles: tuple[Role, ...]) -> Nest:
    """Return the same with each state as the one that its cell has, by the letters of all of the cell's states."""

    def known(role: Role) -> Role:
        letters = [one.state.letter for one in roles if one.front == role.front and one.state]
        cell = next((states for states in CELL_STATES if [state.letter for state in states] == letters), ())
        state = next((state for state in cell if role.state and state.letter == role.state.letter), None)
        return role if state is None else replace(role, state=state)

    return Nest(tuple(known(one) if isinstance(one, Role) else _with_states(one, roles) for one in nested.items))


def _split(text: str, sign: str) -> Iterator[str]:
    """Yield the parts of a text between the signs that are in no brackets."""
    depth = start = 0
    for at, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth == 0 and at >= start and text.startswith(sign, at):
            yield text[start:at]
            start = at + len(sign)
    yield text[start:]


def _role(
    kind: RoleKind,
    direction: str | None,
    cell: str | None,
    *,
    state: CellState | None = None,
    number: int | None = None,
    every_step: bool = False,
) -> Role:
    side = None if direction is None else Direction(direction)
    return Role(kind=kind, direction=side, cell=_number(cell), state=state, number=number, every_step=every_step)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _state_named(name: str) -> CellState | None:
    return next((one for states in CELL_STATES for one in states if one.name == name), None)
