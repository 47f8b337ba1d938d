"""The interpreter: the state of one run, and the one way to evaluate an expression."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rnnshape.errors import RnnshapeError
from rnnshape.program import Code
from rnnshape.query import Sizes
from rnnshape.run import engine
from rnnshape.run.code.budget import MAX_CALLS, MAX_DEPTH, Budget
from rnnshape.run.code.halt import NOT_READ, Broke, Continued, Halt, Refused, Returned, TooMuch, Unreadable
from rnnshape.run.code.padding import Padding
from rnnshape.run.code.places import Places
from rnnshape.run.code.values import Opaque, OwnClass, Scope, Unknown
from rnnshape.run.code.world import World
from rnnshape.run.layer.refusal import clean
from rnnshape.run.tensors import is_tensor

_FLOW = (Halt, Returned, Broke, Continued)


# In a program, `lstm_1` is another layer than `lstm`: its number stays, in quotes.
_NUMBERED = (
    (re.compile(r"(Input \d+) with name '[^']*' of layer '(\w+)'"), r'\1 of layer "\2"'),
    (re.compile(r"(Layer|model) \"(\w+)\""), r"\1 '\2'"),
)


def _with_numbers(text: str) -> str:
    for pattern, instead in _NUMBERED:
        text = pattern.sub(instead, text)
    return text


class Machine:
    """One run of one program."""

    def __init__(self, code: Code, lets: Mapping[str, Code], *, seed: int, sizes: Sizes) -> None:
        """Start with nothing but the code and the values that were given for its names."""
        self.code = code
        self.main = code
        self.line = 1
        self.lets = dict(lets)
        self.seed = seed
        self.sizes = sizes
        self.budget = Budget()
        self.world = World(self.budget)
        self.scope = Scope()
        self.top = self.scope
        self.random = np.random.default_rng(seed)
        self.sizes_taken: set[int] = set()
        self.described: dict[int, str] = {}
        """The code of each object of Keras's, by its id."""
        self.lines: dict[int, int] = {}
        """The line where each of them was made."""
        self.chains: dict[int, Any] = {}
        """The layers of each Sequential that were looked at, by its id."""
        self.inner: Halt | None = None
        """What stopped one of the code's own functions that Keras called."""
        self.trained: set[Any] = set()
        self.compiled: dict[int, Any] = {}
        self.sizes_of: dict[str, int] = {}
        self.assumed_inputs = 0
        self.deleted: set[str] = set()
        self.places = Places()
        self.padding: Padding | None = None
        """What the inputs are masked with, where that was asked for."""

    def evaluate(self, node: ast.AST) -> Any:
        """Return the value of an expression.

        Raises:
            Halt: it has none; the innermost node that fails is the place.

        """
        from rnnshape.run.code.expressions import HANDLERS

        self.budget.depth += 1
        try:
            self.budget.step()
            if self.budget.depth > MAX_DEPTH:
                raise TooMuch(f"The code is nested more than {MAX_DEPTH} deep.", "Give fewer calls inside calls.")
            handler = HANDLERS.get(type(node))
            if handler is None:
                raise Unreadable(f"{type(node).__name__} is not read.")
            found = handler(self, node)
        except _FLOW:
            raise
        except (Exception, SystemExit, RecursionError) as error:
            raise self.halt(node, error) from error
        finally:
            self.budget.depth -= 1
        self.places.note(self, node, found)
        return found

    def halt(self, node: ast.AST, error: BaseException) -> Halt:
        """Return the stop that an exception at this node means."""
        if isinstance(error, Halt):
            return error
        if isinstance(error, Refused):
            return error.halt
        inner, self.inner = self.inner, None
        if inner is not None and (inner.code == NOT_READ or type(inner.error) is type(error)):
            # One of the code's own functions failed, and Keras handed that on: its line is the place.
            return inner
        if isinstance(error, Unreadable | RecursionError | MemoryError):
            said = str(error) if isinstance(error, Unreadable) else "This takes more memory or depth than there is."
            kind = "TooMuch" if isinstance(error, TooMuch | RecursionError | MemoryError) else "NotRead"
            hint = getattr(error, "hint", None)
            return Halt(node, said, kind=kind, code=NOT_READ, hint=hint, source=self.code)
        hint = error.hint if isinstance(error, RnnshapeError) else None
        said = clean(_with_numbers(str(error))) or type(error).__name__
        return Halt(node, said, kind=type(error).__name__, error=error, source=self.code, hint=hint)

    @contextlib.contextmanager
    def inside(self, scope: Scope, code: Code) -> Iterator[None]:
        """Run a function's body in its own scope."""
        before = self.scope, self.code
        self.budget.calls += 1
        if self.budget.calls > MAX_CALLS:
            self.budget.calls -= 1
            raise TooMuch(f"Functions call each other more than {MAX_CALLS} deep.", "Unroll the recursion.")
        self.scope, self.code = scope, code
        try:
            yield
        finally:
            self.scope, self.code = before
            self.budget.calls -= 1

    @contextlib.contextmanager
    def unrecorded(self) -> Iterator[None]:
        """Have nothing noted meanwhile: Keras is tracing."""
        before, self.world.is_recording = self.world.is_recording, False
        try:
            yield
        finally:
            self.world.is_recording = before

    def call(self, function: Any, args: list[Any], kwargs: dict[str, Any], node: ast.AST | None = None) -> Any:
        """Return what a value that can be called returns."""
        from rnnshape.run.code.calls import call

        return call(self, function, args, kwargs, node or self.code.tree)

    def add(self, left: Any, right: Any) -> Any:
        """Return `left + right`."""
        from rnnshape.run.code.operators import binary

        return binary(self, ast.Add, left, right, self.code.tree)

    def recorded(
        self,
        function: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        path: str,
        *,
        node: ast.AST | None = None,
        size: int | None = None,
        is_view: bool = False,
    ) -> Any:
        """Return what a function of tensors returns, noting the call."""
        from rnnshape.run.code.recording import call_recorded

        line = self.line if node is None else self.at(node)
        return call_recorded(self, function, args, kwargs, line=line, path=path, node=node, size=size, is_view=is_view)

    def own_class(self, value: OwnClass) -> Halt:
        """Return the stop that the use of a class of the code's own means: it stands at the class."""
        message = f"The class {value.node.name} is the code's own, and is not read."
        hint = "--run executes the code, and watches every layer call."
        return Halt(value.node, message, kind="NotRead", code=NOT_READ, hint=hint, source=self.code)

    def check_defined(self, value: Unknown) -> None:
        """Stop where an undefined class was constructed, if that is where the value comes from."""
        if isinstance(value.origin, ast.Call):
            name = self.text(value.origin.func)
            error = NameError(f"name '{name}' is not defined")
            hint = "If it is the code's own, --run executes the code."
            raise Halt(value.origin, str(error), kind="NameError", hint=hint, error=error, source=self.code)

    def new_sequential(self, name: str) -> Any:
        """Return the empty model that is assumed for an undefined name that layers are added to."""
        model = engine.load().Sequential()
        self.described[id(model)] = f"Sequential()  # {name}"
        self.world.kept.append(model)
        return model

    def of_keras(self, owner: Any, name: str, found: Any) -> Any:
        """Return an attribute of a layer, so that a tensor that is known already is that tensor."""
        from rnnshape.run.code.sequential import known_tensor

        if callable(found) and not isinstance(found, engine.load().layers.Layer):
            return Opaque(name)
        return known_tensor(self, owner, name, found)

    def at(self, node: ast.AST) -> int:
        """Return the line of a node; in code that was given for a name, the line that uses it."""
        return getattr(node, "lineno", self.line) if self.code is self.main else self.line

    def text(self, node: ast.AST) -> str:
        """Return the source of a node."""
        return self.code.text(node)

    def bind(self, name: str, value: Any, node: ast.AST) -> None:
        """Bind a name of the code."""
        if isinstance(value, Unknown) and name in self.lets:
            from rnnshape.run.code.names import given

            value = given(self, name)
        if isinstance(value, Unknown) and value.name is None and not value.is_assumable:
            value.name = name
        scope = self.scope.bind(name, value)
        if is_tensor(value):
            self.world.bind(name, value, self.at(node), scope.depth)
