"""Pages, pieces of notebooks and pictures in a real browser: wide and narrow, light and dark."""

from __future__ import annotations

import base64
import json
import os

import chromium
import pytest
from programs import answered, broken, seq2seq
from reports import EVERY

from rnnshape.show import formats
from rnnshape.show.diagram import diagram
from rnnshape.show.html import fragment
from rnnshape.show.picture import DARK, LIGHT, pieces
from rnnshape.show.strokes import CELL, LINE
from rnnshape.show.svg import as_svg

pytestmark = pytest.mark.skipif(
    chromium.FOUND is None and not os.environ.get("CI"), reason="there is no chromium: apt install chromium"
)
BOTH = EVERY["lstm_bidirectional"]
ANSWERS = (*BOTH, *EVERY["weights"], *EVERY["masked"], *EVERY["several"], answered(seq2seq()), answered(broken()))
NARROW, WIDE = 400, 1200
PAGES = {
    "answers": formats.render(ANSWERS, "html"),
    "diagram": formats.render(BOTH, "html", shown=diagram(BOTH)),
    # A notebook has one ground of its own, whatever the browser's theme is.
    "notebook-light": f'<body style="color:rgba(0,0,0,.87);background:#fff">{fragment(ANSWERS)}</body>',
    "notebook-dark": f'<body style="color:#ccc;background:#1e1e1e">{fragment(ANSWERS)}</body>',
}
MEASURE = """
const found = [];
for (const one of document.querySelectorAll("iframe")) {
  const page = one.contentDocument, body = page.scrollingElement;
  const root = getComputedStyle(page.body).backgroundColor;
  const contrasts = texts(page).map((element) => [contrast(element, root), element.textContent]);
  const pens = [...page.querySelectorAll("pre")].map((pre) => {
    const style = getComputedStyle(pre), pen = document.createElement("canvas").getContext("2d");
    pen.font = `${style.fontSize} ${style.fontFamily}`;
    const bar = pen.measureText("│");
    return bar.actualBoundingBoxAscent + bar.actualBoundingBoxDescent - parseFloat(style.lineHeight);
  });
  const wides = [...page.querySelectorAll(".wide, pre")];
  const captions = [...page.querySelectorAll("caption span")].map((span) => span.getBoundingClientRect());
  found.push({
    overflow: body.scrollWidth - body.clientWidth,
    scrolls: wides.filter((one) => one.scrollWidth > one.clientWidth).length,
    inside: wides.every((one) => one.getBoundingClientRect().right <= body.clientWidth),
    captions: captions.length,
    captionsInside: captions.every((box) => box.width > 0 && box.right <= body.clientWidth + 1),
    heads: page.querySelectorAll("th[scope]").length,
    lowest: contrasts.sort((one, other) => one[0] - other[0])[0],
    ground: root,
    overlap: Math.min(...pens),
  });
}
return found;
"""


@pytest.fixture(scope="module", params=["light", "dark"])
def seen(request):
    """What the browser says of each page at each width, and the theme."""
    wanted = [(name, width) for name in PAGES for width in (NARROW, WIDE)]
    body = "\n".join(chromium.frame(PAGES[name], width) for name, width in wanted)
    found = chromium.measured(body, MEASURE, theme=request.param)
    assert isinstance(found, list), found
    return request.param, dict(zip(wanted, found, strict=True))


def test_no_page_is_wider_than_the_screen(seen):
    _, found = seen
    assert {key: one["overflow"] for key, one in found.items() if one["overflow"] > 0} == {}
    assert all(one["inside"] for one in found.values())


def test_what_is_wider_than_a_phone_scrolls_by_itself(seen):
    _, found = seen
    assert all(one["scrolls"] for (_, width), one in found.items() if width == NARROW)


def test_everything_can_be_read(seen):
    _, found = seen
    assert {key: one["lowest"] for key, one in found.items() if one["lowest"][0] < 4.5} == {}


def test_a_page_follows_the_theme(seen):
    theme, found = seen
    ground = found["answers", WIDE]["ground"]
    assert (ground == "rgb(255, 255, 255)") == (theme == "light")


def test_tables_have_captions_and_header_cells(seen):
    _, found = seen
    tables = sum(1 for one in ANSWERS if getattr(one, "tensors", ()))
    for (name, _), one in found.items():
        assert (one["captions"] >= tables and one["heads"] > 6 * tables) != (name == "diagram")
        assert one["captionsInside"]


def test_the_lines_of_a_picture_in_a_page_meet(seen):
    _, found = seen
    assert all(one["overlap"] >= 0 for (name, _), one in found.items() if name == "diagram")


SIDES = """
const svg = document.querySelector("svg");
const paths = [...svg.querySelectorAll("path")];
const point = (x, y) => Object.assign(svg.createSVGPoint(), { x, y });
const covered = ([x, y]) => paths.some((one) => one.isPointInStroke(point(x, y)) || one.isPointInFill(point(x, y)));
const pixel = async (image) => {
  await image.decode();
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.drawImage(image, 0, 0);
  return [...canvas.getImageData(40, 3, 1, 1).data].slice(0, 3);
};
const ratios = [...svg.querySelectorAll("text")].map((one) => {
  const own = one.getAttribute("fill"), ground = getComputedStyle(svg.querySelector(".ground")).fill;
  const told = document.createElement("i");
  told.style.color = own || getComputedStyle(one).fill;
  document.body.append(told);
  return own ? 21 : contrast(told, ground);
});
return {
  gaps: SAMPLES.filter((one) => !covered(one)),
  empty: covered([3, 3]),
  lowest: Math.min(...ratios),
  ground: await pixel(document.querySelector("img")),
};
"""


def sides(lines):
    """Return points all along the sides of the boxes of a picture."""
    rows = ["".join(text).rstrip() for text in lines]
    found = []
    for y, row in enumerate(rows):
        for x, character in enumerate(row):
            if character in "┌┐":
                below = next(at for at in range(y + 1, len(rows)) if rows[at][x] in "└┘")
                column = (x + 2.5) * CELL
                found += [(column, at) for at in range(int((y + 2.5) * LINE) - CELL, (below + 2) * LINE - LINE // 2, 2)]
    return found


def laid_out(shown):
    """Return a picture line by line, each character at its place."""
    lines = []
    for line in pieces(shown):
        text = ""
        for piece in line:
            text = text.ljust(piece.column) + piece.text
        lines.append(text)
    return lines


@pytest.mark.parametrize(("theme", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_the_sides_of_boxes_join_in_svg_and_it_follows_the_theme(theme, colours):
    shown = diagram(BOTH)
    svg = as_svg(shown, "a picture")
    samples = sides(laid_out(shown))
    assert len(samples) > 100
    source = base64.b64encode(svg.encode()).decode()
    script = SIDES.replace("SAMPLES", json.dumps(samples))
    found = chromium.measured(f'{svg}<img src="data:image/svg+xml;base64,{source}">', script, theme=theme)
    assert found["gaps"] == []
    assert found["empty"] is False
    assert found["lowest"] >= 4.5
    assert found["ground"] == [int(colours.ground[at : at + 2], 16) for at in (1, 3, 5)]
