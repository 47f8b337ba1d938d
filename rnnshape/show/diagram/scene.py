"""What there is to draw of a layer that runs over time: its cells, which way they run, what leaves where.

All of it is read from the report: the layer's expression, the names of its tensors and of its states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rnnshape import tree
from rnnshape.catalogue import BIDIRECTIONAL, BY_STEP, HIDDEN, RECURRENT, RNN, SEQUENTIAL, STACKED_CELLS, by_class
from rnnshape.expression import Call, Items, stacked
from rnnshape.mask import parse_mask
from rnnshape.report import Mask, Report, Tensor
from rnnshape.structure import Direction, Role, RoleKind, Side

STARTS = {"ones": "1", "random numbers": "r", "a weight": "w", "values of its own": "v"}
"""The signs of what a layer starts from by itself, where that is not 0."""
_MERGED = {
    "sum": "{f} + {b}",
    "mul": "{f} * {b}",
    "ave": "({f} + {b}) / 2",
}


@dataclass(frozen=True, slots=True)
class State:
    """A state that is passed along: its sign, and the returned tensor that it ends as, if it is returned."""

    sign: str
    tensor: Tensor | None


@dataclass(frozen=True, slots=True)
class Floor:
    """One cell of a stack; without states it runs at each step by itself."""

    name: str
    states: tuple[State, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One direction: its floors, the first next to the inputs, and what it puts out.

    `side` is the half of the output that is this direction's, `half` the width of the first one, where it is one of
    two. `reverses` says that step t of the output is step -1 - t of the time.
    """

    floors: tuple[Floor, ...]
    leftwards: bool
    reverses: bool
    output: Tensor
    side: Side = Side.FULL
    half: int | None = None

    def index(self, step: int) -> str:
        """Return the index of one step's output: `[:, 3, :]`, `[:, 3, :4]`; of a single output `[:, :4]` or nothing."""
        last = {Side.FULL: "", Side.LEFT: f":{self.half}", Side.RIGHT: f"{self.half}:"}[self.side]
        if not self.output.role.is_sequence:
            return f"[:, {last}]" if last else ""
        if len(self.output.shape) > 3:
            return f"[:, {step}, ..., {last}]" if last else f"[:, {step}, ...]"
        return f"[:, {step}, {last or ':'}]" if len(self.output.shape) == 3 else f"[:, {step}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A layer over time. `steps` is None where their number is unknown; a cell by itself has no time (`is_cell`).

    `merged` is the expression that makes the output of the two rows where they do not stand side by side in it.
    `masked` are the masked steps of the row of the batch that is drawn.
    """

    rows: tuple[Row, ...]
    steps: int | None
    is_cell: bool
    sequences: bool
    start: str
    merged: str | None
    masked: frozenset[int]
    first_step: int | None
    last_step: int | None
    batch_row: int | None


def scene(report: Report) -> Scene | None:
    """Return what there is to draw, or None where the layer is none that can be drawn over time."""
    call, is_cell = report.layer, report.unpack.call.is_cell
    rows = _two_rows(report, call) if _class(call) == BIDIRECTIONAL else _one_row(report, call, is_cell=is_cell)
    if rows is None or not rows[0].floors or not (is_cell or "timesteps" in report.input.axes):
        return None
    steps = 1 if is_cell else report.input.shape[1]
    if report.ran.reduced_to is not None and report.mask is not None:
        # The mask's steps are those of the run.
        steps = report.ran.reduced_to.input[1]
    merge = _merge_mode(call) if len(rows) == 2 else None
    mask = report.mask
    drawn = None if mask is None else _drawn_row(mask)
    first, last = (None, None) if mask is None or drawn is None else (mask.first_step[drawn], mask.last_step[drawn])
    return Scene(
        rows=rows,
        steps=steps,
        is_cell=is_cell,
        sequences=report.tensors[0].role.is_sequence,
        start=_start(report, is_cell=is_cell),
        merged=_MERGED.get(str(merge)),
        masked=_masked(mask, drawn, steps or 1),
        first_step=first,
        last_step=last,
        batch_row=drawn if mask is not None and len(set(mask.last_step)) > 1 else None,
    )


def _start(report: Report, *, is_cell: bool) -> str:
    """Return the sign of what the first cell is given."""
    if is_cell or report.initial_state == "random":
        return "s"
    own = report.states.starts_from if report.states is not None and report.initial_state is None else None
    return "0" if own is None else STARTS.get(own, "v")


def _one_row(report: Report, call: Call, *, is_cell: bool) -> tuple[Row, ...] | None:
    if _class(call) == SEQUENTIAL:
        floors = _sequential(report, call)
        backwards = False
    elif is_cell or _class(call) in RECURRENT or (call.is_users and report.states is not None):
        floors = _floors(report, call, None)
        backwards = call.argument("go_backwards") is True
    else:
        return None
    return (Row(floors=floors, leftwards=backwards, reverses=backwards, output=report.tensors[0]),)


def _two_rows(report: Report, call: Call) -> tuple[Row, ...] | None:
    inner = call.args[0] if call.args else call.argument("layer")
    if not isinstance(inner, Call) or not (_class(inner) in RECURRENT or inner.is_users):
        return None
    other = call.argument("backward_layer")
    backwards = inner.argument("go_backwards") is True
    apart = _merge_mode(call) is None
    half = _half(report, other is not None) if _merge_mode(call) == "concat" else None
    rows = []
    for at, side in enumerate(Direction):
        layer = other if at and isinstance(other, Call) else inner
        output = report.tensors[at if apart else 0]
        rows.append(
            Row(
                floors=_floors(report, layer, side),
                leftwards=backwards != bool(at),
                # What the backward layer puts out is turned around before the two are merged.
                reverses=backwards,
                output=output,
                side=(Side.LEFT, Side.RIGHT)[at] if half is not None else Side.FULL,
                half=half,
            )
        )
    return tuple(rows)


def _merge_mode(call: Call) -> object:
    return call.args[1] if len(call.args) > 1 else call.argument("merge_mode", "concat")


def _half(report: Report, differ: bool) -> int:  # noqa: FBT001
    """Return how wide the forward half of the output is."""
    width = report.tensors[0].shape[-1] or 0
    if not differ or report.states is None:
        return width // 2
    states = zip(report.states.structure.roles, tree.flat(tree.shapes(report.states.accepts)), strict=True)
    forward = [(role, shape) for role, shape in states if role.direction is Direction.FORWARD]
    # The output of a cell whose states are known is the first of them.
    outputs = [shape for at, (role, shape) in enumerate(forward) if role.state and not _same_cell(forward, at)]
    return int((outputs or [shape for _, shape in forward] or [[width // 2]])[-1][-1] or 0)


def _same_cell(states: Sequence[tuple[Role, object]], at: int) -> bool:
    """Tell whether the state before this one is of the same cell."""
    return at > 0 and states[at - 1][0].front == states[at][0].front


def _floors(report: Report, call: Call, side: Direction | None) -> tuple[Floor, ...]:
    """Return the floors of one direction, each with its states."""
    roles = [role for role in report.states.structure.roles if role.direction is side] if report.states else []
    cells = _cells(call)
    is_stacked = len(cells) > 1 or any(role.cell is not None for role in roles)
    front = Role(kind=RoleKind.STATE, direction=side)
    return tuple(
        _floor(report, cell, roles, replace(front, cell=at if is_stacked else None)) for at, cell in enumerate(cells)
    )


def _floor(report: Report, cell: Call, roles: Sequence[Role], front: Role) -> Floor:
    """Return a cell with its states: those of these roles that are in its place, or the ones that its class has."""
    row = by_class(_class(cell))
    states = row.cell.states if row is not None else (HIDDEN,)
    own = [role for role in roles if role.front == front.front] or [replace(front, state=one) for one in states]
    tensors = {tensor.name: tensor for tensor in report.tensors}
    return Floor(_title(cell), tuple(State(_sign(role), tensors.get(role.name)) for role in own))


def _sign(role: Role) -> str:
    number = "" if role.number is None else role.number
    return role.state.letter if role.state else f"s{number}"


def _cells(call: Call) -> list[Call]:
    """Return the cells of a layer, the first one first; a layer that is its own cell is one."""
    inner = call.args[0] if call.args else call.argument("cell", call.argument("cells"))
    if _class(call) not in (RNN, STACKED_CELLS):
        return [call]
    if isinstance(inner, Call):
        return _cells(inner)
    if isinstance(inner, Items):
        return [cell for item in inner.values if isinstance(item, Call) for cell in _cells(item)]
    return []


def _sequential(report: Report, call: Call) -> tuple[Floor, ...]:
    """Return the floors of a stack of layers that all keep the time axis, up to the last one; nothing for others."""
    items = stacked(call)
    floors: list[Floor] = []
    for at, item in enumerate(items):
        is_last = at == len(items) - 1
        if _class(item) in BY_STEP:
            floors.append(Floor(_title(item), ()))
        elif _class(item) in RECURRENT and item.argument("go_backwards") is not True:
            if not is_last and item.argument("return_sequences") is not True:
                return ()
            cells = _cells(item)
            for number, cell in enumerate(cells):
                front = Role(kind=RoleKind.STATE, cell=number if len(cells) > 1 else None)
                floor = _floor(report, cell, (), front)
                bare = tuple(State(state.sign, None) for state in floor.states)
                floors.append(floor if is_last else Floor(floor.name, bare))
        else:
            return ()
    return tuple(floors) if any(floor.states for floor in floors) else ()


def _class(call: Call) -> str:
    return call.name if not call.is_users else call.name.rpartition(".")[2]


def _title(call: Call) -> str:
    """Return what is written on the cell: the class, without the word Cell."""
    name = call.name.rpartition(".")[2]
    return name.removesuffix("Cell") or name


def _drawn_row(mask: Mask) -> int:
    """Return the row of the batch whose mask shows the most: the one that ends first, with several steps if it can."""
    rows = enumerate(zip(mask.first_step, mask.last_step, strict=True))
    ends = [(last <= first, last, at) for at, (first, last) in rows if first is not None and last is not None]
    return min(ends)[2] if ends else 0


def _masked(mask: Mask | None, drawn: int | None, steps: int) -> frozenset[int]:
    # What a mask that changes nothing masks is read as any other step.
    if mask is None or drawn is None or mask.applied is False:
        return frozenset()
    row = parse_mask(mask.given).row(drawn, steps)
    return frozenset(step for step, counts in enumerate(row) if not counts)
