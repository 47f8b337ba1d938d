"""The options, each declared once: how it is read, and everything that is said of it to people.

The command line is made from this list, and so are its help, its completion and the man page.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from rnnshape.expression import Call
from rnnshape.mask import FORMS as MASK_FORMS
from rnnshape.mask import MaskSpec
from rnnshape.options import readers
from rnnshape.options.option import Color, Option, Part, Wish, option, switch
from rnnshape.options.readers import Size
from rnnshape.query import (
    DEFAULT_BATCH,
    DEFAULT_FEATURES,
    DEFAULT_KERNEL_SIZE,
    DEFAULT_SEED,
    DEFAULT_SPACE,
    DEFAULT_TIME,
    DEFAULT_UNITS,
    Dtype,
    InitialState,
    MergeMode,
)
from rnnshape.show import formats

MANY = 1_000_000
"""Queries that are not run before --yes is given."""

SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
"""The shells that there is completion for; the last two are one."""

_SHELL = "[SHELL]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything that can be asked besides the layers, read and checked; several values make several queries.

    An option of the layer goes with a named layer only: an expression carries its own arguments.
    """

    units: tuple[int, ...] | None = option(
        Part.LAYER,
        readers.sizes,
        "Number of units (filters of a ConvLSTM).",
        short="-u",
        values="N,…",
        default=DEFAULT_UNITS,
    )
    return_sequences: bool = switch(Part.LAYER, "Return the output at every timestep.", is_flag=True)
    return_state: bool = switch(Part.LAYER, "Also return the final states.", is_flag=True)
    go_backwards: bool = switch(Part.LAYER, "Run from the last timestep to the first.", is_flag=True)
    stateful: bool = switch(Part.LAYER, "Keep the states for the next batch.", is_flag=True)
    unroll: bool = switch(Part.LAYER, "Unroll the loop over the timesteps.", is_flag=True)
    zero_output_for_mask: bool = switch(Part.LAYER, "Output zeros at masked timesteps.", is_flag=True)
    bidirectional: bool = switch(Part.LAYER, "Wrap the layer in Bidirectional.")
    merge_mode: tuple[MergeMode, ...] | None = option(
        Part.LAYER,
        readers.merge_modes,
        "How Bidirectional merges its two outputs.",
        choices=tuple(mode.value for mode in MergeMode),
        several=True,
        default="concat",
    )
    all_flags: bool = switch(
        Part.LAYER, "Run the four combinations of --return-sequences and --return-state, with equal weights."
    )
    kernel_size: tuple[int | tuple[int, ...], ...] | None = option(
        Part.LAYER,
        readers.sizes_per_axis,
        "Kernel size of a ConvLSTM; 3x2 is one size per axis.",
        values="N,…",
        default=DEFAULT_KERNEL_SIZE,
        is_conv=True,
    )
    strides: tuple[int | tuple[int, ...], ...] | None = option(
        Part.LAYER, readers.sizes_per_axis, "Strides of a ConvLSTM.", values="N,…", default=1, is_conv=True
    )
    padding: tuple[str, ...] | None = option(
        Part.LAYER,
        readers.paddings,
        "Padding of a ConvLSTM.",
        choices=readers.PADDINGS,
        several=True,
        default="valid",
        is_conv=True,
    )
    dilation_rate: tuple[int | tuple[int, ...], ...] | None = option(
        Part.LAYER, readers.sizes_per_axis, "Dilation rate of a ConvLSTM.", values="N,…", default=1, is_conv=True
    )
    set: tuple[tuple[str, object], ...] | None = option(
        Part.LAYER,
        readers.arguments,
        "Any other constructor argument, such as use_bias=False. Repeatable.",
        values="NAME=VALUE",
        repeatable=True,
    )
    batch: tuple[Size, ...] | None = option(
        Part.INPUT,
        readers.sizes_or_unknown,
        "Batch size, or none.",
        short="-b",
        values="N,…",
        default=DEFAULT_BATCH,
    )
    time: tuple[Size, ...] | None = option(
        Part.INPUT,
        readers.sizes_or_unknown,
        "Number of timesteps, or none.",
        short="-t",
        values="N,…",
        default=DEFAULT_TIME,
    )
    features: tuple[int, ...] | None = option(
        Part.INPUT,
        readers.sizes,
        "Number of features (channels of a ConvLSTM).",
        short="-f",
        values="N,…",
        default=DEFAULT_FEATURES,
    )
    space: tuple[tuple[int, ...], ...] | None = option(
        Part.INPUT,
        readers.spaces,
        "Rows, columns, … of a ConvLSTM's input. Repeatable.",
        values="N,…",
        default=f"{DEFAULT_SPACE} per axis",
        repeatable=True,
    )
    input: tuple[tuple[Size, ...], ...] | None = option(
        Part.INPUT,
        readers.shapes,
        "The whole input shape, such as 32,10,8. Repeatable.",
        values="N,N,…",
        repeatable=True,
    )
    mask: MaskSpec | None = option(
        Part.CALL, readers.mask, f"Call the layer with a mask ({MASK_FORMS}).", values="MASK", with_code=True
    )
    initial_state: InitialState | None = option(
        Part.CALL,
        readers.initial_state,
        "Start from these states instead of the layer's own.",
        choices=tuple(state.value for state in InitialState),
    )
    dtype: Dtype | None = option(
        Part.CALL,
        readers.one_of(Dtype),
        "Policy of the layer, and dtype of its input.",
        choices=tuple(dtype.value for dtype in Dtype),
        values="NAME",
        default="float32",
    )
    training: bool = switch(Part.CALL, "Call the layer with training=True.")
    into: Call | str | None = option(
        Part.CALL,
        readers.into,
        "Tell whether the states fit this layer's initial_state, and what makes them fit.",
        values="EXPRESSION",
    )
    seed: int = option(
        Part.CALL,
        readers.number,
        "Seed of the random weights and inputs.",
        values="N",
        default=DEFAULT_SEED,
        unsaid=DEFAULT_SEED,
        with_code=True,
    )
    let: tuple[tuple[str, str], ...] | None = option(
        Part.CODE,
        readers.lets,
        "Define a name that the code uses and does not define. Repeatable.",
        values="NAME=CODE",
        repeatable=True,
        with_code=True,
    )
    run: bool = switch(Part.CODE, "Execute the code, as python FILE does, and watch every layer call.", with_code=True)
    weights: bool = switch(Part.SHOWN, "Explain each weight, and the number of parameters.")
    every_state: bool = switch(Part.SHOWN, "Also show the states after every timestep.")
    explain: bool = switch(Part.SHOWN, "Also explain the result in sentences, with PyTorch's names.", of_command=True)
    measure: bool = switch(Part.SHOWN, "Also time a forward call of each layer.", of_command=True)
    diagram: bool = switch(Part.SHOWN, "Draw a diagram in the place of the table.", of_command=True)
    code: bool = switch(Part.SHOWN, "Print a Python script that does the same.", of_command=True)
    json: bool = switch(Part.FORM, "Print one JSON document per query, one per line.", of_command=True)
    format: str | None = option(
        Part.FORM,
        readers.one_word_of(formats.NAMES),
        f"The form of the answer: {', '.join(formats.NAMES)}.",
        values="NAME",
        choices=formats.NAMES,
        of_command=True,
    )
    save: str | None = option(
        Part.FORM,
        readers.text,
        f"Write the answer to a file, in the form of its suffix ({' '.join(formats.BY_SUFFIX)}), or with - to standard "
        "output, in the form of --format.",
        values="FILE",
        of_command=True,
    )
    color: Color | None = option(
        Part.FORM,
        readers.one_of(Color),
        "When to print colors.",
        choices=tuple(color.value for color in Color),
        default="auto",
        of_command=True,
    )
    width: int | None = option(
        Part.FORM,
        readers.at_least(20),
        "Width of the table, in columns.",
        values="N",
        default="that of the terminal",
        of_command=True,
    )
    quiet: bool = switch(Part.FORM, "Print no table; use the exit status.", short="-q", of_command=True)
    strict: bool = switch(
        Part.CHECK,
        "Exit with 1 if Keras declares other shapes than it returns, or if --into does not fit.",
        of_command=True,
    )
    expect: str | None = option(
        Part.CHECK,
        readers.text,
        "Exit with 1 if the answers differ from those in this file, which --json has made, and say what differs.",
        values="FILE",
        of_command=True,
    )
    jobs: int | None = option(
        Part.RUN,
        readers.count,
        "Number of processes.",
        short="-j",
        values="N",
        default="one per core",
        of_command=True,
    )
    yes: bool = switch(Part.RUN, f"Run more than {MANY:,} queries.", of_command=True)
    worker: Wish | None = option(
        Part.RUN,
        readers.one_of(Wish),
        "Tell about the warm interpreter, or end it.",
        choices=tuple(wish.value for wish in Wish),
        of_command=True,
    )
    debug: bool = switch(Part.RUN, "Show tracebacks and TensorFlow's log on errors.", of_command=True)
    version: bool = switch(Part.HELP, "Show the versions, and exit.", of_command=True)
    install_completion: bool = switch(
        Part.HELP,
        "Install completion for this shell, or for the one named.",
        choices=SHELLS,
        values=_SHELL,
        of_command=True,
    )
    show_completion: bool = switch(
        Part.HELP,
        "Show the completion script of this shell, or of the one named.",
        choices=SHELLS,
        values=_SHELL,
        of_command=True,
    )

    def given(self, part: Part) -> list[str]:
        """Return the names of the options of this part that something was said of."""
        return [name for name in ALL if option_of(name).part is part and getattr(self, name) not in (None, False)]


_FIELDS = {field.name: field for field in dataclasses.fields(Options)}

ALL = tuple(_FIELDS)
"""The names of all options, in the order of the help."""


def option_of(name: str) -> Option:
    """Return what there is to know of the option of this name."""
    found: Option = _FIELDS[name].metadata["option"]
    return found


NAMES = tuple(name for name in ALL if not option_of(name).of_command)
"""The names of those that are about the question: `rnnshape.explore` takes them, too."""

FLAGS = tuple(name for name in ALL if option_of(name).is_flag)
CONV = tuple(name for name in ALL if option_of(name).is_conv)


def typed(name: str) -> str:
    """Return an option as it is typed: `return_state` -> `--return-state`."""
    return f"--{name.replace('_', '-')}"
