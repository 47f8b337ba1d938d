"""Layers and options -> queries: a named layer becomes the same kind of `Call` that an expression is parsed into.

A size may have several values: then every combination is a query.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rnnshape import catalogue
from rnnshape.errors import InvalidQuery, nearest
from rnnshape.expression import Call, flag, instead_of_torch, like, parse, parse_value, takes_flags, with_flags
from rnnshape.options import CONV, FLAGS, Options, Part, typed
from rnnshape.query import (
    DEFAULT_BATCH,
    DEFAULT_FEATURES,
    DEFAULT_KERNEL_SIZE,
    DEFAULT_TIME,
    DEFAULT_UNITS,
    Dtype,
    MergeMode,
    Query,
    Sizes,
)

MOST_AT_ONCE = 4_000_000
"""Layers, and inputs, of one command: each is in memory from the beginning."""

ADDED = ("return_sequences", "return_state", "all_flags")
"""The options of a layer that may be added to an expression."""

Units = tuple[int, ...]
Arguments = tuple[tuple[str, object], ...]
Family = tuple[Query, ...]
"""One query, or the combinations of flags of one layer, which are run with the same weights and inputs."""


@dataclass(frozen=True, slots=True)
class Request(Sequence[Family]):
    """All queries of one command: every family of layers on every input, in a stable order, made when looked at."""

    families: tuple[tuple[Call, ...], ...]
    sizes: tuple[Sizes, ...]
    options: Options

    @property
    def total(self) -> int:
        """The number of queries."""
        return sum(map(len, self.families)) * len(self.sizes)

    def __len__(self) -> int:
        return len(self.families) * len(self.sizes)

    def __getitem__(self, at: Any) -> Any:
        """Return the family of queries at this place."""
        if not 0 <= at < len(self):
            raise IndexError(at)
        options = self.options
        return tuple(
            Query(
                layer=call,
                sizes=self.sizes[at % len(self.sizes)],
                mask=options.mask,
                initial_state=options.initial_state,
                training=options.training,
                into=_into(options.into, call),
                weights=options.weights,
                every_state=options.every_state,
                dtype=options.dtype,
                seed=options.seed,
            )
            for call in self.families[at // len(self.sizes)]
        )


def request(words: Sequence[str], options: Options, *, most: int | None = None) -> Request:
    """Return the queries: the layers in their order, and for each every combination of the sizes.

    Args:
        words: the layers as they were typed.
        options: what was said besides.
        most: how many queries there may be, if that matters; they are counted before any is made.

    Raises:
        InvalidQuery: a word is no layer, an option does not go with it, a mask does not fit the sizes, or there are
            too many queries.

    """
    if not words:
        raise InvalidQuery("Which layer? Give at least one.", hint="For example: rnnshape gru --units 4 --return-state")
    layers, inputs = sum(_count(word, options) for word in words), _count_inputs(options)
    if most is not None and layers * inputs > most:
        raise InvalidQuery(f"That is {layers * inputs} queries.", hint="Add --yes if you mean it.")
    if max(layers, inputs) > MOST_AT_ONCE:
        message = f"That is {layers} layers on {inputs} inputs; there may be {MOST_AT_ONCE} of each at once."
        raise InvalidQuery(message, hint="Split the sizes between several commands.")
    families = tuple(tuple(family) for word in words for family in _calls(word, options))
    for family in families:
        if options.dtype is not None:
            _check_dtype(family[0], options.dtype)
        _into(options.into, family[0])
    asked = Request(families, tuple(_input_sizes(options)), options)
    for at in range(len(asked.sizes)):
        # Each combination of sizes is checked before the first query runs.
        asked[at]
    return asked


def _count(word: str, options: Options) -> int:
    """Return how many layers a word asks for with these options."""
    layer = catalogue.by_word(word)
    if layer is None:
        return 4 if options.all_flags else 1
    units, grid = _sizes(layer, options)
    modes = len(options.merge_mode or (None,)) if options.bidirectional else 1
    return len(units) * math.prod(len(values) for values in grid) * modes * (4 if options.all_flags else 1)


def _count_inputs(options: Options) -> int:
    if options.input is not None:
        return len(options.input)
    given = (options.batch, options.time, options.features, options.space)
    return math.prod(len(values) for values in given if values)


def _calls(word: str, options: Options) -> list[list[Call]]:
    """Return the layers that a word asks for with these options, each as a family of its combinations of flags."""
    layer = catalogue.by_word(word)
    if layer is None:
        return [_expression(word, options)]
    given = [typed(name) for name in options.given(Part.LAYER) if name in CONV]
    if given and not layer.spatial:
        name = given[0]
        message = f"{name} belongs to the ConvLSTM layers. Received: {word} {name}"
        raise InvalidQuery(message, hint="Leave it out, or ask for conv-lstm-1d, conv-lstm-2d or conv-lstm-3d.")
    modes = options.merge_mode or (None,) if options.bidirectional else ()
    plain = [Call(layer.keras, size, arguments) for size, arguments in _arguments(word, layer, options)]
    if not modes:
        return [_with_flags(call, options) for call in plain]
    return [[_bidirectional(inner, mode) for inner in _with_flags(call, options)] for call in plain for mode in modes]


def _arguments(word: str, layer: catalogue.Layer, options: Options) -> Iterator[tuple[Units, Arguments]]:
    """Yield the constructor arguments, flags aside, of every combination of the layer's own sizes."""
    chosen = dict(options.set or ())
    if layer.size in chosen and options.units is not None:
        raise InvalidQuery(f"--units and --set {layer.size}=… both give the number of units.", layer=word)
    units, grid = _sizes(layer, options)
    for size in units:
        for sizes in itertools.product(*grid):
            yield size, (*sizes, *chosen.items())


def _sizes(layer: catalogue.Layer, options: Options) -> tuple[list[Units], list[list[tuple[str, object]]]]:
    """Return the layer's units, and the values of each of its other sizes."""
    chosen = dict(options.set or ())
    units: list[Units] = [()] if layer.size in chosen else [(size,) for size in options.units or (DEFAULT_UNITS,)]
    grid: list[list[tuple[str, object]]] = []
    for name in CONV if layer.spatial else ():
        values = getattr(options, name) or ((DEFAULT_KERNEL_SIZE,) if name == "kernel_size" else ())
        if values and name not in chosen:
            grid.append([(name, _as_data(value)) for value in values])
    return units, grid


def _as_data(value: object) -> object:
    """Return a value as it stands in an expression."""
    return parse_value(repr(value)) if isinstance(value, tuple) else value


def _with_flags(call: Call, options: Options) -> list[Call]:
    """Return the call with the flags that were given; with all combinations of the two that --all-flags is about."""
    return [_flagged(call, flags) for flags in _combinations(options)]


def _combinations(options: Options) -> list[dict[str, bool]]:
    given = {name: True for name in FLAGS if getattr(options, name)}
    if not options.all_flags:
        return [given]
    return [
        {**given, "return_sequences": sequences, "return_state": state}
        for state in (False, True)
        for sequences in (False, True)
    ]


def _flagged(call: Call, flags: dict[str, bool]) -> Call:
    """Return the call with the true ones of these flags, behind its sizes and in front of its other arguments."""
    named = dict(call.kwargs)
    sizes = {name: named.pop(name) for name in CONV if name in named}
    chosen = {name: True for name in FLAGS if flags.get(name)}
    return Call(call.name, call.args, tuple({**sizes, **chosen, **named}.items()))


def _bidirectional(call: Call, mode: MergeMode | None) -> Call:
    return Call(catalogue.BIDIRECTIONAL, args=(call,), kwargs=() if mode is None else (("merge_mode", mode.keras),))


def _expression(word: str, options: Options) -> list[Call]:
    """Return the expression with the flags that may be added to one, in all of their combinations."""
    text = word.strip()
    if "(" not in text:
        raise _unknown_layer(word)
    call = parse(text)
    given = options.given(Part.LAYER)
    alien = [name for name in given if name not in ADDED]
    if alien:
        message = (
            f"An expression carries its own constructor arguments, so {typed(alien[0])} does not go with it. "
            f"Received: {word}"
        )
        raise InvalidQuery(
            message, hint="Write it into the expression, or give the layer by its name, such as gru.", layer=word
        )
    for name in given:
        _check_flag(call, name, word)
    return [with_flags(call, flags) for flags in _combinations(options)]


def _check_dtype(call: Call, asked: Dtype) -> None:
    """Refuse a layer whose own dtype=, a policy, or an input whose own, is another one than --dtype."""
    for inner in call.calls():
        said = dict(inner.kwargs).get("dtype")
        named = said.args[0] if isinstance(said, Call) and said.args else said
        wanted = asked.input if inner.name in catalogue.INPUTS else asked.policy
        if named is not None and named != wanted:
            message = f"--dtype {asked.value} and dtype={said!r} contradict each other. Received: {call}"
            raise InvalidQuery(
                message, hint=f"Leave out --dtype {asked.value}, or dtype= in {inner.name}.", layer=str(call)
            )


def _check_flag(call: Call, name: str, word: str) -> None:
    """Refuse a flag that the layer of an expression does not take, or of which the expression says the contrary."""
    if not takes_flags(call):
        message = f"{typed(name)} belongs to a recurrent layer, and {call.name} is none. Received: {word}"
        hint = "Write return_state=True and its like into the layer that is meant."
        raise InvalidQuery(message, hint=hint, layer=word)
    for said in ("return_sequences", "return_state") if name == "all_flags" else (name,):
        value = flag(call, said)
        if value is not None and (value is not True or name == "all_flags"):
            message = f"{typed(name)} and {said}={value} in the expression contradict each other. Received: {word}"
            raise InvalidQuery(message, hint=f"Leave out {typed(name)}, or {said} in the expression.", layer=word)


def _into(asked: Call | str | None, call: Call) -> Call | None:
    """Return the layer that the states are to go into; a bare name is one with the units of the layer itself."""
    if not isinstance(asked, str):
        return asked
    found = like(asked, call)
    if found is None:
        layer = catalogue.by_word(asked)
        message = f"--into {asked} takes the units of the layer, and none are known here. Received: {call}"
        raise InvalidQuery(message, hint=f"Say how many: --into '{layer.keras if layer else asked}(4)'.")
    return found


def _unknown_layer(word: str) -> InvalidQuery:
    listed = ", ".join(catalogue.TYPED)
    message = (
        f"There is no layer {word!r}; expected {listed}, or a Keras expression such as 'LSTM(4)'. Received: {word}"
    )
    return InvalidQuery(message, hint=_OF_FLAGS if word.strip().lower() in _SWITCHED else _instead(word), layer=word)


_SWITCHED = frozenset({"true", "false", "yes", "no", "on", "off"})
"""Words that people type behind a flag."""
_OF_FLAGS = "A flag such as --return-state takes no value. To switch it off, leave it out."


def _instead(word: str) -> str:
    """Return what may have been meant by a word that is no layer."""
    plain = word.strip().lower()
    if plain.isdecimal():
        return f"Sizes are options: --units {plain}."
    several = [part for part in re.split(r"[,;+&/|\s]+", plain) if part]
    layers = [layer.typed for layer in map(catalogue.by_word, several) if layer is not None]
    if layers and len(layers) == len(several):
        return f"Type spaces between layers: {' '.join(layers)}" if len(layers) > 1 else f"Did you mean {layers[0]}?"
    meant = catalogue.MEANT.get(plain.replace("-", "").replace("_", ""))
    of_torch = instead_of_torch(Call(word.strip()))
    if meant is not None or of_torch is not None:
        return of_torch or f"Did you mean {meant}?"
    today = catalogue.today(plain.rpartition(".")[2])
    layer = catalogue.by_word(today or plain.rpartition(".")[2])
    if today is not None:
        return f"That is an old name: in Keras 3 it is {layer.typed if layer else today}."
    if layer is not None:
        # Only the names of Keras's modules may stand in front of a layer: `torch.nn.GRU` is another one.
        is_of_keras = not plain.rpartition(".")[0].startswith(("torch", "nn", "flax", "jax"))
        return f"Did you mean {layer.typed}" + (f", or '{word.strip()}(4)'?" if is_of_keras else ", of Keras?")
    near = nearest(word, catalogue.TYPED) or nearest(word, catalogue.known_words())
    return f"Did you mean {near}?" if near else "An expression is a call: 'LSTM(4)'."


def _input_sizes(options: Options) -> Iterator[Sizes]:
    """Yield the input's sizes; where nothing was said of the batch or the time axis, they fit the mask."""
    if options.input is not None:
        yield from (Sizes(shape=shape) for shape in options.input)
        return
    mask = options.mask
    given = frozenset(name for name in ("batch", "time", "features") if getattr(options, name))
    batch = DEFAULT_BATCH if mask is None else mask.batch or DEFAULT_BATCH
    time = DEFAULT_TIME if mask is None else mask.time or max(DEFAULT_TIME, mask.least_time)
    for batch_size, timesteps, features, space in itertools.product(
        options.batch or (batch,),
        options.time or (time,),
        options.features or (DEFAULT_FEATURES,),
        options.space or (None,),
    ):
        yield Sizes(batch=batch_size, time=timesteps, features=features, space=space, given=given)
