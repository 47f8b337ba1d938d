"""The script: it runs, prints what the report says and asserts what the report found."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from asked import ASKED, BI, BOTH, found, real
from reports import EVERY

from rnnshape import explore
from rnnshape.errors import RnnshapeError
from rnnshape.expression import parse
from rnnshape.report import Report
from rnnshape.show.code import code

HERE = Path(__file__).parent
FOUND_REPORTS = found()


@pytest.fixture(autouse=True)
def among_the_users_modules(monkeypatch):
    monkeypatch.chdir(HERE)
    monkeypatch.syspath_prepend(HERE)


def printed_by(script: str) -> list[str]:
    """Run a script in this process, and return the lines that it prints."""
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout):
        exec(compile(script, "script.py", "exec"), {"__name__": "__main__"})  # noqa: S102 - it is what is tested
    return stdout.getvalue().splitlines()


def printed_of(report: Report) -> list[str]:
    return [f"{tensor.name} {tensor.shape}" for tensor in report.tensors]


@pytest.mark.parametrize("name", ASKED)
def test_the_script_prints_what_the_report_says(name):
    report = real(name)
    printed = printed_by(code(report))
    if report.ran.reduced_to and (not report.declared.agrees or name == "huge-weights"):
        assert [line.partition(" ")[0] for line in printed] == [tensor.name for tensor in report.tensors]
    else:
        assert printed == printed_of(report)


@pytest.mark.parametrize("name", ["lstm", "bi", "mask-lengths"])
def test_a_script_whose_assertion_is_wrong_fails(name):
    """The test of the test: the assertions are run, and can fail."""
    script = code(FOUND_REPORTS[name])
    wrong = re.sub(r"\[:, -1, |last_step\b(?!\s=)(?=[\],])", lambda one: {"[": "[:, 1, "}.get(one[0][0], "0"), script)
    assert wrong != script
    with pytest.raises(AssertionError):
        printed_by(wrong)


def test_a_script_runs_by_itself():
    script = code(FOUND_REPORTS["users-file"])
    process = subprocess.run(
        [sys.executable, "-"], input=script, capture_output=True, text=True, check=True, timeout=120
    )
    assert process.stdout.splitlines() == printed_of(FOUND_REPORTS["users-file"])


EVERY_REPORT = {
    **FOUND_REPORTS,
    **{
        f"{name}-{at}": report
        for name, items in EVERY.items()
        if name not in ("markup", "stacked")
        for at, report in enumerate(items)
        if not isinstance(report, RnnshapeError)
    },
}


@pytest.mark.parametrize("name", EVERY_REPORT)
def test_the_script_is_python_that_fits_a_page(name):
    report = EVERY_REPORT[name]
    script = code(report)
    ast.parse(script)
    assert all(len(line) <= 88 for line in script.splitlines() if "'" not in line)
    assert script == "\n".join(line.rstrip() for line in script.splitlines()) + "\n"
    unpacking = [ast.unparse(node) for node in ast.walk(ast.parse(str(report.unpack))) if isinstance(node, ast.Assign)]
    assert unpacking[0] in [ast.unparse(node) for node in ast.parse(script).body]


@pytest.mark.parametrize("name", EVERY_REPORT)
def test_each_equality_is_asserted_and_nothing_else(name):
    report = EVERY_REPORT[name]
    statements = (*report.equal, *(report.close or ()))
    asserts = [node for node in ast.parse(code(report)).body if isinstance(node, ast.Assert)]
    assert len(asserts) == sum(len(statement) - 1 for statement in statements)
    if report.ran.reduced_to is None:
        spelt = [re.sub(r"np\.array\((\w+)\)", r"\1", ast.unparse(node)) for node in asserts]
        for statement in statements:
            for other in statement[1:]:
                first, second = (ast.unparse(ast.parse(one)) for one in (statement[0], other))
                wanted = f"({first}, {second}".replace("concatenate(", "np.concatenate(")
                assert any(wanted in line for line in spelt)


def test_nothing_is_imported_that_is_not_used():
    for report in FOUND_REPORTS.values():
        script = code(report)
        for module in ("np", "keras", "layers", "sys", "runpy"):
            if re.search(rf"^(import|from) .*\b{module}$", script, re.MULTILINE):
                assert f"{module}." in script


def test_what_a_users_class_is_imported_from():
    assert "import my_look_cells\n" in code(FOUND_REPORTS["users-module"])
    assert "\nMinimalCell = runpy.run_path('my-look-cells.py')[\"MinimalCell\"]" in code(FOUND_REPORTS["users-file"])
    elsewhere = dataclasses.replace(FOUND_REPORTS["users-file"], layer=parse("RNN(lib/my_cells.py:MinimalCell(5))"))
    script = code(elsewhere)
    assert "import sys\n\nimport keras" in script
    assert "sys.path.insert(0, 'lib')\nfrom my_cells import MinimalCell\n" in script


def test_weights_beyond_any_memory_are_not_made():
    script = code(FOUND_REPORTS["huge-weights"])
    assert "the weights alone take 76 GB" in script
    assert "40000" not in script


def test_an_embedding_of_the_users_gets_tokens_that_any_has():
    report = FOUND_REPORTS["classifier"]
    users = dataclasses.replace(report, layer=parse(str(report.layer).replace("Embedding(", "mine.Embedding(")))
    assert "keras.random.randint((32, 10), 1, 100," in code(report)
    assert "keras.random.randint((32, 10), 1, 2," in code(users)


@pytest.mark.parametrize(
    ("layers", "made"),
    [
        ("Input((7,), dtype='int64'), Embedding(20, 4), GRU(2)", 'randint((32, 7), 1, 20, dtype="int64")'),
        ("Input((7, 3), dtype='uint8'), GRU(2)", 'randint((32, 7, 3), 1, 10, dtype="uint8")'),
        ("Input((7, 3)), GRU(2)", "normal((32, 7, 3))"),
    ],
)
def test_the_inputs_are_those_that_the_model_says(layers, made):
    script = code(explore(f"Sequential([{layers}])"))
    assert f"inputs = keras.random.{made}" in script
    assert printed_by(script)[0] == "output (32, 2)"


STEPPED = {
    "lstm": ("lstm", BOTH),
    "gru backwards": ("gru", {"go_backwards": True, **BOTH}),
    "mask": ("gru", {"mask": "lengths:4,2,3", **BOTH}),
    "both directions": ("lstm", {**BI, **BOTH}),
    "both directions, mask": ("lstm", {"mask": "right:1", **BI, **BOTH}),
    "both directions, states": ("gru", {"initial_state": "random", **BI, **BOTH}),
    "stack": ("RNN([LSTMCell(4), GRUCell(6)], return_sequences=True, return_state=True)", {}),
    "a stack of one": ("RNN([GRUCell(4)], return_sequences=True, return_state=True)", {}),
    "convolution": ("ConvLSTM1D(2, 3, return_sequences=True)", {"mask": "left:2"}),
    "stateful, training": ("simple-rnn", {"stateful": True, "training": True, **BOTH}),
    "unknown sizes": ("lstm", {"batch": None, "time": None, **BOTH}),
    "large units": ("Bidirectional(GRU(20000, return_sequences=True))", {"batch": None}),
    "model": ("Sequential([Embedding(9, 3), Dense(2), GRU(4, return_sequences=True)])", {}),
    "a cell of one's own": ("RNN(my_look_cells.MinimalCell(5), return_sequences=True, return_state=True)", {}),
}
SMALL = {"batch": 3, "time": 4, "every_state": True}


@pytest.mark.parametrize("name", STEPPED)
def test_the_script_steps_the_cell(name):
    """It makes every tensor of the report, and asserts what is said of it."""
    layer, options = STEPPED[name]
    report = explore(layer, **{**SMALL, **options})
    script = code(report)
    stepped = [tensor for tensor in report.tensors if tensor.path is None]
    printed = printed_by(script)[-len(stepped) :]
    assert [line.partition(" ")[0] for line in printed] == [tensor.name for tensor in stepped]
    if report.ran.reduced_to is None:
        assert printed == [f"{tensor.name} {tensor.shape}" for tensor in stepped]
    asserts = [node for node in ast.parse(script).body if isinstance(node, ast.Assert)]
    statements = (*report.equal, *(report.close or ()))
    assert len(asserts) == sum(len(statement) - 1 for statement in statements) > 0
    assert all(len(line) <= 88 for line in script.splitlines())


def test_a_script_that_steps_wrongly_fails():
    report = explore("lstm", **SMALL, **BOTH)
    wrong = code(report).replace("sequences[:, time]", "sequences[:, 0]")
    with pytest.raises(AssertionError):
        printed_by(wrong)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        ("Sequential([Masking(), GRU(4, return_sequences=True)])", "the mask is handed on inside the model"),
        ("Sequential([Sequential([GRU(4, return_sequences=True)])])", "it is inside another model"),
    ],
)
def test_a_script_says_why_it_steps_nothing(layer, reason):
    script = code(explore(layer, **SMALL))
    assert reason in " ".join(line.removeprefix("# ") for line in script.splitlines())
    assert "every_state" not in script
    assert printed_by(script)[0] == "whole_sequence_output (3, 4, 4)"


FEW = {"batch": 3, "time": 4}
ON_THE_WAY = [
    ("Dropout(0.2), LSTM(4, return_sequences=True), Activation('linear'), GRU(3)", {}, ["lstm = activation"]),
    ("Sequential([Dense(3), LSTM(4, return_sequences=True)]), Dropout(0.5), GRU(4)", {}, ["lstm = dropout"]),
    (
        "Bidirectional(LSTM(3, return_sequences=True)), Dropout(0.2), GRU(4)",
        {"time": None},
        ["bidirectional = dropout"],
    ),
    (
        "Embedding(10, 5, mask_zero=True), LSTM(4, return_sequences=True), GRU(4)",
        {"mask": "lengths:4,2,1"},
        ["lstm[:, -1, :] = lstm[rows, last_step]"],
    ),
    ("LSTM(4), RepeatVector(3), GRU(4)", {}, ["lstm = repeat_vector[:, -1, :] = repeat_vector[:, 0, :]"]),
]


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
@pytest.mark.parametrize(("layers", "options", "equal"), ON_THE_WAY)
def test_the_script_asserts_what_is_equal_on_the_way(layers, options, equal):
    report = explore(f"Sequential([{layers}])", **FEW | options)
    said = [" = ".join(statement) for statement in report.equal]
    assert said == equal
    script = code(report)
    assert script.count("assert ") == sum(one.count(" = ") for one in said)
    assert printed_by(script) == printed_of(report)


@pytest.mark.parametrize(
    ("layers", "options", "reason"),
    [
        ("LSTM(3, return_sequences=True, stateful=True), GRU(4)", {}, "goes on from where it was"),
        ("Dropout(0.5), GRU(4)", {"training": True}, "random in training"),
    ],
)
def test_a_script_says_why_it_makes_nothing_on_the_way(layers, options, reason):
    report = explore(f"Sequential([{layers}])", **FEW, **options)
    script = code(report)
    assert reason in script
    assert printed_by(script) == ["output (3, 4)"]


def test_the_script_looks_as_it_did(golden):
    names = ("lstm", "bi-last", "stack", "mask-lengths", "bi-mask", "unknown-mask", "huge", "cell-stack", "sequential")
    into = ("into", "bi-into", "into-gru", "into-lstm", "into-nothing")
    golden("code.txt", "\n\n".join(f"# ---- {name}\n{code(FOUND_REPORTS[name])}" for name in (*names, *into)))
