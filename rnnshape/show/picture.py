"""A table or a diagram as a picture: SVG and HTML by Rich, on a ground of their own."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.terminal_theme import TerminalTheme

_WIDTH = 100
"""The most columns that a picture has: in a page, it is seen at the size of the text around it."""
_SIDES = 2

# The sixteen colours on a dark ground that the picture brings with it, so that it can be read on any page.
_THEME = TerminalTheme(
    (22, 27, 34),
    (222, 226, 231),
    [
        (72, 79, 88), (255, 123, 114), (86, 211, 100), (227, 179, 65),
        (121, 184, 255), (224, 145, 240), (86, 212, 221), (222, 226, 231),
    ],
    [
        (110, 118, 129), (255, 161, 152), (126, 231, 135), (242, 204, 96),
        (165, 214, 255), (236, 176, 248), (118, 228, 236), (255, 255, 255),
    ],
)  # fmt: skip

_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {terminal_width} {terminal_height}" role="img">
<title>@TITLE@</title>
<style>
.{unique_id}-matrix {{
font-family: "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace;
font-size: {char_height}px;
line-height: {line_height}px;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect width="{terminal_width}" height="{terminal_height}" rx="10" fill="@GROUND@"/>
<g clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
_HTML = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<title>@TITLE@</title>
<style>
{stylesheet}
body {{
color: {foreground};
background-color: {background};
margin: 2em;
}}
pre {{
font-family: "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace;
line-height: 1.3;
}}
</style>
</head>
<body>
<pre>{code}</pre>
</body>
</html>
"""

_FRAGMENT = """\
<pre style="color: {foreground}; background-color: {background}; padding: 1em; overflow-x: auto; line-height: 1.3; \
font-family: 'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace">{code}</pre>
"""


def as_svg(shown: RenderableType, title: str) -> str:
    """Return what is shown as an SVG document; the same text gives the same document."""
    plain = _columns(shown)
    console = _recorded(Padding(_InPieces(shown), (1, _SIDES)), max(map(cell_len, plain), default=0) + 2 * _SIDES)
    # Several pictures may stand in one page: each has names of its own, and they depend on nothing but the picture.
    name = f"rnnshape-{hashlib.sha256(chr(10).join(plain).encode()).hexdigest()[:12]}"
    template = _titled(_SVG, title).replace("@GROUND@", _THEME.background_color.hex)
    return console.export_svg(title="", theme=_THEME, code_format=template, unique_id=name)


@dataclass(frozen=True, slots=True)
class _InPieces:
    """What is shown, with each wide gap as a piece of its own: what stands behind one is then placed by itself.

    A viewer whose font is a little narrower than the picture reckons with would shift it otherwise.
    """

    shown: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self.shown, options):
            pieces = [piece for piece in re.split("( {2,})", segment.text) if piece]
            yield from (Segment(piece, segment.style) for piece in pieces) if len(pieces) > 1 else [segment]


def as_html(shown: RenderableType, title: str) -> str:
    """Return what is shown as an HTML document."""
    console = _recorded(shown, max(map(cell_len, _columns(shown)), default=0))
    return console.export_html(theme=_THEME, code_format=_titled(_HTML, title))


def as_fragment(shown: RenderableType) -> str:
    """Return what is shown as a piece of HTML that styles nothing but itself: what a notebook shows."""
    console = _recorded(shown, max(map(cell_len, _columns(shown)), default=0))
    return console.export_html(theme=_THEME, code_format=_FRAGMENT, inline_styles=True)


def _titled(template: str, title: str) -> str:
    escaped = "".join(f"&#{ord(character)};" if character in "<>&{}\"'" else character for character in title)
    return template.replace("@TITLE@", escaped)


def _columns(shown: RenderableType) -> list[str]:
    console = _recorded(shown, _WIDTH)
    return console.export_text().splitlines()


def _recorded(shown: RenderableType, width: int) -> Console:
    console = Console(
        file=io.StringIO(),
        record=True,
        width=max(width, 1),
        height=25,
        color_system="256",
        force_terminal=True,
        force_jupyter=False,
        force_interactive=False,
        no_color=False,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    console.print(shown)
    return console
