"""Calls that share weights and inputs: combinations of flags of one layer, whose draws are the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnshape.run.layer.layer_run import LayerRun, run_again, with_more_draws


def alike(family: Sequence[LayerRun]) -> list[LayerRun]:
    """Return the same, all run with the weights of the one whose weights had to be the smallest."""
    calm = max((ran.run.calm for ran in family), default=0)
    return [ran if ran.run.calm == calm else run_again(ran, calm=calm) for ran in family]


def with_more_draws_alike(family: Sequence[LayerRun]) -> Sequence[LayerRun]:
    """Return the same with two more draws each, all with the weights of the one whose had to be the smallest."""
    more = [with_more_draws(ran) for ran in family]
    calm = max(ran.run.calm for ran in more)
    return [
        new if new.run.calm == calm else with_more_draws(old, calm=calm) for old, new in zip(family, more, strict=True)
    ]


def have_same_weights(family: Sequence[LayerRun]) -> bool:
    """Tell whether the weights of all are the same numbers now."""
    first, *others = ([np.asarray(weight) for weight in ran.layer.weights] for ran in family)
    return all(
        len(weights) == len(first) and all(np.array_equal(a, b) for a, b in zip(weights, first, strict=True))
        for weights in others
    )
