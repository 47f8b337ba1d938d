"""What there is to draw of a layer that runs over time: its cells, which way they run, what leaves where.

All of it is read from the report: the layer's expression, the names of its tensors and of its states.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rnnshape.expression import Call, Items, parse
from rnnshape.mask import parse_mask
from rnnshape.report import Report, Tensor

_WHOLE = "whole_sequence_output"
_CARRIES = ("LSTM", "LSTMCell", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_RECURRENT = (*_CARRIES, "SimpleRNN", "GRU", "RNN")
_BY_STEP = (
    "Embedding", "Masking", "Dense", "TimeDistributed", "Dropout", "SpatialDropout1D", "GaussianNoise",
    "GaussianDropout", "Activation", "ReLU", "LeakyReLU", "LayerNormalization", "BatchNormalization",
)  # fmt: skip
"""Layers that do the same at every step, and so stand in a stack as a floor without arrows from step to step."""
_STATE_WORD = re.compile(r"\w+")
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

    `index` is the NumPy index of one step's output, with `{t}` for the step (`[:, {t}, :4]`), `reverses` says that
    step t of the output is step -1 - t of the time.
    """

    floors: tuple[Floor, ...]
    leftwards: bool
    reverses: bool
    output: Tensor
    index: str


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
    call = parse(report.layer)
    is_cell = report.unpack.endswith("= cell(inputs, states)")
    rows = _two_rows(report, call) if _class(call) == "Bidirectional" else _one_row(report, call, is_cell=is_cell)
    if rows is None or not rows[0].floors or not (is_cell or "timesteps" in report.input.axes):
        return None
    steps = 1 if is_cell else report.input.shape[1]
    if report.ran.reduced_to is not None and report.mask is not None:
        # The mask's steps are those of the run.
        steps = report.ran.reduced_to.input[1]
    merge = _merge_mode(call) if len(rows) == 2 else None
    drawn = _drawn_row(report)
    return Scene(
        rows=rows,
        steps=steps,
        is_cell=is_cell,
        sequences=_WHOLE in report.tensors[0].name,
        start="s" if is_cell or report.initial_state == "random" else "0",
        merged=_MERGED.get(str(merge)),
        masked=_masked(report, drawn, steps or 1),
        first_step=None if drawn is None or report.mask is None else report.mask.first_step[drawn],
        last_step=None if drawn is None or report.mask is None else report.mask.last_step[drawn],
        batch_row=drawn if report.mask is not None and len(set(report.mask.last_step)) > 1 else None,
    )


def _one_row(report: Report, call: Call, *, is_cell: bool) -> tuple[Row, ...] | None:
    if _class(call) == "Sequential":
        floors = _sequential(report, call)
        backwards = False
    elif is_cell or _class(call) in _RECURRENT or (call.is_users and report.states is not None):
        floors = _floors(report, call, "")
        backwards = call.argument("go_backwards") is True
    else:
        return None
    index = _index(report.tensors[0], "")
    return (
        Row(floors=floors, leftwards=backwards, reverses=backwards, output=report.tensors[0], index=index),
    )  # fmt: skip


def _two_rows(report: Report, call: Call) -> tuple[Row, ...] | None:
    inner = call.args[0] if call.args else call.argument("layer")
    if not isinstance(inner, Call) or not (_class(inner) in _RECURRENT or inner.is_users):
        return None
    other = call.argument("backward_layer")
    backwards = inner.argument("go_backwards") is True
    apart = _merge_mode(call) is None
    half = "" if apart or _merge_mode(call) != "concat" else str(_half(report, other is not None))
    rows = []
    for at, side in enumerate(("forward", "backward")):
        layer = other if at and isinstance(other, Call) else inner
        output = report.tensors[at if apart else 0]
        rows.append(
            Row(
                floors=_floors(report, layer, f"{side}_"),
                leftwards=backwards != bool(at),
                # What the backward layer puts out is turned around before the two are merged.
                reverses=backwards,
                output=output,
                index=_index(output, (f":{half}", f"{half}:")[at] if half else ""),
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
    words = _STATE_WORD.findall(report.states.structure)
    shapes = list(_flat(report.states.accepts))
    forward = [shape for word, shape in zip(words, shapes, strict=True) if word.startswith("forward_")]
    outputs = [shape for word, shape in zip(words, shapes, strict=True) if re.fullmatch(r"forward_\w*h", word)]
    return int((outputs or forward or [[width // 2]])[-1][-1] or 0)


def _flat(shapes: Sequence[object]) -> Iterator[list[int | None]]:
    for shape in shapes:
        if isinstance(shape, list) and any(isinstance(size, list) for size in shape):
            yield from _flat(shape)
        elif isinstance(shape, list):
            yield shape


def _index(output: Tensor, side: str) -> str:
    """Return the index of one step's output: `[:, {t}, :]`, `[:, {t}, :4]`; of a single output `[:, :4]` or nothing."""
    if _WHOLE not in output.name:
        return f"[:, {side}]" if side else ""
    if len(output.shape) > 3:
        return f"[:, {{t}}, ..., {side}]" if side else "[:, {t}, ...]"
    return f"[:, {{t}}, {side or ':'}]" if len(output.shape) == 3 else "[:, {t}]"


def _floors(report: Report, call: Call, prefix: str) -> tuple[Floor, ...]:
    """Return the floors of one direction, each with its states."""
    words = _STATE_WORD.findall(report.states.structure) if report.states is not None else []
    cells = _cells(call)
    floors = []
    for at, cell in enumerate(cells):
        own = (
            f"{prefix}cell_{at}_"
            if len(cells) > 1 or any(word.startswith(f"{prefix}cell_") for word in words)
            else prefix
        )
        signs = [word.removeprefix(own) for word in words if word.startswith(own)]
        floors.append(_floor(report, cell, own, signs))
    return tuple(floors)


def _floor(report: Report, cell: Call, prefix: str, words: Sequence[str]) -> Floor:
    words = words or (["h", "c"] if _class(cell) in _CARRIES else ["h"])
    tensors = {tensor.name: tensor for tensor in report.tensors}
    states = []
    for word in words:
        base = {"h": "final_memory_state" if "c" in words else "final_state", "c": "final_carry_state"}.get(word)
        name = base or f"final_{word}"
        states.append(State(re.sub(r"^state_?", "s", word), tensors.get(f"{prefix}{name}")))
    return Floor(_title(cell), tuple(states))


def _cells(call: Call) -> list[Call]:
    """Return the cells of a layer, the first one first; a layer that is its own cell is one."""
    inner = call.args[0] if call.args else call.argument("cell", call.argument("cells"))
    if _class(call) not in ("RNN", "StackedRNNCells"):
        return [call]
    if isinstance(inner, Call):
        return _cells(inner)
    if isinstance(inner, Items):
        return [cell for item in inner.values if isinstance(item, Call) for cell in _cells(item)]
    return []


def _sequential(report: Report, call: Call) -> tuple[Floor, ...]:
    """Return the floors of a stack of layers that all keep the time axis, up to the last one; nothing for others."""
    listed = call.args[0] if call.args else call.argument("layers")
    items = [item for item in listed.values if isinstance(item, Call)] if isinstance(listed, Items) else []
    items = [item for item in items if _class(item) not in ("Input", "InputLayer")]
    floors: list[Floor] = []
    for at, item in enumerate(items):
        is_last = at == len(items) - 1
        if _class(item) in _BY_STEP:
            floors.append(Floor(_title(item), ()))
        elif _class(item) in _RECURRENT and item.argument("go_backwards") is not True:
            if not is_last and item.argument("return_sequences") is not True:
                return ()
            cells = _cells(item)
            for number, cell in enumerate(cells):
                prefix = f"cell_{number}_" if len(cells) > 1 else ""
                floor = _floor(report, cell, prefix, ())
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


def _drawn_row(report: Report) -> int | None:
    """Return the row of the batch whose mask shows the most: the one that ends first."""
    mask = report.mask
    if mask is None:
        return None
    ends = {
        at: (first, last)
        for at, (first, last) in enumerate(zip(mask.first_step, mask.last_step, strict=True))
        if first is not None and last is not None
    }
    partly = {at: last for at, (first, last) in ends.items() if last > first}
    known = partly or {at: last for at, (_, last) in ends.items()} or {0: 0}
    return min(known, key=known.__getitem__)


def _masked(report: Report, drawn: int | None, steps: int) -> frozenset[int]:
    # What a mask that changes nothing masks is read as any other step.
    if report.mask is None or drawn is None or report.mask.applied is False:
        return frozenset()
    row = parse_mask(report.mask.given).row(drawn, steps)
    return frozenset(step for step, counts in enumerate(row) if not counts)
