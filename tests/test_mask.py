"""Masks: as typed, as rows, and what they ask of the sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnshape.errors import InvalidQuery
from rnnshape.mask import MaskKind, MaskSpec, parse_mask


def drawn(mask: MaskSpec, batch: int, time: int) -> str:
    rows = (mask.row(at, time) for at in range(batch))
    return " ".join("".join("1" if counts else "0" for counts in row) for row in rows)


@pytest.mark.parametrize(
    ("text", "batch", "time", "rows"),
    [
        ("right:2", 2, 5, "11100 11100"),
        ("left:2", 2, 5, "00111 00111"),
        ("right:0", 1, 3, "111"),
        ("right:3", 1, 3, "000"),
        ("lengths:3,1,0", 3, 3, "111 100 000"),
        ("1,1,0", 2, 3, "110 110"),
        ("0,1,0,1,0", 1, 5, "01010"),
        (" Right : 1 ", 1, 2, "10"),
        ("1", 1, 1, "1"),
    ],
)
def test_rows(text: str, batch: int, time: int, rows: str) -> None:
    mask = parse_mask(text)
    mask.check(batch, time)
    assert drawn(mask, batch, time) == rows


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ("", "'' is not a number of steps", None),
        ("right", "'right' is not a number of steps", None),
        ("right:", "'' is not a number of steps", None),
        ("right:1,2", "right takes one number of steps", None),
        ("right:-1", "'-1' is not a number of steps", None),
        ("right:1.5", "'1.5' is not a number of steps", None),
        ("right:²", "'²' is not a number of steps", None),
        ("right:9999999999", "is not a number of steps", None),
        ("rigth:3", "'rigth' is not a kind of mask", "Did you mean right:3?"),
        ("padding:3", "'padding' is not a kind of mask", None),
        ("1,2,0", "a step is 1 (it counts) or 0 (it is masked)", None),
        ("1,1,0,", "'' is not a number of steps", None),
    ],
)
def test_what_is_no_mask(text: str, reason: str, hint: str | None) -> None:
    with pytest.raises(InvalidQuery, match="A mask must be right:N, left:N, lengths:N,N,… or 1,1,0,…; ") as caught:
        parse_mask(text)
    assert reason in caught.value.message
    assert caught.value.message.endswith(f"Received: --mask {text}")
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("text", "batch", "time", "hint"),
    [
        ("lengths:3,1", 3, 5, "Give --batch 2, or 3 lengths."),
        ("lengths:6,1", 2, 5, "Give --time 6 or more."),
        ("right:6", 2, 5, "Give --time 6 or more."),
        ("1,1,0", 2, 5, "Give --time 3, or 5 zeros and ones."),
    ],
)
def test_masks_of_other_sizes(text: str, batch: int, time: int, hint: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        parse_mask(text).check(batch, time)
    assert caught.value.hint == hint


@pytest.mark.parametrize("text", ["lengths:3,1", "right:6", "1,1,0"])
def test_unknown_sizes_fit_any_mask(text: str) -> None:
    parse_mask(text).check(None, None)


@pytest.mark.parametrize(
    ("text", "batch", "time", "least"),
    [("right:3", None, None, 3), ("left:0", None, None, 1), ("lengths:3,1", 2, None, 3), ("1,1,0", None, 3, 3)],
)
def test_the_sizes_that_a_mask_implies(text: str, batch: int | None, time: int | None, least: int) -> None:
    mask = parse_mask(text)
    assert (mask.batch, mask.time, mask.least_time) == (batch, time, least)


counts = st.integers(0, 99)
masks = (
    st.builds(MaskSpec, st.sampled_from([MaskKind.RIGHT, MaskKind.LEFT]), st.tuples(counts))
    | st.builds(MaskSpec, st.just(MaskKind.LENGTHS), st.lists(counts, min_size=1, max_size=9).map(tuple))
    | st.builds(MaskSpec, st.just(MaskKind.STEPS), st.lists(st.integers(0, 1), min_size=1, max_size=9).map(tuple))
)


@given(masks, st.integers(1, 3), st.integers(0, 5))
def test_a_mask_is_typed_as_it_is_printed_and_fits_the_sizes_it_implies(mask: MaskSpec, batch: int, more: int) -> None:
    assert parse_mask(str(mask)) == mask
    batch, time = mask.batch or batch, mask.time or mask.least_time + more
    mask.check(batch, time)
    rows = [mask.row(at, time) for at in range(batch)]
    assert {len(row) for row in rows} == {time}
    assert mask.masks_nothing(time) == all(map(all, rows))


@given(st.text(max_size=12) | st.text("rightlef:,01 ", max_size=12))
def test_any_text_is_a_mask_or_refused(text: str) -> None:
    try:
        mask = parse_mask(text)
    except InvalidQuery:
        return
    assert parse_mask(str(mask)) == mask
