"""Every form says the same: each tensor, what equals it and how, each error, whatever is in them."""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import re
import shutil
import subprocess

import latex
import pytest
from pages import Page
from programs import answered, broken, seq2seq
from reports import EVERY, gru_state, lstm_both

from rnnshape.api.reports import of_program
from rnnshape.errors import KerasRefused, RnnshapeError
from rnnshape.expression import parse
from rnnshape.program_report import ProgramReport
from rnnshape.report import Report
from rnnshape.show import formats, plain
from rnnshape.show.columns import Column
from rnnshape.show.console import as_text
from rnnshape.show.html import fragment
from rnnshape.show.sections import sections
from rnnshape.show.table import table

CLOSE = dataclasses.replace(gru_state, equal=(), close=gru_state.equal)
CLOSE_SLICE = dataclasses.replace(lstm_both, equal=(), close=lstm_both.equal)
BARE = dataclasses.replace(gru_state, equal=(), same_shape_different_values=())
STEPPED = dataclasses.replace(
    BARE, tensors=(BARE.tensors[0], dataclasses.replace(BARE.tensors[1], path=None, name="every_state"))
)
HALF = dataclasses.replace(BARE, tensors=tuple(dataclasses.replace(one, dtype="float16") for one in BARE.tensors))
NASTY = dataclasses.replace(
    gru_state,
    layer="=cmd|' /C calc'!A0</text><script>alert(1)</script>{fill}\x1b[31m`|`\x00\ufffe\\end{table}%$#_^&~",
    tensors=tuple(
        dataclasses.replace(
            tensor, meaning="+1 | <b>*h*</b>\n\n# a\x07 {x} \\input{/etc/passwd} \"a\" 'b' -- ,, 中 é ≠"
        )
        for tensor in gru_state.tensors
    ),
)
WAY = parse("Embedding(9, 16, mask_zero=True)")
ON_THE_WAY = dataclasses.replace(
    gru_state,
    tensors=(
        *gru_state.tensors,
        dataclasses.replace(gru_state.tensors[0], name="embedding", path=None, layer=WAY, masked=True),
    ),
)
REFUSED = KerasRefused("<b>@x</b>\x1b[2J | `y` \\def\\x{", layer="=1+1", hint="# no\x00 & $1")
ANSWERS = {
    **EVERY,
    "close": (CLOSE,),
    "stepped": (STEPPED,),
    "half": (HALF,),
    "on the way": (ON_THE_WAY,),
    "program": (answered(seq2seq()),),
    "broken": (answered(broken()),),
    "mixed": (gru_state, answered(broken()), REFUSED, lstm_both, answered(seq2seq())),
    "nasty": (NASTY, REFUSED),
}
every = pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)


def read(text, name):
    """Return what is read of a document, as plain text."""
    if name in ("html", "svg"):
        text = html.unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL))
    elif name == "md":
        text = html.unescape(re.sub(r"\\([^\w\s])", r"\1", text)).replace("**", "").replace("`", "")
    elif name == "tex":
        text = latex.text(text)
    elif name == "csv":
        text = "\n".join("\t".join(row) for row in csv.reader(io.StringIO(text)))
    return re.sub(r"\s", "", text)


def without_spaces(text):
    return re.sub(r"\s", "", text)


def in_csv(report, at=-1):
    return list(csv.DictReader(io.StringIO(formats.render([report], "csv"))))[at]


def records(*answers):
    return [line.split("\t") for line in formats.render(answers, "plain").splitlines()]


def markdown_rows(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


@pytest.mark.parametrize("name", ["md", "html", "tex", "csv", "plain", "txt"])
@pytest.mark.parametrize("of", [name for name in ANSWERS if name not in ("nasty", "markup")])
def test_every_form_has_each_tensor_fact_and_error(of, name):
    text = read(formats.render(ANSWERS[of], name), name)
    for answer, section in zip(ANSWERS[of], sections(ANSWERS[of]), strict=True):
        for row in section.rows:
            assert row.name in text
            assert without_spaces(row.meaning) in text
        if name != "csv":
            terms = [term for fact in section.facts for term in fact.terms]
            assert all(without_spaces(term) in text for term in terms)
        if isinstance(answer, RnnshapeError):
            assert without_spaces(answer.message) in text.replace("\\", "") or answer is REFUSED
        if isinstance(answer, ProgramReport) and answer.error is not None:
            assert without_spaces(answer.error.message) in text
            assert answer.error.fix is not None
            assert without_spaces(answer.error.fix.code) in text


def test_close_is_close_everywhere():
    assert (in_csv(CLOSE)["equals"], in_csv(CLOSE)["how"]) == ("≈ output", "close")
    assert in_csv(CLOSE_SLICE, 0)["equals"] == "[:, -1, :] ≈ final_memory_state"
    assert "**A** `output` ≈ `final_state`" in formats.render([CLOSE], "md")
    assert "\\texttt{output} $\\approx$ \\texttt{final\\_state}" in formats.render([CLOSE], "tex")
    assert "output ≈ final_state" in Page(formats.render([CLOSE], "html")).text
    assert ["1", "close", "A", "output ≈ final_state", *[""] * 5] in records(CLOSE)
    assert "output ≈ final_state" in as_text(table([CLOSE]))


def test_equal_is_equal_everywhere():
    assert (in_csv(gru_state)["equals"], in_csv(gru_state)["how"]) == ("output", "equal")
    for name in ("csv", "md", "html", "tex", "plain", "txt"):
        assert "≈" not in read(formats.render([gru_state], name), name)


def test_a_part_is_told_from_what_is_equal():
    of_both = EVERY["bidirectional_sum"][0]
    assert {row["how"] for row in csv.DictReader(io.StringIO(formats.render([of_both], "csv")))} == {"equal", "part"}
    assert in_csv(of_both)["equals"] == "part of output"


@pytest.mark.parametrize("known", ["undecided", "constant"])
def test_why_nothing_equals_it_is_said_everywhere(known):
    report = dataclasses.replace(BARE, **{known: ("final_state",)})
    assert (in_csv(report)["equals"], in_csv(report)["how"]) == ("", known)
    assert in_csv(report, 0)["how"] == ""
    assert ["1", known, "", "final_state", *[""] * 5] in records(report)
    said = {"undecided": "the values vary too little", "constant": "constant, so compared with nothing"}[known]
    for name in ("md", "html", "tex", "txt"):
        assert without_spaces(f"{said}: final_state") in read(formats.render([report], name), name)


def test_what_is_stepped_is_stepped_everywhere():
    assert in_csv(STEPPED)["at"] == "stepped"
    assert records(STEPPED)[2][5] == "stepped"
    assert markdown_rows(formats.render([STEPPED], "md"))[-1][0] == "stepped"
    assert Page(formats.render([STEPPED], "html")).tables[0].rows[-1][0].text == "stepped"
    assert "stepped & " in formats.render([STEPPED], "tex")


def test_what_is_on_the_way_is_told_by_its_layer():
    lines = [line[1:6] for line in records(ON_THE_WAY)[1:5]]
    assert lines == [
        ["call", "", str(WAY), "", ""],
        ["tensor", "", "embedding", "32,4", "inside"],
        ["tensor", "A", "output", "32,4", "0"],
        ["tensor", "A", "final_state", "32,4", "1"],
    ]
    (shown,) = Page(formats.render([ON_THE_WAY], "html")).tables
    assert [row[0].text for row in shown.rows] == [str(WAY), "inside", "[0]", "[1]"]
    assert shown.bodies == 2


def test_a_dtype_is_told_where_it_is_not_the_usual_one():
    for answer, is_told in ((HALF, True), (BARE, False)):
        headings = [cell.text for cell in Page(formats.render([answer], "html")).tables[0].head]
        assert (Column.DTYPE.value in headings) is is_told
        assert (Column.DTYPE.value in markdown_rows(formats.render([answer], "md"))[0]) is is_told


@every
def test_html_is_tables_that_can_be_read_aloud(answers):
    page = Page(formats.render(answers, "html"))
    has_rows = any(section.rows for section in sections(answers))
    assert any(without_spaces(one.caption) for one in page.tables) or not has_rows
    for one in page.tables:
        assert all((cell.tag, cell.attributes["scope"]) == ("th", "col") for cell in one.head)
        for row in one.rows:
            spans = [int(cell.attributes.get("colspan") or 1) for cell in row]
            assert sum(spans) == len(one.head)
            heads = [cell.attributes["scope"] for cell in row if cell.tag == "th"]
            # What is said of the row above has no header of its own.
            assert heads in (["row"], ["rowgroup"]) or (heads, len(row)) == ([], 1)


@every
def test_html_reaches_for_nothing_and_runs_nothing(answers):
    for document in (formats.render(answers, "html"), fragment(answers)):
        page = Page(document)
        assert not page.tags & {"script", "link", "img", "iframe", "object", "a", "base", "form"}
        assert not [one for one in page.attributes if one[1].startswith("on") or one[1] in ("href", "src", "srcdoc")]
        assert "url(" not in document
        assert "@import" not in document


def test_a_notebook_s_piece_styles_nothing_but_itself():
    document = fragment([gru_state])
    (style,) = re.findall(r"<style>(.*?)</style>", document, re.DOTALL)
    for rule in re.findall(r"([^{}]+)\{", re.sub(r"@container [^{]*\{", "", style)):
        assert all(selector.strip().startswith(".rnnshape") for selector in rule.split(","))
    assert Page(document).tables[0].rows[0][2].text == "output"
    assert gru_state._repr_html_() == document


@every
def test_latex_is_accepted_by_a_strict_reader(answers):
    document = formats.render(answers, "tex")
    latex.check(document)
    rows = [row for section in sections(answers) for row in section.rows]
    assert sum("\\texttt" in cell for one in latex.tables(document) for row in one[1:] for cell in row) >= len(rows)


@pytest.mark.parametrize(
    "wrong", ["a_b", "50% of", "\\unknown{}", "{", "}", "a & b", "[0]", "\\begin{table}", "é", "$", "\\end{table}"]
)
def test_the_strict_reader_is_strict(wrong):
    with pytest.raises((AssertionError, IndexError)):
        latex.check(f"\\centering\n{wrong}\n")


def test_latex_says_what_it_needs():
    assert "\\usepackage{booktabs}" in formats.render([gru_state], "tex").splitlines()[0]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no TeX")
def test_latex_compiles(tmp_path):
    from rnnshape.show.diagram import diagram

    answers = [*[one for some in ANSWERS.values() for one in some][:12], *ANSWERS["mixed"], *ANSWERS["nasty"]]
    body = formats.render(answers, "tex") + formats.render([lstm_both], "tex", shown=diagram([lstm_both]))
    document = f"\\documentclass{{article}}\\usepackage{{booktabs}}\n\\begin{{document}}\n{body}\\end{{document}}\n"
    # LaTeX holds eighteen tables back at most; a paper has text between them.
    (tmp_path / "x.tex").write_text(document.replace("\\end{table}", "\\end{table}\\clearpage"))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "x.tex"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout[-2000:]
    # The tables that are written most fit the page.
    usual = "".join(formats.render([one], "tex") for one in (lstm_both, gru_state, *EVERY["lstm_bidirectional"]))
    (tmp_path / "x.tex").write_text(document.replace(body, usual))
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    assert "Overfull" not in ran.stdout


@every
def test_plain_has_nine_fields_in_every_line(answers):
    lines = records(*answers)
    assert {len(line) for line in lines} == {9}
    assert [int(line[0]) for line in lines] == sorted(int(line[0]) for line in lines)
    assert {line[0] for line in lines} == {str(at) for at in range(1, len(answers) + 1)}
    assert {line[1] for line in lines} <= set(re.findall(r"`(\w+)`", plain.__doc__))
    tensors = [
        tensor
        for one in answers if not isinstance(one, RnnshapeError)
        for tensor in sorted(one.tensors, key=lambda tensor: getattr(tensor, "layer", None) is None)
    ]  # fmt: skip
    told = [(line[3], line[4]) for line in lines if line[1] == "tensor"]
    assert told == [(one.name, ",".join(str(size or "none") for size in one.shape)) for one in tensors]


def test_plain_tells_where_things_are():
    assert [line[5] for line in records(*EVERY["gru_state"]) if line[1] == "tensor"] == ["0", "1"]
    lines = records(*ANSWERS["broken"])
    assert [(line[1], line[5]) for line in lines if line[1] in ("call", "error", "fix")] == [
        ("call", "6"),
        ("error", "3"),
        ("fix", "2"),
    ]


def test_nothing_that_a_user_types_breaks_out():
    for name in formats.NAMES:
        text = formats.render(ANSWERS["nasty"], name)
        assert not re.search(r"[\x00-\x08\x0b-\x1f]", text), name
    page = Page(formats.render(ANSWERS["nasty"], "html"))
    assert "<script>alert(1)</script>{fill}" in page.text
    assert page.tags.isdisjoint({"script", "text"})
    rows = markdown_rows(formats.render(ANSWERS["nasty"], "md"))
    assert {len(row) for row in rows} == {6}
    cells = [cell for row in csv.reader(io.StringIO(formats.render(ANSWERS["nasty"], "csv"))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_bar_in_code_has_a_backslash_in_a_cell_only():
    """Markdown takes the backslash away in front of a | in a cell; in a span of code elsewhere it is shown."""
    asked = "Sequential([Dense(3, name='a|b'), GRU(4)])"
    error = KerasRefused("no", layer=asked)
    alone = formats.render([error], "md")
    assert f"`{asked}`" in alone
    rows = [line for line in formats.render([error, error], "md").splitlines() if line.startswith("|")]
    assert not [row for row in rows if re.search(r"(?<!\\)a\|b", row)]


def test_a_report_is_shown_as_it_is_saved():
    assert isinstance(gru_state, Report)
    assert "<table>" in gru_state._repr_html_()
    assert "<table>" in of_program(answered(seq2seq()))._repr_html_()
