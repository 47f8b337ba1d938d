"""`explore`: the same questions as on the command line, and layers and models of the program itself."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, overload

from rnnshape.api.reports import ProgramReport, Report, of_layer, of_program
from rnnshape.errors import InvalidQuery
from rnnshape.options import NAMES, for_layers, read_options
from rnnshape.request import request

if TYPE_CHECKING:
    from typing_extensions import Unpack

_SAVED = (".keras", ".h5", ".hdf5")
_CALL = ("mask", "initial_state", "training")


class LayerOptions(TypedDict, total=False):
    """The command line's options for a layer, under their Python names; each has the command line's default."""

    units: int
    return_sequences: bool
    return_state: bool
    go_backwards: bool
    stateful: bool
    unroll: bool
    zero_output_for_mask: bool
    bidirectional: bool
    merge_mode: Literal["concat", "sum", "mul", "ave", "none"] | None
    all_flags: bool
    kernel_size: int | tuple[int, ...]
    strides: int | tuple[int, ...]
    padding: Literal["valid", "same"]
    dilation_rate: int | tuple[int, ...]
    set: Mapping[str, object]
    batch: int | None
    time: int | None
    features: int
    space: tuple[int, ...]
    input: tuple[int | None, ...]
    mask: str
    initial_state: Literal["zeros", "random"]
    dtype: Literal["float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16", "int32"]
    training: bool
    into: str
    seed: int
    weights: bool
    every_state: bool


@overload
def explore(layer: str, **options: Unpack[LayerOptions]) -> Report: ...


@overload
def explore(layer: str, *, let: Mapping[str, str], run: bool = False, seed: int = 0) -> ProgramReport: ...


@overload
def explore(
    layer: Callable[..., Any],
    inputs: object = None,
    *,
    mask: object = None,
    initial_state: object = None,
    training: bool | None = None,
    seed: int = 0,
) -> ProgramReport: ...


def explore(layer: Any, inputs: Any = None, **options: Any) -> Report | ProgramReport:
    """Run a Keras layer, a model or code, and return every tensor that comes back, and what equals what.

    Weights, states, random generators and the numbers in layers' names are afterwards as they were.

    Args:
        layer: a layer's name (`"gru"`), a Keras expression (`"Bidirectional(LSTM(4))"`), Keras code (several lines, or
            an assignment: it is read, and executed only with `run=True`), the path of a saved model, or a layer or a
            model itself.
        inputs: what a layer is called with; None for a symbolic tensor of the shape that it was built for.
        options: of a named layer, or an expression: the command line's under their Python names (`LayerOptions`).
            Of code: `let` (a dict of code for names that it does not define), `run`, `seed`. Of a layer: `mask`,
            `initial_state`, `training`, as it is called with them, and `seed`.

    Returns:
        The report; it prints as a table, shows itself in a notebook, and `to_dict()` is the JSON document.

    Raises:
        InvalidQuery: the question is wrong; the message says what was expected.
        KerasRefused: Keras refused the layer or the input.
        NoTensorflow: TensorFlow cannot be imported.
        NotRead: a value of `let` is no expression.

    """
    if not isinstance(layer, str):
        return _of_object(layer, inputs, options)
    if inputs is not None:
        raise InvalidQuery(
            f"A layer in words takes no inputs. Received: inputs={type(inputs).__name__}",
            hint='Give sizes, explore("gru", batch=32, time=10, features=8), or a layer: explore(layer, inputs).',
        )
    from rnnshape.program import is_code

    if layer.endswith(_SAVED) or is_code(layer):
        return _of_code(layer, options)
    return _of_words(layer, options)


def _of_words(layer: str, given: Mapping[str, Any]) -> Report:
    from rnnshape.layers import explore as answer
    from rnnshape.run.watching.preserved import preserved

    options = read_options(given)
    for_layers(options)
    asked = [query for family in request([layer], options) for query in family]
    if len(asked) > 1:
        raise InvalidQuery(f"explore answers one query. Received: options for {len(asked)}", layer=layer)
    with preserved():
        return of_layer(answer(asked[0]))


def _of_code(text: str, given: Mapping[str, Any]) -> ProgramReport:
    from rnnshape.programs import Source, classes_in, execute_code, explore_code, explore_saved, read_lets
    from rnnshape.run.watching.preserved import preserved

    _check_names(given, ("let", "run", "seed"), "code")
    options = read_options(given)
    lets = dict(options.let or ())
    values = read_lets(lets)
    with preserved():
        if text.endswith(_SAVED) and "\n" not in text:
            return of_program(explore_saved(Path(text).expanduser(), classes_in(lets), seed=options.seed))
        answer = execute_code if options.run else explore_code
        return of_program(answer(Source(text), values, seed=options.seed))


def _of_object(layer: Any, inputs: Any, given: Mapping[str, Any]) -> ProgramReport:
    if not _is_layer(layer):
        message = (
            f"layer must be a layer's name, a Keras expression, code, or a layer or a model. Received: {layer!r:.80}"
        )
        raise InvalidQuery(message, hint='For example explore("gru", units=4) or explore(keras.layers.GRU(4), inputs).')
    from rnnshape.programs import answered
    from rnnshape.run.code.saved import describe, is_described
    from rnnshape.run.watching.blocks import call_layer, keeping

    _check_names(given, (*_CALL, "seed"), "a layer")
    seed = read_options({"seed": given["seed"]}).seed if "seed" in given else 0
    call = {name: value for name, value in given.items() if name in _CALL and value is not None}
    if inputs is None and not call and is_described(layer):
        return of_program(answered(describe(layer, layer.name, seed=seed, guard=keeping([layer]))))
    return of_program(answered(call_layer(layer, inputs, call, seed=seed)))


def _is_layer(layer: Any) -> bool:
    """Tell whether this is a layer of Keras's; where nobody has imported it, nothing is."""
    if "keras" not in sys.modules:
        return False
    from rnnshape.run import engine

    return isinstance(layer, engine.load().layers.Layer)


def _check_names(given: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    for name in given:
        if name not in known:
            message = f"{name} does not go with {what}. Received: {name}={given[name]!r:.80}"
            raise InvalidQuery(message, hint=f"With {what} go {', '.join(known)}.")


def _signature() -> inspect.Signature:
    """Return what `help(explore)` shows: every option by name."""
    own = inspect.signature(explore)
    kept = [one for one in own.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    more = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=...) for name in NAMES]
    return own.replace(parameters=[*kept, *more])


explore.__signature__ = _signature()  # type: ignore[attr-defined]  # where inspect and notebooks look
