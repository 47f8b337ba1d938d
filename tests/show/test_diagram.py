"""The diagram: every tensor is in it, the lines meet, and what is equal has one letter and colour."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections import Counter

import pytest
from asked import found
from reports import EVERY
from screens import Stream, cell_len

from rnnshape.errors import RnnshapeError
from rnnshape.expression import parse
from rnnshape.report import Report
from rnnshape.show.console import as_text, stdout_console
from rnnshape.show.diagram import diagram
from rnnshape.show.diagram.canvas import Canvas, Overlap
from rnnshape.show.marks import marks

REPORTS = found()
NAMES = list(REPORTS)
WIDTHS = (60, 80, 120)
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
every = pytest.mark.parametrize("name", NAMES)
DOWN = "│┌┐┬╭╮┆"
UP = "│└┘┴╰╯┆├┤"


def drawn(reports, *, width=None, encoding="utf-8", environ=None):
    stream = Stream(terminal=width is not None, encoding=encoding)
    columns = {} if width is None else {"COLUMNS": str(width)}
    stdout_console(stream, environ={**columns, **(environ or {"NO_COLOR": "1"})}).print(diagram(reports))
    return stream.text()


def picture(text):
    """Return the lines of the picture itself: without the heading and without the legend."""
    return text.split("\n\n")[1].splitlines()


@every
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_and_has_every_tensor_where_its_letter_is(name, width):
    report = REPORTS[name]
    text = drawn(report, width=width)
    assert all(cell_len(line) <= width and line == line.rstrip() for line in text.splitlines())
    whole = {mark.letter: set(mark.statement) for mark in marks([report])[0].all}
    for tensor in report.tensors:
        assert re.search(rf"\b{tensor.name}\b", text)
        for letter, statement in whole.items():
            if tensor.name in statement:
                assert re.search(rf"\b{letter}  ?{tensor.name}\b", text)


@every
@pytest.mark.parametrize("width", WIDTHS)
def test_the_letters_of_slices_are_at_their_steps(name, width):
    report = REPORTS[name]
    text = "\n".join(picture(drawn(report, width=width)))
    for mark in marks([report])[0].all:
        for code in mark.statement:
            slice_ = re.fullmatch(r"\w+(\[:, (?:-1|0), [^\]]*\])", code)
            if slice_:
                parts = slice_[1][1:-1].split(", ")
                if len(parts) > 3:
                    parts[2:] = ["...", *parts[-1:]] if parts[-1] != ":" else ["..."]
                index = f"[{', '.join(parts)}]"
                assert f"{mark.letter} {index}" in text
    letters = re.findall(r"\b([A-Z]) \[", text)
    assert len(letters) <= sum("[" in code for mark in marks([report])[0].all for code in mark.statement) + 1


@every
@pytest.mark.parametrize("width", WIDTHS)
def test_the_lines_meet(name, width):
    lines = [f"{line:<{width}}" for line in picture(drawn(REPORTS[name], width=width))]
    for above, below in itertools.pairwise(lines):
        for one, other in zip(above, below, strict=True):
            # A side of a box may have an arrow's end on it: ├, ┤. What goes on below must come from above.
            assert (one in f"{DOWN}├┤") == (other in UP) or one + other in ("┬▼", "▲┴", "▲┬")
            assert (other == "┴") <= (one == "▲")
            assert (one == "┬") <= (other == "▼")


@every
@pytest.mark.parametrize("width", WIDTHS)
def test_what_goes_in_and_out_at_a_step_is_in_one_column(name, width):
    lines = picture(drawn(REPORTS[name], width=width))
    heads = [{found.start() for found in re.finditer("[▲▼]", line)} for line in lines]
    steps = next((line for line in lines if re.search(r"\bt=", line)), None)
    if steps is None:
        return
    columns = {(found.start() + found.end()) // 2 for found in re.finditer(r"t=-?\d+", steps)}
    for line in filter(None, heads):
        assert line <= {column + by for column in columns for by in (-1, 0)}


def test_a_backward_state_leaves_at_step_0():
    lines = picture(drawn(REPORTS["bi"], width=80))
    steps = next(at for at, line in enumerate(lines) if "t=0" in line)
    first = lines[steps].index("t=0") + 1
    backward = lines[steps + 3]
    assert backward.startswith("╭")
    assert backward.index("┤") < first < backward.index("◄")
    label = next(line for line in lines if "B [:, 0, 4:]" in line)
    assert label.index("[") <= first <= label.index("]")
    forward = lines[steps - 4]
    last = lines[steps].index("t=9") + 1
    assert forward.rindex("├") > last > forward.rindex("►", 0, last)
    assert "A forward_final_memory_state" in forward


def test_going_backwards_the_last_output_is_above_step_0():
    lines = picture(drawn(REPORTS["lstm-backwards"], width=80))
    steps = next(line for line in lines if "t=0" in line)
    outputs = next(line for line in lines if "[:, 0, :]" in line)
    assert abs(outputs.index("[:, -1, :]") + 5 - steps.index("t=0") - 1) <= 1
    assert abs(outputs.index("[:, 0, :]") + 4 - steps.index("t=9") - 1) <= 1


def test_long_times_are_folded_and_short_ones_are_not():
    assert "···" in drawn(REPORTS["lstm"], width=80)
    assert re.findall(r"t=\d", drawn(REPORTS["four-steps"], width=80)) == ["t=0", "t=1", "t=2", "t=3"]
    assert "···" not in drawn(REPORTS["four-steps"], width=80)
    assert "t=-1" in drawn(REPORTS["unknown"], width=80)


def test_masked_steps_are_dotted_and_read_nothing():
    lines = picture(drawn(REPORTS["mask-right"], width=80))
    steps = next(at for at, line in enumerate(lines) if "t=9" in line)
    masked = lines[steps].index("t=9") + 1
    assert lines[steps - 1][masked : masked + 1] != "▲"
    assert lines[steps - 2][masked] == "┄"
    assert lines[steps - 3][masked] == "─"
    assert "dotted: masked" in drawn(REPORTS["mask-right"], width=80)
    assert "row 2 of the batch" in drawn(REPORTS["mask-lengths"], width=80)


def test_a_merged_output_says_what_it_is_made_of():
    text = drawn(REPORTS["bi-sum"], width=80)
    assert "whole_sequence_output[:, t, :] = f[t] + b[t]" in text
    assert "A output = (f[-1] + b[0]) / 2" in drawn(REPORTS["bi-ave"], width=80)


@every
@pytest.mark.parametrize("width", [*WIDTHS, None])
def test_ascii_is_the_same_picture(name, width):
    text = drawn(REPORTS[name], width=width, encoding="ascii")
    assert text.isascii()
    unicode = drawn(REPORTS[name], width=width)
    assert len(picture(text)) == len(picture(unicode))
    for one, other in zip(picture(text), picture(unicode), strict=True):
        assert len(one) == len(other)
        assert re.findall(r"\w\w+", one) == re.findall(r"\w\w+", other)


@every
def test_colour_changes_no_character_and_is_everyones_own(name):
    coloured = drawn(REPORTS[name], width=80, environ={"TERM": "xterm"})
    assert ESCAPE.sub("", coloured) == drawn(REPORTS[name], width=80)
    codes = {
        int(code) for found in ESCAPE.findall(coloured) for code in re.findall(r"\d+", found.removeprefix("\x1b["))
    }
    assert codes <= {0, 1, 7}


def test_several_reports_and_an_error_among_them():
    text = drawn(EVERY["several"], width=80)
    assert text.count("inputs (32, 10, 8)") == 2
    assert "! Exception encountered" in text
    assert "The layer before needs return_sequences=True." in text


def test_combinations_share_their_letters():
    text = drawn(EVERY["all_flags"], width=80)
    assert text.count("A output") == 2
    assert text.count("A [:, -1, :]") == 2


@pytest.mark.parametrize("name", ["conv-1d", "conv-2d", "bi-conv"])
@pytest.mark.parametrize("width", [40, *WIDTHS])
def test_a_convolution_s_picture_keeps_every_shape_and_names_its_axes(name, width):
    report = REPORTS[name]
    text = re.sub(r"\s", "", drawn(report, width=width))
    for tensor in report.tensors:
        assert re.sub(r"\s", "", f"{tensor.name} {tensor.shape}") in text
    if "t=0" in text:
        assert re.sub(r"\s", "", f"{report.tensors[0].shape} = ({', '.join(report.tensors[0].axes)})") in text


@pytest.mark.parametrize("name", [name for name in EVERY if name != "markup"])
@pytest.mark.parametrize("width", [20, 30, 45, 60, 80, 200, None])
def test_any_report_at_any_width_shows_every_tensor(name, width):
    # Names are broken only where they are wider than the screen.
    text = re.sub(r"\s", "", drawn(EVERY[name], width=width))
    for report in EVERY[name]:
        if isinstance(report, Report):
            assert all(tensor.name in text for tensor in report.tensors)
            shapes = Counter(re.sub(r"\s", "", str(tensor.shape)) for tensor in report.tensors)
            assert all(text.count(shape) >= count for shape, count in shapes.items())
        else:
            assert isinstance(report, RnnshapeError)


def test_a_tensor_that_has_no_place_is_named_below():
    report = REPORTS["lstm"]
    more = dataclasses.replace(report.tensors[0], name="every_carry_state")
    text = drawn(dataclasses.replace(report, tensors=(*report.tensors, more)), width=80)
    assert "also: every_carry_state (32, 10, 4)" in text


def test_a_pipe_gets_the_widest_picture():
    text = as_text(diagram(REPORTS["bi"]))
    assert "B backward_final_memory_state (32, 4) ◄─h─┤" in text
    assert "\x1b" not in text


def test_the_checks_notice_a_wrong_picture(monkeypatch):
    """The test of the tests."""
    right = drawn(REPORTS["bi"], width=80)
    monkeypatch.setitem(globals(), "drawn", lambda *_, **__: right.replace("│╭──c", "│ ──c"))
    with pytest.raises(AssertionError):
        test_the_lines_meet("bi", 80)
    monkeypatch.setitem(globals(), "drawn", lambda *_, **__: right.replace("B [:, 0, 4:]", "A [:, 0, 4:]"))
    with pytest.raises(AssertionError):
        test_the_letters_of_slices_are_at_their_steps("bi", 80)
    monkeypatch.setitem(globals(), "drawn", lambda *_, **__: right.replace("          ▼ ", "        ▼   "))
    with pytest.raises(AssertionError):
        test_what_goes_in_and_out_at_a_step_is_in_one_column("bi", 80)


@pytest.mark.parametrize("width", [60, 80])
def test_it_looks_as_it_did(golden, width):
    golden(f"diagram-{width}.txt", "\n\n".join(drawn(report, width=width) for report in REPORTS.values()))


def test_ascii_looks_as_it_did(golden):
    names = ("lstm", "bi", "stack", "mask-right", "dense")
    golden("diagram-ascii.txt", "\n".join(drawn(REPORTS[name], width=80, encoding="ascii") for name in names))


def test_colour_looks_as_it_did(golden):
    names = ("lstm", "bi", "bi-ave", "mask-right")
    text = "\n".join(drawn(REPORTS[name], width=80, environ={"TERM": "xterm"}) for name in names)
    golden("diagram-colour.txt", text.replace("\x1b", "^["))


@pytest.mark.parametrize(
    "layer",
    ["Bidirectional(3)", "RNN(3)", "RNN([3])", "Sequential([GRU(4), GRU(3)])", "Sequential([Input((3, 4)), Dense(2)])"],
)
def test_a_layer_that_no_picture_is_known_of_is_a_box(layer):
    report = dataclasses.replace(found()["gru-state"], layer=parse(layer))
    text = as_text(diagram(report))
    assert all(tensor.name in text for tensor in report.tensors)


def test_an_error_that_says_little():
    text = as_text(diagram([RnnshapeError("no more than this"), found()["gru"]]))
    assert text.startswith("! no more than this\n")


def test_a_sheet():
    canvas = Canvas()
    assert canvas.lines(ascii_only=False) == []
    canvas.put(0, 0, "層x")
    assert [line.plain for line in canvas.lines(ascii_only=False)] == ["層x"]
    with pytest.raises(Overlap):
        canvas.put(1, 0, "y")


@pytest.mark.parametrize(
    ("starts_from", "sign", "said"),
    [
        (None, "0", None),
        ("ones", "1", None),
        ("a weight", "w", "w: a weight, which the layer starts from"),
        ("random numbers", "r", "r: random numbers, which the layer starts from"),
        ("values of its own", "v", "v: values of its own, which the layer starts from"),
    ],
)
def test_what_a_layer_starts_from_is_in_the_picture(starts_from, sign, said):
    report = REPORTS["users-file"]
    own = dataclasses.replace(report.states, starts_from=starts_from)
    text = drawn(dataclasses.replace(report, states=own))
    assert re.search(rf"^\s*{sign} ─", text, re.MULTILINE)
    assert (said in text) if said else "starts from" not in text
    given = dataclasses.replace(report, states=own, initial_state="zeros")
    assert re.search(r"^\s*0 ─", drawn(given), re.MULTILINE)
