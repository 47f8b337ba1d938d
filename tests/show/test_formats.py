"""Formats: one list of them, and one more costs a module and a line in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from reports import EVERY

import rnnshape
from rnnshape.errors import InvalidQuery
from rnnshape.show import formats, plain
from rnnshape.show.console import as_text
from rnnshape.show.table import table

MADE = """
def render(answers, shown=None):
    return "".join(f"{answer.layer}\\n" for answer in answers)
"""
ASK = """
import rnnshape, sys
from rnnshape.report import Report
from rnnshape.show import formats, save
sys.path.insert(0, sys.argv[1])
from reports import gru_state
gru_state.save("x.made")
print(formats.render([gru_state], "made"), end="")
print(rnnshape.__file__, *formats.NAMES)
"""


def test_a_format_costs_a_module_and_a_line(tmp_path):
    package = Path(rnnshape.__file__).parent
    shutil.copytree(package, tmp_path / "rnnshape", ignore=shutil.ignore_patterns("__pycache__"))
    room = tmp_path / "rnnshape" / "show"
    (room / "made_up.py").write_text(MADE)
    listed = (room / "formats.py").read_text(encoding="utf-8")
    line = '    Format("made", "made_up", ".made"),\n'
    (room / "formats.py").write_text(listed.replace("FORMATS = (\n", f"FORMATS = (\n{line}"), encoding="utf-8")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1", "RNNSHAPE_WORKER": "off"}
    command = [sys.executable, "-c", ASK, str(Path(__file__).parent)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environ, timeout=60, check=True)
    layer = str(EVERY["gru_state"][0].layer)
    assert (tmp_path / "x.made").read_text() == f"{layer}\n"
    assert ran.stdout.splitlines() == [layer, " ".join([f"{tmp_path}/rnnshape/__init__.py", "made", *formats.NAMES])]


@pytest.mark.parametrize("name", formats.NAMES)
@pytest.mark.parametrize("answers", EVERY.values(), ids=EVERY)
def test_every_format_ends_in_a_newline_and_has_no_escapes(name, answers):
    text = formats.render(answers, name)
    assert text.endswith("\n")
    assert "\x1b" not in text


def test_the_table_is_what_a_pipe_gets():
    answers = EVERY["several"]
    assert formats.render(answers, "table") == formats.render(answers, "txt") == as_text(table(answers)) + "\n"


def test_a_name_that_is_none():
    with pytest.raises(InvalidQuery) as refused:
        formats.render([], "htlm")
    assert refused.value.hint == "Did you mean html?"
    assert refused.value.message.startswith("A format is one of table, ")


def test_the_names_cost_no_import():
    code = "import sys; from rnnshape.show import formats; print('rich' in sys.modules, 'typer' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.split() == ["False", "False"]


def test_the_page_about_them_names_every_format_and_every_field(same_as_file):
    page = Path(__file__).parent.parent.parent / "docs" / "formats.md"
    text = page.read_text(encoding="utf-8")
    rows = [f"| `{one.name}` | {f'`{one.suffix}`' if one.suffix else ''} | {one.says} |" for one in formats.FORMATS]
    fields = (plain.__doc__ or "").split("\n\n", 1)[1].strip()
    for name, told in (("forms", "\n".join(["| form | suffix | |", "| --- | --- | --- |", *rows])), ("plain", fields)):
        text = re.sub(rf"(?s)(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", lambda _, told=told: f"{told}\n", text)
    same_as_file(page, text)
    assert all(one.says for one in formats.FORMATS)
