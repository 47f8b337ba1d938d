"""The real layer -> what names and sizes need to know of it: how it is called, its cells, its input's axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rnnshape import catalogue
from rnnshape.catalogue import SPATIAL_AXES, cell_of
from rnnshape.errors import InvalidQuery
from rnnshape.expression import Call
from rnnshape.names import Anatomy, CellStates, Kind
from rnnshape.query import DEFAULT_SPACE, Dtype, Sizes
from rnnshape.run import engine
from rnnshape.run.layer.said import Said, agreed, said_of
from rnnshape.run.layer.whose import runs_as

_LARGEST_WHOLE = 10
"""What whole numbers that are no tokens stay below."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The input of a layer: its shape (None: unknown), the axes' names, its dtype.

    `largest` is the number of tokens that an integer input may hold.
    """

    shape: tuple[int | None, ...]
    axes: tuple[str, ...]
    dtype: str = "float32"
    largest: int = 0

    def size(self, axis: str) -> int | None:
        """Return the size of a named axis; None where it is unknown or absent."""
        return self.shape[self.axes.index(axis)] if axis in self.axes else None

    def of_dtype(self, dtype: Dtype | None) -> Layout:
        """Return the same of another dtype; tokens, and what the layer's own code says of its input, stay."""
        if dtype is None or self.largest or self.dtype != "float32":
            return self
        return replace(self, dtype=dtype.input, largest=_LARGEST_WHOLE if dtype is Dtype.INT32 else 0)

    def with_time(self, time: int) -> Layout:
        """Return the same with another number of timesteps."""
        at = self.axes.index("timesteps")
        return replace(self, shape=(*self.shape[:at], time, *self.shape[at + 1 :]))


def is_cell(layer: Any) -> bool:
    """Tell whether this is a cell, which is called with its states and runs one step."""
    keras = engine.load()
    return hasattr(layer, "state_size") and not isinstance(layer, keras.layers.RNN)


def last_of(layer: Any) -> Any:
    """Return the layer that a Sequential's outputs come from; any other layer is that layer itself."""
    keras = engine.load()
    while isinstance(layer, keras.Sequential) and layer.layers:
        layer = layer.layers[-1]
    return layer


def in_turn(layer: Any) -> list[Any]:
    """Return the layers that the inputs go through one after the other: those of a Sequential, or the layer itself."""
    if isinstance(layer, engine.load().Sequential):
        return [part for inner in layer.layers for part in in_turn(inner)]
    return [layer]


def is_recurrent(layer: Any) -> bool:
    """Tell whether this is a recurrent layer, Bidirectional around one, or a Sequential of nothing else."""
    keras = engine.load()
    layers = keras.layers
    if isinstance(layer, keras.Sequential):
        return bool(layer.layers) and all(map(is_recurrent, layer.layers))
    inner = layer.forward_layer if isinstance(layer, layers.Bidirectional) else layer
    return isinstance(inner, layers.RNN)


def has_keras_cells(layer: Any) -> bool:
    """Tell whether all that runs at a timestep of a recurrent layer is Keras's own."""
    keras = engine.load()
    layers = keras.layers
    if isinstance(layer, keras.Sequential):
        return all(map(has_keras_cells, layer.layers))
    halves = [layer.forward_layer, layer.backward_layer] if isinstance(layer, layers.Bidirectional) else [layer]
    # The backward layer of a Bidirectional may be any layer of a user's.
    owners = [getattr(half, "cell", half) for half in halves]
    cells = [cell for owner in owners for cell in getattr(owner, "cells", None) or [owner]]
    return all(runs_as(part) is not None for part in (layer, *halves, *cells))


def anatomy_of(layer: Any) -> Anatomy:
    """Return the anatomy of a layer; a Sequential's is its last layer's."""
    layers = engine.load().layers
    layer = last_of(layer)
    both = isinstance(layer, layers.Bidirectional) and isinstance(layer.forward_layer, layers.RNN)
    if both and runs_as(layer) is not None:
        forward, backward = layer.forward_layer, layer.backward_layer
        own = runs_as(forward) is not None and runs_as(backward) is not None
        return Anatomy(
            kind=Kind.BIDIRECTIONAL,
            cells=_cells(forward.cell, forward, own=own),
            backward=_cells(getattr(backward, "cell", None), backward, own=own),
            stacked=isinstance(forward.cell, layers.StackedRNNCells),
            return_sequences=forward.return_sequences,
            return_state=forward.return_state,
            go_backwards=forward.go_backwards,
            merge_mode=layer.merge_mode,
            own=own,
            **_spatial(forward),
        )
    if isinstance(layer, layers.RNN):
        own = runs_as(layer) is not None
        return Anatomy(
            kind=Kind.RECURRENT,
            cells=_cells(layer.cell, layer, own=own),
            stacked=isinstance(layer.cell, layers.StackedRNNCells),
            return_sequences=layer.return_sequences,
            return_state=layer.return_state,
            go_backwards=layer.go_backwards,
            own=own,
            **_spatial(layer),
        )
    if is_cell(layer):
        stacked = isinstance(layer, layers.StackedRNNCells)
        return Anatomy(kind=Kind.CELL, cells=_cells(layer, None), stacked=stacked)
    repeats = isinstance(layer, layers.RepeatVector)
    return Anatomy(kind=Kind.OTHER, last_axis="features", return_sequences=repeats)


def _cells(cell: Any, owner: Any, *, own: bool = True) -> tuple[CellStates, ...]:
    """Return the states of the cells; what they are is known of Keras's own code alone (`own`: the layer's around)."""
    layers = engine.load().layers
    if cell is None:
        return ()
    if isinstance(cell, layers.StackedRNNCells):
        return tuple(states for inner in cell.cells for states in _cells(inner, None, own=own))
    known = cell_of(getattr(runs_as(cell) if own else None, "__name__", ""))
    if known is not None:
        return (CellStates(len(known.states), known.states),)
    kind = _kind_of(owner)
    if kind is not None and kind.spatial:
        # Its cell's state_size is a single number, whatever the states are.
        return (CellStates(len(kind.cell.states)),)
    sizes = cell.state_size
    return (CellStates(len(sizes) if isinstance(sizes, list | tuple) else 1),)


def _spatial(layer: Any) -> dict[str, Any]:
    rank = spatial_rank(layer)
    if not rank:
        return {}
    first = getattr(layer.cell, "data_format", None) == "channels_first"
    return {"spatial": SPATIAL_AXES[:rank], "last_axis": "filters", "channels_first": first}


def spatial_rank(layer: Any) -> int:
    """Return the number of spatial axes of a ConvLSTM layer, or of a wrapped convolution; 0 for all others."""
    layers, kind = engine.load().layers, _kind_of(layer)
    if kind is not None:
        return kind.spatial
    if isinstance(layer, layers.TimeDistributed):
        inner = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
        return next((rank for rank, cls in enumerate(inner, 1) if isinstance(layer.layer, cls)), 0)
    return 0


def _kind_of(layer: Any) -> catalogue.Layer | None:
    """Return the row of the catalogue of the class, or one above it, that this is a layer of."""
    layers = engine.load().layers
    return next((row for row in catalogue.LAYERS if isinstance(layer, getattr(layers, row.keras, ()))), None)


def entrance(layer: Any) -> Any:
    """Return the layer that the inputs meet first."""
    keras = engine.load()
    while True:
        if isinstance(layer, keras.Sequential) and layer.layers:
            layer = layer.layers[0]
        elif isinstance(layer, keras.layers.Bidirectional):
            layer = layer.forward_layer
        else:
            return layer


def layout_of(layer: Any, sizes: Sizes, *, call: Call) -> Layout:
    """Return the input of these sizes that the layer takes; what its expression says of its input goes first.

    Raises:
        InvalidQuery: a size was asked for that contradicts the expression, `--input` has another number of axes than
            the layer takes, or `--space` does not fit it.

    """
    shown = str(call)
    said = input_said(layer, call)
    if said is None:
        return _layout_of(layer, sizes, shown)
    expected = _layout_of(layer, replace(sizes, shape=None), shown)
    shape = said.of_rank(len(expected.axes) if isinstance(entrance(layer), engine.load().layers.RNN) else 2)
    if said.dtype is not None and not (expected.largest and said.dtype.startswith("float")):
        whole = said.dtype.startswith(("int", "uint", "bool"))
        expected = replace(expected, dtype=said.dtype, largest=expected.largest or (_LARGEST_WHOLE if whole else 0))
    axes = expected.axes if len(shape) == len(expected.axes) else axes_of(len(shape))
    if sizes.shape is not None and len(sizes.shape) != len(shape):
        if not said.by_model:
            return _given(replace(expected, shape=shape, axes=axes), sizes, shown)
        # Keras decides: a model adds an axis of one, or takes one away.
        longer = axes[: len(sizes.shape)] if len(sizes.shape) < len(axes) else axes_of(len(sizes.shape))
        return replace(expected, shape=sizes.shape, axes=longer)
    asked = dict(zip(expected.axes, expected.shape, strict=True))
    return replace(expected, shape=agreed(shape, axes, asked, sizes, call), axes=axes)


def input_said(layer: Any, call: Call) -> Said | None:
    """Return what an expression, or a user's own layer, says of its input; None where neither says anything."""
    said = said_of(call)
    if said is not None:
        return said
    first = entrance(layer)
    for owner in (layer, first):
        given = getattr(owner, "_input_shape_arg", None)
        if isinstance(given, list | tuple):
            return Said((None, *given))
    model = engine.load().Model
    shape = getattr(layer, "input_shape", None) if isinstance(layer, model) and layer.built else None
    if not isinstance(shape, tuple) or not all(size is None or isinstance(size, int) for size in shape):
        return None
    return Said(shape, layer.inputs[0].dtype, by_model=True)


def _layout_of(layer: Any, sizes: Sizes, shown: str) -> Layout:
    keras = engine.load()
    first = entrance(layer)
    rank = spatial_rank(first)
    if sizes.space is not None and len(sizes.space) != rank:
        wanted = f"{rank} spatial axes ({','.join(SPATIAL_AXES[:rank])})" if rank else "no spatial axes"
        message = f"{shown} has {wanted}. Received: --space {','.join(map(str, sizes.space))}"
        raise InvalidQuery(message, layer=shown)
    if isinstance(first, keras.layers.Embedding):
        axes: tuple[str, ...] = ("batch", "timesteps")
        return _given(Layout((sizes.batch, sizes.time), axes, "int32", first.input_dim), sizes, shown)
    if is_cell(first):
        return _given(Layout((sizes.batch, sizes.features), ("batch", "features")), sizes, shown)
    space = sizes.space or (DEFAULT_SPACE,) * rank
    names = SPATIAL_AXES[:rank]
    owner = getattr(first, "cell", getattr(first, "layer", None))
    if getattr(owner, "data_format", None) == "channels_first":
        shape = (sizes.batch, sizes.time, sizes.features, *space)
        return _given(Layout(shape, ("batch", "timesteps", "features", *names)), sizes, shown)
    shape = (sizes.batch, sizes.time, *space, sizes.features)
    expected = Layout(shape, ("batch", "timesteps", *names, "features"))
    if isinstance(first, keras.layers.RNN):
        return _given(expected, sizes, shown)
    return _free(layer, expected, sizes)


def _given(expected: Layout, sizes: Sizes, shown: str) -> Layout:
    if sizes.shape is None:
        return expected
    if len(sizes.shape) != len(expected.axes):
        typed = ",".join("none" if size is None else str(size) for size in sizes.shape)
        wanted = f"{len(expected.axes)} axes ({','.join(expected.axes)})"
        message = f"{shown} takes an input of {wanted}. Received: --input {typed}"
        raise InvalidQuery(message, layer=shown)
    return Layout(sizes.shape, expected.axes, expected.dtype, expected.largest)


def _free(layer: Any, expected: Layout, sizes: Sizes) -> Layout:
    """Return the layout for a layer that takes any input."""
    shape = sizes.shape
    rank = getattr(getattr(entrance(layer), "input_spec", None), "ndim", None)
    if shape is None and rank == 2:
        # RepeatVector, for one: what comes in is no sequence yet.
        shape = (sizes.batch, sizes.features)
    if shape is None or len(shape) == len(expected.axes):
        return Layout(shape or expected.shape, expected.axes)
    return Layout(shape, axes_of(len(shape)))


def tokens_of(layer: Any) -> int:
    """Return how many tokens the layer's input may hold; 0 where it does not begin with an Embedding."""
    first = entrance(layer)
    return int(first.input_dim) if isinstance(first, engine.load().layers.Embedding) else 0


def axes_of(rank: int) -> tuple[str, ...]:
    """Return names for the axes of an input of which nothing but their number is known."""
    if rank < 3:
        return ("batch", "features")[:rank]
    return ("batch", "timesteps", *(f"axis_{at}" for at in range(1, rank - 2)), "features")
