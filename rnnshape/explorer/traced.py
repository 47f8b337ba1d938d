"""The shapes that the layer's own code gives at sizes too large to run, by tracing it in a graph.

Unlike a declaration, this follows what the code does; unlike a run, it allocates nothing.
"""

from __future__ import annotations

from typing import Any

from rnnshape.explorer import nest
from rnnshape.explorer.anatomy import Layout, is_cell
from rnnshape.explorer.laid_out import one_step_each


def traced_shapes(layer: Any, layout: Layout, graph: Any) -> Any:
    """Return the nested shapes (see `nest.shapes`) of a layer that was built in the graph; None where it fails."""
    import tensorflow as tf

    if is_cell(layer):
        return None
    try:
        with graph.as_default(), one_step_each():
            return nest.shapes(_plain(layer(tf.compat.v1.placeholder(layout.dtype, layout.shape))))
    except Exception:  # noqa: BLE001 - what cannot be traced stays unknown
        return None


def _plain(value: Any) -> Any:
    """Return the value with plain lists and tuples; in a graph Keras hands out wrappers of them."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return [_plain(item) for item in value] if isinstance(value, list) else value
