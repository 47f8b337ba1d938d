"""What may be imported where, and when: in fresh processes, and by reading the modules."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import rnnshape

PACKAGE = Path(rnnshape.__file__).parent
HEAVY = {"keras", "tensorflow", "numpy"}

PROBE = """
import json, os, sys
argv = json.loads(sys.argv[1])
from rnnshape.cli import run
sys.stdout = sys.stderr = open(os.devnull, "w")
status = run(argv)
sys.__stdout__.write(json.dumps([status, sorted(set(sys.modules) & {heavy!r})]))
"""


def probe(argv: list[str], heavy: set[str], **environ: str) -> tuple[int, list[str]]:
    code = PROBE.format(heavy=heavy)
    process = subprocess.run(
        [sys.executable, "-c", code, json.dumps(argv)],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "RNNSHAPE_WORKER": "off", **environ},
        timeout=60,
    )
    status, loaded = json.loads(process.stdout)
    return status, loaded


@pytest.mark.parametrize(
    ("argv", "status"),
    [
        (["--help"], 0),
        (["--version"], 0),
        ([], 2),
        (["lsmt"], 2),
        (["gru", "--unit", "4"], 2),
        (["gru", "--units", "four"], 2),
        (["LSTM(4", "--json"], 2),
        (["LSTM(4)", "--units", "4"], 2),
        (["gru", "--mask", "right"], 2),
    ],
    ids=str,
)
def test_no_keras_before_there_is_a_query(argv, status):
    assert probe(argv, HEAVY) == (status, [])


def test_completion_imports_neither_keras_nor_rich():
    environ = {"_RNNSHAPE_COMPLETE": "complete_bash", "COMP_WORDS": "rnnshape g", "COMP_CWORD": "1"}
    assert probe([], HEAVY | {"rich"}, **environ) == (0, [])


def test_help_does_not_import_rich():
    assert probe(["--help"], HEAVY | {"rich"}) == (0, [])


def test_the_probe_sees_an_import():
    """The test of the test: a module that is imported is found."""
    assert probe(["--help"], {"typer"}) == (0, ["typer"])


def test_importing_the_package_imports_next_to_nothing():
    code = "import sys, rnnshape; print(*sorted(set(sys.modules) & {'keras', 'tensorflow', 'numpy', 'rich', 'typer'}))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert process.stdout.split() == []


# The house: which rooms a room may import from. A room is a module, or a package with all that is in it.
PURE = {"errors"}
DATA = PURE | {"catalogue", "expression", "mask", "query"}
ROOMS = {
    "__init__": {"api", "errors", "program"},
    "__main__": {"worker", "cli", "run"},
    "errors": set(),
    "catalogue": set(),
    "expression": PURE | {"catalogue"},
    "mask": PURE,
    "query": PURE | {"expression", "mask"},
    "options": DATA | {"show"},
    "request": DATA | {"options"},
    "structure": {"catalogue"},
    "names": {"catalogue", "structure"},
    "tree": set(),
    "equality": {"structure"},
    "document": PURE,
    "differences": set(),
    "report": PURE | {"document", "expression", "structure"},
    "program_report": PURE | {"document", "report"},
    "trace": {"report", "program_report", "expression", "structure"},
    "answer": {"trace", "tree", "names", "equality", "report", "program_report", "structure"},
    "evidence": {"answer", "equality", "trace"},
    "program": PURE | {"catalogue", "expression", "structure", "program_report", "trace"},
    "fixes": PURE | {"catalogue", "expression", "program", "program_report", "report", "trace"},
    "run": DATA
    | {"program", "trace", "tree", "names", "equality", "report", "program_report", "structure", "__init__"},
    "show": PURE | {"report", "program_report", "expression", "mask", "catalogue", "structure", "tree"},
    "torch_names": PURE | {"catalogue", "report", "expression", "structure"},
    "explain": PURE | {"catalogue", "report", "expression", "structure", "torch_names", "tree"},
    "layers": PURE | {"answer", "evidence", "run", "expression", "query", "report"},
    "versions": {"__init__", "report"},
    "programs": PURE
    | {
        "answer",
        "equality",
        "evidence",
        "fixes",
        "mask",
        "program",
        "program_report",
        "run",
        "trace",
        "versions",
    },
    "api": PURE
    | {
        "answer",
        "differences",
        "layers",
        "options",
        "program",
        "program_report",
        "programs",
        "report",
        "request",
        "run",
        "show",
        "versions",
    },
    "cli": DATA
    | {
        "program",
        "program_report",
        "programs",
        "differences",
        "explain",
        "options",
        "request",
        "report",
        "show",
        "run",
        "layers",
        "versions",
        "worker",
        "__init__",
    },
    "worker": set(),
}
THIRD_PARTY = {
    "api": {"rich", "typing_extensions"},
    "report": {"typing_extensions"},
    "program_report": {"typing_extensions"},
    "equality": {"numpy"},
    "answer": {"numpy"},
    "show": {"rich"},
    "cli": {"typer", "rich", "shellingham"},
    "trace": {"numpy"},
    "run": {"h5py", "keras", "tensorflow", "numpy"},
}


def imports_of(source: str) -> set[str]:
    """Return the full names of everything that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def offences(room: str, source: str) -> set[str]:
    """Return the imports that the house does not allow in this room."""
    found = set()
    for name in imports_of(source):
        top, _, rest = name.partition(".")
        if top == "rnnshape":
            target = rest.partition(".")[0] or "__init__"
            if not (PACKAGE / target).is_dir() and not (PACKAGE / f"{target}.py").is_file():
                target = "__init__"
            if target not in ROOMS[room] | {room}:
                found.add(name)
        elif top not in sys.stdlib_module_names and top not in THIRD_PARTY.get(room, set()):
            found.add(name)
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows_run_one_way(path):
    assert offences(room_of(path), path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("query", "from rnnshape.cli import run"),
        ("show", "from rnnshape.run.layer import running"),
        ("answer", "from rnnshape.run.layer import running"),
        ("answer", "from rnnshape.run import run_program"),
        ("run", "from rnnshape.answer.layer import report_of_layer"),
        ("run", "from rnnshape import answer"),
        ("report", "import numpy as np"),
        ("report", "def f():\n    from rnnshape.show.table import table"),
        ("expression", "def f():\n    import keras"),
        ("names", "from rnnshape import report"),
    ],
)
def test_an_arrow_the_other_way_is_seen(room, source):
    assert offences(room, source)


# What is shown is shown of the structure of a report: nobody reads its text.
SHOWING = [*sorted((PACKAGE / "show").rglob("*.py")), PACKAGE / "explain.py", PACKAGE / "torch_names.py"]
READING = {"re", "ast.parse", "ast.literal_eval", "rnnshape.expression.parse", "rnnshape.expression.parse_value"}
READING |= {"rnnshape.structure.reading", "rnnshape.program.code"}
CALLED = {"eval", "exec", "parse", "literal_eval"}
MEASURED = {
    "show/fold.py": "it breaks any text into lines, and looks for the words in it",
    "show/latex.py": "signs of TeX that would join are kept apart",
    "show/markdown.py": "a fence is longer than the backticks in the text, and signs of Markdown are escaped",
    "show/picture.py": "runs of spaces in a line are kept apart",
    "show/program/section.py": "the report of a program has what was assumed as code alone",
}
"""The modules that search in text, each with the reason."""


def readings(source: str) -> set[str]:
    """Return what a module imports or calls to read text, or to evaluate it."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    # The text that is read is the name of a style.
    calls = [call for call in calls if ast.unparse(call) != "Style.parse"]
    named = {
        one.id if isinstance(one, ast.Name) else one.attr for one in calls if isinstance(one, ast.Name | ast.Attribute)
    }
    imported = {name for name in imports_of(source) for way in READING if name == way or name.startswith(f"{way}.")}
    return imported | named & CALLED


@pytest.mark.parametrize("path", SHOWING, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_is_shown_is_not_read_from_text(path):
    found = readings(path.read_text(encoding="utf-8"))
    if path.relative_to(PACKAGE).as_posix() in MEASURED:
        assert {one.partition(".")[0] for one in found} == {"re"}, "it is on the list for that"
    else:
        assert found == set()


@pytest.mark.parametrize(
    "source",
    [
        "import re",
        "from re import findall",
        "from rnnshape.expression import Call, parse",
        "import ast\nast.literal_eval(report.unpack)",
        "def f(report):\n    return eval(report.layer)",
        "from rnnshape.structure import reading",
    ],
)
def test_reading_text_is_seen(source):
    assert readings(source)


def test_nothing_is_evaluated_anywhere():
    """The one exception runs the user's own program, which was asked for by `--run`."""
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & {"eval", "exec"} or path.parent.name == "watching", path


# What is special to a class of Keras's stands in the catalogue, and so do the names.
NAMING = {
    "catalogue.py": "it is the list of them",
    "fixes": "a fix is known for a layer, by its name, and writes the name of another",
    "run/code": "what names mean in a program: the libraries that it may use",
    "run/layer/cost.py": "operations of TensorFlow, of which two are called as layers are",
}
"""The rooms and modules that name Keras's classes in text, each with the reason."""


def classes_of_keras() -> set[str]:
    """Return the names of Keras's layers, read off its source: nothing is imported."""
    found = importlib.util.find_spec("keras")
    assert found is not None
    assert found.origin is not None
    source = (Path(found.origin).parent / "layers" / "__init__.py").read_text(encoding="utf-8")
    names = {name.rpartition(".")[2] for name in imports_of(source)}
    return {name for name in names if name[:1].isupper()} | {"ConvLSTMCell", "Input"}


CLASSES = classes_of_keras()


def names_of_classes(source: str) -> set[str]:
    """Return the classes of Keras's that a module names in a text of its own, which is all that the text says."""
    texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and text in CLASSES}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_classes_of_keras_are_named_in_the_catalogue_alone(path):
    inside = path.relative_to(PACKAGE).as_posix()
    if not inside.startswith(tuple(NAMING)):
        assert names_of_classes(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("source", ['if call.name == "LSTM": pass', 'GATES = {"GRUCell": 3}', 'x = ("Masking", 1)'])
def test_a_name_of_a_class_is_seen(source):
    assert names_of_classes(source)


def test_every_exception_is_one():
    """The lists of exceptions name nothing that needs none."""
    for name in NAMING:
        at = PACKAGE / name
        paths = [at] if at.is_file() else list(at.rglob("*.py"))
        assert any(names_of_classes(path.read_text(encoding="utf-8")) for path in paths), name
    for name in MEASURED:
        assert readings((PACKAGE / name).read_text(encoding="utf-8")), name


def test_every_room_is_on_the_map():
    rooms = {room_of(path) for path in PACKAGE.rglob("*.py")}
    assert rooms == set(ROOMS)


EVALUATED = {"eval", "exec", "compile"}


def evaluations(source: str) -> set[str]:
    """Return which of Python's own functions that evaluate text a module calls."""
    calls = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return {function.id for function in calls if isinstance(function, ast.Name)} & EVALUATED


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_is_evaluated_but_code_that_is_to_be_executed(path):
    is_executed = path.is_relative_to(PACKAGE / "run" / "watching")
    assert is_executed or not evaluations(path.read_text(encoding="utf-8"))


def test_an_evaluation_is_seen():
    assert evaluations("def f(text):\n    return eval(text)") == {"eval"}


def reached_from(room: str, rooms: dict[str, set[str]]) -> set[str]:
    """Return the rooms that a room imports from, and those that they do, and so on; the version aside."""
    found: set[str] = set()
    waiting = [room]
    while waiting:
        more = rooms[waiting.pop()] - found - {"__init__"}
        found |= more
        waiting += more
    return found


def test_no_circle():
    assert not {room for room in ROOMS if room in reached_from(room, ROOMS)}


def test_a_circle_is_seen():
    assert "trace" in reached_from("trace", {**ROOMS, "report": {"answer"}})
