"""Training, as far as shapes go: one batch of the data goes through the model and the compiled loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape import tree
from rnnshape.run import engine
from rnnshape.run.code import sequential
from rnnshape.run.code.closures import as_host
from rnnshape.run.code.construction import guarded
from rnnshape.run.code.values import Closure, Opaque, Unknown
from rnnshape.run.tensors import is_symbolic, is_tensor, shape_of, tensors_in

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine

_BATCH = 32


def compile_model(machine: Machine, model: Any, args: list[Any], kwargs: dict[str, Any]) -> None:
    """Run `compile`, so that what Keras refuses there is refused; without what is not known."""
    named = {**dict(zip(("optimizer", "loss"), args, strict=False)), **kwargs}
    loss = named.get("loss")
    machine.compiled.pop(id(model), None)
    known = {name: as_host(machine, value) for name, value in named.items() if not _has_unknown(value)}
    if "optimizer" in known and isinstance(named["optimizer"], Opaque | Closure):
        known["optimizer"] = "rmsprop"
    with guarded(machine):
        model.compile(*args[2:], **known)
    if loss is not None and "loss" in known:
        machine.compiled[id(model)] = True


def _has_unknown(value: Any) -> bool:
    return any(isinstance(leaf, Unknown | Opaque) for leaf in tree.flat(value))


def one_batch(machine: Machine, model: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Run one batch of data of these shapes through the model, and through the loss where one was compiled.

    The first time it is traced, as Keras does, so that the errors are those of `fit`; then it is run.
    """
    given = {**dict(zip(("x", "y", "batch_size"), args, strict=False)), **kwargs}
    if hasattr(model, "compiled") and not model.compiled:
        raise ValueError("You must call `compile()` before using the model.")
    _check_type(given.get("x"))
    x, y = _data(given.get("x")), _data(given.get("y"))
    if x is None or not hasattr(model, "compile"):
        return Opaque(f"model.{name}()")
    size = given.get("batch_size")
    size = size if isinstance(size, int) and size > 0 else _BATCH
    shapes = [shape_of(value) for value in tensors_in((x, y))]
    key = (id(model), str(shapes), size, id(model) in machine.compiled)
    if key in machine.trained or not any(True for _ in tensors_in(x)):
        return Opaque(f"model.{name}()")
    machine.trained.add(key)
    _check_lengths(x, y)
    y = y if id(model) in machine.compiled else None
    with machine.unrecorded(), guarded(machine):
        # Keras leaves the number of rows open where the last batch is smaller (`ArrayDataAdapter`).
        known = shapes[0][0] if shapes[0] else None
        rows = size if known and known % size == 0 else None
        _run(model, _first(x, size), _first(y, size), rows, training=name in {"fit", "train_on_batch"})
    if isinstance(model, engine.load().Sequential):
        sequential.sync(machine, model)
    return Opaque(f"model.{name}()")


def _data(value: Any) -> Any:
    """Return data as arrays and tensors; None where it is not known."""
    if isinstance(value, Unknown):
        return None if value.tensor is None or is_symbolic(value.tensor) else value.tensor
    if isinstance(value, list | tuple | dict):
        inside = list(value.values()) if isinstance(value, dict) else list(value)
        if inside and all(is_tensor(item) and not is_symbolic(item) for item in inside):
            return value
        known = [_data(item) for item in inside]
        return known if inside and all(item is not None for item in known) else None
    if is_tensor(value) and not is_symbolic(value):
        return value
    return None


def _check_type(x: Any) -> None:
    """Refuse lists of numbers, in Keras's words: it takes arrays."""
    if isinstance(x, list | tuple) and x and all(isinstance(leaf, int | float) for _, leaf in tree.leaves(x)):
        raise ValueError(f"Unrecognized data type: x={str(x)[:200]} (of type {type(x)})")


def _check_lengths(x: Any, y: Any) -> None:
    """Refuse data of different lengths, in Keras's words."""
    sizes = [(shape_of(value) or (None,))[0] for value in tensors_in((x, y))]
    if len(set(sizes)) > 1:
        raise ValueError(
            "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples. "
            f"'x' sizes: {', '.join(str((shape_of(value) or (None,))[0]) for value in tensors_in(x))} "
            f"'y' sizes: {', '.join(str((shape_of(value) or (None,))[0]) for value in tensors_in(y))}"
        )


def _first(value: Any, size: int) -> Any:
    import tensorflow as tf

    def cut(leaf: Any) -> Any:
        if not is_tensor(leaf):
            return leaf
        array = np.asarray(leaf[:size]) if shape_of(leaf) else np.asarray(leaf)
        if array.dtype == np.float64:
            array = array.astype("float32")
        return tf.constant(array)

    return tree.mapped(cut, value)


def _run(model: Any, x: Any, y: Any, rows: int | None, *, training: bool) -> None:
    import tensorflow as tf

    def step(inputs: Any, labels: Any) -> Any:
        outputs = model(inputs, training=training)
        if labels is None:
            return tf.constant(0.0)
        return model.compute_loss(x=inputs, y=labels, y_pred=outputs, sample_weight=None)

    def spec(leaf: Any) -> Any:
        return tf.TensorSpec([rows, *leaf.shape[1:]], leaf.dtype) if is_tensor(leaf) and leaf.shape.rank else leaf

    if not model.built:
        model(x)
    graph = tf.function(step, autograph=False)
    graph.get_concrete_function(tree.mapped(spec, x), tree.mapped(spec, y))
    graph(x, y)
