"""The code that makes the tensors on the way through a Sequential: of its first layer, its first two, and so on."""

from __future__ import annotations

from rnnshape.catalogue import SEQUENTIAL
from rnnshape.expression import Call, stacked
from rnnshape.report import Report, Tensor


def inside_tensors(report: Report) -> list[Tensor]:
    """Return the tensors that layers of a Sequential return on the way."""
    return [tensor for tensor in report.tensors if tensor.layer is not None]


def cannot_show_inside(report: Report) -> str | None:
    """Return why no script can make these tensors as the report's were made; None where one can."""
    layer = report.layer
    if report.training:
        return "what is random in training is so in each call"
    if any(call.argument("stateful") for call in layer.calls()):
        return "a stateful layer goes on from where it was"
    if any(call.is_users for call in layer.calls()):
        return "what a layer of your own does may be something else in each call"
    if len(_in_turn(layer, "layer")) != len(inside_tensors(report)) + 1:
        return "a layer on the way returns several tensors"
    return None


def inside_code(report: Report) -> list[str]:
    """Return the assignment of each of these tensors; they use `layer`, `inputs` and what it is called with."""
    places = _in_turn(report.layer, "layer")
    is_flat = places == [f"layer.layers[{at}]" for at in range(len(places))]
    lines = [] if is_flat else [f"way = [{', '.join(places[:-1])}]"]
    way = "layer.layers" if is_flat else "way"
    arguments = ", ".join(("inputs", *report.unpack.call.arguments))
    return lines + [
        f"{tensor.name} = keras.Sequential({way}[:{at}])({arguments})"
        for at, tensor in enumerate(inside_tensors(report), 1)
    ]


def _in_turn(call: Call, place: str) -> list[str]:
    """Return the code for each layer that the inputs go through, in order."""
    if call.name != SEQUENTIAL:
        return [place]
    return [found for at, one in enumerate(stacked(call)) for found in _in_turn(one, f"{place}.layers[{at}]")]
