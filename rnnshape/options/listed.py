"""The options, each declared once: how it is read, and everything that is said of it to people.

The command line is made from this list, and so are its help and its completion.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rnnshape.errors import InvalidQuery, nearest
from rnnshape.expression import Call
from rnnshape.mask import FORMS as MASK_FORMS
from rnnshape.mask import MaskSpec
from rnnshape.options import readers
from rnnshape.options.readers import Size
from rnnshape.query import (
    DEFAULT_BATCH,
    DEFAULT_FEATURES,
    DEFAULT_KERNEL_SIZE,
    DEFAULT_SEED,
    DEFAULT_SPACE,
    DEFAULT_TIME,
    DEFAULT_UNITS,
    InitialState,
    MergeMode,
)


class Part(enum.Enum):
    """The part of the question that an option belongs to; its value is the heading in the help."""

    LAYER = "The layer"
    INPUT = "Its input"
    CALL = "How it is called"
    CODE = "Code"
    SHOWN = "What is shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What there is to know of an option besides its name.

    `read` turns what is given into the value that is meant, and refuses what cannot be meant. `say` is the help's
    sentence, `values` what is written there in the place of the value, `choices` the only words that there are, of
    which `several` may be given; `default` is what holds where nothing is said. A `repeatable` one collects its values
    in a list. Flags of the constructor, and what only a ConvLSTM has, are marked.
    """

    part: Part
    read: Callable[[str, Any], Any]
    say: str
    short: str | None = None
    values: str | None = None
    choices: tuple[str, ...] = ()
    several: bool = False
    default: object = None
    repeatable: bool = False
    is_flag: bool = False
    is_conv: bool = False


def _option(part: Part, read: Callable[[str, Any], Any], say: str, *, unsaid: object = None, **more: Any) -> Any:
    """Return a field for an option with a value, and with `unsaid` where nothing was said."""
    return dataclasses.field(default=unsaid, metadata={"option": Option(part=part, read=read, say=say, **more)})


def _switch(part: Part, say: str, *, is_flag: bool = False) -> Any:
    """Return a field for an option that is either there or not."""
    option = Option(part=part, read=readers.switch, say=say, is_flag=is_flag)
    return dataclasses.field(default=False, metadata={"option": option})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything that can be asked besides the layers, read and checked; several values make several queries.

    An option of the layer goes with a named layer only: an expression carries its own arguments.
    """

    units: tuple[int, ...] | None = _option(
        Part.LAYER,
        readers.sizes,
        "Units (filters of a ConvLSTM).",
        short="-u",
        values="N,…",
        default=DEFAULT_UNITS,
    )
    return_sequences: bool = _switch(Part.LAYER, "Return every timestep's output.", is_flag=True)
    return_state: bool = _switch(Part.LAYER, "Return the final states, too.", is_flag=True)
    go_backwards: bool = _switch(Part.LAYER, "Run from the last timestep to the first.", is_flag=True)
    stateful: bool = _switch(Part.LAYER, "Keep the states for the next batch.", is_flag=True)
    unroll: bool = _switch(Part.LAYER, "Lay the timesteps out instead of looping.", is_flag=True)
    zero_output_for_mask: bool = _switch(Part.LAYER, "Output zeros at masked timesteps.", is_flag=True)
    bidirectional: bool = _switch(Part.LAYER, "Wrap it in Bidirectional.")
    merge_mode: tuple[MergeMode, ...] | None = _option(
        Part.LAYER,
        readers.merge_modes,
        "How Bidirectional merges its two outputs.",
        choices=tuple(mode.value for mode in MergeMode),
        several=True,
        default="concat",
    )
    all_flags: bool = _switch(Part.LAYER, "Every combination of return_sequences and return_state, with equal weights.")
    kernel_size: tuple[int, ...] | None = _option(
        Part.LAYER, readers.sizes, "Of a ConvLSTM.", values="N,…", default=DEFAULT_KERNEL_SIZE, is_conv=True
    )
    strides: tuple[int, ...] | None = _option(
        Part.LAYER, readers.sizes, "Of a ConvLSTM.", values="N,…", default=1, is_conv=True
    )
    padding: tuple[str, ...] | None = _option(
        Part.LAYER,
        readers.paddings,
        "Of a ConvLSTM.",
        choices=readers.PADDINGS,
        several=True,
        default="valid",
        is_conv=True,
    )
    dilation_rate: tuple[int, ...] | None = _option(
        Part.LAYER, readers.sizes, "Of a ConvLSTM.", values="N,…", default=1, is_conv=True
    )
    set: tuple[tuple[str, object], ...] | None = _option(
        Part.LAYER,
        readers.arguments,
        "Any other constructor argument; repeatable.",
        values="NAME=VALUE",
        repeatable=True,
    )
    batch: tuple[Size, ...] | None = _option(
        Part.INPUT,
        readers.sizes_or_unknown,
        "Batch size, or none.",
        short="-b",
        values="N,…",
        default=DEFAULT_BATCH,
    )
    time: tuple[Size, ...] | None = _option(
        Part.INPUT,
        readers.sizes_or_unknown,
        "Timesteps, or none.",
        short="-t",
        values="N,…",
        default=DEFAULT_TIME,
    )
    features: tuple[int, ...] | None = _option(
        Part.INPUT,
        readers.sizes,
        "Features (channels).",
        short="-f",
        values="N,…",
        default=DEFAULT_FEATURES,
    )
    space: tuple[tuple[int, ...], ...] | None = _option(
        Part.INPUT,
        readers.spaces,
        "Rows,cols,… of a ConvLSTM's input.",
        values="N,…",
        default=f"{DEFAULT_SPACE} per axis",
        repeatable=True,
    )
    input: tuple[tuple[Size, ...], ...] | None = _option(
        Part.INPUT,
        readers.shapes,
        "The whole input shape at once, such as 32,10,8.",
        values="N,N,…",
        repeatable=True,
    )
    mask: MaskSpec | None = _option(Part.CALL, readers.mask, MASK_FORMS, values="MASK")
    initial_state: InitialState | None = _option(
        Part.CALL,
        readers.initial_state,
        "Start from these states instead of the layer's own.",
        choices=tuple(state.value for state in InitialState),
    )
    training: bool = _switch(Part.CALL, "Call it with training=True.")
    into: Call | str | None = _option(
        Part.CALL,
        readers.into,
        "Do the states fit this layer's initial_state? What makes them?",
        values="EXPRESSION",
    )
    seed: int = _option(
        Part.CALL,
        readers.number,
        "Of the random weights and inputs.",
        values="N",
        default=DEFAULT_SEED,
        unsaid=DEFAULT_SEED,
    )
    let: tuple[tuple[str, str], ...] | None = _option(
        Part.CODE,
        readers.lets,
        "Give a name that the code does not define a value; repeatable.",
        values="NAME=CODE",
        repeatable=True,
    )
    run: bool = _switch(Part.CODE, "Execute the code, as python FILE does, and watch every layer call.")
    weights: bool = _switch(Part.SHOWN, "What each weight is, and why there are so many.")
    every_state: bool = _switch(Part.SHOWN, "The states after every timestep, too: by stepping the cell.")

    def given(self, part: Part) -> list[str]:
        """Return the names of the options of this part that something was said of."""
        return [name for name in NAMES if option_of(name).part is part and getattr(self, name) not in (None, False)]


_FIELDS = {field.name: field for field in dataclasses.fields(Options)}

NAMES = tuple(_FIELDS)


def option_of(name: str) -> Option:
    """Return what there is to know of the option of this name."""
    option: Option = _FIELDS[name].metadata["option"]
    return option


FLAGS = tuple(name for name in NAMES if option_of(name).is_flag)
CONV = tuple(name for name in NAMES if option_of(name).is_conv)


def typed(name: str) -> str:
    """Return an option as it is typed: `return_state` -> `--return-state`."""
    return f"--{name.replace('_', '-')}"


_FOR_CODE = ("mask", "let", "run", "seed")


def for_code(options: Options) -> None:
    """Refuse what does not go with code, which says everything else itself.

    Raises:
        InvalidQuery: an option was given that is about a single layer.

    """
    for part in Part:
        for name in options.given(part):
            if name not in _FOR_CODE and getattr(options, name) != option_of(name).default:
                message = f"Code says itself what runs, on which input, and how: {typed(name)} does not go with it."
                raise InvalidQuery(message, hint=f"Write it into the code, or give a layer's name: gru {typed(name)} …")


def for_layers(options: Options) -> None:
    """Refuse what goes with code alone.

    Raises:
        InvalidQuery: such an option was given.

    """
    for name in options.given(Part.CODE):
        message = f"{typed(name)} goes with code, and there is none here."
        raise InvalidQuery(message, hint="Give a file, or several lines: rnnshape FILE.py")


def read_options(raw: Mapping[str, object]) -> Options:
    """Return the options that were given by name, as strings or as Python's values.

    Raises:
        InvalidQuery: no such option, or a value that is none of its values.

    """
    for name in raw:
        if name not in NAMES:
            near = nearest(name, NAMES)
            hint = f"Did you mean {near}?" if near else f"There are {', '.join(NAMES)}."
            raise InvalidQuery(f"There is no option {name}. Received: {name}={raw[name]!r}", hint=hint)
    options = Options(**{name: option_of(name).read(name, value) for name, value in raw.items()})
    sizes = [name for name in options.given(Part.INPUT) if name != "input"]
    if options.input is not None and sizes:
        message = f"--input gives the whole shape, so {typed(sizes[0])} does not go with it."
        raise InvalidQuery(message, hint=f"Leave out --input or {typed(sizes[0])}.")
    if options.merge_mode is not None and not options.bidirectional:
        raise InvalidQuery("--merge-mode belongs to a Bidirectional layer.", hint="Add --bidirectional.")
    for name in ("return_sequences", "return_state"):
        if options.all_flags and getattr(options, name):
            raise InvalidQuery(f"--all-flags runs every combination, so {typed(name)} does not go with it.")
    return options
