"""The documented table of what Keras declares differently from what it returns is what the script prints today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from declared import KINDS, PLAIN, SAYS, queries, table_in

PAGE = Path(__file__).parents[3] / "docs" / "declared.md"
BEGIN, END = "<!-- declared -->\n", "<!-- /declared -->\n"
VERSION = re.compile(r"\| Keras [\w.]+ \|")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return table_in(tmp_path_factory.mktemp("declared"))


def test_the_documented_table_is_up_to_date(table, same_as_file):
    """But for Keras's version, in the first cell."""
    text = PAGE.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    shown, end, after = rest.partition(END)
    assert begin, f"docs/declared.md has no {BEGIN.strip()}"
    assert end, f"docs/declared.md has no {END.strip()}"
    version = VERSION.search(shown)
    body = (
        VERSION.sub(version[0], table, count=1)
        if version and VERSION.sub("", shown) == VERSION.sub("", table)
        else table
    )
    same_as_file(PAGE, before + BEGIN + body + END + after)


def test_what_is_declared_rightly_is_not_in_the_table(table):
    for kind in (PLAIN, SAYS):
        assert f"| {kind.what} " not in table


def test_every_kind_that_has_an_example_has_queries():
    asked = {kind for kind, _ in queries()}
    assert asked == set(KINDS)
    examples = [expression for _, expression in queries()]
    assert len(set(examples)) == len(examples)
