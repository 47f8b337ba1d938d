"""A notebook that was run shows the table, in JupyterLab's light theme and in its dark one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import chromium
import pytest
from reports import EVERY

pytestmark = pytest.mark.skipif(
    chromium.FOUND is None and not os.environ.get("CI"), reason="there is no chromium: apt install chromium"
)
CELLS = [
    "import json\nfrom pathlib import Path\nfrom rnnshape import Report",
    "Report.from_dict(json.loads(Path('answer.json').read_text(encoding='utf-8')))",
]
MEASURE = """
const page = document.querySelector("iframe").contentDocument;
const root = getComputedStyle(page.body).backgroundColor;
const table = page.querySelector(".rnnshape table");
const own = texts(page).filter((element) => element.closest(".rnnshape"));
return {
  overflow: page.scrollingElement.scrollWidth - page.scrollingElement.clientWidth,
  caption: table.caption.textContent,
  headings: [...table.tHead.querySelectorAll("th")].map((cell) => cell.textContent),
  aligned: [...new Set([...table.querySelectorAll("td, th")].map((cell) => getComputedStyle(cell).textAlign))],
  lowest: Math.min(...own.map((element) => contrast(element, root))),
  lines: Math.max(...[...table.querySelectorAll("tbody code")].map((code) => code.getClientRects().length)),
};
"""


def executed(folder, theme):
    """Return the page of a notebook that was run in this folder."""
    pytest.importorskip("nbconvert")
    (report,) = EVERY["lstm_bidirectional"]
    (folder / "answer.json").write_text(json.dumps(report.to_dict()), encoding="utf-8")
    cells = [
        {"cell_type": "code", "id": f"c{at}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for at, source in enumerate(CELLS)
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "shown.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", f"--HTMLExporter.theme={theme}"]
    # All that Jupyter leaves behind is left in this folder.
    environ = {**os.environ, "HOME": str(folder), "IPYTHONDIR": str(folder), "JUPYTER_PLATFORM_DIRS": "1"}
    command = [*command, "shown.ipynb"]
    subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=True)
    page = (folder / "shown.html").read_text(encoding="utf-8")
    # The page of a notebook fetches scripts from the network, which nothing here needs.
    return re.sub(r"<script\b.*?</script>|<link\b[^>]*>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_notebook_shows_a_table_that_can_be_read(tmp_path, theme):
    page = executed(tmp_path, theme)
    # The browser's own theme is the other one: a notebook's counts.
    other = {"light": "dark", "dark": "light"}[theme]
    for width in (400, 1200):
        found = chromium.measured(chromium.frame(page, width), MEASURE, theme=other)
        assert found["overflow"] <= 0, found
        assert found["caption"].startswith("Bidirectional(LSTM(4")
        assert found["headings"][:3] == ["at", "mark", "tensor"]
        # A notebook would align all to the right, and break shapes in two.
        assert found["aligned"] == ["start"]
        assert found["lines"] == 1
        assert found["lowest"] >= 4.5
