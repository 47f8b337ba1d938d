"""A little of what `python -m tests.fuzz` does at length, and what it has found."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from random import Random

import pytest
from fuzz import checks, lines, messages, programs, standin, texts
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnshape.cli import run
from rnnshape.errors import InvalidQuery, RnnshapeError
from rnnshape.expression import MAX_CHARACTERS, parse
from rnnshape.mask import MOST_STEPS, MaskKind, parse_mask
from rnnshape.options import read_options
from rnnshape.program import NotRead
from rnnshape.request import MOST_AT_ONCE, request


def again(seed):
    """Return the same random numbers at each run."""
    return Random(seed)  # noqa: S311


seeds = st.integers(0, 2**32).map(Random)


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """Have nothing of the user's in reach."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("RNNSHAPE_WORKER", "off")


@pytest.mark.parametrize("seed", range(100, 104))
def test_command_lines(seed):
    random = again(seed)
    with standin.stand_in(random):
        for _ in range(150):
            argv, stdin = lines.line(random), texts.text_of_expression(random)
            encoding = random.choice(["utf-8", "ascii", "latin-1"])
            _, wrong = checks.wrong_with_line(argv, stdin, encoding)
            assert not wrong, (argv, stdin, encoding)


@pytest.mark.parametrize("seed", range(12))
def test_command_lines_with_real_layers(seed):
    argv = lines.real_line(again(seed))
    _, wrong = checks.wrong_with_line(argv)
    assert not wrong, argv


def test_what_is_held_against_a_line_can_fail(monkeypatch):
    def bad(_):
        sys.stdout.write("\x1b[31m{}\n")
        sys.stderr.write("Traceback (most recent call last):\n")
        return 7

    monkeypatch.setattr("rnnshape.cli.run", bad)
    _, wrong = checks.wrong_with_line(["gru", "--json"])
    assert len(wrong) == 4


@settings(max_examples=1500)
@given(seeds)
def test_expressions(random):
    text = texts.text_of_expression(random)
    assert not checks.wrong_with_expression(text), text


KNOWN = programs.corpus()


@settings(max_examples=300, deadline=None)
@given(random=seeds)
def test_programs_are_read_or_refused_at_a_line(random):
    text = programs.program(random, KNOWN)
    _, wrong = programs.wrong_with_reading(text, random)
    assert not wrong, text


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ZeroDivisionError("x"), "ZeroDivisionError"),
        (NotRead("", line=1), "no message"),
        (NotRead("a", line=9), "line 9 of 2"),
    ],
)
def test_what_is_held_against_a_program_can_fail(monkeypatch, error, said):
    def refuse(text, **more):
        raise error

    monkeypatch.setattr("rnnshape.program.read", refuse)
    monkeypatch.setattr("rnnshape.program.read_notebook", refuse)
    _, wrong = programs.wrong_with_reading("x = 1", again(1))
    assert said in wrong[0]


@settings(max_examples=300)
@given(st.text(max_size=60))
def test_any_text(text):
    assert not checks.wrong_with_expression(text)
    for read in checks.READERS:
        assert not checks.wrong_with_value(read, text)


@settings(max_examples=300)
@given(st.text("0123456789,+-:_ \t\x1c\x1d\x85\u2003٣²", max_size=20))
def test_almost_numbers(text):
    for read in checks.READERS:
        assert not checks.wrong_with_value(read, text)


@settings(max_examples=300)
@given(seeds)
def test_messages(random):
    assert not checks.wrong_with_message(random)
    assert not checks.wrong_with_status(random)


@settings(max_examples=300)
@given(seeds)
def test_documents(random):
    found = messages.document(random)
    assert not checks.wrong_with_document(found), found


# --- what was found


@pytest.mark.parametrize("size", ["+-5", "--5", "-+5", "+", "1_0", "٣", "²", "9" * 5000])
def test_almost_a_size(size):
    with pytest.raises(InvalidQuery, match="units must be a whole number"):
        read_options({"units": size})


HANGS = """
from rnnshape.errors import InvalidQuery
from rnnshape.options import read_options
from rnnshape.program import NotRead

for start in ("1", "(", "(1,", "["):
    try:
        read_options({"input": [f"{start}{' ' * 4_000_000}!"]})
    except InvalidQuery:
        print("refused")
"""


def test_a_shape_of_many_spaces_is_no_hang():
    """A pattern that can split them in more than one way takes hours."""
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "refused\n" * 4


def test_signs_of_a_size():
    assert read_options({"units": "+5"}).units == (5,)


@pytest.mark.parametrize("space", ["\x1c", "\x1d", "\x85", "\u2003"])
def test_an_odd_space_in_a_mask(space):
    assert parse_mask(f"1,0{space},1").numbers == (1, 0, 1)


def test_a_mask_of_a_thousand_million_steps_is_not_run():
    assert parse_mask(f"right:{MOST_STEPS}").kind is MaskKind.RIGHT
    with pytest.raises(InvalidQuery, match=f"at most {MOST_STEPS} steps"):
        parse_mask("right:999999999")


def test_a_prefix_in_front_of_a_prefix_is_read_as_it_is_printed():
    assert str(parse("keras.layers.layers.GRU(3)")) == str(parse(str(parse("keras.layers.layers.GRU(3)"))))


def test_a_long_text_is_refused_before_anything_looks_at_it():
    start = time.monotonic()
    with pytest.raises(InvalidQuery, match=f"at most {MAX_CHARACTERS} characters"):
        parse(">>>" + "\n" * 120_000 + "LSTM(4)")
    assert time.monotonic() - start < 5


def test_a_message_is_of_bounded_length():
    error = RnnshapeError("begin" + "x" * 100_000 + "end", hint="y" * 100_000)
    assert len(error.message) < 2100
    assert error.message.startswith("begin")
    assert error.message.endswith("end")
    assert error.hint is not None
    assert len(error.hint) < 2100


def test_queries_are_counted_before_any_is_made():
    sizes = ",".join(map(str, range(1, 301)))
    options = read_options(dict.fromkeys(["units", "kernel_size", "strides", "dilation_rate"], sizes))
    with pytest.raises(InvalidQuery, match=f"That is {300**4} queries"):
        request(["conv-lstm-2d"], options, most=1_000_000)
    with pytest.raises(InvalidQuery, match=f"{MOST_AT_ONCE} of each at once"):
        request(["conv-lstm-2d"], options)


@pytest.mark.parametrize(
    ("words", "raw"),
    [
        (["gru"], {}),
        (["gru", "LSTM(3)"], {}),
        (["gru"], {"units": "1,2,3", "all_flags": True, "batch": "1,2"}),
        (["gru", "conv-lstm-1d"], {"bidirectional": True, "merge_mode": "sum,none", "input": ["1,2,3", "1,2,3,4"]}),
        (
            ["conv-lstm-2d"],
            {"kernel_size": "1,2", "strides": "1,2,3", "padding": "same,valid", "space": ["4,4", "5,5"]},
        ),
        (["conv-lstm-2d"], {"kernel_size": "1,2", "set": ["kernel_size=3", "filters=2"], "features": "1,2"}),
    ],
)
def test_the_count_is_the_number_of_queries(words, raw):
    options = read_options(raw)
    total = len([query for family in request(words, options) for query in family])
    assert request(words, options, most=total).total == total
    with pytest.raises(InvalidQuery, match=f"That is {total} queries"):
        request(words, options, most=total - 1)


class Endless(io.TextIOBase):
    """A stream that never ends, of whatever is read from it."""

    def __init__(self, line):
        self.line = line

    def readline(self, size=-1):
        return self.line[: size if size >= 0 else None]


@pytest.mark.parametrize(
    ("line", "said"), [("\0" * 20_000, "is longer than"), ("# x\n", "has more than")], ids=["line", "lines"]
)
def test_standard_input_without_an_end(monkeypatch, capsys, line, said):
    monkeypatch.setattr("rnnshape.cli.words.MOST_LINES", 1000)
    monkeypatch.setattr("rnnshape.cli.words.LONGEST", 100_000)
    monkeypatch.setattr("sys.stdin", Endless(line))
    assert run(["-"]) == 2
    assert said in capsys.readouterr().err


def answers(monkeypatch, error):
    def answers_to(*_, **__):
        raise error

    monkeypatch.setattr("rnnshape.cli.answering.answers_to", answers_to)


class Stop(BaseException):
    """What a user's cell may raise."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Stop("\x1b[31mno"), "(raise error): no"),
        (GeneratorExit(), "GeneratorExit"),
        (MemoryError(), "not enough memory"),
        (FileNotFoundError(2, "No such file or directory", "x"), "No such file or directory: 'x'"),
        (OSError(24, "Too many open files"), "The system refuses: Too many open files"),
        (BlockingIOError(11, "Resource temporarily unavailable"), "The system refuses"),
        (OSError(28, "No space left on device"), "cannot be written: No space left"),
    ],
    ids=repr,
)
def test_whatever_is_raised(monkeypatch, capsys, error, said):
    answers(monkeypatch, error)
    assert run(["gru"]) == 1
    err = capsys.readouterr().err
    assert said in err
    assert "\x1b" not in err


def test_a_traceback_has_no_escapes(monkeypatch, capsys):
    answers(monkeypatch, ValueError("\x1b[31mred\x07"))
    assert run(["gru", "--debug"]) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert not checks.CONTROL.search(err)


class Broken(io.StringIO):
    """A stream that cannot be written to."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, _):
        raise self.error


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), BrokenPipeError(32, "Broken pipe")], ids=repr
)
@pytest.mark.parametrize("streams", [["stderr"], ["stdout"], ["stdout", "stderr"]], ids="+".join)
def test_the_status_of_an_error_that_nobody_can_be_told(monkeypatch, error, streams):
    for name in streams:
        monkeypatch.setattr(f"sys.{name}", Broken(error))
    monkeypatch.setattr("rnnshape.cli._silence_stdout", lambda: None)
    assert run(["--no-such-option", "--json"]) == 2


@pytest.mark.parametrize("argv", [["--version"], ["--help"], ["--worker", "status"], ["--no-such"]], ids=" ".join)
def test_no_streams_at_all(monkeypatch, argv):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}", None)
    assert run(argv) == (2 if argv == ["--no-such"] else 1)


def test_code_on_a_stream_of_ascii(monkeypatch):
    with standin.stand_in(again(0)):
        status, out, _ = checks.told_by(["LSTM(4, name='ü')", "LSTM(5, name='漢')", "--code"], "", "ascii")
    assert status in (0, 1)
    assert "\\xfc" in out
    assert "\\u6f22" in out


def test_help_on_a_stream_of_ascii():
    status, out, _ = checks.told_by(["--help"], "", "ascii")
    assert status == 0
    assert "--units N,..." in out


def test_an_error_among_scripts_stays_a_comment(monkeypatch):
    def answers_to(*_, **__):
        yield RnnshapeError("one\nimport os")
        yield RnnshapeError("two")

    monkeypatch.setattr("rnnshape.cli.answering.answers_to", answers_to)
    _, out, _ = checks.told_by(["gru", "lstm", "--code"], "", "utf-8")
    assert out == "# one import os\n\n# two\n"


@pytest.mark.parametrize("columns", ["", "0", "rubbish", "²", "-1", "9" * 30, "9" * 5000])
def test_columns_that_are_none(columns):
    from rnnshape.show.console import stdout_console

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    assert stdout_console(Terminal(), environ={"COLUMNS": columns}).width == 80


def test_a_shell_that_says_nothing_of_its_line(monkeypatch, capsys):
    monkeypatch.setenv("_RNNSHAPE_COMPLETE", "complete_powershell")
    monkeypatch.delenv("_TYPER_COMPLETE_ARGS", raising=False)
    status = run([])
    assert status in (0, 1)
    assert "bug" not in capsys.readouterr().err
