"""Layers that were built for one query of a grid, and serve the next ones.

The innermost axis of a grid is often the number of timesteps. A recurrent layer of Keras's own has the same weights for
any number of them, and its second draw, at few timesteps, is the same one for all that are longer.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Any

from rnnshape.query import DEFAULT_TIME, Query
from rnnshape.run.layer.anatomy import Layout, has_keras_cells, is_recurrent
from rnnshape.run.layer.layer_program import LayerDraw
from rnnshape.run.layer.whose import all_parts

_MOST = 2
"""Layers that are kept: a grid may vary another axis inside the timesteps."""

Draws = dict[tuple[int, int, Layout], LayerDraw]
"""By the number of the draw, the level of the weights, and the input."""


@dataclass(frozen=True, slots=True)
class KeptLayer:
    """A built layer, and the draws that do not depend on the timesteps that were asked for; None where none is kept."""

    layer: Any
    draws: Draws | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """The layers that were built last, each by its query without the timesteps."""

    layers: OrderedDict[Query, KeptLayer] = field(default_factory=OrderedDict)

    def get(self, query: Query) -> KeptLayer | None:
        """Return the layer of the query, built and run for other timesteps; None where there is none."""
        return self.layers.get(_without_time(query))

    def keep(self, query: Query, found: KeptLayer) -> None:
        """Keep the layer of a query, if another one may be answered with it."""
        if query.mask is None and not any(call.is_users for call in query.layer.calls()) and _is_unchanged(found.layer):
            self.layers[_without_time(query)] = found
            while len(self.layers) > _MOST:
                self.layers.popitem(last=False)


def _without_time(query: Query) -> Query:
    return replace(query, sizes=replace(query.sizes, time=DEFAULT_TIME))


def _is_unchanged(layer: Any) -> bool:
    """Tell whether a built layer is as it was before it ran, but for the weights and the noise, made for each draw."""
    if not is_recurrent(layer) or hasattr(layer, "layers") or not has_keras_cells(layer):
        return False
    return not any(getattr(part, "stateful", False) for part in all_parts(layer))
