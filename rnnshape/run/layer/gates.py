"""What the columns of each weight are, and how the number of parameters comes about.

Which gates a cell has, in which order, stands in its row of the catalogue. That the columns are as many as the gates is
checked on the real weight; the tests compute a step by hand from these gates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rnnshape.catalogue import SPATIAL_AXES, by_class, cell_of
from rnnshape.report import Parameters, Weight
from rnnshape.run.layer.weights import owned_weights
from rnnshape.run.layer.whose import runs_as

_INPUTS = "multiplies the inputs"
_STATE = "multiplies the state of the step before"
_TWO_BIASES = (
    "row 0 for the inputs' product, row 1 for the state's, which the reset gate multiplies whole (reset_after)"
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of cell: its gates, the name of its number of columns for each gate, and that number."""

    gates: tuple[str, ...]
    size: str
    units: int


def explained(layer: Any, parameters: Parameters) -> Parameters:
    """Return the parameters with what each weight's axes and columns are, and how their number comes about."""
    owners = [owner for _, owner, _ in owned_weights(layer)]
    weights = tuple(_explained(weight, _kind(owner)) for owner, weight in zip(owners, parameters.weights, strict=True))
    terms = list(_terms(owners, weights))
    by_name = {name for _, name in terms}
    return replace(
        parameters,
        weights=weights,
        formula=" + ".join(number for number, _ in terms) or None,
        formula_by_name=_times(len(terms), by_name.pop()) if len(by_name) == 1 else None,
    )


def _times(count: int, formula: str | None) -> str | None:
    return formula if formula is None or count == 1 else f"{count} * {formula}"


def _kind(cell: Any) -> _Kind | None:
    """Return what is known of a cell; nothing of a subclass that is called or built in its own way."""
    cls = runs_as(cell)
    name = "" if cls is None or type(cell).build is not getattr(cls, "build", None) else cls.__name__
    known, layer = cell_of(name), by_class(name)
    if known is None or layer is None:
        return None
    return _Kind(tuple(gate.letter for gate in known.gates), layer.size, getattr(cell, layer.size))


def _explained(weight: Weight, kind: _Kind | None) -> Weight:
    role = next((role for role in ("recurrent_kernel", "kernel", "bias") if role in weight.name), None)
    if kind is None or role is None or weight.shape[-1] != len(kind.gates) * kind.units:
        return weight
    columns = f"{len(kind.gates)} * {kind.size}" if len(kind.gates) > 1 else kind.size
    window = SPATIAL_AXES[: len(weight.shape) - 2]
    axes, note = {
        "kernel": ((*(f"kernel {axis}" for axis in window), "features", columns), _INPUTS),
        "recurrent_kernel": ((*(f"kernel {axis}" for axis in window), kind.size, columns), _STATE),
        "bias": ((columns,), "added"),
    }[role]
    if role == "bias" and len(weight.shape) == 2:
        axes, note = ("inputs and state", columns), _TWO_BIASES
    return replace(weight, axes=axes, gates=kind.gates, note=note)


def _terms(owners: Sequence[Any], weights: Sequence[Weight]) -> Iterator[tuple[str, str | None]]:
    """Yield what each cell adds to the number of parameters, in numbers and by name.

    It is gates * units * (one for each row: of the inputs, of the state, of the bias).
    """
    for owner in {id(owner): owner for owner in owners}.values():
        own = [weight for other, weight in zip(owners, weights, strict=True) if other is owner]
        kind = _kind(owner)
        if kind is None or not all(weight.gates for weight in own):
            yield from ((" * ".join(map(str, weight.shape)) or "1", None) for weight in own)
            continue
        gates = f"{len(kind.gates)} * " if len(kind.gates) > 1 else ""
        numbers = " + ".join(" * ".join(map(str, weight.shape[:-1])) or "1" for weight in own)
        names = " + ".join(_rows_by_name(weight) for weight in own)
        yield f"{gates}{kind.units} * ({numbers})", f"{gates}{kind.size} * ({names})"


def _rows_by_name(weight: Weight) -> str:
    """Return the number of rows with the names of what they are for: `3 * 3 * features`, or 1 or 2 for a bias."""
    assert weight.axes is not None
    rows = zip(weight.shape[:-1], weight.axes[:-1], strict=True)
    return " * ".join(name if name in ("features", "units", "filters") else str(size) for size, name in rows) or "1"
