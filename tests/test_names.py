"""Names, axes and meanings, for layers written down as anatomies; no layer is built."""

from __future__ import annotations

import ast
import keyword
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnshape.catalogue import CARRY, HIDDEN, MEMORY
from rnnshape.names import (
    Anatomy,
    CellStates,
    Kind,
    Leaf,
    Named,
    initial_states,
    name_steps,
    name_tensors,
)
from rnnshape.structure import OUTPUT, Unpack

ONE, LSTM = CellStates(1, (HIDDEN,)), CellStates(2, (MEMORY, CARRY))


def named(anatomy: Anatomy, *leaves: Any, timesteps_kept: bool = False) -> tuple[Named, ...]:
    """Name leaves given as (path, rank), or as ranks alone where the return value is flat."""
    paths = tuple(((at,), leaf) if isinstance(leaf, int) else leaf for at, leaf in enumerate(leaves))
    return name_tensors(anatomy, tuple(Leaf(path, rank, has_time=timesteps_kept) for path, rank in paths))


def recurrent(*cells: CellStates, **more: Any) -> Anatomy:
    return Anatomy(kind=Kind.RECURRENT, cells=cells, return_state=True, **more)


def bidirectional(cell: CellStates, mode: str | None, **more: Any) -> Anatomy:
    return Anatomy(kind=Kind.BIDIRECTIONAL, cells=(cell,), backward=(cell,), merge_mode=mode, return_state=True, **more)


@pytest.mark.parametrize(
    ("anatomy", "leaves", "names"),
    [
        pytest.param(Anatomy(kind=Kind.RECURRENT, cells=(ONE,)), [((), 2)], "output", id="a bare tensor"),
        pytest.param(recurrent(ONE), [2, 2], "output final_state", id="gru"),
        pytest.param(recurrent(LSTM), [2, 2, 2], "output final_memory_state final_carry_state", id="lstm"),
        pytest.param(
            recurrent(LSTM, return_sequences=True),
            [3, 2, 2],
            "whole_sequence_output final_memory_state final_carry_state",
            id="lstm, sequences",
        ),
        pytest.param(
            recurrent(LSTM, ONE, stacked=True),
            [((0,), 2), ((1, 0), 2), ((1, 1), 2), ((2, 0), 2)],
            "output cell_0_final_memory_state cell_0_final_carry_state cell_1_final_state",
            id="stack",
        ),
        pytest.param(
            bidirectional(ONE, "concat"),
            [2, 2, 2],
            "output forward_final_state backward_final_state",
            id="bidirectional",
        ),
        pytest.param(
            bidirectional(LSTM, None, return_sequences=True),
            [3, 3, 2, 2, 2, 2],
            "forward_whole_sequence_output backward_whole_sequence_output forward_final_memory_state"
            " forward_final_carry_state backward_final_memory_state backward_final_carry_state",
            id="bidirectional, no merge",
        ),
        pytest.param(
            Anatomy(kind=Kind.CELL, cells=(LSTM,)),
            [((0,), 2), ((1, 0), 2), ((1, 1), 2)],
            "output final_memory_state final_carry_state",
            id="cell",
        ),
        pytest.param(Anatomy(kind=Kind.OTHER), [((), 2)], "output", id="other"),
        pytest.param(Anatomy(kind=Kind.OTHER), [2, 4], "output output_1", id="other with two outputs"),
        pytest.param(
            recurrent(CellStates(3)),
            [2, 2, 3, 2],
            "output final_state_0 final_state_1 final_state_2",
            id="a user's cell with three states",
        ),
        pytest.param(recurrent(ONE), [2, 2, 2], "output final_state_0 final_state_1", id="more states than declared"),
        pytest.param(recurrent(LSTM), [2, 2], "output final_state", id="fewer states than declared"),
        pytest.param(
            recurrent(LSTM, ONE, stacked=True),
            [((0,), 2), ((1, 0, 0), 2), ((1, 0, 1), 2), ((1, 1), 2), ((2,), 2)],
            "output final_state_0 final_state_1 final_state_2 final_state_3",
            id="a stack with more states than declared",
        ),
        pytest.param(
            bidirectional(ONE, "sum"),
            [2, 2, 2, 2, 2],
            "output forward_final_state_0 forward_final_state_1 backward_final_state_0 backward_final_state_1",
            id="bidirectional, more states than declared",
        ),
        pytest.param(
            bidirectional(ONE, "sum"),
            [2, 2, 2, 2],
            "output final_state_0 final_state_1 final_state_2",
            id="bidirectional, an odd number of states",
        ),
        pytest.param(
            recurrent(ONE, return_sequences=True),
            [((0, 0), 3), ((0, 1), 3), ((1,), 2)],
            "whole_sequence_output output_1 final_state",
            id="a cell with two outputs",
        ),
        pytest.param(
            Anatomy(kind=Kind.RECURRENT, cells=(ONE,)), [2, 3], "output output_1", id="a layer that returns more"
        ),
    ],
)
def test_names(anatomy: Anatomy, leaves: list[Any], names: str) -> None:
    assert [tensor.name for tensor in named(anatomy, *leaves)] == names.split()


@pytest.mark.parametrize(
    ("anatomy", "leaves", "meanings"),
    [
        pytest.param(
            recurrent(ONE), [2, 2], ["output of the last timestep", "hidden state h after the last timestep"], id="gru"
        ),
        pytest.param(
            recurrent(LSTM, return_sequences=True),
            [3, 2, 2],
            [
                "output at every timestep",
                "hidden state h after the last timestep",
                "carry state c after the last timestep",
            ],
            id="lstm",
        ),
        pytest.param(
            recurrent(ONE, go_backwards=True),
            [2, 2],
            ["output of the first timestep, run last", "hidden state h after the first timestep, run last"],
            id="backwards",
        ),
        pytest.param(
            recurrent(ONE, go_backwards=True, return_sequences=True),
            [3, 2],
            ["output at every timestep, in reversed order", "hidden state h after the first timestep, run last"],
            id="backwards, sequences",
        ),
        pytest.param(
            bidirectional(ONE, "ave", return_sequences=True),
            [3, 2, 2],
            [
                "at every timestep, mean of forward and backward",
                "forward hidden state h after the last timestep",
                "backward hidden state h after the first timestep, run last",
            ],
            id="bidirectional",
        ),
        pytest.param(
            bidirectional(ONE, "ave", return_sequences=True, go_backwards=True),
            [3],
            ["at every timestep, in reversed order, mean of forward and backward"],
            id="bidirectional around a layer that goes backwards, sequences",
        ),
        pytest.param(
            bidirectional(ONE, None, go_backwards=True),
            [2, 2, 2, 2],
            [
                "forward output after the first timestep",
                "backward output after the last timestep",
                "forward hidden state h after the first timestep, run last",
                "backward hidden state h after the last timestep",
            ],
            id="bidirectional around a layer that goes backwards",
        ),
        pytest.param(
            recurrent(CellStates(1), LSTM, stacked=True),
            [2, 2, 2, 2],
            [
                "output of the last timestep",
                "cell 0 state after the last timestep",
                "cell 1 hidden state h after the last timestep",
                "cell 1 carry state c after the last timestep",
            ],
            id="stack",
        ),
        pytest.param(
            Anatomy(kind=Kind.CELL, cells=(CellStates(2),)),
            [((0,), 2), ((1, 0), 2), ((1, 1), 2)],
            ["output of this one step", "state 0 after this one step", "state 1 after this one step"],
            id="cell",
        ),
    ],
)
def test_meanings(anatomy: Anatomy, leaves: list[Any], meanings: list[str]) -> None:
    assert [tensor.meaning for tensor in named(anatomy, *leaves)] == meanings


SPACE = {"spatial": ("rows", "cols"), "last_axis": "filters"}


@pytest.mark.parametrize(
    ("anatomy", "leaf", "axes"),
    [
        pytest.param(recurrent(ONE), 2, "batch units", id="output"),
        pytest.param(recurrent(ONE, return_sequences=True), 3, "batch timesteps units", id="sequence"),
        pytest.param(recurrent(ONE), 1, "batch", id="batch alone"),
        pytest.param(recurrent(ONE), 0, "", id="no axis"),
        pytest.param(recurrent(ONE), 4, "batch axis_1 axis_2 units", id="several axes"),
        pytest.param(recurrent(LSTM, **SPACE), 4, "batch rows cols filters", id="convolution"),
        pytest.param(
            recurrent(LSTM, return_sequences=True, **SPACE),
            5,
            "batch timesteps rows cols filters",
            id="sequence of images",
        ),
        pytest.param(recurrent(LSTM, channels_first=True, **SPACE), 4, "batch filters rows cols", id="channels first"),
        pytest.param(Anatomy(kind=Kind.OTHER, last_axis="features"), 2, "batch features", id="other"),
    ],
)
def test_axes(anatomy: Anatomy, leaf: int, axes: str) -> None:
    assert named(anatomy, leaf)[0].axes == tuple(axes.split())


def test_a_layer_that_keeps_the_time_axis() -> None:
    (tensor,) = named(Anatomy(kind=Kind.OTHER, last_axis="features"), ((), 3), timesteps_kept=True)
    assert tensor == Named(
        replace(OUTPUT, every_step=True), ("batch", "timesteps", "features"), "output at every timestep"
    )


def test_a_second_sequence_has_the_time_axis_too() -> None:
    anatomy = recurrent(ONE, return_sequences=True)
    leaves = (Leaf((0, 0), 3, has_time=True), Leaf((0, 1), 4, has_time=True), Leaf((1,), 2))
    axes = [tensor.axes for tensor in name_tensors(anatomy, leaves)]
    assert axes == [
        ("batch", "timesteps", "units"),
        ("batch", "timesteps", "axis_1", "units"),
        ("batch", "units"),
    ]


def test_nothing_is_said_of_axes_whose_sizes_deny_it() -> None:
    """A cell that puts out two tensors has them stacked in front of the batch."""
    anatomy = Anatomy(kind=Kind.RECURRENT, cells=(CellStates(1),), return_sequences=True)
    (tensor,) = name_tensors(anatomy, (Leaf((), 4, has_batch=False),))
    assert tensor == Named(OUTPUT, ("axis_0", "axis_1", "axis_2", "axis_3"), "output")


def test_of_what_a_subclass_returns_nothing_is_known() -> None:
    anatomy = recurrent(CellStates(2), own=False, return_sequences=True)
    leaves = (Leaf((0,), 3, has_time=True), Leaf((1,), 2), Leaf((2,), 2))
    assert [(tensor.name, tensor.meaning) for tensor in name_tensors(anatomy, leaves)] == [
        ("whole_sequence_output", "output at every timestep"),
        ("final_state_0", "state 0"),
        ("final_state_1", "state 1"),
    ]
    # Nested otherwise than Keras nests it, it is all output.
    leaves = (Leaf((0, 0), 3, has_time=True), Leaf((0, 1), 2), Leaf((1,), 2))
    assert [tensor.name for tensor in name_tensors(anatomy, leaves)] == [
        "whole_sequence_output",
        "output_1",
        "output_2",
    ]


@pytest.mark.parametrize(
    ("paths", "names", "code"),
    [
        pytest.param(((),), "a", "a", id="bare"),
        pytest.param(((0,),), "a", "a,", id="one"),
        pytest.param(((0,), (1,)), "a b", "a, b", id="flat"),
        pytest.param(((0,), (1, 0), (1, 1), (2, 0)), "a b c d", "a, (b, c), (d,)", id="nested"),
        pytest.param(((0, 0), (0, 1)), "a b", "(a, b),", id="nested alone"),
        pytest.param(((0, 0, 0),), "a", "((a,),),", id="deep"),
        pytest.param(((0,), (2,)), "a b", "a, _, b", id="a place without a tensor"),
        pytest.param((), "", "()", id="nothing"),
    ],
)
def test_unpacking(paths: tuple[tuple[int, ...], ...], names: str, code: str) -> None:
    assert Unpack(tuple(names.split()), paths).targets == code


# --- properties

trees = st.recursive(st.just(0), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=10)
cell_lists = st.lists(
    st.builds(CellStates, st.integers(0, 3), st.sampled_from([(), (HIDDEN,), (MEMORY, CARRY)])), max_size=3
).map(tuple)
anatomies = st.builds(
    Anatomy,
    kind=st.sampled_from(Kind),
    cells=cell_lists,
    backward=cell_lists,
    stacked=st.booleans(),
    return_sequences=st.booleans(),
    return_state=st.booleans(),
    go_backwards=st.booleans(),
    merge_mode=st.sampled_from(["concat", "sum", "mul", "ave", None]),
    spatial=st.sampled_from([(), ("rows",), ("rows", "cols")]),
    channels_first=st.booleans(),
    own=st.booleans(),
)


def leaves_of(tree: Any, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    if tree == 0:
        return [path]
    return [leaf for at, inner in enumerate(tree) for leaf in leaves_of(inner, (*path, at))]


@given(anatomies, trees, st.data())
def test_whatever_comes_back_is_named_and_unpacked(anatomy: Anatomy, tree: Any, data: st.DataObject) -> None:
    paths = leaves_of(tree)
    ranks = data.draw(st.lists(st.integers(0, 5), min_size=len(paths), max_size=len(paths)))
    sizes = st.tuples(st.booleans(), st.booleans())
    found = name_tensors(
        anatomy,
        tuple(Leaf(path, rank, *data.draw(sizes)) for path, rank in zip(paths, ranks, strict=True)),
    )
    names = [tensor.name for tensor in found]
    assert len(set(names)) == len(names) == len(paths)
    assert all(name.isidentifier() and not keyword.iskeyword(name) for name in names)
    assert [len(tensor.axes) for tensor in found] == ranks
    assert all(len(set(tensor.axes)) == len(tensor.axes) for tensor in found)
    # The assignment, run on the tree with each leaf in place, gives every name its own leaf.
    code = f"{Unpack(tuple(names), tuple(paths)).targets} = value"
    ast.parse(code)
    table: dict[str, Any] = {"value": numbered(tree, iter(range(len(paths))))}
    exec(code, table)  # noqa: S102
    assert [table[name] for name in names] == list(range(len(paths)))


def numbered(tree: Any, numbers: Any) -> Any:
    return next(numbers) if tree == 0 else [numbered(inner, numbers) for inner in tree]


def test_states_after_every_timestep():
    found = name_steps(recurrent(LSTM, ONE, stacked=True), [3, 3, 3])
    assert [named.name for named in found] == [
        "cell_0_every_memory_state",
        "cell_0_every_carry_state",
        "cell_1_every_state",
    ]
    assert found[1].axes == ("batch", "timesteps", "units")
    assert found[1].meaning == "cell 0 carry state c after every timestep, by stepping the cell"
    # A user's cell hands back another number of states than its state_size says.
    assert [named.name for named in name_steps(recurrent(ONE), [3, 4])] == ["every_state_0", "every_state_1"]


def test_states_to_start_from():
    assert [role.word for role in initial_states(recurrent(LSTM), 2)] == ["h", "c"]
    assert [role.word for role in initial_states(recurrent(LSTM, ONE, stacked=True), 3)] == [
        "cell_0_h",
        "cell_0_c",
        "cell_1_h",
    ]
    assert [role.word for role in initial_states(recurrent(CellStates(1)), 1)] == ["state"]
    assert [role.word for role in initial_states(recurrent(CellStates(3)), 3)] == ["state_0", "state_1", "state_2"]
    assert [role.word for role in initial_states(recurrent(ONE), 2)] == ["state_0", "state_1"]
