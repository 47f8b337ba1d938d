"""The trace of one layer -> its report."""

from __future__ import annotations

from rnnshape import tree
from rnnshape.answer.comparison import broken_by_mask, of_one_call
from rnnshape.equality import Findings
from rnnshape.report import Declared, Ran, Report, Returned, Tensor
from rnnshape.structure import Unpack
from rnnshape.trace import LayerTrace, StepKind, TracedTensor

_SHOWN = (StepKind.LAYER, StepKind.INSIDE, StepKind.CELL)
"""The calls whose tensors are told of."""


def report_of_layer(trace: LayerTrace, findings: Findings) -> Report:
    """Return the report of what happened when a layer ran.

    Args:
        trace: what happened.
        findings: which of its tensors are equal.

    """
    returned = tuple(trace.tensors_of(StepKind.LAYER))
    paths, names = (tuple(one.path or () for one in returned), tuple(one.name for one in returned))
    shapes = tree.refilled(trace.returned, (tree.Size(one.shape) for one in returned))
    return Report(
        layer=trace.layer,
        input=trace.input,
        unpack=Unpack(names, paths, trace.call),
        tensors=tuple(_tensor(one, trace) for one in trace.tensors_of(*_SHOWN)),
        equal=findings.equal,
        same_shape_different_values=of_one_call(findings.same_shape_different_values, trace),
        states=trace.states,
        declared=_declared(trace),
        returned=Returned(structure=tree.as_code(shapes), container=trace.container),
        parameters=trace.parameters,
        ran=Ran(seed=trace.seed, draws=trace.draws, device=trace.device, reduced_to=trace.reduced_to),
        versions=trace.versions,
        close=findings.close or None,
        constant=findings.constant or None,
        undecided=findings.undecided or None,
        mask=trace.mask_found,
        masks_made=trace.masks_made or None,
        masks_lost=trace.masks_lost or None,
        broken=broken_by_mask(trace),
        initial_state=trace.initial_state,
        training=trace.training or None,
        dtype_policy=None if trace.dtype_policy == "float32" else trace.dtype_policy,
        into=trace.into,
        measured=trace.measured,
    )


def _tensor(one: TracedTensor, trace: LayerTrace) -> Tensor:
    return Tensor(
        name=one.name,
        path=one.path,
        shape=one.shape,
        axes=one.axes,
        dtype=one.dtype,
        meaning=one.meaning,
        layer=trace.steps[one.step or 0].inner,
        role=one.role,
        masked=one.masked or None,
    )


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
