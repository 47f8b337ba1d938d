"""Nested values: lists, tuples, dicts and slices with leaves in them, and the one walk through them.

What a layer returns is nested, and so are the states that it takes, the arguments of a call, and the shapes of all of
these. A leaf is whatever is none of the four; a `Size` is a leaf although it is a tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

Path = tuple[int, ...]


class Size(tuple[int | None, ...]):
    """The shape of one tensor, told apart from a tuple of shapes. None is an unknown size."""

    __slots__ = ()


def is_nest(value: Any) -> bool:
    """Tell whether a value has others in it."""
    return isinstance(value, list | tuple | dict | slice) and not isinstance(value, Size)


def children(value: Any) -> Iterable[Any]:
    """Return what is in a nest, in order."""
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, slice):
        return (value.start, value.stop, value.step)
    return value  # type: ignore[no-any-return]


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield (path, leaf) for each leaf, in order; a path has the position in each nest around the leaf."""
    if not is_nest(value):
        yield path, value
        return
    for at, item in enumerate(children(value)):
        yield from leaves(item, (*path, at))


def flat(value: Any) -> list[Any]:
    """Return the leaves, in order."""
    return [leaf for _, leaf in leaves(value)]


def mapped(what: Callable[[Any], Any], value: Any) -> Any:
    """Return the same nesting with `what(leaf)` in the place of each leaf."""
    if not is_nest(value):
        return what(value)
    inside = [mapped(what, item) for item in children(value)]
    if isinstance(value, list):
        return inside
    if isinstance(value, dict):
        return dict(zip(value, inside, strict=True))
    if isinstance(value, slice):
        return slice(*inside)
    return type(value)(*inside) if hasattr(value, "_fields") else tuple(inside)


def refilled(value: Any, found: Iterable[Any]) -> Any:
    """Return the same nesting with the next of `found` in the place of each leaf."""
    following = iter(found)
    return mapped(lambda _: next(following), value)


def as_lists(value: Any) -> Any:
    """Return the same nesting with a list in the place of each nest."""
    return [as_lists(item) for item in children(value)] if is_nest(value) else value


def as_plain(value: Any) -> Any:
    """Return the same with plain lists, tuples and dicts: in a graph Keras hands out wrappers of them."""
    if isinstance(value, dict):
        return {name: as_plain(item) for name, item in value.items()}
    if is_nest(value):
        inside = map(as_plain, children(value))
        return list(inside) if isinstance(value, list) else tuple(inside)
    return value


def depth(value: Any) -> int:
    """Return how many nests are around the innermost leaf."""
    return 1 + max(map(depth, children(value)), default=0) if is_nest(value) else 0


def shapes(value: Any) -> Any:
    """Return the same lists and tuples with a `Size` for each tensor, or for each shape given as plain numbers."""
    if not is_nest(value):
        return Size(None if size is None else int(size) for size in value.shape)
    items = list(children(value))
    if items and not isinstance(value, dict) and all(size is None or isinstance(size, int) for size in items):
        return Size(items)
    inside = map(shapes, items)
    return tuple(inside) if isinstance(value, tuple) else list(inside)


def sizes(nested: Any) -> tuple[Size, ...]:
    """Return the leaves of what `shapes` returned, in order; none of what was not declared (None)."""
    return () if nested is None else tuple(flat(nested))


def as_code(nested: Any, leaf: Callable[[Any], str] = str) -> str:
    """Return a nesting as code: `((32, 4), [(32, 4), (32, 4)])`."""
    if not is_nest(nested):
        return leaf(tuple(nested)) if isinstance(nested, Size) else leaf(nested)
    inside = ", ".join(as_code(item, leaf) for item in children(nested))
    if isinstance(nested, list):
        return f"[{inside}]"
    return f"({inside},)" if len(nested) == 1 else f"({inside})"


def agree(declared: Any, real: Any) -> bool:
    """Tell whether two nested shapes agree: list or tuple is all one, a size of None is any."""
    if isinstance(declared, Size) and isinstance(real, Size):
        return len(declared) == len(real) and all(None in (a, b) or a == b for a, b in zip(declared, real, strict=True))
    if isinstance(declared, Size) or isinstance(real, Size):
        return False
    return len(declared) == len(real) and all(agree(a, b) for a, b in zip(declared, real, strict=True))
