"""Equality, against hand-made tensors and against a brute force that knows nothing of how it is done."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnshape.equality import Findings, Steps, Subject, compare, holds

BATCH, TIME, UNITS = 3, 5, 4
RNG = np.random.default_rng(7)


def draws(*shape: int, count: int = 2) -> tuple[np.ndarray, ...]:
    return tuple(RNG.standard_normal(shape).astype("float32") for _ in range(count))


def each(function: Any, *tensors: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    return tuple(function(*arrays) for arrays in zip(*tensors, strict=True))


def last(values: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    return each(lambda x: x[:, -1], values)


def concat(*tensors: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    return each(lambda *arrays: np.concatenate(arrays, axis=-1), *tensors)


def find(steps: Steps | None = None, **tensors: Any) -> Findings:
    """Compare tensors given by name; a tuple with a dict behind the draws carries the subject's other fields."""
    subjects = []
    for name, value in tensors.items():
        given_draws, more = value if isinstance(value[-1], dict) else (value, {})
        subjects.append(Subject(name=name, draws=given_draws, **more))
    return compare(subjects, steps)


SEQUENCE = {"has_time": True}


@pytest.fixture
def bilstm() -> dict[str, Any]:
    return {f"{side}_{state}": draws(BATCH, UNITS) for side in ("forward", "backward") for state in ("h", "c")}


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128", ml_dtypes.bfloat16])
def test_close_is_a_few_roundings_of_the_dtype(dtype: Any) -> None:
    epsilon = 2.0**-7 if dtype is ml_dtypes.bfloat16 else float(np.finfo(dtype).eps)
    values = each(lambda x: x.astype(dtype), draws(BATCH, UNITS))
    near = each(lambda x: x.astype("complex128" if x.dtype.kind == "c" else "float64") * (1 + 1.5 * epsilon), values)
    near = each(lambda x, y: y.astype(x.dtype), values, near)
    far = each(lambda x: (x + x + x).astype(x.dtype), values)
    found = find(first=values, second=near, third=far)
    assert found.equal == ()
    assert found.close == (("first", "second"),)


def test_not_a_number_anywhere_is_close_to_nothing() -> None:
    nothing = each(lambda x: np.full_like(x, np.nan), draws(BATCH, UNITS))
    found = find(first=nothing, second=draws(BATCH, UNITS))
    assert (found.equal, found.close) == ((), ())
    assert find(first=nothing, second=each(lambda x: x.copy(), nothing)).equal == ()


# --- the layers of Keras, by hand


def test_lstm_without_sequences() -> None:
    h, c = draws(BATCH, UNITS), draws(BATCH, UNITS)
    found = find(output=h, final_memory_state=h, final_carry_state=c)
    assert found == Findings(
        equal=(("output", "final_memory_state"),),
        close=(),
        same_shape_different_values=(("final_memory_state", "final_carry_state"),),
        constant=(),
    )


def test_lstm_with_sequences_in_the_order_of_the_tensors() -> None:
    seq = draws(BATCH, TIME, UNITS)
    found = find(whole=(seq, SEQUENCE), h=last(seq), c=draws(BATCH, UNITS))
    assert found.equal == (("whole[:, -1, :]", "h"),)
    assert found.same_shape_different_values == (("h", "c"),)


@pytest.mark.parametrize(
    ("merge", "expected"),
    [
        pytest.param(concat, "concatenate([forward_h, backward_h], axis=-1)", id="concat"),
        pytest.param(lambda a, b: concat(b, a), "concatenate([backward_h, forward_h], axis=-1)", id="concat-turned"),
        pytest.param(lambda a, b: each(np.add, a, b), "forward_h + backward_h", id="sum"),
        pytest.param(lambda a, b: each(np.multiply, b, a), "forward_h * backward_h", id="mul"),
        pytest.param(lambda a, b: each(lambda x, y: (x + y) / 2, a, b), "(forward_h + backward_h) / 2", id="ave"),
        pytest.param(
            lambda a, b: each(lambda x, y: np.float32(0.5) * (y + x), a, b),
            "(forward_h + backward_h) / 2",
            id="ave-by-multiplying",
        ),
    ],
)
@pytest.mark.parametrize("half", [None, UNITS])
def test_each_merge_is_one_statement(bilstm: dict[str, Any], merge: Any, expected: str, half: int | None) -> None:
    output = merge(bilstm["forward_h"], bilstm["backward_h"])
    found = find(output=(output, {"half": half if output[0].shape[-1] > UNITS else None}), **bilstm)
    assert found.equal == (("output", expected),)


@pytest.mark.parametrize(("shown", "left", "right"), [(None, ":4", "4:"), (200_000, ":200000", "200000:")])
def test_halves_of_a_bidirectional_sequence(bilstm: dict[str, Any], shown: int | None, left: str, right: str) -> None:
    seq = draws(BATCH, TIME, 2 * UNITS)
    for array, forward, backward in zip(seq, bilstm["forward_h"], bilstm["backward_h"], strict=True):
        array[:, -1, :UNITS], array[:, 0, UNITS:] = forward, backward
    found = find(seq=(seq, {"has_time": True, "half": UNITS, "half_shown": shown}), **bilstm)
    assert found.equal == ((f"seq[:, -1, {left}]", "forward_h"), (f"seq[:, 0, {right}]", "backward_h"))


def test_halves_of_different_widths() -> None:
    forward, backward = draws(BATCH, 4), draws(BATCH, 6)
    found = find(output=(concat(forward, backward), {"half": 4}), backward=backward)
    assert found.equal == (("output[:, 4:]", "backward"),)


def test_halves_stay_where_the_concatenation_is_cut_elsewhere() -> None:
    a, b = draws(BATCH, 3), draws(BATCH, 5)
    output = concat(a, b)
    found = find(output=(output, {"half": 4}), a=a, b=b, left=each(lambda x: x[:, :4], output))
    assert found.equal == (("output", "concatenate([a, b], axis=-1)"), ("output[:, :4]", "left"))


def test_concatenated_sequences_say_their_slices_too() -> None:
    forward, backward = draws(BATCH, TIME, UNITS), draws(BATCH, TIME, UNITS)
    found = find(
        seq=(concat(forward, backward), {"has_time": True, "half": UNITS}),
        forward=(forward, SEQUENCE),
        backward=(backward, SEQUENCE),
        state=last(forward),
    )
    assert found.equal == (("seq", "concatenate([forward, backward], axis=-1)"), ("forward[:, -1, :]", "state"))


def test_the_sum_of_states_is_no_step_of_the_summed_sequences(bilstm: dict[str, Any]) -> None:
    forward, backward = draws(BATCH, TIME, UNITS), draws(BATCH, TIME, UNITS)
    bilstm |= {"forward_h": last(forward), "backward_h": each(lambda x: x[:, 0], backward)}
    assert find(seq=(each(np.add, forward, backward), SEQUENCE), **bilstm).equal == ()


def test_convolutional_ranks_are_written_out() -> None:
    seq = draws(2, 3, 4, 5, 6)
    found = find(seq=(seq, SEQUENCE), h=last(seq), first=each(lambda x: x[:, 0], seq))
    assert found.equal == (("seq[:, -1, :, :, :]", "h"), ("seq[:, 0, :, :, :]", "first"))


def test_equal_sequences_do_not_repeat_it_of_their_slices() -> None:
    seq = draws(BATCH, TIME, UNITS)
    found = find(a=(seq, SEQUENCE | {"half": 2}), b=(seq, SEQUENCE | {"half": 2}), state=last(seq))
    assert found.equal == (("a", "b"), ("a[:, -1, :]", "state"))


def test_a_later_equal_tensor_lends_what_the_first_lacks() -> None:
    seq = draws(BATCH, TIME, UNITS)
    left = each(lambda x: x[:, -1, :2], seq)
    found = find(a=seq, b=(seq, SEQUENCE | {"half": 2}), left=left)
    assert found.equal == (("a", "b"), ("b[:, -1, :2]", "left"))


def test_equal_tensors_are_merged_with_each_other_only_where_that_says_something() -> None:
    a = draws(BATCH, UNITS)
    found = find(output=a, state=a, double=each(np.add, a, a), side_by_side=concat(a, a))
    assert found.equal == (
        ("output", "state"),
        ("double", "output + state"),
        ("side_by_side", "concatenate([output, state], axis=-1)"),
    )


# --- masks


def steps(*lengths: int, first: tuple[int, ...] | None = None, count: int = 2) -> Steps:
    firsts = np.zeros(len(lengths), int) if first is None else np.array(first)
    return Steps(first=(firsts,) * count, last=(np.array(lengths) - 1,) * count)


def padded(lengths: tuple[int, ...], fill: Any) -> tuple[np.ndarray, ...]:
    seq = draws(len(lengths), TIME, UNITS)
    for array in seq:
        for row, length in enumerate(lengths):
            array[row, length:] = fill(array[row, length - 1])
    return seq


def test_masked_steps_that_repeat_the_output() -> None:
    seq = padded((5, 3, 1), lambda step: step)
    found = find(steps(5, 3, 1), seq=(seq, SEQUENCE), h=last(seq))
    assert found.equal == (("seq[:, -1, :]", "seq[rows, last_step]", "h"),)


def test_masked_steps_that_are_zeros() -> None:
    seq = padded((5, 3, 1), lambda step: 0 * step)
    h = each(lambda x: x[np.arange(3), [4, 2, 0]], seq)
    found = find(steps(5, 3, 1), seq=(seq, SEQUENCE | {"half": 2}), h=h, left=each(lambda x: x[:, :2], h))
    assert found.equal == (("seq[rows, last_step]", "h"), ("seq[rows, last_step, :2]", "left"))


def test_first_step() -> None:
    seq = draws(3, TIME, UNITS)
    h = each(lambda x: x[np.arange(3), [0, 1, 2]], seq)
    assert find(steps(5, 5, 5, first=(0, 1, 2)), seq=(seq, SEQUENCE), h=h).equal == (("seq[rows, first_step]", "h"),)


def test_a_mask_that_masks_nothing_adds_nothing() -> None:
    seq = draws(3, TIME, UNITS)
    assert find(steps(5, 5, 5), seq=(seq, SEQUENCE), h=last(seq)).equal == (("seq[:, -1, :]", "h"),)


def test_one_unmasked_step_is_one_place() -> None:
    seq = draws(3, TIME, UNITS)
    h = each(lambda x: x[np.arange(3), [0, 2, 1]], seq)
    found = find(steps(1, 3, 2, first=(0, 2, 1)), seq=(seq, SEQUENCE), h=h)
    assert found.equal == (("seq[rows, last_step]", "h"),)


def test_a_row_without_an_unmasked_step_leaves_no_such_place() -> None:
    seq = draws(3, TIME, UNITS)
    h = each(lambda x: x[np.arange(3), [3, 1, -1]], seq)
    assert find(steps(4, 2, 0), seq=(seq, SEQUENCE), h=h).equal == ()
    assert find(steps(4, 2, 5), seq=(seq, SEQUENCE), h=h).equal == (("seq[rows, last_step]", "h"),)


def test_a_sequence_in_reversed_order_has_its_unmasked_steps_counted_from_the_end() -> None:
    seq = draws(3, TIME, UNITS)
    reversed_ = SEQUENCE | {"is_reversed": True}
    mask = steps(4, 3, 5, first=(2, 0, 1))
    after_first, after_last = ([TIME - 1 - at for at in some] for some in ((2, 0, 1), (3, 2, 4)))
    h = each(lambda x: x[np.arange(3), after_first], seq)
    c = each(lambda x: x[np.arange(3), after_last], seq)
    assert find(mask, seq=(seq, reversed_), h=h, c=c).equal == (
        ("seq[rows, -1 - first_step]", "h"),
        ("seq[rows, -1 - last_step]", "c"),
    )
    assert find(mask, seq=(seq, SEQUENCE), h=h, c=c).equal == ()
    halved = find(mask, seq=(seq, reversed_ | {"half": 2}), left=each(lambda x: x[:, :2], h))
    assert halved.equal == (("seq[rows, -1 - first_step, :2]", "left"),)
    assert find(steps(5, 5, 5), seq=(seq, reversed_), h=last(seq)).equal == (("seq[:, -1, :]", "h"),)


def test_a_mask_of_another_time_axis_is_passed_over() -> None:
    seq = draws(3, 2, UNITS)
    assert find(steps(5, 3, 1), seq=(seq, SEQUENCE), h=last(seq)).equal == (("seq[:, -1, :]", "h"),)


# --- what is no evidence


def test_constants_are_named_and_in_no_statement() -> None:
    zeros = (np.zeros((BATCH, UNITS), "float32"),) * 2
    a = draws(BATCH, UNITS)
    found = find(zeros=zeros, again=zeros, a=a, sum=each(np.add, a, zeros), nan=(np.full((2, 2), np.nan),) * 2)
    assert found.constant == ("zeros", "again", "nan")
    assert found.equal == (("a", "sum"),)
    assert (found.same_shape_different_values, found.undecided) == ((), ())


@pytest.mark.parametrize("size", [1, 4])
def test_what_is_one_number_but_for_its_last_bit_is_constant(size: int) -> None:
    ones = (np.full(size, 1, "float32"), np.full(size, np.nextafter(np.float32(1), np.float32(0))))
    assert find(ones=ones) == Findings((), (), (), ("ones",))


def test_a_constant_step_is_in_no_statement() -> None:
    seq = draws(BATCH, TIME, UNITS)
    for array in seq:
        array[:, 0] = 0
    found = find(seq=(seq, SEQUENCE), zeros=(np.zeros((BATCH, UNITS), "float32"),) * 2)
    assert found == Findings((), (), (), ("zeros",))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([[0.0, 0.0], [0.5, 0.25]], id="dead in one draw"),
        pytest.param([[0.0], [0.5]], id="one element, dead in one draw"),
        pytest.param([[1.0], [-1.0]], id="one element, saturated"),
        pytest.param([[0.5, 0.5], [0.25, 0.25]], id="another constant in each draw"),
        pytest.param([[1.0, 1 - 2.0**-53], [1.0, 0.5]], id="the same but for its last bit in one draw"),
        pytest.param([["a"], ["b"]], id="no numbers"),
        pytest.param([[], []], id="no elements"),
    ],
)
def test_too_little_evidence_is_undecided(values: list[Any]) -> None:
    arrays = tuple(np.array(value) for value in values)
    assert find(a=arrays, b=arrays) == Findings((), (), (), (), ("a", "b"))


def test_single_elements_tell_when_they_differ_between_draws() -> None:
    a = (np.float32([[0.25]]), np.float32([[0.75]]))
    assert find(a=a, b=a).equal == (("a", "b"),)


def test_what_holds_in_one_draw_only_is_not_said() -> None:
    a, b = draws(BATCH, UNITS), draws(BATCH, UNITS)
    assert find(a=a, b=(a[0], b[1]), c=(a[0] + b[0], a[1])).equal == ()


def test_a_time_axis_of_one_is_decided_by_a_longer_draw() -> None:
    seq = (*draws(BATCH, 1, UNITS), *draws(BATCH, 3, UNITS, count=1))
    found = find(seq=(seq, SEQUENCE), h=last(seq))
    assert found.equal == (("seq[:, -1, :]", "h"),)
    short = seq[:2]
    assert find(seq=(short, SEQUENCE), h=last(short)).equal == (("seq[:, -1, :]", "h"),)


def test_sizes_that_coincide_in_one_draw() -> None:
    # batch = units in the first draws: only the shapes are the same.
    a = (*draws(4, 4), *draws(5, 4, count=1))
    b = (a[0], a[1], *draws(4, 5, count=1))
    assert find(a=a, b=b) == Findings((), (), (), ())


# --- what a merge needs to be evidence


def scaled(values: tuple[np.ndarray, ...], by: float) -> tuple[np.ndarray, ...]:
    return each(lambda x: (x * np.float32(by)).astype(x.dtype), values)


def mostly(usual: float, values: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """Return the values with all elements but the first one replaced by a usual number."""
    return each(lambda x: np.where(np.arange(x.size).reshape(x.shape) == 0, x, np.float32(usual)), values)


ADDED, MULTIPLIED, AVERAGED = np.add, np.multiply, lambda x, y: (x + y) / 2


@pytest.mark.parametrize(
    ("merge", "second"),
    [
        pytest.param(ADDED, lambda b: scaled(b, 1e-12), id="sum, absorbed by rounding"),
        pytest.param(ADDED, lambda b: scaled(b, 1e-6), id="sum, vanishing"),
        pytest.param(ADDED, lambda b: scaled(b, 1e12), id="sum, vanishing beside the second"),
        pytest.param(ADDED, lambda b: mostly(0, b), id="sum, mostly zero"),
        pytest.param(ADDED, lambda b: mostly(np.inf, b), id="sum, mostly infinite"),
        pytest.param(ADDED, lambda b: mostly(np.nan, b), id="sum, mostly not a number"),
        pytest.param(ADDED, lambda b: each(lambda x: np.sign(x) * np.float32(3e38), b), id="sum, almost overflowing"),
        pytest.param(MULTIPLIED, lambda b: mostly(1, b), id="product, mostly by one"),
        pytest.param(MULTIPLIED, lambda b: mostly(0, b), id="product, mostly by zero"),
        pytest.param(MULTIPLIED, lambda b: scaled(b, 1e-42), id="product, underflowing"),
        pytest.param(MULTIPLIED, lambda b: mostly(np.inf, b), id="product, overflowing"),
        pytest.param(AVERAGED, lambda b: scaled(b, 1e-12), id="mean, vanishing"),
    ],
)
def test_a_merge_of_which_a_term_does_not_matter_is_not_said(merge: Any, second: Any) -> None:
    a = draws(BATCH, UNITS)
    b = second(draws(BATCH, UNITS))
    with np.errstate(all="ignore"):
        merged = each(merge, a, b)
    found = find(output=merged, a=a, b=b)
    said = [code for statement in (*found.equal, *found.close) for code in statement]
    assert not [code for code in said if " " in code]
    assert found.is_unsure, "more draws may show that both terms matter"


@pytest.mark.parametrize("merge", [ADDED, MULTIPLIED, AVERAGED])
@pytest.mark.parametrize("scale", [1e-9, 1, 1e9])
def test_a_merge_of_which_both_terms_matter_is_said_at_any_scale(merge: Any, scale: float) -> None:
    a, b = scaled(draws(BATCH, UNITS), scale), scaled(draws(BATCH, UNITS), scale)
    found = find(output=each(merge, a, b), a=a, b=b)
    assert len(found.equal) == 1
    assert found.is_unsure == (merge is MULTIPLIED and scale != 1), "beside such a product, or factor, one vanishes"


@pytest.mark.parametrize("dtype", ["float16", ml_dtypes.bfloat16])
@pytest.mark.parametrize("merge", [ADDED, MULTIPLIED, AVERAGED])
def test_an_exact_merge_is_said_in_a_coarse_type_too(merge: Any, dtype: Any) -> None:
    for _ in range(20):
        a, b = (each(lambda x: (x / 4).astype(dtype), draws(BATCH, UNITS)) for _ in range(2))
        assert len(find(output=each(merge, a, b), a=a, b=b).equal) == 1


@pytest.mark.parametrize("dtype", ["float16", ml_dtypes.bfloat16])
def test_a_term_of_a_few_last_bits_does_not_matter_in_a_coarse_type(dtype: Any) -> None:
    a = each(lambda x: (np.sign(x) * (1 + np.abs(x))).astype(dtype), draws(BATCH, UNITS))
    b = each(lambda x: (np.sign(x) * 2.0**-10).astype(dtype), draws(BATCH, UNITS))
    assert find(output=each(np.add, a, b), a=a, b=b).equal in ((), (("output", "a"),))


def test_a_merge_may_be_dead_in_some_draws_if_it_is_borne_out_in_others() -> None:
    a, b = draws(BATCH, UNITS, count=4), draws(BATCH, UNITS, count=4)
    dead = (a[0], np.maximum(a[1], 0), *a[2:]), (np.maximum(b[0], 0) * 0, np.maximum(b[1], 0), *b[2:])
    found = find(output=each(np.add, *dead), a=dead[0], b=dead[1])
    assert found.equal == (("output", "a + b"),)


def test_a_part_that_is_constant_makes_no_concatenation() -> None:
    a = draws(BATCH, UNITS)
    ones = (np.ones((BATCH, 2), "float32"),) * 2
    late = (ones[0], *draws(BATCH, 2, count=1))
    assert find(output=concat(a, ones), a=a, ones=ones).equal == ()
    found = find(output=concat(a, late), a=a, late=late)
    assert found.equal == ()
    assert found.is_unsure


def test_a_few_huge_values_do_not_make_the_others_close() -> None:
    a, b = draws(8, 8), draws(8, 8)
    for x, y in zip(a, b, strict=True):
        x[0, 0] = y[0, 0] = 1e30
    assert find(a=a, b=b).close == ()


def test_what_varies_in_no_draw_that_is_long_enough_is_no_evidence_of_a_step() -> None:
    seq = (*draws(BATCH, 1, UNITS), np.zeros((BATCH, 3, UNITS), "float32"))
    found = find(seq=(seq, SEQUENCE), h=last(seq))
    assert not any("0, :" in code for statement in found.equal for code in statement)
    assert found.is_unsure


def test_few_numbers_of_a_coarse_type_are_no_evidence() -> None:
    values = tuple(np.float32([[at + 1.5]]).astype(ml_dtypes.bfloat16) for at in range(12))
    assert find(a=values[:3], b=values[:3]) == Findings((), (), (), (), ("a", "b"))
    assert find(a=values, b=values).equal == (("a", "b"),)


def test_more_draws_are_asked_for_only_where_they_may_tell() -> None:
    a, zeros = draws(BATCH, UNITS), (np.zeros((BATCH, UNITS), "float32"),) * 2
    plain, dead = find(a=a, b=a), find(a=a, zeros=zeros)
    assert (plain.is_unsure, bool(plain.partly_constant)) == (False, False)
    assert (dead.is_unsure, bool(dead.partly_constant)) == (False, True)
    assert find(a=a, dead=(zeros[0], a[1])).is_unsure


def test_a_statement_is_held_against_other_values() -> None:
    def subjects(off: float) -> list[Subject]:
        f, b, seq = draws(BATCH, UNITS), draws(BATCH, UNITS), draws(BATCH, TIME, UNITS)
        for array, x, y in zip(seq, f, b, strict=True):
            array[:, -1, :2], array[:, 0, 2:] = x[:, :2] + off, y[:, 2:] + off
        made = {
            "f": f, "b": b, "left": each(lambda x: x[:, :2], f), "right": each(lambda x: x[:, 2:], b),
            "sum": each(lambda x, y: x + y + off, f, b), "joined": each(lambda x: x + off, concat(f, b)),
            "mean": each(lambda x, y: (x + y) / 2 + off, f, b), "product": each(lambda x, y: x * y + off, f, b),
        }  # fmt: skip
        whole = Subject(name="seq", draws=seq, has_time=True, half=2)
        return [whole, *(Subject(name=name, draws=values) for name, values in made.items())]

    said = compare(subjects(0))
    assert [tuple(expression.code for expression in statement) for statement in said.statements] == list(said.equal)
    assert len(said.equal) == 6
    for statement in said.statements:
        assert holds(statement, subjects(0))
        assert not holds(statement, subjects(0.5))


# --- dtypes, ranks and odd values


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ml_dtypes.bfloat16, "complex64", "int32", "uint8"])
def test_dtypes(dtype: Any) -> None:
    def numbers() -> tuple[np.ndarray, ...]:
        return each(lambda x: (x * 40 + 100).astype(dtype), draws(8, 8))

    a, b, other = numbers(), numbers(), numbers()
    with np.errstate(all="ignore"):
        found = find(a=a, same=a, b=b, other=other, sum=each(np.add, a, b), joined=concat(a, b))
    assert found.equal == (("a", "same"), ("sum", "a + b"), ("joined", "concatenate([a, b], axis=-1)"))
    assert found.close == ()


def test_equal_is_by_value_whatever_the_dtype() -> None:
    a = each(lambda x: x.astype("float16"), draws(BATCH, UNITS))
    counts = (np.arange(6), np.arange(6) + 3)
    found = find(
        a=a,
        wide=each(lambda x: x.astype("float64"), a),
        counts=counts,
        floats=each(lambda x: x.astype("float32"), counts),
    )
    assert found.equal == (("a", "wide"), ("counts", "floats"))


def test_the_mean_of_whole_numbers_is_not_rounded() -> None:
    a, b = (np.array([1, 4]), np.array([1, 8])), (np.array([4, 8]), np.array([6, 2]))
    assert find(a=a, b=b, floor=each(lambda x, y: (x + y) // 2, a, b)).equal == ()


def test_large_whole_numbers_are_not_rounded_together() -> None:
    a = (np.array([2**60, 5]), np.array([2**61, 7]))
    assert find(a=a, b=each(lambda x: x + 1, a), c=a).equal == (("a", "c"),)


def test_zero_has_no_sign_and_nan_equals_nan() -> None:
    a = (np.array([0.0, 1.5, np.nan, np.inf]), np.array([0.0, 2.5, np.nan, -np.inf]))
    b = (np.array([-0.0, 1.5, -np.nan, np.inf]), np.array([-0.0, 2.5, np.nan, -np.inf]))
    found = find(a=a, b=b, other=(a[1], a[0]), sum=each(np.add, a, draws(4)))
    assert found.equal == (("a", "b"),)
    assert (found.constant, found.undecided) == ((), ())


@pytest.mark.parametrize("rank", [0, 1])
def test_low_ranks(rank: int) -> None:
    a, b = draws(*[3] * rank), draws(*[3] * rank)
    found = find(a=(a, {"has_time": True, "half": 1}), b=(b, {"half": 3}), sum=each(np.add, a, b))
    assert found.equal == (("sum", "a + b"),)


def test_a_sequence_without_units() -> None:
    seq = draws(BATCH, TIME)
    found = find(seq=(seq, SEQUENCE | {"half": 2}), h=last(seq))
    assert found.equal == (("seq[:, -1]", "h"),)


def test_nothing_to_compare() -> None:
    assert compare([]) == Findings((), (), (), ())
    assert compare([Subject(name="a", draws=())]) == Findings((), (), (), (), ("a",))


# --- close


def rounded(values: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    return each(lambda x: np.nextafter(x, x + 1), values)


def test_what_differs_by_rounding_is_close_and_not_called_different() -> None:
    seq = draws(BATCH, TIME, UNITS)
    h, c = rounded(last(seq)), draws(BATCH, UNITS)
    found = find(seq=(seq, SEQUENCE), output=h, h=h, c=c, b=each(lambda x: x * 2, c))
    assert found.equal == (("output", "h"),)
    assert found.close == (("seq[:, -1, :]", "output"),)
    assert found.same_shape_different_values == (("h", "c", "b"),)


@pytest.mark.parametrize(
    ("merge", "expected"),
    [
        pytest.param(concat, "concatenate([f, b], axis=-1)", id="concat"),
        pytest.param(lambda a, b: each(np.add, a, b), "f + b", id="sum"),
        pytest.param(lambda a, b: each(np.multiply, a, b), "f * b", id="mul"),
    ],
)
def test_close_merges(merge: Any, expected: str) -> None:
    f, b = draws(BATCH, UNITS), draws(BATCH, UNITS)
    output = rounded(merge(f, b))
    found = find(output=(output, {"half": UNITS if expected.startswith("concat") else None}), f=f, b=b)
    assert (found.equal, found.close) == ((), (("output", expected),))


def test_close_tensors_do_not_repeat_it_of_their_slices_and_merges() -> None:
    seq, other = draws(BATCH, TIME, UNITS), draws(BATCH, TIME, UNITS)
    found = find(a=(seq, SEQUENCE), b=(rounded(seq), SEQUENCE), c=(other, SEQUENCE), sum=each(np.add, seq, other))
    assert (found.equal, found.close) == ((("sum", "a + c"),), (("a", "b"),))


def test_an_exact_equality_is_not_lost_to_a_close_one() -> None:
    seq = draws(BATCH, TIME, UNITS)
    near = rounded(seq)
    found = find(a=(seq, SEQUENCE), b=(near, SEQUENCE), h=last(near))
    assert found.equal == (("b[:, -1, :]", "h"),)
    assert found.close[0] == ("a", "b")


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_close_is_relative_to_the_values(scale: float) -> None:
    a, b = (each(lambda x: x * np.float32(scale), draws(BATCH, UNITS)) for _ in range(2))
    assert find(a=a, b=b).close == ()
    assert find(a=a, b=rounded(a)).close == (("a", "b"),)


def test_saturated_values_are_not_close_for_being_saturated() -> None:
    a, b = (each(lambda x: 1 - np.abs(x) * np.float32(1e-6), draws(BATCH, UNITS)) for _ in range(2))
    assert find(a=a, b=b) == Findings((), (), (("a", "b"),), ())


def test_whole_numbers_are_never_close() -> None:
    a = (np.arange(10) * 10**7, np.arange(10) * 10**8)
    assert find(a=a, b=each(lambda x: x + 1, a)).close == ()


# --- many tensors, large tensors


def test_many_tensors_are_compared_without_merging_every_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    from rnnshape.equality import values

    compared = []
    digest = values._digest
    monkeypatch.setattr(values, "_digest", lambda array: compared.append(array) or digest(array))
    states = {f"state_{at}": draws(32, 4) for at in range(40)}
    total = each(np.add, states["state_7"], states["state_31"])
    assert find(output=total, **states).equal == (("output", "state_7 + state_31"),)
    assert len(compared) <= 2 * 45, "a digest for each tensor, and for the few merges that look alike"


# --- the brute force


@dataclass
class World:
    """Subjects of one report, and the names that an expression may use, for each draw."""

    subjects: list[Subject]
    steps: Steps | None
    tables: list[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.tables = [self._table(draw) for draw in range(len(self.subjects[0].draws))]

    def _table(self, draw: int) -> dict[str, Any]:
        table: dict[str, Any] = {subject.name: subject.draws[draw] for subject in self.subjects}
        table |= {"concatenate": np.concatenate, "__builtins__": {}}
        if self.steps is not None:
            first, last_ = self.steps.first[draw], self.steps.last[draw]
            table |= {"rows": np.arange(len(first)), "first_step": first, "last_step": last_}
        return table

    def values(self, code: str) -> list[np.ndarray] | None:
        try:
            return [np.asarray(eval(code, dict(table))) for table in self.tables]  # noqa: S307
        except ValueError:
            return None


def slices(subject: Subject, steps: Steps | None) -> Iterator[str]:
    """Yield every slice of the grammar, twins and all."""
    rank, width, name = subject.draws[0].ndim, subject.half, subject.name
    places = [[]]
    if subject.has_time:
        places += [[":", "0"], [":", "-1"]]
        if steps is not None:
            places += [["rows", "first_step"], ["rows", "last_step"]]
    for place in places:
        full = [*place, *[":"] * (rank - len(place))]
        yield f"{name}[{', '.join(full)}]"
        if width:
            yield f"{name}[{', '.join([*full[:-1], f':{width}'])}]"
            yield f"{name}[{', '.join([*full[:-1], f'{width}:'])}]"


def merges(subjects: list[Subject]) -> Iterator[tuple[str, tuple[str, str]]]:
    for left, right in itertools.permutations(subjects, 2):
        a, b = left.name, right.name
        if left.draws[0].shape == right.draws[0].shape:
            for code in (f"{a} + {b}", f"{a} * {b}", f"({a} + {b}) / 2"):
                yield code, (a, b)
        if left.draws[0].shape[:-1] == right.draws[0].shape[:-1]:
            yield f"concatenate([{a}, {b}], axis=-1)", (a, b)


def tells(values: list[np.ndarray]) -> bool:
    return sum(len(np.unique(array)) > 1 for array in values) >= 2


def equal_pairs(world: World) -> Iterator[tuple[str, str]]:
    """Yield every two expressions of equal values that tell something, one of them at least no merge."""
    telling = {s.name for s in world.subjects if tells(list(s.draws))}
    plain = [code for subject in world.subjects for code in slices(subject, world.steps)]
    merged = [code for code, owners in merges(world.subjects) if telling.issuperset(owners)]
    values = {code: world.values(code) for code in (*plain, *merged)}
    told = {code: found for code, found in values.items() if found is not None and tells(found)}
    for left, right in itertools.combinations(told, 2):
        if left in merged:
            break
        if all(map(np.array_equal, told[left], told[right])):
            yield left, right


class Symbols:
    """Elements as numbered symbols: what follows from the statements, and from arithmetic's laws, and nothing else.

    Congruence closure over union-find: what is computed of equal symbols is equal. The least number stands for its
    class, and elements are numbered before what is computed of them.
    """

    def __init__(self, world: World) -> None:
        self.parents: list[int] = []
        self.computed: dict[tuple[str, int, int], int] = {}
        self.names = dict(world.tables[0])
        for subject in world.subjects:
            array = np.empty(subject.draws[0].shape, object)
            for at in np.ndindex(array.shape):
                array[at] = Symbol(self, self.new())
            self.names[subject.name] = array

    def new(self) -> int:
        self.parents.append(len(self.parents))
        return len(self.parents) - 1

    def find(self, number: int) -> int:
        while self.parents[number] != number:
            number = self.parents[number]
        return number

    def compute(self, sign: str, left: int, right: int) -> Symbol:
        low, high = sorted((self.find(left), self.find(right)))
        key = (sign, low, high)
        if key not in self.computed:
            self.computed[key] = self.new()
        return Symbol(self, self.find(self.computed[key]))

    def pairs(self, left: str, right: str) -> Iterator[tuple[int, int]]:
        """Yield the numbers of the elements of two expressions, side by side."""
        both = (np.asarray(eval(code, dict(self.names))) for code in (left, right))  # noqa: S307
        for x, y in zip(*(array.flat for array in both), strict=True):
            yield self.find(x.number), self.find(y.number)

    def state(self, statements: Iterable[Sequence[str]]) -> None:
        changed = True
        while changed:
            changed = False
            for first, *others in statements:
                for left, right in (pair for other in others for pair in self.pairs(first, other)):
                    low, high = sorted((self.find(left), self.find(right)))
                    self.parents[high] = low
                    changed = changed or low != high

    def follows(self, left: str, right: str) -> bool:
        return all(a == b for a, b in self.pairs(left, right))


@dataclass(frozen=True)
class Symbol:
    home: Symbols
    number: int

    def __add__(self, other: Symbol) -> Symbol:
        return self.home.compute("+", self.number, other.number)

    def __mul__(self, other: Symbol) -> Symbol:
        return self.home.compute("*", self.number, other.number)

    def __truediv__(self, two: int) -> Symbol:
        number = self.home.find(self.number)
        for (sign, left, right), result in self.home.computed.items():
            is_twice = sign == "+" and self.home.find(left) == self.home.find(right)
            if is_twice and self.home.find(result) == number:
                return Symbol(self.home, self.home.find(left))
        return self.home.compute("/2", number, number)


def is_odd(subject: Subject) -> bool:
    """Tell whether a tensor is one thing twice, or a sequence is one step long: then a slice may repeat a fact."""
    half = subject.half or 0
    one_step = subject.has_time and subject.draws[0].shape[1] == 1
    return one_step or any(np.isin(array[..., :half], array[..., half:]).any() for array in subject.draws)


def check_minimal(world: World, statements: tuple[tuple[str, ...], ...]) -> None:
    """Check that no part of a statement could be left out, sums and products left aside."""
    plain = [tuple(code for code in statement if "+" not in code and "*" not in code) for statement in statements]
    for at, statement in enumerate(plain):
        for code in statement:
            others = [other for other in statement if other != code]
            symbols = Symbols(world)
            symbols.state([part for part in (*plain[:at], others, *plain[at + 1 :]) if len(part) > 1])
            assert not others or not symbols.follows(code, others[0]), f"said twice: {code} in {statements}"


def check(world: World) -> Findings:
    """Check that all that is said is true, that all that is true follows from it, and that nothing is said twice.

    Where the draws do not tell of a merge, as where one of two numbers is all but zero, more draws are asked for.
    """
    found = compare(world.subjects, world.steps)
    for statement in found.equal:
        first, *others = (world.values(code) for code in statement)
        assert all(all(map(np.array_equal, first, other)) for other in others), f"false: {statement}"
    symbols = Symbols(world)
    symbols.state(found.equal)
    for left, right in equal_pairs(world):
        is_asked = found.is_unsure and any(sign in f"{left} {right}" for sign in (" + ", " * ", "concatenate"))
        assert is_asked or symbols.follows(left, right), f"missed: {left} == {right}, said {found.equal}"
    if not any(map(is_odd, world.subjects)):
        check_minimal(world, found.equal)
    return found


MERGES = {"sum": np.add, "mul": np.multiply, "ave": lambda x, y: (x + y) / 2}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Build tensors out of one another, as layers do, so that many of them are equal."""
    batch, time = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    seed = draw(st.integers(0, 2**16))
    random = np.random.default_rng(seed)
    units = draw(st.integers(1, 2)) * 2

    def fresh(*shape: int) -> tuple[np.ndarray, ...]:
        return tuple(random.standard_normal(shape).astype("float32") for _ in range(2))

    masked = draw(st.booleans())
    world_steps = None
    if masked:
        last_step = np.array(draw(st.lists(st.integers(0, time - 1), min_size=batch, max_size=batch)))
        first_step = np.array([draw(st.integers(0, int(step))) for step in last_step])
        world_steps = Steps(first=(first_step,) * 2, last=(last_step,) * 2)
    subjects: list[Subject] = []
    pool: list[tuple[np.ndarray, ...]] = [fresh(batch, units), fresh(batch, units), fresh(batch, time, units)]
    for at in range(draw(st.integers(1, 6))):
        flat = [values for values in pool if values[0].ndim == 2]
        same = [values for values in flat if values[0].shape == (batch, units)]
        a, b = draw(st.sampled_from(same)), draw(st.sampled_from(same))
        half = None
        kind = draw(st.sampled_from(["pool", "pool", "fresh", "zero", "pick", "sequence", "concat", *MERGES]))
        match kind:
            case "pool":
                values = draw(st.sampled_from(pool))
            case "fresh":
                values = fresh(batch, units)
            case "zero":
                values = (np.zeros((batch, units), "float32"),) * 2
            case "pick":
                values = draw(st.sampled_from(pool))
                values = each(lambda x: x[:, -1] if x.ndim == 3 else x[:, : x.shape[-1] // 2], values)
            case "sequence":
                values, half, step = fresh(batch, time, 2 * units), units, draw(st.sampled_from([0, -1]))
                for array, x, y in zip(values, a, b, strict=True):
                    array[:, -1, :units], array[:, step, units:] = x, y
            case "concat":
                values, half = concat(a, b), units
            case _:
                values = each(MERGES[kind], a, b)
        width = values[0].shape[-1]
        if half is None and width > 1 and draw(st.integers(0, 3)) == 0:
            half = width // 2
        subjects.append(Subject(name=f"t{at}", draws=values, has_time=values[0].ndim == 3, half=half))
        pool.append(values)
    return World(subjects, world_steps)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_nothing_false_nothing_missed_nothing_twice(world: World) -> None:
    check(world)
