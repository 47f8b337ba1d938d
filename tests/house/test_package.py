"""What is published: a wheel and a source archive, with all that belongs in them and nothing else, and one version."""

from __future__ import annotations

import ast
import email
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from test_imports import ROOMS

import rnnshape

ROOT = Path(__file__).parents[2]
PACKAGE = Path(rnnshape.__file__).parent
NAME = f"rnnshape-{rnnshape.__version__}"


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheel and the source archive, built from what is here; nothing is downloaded."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert process.returncode == 0, process.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(archives: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archives / f"{NAME}-py3-none-any.whl") as file:
        return {name: file.read(name) for name in file.namelist()}


def test_the_package_is_all_in_the_wheel(wheel: dict[str, bytes]):
    here = {path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*") if path.is_file()}
    here = {name for name in here if "__pycache__" not in name}
    assert {name for name in wheel if name.startswith("rnnshape/")} == here
    assert {"rnnshape/schema.json", "rnnshape/py.typed"} <= here


def test_what_else_is_in_the_wheel(wheel: dict[str, bytes]):
    data, info = f"{NAME}.data/data/share/", f"{NAME}.dist-info/"
    shared = {
        "man/man1/rnnshape.1": "man/rnnshape.1",
        "bash-completion/completions/rnnshape": "completions/rnnshape.bash",
        "zsh/site-functions/_rnnshape": "completions/_rnnshape",
        "fish/vendor_completions.d/rnnshape.fish": "completions/rnnshape.fish",
    }
    for name, path in shared.items():
        assert wheel[data + name] == (ROOT / path).read_bytes()
    command = f"{NAME}.data/scripts/rnnshape"
    # An installer knows by the first line that it is Python's, and writes the path of its Python there.
    assert wheel[command].startswith(b"#!python\n")
    assert wheel[command] == (ROOT / "bin" / "rnnshape").read_bytes()
    others = {name for name in wheel if not name.startswith(("rnnshape/", data))}
    assert others == {command, *(f"{info}{name}" for name in ("METADATA", "RECORD", "WHEEL", "licenses/LICENSE"))}


def test_the_command_may_be_executed(archives: Path):
    with zipfile.ZipFile(archives / f"{NAME}-py3-none-any.whl") as file:
        (command,) = [one for one in file.infolist() if one.filename.endswith(".data/scripts/rnnshape")]
    assert command.external_attr >> 16 & 0o111 == 0o111


def test_metadata(wheel: dict[str, bytes]):
    told = email.message_from_bytes(wheel[f"{NAME}.dist-info/METADATA"])
    assert told["Name"] == "rnnshape"
    assert told["Version"] == rnnshape.__version__
    assert told["License-Expression"] == "MIT"
    assert told["Requires-Python"] == ">=3.10"
    assert told["Summary"]
    assert told["Keywords"]
    assert told["Description-Content-Type"] == "text/markdown"
    assert "Typing :: Typed" in told.get_all("Classifier")
    needed = [line for line in told.get_all("Requires-Dist") if "extra ==" not in line]
    assert {re.split(r"[<>=]", line)[0] for line in needed} == {"tensorflow", "keras", "typer", "shellingham", "rich"}


def test_source_archive_holds_what_its_tests_need(archives: Path):
    with tarfile.open(archives / f"{NAME}.tar.gz") as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    for path in (
        "rnnshape/schema.json",
        "tests/conftest.py",
        "completions/_rnnshape",
        "man/rnnshape.1",
        "docs/diagram.svg",
    ):
        assert path in names
    for path in ("README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", ".ci/run", ".github/CONTRIBUTING.md"):
        assert path in names
    assert not [name for name in names if "__pycache__" in name or name.startswith((".venv", "dist", "build"))]


def test_the_changelog_begins_with_this_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first, *others = re.findall(r"^## (\S+)", changelog, re.MULTILINE)
    assert rnnshape.__version__ == (others[0] if first == "Unreleased" else first)


def test_the_version_is_written_once():
    assert not re.search(r"^version\s*=\s*\"", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)


CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"
MAP = re.compile(r"(?<=<!-- map -->\n).*?(?=<!-- /map -->)", re.DOTALL)


def house() -> str:
    """Return the map of the house: what each room says of itself, and where its arrows go."""
    lines = ["| room | what is in it | imports from |", "| --- | --- | --- |"]
    for room, targets in ROOMS.items():
        path = PACKAGE / room if (PACKAGE / room).is_dir() else PACKAGE / f"{room}.py"
        source = path / "__init__.py" if path.is_dir() else path
        said = (ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "").partition("\n\n")[0]
        name = f"{room}/" if path.is_dir() else f"{room}.py"
        arrows = " ".join(f"`{target}`" for target in sorted(targets)) or "nothing"
        lines.append(f"| `{name}` | {' '.join(said.split())} | {arrows} |")
    return "\n".join(lines) + "\n"


def test_the_map_for_contributors_is_the_house(same_as_file):
    text = CONTRIBUTING.read_text(encoding="utf-8")
    assert MAP.search(text)
    same_as_file(CONTRIBUTING, MAP.sub(lambda _: house(), text))


def test_every_command_for_contributors_is_one():
    text = CONTRIBUTING.read_text(encoding="utf-8")
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    setup = "python3 -m venv .venv && .venv/bin/python -m pip install -q -e '.[test]'"
    test = ".venv/bin/python -m pytest -q"
    assert setup in text
    assert setup in gate
    assert test in text
    assert test in gate
    for linter in ("ruff check .", "ruff format --check .", "mypy"):
        assert f".venv/bin/{linter}" in text
        assert f".venv/bin/{linter}" in gate
