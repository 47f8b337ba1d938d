"""An option costs an entry: with one more in the list it is parsed, helped, completed and taken from Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rnnshape

ENTRY = """
    made_up: int | None = option(
        Part.LAYER, readers.count, "A made-up number.", short="-m", choices=("7", "70"), default=3
    )
"""
BEFORE = "    batch: tuple[Size, ...] | None = option("
ASK = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
import io, contextlib
from rnnshape.cli import run
from rnnshape.cli.command import main
from rnnshape.options import read_options

def printed(*words, **environ):
    os.environ.update(environ)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        run(list(words))
    for name in environ:
        del os.environ[name]
    return out.getvalue()

import manpage
tab = {"_RNNSHAPE_COMPLETE": "complete_bash", "COMP_CWORD": "2"}
print(json.dumps({
    "help": printed("--help"),
    "man": manpage.manpage(),
    "names": printed(COMP_WORDS="rnnshape\\ngru\\n--made", **tab),
    "values": printed(COMP_WORDS="rnnshape\\n--made-up\\n7", **tab),
    "wrong": printed("gru", "-m", "no"),
    "meant": printed("gru", "--mad-up", "7"),
    "expression": printed("GRU(4)", "--made-up", "7"),
    "python": read_options({"made_up": 70}).made_up,
}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("entry")
    shutil.copytree(Path(rnnshape.__file__).parent, folder / "rnnshape", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "rnnshape" / "options" / "listed.py"
    listed = path.read_text(encoding="utf-8")
    assert listed.count(BEFORE) == 1
    path.write_text(listed.replace(BEFORE, f"{ENTRY.strip(chr(10))}\n{BEFORE}"), encoding="utf-8")
    environ = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "RNNSHAPE_WORKER": "off"}
    command = [sys.executable, "-c", ASK, str(Path(__file__).parents[1])]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=folder, timeout=60, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("help", "-m, --made-up 7|70"),
        ("help", "A made-up number. Default: 3."),
        ("man", r"\fB\-m\fR, \fB\-\-made\-up\fR \fI7|70\fR"),
        ("names", "--made-up"),
        ("values", "7\n70"),
        ("wrong", "made_up must be a whole number from 1"),
        ("meant", "Did you mean --made-up?"),
        ("expression", "--made-up does not go with it"),
    ],
)
def test_an_option_costs_an_entry(told, where, said):
    assert said in told[where]


def test_python_takes_it_too(told):
    assert told["python"] == 70
