"""Which layer a tensor comes from, as far as the text alone tells: calls, names, `.add`, lists of layers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from rnnshape.fixes.layers import WRAPPERS, is_layer
from rnnshape.fixes.source import Source, argument, called, spelled


@dataclass(frozen=True, slots=True, eq=False)
class Application:
    """A layer that is applied: `node` is the call, or the layer's place in a model; `maker` makes the layer."""

    node: ast.expr
    maker: ast.Call
    inputs: tuple[ast.expr, ...] = ()
    before: Application | None = None


@dataclass(slots=True, eq=False)
class Flow:
    """All layers that a text applies, and what each of them is applied to."""

    source: Source
    applications: list[Application] = field(default_factory=list)
    _by_node: dict[ast.expr, Application] = field(default_factory=dict)
    stacks: dict[str, list[Application]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the applications, in the order of the text."""
        for call in self.source.calls():
            self._take(call)

    def maker(self, layer: ast.expr, before: int) -> ast.Call | None:
        """Return the call that makes the layer: itself, or what its name was last given in front of an offset."""
        if isinstance(layer, ast.Call):
            return layer if is_layer(layer) else None
        given = self.source.assigned(spelled(layer), before) if spelled(layer) else None
        return self.maker(given, self.source.span(given)[0]) if given is not None and given is not layer else None

    def upstream(self, application: Application) -> Iterator[Application]:
        """Yield the applications that this one depends on, the nearest first."""
        waiting = self._direct(application)
        seen: set[Application] = set()
        while waiting:
            nearest = waiting.pop(0)
            if nearest not in seen:
                seen.add(nearest)
                yield nearest
                waiting += self._direct(nearest)

    def origins(self, tensor: ast.expr, before: int) -> list[Application]:
        """Return the applications that return the tensor, or what it is computed from."""
        if tensor in self._by_node:
            return [self._by_node[tensor]]
        name = spelled(tensor)
        stack = [each for each in self.stacks.get(name, ()) if self.source.span(each.node)[0] < before]
        if stack:
            return stack[-1:]
        given = self.source.assigned(name, before) if name else None
        if given is not None:
            return self.origins(given, self.source.span(given)[0])
        if isinstance(tensor, ast.Call) and called(tensor) == "Model":
            outputs = argument(tensor, 1, "outputs", "output")
            return self.origins(outputs, before) if outputs is not None else []
        parts = [part for part in ast.iter_child_nodes(tensor) if isinstance(part, ast.expr | ast.keyword)]
        return [
            each
            for part in parts
            for each in self.origins(part.value if isinstance(part, ast.keyword) else part, before)
        ]

    def in_statement(self, statement: ast.stmt) -> list[Application]:
        """Return the applications in a statement."""
        start, end = self.source.span(statement)
        return [each for each in self.applications if start <= self.source.span(each.node)[0] < end]

    def _direct(self, application: Application) -> list[Application]:
        start = self.source.span(application.node)[0]
        found = [application.before] if application.before is not None else []
        return found + [each for part in application.inputs for each in self.origins(part, start)]

    def _take(self, call: ast.Call) -> None:
        start = self.source.span(call)[0]
        if isinstance(call.func, ast.Attribute) and call.func.attr == "add" and len(call.args) == 1:
            self._stack(spelled(call.func.value), call.args[0])
        elif called(call) == "Sequential" and call.args and isinstance(call.args[0], ast.List | ast.Tuple):
            for layer in call.args[0].elts:
                self._stack(self._target(call), layer)
        else:
            maker = self.maker(call.func, start)
            if maker is not None and not (is_layer(call) and called(call) in WRAPPERS):
                self._note(Application(call, maker, tuple(call.args)))

    def _stack(self, model: str, layer: ast.expr) -> None:
        stack = self.stacks.setdefault(model, [])
        maker = self.maker(layer, self.source.span(layer)[0])
        if maker is not None:
            application = Application(layer, maker, before=stack[-1] if stack else None)
            stack.append(application)
            self._note(application)

    def _target(self, call: ast.Call) -> str:
        """Return the name that a model is given; a name of its own where it is given none."""
        parent = self.source.parents.get(call)
        return spelled(parent.targets[0]) if isinstance(parent, ast.Assign) else f"<{self.source.span(call)[0]}>"

    def _note(self, application: Application) -> None:
        self.applications.append(application)
        self._by_node[application.node] = application
