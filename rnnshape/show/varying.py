"""What varies among several queries, and what is the same in all of them."""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rnnshape.catalogue import LAYERS
from rnnshape.expression import Call, Items, as_code
from rnnshape.report import Report
from rnnshape.show.rows import PLAIN_DTYPE, Code, shape_code

_MOST_FLAGS = 2
"""Columns of flags that some layers have and others have not."""

_SIZES = {layer.keras: layer.size for layer in LAYERS}


@dataclass(frozen=True, slots=True)
class Column:
    """One thing that varies: its name, and its value in each query."""

    name: str
    values: tuple[object, ...]

    @property
    def is_number(self) -> bool:
        """Whether all that is known of it are numbers."""
        return all(one is None or type(one) in (int, float) for one in self.values)

    @property
    def is_flag(self) -> bool:
        """Whether it is True or False."""
        return all(isinstance(one, bool) for one in self.values)

    def said(self, at: int) -> str:
        """Return one value as text."""
        value = self.values[at]
        return f"{value:,}" if type(value) is int else str(value) if isinstance(value, Code) else as_code(value)


@dataclass(frozen=True, slots=True)
class Varying:
    """The columns of what varies, and the phrases that say what all layers were called with.

    In the phrases, and in `layer`, the name of a column stands for what varies.
    """

    calls: tuple[Call, ...]
    columns: tuple[Column, ...]
    called_with: tuple[str, ...]

    def layer(self, some: Sequence[int]) -> str:
        """Return the layers of these queries as code, each once."""
        calls = [self.calls[at] for at in some]
        names = _names([_named(call) for call in calls])
        return ", ".join(dict.fromkeys(str(_template(call, names)) for call in calls))

    def alike(self, some: Sequence[int]) -> Iterator[str]:
        """Yield what these queries have in common of all that varies otherwise, but for what their layers tell."""
        told = set(_names([_named(call) for call in self.calls]))
        for column in self.columns:
            values = [column.values[at] for at in some]
            if column.name != "layer" and column.name not in told and not _varies(values):
                yield f"{column.name} {column.said(some[0])}"


def varying(reports: Sequence[Report]) -> Varying:
    """Return what varies among these reports."""
    calls = tuple(report.layer for report in reports)
    named = [_named(call) for call in calls]
    names = _names(named)
    arguments = [Column(name, tuple(one.get(name, False) for one in named)) for name in names]
    layers = list(_layers(calls, names))
    # A flag that goes with the layer is told with the layer.
    kept = [one for one in arguments if not (layers and one.is_flag and _follows(one, layers[0]))]
    shapes, _ = _inputs(reports)
    others, _ = _called(reports)
    return Varying(calls, (*layers, *kept, *shapes, *others), called_with(reports))


def called_with(reports: Sequence[Report]) -> tuple[str, ...]:
    """Return the phrases that say what all of these layers were called with."""
    _, inputs = _inputs(reports)
    _, more = _called(reports)
    phrases = (*inputs, *more)
    return tuple(f"{one}," if 0 < at < len(phrases) - 1 else one for at, one in enumerate(phrases))


def _follows(column: Column, first: Column) -> bool:
    """Tell whether the one column is known from the other."""
    pairs = set(zip(first.values, column.values, strict=True))
    return len(pairs) == len({value for value, _ in pairs})


def _names(named: Sequence[dict[str, object]]) -> list[str]:
    """Return the names of the arguments that vary. A flag that one layer does not have is False there."""
    some = dict.fromkeys(name for one in sorted(named, key=len, reverse=True) for name in one)
    everywhere = [name for name in some if all(name in one for one in named)]
    flags = [name for name in some if name not in everywhere and all(one.get(name, True) is True for one in named)]
    found = [*everywhere, *(flags if len(flags) <= _MOST_FLAGS else [])]
    return [name for name in found if _varies([one.get(name, False) for one in named])]


def _varies(values: Sequence[object]) -> bool:
    return any(value != values[0] or type(value) is not type(values[0]) for value in values)


def _layers(calls: Sequence[Call], names: Sequence[str]) -> Iterator[Column]:
    """Yield the column of the layers: their classes alone, where that tells them apart."""
    layers = [str(_template(call, names)) for call in calls]
    if _varies(layers):
        classes = [_classes(call) for call in calls]
        alike = len(set(zip(classes, layers, strict=True))) == len(set(classes))
        yield Column("layer", tuple(map(Code, classes if alike else layers)))


def _classes(call: Call) -> str:
    inside = [one for value in (*call.args, *(value for _, value in call.kwargs)) for one in _calls_in(value)]
    return f"{call.name}({', '.join(map(_classes, inside))})" if inside else call.name


def _calls_in(value: object) -> list[Call]:
    if isinstance(value, Items):
        return [one for item in value.values for one in _calls_in(item)]
    return [value] if isinstance(value, Call) else []


def _named(call: Call) -> dict[str, object]:
    """Return the arguments that are plain values, by their names; a name that occurs twice names nothing."""
    leaves = list(_leaves(call))
    count = collections.Counter(name for name, _ in leaves)
    return {name: value for name, value in leaves if count[name] == 1}


def _leaves(call: Call) -> Iterator[tuple[str, object]]:
    for name, value in (*_positional(call), *call.kwargs):
        if isinstance(value, Call):
            yield from _leaves(value)
        elif not _calls_in(value):
            yield name, value


def _positional(call: Call) -> Iterator[tuple[str, object]]:
    size = _SIZES.get(call.name, "units" if call.name.endswith("Cell") else "")
    for at, value in enumerate(call.args):
        yield (size if size and at == 0 else f"{call.name}[{at}]"), value


@dataclass(frozen=True, slots=True)
class _Name:
    name: str

    def __repr__(self) -> str:
        return self.name


def _template(call: Call, names: Sequence[str]) -> Call:
    """Return the call with the names of what varies in the place of its values, and without flags that vary."""

    def filled(name: str, value: object) -> object:
        if isinstance(value, Call):
            return _template(value, names)
        return _Name(name) if name in names else value

    return replace(
        call,
        args=tuple(filled(name, value) for name, value in _positional(call)),
        kwargs=tuple(
            (name, filled(name, value)) for name, value in call.kwargs if value is not True or name not in names
        ),
    )


def _inputs(reports: Sequence[Report]) -> tuple[list[Column], list[str]]:
    """Return the sizes of the inputs that vary, and the phrases that say what is the same of all inputs."""
    axes = reports[0].input.axes
    if any(report.input.axes != axes for report in reports):
        return [Column("inputs", tuple(Code(shape_code(report.input.shape)) for report in reports))], []
    columns = [Column(name, tuple(report.input.shape[at] for report in reports)) for at, name in enumerate(axes)]
    shape = (column.name if _varies(column.values) else str(column.values[0]) for column in columns)
    comma = "," if len(axes) == 1 else ""
    phrases = [f"on inputs ({', '.join(shape)}{comma})", f"= ({', '.join(axes)}{comma})"]
    return [column for column in columns if _varies(column.values)], phrases


def _called(reports: Sequence[Report]) -> tuple[list[Column], list[str]]:
    """Return how else the calls vary, and the phrases that say what is the same."""
    columns, phrases = [], []
    for name in ("dtype", "policy", "mask", "initial_state", "training"):
        values = tuple(_given(report, name) for report in reports)
        if _varies(values):
            columns.append(Column(name, tuple(Code("none" if value is None else value) for value in values)))
        elif values[0] is not None and (name, values[0]) != ("dtype", PLAIN_DTYPE):
            said = {"dtype": str(values[0]), "policy": f"policy {values[0]}"}
            phrases.append(said.get(name, f"{name}={values[0]}"))
    return columns, phrases


def _given(report: Report, name: str) -> object:
    match name:
        case "dtype":
            return report.input.dtype
        case "policy":
            return None if report.dtype_policy == report.input.dtype else report.dtype_policy
        case "mask":
            return report.mask.given if report.mask else None
        case _:
            return getattr(report, name)
