"""Strokes: every line of a box-drawing character reaches the edge of its cell, where the next one begins."""

from __future__ import annotations

import re
import unicodedata

import pytest

from rnnshape.show.diagram.canvas import _ASCII
from rnnshape.show.strokes import CELL, DRAWN, LINE, Stroke, path, stroke

EDGES = {"UP": (CELL / 2, 0), "DOWN": (CELL / 2, LINE), "LEFT": (0, LINE / 2), "RIGHT": (CELL, LINE / 2)}
LINES = [character for character in sorted(DRAWN) if unicodedata.name(character).startswith("BOX")]


def points(drawn):
    """Return every point that a path goes through."""
    found, x, y = [], 0.0, 0.0
    for command, numbers in re.findall(r"([MmLHhVvQaz])([^MmLHhVvQaz]*)", drawn):
        values = [float(number) for number in numbers.split()]
        match command:
            case "M" | "L":
                x, y = values
            case "H":
                (x,) = values
            case "h":
                x += values[0]
            case "V":
                (y,) = values
            case "v":
                y += values[0]
            case "Q":
                x, y = values[2:]
            case "a":
                x, y = x + values[-2], y + values[-1]
        found.append((x, y))
    return found


def sides(character):
    """Return the sides that a line of this character reaches, as Unicode names them."""
    words = unicodedata.name(character).replace("HORIZONTAL", "LEFT RIGHT").replace("VERTICAL", "UP DOWN").split()
    if "DASH" in words:
        words = [word for word in words if word in EDGES]
    return set(words) & set(EDGES)


@pytest.mark.parametrize("character", LINES)
def test_a_line_reaches_the_sides_that_its_name_says_and_no_other(character):
    found = set(points(path(character, 0, 0)))
    assert {side for side, edge in EDGES.items() if edge in found} == sides(character)


@pytest.mark.parametrize("character", sorted(DRAWN))
def test_nothing_is_drawn_outside_of_its_cell(character):
    for x, y in points(path(character, 24, 48)):
        assert 24 <= x <= 24 + CELL
        assert 48 <= y <= 48 + LINE


def test_a_line_from_side_to_side_is_one_stroke():
    assert path("───", 0, 0) == f"M0 {LINE // 2}h{3 * CELL}"
    assert path("┌─┐", 0, 0).count("M") == 5


def test_all_that_a_diagram_is_made_of_is_drawn_or_is_text():
    assert {chr(code) for code in _ASCII} - DRAWN == {"·"}


def test_heads_are_filled_and_masked_steps_dotted():
    assert {stroke(character) for character in "▲▼►◄▶●"} == {Stroke.FILLED}
    assert {stroke(character) for character in "┄┆"} == {Stroke.DOTTED}
    assert {stroke(character) for character in "─│╭○"} == {Stroke.LINE}
