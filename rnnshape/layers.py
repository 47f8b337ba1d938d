"""Query -> report: a layer is run and compared, with more draws where these do not tell enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rnnshape.answer.comparison import as_one
from rnnshape.answer.layer import report_of_layer
from rnnshape.errors import RnnshapeError
from rnnshape.evidence import gathered
from rnnshape.expression import flag
from rnnshape.query import Query
from rnnshape.report import Combination, Measured, Report, Statement
from rnnshape.run.layer import running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rnnshape.run.layer.kept import Kept
    from rnnshape.run.layer.layer_run import LayerRun


def explore(query: Query, kept: Kept | None = None) -> Report:
    """Run the layer that the query asks for and return what was found.

    Args:
        query: the query.
        kept: what other queries of its grid have built.

    Raises:
        InvalidQuery: there is no such layer or argument, or the sizes do not fit the layer.
        KerasRefused: Keras refused the layer or the input; the message is its own.
        NoTensorflow: TensorFlow cannot be imported.

    """
    with running(query.policy):
        from rnnshape.run.layer.layer_run import run_layer

        return _report(run_layer(query, kept))


def explore_measured(queries: Sequence[Query]) -> list[Report | RnnshapeError]:
    """Answer the queries, and measure the time of a forward call of each layer, in turn.

    Raises:
        NoTensorflow: TensorFlow cannot be imported.

    """
    with running(queries[0].policy if queries else None):
        from rnnshape.run.layer.measure import measure

        ran = [_run_or_error(query) for query in queries]
        times = measure([None if isinstance(item, RnnshapeError) else item for item in ran])
        return [
            item if isinstance(item, RnnshapeError) else _report(item, measured=one)
            for item, one in zip(ran, times, strict=True)
        ]


def explore_together(queries: Sequence[Query]) -> list[Report | RnnshapeError]:
    """Run combinations of flags of one layer with the same weights and inputs, and compare across them.

    Weights and inputs are drawn from the seed alone, so that they are the same in all; that they were is checked. An
    error stands in the place of a combination that cannot be answered.

    Raises:
        NoTensorflow: TensorFlow cannot be imported.

    """
    with running(queries[0].policy if queries else None):
        from rnnshape.run.layer.together import alike, have_same_weights

        ran = [_run_or_error(query) for query in queries]
        family = alike([item for item in ran if not isinstance(item, RnnshapeError)])
        same = bool(family) and have_same_weights(family)
        decided, across = _decided_across(family) if same else (family, ())
        reports = iter([_combination(item, same=same, across=across) for item in decided])
        return [item if isinstance(item, RnnshapeError) else next(reports) for item in ran]


def _run_or_error(query: Query) -> LayerRun | RnnshapeError:
    from rnnshape.run.layer.layer_run import run_layer

    try:
        return run_layer(query)
    except RnnshapeError as error:
        return error


def _report(ran: LayerRun, *, measured: Measured | None = None) -> Report:
    from rnnshape.run.layer.calls_traced import traced
    from rnnshape.run.layer.layer_run import with_more_draws
    from rnnshape.run.layer.layer_trace import layer_trace

    ran, values, findings = gathered(ran, traced, with_more_draws)
    return report_of_layer(layer_trace(ran, values, measured=measured), findings)


def _decided_across(family: Sequence[LayerRun]) -> tuple[Sequence[LayerRun], tuple[Statement, ...]]:
    """Return the runs, and what is equal among the tensors of all of them, after as many draws as this takes."""
    from rnnshape.run.layer.calls_traced import traced
    from rnnshape.run.layer.together import with_more_draws_alike

    family, _, findings = gathered(family, lambda runs: as_one([traced(ran) for ran in runs]), with_more_draws_alike)
    return family, findings.equal


def _combination(ran: LayerRun, *, same: bool, across: tuple[Statement, ...]) -> Report:
    flags = {name: flag(ran.query.layer, name) is True for name in ("return_sequences", "return_state")}
    return replace(_report(ran), same_weights=same, combination=Combination(**flags), equal_across=across)
