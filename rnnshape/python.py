"""`explore` for Python: the same question as on the command line, the report as an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnnshape.errors import InvalidQuery
from rnnshape.options import read_options
from rnnshape.request import request

if TYPE_CHECKING:
    from rnnshape.report import Report


def explore(layer: str, **options: Any) -> Report:
    """Run a Keras recurrent layer and return what comes back, of which shape, and what equals what.

    Args:
        layer: a layer's name (`"gru"`, `"LSTM"`) or a Keras expression (`"Bidirectional(LSTM(4))"`).
        options: the command line's options under their Python names: `units`, `batch`, `time` (None: unknown),
            `features`, `return_sequences`, `return_state`, `bidirectional`, `merge_mode`, `set` (a dict of other
            constructor arguments), `seed` and so on; each has the command line's default.

    Returns:
        The report; it prints as a table, and `to_dict()` is the JSON document.

    Raises:
        InvalidQuery: the question is wrong; the message says what was expected.
        KerasRefused: Keras refused the layer or the input.
        NoTensorflow: TensorFlow cannot be imported.

    """
    from rnnshape.explorer import explore as answer

    if not isinstance(layer, str):
        raise InvalidQuery(f"layer must be a string such as 'gru' or 'LSTM(4)'. Received: layer={layer!r}")
    asked = [query for family in request([layer], read_options(options)) for query in family]
    if len(asked) > 1:
        raise InvalidQuery(f"explore answers one query. Received: options for {len(asked)}", layer=layer)
    return answer(asked[0])
