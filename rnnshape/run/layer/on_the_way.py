"""What each layer of a Sequential returns, on the way from its input to what it returns itself.

Every call of the whole is watched for the calls of the layers in it; in a graph their tensors are handed out with the
returned ones, so that they have values, too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rnnshape import tree
from rnnshape.names import Anatomy, Kind, Leaf, Named, identifier, name_tensors
from rnnshape.run import engine
from rnnshape.run.layer.anatomy import Layout, anatomy_of, in_turn
from rnnshape.run.tensors import MASK

_TAKEN = ("inputs", "layer", "layers", "way", "mask", "lengths", "rows", "first_step", "last_step", "keras", "np")
"""The names that statements and the code use beside those of tensors."""


@dataclass(slots=True)
class Way:
    """A layer that is called, and the layers inside it whose tensors are told of: all but the last one.

    `is_masked` tells of each of them whether what it returned carries a mask, once the layer was called.
    """

    layer: Any
    inside: tuple[Any, ...]
    is_masked: list[bool] = field(default_factory=list)

    @property
    def target(self) -> Way | None:
        """What is to be called in the place of the layer; None where there is nothing on the way."""
        return self if self.inside else None

    def parted(self, value: Any) -> tuple[Any, list[Any]]:
        """Return what the layer returned, and what those inside did, of what a call of the target returned."""
        return (value[0], list(value[1])) if self.inside else (value, [])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the layer returns, and a list of what the layers inside return."""
        with _noting(self.inside) as noted:
            value = self.layer(*args, **kwargs)
        found = _all_of(self.inside, noted)
        self.is_masked = self.is_masked or [_carries_mask(one) for one in found]
        return value, found


def way_through(layer: Any) -> Way:
    """Return the way through a layer; there is nothing on it where the layer is no Sequential."""
    parts = in_turn(layer)
    # A layer that is there twice returns twice.
    is_plain = len({id(part) for part in parts}) == len(parts)
    return Way(layer, tuple(parts[:-1]) if is_plain else ())


def declared_on_the_way(way: Way, layout: Layout) -> list[tuple[tree.Size, ...]]:
    """Return the shapes that each layer on the way declares for an input of this layout; [] where one declares none."""
    value = engine.load().Input(batch_shape=layout.shape, dtype=layout.dtype)
    found = []
    try:
        for part in way.inside:
            value = part(value)
            found.append(tree.sizes(tree.shapes(value)))
    except Exception:  # noqa: BLE001 - the whole was called; what its parts say alone is no reason to fail
        return []
    return found


def _all_of(inside: Sequence[Any], noted: dict[int, Any]) -> list[Any]:
    """Return what was noted of each layer; nothing where one was not called: a user's own code may pass it over."""
    return [noted[id(part)] for part in inside] if all(id(part) in noted for part in inside) else []


@contextlib.contextmanager
def _noting(inside: Sequence[Any]) -> Iterator[dict[int, Any]]:
    """Note what these layers return meanwhile, the last time that each is called."""
    noted: dict[int, Any] = {}
    if not inside:
        yield noted
        return
    base = engine.load().layers.Layer
    original = base.__call__
    wanted = {id(part) for part in inside}

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = original(layer, *args, **kwargs)
        if id(layer) in wanted:
            noted[id(layer)] = outputs
        return outputs

    base.__call__ = call
    try:
        yield noted
    finally:
        base.__call__ = original


def _carries_mask(value: Any) -> bool:
    return any(getattr(leaf, MASK, None) is not None for leaf in tree.flat(value))


@dataclass(frozen=True, slots=True)
class Inside:
    """A layer inside, how the tensors that it returns are called, and their shapes at the sizes that were asked for."""

    layer: Any
    anatomy: Anatomy
    names: tuple[str, ...]
    named: tuple[Named, ...]
    shapes: tuple[tuple[int | None, ...], ...]


def name_inside(
    layers: Sequence[Any], shapes: Sequence[Sequence[tuple[int, ...]]], time: int | None, taken: Sequence[str]
) -> list[Inside]:
    """Return the names of what the layers return: the layer's own, and for several tensors ours behind it.

    Args:
        layers: the layers, in the order in which they are called.
        shapes: the shapes of what each returned in the run.
        time: the number of timesteps that goes in.
        taken: names that others have.

    """
    used = {*taken, *_TAKEN}
    found = []
    for layer, own in zip(layers, shapes, strict=True):
        anatomy = anatomy_of(layer)
        paths = [()] if len(own) == 1 else [(at,) for at in range(len(own))]
        leaves = tuple(
            Leaf(path, len(shape), has_batch=bool(shape), has_time=len(shape) > 2 and shape[1] == time)
            for path, shape in zip(paths, own, strict=True)
        )
        named = name_tensors(anatomy, leaves)
        names = [_unused(_name(layer, one, is_alone=len(named) == 1), used) for one in named]
        said = tuple(replace(one, meaning=_meaning(layer, anatomy, one)) for one in named)
        found.append(
            Inside(layer, anatomy, tuple(names), said, tuple(own)),
        )
        time = own[0][1] if named and "timesteps" in named[0].axes else None
    return found


def _name(layer: Any, named: Named, *, is_alone: bool) -> str:
    name = identifier(layer.name)
    return name if is_alone else f"{name}_{named.name}"


def _unused(name: str, used: set[str]) -> str:
    found, number = name, 1
    while found in used:
        number += 1
        found = f"{name}_{number}"
    used.add(found)
    return found


def _meaning(layer: Any, anatomy: Anatomy, named: Named) -> str:
    if anatomy.kind is not Kind.OTHER:
        return named.meaning
    inner = getattr(layer, "layer", None)
    return named.meaning.replace("output", f"output of {type(layer if inner is None else inner).__name__}", 1)
