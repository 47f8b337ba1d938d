"""What a call of a layer costs: read from the operations that its code makes in a graph, where nothing runs.

Every tensor on the way counts, whichever layer makes it, with the timesteps of every loop and of everything that is
laid out step by step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rnnshape.run.layer.anatomy import Layout
from rnnshape.run.layer.laid_out import one_step_each, times_in

_SAME_MEMORY = frozenset(
    ("Identity", "Reshape", "ReadVariableOp", "ExpandDims", "Squeeze", "StopGradient", "Const", "VarHandleOp", "NoOp")
)
_ELEMENTWISE = 10
"""An activation of one number, in multiplications of a matrix product."""
_BODY = ("body", "f", "then_branch", "else_branch")
"""The attributes of an operation that name a function which it runs."""

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one call.

    `numbers` counts all tensors on the way, those of a loop once; `work` is in multiplications; `laid_out` is the
    number of operations that Keras makes one by one, `executed` of those that run, and `looped` is the largest number
    of operations in a loop's body.
    """

    numbers: float = 0
    work: float = 0
    laid_out: float = 0
    executed: float = 0
    looped: float = 0

    def and_also(self, other: Cost, times: float = 1) -> Cost:
        """Return the sum of this cost and so many times the other one."""
        return Cost(
            numbers=self.numbers + times * other.numbers,
            work=self.work + times * other.work,
            laid_out=self.laid_out + times * other.laid_out,
            executed=self.executed + times * other.executed,
            looped=max(self.looped, other.looped),
        )


def cost_of_call(layer: Any, layout: Layout, graph: Any) -> Cost | None:
    """Return the cost of a call of a layer that was built in this graph; None where its code cannot be traced."""
    import tensorflow as tf

    before = {operation.name for operation in graph.get_operations()}
    try:
        with graph.as_default(), one_step_each():
            layer(tf.compat.v1.placeholder(layout.dtype, layout.shape))
        definition = graph.as_graph_def(add_shapes=True)
    except Exception:  # noqa: BLE001 - the sizes alone have to tell then
        return None
    functions = {function.signature.name: function for function in definition.library.function}
    nodes = [node for node in definition.node if node.name not in before]
    return _Reader(functions, layout.size("timesteps") or 1).cost(nodes, {})


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the cost of nodes; `functions` are those that the nodes call, by name."""

    functions: Mapping[str, Any]
    steps: int

    def cost(self, nodes: Sequence[Any], arguments: Mapping[str, Shape]) -> Cost:
        """Return the cost of these nodes, of a graph or of a function with arguments of these shapes."""
        shapes = dict(arguments)
        for node in nodes:
            for at, shape in enumerate(_output_shapes(node)):
                shapes[f"{node.name}:{at}"] = shape
        by_name = {node.name: node for node in nodes}
        total = Cost()
        for node in nodes:
            total = total.and_also(self._of_node(node, shapes, by_name), times_in(node.name))
        return total

    def _of_node(self, node: Any, shapes: Mapping[str, Shape], by_name: Mapping[str, Any]) -> Cost:
        outputs = _output_shapes(node)
        numbers = sum(map(math.prod, outputs))
        own = Cost(
            numbers=0 if node.op in _SAME_MEMORY else numbers,
            work=_work(node, numbers, shapes),
            laid_out=1,
            executed=1,
        )
        for name in _BODY:
            function = self.functions.get(node.attr[name].func.name) if name in node.attr else None
            if function is not None:
                inside = self.cost(function.node_def, _argument_shapes(function))
                own = own.and_also(self._run(node, inside, shapes, by_name))
        return own

    def _run(self, node: Any, inside: Cost, shapes: Mapping[str, Shape], by_name: Mapping[str, Any]) -> Cost:
        """Return the cost of a function that the node runs, once or, in a loop, once a timestep."""
        times = self._trips(node, shapes, by_name) if name_of(node) == "While" else 1
        return Cost(
            numbers=inside.numbers,
            work=inside.work * times,
            laid_out=inside.laid_out,
            executed=inside.executed * times,
            looped=max(inside.looped, inside.laid_out if name_of(node) == "While" else 0),
        )

    def _trips(self, node: Any, shapes: Mapping[str, Shape], by_name: Mapping[str, Any]) -> int:
        """Return the timesteps of a loop: as many as there are in the list of them that it is given."""
        lists = [by_name.get(_plain(name).rpartition(":")[0]) for name in node.input]
        lengths = [
            shapes.get(_plain(given.input[0]), ())[:1] for given in lists if given is not None and given.op == _UNSTACK
        ]
        return max([length[0] for length in lengths if length], default=self.steps)


_UNSTACK = "TensorListFromTensor"


def name_of(node: Any) -> str:
    """Return the kind of a node, without the word that says whether it has a state."""
    return str(node.op).removeprefix("Stateless")


def _work(node: Any, numbers: float, shapes: Mapping[str, Shape]) -> float:
    """Return the multiplications of one operation, by the shapes of its inputs and the numbers that it gives."""
    inputs = [shapes.get(_plain(name), ()) for name in node.input if not name.startswith("^")]
    if "MatMul" in node.op or node.op == "Einsum":
        swapped = any(name in node.attr and node.attr[name].b for name in ("transpose_a", "adj_x"))
        shape = inputs[0] if inputs else ()
        return numbers * (shape[-2] if swapped and len(shape) > 1 else shape[-1] if shape else 1)
    if "Conv" in node.op and len(inputs) > 1 and inputs[1]:
        largest = max(numbers, *(math.prod(shape) for at, shape in enumerate(inputs) if at != 1))
        return largest * math.prod(inputs[1][:-1])
    return numbers * (0 if node.op in _SAME_MEMORY else _ELEMENTWISE)


def _plain(name: str) -> str:
    """Return the name of a tensor as node:place; in a function it may be node:output:place, or an argument's."""
    parts = name.split(":")
    return name if len(parts) == 1 and name.startswith("^") else f"{parts[0]}:{parts[-1] if len(parts) > 1 else 0}"


def _output_shapes(node: Any) -> list[Shape]:
    return _shapes_in(node.attr) if "_output_shapes" in node.attr else []


def _argument_shapes(function: Any) -> dict[str, Shape]:
    found = {}
    for at, argument in enumerate(function.signature.input_arg):
        attributes = function.arg_attr[at].attr if at in function.arg_attr else {}
        if "_output_shapes" in attributes:
            found[f"{argument.name}:0"] = _shapes_in(attributes)[0]
    return found


def _shapes_in(attributes: Any) -> list[Shape]:
    return [tuple(max(1, dim.size) for dim in shape.dim) for shape in attributes["_output_shapes"].list.shape]
