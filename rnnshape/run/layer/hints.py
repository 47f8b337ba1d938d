"""What to do about the errors that people meet: the message of Keras, TensorFlow or Python -> advice.

Most of these messages name something deep inside Keras, far from what has to be changed. The layer is at hand as it was
typed, so that advice can name the very part of it.
"""

from __future__ import annotations

import contextlib
import difflib
import itertools
import re
from collections.abc import Callable
from typing import Any

from rnnshape.catalogue import BIDIRECTIONAL, LAYERS, RECURRENT, REPEAT, RNN, STACKED_CELLS
from rnnshape.errors import InvalidQuery, nearest
from rnnshape.expression import Call, Items, flag, flag_layer, parse
from rnnshape.run import engine
from rnnshape.run.layer.ranks import example, lost_time, rank, reaches, stack_of

_LAYERS = (*RECURRENT, BIDIRECTIONAL)
_WITH_CELLS = {layer.keras: layer.cell.keras for layer in LAYERS if not layer.spatial}
"""The layers whose cells are Keras layers, too, and those."""
_SHOWN_NAMES = 12

Advice = Callable[[Call | None, str], str | None]


def hint_for(said: str, layer: str) -> str | None:
    """Return advice for an error message that came of this layer, typed as an expression; None where none is known."""
    call = _parsed(layer)
    for pattern, advice in _ADVICE:
        if re.search(pattern, said, re.IGNORECASE | re.DOTALL):
            found = advice if isinstance(advice, str) else advice(call, said)
            if found is not None:
                return found
    return None


def _parsed(layer: str) -> Call | None:
    try:
        return parse(layer)
    except InvalidQuery:
        return None


def _no_sequence_before(call: Call | None, said: str) -> str | None:
    misplaced = _layer_as_cell(call)
    if misplaced is not None:
        return misplaced
    found = lost_time(stack_of(call))
    if found is None:
        return _whole_input(call, said)
    lost, after = found
    wants = f"{after.name} after it wants a whole sequence, (batch, timesteps, features)"
    if lost.name not in _LAYERS:
        return f"{lost.name} takes the time axis away, and {wants}: leave out {lost}."
    return f"{lost} gives its last output alone, and {wants}: give {flag_layer(lost).name} return_sequences=True."


def _sequence_before(call: Call | None, _: str) -> str | None:
    for before, after in itertools.pairwise(stack_of(call)):
        if after.name == REPEAT and flag(before, "return_sequences") is True:
            return f"RepeatVector repeats a single output: give {flag_layer(before).name} return_sequences=False."
    return "Give the whole shape of the input that it takes: --input 32,8"


def _whole_input(call: Call | None, said: str) -> str | None:
    """Return which input the whole expression takes, or that a layer in the middle does not go with its neighbour."""
    layer = re.search(r"of layer '?(\w+?)'? is incompatible", said)
    axes = re.search(r"expected (?:min_|max_)?ndim=(\d+), found ndim=(\d+)", said)
    if layer is not None and axes is not None and not reaches(stack_of(call), layer[1]):
        return f"The layer before {layer[1]} gives it {axes[2]} axes, and it wants {axes[1]}."
    wanted = (rank(call) if call is not None else None) or (int(axes[1]) if axes is not None else None)
    return (
        None if wanted is None else f"Give the whole shape of the input that it takes: --input {example(wanted, call)}"
    )


def _known_name(_: Call | None, said: str) -> str | None:
    """Return the names that Keras has for what it could not interpret, the nearest first."""
    found = re.search(r"interpret (\w+).*identifier: (\w+)$", said)
    if found is None:
        return None
    module = getattr(engine.load(), f"{found[1]}s", None)
    names = [name for name in dir(module) if name.islower() and not name.startswith("_") and _is_taken(module, name)]
    near = nearest(found[2], names)
    ordered = sorted(names, key=lambda name: -difflib.SequenceMatcher(None, name, found[2]).ratio())[:_SHOWN_NAMES]
    asked = f"Did you mean {near}? " if near else ""
    return f"{asked}Keras has {', '.join(ordered)}{' and more' if len(names) > _SHOWN_NAMES else ''}."


def _is_taken(module: Any, name: str) -> bool:
    """Tell whether Keras takes a name for an activation, an initializer and so on: some need arguments."""
    with contextlib.suppress(Exception):
        return name not in ("get", "serialize", "deserialize") and callable(module.get(name))
    return False


def _known_dtype(_: Call | None, said: str) -> str | None:
    found = re.search(r"Cannot convert '([^']*)' to", said)
    near = (
        nearest(found[1], ("float16", "float32", "float64", "bfloat16", "mixed_float16", "mixed_bfloat16"))
        if found
        else None
    )
    return f"Did you mean {near}?" if near else None


def _states_inside(call: Call | None, _: str) -> str | None:
    for before in stack_of(call)[:-1]:
        if flag(before, "return_state") is True:
            return f"In a Sequential only the last layer can return its states: take return_state off {before}."
    return None


def _layer_as_cell(call: Call | None) -> str | None:
    for inner in call.calls() if call is not None else ():
        if inner.name not in (RNN, STACKED_CELLS):
            continue
        parts = [item for value in inner.args for item in (value.values if isinstance(value, Items) else (value,))]
        for part in parts:
            if isinstance(part, Call) and part.name in _WITH_CELLS:
                return f"{inner.name} takes cells, and {part.name} is a whole layer: write {_WITH_CELLS[part.name]}."
    return None


def _cell_as_layer(call: Call | None, _: str) -> str | None:
    for inner in call.calls() if call is not None else ():
        part = inner.args[0] if inner.args else None
        if inner.name == BIDIRECTIONAL and isinstance(part, Call):
            if part.name.endswith("Cell"):
                whole = next((layer for layer, cell in _WITH_CELLS.items() if cell == part.name), None)
                instead = whole or f"RNN({part})"
                return f"Bidirectional takes a whole layer, and {part.name} is a cell: write {instead}."
            if part.name not in _LAYERS:
                return "Bidirectional takes a recurrent layer: LSTM, GRU, SimpleRNN, RNN or a ConvLSTM."
    return None


_ONE_TENSOR = "rnnshape calls a layer with one tensor; layers of several inputs are not run."

_REGISTER = (
    "Bidirectional builds its layers anew from their configuration. Decorate the class with "
    "@keras.saving.register_keras_serializable(), and give it a get_config with all of its arguments."
)
_BFLOAT16 = (
    "The orthogonal initializer of the recurrent kernel makes no bfloat16 numbers: "
    "use the policy mixed_bfloat16, or recurrent_initializer='glorot_uniform'."
)

_WHOLE = "This layer takes no input of whole numbers: --dtype float32 is one that it takes."

_ADVICE: tuple[tuple[str, str | Advice], ...] = (
    (r"expected ndim=3, found ndim=2", _no_sequence_before),
    (r"TimeDistributed.*at least 3 dimensions", _no_sequence_before),
    (r"expected ndim=2, found ndim=3", _sequence_before),
    (r"expects 1 input\(s\), but it received \d+ input tensors", _states_inside),
    (r"expected (?:min_|max_)?ndim=\d", _whole_input),
    (r"using input dim \d+; input has only", _whole_input),
    (r"Could not interpret", _known_name),
    (r"DTypePolicy", _known_dtype),
    (r"expected to be a u?int\d+ tensor but is a (?:float|half|double)", _WHOLE),
    (r"called on a list of|missing a required argument: '(?:value|key|inputs)", _ONE_TENSOR),
    (
        r"stateful.*batch size|batch size must be static",
        "A stateful layer keeps a state for each row, so it needs a known batch size: give --batch a number.",
    ),
    (r"Cannot unroll", "Unrolling needs a known number of timesteps: give --time a number."),
    (
        r"Could not locate class '(?!SimpleRNN|GRU|LSTM|Dense)",
        _REGISTER,
    ),
    (r"unexpected keyword argument '(?:go_backwards|return_\w+)'|go_backwards'|unrecognized keyword", _cell_as_layer),
    (
        r"different `?go_backwards`? value",
        "The two layers of a Bidirectional run in opposite directions: give one of them go_backwards=True.",
    ),
    (
        r"same value for attribute",
        "Give the two layers of the Bidirectional the same return_sequences, return_state and stateful.",
    ),
    (
        r"'generator' and 'int'",
        "A stateful layer in a Bidirectional cannot return its states here: leave out stateful or return_state.",
    ),
    (
        r"Incompatible shapes.*|Dimensions must be equal",
        lambda call, _: (
            "merge_mode sum, mul and ave want two layers of the same width; concat and None take any."
            if call is not None and call.argument("backward_layer") is not None
            else None
        ),
    ),
    (
        r"of bfloat16 is not in the list of allowed values",
        _BFLOAT16,
    ),
    (
        r"output size would be zero or negative",
        "The kernel is larger than the input. Give a larger --space, a smaller kernel_size, or padding='same'.",
    ),
    (r"no attribute 'compute_dtype'", "A cell has to be a subclass of keras.layers.Layer."),
    (
        r"sequence with mixed types|get_initial_state",
        "A cell whose states have several axes needs a get_initial_state(batch_size) of its own.",
    ),
    (
        r"(?:not enough|too many) values to unpack",
        "A cell returns two things: its output, and the list of its new states.",
    ),
    (r"leaves for PyTreeSpec", "The cell returns another number of states than its state_size has."),
    (r"Found invalid dimension", "Sizes are whole numbers."),
)
