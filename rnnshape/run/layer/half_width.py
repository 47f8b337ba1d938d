"""Where the two halves of a Bidirectional layer's concatenated output meet.

Keras concatenates along the last axis whatever that is: for a channels_first ConvLSTM it is the last of the spatial
axes. The two layers may be of different widths, so that the middle is no answer.
"""

from __future__ import annotations

from typing import Any

from rnnshape import tree
from rnnshape.catalogue import LAYERS
from rnnshape.names import Anatomy, Kind
from rnnshape.run import engine
from rnnshape.run.layer.anatomy import last_of
from rnnshape.run.layer.sizes import AskedSizes
from rnnshape.run.layer.traced_shapes import traced_shapes
from rnnshape.run.layer.whose import runs_as

Halves = tuple[int | None, int | None]
"""The width of the first half in the run, and the number that is written for it; None where there are no halves."""


def halves(layer: Any, anatomy: Anatomy, asked: AskedSizes | None) -> Halves:
    """Return the halves of a layer's output; `asked` where the sizes that ran are not those that were asked for."""
    if not _is_two_side_by_side(anatomy):
        return None, None
    half = in_run(layer)
    if asked is None:
        return half, half
    shown = as_asked(asked)
    return half if shown else None, shown


def halves_inside(layer: Any, anatomy: Anatomy, ran: int, asked: int | None, *, is_as_asked: bool) -> Halves:
    """Return the halves of the output of a layer on the way through a Sequential.

    Args:
        layer: the layer.
        anatomy: its anatomy.
        ran: the width of its output in the run.
        asked: the width at the sizes that were asked for, None where that is unknown.
        is_as_asked: whether both are the same sizes. Where they are not, only two equal halves are known.

    """
    if not _is_two_side_by_side(anatomy):
        return None, None
    half = in_run(layer)
    if is_as_asked:
        return half, half
    return (half, asked // 2) if half is not None and 2 * half == ran and asked else (None, None)


def _is_two_side_by_side(anatomy: Anatomy) -> bool:
    return anatomy.kind is Kind.BIDIRECTIONAL and anatomy.merge_mode == "concat"


def in_run(layer: Any) -> int | None:
    """Return how much of the output's last axis is the forward half, for a layer that has been run."""
    forward = last_of(layer).forward_layer
    return _known_width(forward) or _width_of_one_step(forward)


def as_asked(asked: AskedSizes) -> int | None:
    """Return the same at the asked sizes, where nothing can be run."""
    forward = last_of(asked.layer).forward_layer
    known = _known_width(forward)
    if known is not None or last_of(asked.layer) is not asked.layer:
        return known
    shapes = traced_shapes(forward, asked.layout, asked.graph)
    return None if shapes is None else tree.sizes(shapes)[0][-1]


def _known_width(forward: Any) -> int | None:
    """Return the width that one of Keras's own cells puts out; a user's cell may put out something else."""
    layers = engine.load().layers
    cell: Any = getattr(forward, "cell", None) if runs_as(forward) is not None else None
    while isinstance(cell, layers.StackedRNNCells) and cell.cells:
        cell = cell.cells[-1]
    known = tuple(getattr(layers, row.cell.keras) for row in LAYERS if hasattr(layers, row.cell.keras))
    return int(cell.units) if runs_as(cell) in known else None


def _width_of_one_step(forward: Any) -> int | None:
    """Return the width of what the layer puts out for an input of zeros with a single timestep."""
    built = (forward.get_build_config() or {}).get("input_shape")
    if built is None:
        return None
    zeros = engine.load().ops.zeros((built[0] or 1, 1, *built[2:]))
    _, output = next(tree.leaves(forward(zeros)))
    return int(output.shape[-1])
