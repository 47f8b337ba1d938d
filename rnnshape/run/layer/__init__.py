"""Query -> trace, by running the real layer.

- layer_run: a query -> its layer, built and called in every draw; the order of the steps
- calls_traced, layer_trace: that run, written down as plain data
- kept: layers that serve more than one query of a grid
- together: runs of several layers that share weights and inputs
- jobs: many queries shared among processes
- build, allowed: an expression -> the layer; what may be called at all
- users, modules: a user's own classes; which module a name is of, told without importing it
- anatomy, half_width: the layer -> its cells, its axes, its input
- whose: which of a layer's code is Keras's own, and what it is made of
- said: what an expression says of its input
- initial: weights that nobody reads, made without their initializers
- memory: how much of it there is
- sizes: can it be run as asked, and what is run if not; plainly: what is small at a glance
- traced_shapes: the shapes that a layer's own code gives at sizes too large to run
- cost, laid_out: what a call costs, read from a graph; smaller: what stands in for what is too large
- declared: what Keras says that will come back
- layer_program: the layer as a program of one call, and what comes back in each draw
- eager_or_traced, states: how it is called, and from what it starts; on_the_way: what the layers of a Sequential return
  meanwhile; masks, stepping: the calls around it
- into: do the returned states fit another layer
- measure: how long a call takes
- weights: the layer's weights, by name
- refusal, hints: an exception -> words
- ranks: how many axes the layers of an expression take, for hints
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def running(policy: str | None = None) -> Iterator[None]:
    """Have Keras imported, and what it says kept from the screen, while layers are run.

    Layers are built under this dtype policy, or under Keras's default for None.

    Raises:
        NoTensorflow: TensorFlow cannot be imported.

    """
    from rnnshape.run import engine
    from rnnshape.run.layer import users

    engine.load()
    engine.is_about_to_run(only_layers=True)
    with engine.quiet(), users.no_sudden_end(), _built_under(policy):
        yield


@contextlib.contextmanager
def _built_under(policy: str | None) -> Iterator[None]:
    """Have Keras build layers under this dtype policy, and under the one from before again afterwards."""
    from rnnshape.run import engine

    if policy is None:
        yield
        return
    policies = engine.load().mixed_precision
    before = policies.dtype_policy()
    policies.set_dtype_policy(policy)
    try:
        yield
    finally:
        policies.set_dtype_policy(before)
