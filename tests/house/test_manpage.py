"""The man page is what the command says, complete, and right in the eyes of the two programs that print such pages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from manpage import ENVIRONMENT, EXAMPLES, STATUSES, manpage

import rnnshape
from rnnshape import errors

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "man" / "rnnshape.1"
PACKAGE = Path(rnnshape.__file__).parent


def test_page_is_the_command_s_own(same_as_file):
    same_as_file(PAGE, manpage())


def test_every_variable_of_ours_is_there():
    text = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    ours = set(re.findall(r"\bRNNSHAPE_[A-Z_]+", text))
    assert ours == {name for name in ENVIRONMENT if name.startswith("RNNSHAPE_")}


def test_every_exit_status_is_there():
    kinds = [errors.RnnshapeError, *errors.RnnshapeError.__subclasses__()]
    assert set(STATUSES) == {0, 130} | {kind.status for kind in kinds}


@pytest.mark.parametrize("line", EXAMPLES.values())
def test_examples_are_command_lines(line):
    """They are parsed, and not run: what is behind `--help` is never looked at."""
    from shlex import split

    from rnnshape.cli.command import command

    program, *words = split(line.partition(" | ")[0].partition(" > ")[0])
    assert program == "rnnshape"
    with command().make_context("rnnshape", words) as context:
        assert context.params["layer"]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["groff", "-man", "-ww", "-z", "-Tutf8"], id="groff"),
        # What it would like besides is a date.
        pytest.param(["mandoc", "-Tlint", "-W", "warning"], id="mandoc"),
    ],
)
def test_page_is_without_a_warning(command):
    if shutil.which(command[0]) is None and not os.environ.get("CI"):
        pytest.skip(f"there is no {command[0]}")
    process = subprocess.run([*command, PAGE], capture_output=True, text=True, check=False, timeout=60)
    said = [line for line in (process.stdout + process.stderr).splitlines() if "missing date" not in line]
    assert said == []


def test_page_reads_as_the_help_does():
    if shutil.which("groff") is None and not os.environ.get("CI"):
        pytest.skip("there is no groff")
    command = ["groff", "-man", "-Tutf8", "-P-cbou", PAGE]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    words = " ".join(printed.split())
    assert "-u, --units N,… Number of units (filters of a ConvLSTM). Default: 4." in words
    assert "--return-state Also return the final states." in words
    assert "FILE.keras, FILE.h5 a saved model" in words
