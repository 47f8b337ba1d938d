"""The trace of one layer -> its report."""

from __future__ import annotations

from collections.abc import Sequence

from rnnshape import tree
from rnnshape.answer.comparison import broken_by_mask, of_one_call
from rnnshape.equality import Findings
from rnnshape.report import Declared, Report, Returned, Tensor
from rnnshape.structure import Unpack
from rnnshape.trace import CallOf, LayerTrace, TracedCall, TracedTensor

_SHOWN = (CallOf.LAYER, CallOf.INSIDE, CallOf.CELL)
"""The calls whose tensors are told of."""


def report_of_layer(trace: LayerTrace, findings: Findings) -> Report:
    """Return the report of what happened when a layer ran.

    Args:
        trace: what happened.
        findings: which of its tensors are equal.

    """
    returned = trace.drawn.tensors_of(CallOf.LAYER) or ()
    paths, names = (tuple(one.path or () for one in returned), tuple(one.name for one in returned))
    shapes = tree.refilled(trace.returned, (tree.Size(one.shape) for one in returned))
    shown = [call for call in trace.drawn.calls if call.of in _SHOWN]
    return Report(
        layer=trace.layer,
        input=trace.input,
        unpack=Unpack(names, paths, trace.call),
        tensors=tuple(_tensor(one, call) for call in shown for one in call.tensors),
        equal=findings.equal,
        same_shape_different_values=of_one_call(findings.same_shape_different_values, _call_of(shown)),
        states=trace.states,
        declared=_declared(trace),
        returned=Returned(structure=tree.as_code(shapes), container=trace.container),
        parameters=trace.parameters,
        ran=trace.ran,
        versions=trace.versions,
        close=findings.close or None,
        constant=findings.constant or None,
        undecided=findings.undecided or None,
        mask=trace.mask,
        masks_made=trace.masks_made or None,
        masks_lost=trace.masks_lost or None,
        broken=broken_by_mask(trace.drawn),
        initial_state=trace.initial_state,
        training=trace.training or None,
        into=trace.into,
        measured=trace.measured,
    )


def _tensor(one: TracedTensor, call: TracedCall) -> Tensor:
    return Tensor(
        name=one.name,
        path=one.path,
        shape=one.shape,
        axes=one.axes,
        dtype=one.dtype,
        meaning=one.meaning,
        layer=call.layer,
        role=one.role,
        masked=one.masked or None,
    )


def _call_of(calls: Sequence[TracedCall]) -> dict[str, int]:
    """Return the position of the call of each tensor; the states after every timestep are told of with the layer's."""
    place = {id(call): at if call.of is CallOf.INSIDE else -1 for at, call in enumerate(calls)}
    return {one.name: place[id(call)] for call in calls for one in call.tensors}


def _declared(trace: LayerTrace) -> Declared:
    if trace.refused is not None:
        return Declared(agrees=False, structure=f"refused: {trace.refused}")
    ran, shown = trace.declared, trace.declared_as_asked
    declared = [one for one in (ran.symbolic, ran.computed) if one is not None]
    differs = shown.computed is not None and not tree.agree(shown.computed, shown.symbolic)
    return Declared(
        agrees=all(tree.agree(one, trace.returned) for one in declared),
        structure=tree.as_code(shown.symbolic),
        compute_output_shape=tree.as_code(shown.computed) if differs else None,
    )
