from __future__ import annotations

import os
import pty
from collections.abc import Iterator

import pytest
from screens import Stream, styled

from rnnshape.show.console import Look, as_text, safe, stderr_console, stdout_console, wants_colour

LONG = "word " * 99 + "word"


def written(environ: dict[str, str], *, terminal: bool, text: object = None) -> str:
    stream = Stream(terminal=terminal)
    stdout_console(stream, environ=environ).print(styled("bold", "bold red") if text is None else text)
    return stream.text()


@pytest.mark.parametrize(
    ("environ", "terminal", "colour"),
    [
        ({}, True, True),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, True, True),
        ({}, False, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": ""}, False, False),
        ({"FORCE_COLOR": "0"}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"NO_COLOR": "0", "FORCE_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, False, False),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR_FORCE": "0"}, False, False),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_who_gets_colour(environ: dict[str, str], terminal: bool, colour: bool) -> None:
    assert wants_colour(environ, terminal=terminal) is colour
    assert ("\x1b" in written(environ, terminal=terminal)) is colour


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {"TERM": "dumb"}])
def test_what_was_said_of_colour_has_the_last_word(environ: dict[str, str], terminal: bool) -> None:
    for colour in (True, False):
        stream = Stream(terminal=terminal)
        stdout_console(stream, environ=environ, look=Look(colour)).print(styled("bold", "bold red"))
        assert ("\x1b" in stream.text()) is colour


def test_a_pipe_never_wraps_whatever_columns_says() -> None:
    for environ in ({}, {"COLUMNS": "40"}, {"FORCE_COLOR": "1", "COLUMNS": "40", "NO_COLOR": "1"}):
        assert written(environ, terminal=False, text=LONG).rstrip("\n") == LONG


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Have a terminal of 61 columns around this process, and return its number."""
    main, side = terminal_of(61, 33)
    monkeypatch.setattr("rnnshape.show.console._OTHER_STREAMS", (-1, side))
    yield side
    os.close(main)
    os.close(side)


# the environment, what was said; the width of what goes through a pipe, None: as long as it is
PAGED = [
    ({}, Look(), None),
    ({"FORCE_COLOR": "1"}, Look(), 61),
    ({"CLICOLOR_FORCE": "1"}, Look(), 61),
    ({"FORCE_COLOR": "1", "COLUMNS": "50"}, Look(), 50),
    ({"COLUMNS": "50"}, Look(colour=True), 50),
    ({"FORCE_COLOR": "1", "COLUMNS": "50"}, Look(colour=False), None),
    ({"FORCE_COLOR": "1", "COLUMNS": "50"}, Look(width=70), 70),
    ({}, Look(width=70), 70),
]


@pytest.mark.parametrize(("environ", "look", "width"), PAGED)
def test_rows_fit_behind_a_pager(environ: dict[str, str], look: Look, width: int | None, around: int) -> None:
    stream = Stream(terminal=False)
    stdout_console(stream, environ=environ, look=look).print(LONG)
    longest = max(map(len, stream.text().splitlines()))
    assert longest == len(LONG) if width is None else width - len("word ") < longest <= width


def test_without_a_terminal_around_there_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnshape.show.console._OTHER_STREAMS", (-1,))
    assert written({"FORCE_COLOR": "1"}, terminal=False, text=LONG).rstrip("\n") == LONG


def test_columns_has_the_last_word_on_a_terminal() -> None:
    assert max(map(len, written({"COLUMNS": "40"}, terminal=True, text=LONG).splitlines())) <= 40
    for nonsense in ("0", "", "wide", "-3", "²"):
        assert stdout_console(Stream(terminal=True), environ={"COLUMNS": nonsense}).width == 80


def terminal_of(columns: int, lines: int) -> tuple[int, int]:
    """Return the two ends of a new terminal of this size."""
    import fcntl
    import struct
    import termios

    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    return main, side


def test_the_size_is_that_of_the_stream() -> None:
    main, side = terminal_of(61, 33)
    try:
        with os.fdopen(side, "w") as stream:
            console = stderr_console(stream, environ={"TERM": "dumb"})
            assert (console.width, console.height) == (61, 33)
    finally:
        os.close(main)


def test_the_process_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "20")
    assert written({}, terminal=False, text=styled(LONG, "bold")).rstrip("\n") == LONG


def test_markup_and_emoji_are_text() -> None:
    assert written({}, terminal=True, text="[bold]x[/bold] :smile: 12") == "[bold]x[/bold] :smile: 12\n"


def test_a_stream_that_cannot_encode_gets_another_spelling() -> None:
    stream = Stream(terminal=False, encoding="ascii")
    stdout_console(stream, environ={}).print("a → b … 層 é")
    assert stream.text() == "a -> b ... \\u5c64 \\xe9\n"
    stream = Stream(terminal=False, encoding="latin-1")
    stdout_console(stream, environ={}).print("a → b × 層 é")
    assert stream.text() == "a -> b x \\u5c64 é\n"
    stream = Stream(terminal=False)
    stdout_console(stream, environ={}).print("é \udce9")
    assert stream.text() == "é \\udce9\n"


def test_safe_keeps_what_can_be_shown() -> None:
    assert safe("layer(4)", "ascii") == "layer(4)"
    assert safe("層 ≠", "utf-8") == "層 ≠"
    assert safe("層 ≠", "ascii") == "\\u5c64 !="
    assert safe("a\nb\tc\x1b[31md\x07\x9be", "utf-8") == "a b cd"
    assert safe("a\u202eb\udcff", "utf-8") == "ab\\udcff"


def test_a_broken_pipe_is_left_to_the_program() -> None:
    class Broken(Stream):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        stdout_console(Broken(terminal=False), environ={}).print("x")


def test_as_text_is_what_a_pipe_gets() -> None:
    assert as_text(styled(LONG, "bold")) == LONG
