"""The real layer -> what names and sizes need to know of it: how it is called, its cells, its input's axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rnnshape.catalogue import SPATIAL_AXES
from rnnshape.errors import InvalidQuery
from rnnshape.explorer import engine
from rnnshape.names import Anatomy, CellStates, Kind
from rnnshape.query import DEFAULT_SPACE, Sizes


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
    return all(type(part).__module__.startswith("keras.") for part in (*halves, *cells))


def anatomy_of(layer: Any) -> Anatomy:
    """Return the anatomy of a layer; a Sequential's is its last layer's."""
    layers = engine.load().layers
    layer = last_of(layer)
    if isinstance(layer, layers.Bidirectional) and isinstance(layer.forward_layer, layers.RNN):
        forward, backward = layer.forward_layer, layer.backward_layer
        return Anatomy(
            kind=Kind.BIDIRECTIONAL,
            cells=_cells(forward.cell, forward),
            backward=_cells(getattr(backward, "cell", None), backward),
            stacked=isinstance(forward.cell, layers.StackedRNNCells),
            return_sequences=forward.return_sequences,
            return_state=forward.return_state,
            go_backwards=forward.go_backwards,
            merge_mode=layer.merge_mode,
            **_spatial(forward),
        )
    if isinstance(layer, layers.RNN):
        return Anatomy(
            kind=Kind.RECURRENT,
            cells=_cells(layer.cell, layer),
            stacked=isinstance(layer.cell, layers.StackedRNNCells),
            return_sequences=layer.return_sequences,
            return_state=layer.return_state,
            go_backwards=layer.go_backwards,
            **_spatial(layer),
        )
    if is_cell(layer):
        stacked = isinstance(layer, layers.StackedRNNCells)
        return Anatomy(kind=Kind.CELL, cells=_cells(layer, None), stacked=stacked)
    repeats = isinstance(layer, layers.RepeatVector)
    return Anatomy(kind=Kind.OTHER, last_axis="features", return_sequences=repeats)


def _cells(cell: Any, owner: Any) -> tuple[CellStates, ...]:
    layers = engine.load().layers
    if cell is None:
        return ()
    if isinstance(cell, layers.StackedRNNCells):
        return tuple(states for inner in cell.cells for states in _cells(inner, None))
    if isinstance(owner, layers.ConvLSTM1D | layers.ConvLSTM2D | layers.ConvLSTM3D):
        # Its cell's state_size is a single number, whatever the states are.
        return (CellStates(2, is_lstm=True),)
    sizes = cell.state_size
    count = len(sizes) if isinstance(sizes, list | tuple) else 1
    kerass = isinstance(cell, layers.SimpleRNNCell | layers.GRUCell | layers.LSTMCell)
    return (CellStates(count, is_lstm=isinstance(cell, layers.LSTMCell), has_output=kerass),)


def _spatial(layer: Any) -> dict[str, Any]:
    rank = spatial_rank(layer)
    if not rank:
        return {}
    first = getattr(layer.cell, "data_format", None) == "channels_first"
    return {"spatial": SPATIAL_AXES[:rank], "last_axis": "filters", "channels_first": first}


def spatial_rank(layer: Any) -> int:
    """Return the number of spatial axes of a ConvLSTM layer, or of a wrapped convolution; 0 for all others."""
    layers = engine.load().layers
    for rank, classes in (
        (1, (layers.ConvLSTM1D,)),
        (2, (layers.ConvLSTM2D,)),
        (3, (layers.ConvLSTM3D,)),
    ):
        if isinstance(layer, classes):
            return rank
    if isinstance(layer, layers.TimeDistributed):
        inner = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
        return next((rank for rank, cls in enumerate(inner, 1) if isinstance(layer.layer, cls)), 0)
    return 0


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


def layout_of(layer: Any, sizes: Sizes, *, shown: str) -> Layout:
    """Return the input of these sizes that the layer takes; a Sequential with an Input says what it takes.

    Raises:
        InvalidQuery: `--input` has another number of axes than the layer takes, or `--space` does not fit it.

    """
    layout = _layout_of(layer, sizes, shown)
    keras = engine.load()
    if sizes.shape is not None or not (isinstance(layer, keras.Sequential) and layer.built):
        return layout
    known = tuple(layer.input_shape)
    if len(known) != len(layout.shape):
        asked = (sizes.batch, sizes.time)
        shape = tuple(asked[at] if size is None and at < 2 else size for at, size in enumerate(known))
        return _free(layer, layout, replace(sizes, shape=shape))
    shape = tuple(ours if size is None else size for size, ours in zip(known, layout.shape, strict=True))
    return replace(layout, shape=shape)


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
    if len(shape) < 3:
        return Layout(shape, ("batch", "features")[: len(shape)])
    middle = tuple(f"axis_{at}" for at in range(1, len(shape) - 2))
    return Layout(shape, ("batch", "timesteps", *middle, "features"))
