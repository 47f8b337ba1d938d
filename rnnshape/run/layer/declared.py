"""What Keras declares before it runs anything: the symbolic call, and `compute_output_shape`.

Both are public promises of a layer; where they differ from what the real call returns, users' models break.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rnnshape import tree
from rnnshape.run import engine
from rnnshape.run.layer.anatomy import Layout, is_cell
from rnnshape.run.layer.states import accepted_states
from rnnshape.trace import DeclaredShapes


@dataclass(frozen=True, slots=True)
class Declaration(DeclaredShapes):
    """The two declarations; where the symbolic call failed, with the exception in `failure`."""

    failure: BaseException | None = None

    @property
    def shapes(self) -> DeclaredShapes:
        """The shapes alone."""
        return DeclaredShapes(self.symbolic, self.computed)


def declare(layer: Any, layout: Layout) -> Declaration:
    """Return what the layer declares for an input of this layout; the symbolic call builds the layer."""
    try:
        symbolic = tree.shapes(_symbolic_call(layer, layout))
        failure = None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a failing declaration is a finding; the real call tells the rest
        symbolic, failure = None, error
    return Declaration(symbolic, _computed(layer, layout), failure)


def _symbolic_call(layer: Any, layout: Layout) -> Any:
    keras = engine.load()
    inputs = keras.Input(batch_shape=layout.shape, dtype=layout.dtype)
    if not is_cell(layer):
        return layer(inputs)
    if not getattr(layer, "built", True):
        # A cell may start from a weight of its own.
        layer.build(layout.shape)

    def symbol(state: Any) -> Any:
        dtype = keras.backend.standardize_dtype(state.dtype)
        return keras.Input(batch_shape=(layout.shape[0], *state.shape[1:]), dtype=dtype)

    return layer(inputs, tree.mapped(symbol, accepted_states(layer, layout.shape[0] or 1)))


def _computed(layer: Any, layout: Layout) -> Any:
    if is_cell(layer) or type(layer).compute_output_shape is engine.load().layers.Layer.compute_output_shape:
        return None
    try:
        return tree.shapes(layer.compute_output_shape(layout.shape))
    except Exception:  # noqa: BLE001 - the symbolic call and the real one have the say
        return None
