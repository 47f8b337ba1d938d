"""The shapes that the layer's own code gives at sizes too large to run, by tracing it in a graph.

Unlike a declaration, this follows what the code does; unlike a run, it allocates nothing.
"""

from __future__ import annotations

from typing import Any

from rnnshape import tree
from rnnshape.run.layer.anatomy import Layout, is_cell
from rnnshape.run.layer.laid_out import one_step_each


def traced_shapes(layer: Any, layout: Layout, graph: Any) -> Any:
    """Return the nested shapes (see `tree.shapes`) of a layer that was built in the graph; None where it fails."""
    import tensorflow as tf

    if is_cell(layer):
        return None
    try:
        with graph.as_default(), one_step_each():
            return tree.shapes(tree.as_plain(layer(tf.compat.v1.placeholder(layout.dtype, layout.shape))))
    except Exception:  # noqa: BLE001 - what cannot be traced stays unknown
        return None
