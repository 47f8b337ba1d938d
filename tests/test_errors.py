"""Errors: clean words, documents, statuses, and the nearest right spelling."""

from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnshape.errors import InvalidQuery, KerasRefused, NoTensorflow, RnnshapeError, nearest, printable

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        pytest.param("plain ×…é\n\tb", "plain ×…é\n\tb", id="nothing to drop"),
        pytest.param("\x1b[1mbold\x1b[0m", "bold", id="colours"),
        pytest.param("\x1b[38;5;196mred\x1b[m", "red", id="256 colours"),
        pytest.param("\x1b[?25l\x1b[2Ka\x1b[1;1Hb", "ab", id="cursor"),
        pytest.param("\x9b31mred\x9b0m", "red", id="8-bit CSI"),
        pytest.param("\x1b]0;title\x07a", "a", id="title, ended by BEL"),
        pytest.param("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link", id="link, ended by ST"),
        pytest.param("\x9d0;title\x9ca", "a", id="8-bit OSC and ST"),
        pytest.param("\x1bPq#0\x1b\\a\x1b_x\x1b\\b\x1b^y\x1b\\c", "abc", id="DCS, APC, PM"),
        pytest.param("\x1b]0;never ended\nnext line", "\nnext line", id="title without an end"),
        pytest.param("\x1b(Ba\x1b7b\x1b=c\x1bcd", "abcd", id="short escapes"),
        pytest.param("a\x1b", "a", id="ESC alone"),
        pytest.param("a\x1b\x1b[1m", "a", id="ESC twice"),
        pytest.param("a\r\nb\x08c\x00", "a\nbc", id="control characters"),
        pytest.param("a\u202eb\u2066c", "abc", id="turned text"),
        pytest.param("a\udc80b", "a\\udc80b", id="a byte that is no UTF-8"),
    ],
)
def test_printable(text: str, clean: str) -> None:
    assert printable(text) == clean


characters = st.characters() | st.sampled_from("\x1b\x9b\x9d\x07\x9c\\[]P0;m\n\t\u202e\ud800")


@given(st.text(characters))
def test_what_is_printed_controls_no_terminal(text: str) -> None:
    clean = printable(text)
    assert not UNPRINTABLE.search(clean)
    assert printable(clean) == clean


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf"]) | st.sampled_from("\n\t")))
def test_printable_text_is_left_alone(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("cls", "code", "status"),
    [
        (RnnshapeError, "unexpected", 1),
        (KerasRefused, "keras-refused", 1),
        (InvalidQuery, "invalid-query", 2),
        (NoTensorflow, "no-tensorflow", 3),
    ],
)
def test_errors_are_documents(cls: type[RnnshapeError], code: str, status: int) -> None:
    error = cls("\x1b[1mwrong\x1b[0m", hint="\x1b[1mright", layer="LSTM(\x074)")
    assert (error.status, error.message, str(error)) == (status, "wrong", "wrong\nright")
    assert str(cls("wrong")) == "wrong"
    assert error.to_dict() == {
        "schema_version": 1,
        "layer": "LSTM(4)",
        "error": {"code": code, "message": "wrong", "hint": "right"},
    }
    assert cls("wrong").to_dict()["layer"] is None


def test_errors_survive_a_process_boundary() -> None:
    error = InvalidQuery("wrong", hint="right", layer="LSTM(4)")
    assert pickle.loads(pickle.dumps(error)).to_dict() == error.to_dict()


KNOWN = ("simple-rnn", "gru", "lstm", "conv-lstm-2d", "SimpleRNN", "GRU", "LSTM", "ConvLSTM2D")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("lsmt", "lstm"),
        ("LSMT", "LSTM"),
        ("gruu", "gru"),
        ("GRUU", "GRU"),
        ("simple_rnn", "SimpleRNN"),
        ("SimpelRNN", "SimpleRNN"),
        ("convlstm2", "ConvLSTM2D"),
        ("Lstm", "lstm"),
        ("transformer", None),
        ("", None),
        ("lstm" * 10_000, None),
    ],
)
def test_nearest(word: str, expected: str | None) -> None:
    assert nearest(word, KNOWN) == expected


def test_nearest_of_nothing() -> None:
    assert nearest("lstm", ()) is None
