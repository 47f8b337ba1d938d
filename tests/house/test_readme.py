"""The README and the pages of docs are true: their commands are run, and what they show is what these print."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from rnnshape.cli import run

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
WIDTH = 80
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
# A command ends with its line; a quoted text in it may have several.
BLOCK = re.compile(r"""```console\n\$ (?P<command>(?:'[^']*'|"[^"]*"|[^'"\n])+)\n(?P<output>.*?)```""", re.DOTALL)
PYTHON = re.compile(r"```python\n(?P<code>.*?)```", re.DOTALL)
COMMANDS = [(page, block["command"]) for page in PAGES for block in BLOCK.finditer(page.read_text(encoding="utf-8"))]


class Terminal(io.StringIO):
    """A terminal without colour, as wide as the pages are."""

    encoding = "utf-8"

    def isatty(self):
        return True


def printed(command: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what a person sees on a terminal; a document is one line there, since the README has little room."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    command, _, piped = command.partition(" | ")
    program, *argv = shlex.split(command)
    assert program == "rnnshape"
    with monkeypatch.context() as patch:
        screen = io.StringIO() if "--json" in argv else Terminal()
        patch.setattr("sys.stdout", screen)
        patch.setattr("sys.stderr", io.StringIO())
        run(argv)
    if piped:
        return filtered(screen.getvalue(), shlex.split(piped))
    lines = "\n".join(line.rstrip() for line in screen.getvalue().strip("\n").splitlines())
    # Which versions answered is the one thing that differs from machine to machine.
    lines = re.sub(r'"versions": {[^}]*}', '"versions": {…}', lines)
    return re.sub(r"\b(Keras|TensorFlow)(\s+)\d+\.\d+[\w.]*", r"\1\2…", lines) + "\n"


def filtered(text: str, command: list[str]) -> str:
    if shutil.which(command[0]) is None and not os.environ.get("CI"):
        pytest.skip(f"{command[0]} is not here")
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=[f"{page.name}-{command}" for page, command in COMMANDS])
def test_output_is_real(page, command, monkeypatch, same_as_file):
    text = page.read_text(encoding="utf-8")
    output = printed(command, monkeypatch)

    def shown(block: re.Match[str]) -> str:
        return f"```console\n$ {command}\n{output}```" if block["command"] == command else block[0]

    same_as_file(page, BLOCK.sub(shown, text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_console_block_is_run(page):
    text = page.read_text(encoding="utf-8")
    assert text.count("```console\n") == len(BLOCK.findall(text))


def test_a_command_may_have_several_lines():
    command = "rnnshape 'x = 1\ny = LSTM(4)(x)' --json"
    block = BLOCK.search(f"```console\n$ {command}\nthe output\n```")
    assert block is not None
    assert (block["command"], block["output"]) == (command, "the output\n")


PICTURES = {
    "diagram": ("gru", {"bidirectional": True, "return_sequences": True, "return_state": True}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_real(name, same_as_file):
    from rnnshape import explore
    from rnnshape.show.diagram import diagram
    from rnnshape.show.svg import Ground, as_svg

    layer, options = PICTURES[name]
    report = explore(layer, **options)
    shown = diagram(report)
    for file, ground in ((f"{name}.svg", Ground.LIGHT), (f"{name}-dark.svg", Ground.DARK)):
        same_as_file(ROOT / "docs" / file, as_svg(shown, str(report.layer), ground))
        assert f'="docs/{file}"' in README.read_text(encoding="utf-8")


def test_python_is_real(capsys):
    for block in PYTHON.finditer(README.read_text(encoding="utf-8")):
        exec(block["code"], {})  # noqa: S102 - the README's own example
    assert "output, final_state = layer(inputs)" in capsys.readouterr().out


def test_the_gate_runs_the_readme_s_test_command():
    command = next(line for line in README.read_text(encoding="utf-8").splitlines() if line.endswith("pytest -q"))
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
