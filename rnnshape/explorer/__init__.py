"""Query -> Report, by running the real layer. The one room where Keras and TensorFlow are imported.

- engine: the import, once, quietly, and what may hook into it; afresh: what Keras remembers, put back
- finding: a query -> all that was found, as values; the order of the steps
- answer: what was found -> the report
- together: several queries at once, compared or measured
- jobs: many queries shared among processes
- build, allowed: an expression -> the layer; what may be called at all
- users, modules: a user's own classes; which module a name is of, told without importing it
- anatomy, halves: the layer -> its cells, its axes, its input
- whose: which of a layer's code is Keras's own, and what it is made of
- said: what an expression says of its input
- initial: weights that nobody reads, made without their initializers
- memory: how much of it there is
- sizes: can it be run as asked, and what is run if not; plainly: what is small at a glance
- cost, laid_out: what a call costs, read from a graph; smaller: what stands in for what is too large
- declared: what Keras says that will come back
- draws: the random inputs, weights and noise of a draw
- run, calling, states: what does come back, in each draw
- into: do the returned states fit another layer
- measure: how long a call takes
- weights: the layer's weights, by name
- nest: nested return values and shapes
- refusal, hints: an exception -> words
- ranks: how many axes the layers of an expression take, for hints
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rnnshape.errors import RnnshapeError
    from rnnshape.query import Query
    from rnnshape.report import Report


def explore(query: Query) -> Report:
    """Run the layer that the query asks for and return what was found.

    Raises:
        InvalidQuery: there is no such layer or argument, or the sizes do not fit the layer.
        KerasRefused: Keras refused the layer or the input; the message is its own.
        NoTensorflow: TensorFlow cannot be imported.

    """
    with _running():
        from rnnshape.explorer.answer import report_of
        from rnnshape.explorer.finding import find

        return report_of(find(query))


def explore_measured(queries: Sequence[Query]) -> list[Report | RnnshapeError]:
    """Answer the queries, and measure the time of a forward call of each layer, in turn.

    Raises:
        NoTensorflow: TensorFlow cannot be imported.

    """
    with _running():
        from rnnshape.explorer import together

        return together.explore_measured(queries)


def explore_together(queries: Sequence[Query]) -> list[Report | RnnshapeError]:
    """Run combinations of flags of one layer with the same weights and inputs, and compare across them.

    Raises:
        NoTensorflow: TensorFlow cannot be imported.

    """
    with _running():
        from rnnshape.explorer import together

        return together.explore_together(queries)


@contextlib.contextmanager
def _running() -> Iterator[None]:
    from rnnshape.explorer import engine, users

    engine.load()
    engine.is_about_to_run(only_layers=True)
    with engine.quiet(), users.no_sudden_end():
        yield
