"""The colours, by what WCAG 2 says of contrast: 4.5 : 1 for text, on every ground that readers have."""

from __future__ import annotations

import io
import itertools

import pytest
import reports
from programs import answered, broken, seq2seq
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme

from rnnshape.errors import InvalidQuery
from rnnshape.show import palette
from rnnshape.show.error import error_text
from rnnshape.show.table import table

ENOUGH = 4.5
GROUNDS = {"black": "#000000", "white": "#ffffff", "Solarized dark": "#002b36", "Solarized light": "#fdf6e3"}
XTERM = TerminalTheme((0, 0, 0), (229, 229, 229), [(0, 0, 0)] * 8)
"""No colour that is used may depend on a theme, so any will do."""

SIGNS = {
    **{f"mark {number}": palette.mark(number, fixed=True) for number in range(len(palette.MARKS))},
    "alarm": palette.alarm(fixed=True),
    "added": palette.added(fixed=True),
}


def luminance(red: int, green: int, blue: int) -> float:
    """Return the relative luminance of a colour of sRGB, 0 to 1."""
    parts = (value / 255 for value in (red, green, blue))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: float, second: float) -> float:
    low, high = sorted((first, second))
    return (high + 0.05) / (low + 0.05)


def of(colour: Color | None) -> float:
    assert colour is not None
    return luminance(*colour.get_truecolor(XTERM))


def test_the_measure_is_the_one_of_the_standard() -> None:
    assert contrast(luminance(0, 0, 0), luminance(255, 255, 255)) == pytest.approx(21)
    assert contrast(luminance(119, 119, 119), 1) == pytest.approx(4.48, abs=0.005)


def test_no_colour_of_letters_can_be_read_on_all_grounds() -> None:
    grounds = [luminance(*Color.parse(ground).get_truecolor()) for ground in GROUNDS.values()]
    best = max(min(contrast(at / 10_000, ground) for ground in grounds) for at in range(10_001))
    assert best < ENOUGH


@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_can_be_read_on_any_ground(sign: str) -> None:
    style = Style.parse(SIGNS[sign])
    assert contrast(of(style.color), of(style.bgcolor)) >= ENOUGH


@pytest.mark.parametrize("sign", SIGNS)
def test_no_theme_changes_a_sign(sign: str) -> None:
    style = Style.parse(SIGNS[sign])
    # The first sixteen of the 256 colours are those of the theme.
    assert style.color is not None
    assert style.bgcolor is not None
    assert min(style.color.number or 0, style.bgcolor.number or 0) >= 16


def test_no_mark_is_red_and_no_two_are_alike() -> None:
    for number in palette.MARKS:
        red, green, _ = Color.parse(f"color({number})").get_truecolor()
        assert red < 2 * green
    assert len(set(palette.MARKS)) == len(palette.MARKS) >= 5
    red, green, blue = Color.parse(f"color({palette.ALARM})").get_truecolor()
    assert red > 4 * max(green, blue)


SHOWN = {
    **{name: table(items) for name, items in reports.EVERY.items()},
    "program": table([answered(seq2seq())]),
    "program that stops": table([answered(broken())]),
    "error": error_text(InvalidQuery("no such layer", hint="gru")),
}


@pytest.mark.parametrize("system", ["standard", "256"])
@pytest.mark.parametrize("name", SHOWN)
def test_whatever_is_shown_has_no_other_colours(name: str, system: str) -> None:
    console = Console(file=io.StringIO(), width=80, color_system=system, force_terminal=True)  # type: ignore[arg-type]
    lines = console.render_lines(SHOWN[name])
    known = {Style.parse(sign) for sign in SIGNS.values()} if system == "256" else {Style.parse("bold reverse")}
    plain = {Style(), Style.parse("bold")}
    styles = {segment.style or Style() for segment in itertools.chain(*lines)}
    assert styles <= known | plain
    assert styles != {Style()}
