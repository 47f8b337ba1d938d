"""Reports made by hand, as the layers of Keras give them: what the renderers are tested with."""

from __future__ import annotations

import dataclasses
from typing import Any

from rnnshape.errors import KerasRefused
from rnnshape.expression import Call, parse
from rnnshape.report import (
    Combination,
    Declared,
    Input,
    Into,
    Mask,
    Measured,
    Parameters,
    Ran,
    Reduced,
    Report,
    Returned,
    States,
    Tensor,
    Versions,
    Weight,
)
from rnnshape.structure import reading

BTF = ("batch", "timesteps", "features")


def tensor(name: str, path: tuple[int, ...], shape: tuple[int | None, ...], axes: str, meaning: str) -> Tensor:
    return Tensor(
        name=name, path=path, shape=shape, axes=tuple(axes.split()), dtype="float32", meaning=meaning,
        role=reading.role(name, meaning),
    )  # fmt: skip


class Raw(str):
    """Text that is no literal in an expression: as it stands."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def states(accepts: list[list[int]], structure: str) -> States:
    return States(accepts=accepts, structure=reading.nest(structure))


def statements(*written: tuple[str, ...]) -> Any:
    """Return statements that are written as text."""
    return tuple(tuple(reading.expression(one) for one in statement) for statement in written)


def report(layer: str, unpack: str, *tensors: Tensor, **more: Any) -> Report:
    structure = f"({', '.join(str(one.shape) for one in tensors)})" if len(tensors) > 1 else str(tensors[0].shape)
    rest: dict[str, Any] = {
        "input": Input(shape=(32, 10, 8), axes=BTF, dtype="float32"),
        "equal": (),
        "same_shape_different_values": (),
        "states": states([[32, 4]], "[h]"),
        "declared": Declared(agrees=True, structure=structure),
        "returned": Returned(structure=structure, container="tuple" if len(tensors) > 1 else "tensor"),
        "parameters": Parameters(total=168, weights=()),
        "ran": Ran(seed=0, draws=2, device="CPU", reduced_to=None),
        "versions": Versions(rnnshape="0.1.0", keras="3.15.1", tensorflow="2.21.0", python="3.11.9"),
    }
    written = ("equal", "close", "broken", "equal_across", "same_shape_different_values")
    read = {name: statements(*more[name]) for name in written if more.get(name) is not None}
    unpacked = reading.unpack(f"{unpack} = layer(inputs)")
    return Report(layer=parse(layer), unpack=unpacked, tensors=tensors, **{**rest, **more, **read})


AFTER = "after the last timestep"
OUTPUT = tensor("output", (0,), (32, 4), "batch units", "output of the last timestep")
SEQUENCE = tensor("whole_sequence_output", (0,), (32, 10, 4), "batch timesteps units", "output at every timestep")
STATE = tensor("final_state", (1,), (32, 4), "batch units", f"hidden state h {AFTER}")
H = tensor("final_memory_state", (1,), (32, 4), "batch units", f"hidden state h {AFTER}")
C = tensor("final_carry_state", (2,), (32, 4), "batch units", f"carry state c {AFTER}")
HC = states([[32, 4], [32, 4]], "[h, c]")

gru = report("GRU(4)", "output", dataclasses.replace(OUTPUT, path=()))
gru_state = report(
    "GRU(4, return_state=True)", "output, final_state", OUTPUT, STATE, equal=(("output", "final_state"),)
)
lstm_both = report(
    "LSTM(4, return_sequences=True, return_state=True)",
    "whole_sequence_output, final_memory_state, final_carry_state",
    SEQUENCE, H, C,
    equal=(("whole_sequence_output[:, -1, :]", "final_memory_state"),),
    same_shape_different_values=(("final_memory_state", "final_carry_state"),),
    states=HC, parameters=Parameters(total=208, weights=()),
)  # fmt: skip
gru_sequences = report(
    "GRU(4, return_sequences=True)", "whole_sequence_output", dataclasses.replace(SEQUENCE, path=())
)  # fmt: skip
lstm_state = report(
    "LSTM(4, return_state=True)",
    "output, final_memory_state, final_carry_state",
    OUTPUT, H, C,
    equal=(("output", "final_memory_state"),),
    same_shape_different_values=(("final_memory_state", "final_carry_state"),),
    states=HC, parameters=Parameters(total=208, weights=()),
)  # fmt: skip

BOTH_SIDES = (
    tensor("forward_final_state", (1,), (32, 4), "batch units", f"forward hidden state h {AFTER}"),
    tensor(
        "backward_final_state", (2,), (32, 4), "batch units",
        "backward hidden state h after the first timestep, run last",
    ),
)  # fmt: skip
bidirectional_sum = report(
    "Bidirectional(GRU(4, return_state=True), merge_mode='sum')",
    "output, forward_final_state, backward_final_state",
    tensor("output", (0,), (32, 4), "batch units", "forward + backward"), *BOTH_SIDES,
    equal=(("output", "forward_final_state + backward_final_state"),),
    same_shape_different_values=(("output", "forward_final_state", "backward_final_state"),),
    states=HC,
)  # fmt: skip
bidirectional_concat = report(
    "Bidirectional(GRU(4, return_state=True))",
    "output, forward_final_state, backward_final_state",
    tensor("output", (0,), (32, 8), "batch units", "forward and backward side by side"), *BOTH_SIDES,
    equal=(("output", "concatenate([forward_final_state, backward_final_state], axis=-1)"),),
    same_shape_different_values=(("forward_final_state", "backward_final_state"),),
    states=HC,
)  # fmt: skip
bidirectional_sequences = report(
    "Bidirectional(GRU(4, return_sequences=True, return_state=True))",
    "whole_sequence_output, forward_final_state, backward_final_state",
    tensor(
        "whole_sequence_output", (0,), (32, 10, 8), "batch timesteps units",
        "at every timestep, forward and backward side by side",
    ), *BOTH_SIDES,
    equal=(
        ("whole_sequence_output[:, -1, :4]", "forward_final_state"),
        ("whole_sequence_output[:, 0, 4:]", "backward_final_state"),
    ),
    same_shape_different_values=(("forward_final_state", "backward_final_state"),),
    states=HC,
)  # fmt: skip
bidirectional_none = report(
    "Bidirectional(LSTM(4, return_sequences=True, return_state=True), merge_mode=None)",
    "forward_whole_sequence_output, backward_whole_sequence_output, forward_final_memory_state, "
    "forward_final_carry_state, backward_final_memory_state, backward_final_carry_state",
    *(
        tensor(
            f"{side}_whole_sequence_output", (at,), (32, 10, 4), "batch timesteps units",
            f"{side} output at every timestep",
        )
        for at, side in enumerate(("forward", "backward"))
    ),
    *(
        tensor(f"{side}_final_{kind}_state", (2 + 2 * at + more,), (32, 4), "batch units", f"{side} {words} {after}")
        for at, (side, after) in enumerate((("forward", AFTER), ("backward", "after the first timestep, run last")))
        for more, (kind, words) in enumerate((("memory", "hidden state h"), ("carry", "carry state c")))
    ),
    equal=(
        ("forward_whole_sequence_output[:, -1, :]", "forward_final_memory_state"),
        ("backward_whole_sequence_output[:, -1, :]", "backward_final_memory_state"),
    ),
    same_shape_different_values=(
        ("forward_whole_sequence_output", "backward_whole_sequence_output"),
        (
            "forward_final_memory_state", "forward_final_carry_state", "backward_final_memory_state",
            "backward_final_carry_state",
        ),
    ),
    states=states([[32, 4]] * 4, "[forward_h, forward_c, backward_h, backward_c]"),
)  # fmt: skip
lstm_bidirectional = report(
    "Bidirectional(LSTM(4, return_sequences=True, return_state=True))",
    "whole_sequence_output, forward_final_memory_state, forward_final_carry_state, backward_final_memory_state, "
    "backward_final_carry_state",
    bidirectional_sequences.tensors[0],
    *(dataclasses.replace(one, path=(at,)) for at, one in enumerate(bidirectional_none.tensors[2:], 1)),
    equal=(
        ("whole_sequence_output[:, -1, :4]", "forward_final_memory_state"),
        ("whole_sequence_output[:, 0, 4:]", "backward_final_memory_state"),
    ),
    same_shape_different_values=bidirectional_none.same_shape_different_values[1:],
    states=bidirectional_none.states,
)  # fmt: skip
stacked = report(
    "RNN([LSTMCell(4), GRUCell(6)], return_state=True)",
    "output, (cell_0_final_memory_state, cell_0_final_carry_state), (cell_1_final_state,)",
    tensor("output", (0,), (32, 6), "batch units", "output of the last timestep"),
    tensor("cell_0_final_memory_state", (1, 0), (32, 4), "batch units", f"cell 0 hidden state h {AFTER}"),
    tensor("cell_0_final_carry_state", (1, 1), (32, 4), "batch units", f"cell 0 carry state c {AFTER}"),
    tensor("cell_1_final_state", (2, 0), (32, 6), "batch units", f"cell 1 hidden state h {AFTER}"),
    equal=(("output", "cell_1_final_state"),),
    same_shape_different_values=(("cell_0_final_memory_state", "cell_0_final_carry_state"),),
    states=states([[[32, 4], [32, 4]], [[32, 6]]], "[[h, c], [h]]"),
    declared=Declared(agrees=False, structure="((32, 6), [(32, 4), (32, 4)], (32, 6))"),
    returned=Returned(structure="((32, 6), [(32, 4), (32, 4)], [(32, 6)])", container="tuple"),
)  # fmt: skip
SPACE = "rows cols filters"
conv = report(
    "ConvLSTM2D(4, kernel_size=3, return_sequences=True, return_state=True)",
    "whole_sequence_output, final_memory_state, final_carry_state",
    tensor(
        "whole_sequence_output", (0,), (32, 10, 6, 6, 4), f"batch timesteps {SPACE}", "output at every timestep"
    ),
    tensor("final_memory_state", (1,), (32, 6, 6, 4), f"batch {SPACE}", f"hidden state h {AFTER}"),
    tensor("final_carry_state", (2,), (32, 6, 6, 4), f"batch {SPACE}", f"carry state c {AFTER}"),
    input=Input(shape=(32, 10, 8, 8, 8), axes=("batch", "timesteps", "rows", "cols", "features"), dtype="float32"),
    equal=(("whole_sequence_output[:, -1, :, :, :]", "final_memory_state"),),
    same_shape_different_values=(("final_memory_state", "final_carry_state"),),
    states=states([[32, 6, 6, 4]] * 2, "[h, c]"),
)  # fmt: skip
masked = report(
    "GRU(4, return_sequences=True, return_state=True, zero_output_for_mask=True)",
    "whole_sequence_output, final_state",
    dataclasses.replace(SEQUENCE, shape=(3, 10, 4)), dataclasses.replace(STATE, shape=(3, 4)),
    input=Input(shape=(3, 10, 8), axes=BTF, dtype="float32"),
    mask=Mask(given="lengths:10,7,3", first_step=(0, 0, 0), last_step=(9, 6, 2)),
    equal=(("whole_sequence_output[rows, last_step]", "final_state"),),
    broken=(("whole_sequence_output[:, -1, :]", "final_state"),),
    initial_state="random", training=True,
)  # fmt: skip
unknown = report(
    "LSTM(4, return_state=True)",
    "output, final_memory_state, final_carry_state",
    *(dataclasses.replace(one, shape=(None, 4)) for one in (OUTPUT, H, C)),
    input=Input(shape=(None, None, 8), axes=BTF, dtype="float32"),
    equal=(("output", "final_memory_state"),),
    same_shape_different_values=(("final_memory_state", "final_carry_state"),),
    states=states([[None, 4], [None, 4]], "[h, c]"),
    ran=Ran(
        seed=0, draws=2, device="CPU", reduced_to=Reduced(layer=parse("LSTM(4, return_state=True)"), input=(3, 5, 2)),
    ),
)  # fmt: skip
huge = report(
    "GRU(512, return_sequences=True, return_state=True)",
    "whole_sequence_output, final_state",
    dataclasses.replace(SEQUENCE, shape=(1_000_000, 100_000, 512)), dataclasses.replace(STATE, shape=(1_000_000, 512)),
    input=Input(shape=(1_000_000, 100_000, 512), axes=BTF, dtype="float32"),
    close=(("whole_sequence_output[:, -1, :]", "final_state"),),
    states=states([[1_000_000, 512]], "[h]"),
    ran=Ran(
        seed=0, draws=2, device="GPU",
        reduced_to=Reduced(layer=parse("GRU(4, return_sequences=True, return_state=True)"), input=(3, 5, 2)),
    ),
)  # fmt: skip
FIVE = (
    tensor("output", (0,), (32, 8), "batch units", "forward and backward side by side"),
    *(
        dataclasses.replace(one, path=(one.path[0] - 1,)) for one in bidirectional_none.tensors[2:]
    ),
)  # fmt: skip
into_no = report(
    "Bidirectional(LSTM(4, return_state=True))",
    ", ".join(one.name for one in FIVE),
    *FIVE,
    equal=(("output", "concatenate([forward_final_memory_state, backward_final_memory_state], axis=-1)"),),
    same_shape_different_values=bidirectional_none.same_shape_different_values[1:],
    states=bidirectional_none.states,
    into=Into(
        layer=parse("LSTM(4)"), fits=False, wants="[h, c] of shapes [(32, 4), (32, 4)]",
        gives="[(32, 4), (32, 4), (32, 4), (32, 4)]",
        initial_state=reading.expression(
            "[concatenate([forward_final_memory_state, backward_final_memory_state], axis=-1), "
            "concatenate([forward_final_carry_state, backward_final_carry_state], axis=-1)]"
        ),
        change="With 8 units, LSTM(8), the two directions side by side fit:",
    ),
)  # fmt: skip
into_yes = dataclasses.replace(
    lstm_state,
    into=Into(
        layer=parse("LSTM(4, return_sequences=True)"), fits=True, wants="[(32, 4), (32, 4)]",
        gives="[(32, 4), (32, 4)]", change=None,
        initial_state=reading.expression("[final_memory_state, final_carry_state]"),
    ),
)  # fmt: skip
long_layer = dataclasses.replace(
    gru_state,
    layer=parse(
        "Bidirectional(GRU(4, return_state=True, kernel_regularizer=L1L2(l1=0.001, l2=0.001), "
        "recurrent_initializer=Orthogonal(gain=0.5), bias_initializer=Constant(value=0.25), "
        "name='encoder (first, of two)'), "
        "merge_mode=None)"
    ),
)  # fmt: skip
markup = dataclasses.replace(
    gru_state,
    layer=Call("Layer[bold]層", (4,), (("name", Raw("'[red]表[/red] [link=x]\x1b[31m\u202e'")),)),
    tensors=(OUTPUT, dataclasses.replace(STATE, meaning="état [bold]h[/bold] 最後\x1b[2J")),
)
constant = dataclasses.replace(gru_state, equal=(), constant=("output", "final_state"))


def weight(name: str, shape: tuple[int, ...], axes: tuple[str, ...], note: str | None) -> Weight:
    return Weight(name=name, shape=shape, axes=axes, gates=("i", "f", "c", "o"), note=note)


weights = dataclasses.replace(
    lstm_both,
    parameters=Parameters(
        total=208,
        weights=(
            weight("kernel", (8, 16), ("features", "4 * units"), "multiplies the inputs"),
            weight("recurrent_kernel", (4, 16), ("units", "4 * units"), "multiplies h"),
            weight("bias", (16,), ("4 * units",), None),
        ),
        formula="4 * (8 * 4 + 4 * 4 + 4)",
    ),
    explanation=(
        "whole_sequence_output[:, -1, :] is final_memory_state, as the output of an LSTM is its hidden state h.",
        "final_carry_state is not returned anywhere else.",
    ),
)  # fmt: skip


def _combination(layer: str, unpack: str, sequences: bool, state: bool, *tensors: Tensor, **more: Any) -> Report:
    return report(
        layer, unpack, *tensors, same_weights=True, states=HC, parameters=Parameters(total=208, weights=()),
        combination=Combination(return_sequences=sequences, return_state=state),
        equal_across=(("output", "final_memory_state", "whole_sequence_output[:, -1, :]"),), **more,
    )  # fmt: skip


all_flags = (
    _combination("LSTM(4)", "output", False, False, dataclasses.replace(OUTPUT, path=())),
    _combination(str(lstm_state.layer), lstm_state.unpack.targets, False, True, OUTPUT, H, C, equal=lstm_state.equal,
        same_shape_different_values=lstm_state.same_shape_different_values),
    _combination("LSTM(4, return_sequences=True)", "whole_sequence_output", True, False,
        dataclasses.replace(SEQUENCE, path=())),
    _combination(str(lstm_both.layer), lstm_both.unpack.targets, True, True, SEQUENCE, H, C, equal=lstm_both.equal,
        same_shape_different_values=lstm_both.same_shape_different_values),
)  # fmt: skip
several = (
    gru_state,
    KerasRefused(
        "Exception encountered when calling LSTM.call(): expected ndim=3, found ndim=2 [/bold]",
        layer="LSTM(4, return_state=True)",
        hint="The layer before needs return_sequences=True.",
    ),
    lstm_both,
)
into_nothing = dataclasses.replace(
    gru_state,
    into=Into(
        layer=parse("RNN([GRUCell(4), GRUCell(4)])"), fits=False, wants="[[(32, 4)], [(32, 4)]]", gives="[(32, 4)]",
        initial_state=None, change="nothing simple makes them fit",
    ),
)  # fmt: skip
unequal_states = dataclasses.replace(gru_state, states=states([[32, 4], [32, 3]], "[state_0, state_1]"))
declared_twice = dataclasses.replace(
    gru_state,
    declared=Declared(
        agrees=False, structure="((32, 4), (32, 6))", compute_output_shape="((32, 4), [(32, 4)])"
    ),
)  # fmt: skip
measured = (
    dataclasses.replace(gru_state, measured=Measured(median=4e-4, quartiles=(3.9e-4, 4.2e-4), calls=25, relative=1.0)),
    dataclasses.replace(lstm_state, measured=Measured(median=6e-4, quartiles=(5e-4, 7e-4), calls=25, relative=1.5)),
    unknown,
)
EVERY = {
    name: item if isinstance(item, tuple) else (item,)
    for name, item in list(globals().items())
    if isinstance(item, Report) or name in ("all_flags", "several", "measured")
}
