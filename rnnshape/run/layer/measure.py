"""How long a forward call takes, of several layers side by side: in a graph, warmed up, in turn.

Whatever else the machine does, it does to all of them.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rnnshape import tree
from rnnshape.report import Measured
from rnnshape.run.layer.layer_run import LayerRun

_ROUNDS = 25
_LONGEST = 3.0
"""Seconds after which no further round begins."""
_WARM_UPS = 3
_LONGEST_WARM_UP = 0.5
"""Seconds after which no further call warms a layer up."""


def measure(found: Sequence[LayerRun | None]) -> list[Measured | None]:
    """Return the time of a call of each layer on an input of its sizes; None where it was not run at these sizes."""
    calls = [None if item is None or item.asked is not None else _graph(item) for item in found]
    timed: list[list[float]] = [[] for _ in calls]
    with _graph_optimizer():
        for call in calls:
            _warm_up(call)
        until = time.perf_counter() + _LONGEST
        for _ in range(_ROUNDS):
            for call, seconds in zip(calls, timed, strict=True):
                if call is not None:
                    start = time.perf_counter()
                    call()
                    seconds.append(time.perf_counter() - start)
            if time.perf_counter() > until:
                break
    medians = [statistics.median(seconds) for seconds in timed if seconds]
    return [_measured(seconds, min(medians)) if seconds else None for seconds in timed]


def _warm_up(call: Callable[[], object] | None) -> None:
    until = time.perf_counter() + _LONGEST_WARM_UP
    for _ in range(_WARM_UPS if call else 0):
        call()  # type: ignore[misc]
        if time.perf_counter() > until:
            break


def _measured(seconds: Sequence[float], fastest: float) -> Measured:
    middle = statistics.median(seconds)
    low, _, high = statistics.quantiles(seconds, n=4) if len(seconds) > 1 else (middle,) * 3
    return Measured(median=middle, quartiles=(low, high), calls=len(seconds), relative=middle / fastest)


def _graph(found: LayerRun) -> Callable[[], object]:
    import tensorflow as tf

    shape = tuple(size or 1 for size in found.layout.shape)
    inputs = tf.constant(np.random.default_rng(0).uniform(0, 1, shape).astype(found.layout.dtype))
    layer, training = found.layer, found.query.training

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def graph(values: Any) -> Any:
        arguments: dict[str, Any] = {"training": True} if training else {}
        return [leaf for _, leaf in tree.leaves(layer(values, **arguments))]

    return lambda: [leaf.numpy() for leaf in graph(inputs)]


class _graph_optimizer:  # noqa: N801 - used like a function
    """Switch the optimizer of graphs on meanwhile, as it is in a user's own program."""

    def __enter__(self) -> None:
        self._set(disabled=False)

    def __exit__(self, *_: object) -> None:
        self._set(disabled=True)

    @staticmethod
    def _set(*, disabled: bool) -> None:
        import tensorflow as tf

        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": disabled})
