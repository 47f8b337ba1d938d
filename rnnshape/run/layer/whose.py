"""Whose code runs when a layer is called: Keras's own, or a subclass's, which may return anything.

What is known of a Keras class holds for a subclass of it only where the subclass leaves alone what a call runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_NOT_RUN = frozenset(
    {
        "__init__", "build", "get_initial_state", "reset_state", "reset_states", "get_config", "from_config",
        "get_build_config", "build_from_config", "compute_output_shape", "compute_output_spec",
        "__doc__", "__module__", "__qualname__", "__annotations__", "__firstlineno__", "__static_attributes__",
    }
)  # fmt: skip
"""What a subclass may have of its own without changing what a call returns for given weights and initial states."""


def runs_as(thing: Any) -> type | None:
    """Return the Keras class whose code runs when this is called; None where a user's own code does."""
    own: set[str] = set()
    for cls in type(thing).__mro__:
        if cls.__module__.partition(".")[0] == "keras":
            return None if own & set(dir(cls)) else cls
        own |= vars(cls).keys() - _NOT_RUN
    return None


def parts(layer: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a layer is directly made of, with what the names of its weights begin with."""
    seen: set[int] = set()
    named = (("forward_layer", "forward_"), ("backward_layer", "backward_"), ("cell", ""), ("layer", ""))
    found = [(prefix, getattr(layer, name, None)) for name, prefix in named]
    for word in ("cells", "layers"):
        listed = getattr(layer, word, None)
        if isinstance(listed, list | tuple):
            found += [(f"{word[:-1]}_{at}_", inner) for at, inner in enumerate(listed)]
    # Whatever else Keras keeps track of: the layers that a user's layer calls.
    found += [("", inner) for inner in getattr(layer, "_layers", None) or ()]
    for prefix, inner in found:
        if inner is not None and id(inner) not in seen:
            seen.add(id(inner))
            yield prefix, inner


def all_parts(layer: Any) -> Iterator[Any]:
    """Yield a layer and everything that it is made of, at any depth, each once."""
    seen: set[int] = set()
    rest = [layer]
    while rest:
        inner = rest.pop(0)
        if id(inner) not in seen:
            seen.add(id(inner))
            yield inner
            rest += [part for _, part in parts(inner)]
