"""Box-drawing characters as strokes: in whatever font a picture is seen, its lines meet.

A cell is `CELL` wide and `LINE` high. Every arm of a character reaches the edge of its cell, where the next one begins.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterator

CELL = 12
"""The width of a character's cell, in the units of the picture."""
LINE = 24
"""The height of a line, in the units of the picture."""

_MIDDLE, _CENTRE = CELL // 2, LINE // 2
_ARMS = {
    "─": "we", "┄": "we", "│": "ns", "┆": "ns", "┌": "es", "┐": "ws", "└": "en", "┘": "wn", "├": "nse", "┤": "nsw",
    "┬": "wes", "┴": "wen", "┼": "nswe",
}  # fmt: skip
_BENDS = {"╭": (1, 1), "╮": (-1, 1), "╰": (1, -1), "╯": (-1, -1)}
"""Where a bend leads to: to the right or to the left, down or up."""
_HEADS = {"▲": (0, -1), "▼": (0, 1), "►": (1, 0), "▶": (1, 0), "◄": (-1, 0)}
"""Where an arrow points to."""
_DOTS = {"●": True, "○": False}
"""Whether a dot is filled."""
_RADIUS = 6
DRAWN = frozenset([*_ARMS, *_BENDS, *_HEADS, *_DOTS])
"""The characters that are drawn; all others are text."""


class Stroke(enum.Enum):
    """How a path is drawn."""

    LINE = "l"
    DOTTED = "o"
    FILLED = "f"


def stroke(character: str) -> Stroke:
    """Return how a character is drawn."""
    if character in _HEADS or _DOTS.get(character):
        return Stroke.FILLED
    return Stroke.DOTTED if character in "┄┆" else Stroke.LINE


def path(text: str, x: int, y: int) -> str:
    """Return the path of some drawn characters, the first of which has its upper left corner here.

    What goes on from side to side is one stroke.
    """
    return "".join(_paths(text, x, y))


def _paths(text: str, x: int, y: int) -> Iterator[str]:
    for character, run in itertools.groupby(text):
        count = len(list(run))
        if character in "─┄":
            yield f"M{x} {y + _CENTRE}h{count * CELL}"
        else:
            yield from (_one(character, x + at * CELL, y) for at in range(count))
        x += count * CELL


def _one(character: str, x: int, y: int) -> str:
    if character in _ARMS:
        return _arms(_ARMS[character], x, y)
    if character in _BENDS:
        right, down = _BENDS[character]
        middle, centre = x + _MIDDLE, y + _CENTRE
        edge = y + (LINE if down > 0 else 0)
        return (
            f"M{middle} {edge}V{centre + down * _RADIUS}"
            f"Q{middle} {centre} {middle + right * _RADIUS} {centre}H{x + (CELL if right > 0 else 0)}"
        )
    if character in _HEADS:
        return _head(*_HEADS[character], x, y)
    half = "a4 4 0 1 0"
    return f"M{x + _MIDDLE - 4} {y + _CENTRE}{half} 8 0{half} -8 0z"


def _arms(arms: str, x: int, y: int) -> str:
    middle, centre = x + _MIDDLE, y + _CENTRE
    top, bottom = (y if "n" in arms else centre), (y + LINE if "s" in arms else centre)
    left, right = (x if "w" in arms else middle), (x + CELL if "e" in arms else middle)
    vertical = f"M{middle} {top}V{bottom}" if top != bottom else ""
    return vertical + (f"M{left} {centre}H{right}" if left != right else "")


def _head(right: int, down: int, x: int, y: int) -> str:
    """Return a triangle that fills the width of its cell; a line runs into its flat side."""
    middle, centre = x + _MIDDLE, y + _CENTRE
    if down:
        return f"M{x} {centre - down * _MIDDLE}h{CELL}L{middle} {centre + down * _MIDDLE}z"
    back = x if right > 0 else x + CELL
    return f"M{back} {centre - _MIDDLE}v{CELL}L{back + right * CELL} {centre}z"
