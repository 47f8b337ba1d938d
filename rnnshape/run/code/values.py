"""The values that only the interpreter knows: what is unknown, what is opaque, and what code itself defines."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rnnshape.program import Code

_LONGEST = 80


@dataclass(slots=True, eq=False)
class Unknown:
    """A value that is not read.

    `code` is how the source spells it. A name that is not defined may be assumed (`is_assumable`); what another
    library returned may not: it is refused where it is needed. `size` computes a number from the assumed parts.
    """

    code: str
    is_assumable: bool = False
    size: Callable[[], Any] | None = None
    tensor: Any = None
    """The tensor that was assumed for it, once it was needed as one."""

    name: str | None = None
    """The name that the code binds it to, so that it can be given."""

    origin: ast.AST | None = None
    """The call of an undefined class that made it."""

    attributes: dict[str, Any] = field(default_factory=dict)
    """What the code sets on it: `self.lstm = LSTM(4)`, without the class around it."""

    def __post_init__(self) -> None:
        """Keep the spelling short, and in one line."""
        code = " ".join(self.code.split())
        self.code = code if len(code) <= _LONGEST else f"{code[: _LONGEST - 1]}…"

    def hint(self, value: str) -> str:
        """Return what to type instead."""
        name = self.name or (self.code if self.code.isidentifier() else None)
        if name is None:
            return "Bind it to a name, which --let NAME=CODE can give; or --run executes the code."
        quoted = f'"{name}={value}"' if set(value) & set(" ('[") else f"{name}={value}"
        return f"Give it: --let {quoted}"

    def inside(self, code: str) -> Unknown:
        """Return what is in it, or what it returns, under this spelling."""
        return Unknown(code)


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """Something of Keras's that has no tensors: a callback. All it does is told as passed over."""

    code: str


@dataclass(frozen=True, slots=True)
class Library:
    """A module whose names may be used, by its path: `keras.layers`, `tf.nn`, `np.random`."""

    path: str


@dataclass(frozen=True, slots=True, eq=False)
class Constructor:
    """A class that may be constructed; `name` is as Keras spells it."""

    name: str
    cls: Any


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function that may be called. `path` is its name for people; `is_layer` where it makes a layer and calls it.

    `size_of` returns, before the call, how many numbers its result has at most; None where it is no more than went in.
    """

    path: str
    call: Callable[..., Any]
    is_layer: bool = False
    is_creation: bool = False
    size_of: Callable[..., int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """A method of a value, bound to it. `name` is on the list of the value's type."""

    owner: Any
    name: str
    node: ast.AST


@dataclass(slots=True, eq=False)
class Scope:
    """Names and their values. `depth` is 0 for the program itself, 1 in a function it calls, and so on."""

    names: dict[str, Any] = field(default_factory=dict)
    parent: Scope | None = None
    depth: int = 0
    outer: set[str] = field(default_factory=set)
    """Names that were declared global or nonlocal here."""

    def find(self, name: str) -> Scope | None:
        """Return the scope that has the name, from here outwards."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope
            scope = scope.parent
        return None

    def bind(self, name: str, value: Any) -> Scope:
        """Bind a name, here or where it was declared to be; return the scope that has it now."""
        scope = self
        while name in scope.outer and scope.parent is not None:
            scope = scope.parent
        scope.names[name] = value
        return scope


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A `def` or a lambda of the code, with the scope it was made in. `defaults` were evaluated there."""

    node: ast.FunctionDef | ast.Lambda
    scope: Scope
    code: Code
    defaults: tuple[Any, ...] = ()
    keyword_defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The function's name."""
        return getattr(self.node, "name", "<lambda>")


@dataclass(frozen=True, slots=True, eq=False)
class OwnClass:
    """A class of the code's own: not read. It is an error only where it is used."""

    node: ast.ClassDef
