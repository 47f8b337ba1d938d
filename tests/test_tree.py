"""The one walk through nested values."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnshape import tree
from rnnshape.tree import Size


class Point(NamedTuple):
    x: int
    y: int


NESTS = st.recursive(
    st.integers(),
    lambda inside: st.lists(inside) | st.lists(inside).map(tuple) | st.dictionaries(st.text(max_size=2), inside),
    max_leaves=12,
)


@given(NESTS)
def test_a_nest_is_refilled_with_its_own_leaves(value):
    assert tree.refilled(value, tree.flat(value)) == value
    assert tree.mapped(lambda leaf: leaf, value) == value


@given(NESTS)
def test_a_path_leads_to_its_leaf(value):
    for path, leaf in tree.leaves(value):
        found = value
        for at in path:
            found = list(tree.children(found))[at]
        assert found == leaf


@given(NESTS)
def test_as_lists_keeps_the_leaves_and_the_depth(value):
    lists = tree.as_lists(value)
    assert tree.flat(lists) == tree.flat(value)
    assert tree.depth(lists) == tree.depth(value)


def test_what_is_a_nest_beside_lists_tuples_and_dicts():
    doubled = tree.mapped(lambda leaf: leaf and 2 * leaf, [Point(1, 2), slice(3, None)])
    assert doubled == [Point(2, 4), slice(6, None)]
    assert type(doubled[0]) is Point
    assert list(tree.leaves(Size((3, 4)))) == [((), Size((3, 4)))]


@pytest.mark.parametrize(
    ("nested", "code"),
    [
        (Size((32, 4)), "(32, 4)"),
        (Size((None,)), "(None,)"),
        ((Size((32, 4)), [Size((32, 4)), Size(())]), "((32, 4), [(32, 4), ()])"),
        ((Size((1,)),), "((1,),)"),
        (["h", "c"], "[h, c]"),
        ([], "[]"),
    ],
)
def test_a_nesting_as_code(nested, code):
    assert tree.as_code(nested) == code


def test_the_shapes_of_tensors_and_of_plain_numbers():
    tensor = SimpleNamespace(shape=(2, None))
    assert tree.shapes((tensor, [tensor], {"a": tensor})) == ((2, None), [(2, None)], [(2, None)])
    assert tree.sizes(tree.shapes(((3, 4), (None, 5)))) == ((3, 4), (None, 5))
    assert tree.sizes(tree.shapes((3, 4))) == ((3, 4),)
    assert tree.sizes(None) == ()


@pytest.mark.parametrize(
    ("declared", "real", "agrees"),
    [
        (Size((None, 4)), Size((3, 4)), True),
        (Size((3, 5)), Size((3, 4)), False),
        (Size((3,)), Size((3, 4)), False),
        ((Size((3,)), Size((4,))), [Size((3,)), Size((4,))], True),
        ((Size((3,)),), Size((3,)), False),
        ((Size((3,)), [Size((4,))]), (Size((3,)), Size((4,))), False),
    ],
)
def test_shapes_agree(declared, real, agrees):
    assert tree.agree(declared, real) is agrees
