from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence

import pytest
from reports import EVERY
from screens import cell_len, plain, shown

from rnnshape.errors import RnnshapeError
from rnnshape.report import Report, Tensor
from rnnshape.show.console import as_text
from rnnshape.show.table import table

WIDTHS = (50, 80, 120, 200)
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
Items = Sequence[Report | RnnshapeError]

every = pytest.mark.parametrize("name", EVERY)
widths = pytest.mark.parametrize("width", WIDTHS)


def reports_of(items: Items) -> list[Report]:
    return [item for item in items if isinstance(item, Report)]


def squeezed(text: str) -> str:
    return "".join(text.split())


def row_of(tensor: Tensor, lines: Sequence[str]) -> list[str]:
    """Return the cells of a tensor's row in a pipe, from its name on."""
    at = "".join(f"[{step}]" for step in tensor.path) or "bare"
    for line in lines:
        cells = re.split(r" {2,}", line.strip())
        for start in (0, 1):
            if cells[start : start + 3] == [tensor.name, at, str(tensor.shape)]:
                return cells[start:]
    raise AssertionError(f"no row shows {tensor.name} {at} {tensor.shape}")


def marks_of(tensor: Tensor, lines: Sequence[str]) -> dict[str, str]:
    """Return the letters in front of a tensor's row, each with the sign around it (`[`, `(` or none)."""
    at = "".join(f"[{step}]" for step in tensor.path) or "bare"
    for line in lines:
        match = re.match(rf"(.*?)\b{tensor.name} +{re.escape(at)} ", line)
        if match:
            found = {}
            for sign, letters in re.findall(r"([\[(]?)([A-Z]+)", match[1]):
                found |= dict.fromkeys(letters, sign)
            return found
    raise AssertionError(f"no row shows {tensor.name}")


def statements_in(name: str, cell: str) -> list[set[str]]:
    """Return what a cell of the last column says to be equal, as sets of expressions."""
    said = []
    for part in cell.split("; "):
        terms = re.split(r" [=≈] ", part.removeprefix("≈ "))
        slices = {f"{name}{term}" for term in terms if term.startswith("[")}
        said.append(slices | {term for term in terms if not term.startswith("[")} | (set() if slices else {name}))
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
def test_every_name_shape_axis_and_meaning_is_there_in_full(name: str, width: int | None) -> None:
    whole = plain(EVERY[name], width=width)
    text = squeezed(whole)
    for report in reports_of(EVERY[name]):
        for tensor in report.tensors:
            assert tensor.name in text
            assert squeezed(str(tensor.shape)) in text
            assert squeezed(", ".join(tensor.axes)) in text
            # What a tensor is may wrap inside its column, other columns beside it; in a pipe it is one piece.
            words = tensor.meaning.replace("\x1b[2J", "").split()
            assert re.search((".*?" if width else " ").join(map(re.escape, words)), whole, re.DOTALL)
        for group in report.same_shape_different_values:
            assert squeezed(f"same shape, different values: {', '.join(group)}") in text


@every
@widths
def test_names_shapes_and_slices_are_never_broken(name: str, width: int) -> None:
    text = plain(EVERY[name], width=width)
    for report in reports_of(EVERY[name]):
        for tensor in report.tensors:
            assert re.search(rf"\b{tensor.name} .*", text)
            assert str(tensor.shape) in text
        for statement in (*report.equal, *(report.close or ()), *(report.broken or ())):
            for code in statement:
                if len(code) < width - 10 and re.fullmatch(r"\w+(\[.*\])?", code):
                    assert code in text


@every
def test_every_equality_is_said_in_full_in_a_pipe(name: str) -> None:
    items = EVERY[name]
    blocks = {id(report): report for report in reports_of(items)}
    for report in blocks.values():
        lines = plain([report]).splitlines()
        wanted = [set(statement) for statement in (*report.equal, *(report.close or ()))]
        across = [set(statement) for statement in report.equal_across or ()]
        said = []
        for tensor in report.tensors:
            cells = row_of(tensor, lines)
            if len(cells) > 5 and not cells[5].startswith(("nothing", "constant", "part of")):
                said += statements_in(tensor.name, cells[5])
        assert all(any(statement <= found for found in said) for statement in wanted)
        assert all(found in wanted + across for found in said)


@every
def test_one_letter_is_one_fact(name: str) -> None:
    for report in reports_of(EVERY[name]):
        lines = plain([report]).splitlines()
        meant: dict[str, set[str]] = {}
        for tensor in report.tensors:
            letters = marks_of(tensor, lines)
            cells = row_of(tensor, lines)
            whole_or_slice = [letter for letter, sign in letters.items() if sign != "("]
            if not whole_or_slice:
                continue
            said = [
                found for found in statements_in(tensor.name, cells[5]) if not any("part of" in one for one in found)
            ]
            assert len(said) == len(whole_or_slice)
            for letter, statement in zip(whole_or_slice, said, strict=True):
                assert meant.setdefault(letter, statement) == statement
                assert (letters[letter] == "[") == (tensor.name not in statement)
        distinct = {frozenset(statement) for statement in meant.values()}
        assert len(distinct) == len(meant)


@every
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


@every
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
def test_colours_can_be_read_on_dark_and_on_light(name: str) -> None:
    codes = {
        int(code)
        for found in ESCAPE.findall(shown(EVERY[name], width=80))
        for code in re.findall(r"\d+", found.removeprefix("\x1b["))
    }
    assert codes <= {0, 1, 2, 22, 31, 32, 34, 35, 36}


def test_equal_tensors_have_one_colour_and_others_have_none() -> None:
    text = shown(EVERY["bidirectional_sequences"], width=200)
    assert "\x1b[1;32mforward_final_state\x1b[0m" in text
    assert "\x1b[32m[:, -1, :4] = forward_final_state\x1b[0m" in text
    assert "\x1b[1;35mbackward_final_state\x1b[0m" in text
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


def test_all_flags_share_their_letters() -> None:
    lines = plain(EVERY["all_flags"]).splitlines()
    letters = [line.strip().split()[0] for line in lines if re.search(r"\[0\]|\[1\]|bare", line)]
    assert letters == ["A", "A", "A", "[A]", "[A]", "A"]


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
    cells = row_of(report.tensors[0], wrong.splitlines())
    assert statements_in("whole_sequence_output", cells[5]) != [set(report.equal[0])]
    with pytest.raises(AssertionError):
        row_of(report.tensors[0], text.replace("(32, 10, 4)", "(32, 10, 5)").splitlines())
    assert not holds_code(text.replace("final_carry_state = layer", "final_state = layer"), str(report.unpack))
