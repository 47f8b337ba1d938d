from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Callable, Sequence

import pytest
import reports
from reports import EVERY
from screens import cell_len, plain, shown

from rnnshape.errors import RnnshapeError
from rnnshape.expression import parse
from rnnshape.report import Report, Tensor
from rnnshape.show.console import as_text
from rnnshape.show.palette import MARKS
from rnnshape.show.sections import place
from rnnshape.show.shorter import LEVELS, shorter
from rnnshape.show.table import table

WIDTHS = (50, 80, 120, 200)
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
Items = Sequence[Report | RnnshapeError]

every = pytest.mark.parametrize("name", EVERY)
SINGLE = [name for name, items in EVERY.items() if len(items) == 1]
single = pytest.mark.parametrize("name", SINGLE)
widths = pytest.mark.parametrize("width", WIDTHS)


def reports_of(items: Items) -> list[Report]:
    return [item for item in items if isinstance(item, Report)]


def squeezed(text: str) -> str:
    return "".join(text.split())


def row_of(tensor: Tensor, lines: Sequence[str]) -> list[str]:
    """Return the cells of a tensor's row in a pipe: its place and marks, and what follows from its name on."""
    for line in lines:
        cells = re.split(r" {2,}", line.strip())
        if tensor.name in cells:
            at = cells.index(tensor.name)
            front = " ".join(cells[:at])
            if front.startswith(place(tensor)) and cells[at + 1] == str(tensor.shape):
                return [front.removeprefix(place(tensor)).strip(), *cells[at:]]
    raise AssertionError(f"no row shows {tensor.name} {place(tensor)} {tensor.shape}")


def marks_of(tensor: Tensor, lines: Sequence[str]) -> dict[str, str]:
    """Return the letters in front of a tensor's row, each with the sign around it (`[`, `(` or none)."""
    found = {}
    for sign, letters in re.findall(r"([\[(]?)([A-Z]+)", row_of(tensor, lines)[0]):
        found |= dict.fromkeys(letters, sign)
    return found


def facts_in(lines: Sequence[str]) -> dict[str, list[set[str]]]:
    """Return what is said to be equal in a pipe, as sets of expressions by their letter."""
    said: dict[str, list[set[str]]] = {}
    for line in lines:
        match = re.fullmatch(r" +[\[(]?([A-Z]+)[\])]? +(.+ [=≈] .+)", line)
        if match and not match[2].endswith("layer(inputs)"):
            said.setdefault(match[1], []).append(set(re.split(r" [=≈] ", match[2])))
    return said


def windows(text: str) -> list[str]:
    """Return every run of consecutive lines."""
    lines = text.splitlines()
    return ["\n".join(lines[start:end]) for start in range(len(lines)) for end in range(start + 1, len(lines) + 1)]


def holds_code(text: str, code: str) -> bool:
    """Tell whether some lines of the text, pasted, are that code."""
    wanted = ast.dump(ast.parse(code))
    for window in windows(text):
        try:
            found = ast.dump(ast.parse(window))
        except SyntaxError:
            continue
        if found == wanted:
            return True
    return False


@every
def test_looks_as_it_did(name: str, golden: Callable[[str, str], None]) -> None:
    parts = []
    for width in (50, 80, 200, None):
        title = "a pipe" if width is None else f"{width} columns"
        parts.append(f"=== {title}\n{plain(EVERY[name], width=width)}")
    golden(f"table-{name.replace('_', '-')}.txt", "\n".join(parts))


@every
@widths
def test_no_line_is_wider_than_the_screen(name: str, width: int) -> None:
    for line in plain(EVERY[name], width=width).splitlines():
        assert cell_len(line) <= width
        assert line == line.rstrip()


@every
@pytest.mark.parametrize("width", [*WIDTHS, None])
def test_every_name_shape_and_meaning_is_there_in_full(name: str, width: int | None) -> None:
    whole = plain(EVERY[name], width=width)
    text = squeezed(whole)
    for report in reports_of(EVERY[name]):
        for tensor in report.tensors:
            assert tensor.name in text
            assert squeezed(str(tensor.shape)) in text
            # What a tensor is may wrap inside its column, other columns beside it; in a pipe it is whole.
            assert any(
                re.search((".*?" if width else " ").join(map(re.escape, words.split())), whole, re.DOTALL)
                for words in (shorter(tensor.meaning.replace("\x1b[2J", ""), level) for level in range(LEVELS + 1))
            )
            assert width or squeezed(tensor.meaning.replace("\x1b[2J", "")) in text
            assert width or name not in SINGLE or squeezed(", ".join(tensor.axes)) in text
        for group in report.same_shape_different_values:
            assert squeezed(f"{', '.join(group)}: same shape, different values") in text


@every
@widths
def test_names_shapes_and_slices_are_never_broken(name: str, width: int) -> None:
    text = plain(EVERY[name], width=width)
    for report in reports_of(EVERY[name]):
        for tensor in report.tensors:
            assert re.search(rf"\b{tensor.name}\b", text)
            assert str(tensor.shape) in text
        for statement in (*report.equal, *(report.close or ()), *(report.broken or ())):
            for code in statement:
                if len(code) < width - 10 and re.fullmatch(r"\w+(\[.*\])?", code):
                    assert code in text


@every
def test_every_equality_is_said_once_and_in_full_in_a_pipe(name: str) -> None:
    for report in reports_of(EVERY[name]):
        said = facts_in(plain([report]).splitlines())
        assert all(len(sets) == 1 for sets in said.values())
        wanted = [set(statement) for statement in (*report.equal, *(report.close or ()))]
        across = [set(statement) for statement in report.equal_across or ()]
        found = [sets[0] for sets in said.values()]
        assert all(any(statement <= one for one in found) for statement in wanted)
        assert all(one in wanted + across for one in found)


@every
def test_the_marks_in_front_of_a_tensor_are_those_of_its_facts(name: str) -> None:
    for report in reports_of(EVERY[name]):
        lines = plain([report]).splitlines()
        said = facts_in(lines)
        for tensor in report.tensors:
            for letter, sign in marks_of(tensor, lines).items():
                (statement,) = said[letter]
                sliced = any(code.startswith(f"{tensor.name}[") for code in statement)
                assert sign == ("" if tensor.name in statement else "[" if sliced else "(")
        assert set(said) <= {letter for tensor in report.tensors for letter in marks_of(tensor, lines)}


LEGEND = {"[": r" +\[[A-Z]+\] +a (step|part) of it is [A-Z]+", "(": r" +\([A-Z]+\) +[A-Z]+ is made from it"}


@every
def test_a_sign_that_is_no_plain_letter_is_explained_where_it_occurs_and_only_there(name: str) -> None:
    for report in reports_of(EVERY[name]):
        lines = plain([report]).splitlines()
        signs = {sign for tensor in report.tensors for sign in marks_of(tensor, lines).values()}
        for sign, legend in LEGEND.items():
            assert sum(bool(re.fullmatch(legend, line)) for line in lines) == (sign in signs)
        assert sum("equal but for rounding" in line for line in lines) == bool(report.close)


# What has the most tensors and the longest names of all that people ask for; a terminal has 24 lines.
MOST_LINES = {"lstm_both": 15, "lstm_bidirectional": 21, "bidirectional_sequences": 21}


@pytest.mark.parametrize("name", MOST_LINES)
@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("units", [4, 64, 1024])
def test_it_fits_a_terminal(name: str, width: int, units: int) -> None:
    (report,) = reports_of(EVERY[name])
    lines = plain([with_units(report, units)], width=width).splitlines()
    assert len(lines) <= MOST_LINES[name]


def with_units(report: Report, units: int) -> Report:
    def sized(shape: Sequence[int | None]) -> tuple[int | None, ...]:
        return (*shape[:-1], units if shape[-1] == 4 else 2 * units)

    tensors = tuple(dataclasses.replace(one, shape=sized(one.shape)) for one in report.tensors)
    assert report.states is not None
    states = dataclasses.replace(report.states, accepts=[list(sized(one)) for one in report.states.accepts])
    layer = parse(str(report.layer).replace("(4", f"({units}"))
    return dataclasses.replace(report, tensors=tensors, states=states, layer=layer)


def test_nothing_is_said_only_to_say_that_there_is_nothing() -> None:
    for name in EVERY:
        text = plain(EVERY[name])
        assert "bare" not in text
        assert "nothing else" not in text


@single
def test_in_a_pipe_each_row_and_each_assignment_is_one_line(name: str) -> None:
    lines = plain(EVERY[name]).splitlines()
    for report in reports_of(EVERY[name]):
        assert str(report.unpack) in lines
        for tensor in report.tensors:
            assert row_of(tensor, lines)


@every
@widths
def test_the_assignment_can_be_pasted(name: str, width: int) -> None:
    text = plain(EVERY[name], width=width)
    for report in reports_of(EVERY[name]):
        assert holds_code(text, str(report.unpack))
        if report.into is not None and report.into.initial_state is not None:
            assert holds_code(text, f"initial_state = {report.into.initial_state}")


@single
@widths
def test_the_layer_can_be_pasted(name: str, width: int) -> None:
    text = re.sub(r" on inputs .*", "", plain(EVERY[name], width=width))
    for report in reports_of(EVERY[name]):
        if name != "markup":
            assert holds_code(text, str(report.layer))


@every
@pytest.mark.parametrize("width", [*WIDTHS, None])
def test_ascii_streams_get_ascii(name: str, width: int | None) -> None:
    text = shown(EVERY[name], width=width, encoding="ascii")
    assert text.isascii()
    lines = [ESCAPE.sub("", line) for line in text.splitlines()]
    assert all(len(line) <= (width or 10_000) for line in lines)


@every
@pytest.mark.parametrize("width", [*WIDTHS, None])
def test_without_colour_there_is_no_escape(name: str, width: int | None) -> None:
    for environ in ({"NO_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in shown(EVERY[name], width=width, environ=environ)
    assert "\x1b" not in shown(EVERY[name])


@every
@widths
def test_colour_changes_no_character(name: str, width: int) -> None:
    coloured = shown(EVERY[name], width=width, environ={"TERM": "xterm"})
    assert ESCAPE.search(coloured)
    assert ESCAPE.sub("", coloured) == plain(EVERY[name], width=width)


@every
def test_only_signs_are_coloured_and_each_brings_its_ground(name: str) -> None:
    for environ in ({"TERM": "xterm-256color"}, {"TERM": "xterm"}):
        for codes in ESCAPE.findall(shown(EVERY[name], width=80, environ=environ)):
            numbers = codes.removeprefix("\x1b[").removesuffix("m").split(";")
            # A colour of letters (38) comes with one of the ground (48); nothing is faint (2), or one of the sixteen.
            assert ("38" in numbers) == ("48" in numbers)
            assert "38" in numbers or set(numbers) <= {"0", "1", "7"}
            assert "38" not in numbers or environ["TERM"] != "xterm"


def test_one_letter_has_one_colour() -> None:
    text = shown(EVERY["bidirectional_sequences"], width=200, environ={"TERM": "xterm-256color"})
    first, second = (
        f"\x1b[1;38;5;16;48;5;{ground}m{letter}\x1b[0m" for letter, ground in zip("AB", MARKS, strict=False)
    )
    assert text.count(first) == text.count(second) + 1 == 4
    assert "\x1b[1mwhole_sequence_output\x1b[0m" in text


def test_colour_looks_as_it_did(golden: Callable[[str, str], None]) -> None:
    names = ("lstm_both", "bidirectional_sequences", "all_flags", "stacked", "several")
    golden("table-colour.txt", "\n".join(shown(EVERY[name], width=100).replace("\x1b", "^[") for name in names))


def test_ascii_looks_as_it_did(golden: Callable[[str, str], None]) -> None:
    names = ("lstm_both", "huge", "markup", "several", "bidirectional_sum")
    golden("table-ascii.txt", "\n".join(plain(EVERY[name], width=80, encoding="ascii") for name in names))


def test_what_users_type_is_never_markup_nor_control() -> None:
    for width in (*WIDTHS, None):
        text = plain(EVERY["markup"], width=width)
        assert "Layer[bold]層(" in text
        assert "[bold]h[/bold]" in text
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_a_stray_surrogate_is_written_as_its_escape() -> None:
    error = RnnshapeError("no such layer: \udce9", layer="\udce9")
    assert "\\udce9" in plain([error, error])


ON_THE_WAY = dataclasses.replace(
    reports.lstm_state,
    layer=parse("Sequential([Embedding(9, 16, mask_zero=True), LSTM(4, return_state=True)])"),
    tensors=(
        *reports.lstm_state.tensors,
        dataclasses.replace(
            reports.SEQUENCE, name="embedding", path=None, layer=parse("Embedding(9, 16, mask_zero=True)"), masked=True,
            meaning="output of Embedding at every timestep",
        ),
    ),
)  # fmt: skip


def test_what_is_on_the_way_stands_in_front() -> None:
    lines = plain([ON_THE_WAY], width=90).splitlines()
    assert lines[4] == " inside    embedding           (32, 10, 4)  output of Embedding at every timestep, masked"
    assert lines[5] == " [0]    A  output              (32, 4)      output of the last timestep"
    assert "inside: on the way; the layer does not return it" in lines
    wide = plain([ON_THE_WAY]).splitlines()
    assert sum("  Embedding(9, 16, mask_zero=True)" in line for line in wide) == 1


def test_where_one_tensor_needs_more_room_the_others_keep_their_words() -> None:
    lines = plain([ON_THE_WAY], width=80).splitlines()
    assert lines[4].endswith("output of Embedding, each step,")
    assert lines[5].strip() == "masked"
    assert lines[7].endswith("  hidden state h, last timestep")


def test_what_is_stepped_says_so() -> None:
    stepped = dataclasses.replace(reports.SEQUENCE, name="every_state", path=None)
    report = dataclasses.replace(reports.gru_state, tensors=(*reports.gru_state.tensors, stepped))
    lines = plain([report]).splitlines()
    assert any(line.startswith(" stepped    every_state  (32, 10, 4)") for line in lines)
    assert "stepped: the layer does not return it; its cell was called step by step" in lines


def test_a_report_prints_itself() -> None:
    (report,) = EVERY["lstm_both"]
    assert isinstance(report, Report)
    assert f"{report}\n" == plain([report])
    assert str(report) == as_text(table([report]))


@every
def test_even_a_silly_width_shows_something(name: str) -> None:
    for width in (1, 2, 5, 9):
        assert plain(EVERY[name], width=width)
    text = squeezed(plain(EVERY[name], width=16))
    for report in reports_of(EVERY[name]):
        for tensor in report.tensors:
            assert tensor.name in text


def test_nothing_to_show_is_shown_as_nothing() -> None:
    assert plain([]).strip() == ""


def test_the_invariants_notice_a_wrong_text() -> None:
    (report,) = EVERY["lstm_both"]
    assert isinstance(report, Report)
    text = plain([report])
    wrong = text.replace("[:, -1, :] = final_memory_state", "[:, 0, :] = final_memory_state")
    assert facts_in(text.splitlines())["A"] == [set(report.equal[0])]
    assert facts_in(wrong.splitlines())["A"] != [set(report.equal[0])]
    with pytest.raises(AssertionError):
        row_of(report.tensors[0], text.replace("(32, 10, 4)", "(32, 10, 5)").splitlines())
    assert not holds_code(text.replace("final_carry_state = layer", "final_state = layer"), str(report.unpack))


def test_the_fewest_words_fit_beside_the_states_of_a_bidirectional_lstm_at_80_columns() -> None:
    room = 80 - len(" stepped [C](A)  backward_every_memory_state  (32, 10, 4)  ")
    for meaning in (
        "forward and backward side by side at every timestep",
        "forward carry state c after the last timestep",
        "backward hidden state h after the first timestep, run last",
        "backward hidden state h after every timestep, by stepping the cell",
    ):
        assert len(shorter(meaning, LEVELS)) <= room, shorter(meaning, LEVELS)
