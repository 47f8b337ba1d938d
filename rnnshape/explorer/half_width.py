"""Where the two halves of a Bidirectional layer's concatenated output meet.

Keras concatenates along the last axis whatever that is: for a channels_first ConvLSTM it is the last of the spatial
axes. The two layers may be of different widths, so that the middle is no answer.
"""

from __future__ import annotations

from typing import Any

from rnnshape import tree
from rnnshape.catalogue import LAYERS
from rnnshape.explorer import engine
from rnnshape.explorer.anatomy import last_of
from rnnshape.explorer.sizes import AskedSizes
from rnnshape.explorer.traced_shapes import traced_shapes
from rnnshape.explorer.whose import runs_as


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
