"""The table and the diagram of a program, from traces made by hand."""

from __future__ import annotations

import dataclasses
import json

import pytest
from programs import answered, broken, seq2seq
from rich.console import Console

from rnnshape.program_report import Assumed, ChangedLine, Fix, ProgramReport
from rnnshape.show.diagram import diagram
from rnnshape.show.table import table

TRACES = {"seq2seq": seq2seq, "broken": broken}


def shown(renderable, width: int) -> str:
    console = Console(width=width, color_system=None, force_terminal=False, markup=False, highlight=False)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


@pytest.mark.parametrize("name", TRACES)
@pytest.mark.parametrize("width", [50, 80, 140])
def test_the_table(name, width, golden):
    text = shown(table([answered(TRACES[name]())]), width)
    assert all(len(line) <= width for line in text.splitlines())
    golden(f"program-{name}-{width}.txt", text)


@pytest.mark.parametrize("name", TRACES)
def test_the_diagram(name, golden):
    text = shown(diagram([answered(TRACES[name]())]), 80)
    assert all(len(line) <= 80 for line in text.splitlines())
    golden(f"program-{name}-diagram.txt", text)


@pytest.mark.parametrize("name", TRACES)
def test_the_document_and_back(name):
    report = answered(TRACES[name]())
    assert ProgramReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_what_is_equal_among_all_tensors():
    report = answered(seq2seq())
    assert report.equal == (("encoder_outputs", "state_h"), ("decoder_outputs[:, -1, :]", "lstm_1_final_memory_state"))
    assert report.same_shape_different_values == (
        ("state_h", "state_c"),
        ("lstm_1_final_memory_state", "lstm_1_final_carry_state"),
    )


def test_a_tensor_that_is_handed_through_says_so_once():
    trace = seq2seq()
    *others, last = trace.tensors
    dropped = dataclasses.replace(
        last, name="dropout", variable=None, unchanged="outputs", meaning="output at every timestep"
    )
    report = answered(dataclasses.replace(trace, tensors=(*others, last, dropped)))
    assert all("dropout" not in code for statement in report.equal for code in statement)
    assert "outputs, handed through unchanged" in shown(table([report]), 100)


def test_a_program_that_was_not_compared_says_nothing_of_equality():
    trace = seq2seq()
    bare = tuple(dataclasses.replace(one, draws=()) for one in trace.tensors)
    report = answered(dataclasses.replace(trace, tensors=bare, draws=0))
    assert (report.equal, report.same_shape_different_values) == ((), ())


def test_status_and_summary():
    assert (answered(seq2seq()).status, answered(seq2seq()).summary) == (0, "")
    report = answered(broken())
    assert report.status == 1
    assert "line 3" in report.summary
    assert "input_shape=(None, 1)" in report.summary


FAR_APART = Fix(
    line=9,
    code="x = b",
    then=None,
    removes=(ChangedLine(1, "import a"), ChangedLine(9, "x = a"), ChangedLine(10, "y = a")),
    adds=(ChangedLine(1, "import b"), ChangedLine(2, "import c"), ChangedLine(10, "x = b"), ChangedLine(13, "z = c")),
)


def test_a_fix_shows_its_lines_in_the_order_of_the_file_with_their_numbers():
    report = answered(broken())
    error = dataclasses.replace(report.error, fix=FAR_APART)
    lines = shown(table([dataclasses.replace(report, error=error)]), 80).splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("fix,"))
    assert lines[start + 1 : start + 8] == [
        "  -  1 │ import a",
        "  +  1 │ import b",
        "  +  2 │ import c",
        "  -  9 │ x = a",
        "  - 10 │ y = a",
        "  + 10 │ x = b",
        "  + 13 │ z = c",
    ]


LONG = "model.add(LSTM(units=64, return_sequences=True, dropout=0.25, recurrent_dropout=0.25, name='a_long_name'))"


@pytest.mark.parametrize("width", [50, 80, 200])
def test_no_line_of_code_is_cut_off(width):
    report = answered(broken())
    fix = Fix(line=3, code=LONG, then=None, removes=(ChangedLine(3, LONG),), adds=(ChangedLine(3, LONG[::-1]),))
    error = dataclasses.replace(report.error, text=LONG, column=10, end_column=len(LONG) - 1, fix=fix)
    text = shown(table([dataclasses.replace(report, error=error)]), width)
    assert all(len(line) <= width for line in text.splitlines())
    pieces = [line.partition("│ ")[2] for line in text.splitlines() if "│ " in line]
    code = "".join(f"{piece:<1}" for piece in pieces if not set(piece) <= set("^ ")).replace(" ", "")
    assert code.startswith((LONG + LONG + LONG[::-1]).replace(" ", ""))
    carets = "".join(piece for piece in pieces if set(piece) <= set("^ ")).replace(" ", "")
    # A space at which the line was broken has its caret, too.
    assert len(carets) == len(LONG) - 11


def test_a_very_long_line_shows_the_place():
    report = answered(broken())
    text = "x = 1; " * 5000 + LONG
    error = dataclasses.replace(report.error, text=text, column=35_010, end_column=len(text) - 1)
    lines = shown(table([dataclasses.replace(report, error=error)]), 80).splitlines()
    assert len(lines) < 60
    assert any("LSTM(units=64" in line for line in lines)


@pytest.mark.parametrize(("kind", "who"), [("NameError", "Python"), ("ValueError", "Keras")])
def test_who_refuses(kind, who):
    report = answered(broken())
    error = dataclasses.replace(report.error, kind=kind)
    text = shown(table([dataclasses.replace(report, error=error)]), 80)
    assert f"error: {who} refuses line 3  {kind}" in text
    assert f"{who} says: " in text


ASSUMED = {
    "n": ("13", "assumed: n = 13 (set it with --let n=…)"),
    "len(chars)": ("13", "assumed: len(chars) = 13 (set it with --let chars=…)"),
    "x.shape[1]": ("13", "assumed: x.shape[1] = 13"),
    "encoder_inputs": ("Input((3, 4))", "assumed: encoder_inputs = Input((3, 4)) (set it with --let encoder_inputs=…)"),
    "sequential": ("Input((3, 4))", "assumed: the input of sequential is Input((3, 4)) (set it in the code)"),
}


@pytest.mark.parametrize("name", ASSUMED)
def test_what_is_assumed_says_how_to_give_it(name):
    code, said = ASSUMED[name]
    report = dataclasses.replace(answered(seq2seq()), assumed=(Assumed(name=name, code=code),))
    assert said in shown(table([report]), 100).splitlines()


def test_what_is_not_read_is_no_error_of_pythons():
    report = answered(broken())
    error = dataclasses.replace(report.error, code="not-read", kind="SyntaxError", message="Line 3 has an await.")
    assert "error: rnnshape does not read line 3" in shown(table([dataclasses.replace(report, error=error)]), 80)


def test_the_parameters_of_many_layers_are_cut_short():
    report = answered(seq2seq())
    steps = tuple(dataclasses.replace(report.steps[0], name=f"lstm_{at}") for at in range(500))
    text = shown(table([dataclasses.replace(report, steps=(*report.steps, *steps))]), 80)
    assert "lstm_17 335,872, 482 more" in " ".join(text.split())


@pytest.mark.parametrize(("removes", "place"), [((), "in front of line 3"), ((ChangedLine(3, "y"),), "line 3")])
def test_another_fix_says_whether_the_line_stays(removes, place):
    report = answered(broken())
    other = Fix(line=3, code="x", then=(None, 4), removes=removes, adds=(ChangedLine(3, "x"),))
    error = dataclasses.replace(report.error, other_fixes=(other,))
    text = shown(table([dataclasses.replace(report, error=error)]), 80)
    assert f"or {place}: x (tried: it runs, gives (None, 4))" in text.splitlines()


def test_the_diagram_says_first_of_all_what_was_assumed():
    first, second = shown(diagram([answered(seq2seq())]), 80).splitlines()[:2]
    assert first == "seq2seq.py (6 lines, read, not executed)"
    assert second == "assumed: latent_dim = 256 (set it with --let latent_dim=…)"
