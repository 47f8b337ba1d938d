"""The colours: of marks, of what is wrong, of what is quiet. All of them can be read on any ground.

No colour of letters has a contrast of 4.5 : 1 on black, on white and on both grounds of Solarized: what is dark enough
for white is too dark for Solarized's dark ground (`tests/show/test_palette.py` computes it). So no letters are coloured
but those of a sign, which brings its own ground with it: black on a light colour, white on a dark red. These are taken
from the part of the 256 colours that no theme of a terminal changes. Where a terminal has sixteen colours, which mean
something else under each theme, a sign is reversed: it has the two colours that the reader has chosen for text.

For the same reason nothing is faint: terminals make faint text by halving its contrast. What matters more is bold.
"""

from __future__ import annotations

from rnnshape.show.rows import Tone

BLACK, WHITE = 16, 231
"""Of the 256 colours, those that are black and white under every theme."""

MARKS = (114, 213, 81, 221, 147, 215)
"""The grounds of marks, in turn: green, pink, blue, yellow, violet, orange. Red is an error's."""

ALARM, ADDED = 124, 22
"""The grounds of what is wrong or goes (red), and of what comes in (green)."""

TONES = {Tone.PLAIN: "", Tone.QUIET: "", Tone.STRONG: "bold", Tone.GOOD: "bold", Tone.WRONG: "bold"}
"""The style of text by what it means."""

FAINT, PLAIN, NAME = "dim", "not dim", "not dim bold"
"""The styles of a drawing: of its lines, and of a text and a name beside them. Only a picture shows lines fainter,
as it brings its own ground."""

_REVERSED = "bold reverse"


def mark(number: int, *, fixed: bool) -> str:
    """Return the style of the letter of this mark; `fixed` where there are colours that no theme changes."""
    return _sign(BLACK, MARKS[number % len(MARKS)], fixed=fixed)


def alarm(*, fixed: bool) -> str:
    """Return the style of a sign that says that something is wrong, or goes."""
    return _sign(WHITE, ALARM, fixed=fixed)


def added(*, fixed: bool) -> str:
    """Return the style of a sign that says that something comes in."""
    return _sign(WHITE, ADDED, fixed=fixed)


def _sign(letter: int, ground: int, *, fixed: bool) -> str:
    return f"bold color({letter}) on color({ground})" if fixed else _REVERSED
