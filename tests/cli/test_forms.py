"""In which form answers are printed and saved, by what the options say together."""

from __future__ import annotations

import json

import pytest
from test_differences import LAYER

from rnnshape import Report, cli
from rnnshape.cli.forms import Form, form_of
from rnnshape.errors import InvalidQuery
from rnnshape.options import ALL, read_options
from rnnshape.show import formats
from rnnshape.show.formats import render

REPORT = Report.from_dict(LAYER)


def form(**given):
    return form_of(read_options(given, known=ALL))


FORMS = [
    ({}, Form("table", None, None)),
    ({"quiet": True}, Form(None, None, None)),
    ({"json": True}, Form("json", None, None)),
    ({"json": True, "quiet": True}, Form("json", None, None)),
    ({"json": True, "format": "json"}, Form("json", None, None)),
    ({"code": True}, Form("code", None, None)),
    ({"format": "MD"}, Form("md", None, None)),
    ({"format": "table"}, Form("table", None, None)),
    ({"format": "html", "diagram": True}, Form("html", None, None)),
    ({"save": "-"}, Form("txt", None, None)),
    ({"save": "-", "quiet": True}, Form("txt", None, None)),
    ({"save": "-", "format": "csv"}, Form("csv", None, None)),
    ({"save": "-", "json": True}, Form("json", None, None)),
    ({"save": "a.svg"}, Form("table", "a.svg", None)),
    ({"save": "a.svg", "quiet": True}, Form(None, "a.svg", None)),
    ({"save": "a.svg", "json": True}, Form("json", "a.svg", None)),
    ({"save": "a.svg", "code": True}, Form("code", "a.svg", None)),
    ({"save": "a.out", "format": "md"}, Form("table", "a.out", "md")),
    ({"save": "a.md", "format": "md"}, Form("table", "a.md", "md")),
    ({"save": "a.svg", "format": "table"}, Form("table", "a.svg", None)),
]


@pytest.mark.parametrize(("given", "expected"), FORMS, ids=str)
def test_what_options_mean_together(given, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert form(**given) == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"json": True, "code": True}, "--json and --code"),
        ({"json": True, "format": "md"}, "--json and --format md"),
        ({"code": True, "diagram": True}, "--code and --diagram"),
        ({"format": "json", "diagram": True}, "--format json and --diagram"),
        ({"save": "-", "code": True}, "--code and --save -"),
        ({"save": "a.svg", "format": "md"}, "contradict each other"),
        ({"save": "a.svg", "format": "json"}, "contradict each other"),
        ({"save": "a.out"}, "ends in"),
        ({"format": "markdwn"}, "format must be"),
        ({"format": "htm"}, "Did you mean html"),
        ({"color": "allways"}, "Did you mean always"),
        ({"width": "19"}, "from 20 to"),
        ({"width": "0"}, "from 20 to"),
        ({"width": "wide"}, "width must be"),
    ],
    ids=str,
)
def test_what_goes_wrong_together(given, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidQuery) as caught:
        form(**given)
    assert said in str(caught.value)


@pytest.fixture
def ran(monkeypatch, capsys):
    """Have one report in the place of Keras's answer, and return what the words print."""
    monkeypatch.setattr("rnnshape.cli.answering.answers_to", lambda *_, **__: [REPORT])

    def call(*words):
        assert cli.run(["gru", *words]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return call


@pytest.mark.parametrize("name", [name for name in formats.NAMES if name != "json"])
def test_every_format_is_printed_by_its_name(name, ran):
    expected = render([REPORT], name).replace("\r", "")
    assert ran("--format", name) == ran("--save", "-", "--format", name) == expected


def test_documents_by_name_are_those_of_the_switch(ran):
    assert ran("--format", "json") == ran("--json") == ran("--save", "-", "--format=json") == json.dumps(LAYER) + "\n"


def test_a_diagram_in_a_form_is_the_diagram(ran):
    assert ran("--diagram", "--format", "txt") == ran("--diagram")
    assert "t=0" in ran("--diagram", "--format", "md")


def test_a_format_names_the_form_of_a_file(ran, tmp_path):
    out = ran("--save", str(tmp_path / "answer"), "--format", "csv")
    assert out == ran()
    assert (tmp_path / "answer").read_text(encoding="utf-8") == render([REPORT], "csv")


@pytest.mark.parametrize("words", [["--json"], ["--format", "json"], ["--format=json"]])
def test_an_error_is_a_document_where_documents_are_asked_for(words, capsys):
    assert cli.run(["lsmt", *words]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "invalid-query"


def test_what_stands_behind_two_dashes_is_no_option(capsys):
    assert cli.run(["lsmt", "--", "--json", "--format=json"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("words", "coloured"), [([], False), (["--color", "always"], True), (["--color=never"], False)]
)
def test_an_error_has_the_colour_that_is_asked_for(words, coloured, capsys):
    assert cli.run(["lsmt", *words]) == 2
    assert ("\x1b" in capsys.readouterr().err) is coloured


def test_the_table_has_the_colour_and_the_width_that_are_asked_for(ran):
    assert "\x1b" in ran("--color", "always")
    assert max(map(len, ran("--width", "40").splitlines())) <= 40 < max(map(len, ran().splitlines()))
