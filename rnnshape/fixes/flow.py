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
    by_maker: dict[ast.AST, Application] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the applications, in the order of the text."""
        for call in self.source.calls():
            self._take(call)

    def maker(self, layer: ast.expr, before: int) -> ast.Call | None:
        """Return the call that makes the layer: itself, or what its name was last given in front of an offset."""
        while not isinstance(layer, ast.Call):
            given = self.source.assigned(spelled(layer), before)
            if given is None:
                return None
            layer, before = given, self.source.span(given)[0]
        return layer if is_layer(layer) else None

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
        found: list[Application] = []
        waiting, seen = [(tensor, before)], set[ast.expr]()
        while waiting:
            part, place = waiting.pop()
            if part in seen:
                continue
            seen.add(part)
            application = self._by_node.get(part) or self._last_of(spelled(part), place)
            if application is not None:
                found.append(application)
            else:
                waiting += reversed(self._made_from(part, place))
        return found

    def _last_of(self, model: str, before: int) -> Application | None:
        """Return the last layer that a model has in front of an offset."""
        stack = [each for each in self.stacks.get(model, ()) if self.source.span(each.node)[0] < before]
        return stack[-1] if stack else None

    def _made_from(self, part: ast.expr, before: int) -> list[tuple[ast.expr, int]]:
        """Return what an expression is made from, each with the offset in front of which its names were given."""
        name = spelled(part)
        given = self.source.assigned(name, before) if name else None
        if given is not None:
            return [(given, self.source.span(given)[0])]
        if isinstance(part, ast.Call) and called(part) == "Model":
            outputs = argument(part, 1, "outputs", "output")
            return [(outputs, before)] if outputs is not None else []
        inside = [each.value if isinstance(each, ast.keyword) else each for each in ast.iter_child_nodes(part)]
        return [(each, before) for each in inside if isinstance(each, ast.expr)]

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
        self.by_maker.setdefault(application.maker, application)
