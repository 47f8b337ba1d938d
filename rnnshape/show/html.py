"""Answers as HTML: a whole page, or the piece of one that a notebook shows. Both follow the reader's theme."""

from __future__ import annotations

from html import escape

from rich.console import RenderableType

from rnnshape.show.answers import title
from rnnshape.show.rows import Answers
from rnnshape.show.web import as_html, picture

# The letters of marks bring their own ground with them. All else has the colour of the text around it, which is dark on
# a light ground and light on a dark one: so nobody has to be asked which theme it is. The class stands twice where a
# notebook has rules for the same things, so that these weigh more.
_STYLE = """\
.rnnshape { margin: 0 0 2em; line-height: 1.5; color: inherit; }
.rnnshape .wide { overflow-x: auto; container-type: inline-size; }
.rnnshape .wide + .wide { margin-top: 1em; }
.rnnshape .wide:focus-visible, .rnnshape pre:focus-visible { outline: 2px solid currentColor; outline-offset: -2px; }
.rnnshape.rnnshape code, .rnnshape.rnnshape pre { padding: 0; border: 0; color: inherit; background: transparent; \
font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.95em; \
white-space: inherit; }
.rnnshape.rnnshape pre { margin: 0.8em 0; line-height: 1.1; white-space: pre; overflow-x: auto; }
.rnnshape.rnnshape table { margin: 0; border: 0; border-collapse: collapse; font-size: inherit; color: inherit; }
.rnnshape.rnnshape caption { caption-side: top; padding: 0 0 0.5em; text-align: start; color: inherit; }
.rnnshape.rnnshape caption span { display: inline-block; position: sticky; left: 0; max-width: 100cqw; }
.rnnshape.rnnshape th, .rnnshape.rnnshape td { padding: 0.2em 1.2em 0.2em 0; border: 0; text-align: start; \
vertical-align: baseline; white-space: nowrap; font-weight: normal; color: inherit; }
.rnnshape.rnnshape .number { text-align: end; }
.rnnshape.rnnshape td.prose { min-width: 18em; white-space: normal; }
@container (max-width: 700px) { .rnnshape.rnnshape td.prose { white-space: nowrap; } }
.rnnshape.rnnshape thead th, .rnnshape.rnnshape caption code, .rnnshape.rnnshape tbody th[scope="row"] code { \
font-weight: bold; }
.rnnshape.rnnshape thead tr { border-bottom: 1px solid currentColor; }
.rnnshape.rnnshape tbody + tbody { border-top: 1px solid color-mix(in srgb, currentColor 30%, transparent); }
.rnnshape.rnnshape tbody tr { background: transparent; }
.rnnshape.rnnshape ul { margin: 0.8em 0; padding: 0; list-style: none; }
.rnnshape.rnnshape p { margin: 0.8em 0; }
.rnnshape .dim { color: color-mix(in srgb, currentColor 75%, transparent); }
.rnnshape .sign { padding: 0 0.3em; border-radius: 0.2em; }
"""
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 1.5em; font-family: system-ui, sans-serif; color: CanvasText; background: Canvas; }}
{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def render(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the answers as an HTML page: a table for each, or the picture as it is in a terminal."""
    return _PAGE.format(title=escape(title(answers)), style=_STYLE, body=_body(answers, shown))


def fragment(answers: Answers, shown: RenderableType | None = None) -> str:
    """Return the same as a piece of a page that styles nothing but itself: what a notebook shows."""
    return f"<style>\n{_STYLE}</style>\n{_body(answers, shown)}"


def _body(answers: Answers, shown: RenderableType | None) -> str:
    if shown is not None:
        return f'<div class="rnnshape">{picture(shown)}</div>'
    return "\n".join(as_html(answers))
