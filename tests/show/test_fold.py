from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnshape.show.fold import fill, fold, fold_assignment, prose, split

names = st.sampled_from(["a", "units", "whole_sequence_output", "return_state"])
texts = st.sampled_from(["'sum'", "'a, (b]'", '"it\'s"', r"'\'['"])
atoms = st.one_of(names, texts, st.sampled_from(["4", "None", "-1", "1e-05"]))


def _calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(inner, min_size=1, max_size=4)
    return st.one_of(
        st.builds(lambda name, found: f"{name}({', '.join(found)})", names, items),
        st.builds(lambda name, found: f"{name}(4, {name}={found})", names, inner),
        st.builds(lambda found: f"[{', '.join(found)}]", items),
        st.builds(lambda found: f"({', '.join(found)},)", items),
        st.builds(lambda found: f"({' + '.join(found)}) / 2", items),
    )


codes = st.recursive(atoms, _calls, max_leaves=12)


def same(left: str, right: str) -> bool:
    return ast.dump(ast.parse(left)) == ast.dump(ast.parse(right))


@given(codes, st.integers(min_value=40, max_value=100))
def test_folded_code_is_the_same_code(code: str, width: int) -> None:
    lines = fold(code, width)
    assert same("\n".join(lines), code)
    assert len(lines) > 1 or len(code) <= width or " " not in code


@given(st.lists(names, min_size=1, max_size=6), st.integers(min_value=40, max_value=100))
def test_folded_assignment_is_the_same_assignment_and_fits(targets: list[str], width: int) -> None:
    code = f"{', '.join(targets)} = layer(inputs)"
    lines = fold_assignment(code, width)
    assert same("\n".join(lines), code)
    assert all(len(line) <= width for line in lines)


def test_what_fits_stays_on_one_line() -> None:
    assert fold("GRU(4)", 80) == ["GRU(4)"]
    assert fold_assignment("output = layer(inputs)", 80) == ["output = layer(inputs)"]


def test_brackets_open_from_the_outside_in() -> None:
    code = "Bidirectional(LSTM(4, return_state=True), merge_mode='sum')"
    assert fold(code, 50) == ["Bidirectional(", "    LSTM(4, return_state=True), merge_mode='sum'", ")"]
    assert fold(code, 40) == ["Bidirectional(", "    LSTM(4, return_state=True),", "    merge_mode='sum'", ")"]


def test_an_assignment_of_one_element_keeps_its_comma() -> None:
    lines = fold_assignment("whole_sequence_output, = layer(inputs)", 30)
    assert lines == ["(", "    whole_sequence_output,", ") = layer(inputs)"]


def test_a_slice_a_shape_and_a_call_stay_whole_in_a_sentence() -> None:
    text = "so whole_sequence_output[:, -1, :] is (32, 4), see concatenate([a, b], axis=-1) (and more of it)"
    assert prose(text, 34) == [
        "so whole_sequence_output[:, -1, :]", "is (32, 4), see", "concatenate([a, b], axis=-1) (and", "more of it)",
    ]  # fmt: skip


def test_a_word_that_is_too_wide_is_broken_and_nothing_is_lost() -> None:
    assert fill(["a", "x" * 25], 10) == ["a", "x" * 10, "x" * 10, "x" * 5]
    assert "".join(fill(["層" * 9], 10)) == "層" * 9


def test_a_call_that_is_too_wide_breaks_behind_its_brackets() -> None:
    assert fill(["concatenate([first_state,", "second_state])"], 16) == [
        "concatenate([",
        "first_state,",
        "second_state])",
    ]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("4 parameters: lstm 2, dense 342", 28, ["4 parameters: lstm 2,", "dense 342"]),
        ("seed 0; Keras 3.15.1, CPU", 14, ["seed 0;", "Keras 3.15.1,", "CPU"]),
        ("a run with batch = 3", 18, ["a run with", "batch = 3"]),
        ("set it with (--let n=4)", 16, ["set it with", "(--let n=4)"]),
        ("seed is 1234567890", 12, ["seed is", "1234567890"]),
    ],
)
def test_what_belongs_to_the_word_before_it_does_not_begin_a_line(text: str, width: int, lines: list[str]) -> None:
    assert prose(text, width) == lines


def test_an_unclosed_bracket_is_prose() -> None:
    assert prose("received: [1, 2 and nothing more", 80) == ["received: [1, 2 and nothing more"]


def test_code_is_never_broken_inside_a_word() -> None:
    assert fold(f"GRU(4, name={'x' * 30})", 20) == ["GRU(", "    4,", f"    name={'x' * 30}", ")"]


def test_split_minds_brackets_and_strings() -> None:
    assert split("a, f(b, c), 'd, e', [g, h]", ",") == ["a", "f(b, c)", "'d, e'", "[g, h]"]


def test_what_is_no_assignment_is_folded_like_any_code() -> None:
    assert fold_assignment("layer(inputs, mask=mask)", 12) == fold("layer(inputs, mask=mask)", 12)
