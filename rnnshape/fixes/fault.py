"""A program that stopped: its text, its tree, and what is known of the place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rnnshape.fixes.flow import Application, Flow
from rnnshape.fixes.layers import snake
from rnnshape.fixes.source import Source, called, spelled
from rnnshape.trace import CodeTrace, Shape, Stop

_LAYER = re.compile(r"[Ll]ayer [\"']?([a-z]\w*?)(?:_(\d+))?[\"']?(?= |$|\.)")
_CALLING = re.compile(r"when calling (\w+)\.call\(\)")
_SHAPE = re.compile(r"[(\[]((?:(?:\d+|None|\?), ?)*(?:\d+|None|\?),?)?[)\]]")


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """Where a program stopped. `statement` is None where the line is in no statement."""

    source: Source
    flow: Flow
    trace: CodeTrace
    stop: Stop
    statement: ast.stmt | None

    @classmethod
    def of(cls, text: str, trace: CodeTrace) -> Fault | None:
        """Return what is known of the stop; None where there is none, or where the text is not Python."""
        source = Source.read(text)
        if source is None or trace.stop is None:
            return None
        return cls(source, Flow(source), trace, trace.stop, source.statement_at(trace.stop.line))

    @property
    def message(self) -> str:
        """What Keras said."""
        return self.stop.message

    @property
    def start(self) -> int:
        """Where the statement starts in the text."""
        return self.source.span(self.statement)[0] if self.statement is not None else len(self.source.text)

    @property
    def end(self) -> int:
        """Where the statement ends in the text."""
        return self.source.span(self.statement)[1] if self.statement is not None else len(self.source.text)

    def at(self, node: ast.AST) -> int:
        """Return where a node starts in the text."""
        return self.source.span(node)[0]

    def code(self, node: ast.AST) -> str:
        """Return the text of a node."""
        return self.source.code(node)

    def calls(self) -> list[ast.Call]:
        """Return the calls of the statement."""
        return self.source.calls(self.statement) if self.statement is not None else []

    def call_of(self, *names: str) -> ast.Call | None:
        """Return the first call in the statement of one of these names."""
        return next((call for call in self.calls() if called(call) in names), None)

    def failing(self) -> Application | None:
        """Return the layer that stopped: the one that the message names, else the last one of the statement."""
        here = self.flow.in_statement(self.statement) if self.statement is not None else []
        named = [each for each in here if self._is_named(each.maker)]
        place = [each for each in named or here if self._is_at(each)]
        found = place or named or here
        return found[-1] if found else None

    def _is_named(self, maker: ast.Call) -> bool:
        """Tell whether the message speaks of a layer of this class, or of this name."""
        found = _LAYER.search(self.message)
        if found is not None:
            full = found[1] if found[2] is None else f"{found[1]}_{found[2]}"
            return _name(maker) == full or snake(called(maker)) == found[1]
        calling = _CALLING.search(self.message)
        return calling is not None and called(maker) == calling[1]

    def _is_at(self, application: Application) -> bool:
        """Tell whether what is at fault starts with this layer."""
        node = application.node
        return (node.lineno, node.col_offset) == (self.stop.line, self.stop.column)

    def upstream(self) -> list[Application]:
        """Return the layers that lead to the place, the nearest first: by the flow, or else by the text."""
        failing = self.failing()
        found: list[Application] = []
        if failing is not None:
            found = list(self.flow.upstream(failing))
        elif self.statement is not None:
            found = self.reached(self.statement)
        if failing is not None and any(
            isinstance(each, ast.For | ast.While) for each in self.source.above(failing.node)
        ):
            found.append(failing)  # its turn before
        earlier = [each for each in reversed(self.flow.applications) if self.source.span(each.node)[0] < self.end]
        return found or [each for each in earlier if each is not failing]

    def reached(self, node: ast.AST) -> list[Application]:
        """Return the layers that lead to any name in the node, the nearest first."""
        found: list[Application] = []
        for expression in ast.walk(node):
            if isinstance(expression, ast.Name) and isinstance(expression.ctx, ast.Load):
                for origin in self.flow.origins(expression, self.source.span(expression)[0]):
                    found += [each for each in (origin, *self.flow.upstream(origin)) if each not in found]
        return found

    def shape(self, node: ast.expr) -> Shape | None:
        """Return the shape of a tensor that the code names."""
        code = self.source.code(node)
        known = [each.shape for each in self.stop.operands if each.code == code]
        if known:
            return known[0]
        if isinstance(node, ast.Call):
            return self._returned(node)
        name = spelled(node)
        tensors = [each for each in self.trace.tensors if each.variable == name and each.line <= node.lineno]
        return tensors[-1].shape if tensors and name else None

    def _returned(self, call: ast.Call) -> Shape | None:
        """Return the shape of what a layer returns that is called in place."""
        name = called(call.func) if isinstance(call.func, ast.Call) else ""
        same = [
            each for each in self.flow.applications if each.node.lineno == call.lineno and called(each.maker) == name
        ]
        steps = [each for each in self.trace.steps if each.line == call.lineno and each.layer.partition("(")[0] == name]
        at = next((number for number, each in enumerate(same) if each.node is call), None)
        if at is None or at >= len(steps) or not steps[at].returns:
            return None
        return next((each.shape for each in self.trace.tensors if each.name == steps[at].returns[0]), None)

    def tensors_before(self, rank: int) -> Iterator[str]:
        """Yield the names of the tensors of that rank that the code made in front of the place, the latest first."""
        for tensor in reversed(self.trace.tensors):
            if tensor.variable and len(tensor.shape) == rank and tensor.line < self.stop.line:
                yield tensor.variable


def _name(maker: ast.Call) -> str | None:
    given = next((each.value for each in maker.keywords if each.arg == "name"), None)
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None


def shapes_in(message: str) -> list[Shape]:
    """Return the shapes that a message tells, in their order."""
    return [read_shape(found[0]) for found in _SHAPE.finditer(message)]


def read_shape(text: str) -> Shape:
    """Return a shape as it is written in a message: `(None, 10, 8)`, `[?,5]`."""
    return tuple(int(each) if each.isdigit() else None for each in re.findall(r"\d+|None|\?", text))
