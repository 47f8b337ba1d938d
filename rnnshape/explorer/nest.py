"""Return values: nested lists and tuples of tensors, and the same nesting of their shapes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rnnshape.structure import Path


class Leaf(tuple[int | None, ...]):
    """The shape of one tensor, told apart from a tuple of shapes."""

    __slots__ = ()


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield (path, leaf) for every tensor, or every `Leaf`, of a nested value, in order."""
    if isinstance(value, list | tuple) and not isinstance(value, Leaf):
        for at, item in enumerate(value):
            yield from leaves(item, (*path, at))
    elif isinstance(value, dict):
        for at, item in enumerate(value.values()):
            yield from leaves(item, (*path, at))
    else:
        yield path, value


def shapes(value: Any) -> Any:
    """Return the same lists and tuples with a `Leaf` for each tensor, or for each shape given as plain numbers."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        if value and all(size is None or isinstance(size, int) for size in value):
            return Leaf(value)
        inside = [shapes(item) for item in value]
        return inside if isinstance(value, list) else tuple(inside)
    return Leaf(None if size is None else int(size) for size in value.shape)


def shape_leaves(nested: Any) -> tuple[Leaf, ...]:
    """Return the leaves of what `shapes` returned, in order; none of what was not declared (None)."""
    return () if nested is None else tuple(leaf for _, leaf in leaves(nested))


def refilled(nested: Any, found: Iterator[Any]) -> Any:
    """Return the same nesting with the next of `found` in the place of each leaf."""
    if isinstance(nested, list | tuple) and not isinstance(nested, Leaf):
        inside = [refilled(item, found) for item in nested]
        return inside if isinstance(nested, list) else tuple(inside)
    if isinstance(nested, dict):
        return {name: refilled(item, found) for name, item in nested.items()}
    return next(found)


def structure(nested: Any) -> str:
    """Return nested shapes as code: `((32, 4), [(32, 4), (32, 4)])`."""
    if isinstance(nested, Leaf):
        return str(tuple(nested))
    inside = ", ".join(structure(item) for item in nested)
    if isinstance(nested, list):
        return f"[{inside}]"
    return f"({inside},)" if len(nested) == 1 else f"({inside})"


def agree(declared: Any, real: Any) -> bool:
    """Tell whether two nested shapes agree: list or tuple is all one, a size of None is any."""
    if isinstance(declared, Leaf) or isinstance(real, Leaf):
        return (
            isinstance(declared, Leaf)
            and isinstance(real, Leaf)
            and len(declared) == len(real)
            and all(None in (a, b) or a == b for a, b in zip(declared, real, strict=True))
        )
    return len(declared) == len(real) and all(agree(a, b) for a, b in zip(declared, real, strict=True))
