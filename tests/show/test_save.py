"""Saving: each form holds what it should, means it whatever is in it, and is written whole or not at all."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import re
import stat
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from asked import found
from reports import EVERY, gru_state
from screens import cell_len

from rnnshape.errors import InvalidQuery, KerasRefused, RnnshapeError
from rnnshape.expression import Call
from rnnshape.report import Report
from rnnshape.show import formats
from rnnshape.show import save as saving
from rnnshape.show.console import as_text
from rnnshape.show.diagram import diagram
from rnnshape.show.marks import marks
from rnnshape.show.picture import DARK, LIGHT, WIDTH, columns, pieces
from rnnshape.show.save import check_path, save
from rnnshape.show.strokes import CELL, DRAWN, LINE
from rnnshape.show.svg import Ground, as_svg
from rnnshape.show.table import table

REPORTS = found()
SUFFIXES = tuple(formats.BY_SUFFIX)
NASTY = dataclasses.replace(
    gru_state,
    layer=Call("=cmd|' /C calc'!A0</text><script>alert(1)</script>{fill}\x1b[31m`|`\x00\ufffe"),
    tensors=tuple(
        dataclasses.replace(tensor, meaning="+1 | <b>*h*</b>\n\n# a\x07 {x}") for tensor in gru_state.tensors
    ),
)
every = pytest.mark.parametrize("name", EVERY)


def saved(tmp_path, items, suffix, **more):
    path = tmp_path / f"saved{suffix}"
    save(items, path, **more)
    return path.read_text(encoding="utf-8")


def text_of_svg(document):
    """Return the texts of the picture, each at its place, line by line."""
    root = ET.fromstring(document)  # noqa: S314 - it is our own
    lines = {}
    for one in root.iter("{http://www.w3.org/2000/svg}text"):
        column = int(one.attrib["x"]) // CELL - 2
        assert int(one.attrib["textLength"]) == cell_len(one.text) * CELL
        row = int(one.attrib["y"]) // LINE
        lines[row] = lines.get(row, "").ljust(column) + one.text
    return [lines[row] for row in sorted(lines)]


def without_strokes(text):
    """Return the lines of a text, with a space for each character that a picture draws."""
    lines = ["".join(" " if one in DRAWN else one for one in line).rstrip() for line in text.splitlines()]
    return [line for line in lines if line]


class Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.tags, self.pre, self.is_pre = "", set(), "", False

    def handle_starttag(self, tag, _):
        self.tags.add(tag)
        self.is_pre |= tag == "pre"

    def handle_endtag(self, tag):
        self.is_pre &= tag != "pre"

    def handle_data(self, data):
        self.found += data
        self.pre += data if self.is_pre else ""


@pytest.mark.parametrize("name", ["lstm", "bi", "mask-right", "stack", "conv-2d"])
@pytest.mark.parametrize("kind", [table, diagram])
def test_pictures_hold_what_is_shown_in_its_places(tmp_path, name, kind):
    shown = kind([REPORTS[name]])
    html = Text()
    html.feed(saved(tmp_path, [REPORTS[name]], ".html", shown=shown))
    assert html.tags == {"html", "head", "meta", "title", "style", "body", "main", "div", "pre", "span", "b"}
    text = html.pre
    assert all(cell_len(line) <= WIDTH for line in text.splitlines())
    assert text_of_svg(saved(tmp_path, [REPORTS[name]], ".svg", shown=shown)) == without_strokes(text)
    assert columns(pieces(shown)) == max(map(cell_len, text.splitlines()))
    assert saved(tmp_path, [REPORTS[name]], ".txt", shown=shown) == as_text(shown) + "\n"


@every
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_answers_make_the_same_file(tmp_path, name, suffix):
    first = saved(tmp_path, EVERY[name], suffix)
    assert saved(tmp_path, EVERY[name], suffix) == first
    assert first.endswith("\n")
    assert "\x1b" not in first
    assert "http" not in first.replace("http://www.w3.org/2000/svg", "")


def test_pictures_have_names_of_their_own(tmp_path):
    one, other = (saved(tmp_path, [REPORTS[name]], ".svg") for name in ("lstm", "bi"))
    names = re.compile(r"rnnshape-[0-9a-f]{12}")
    assert set(names.findall(one)).isdisjoint(names.findall(other))


def contrast(one, other):
    def luminance(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_colour_of_a_theme_can_be_read_on_its_ground(theme):
    assert min(contrast(theme.ground, colour) for colour in (theme.ink, theme.dim)) >= 4.5


@pytest.mark.parametrize(("ground", "themes"), [("auto", [LIGHT, DARK]), ("light", [LIGHT]), ("dark", [DARK])])
def test_a_picture_has_the_colours_of_its_theme(ground, themes):
    svg = as_svg(table(EVERY["several"]), "several", Ground(ground))
    found = set(re.findall(r"#\w{6}", svg.split("</style>")[0]))
    assert found == {colour for one in themes for colour in (one.ground, one.ink, one.dim)}
    assert ("prefers-color-scheme:dark" in svg) == (ground == "auto")
    # The letter of a mark brings its own ground with it.
    grounds, letters = (re.findall(rf'<{what} .* fill="(#\w{{6}})"', svg) for what in ("rect", "text"))
    assert min(contrast(*pair) for pair in zip(grounds, letters, strict=True)) >= 4.5
    used = {name for found in re.findall(r'class="([^"]+)"', svg.split("</style>")[1]) for name in found.split()}
    assert all(f".{name}{{" in svg for name in used - {"l"})


def rows_of(markdown):
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


@pytest.mark.parametrize("report", [item for some in EVERY.values() for item in some if isinstance(item, Report)])
def test_markdown_is_a_table_with_the_marks(tmp_path, report):
    markdown = saved(tmp_path, [report], ".md")
    rows = [row for row in rows_of(markdown) if any(cell.startswith("**`") for cell in row)]
    (found_marks,) = marks([report])
    for tensor, row in zip(report.tensors, rows, strict=False):
        assert f"**`{tensor.name}`**" in row
        assert f"`{tensor.shape}`" in row
        letters = [carried.mark.letter for carried in found_marks.of(tensor.name)]
        assert re.findall("[A-Z]", "".join(cell for cell in row if re.fullmatch(r"[A-Z()\[\]]+", cell))) == letters
    assert f"```python\n{report.unpack}\n```" in markdown


def test_a_diagram_in_markdown_is_a_block_of_text(tmp_path):
    markdown = saved(tmp_path, [REPORTS["bi"]], ".md", shown=diagram(REPORTS["bi"]))
    assert markdown == f"```text\n{as_text(diagram(REPORTS['bi']))}\n```\n"


def test_weights_and_errors_in_markdown(tmp_path):
    markdown = saved(tmp_path, EVERY["weights"], ".md")
    assert "| **kernel** | (8, 16) | features, 4 \\* units | i f c o | multiplies the inputs |" in markdown
    assert "- whole_sequence_output[:, -1, :] is final_memory_state" in markdown
    said = "✗ `LSTM(4, return_state=True)`: Exception encountered when calling LSTM.call()"
    assert said in saved(tmp_path, EVERY["several"], ".md")


@every
def test_csv_has_a_line_for_each_tensor(tmp_path, name):
    rows = list(csv.DictReader(io.StringIO(saved(tmp_path, EVERY[name], ".csv"))))
    tensors = [tensor for item in EVERY[name] if isinstance(item, Report) for tensor in item.tensors]
    assert [row["tensor"] for row in rows if not row["error"]] == [tensor.name for tensor in tensors]
    assert [row["shape"] for row in rows if not row["error"]] == [str(tensor.shape) for tensor in tensors]
    assert [row["error"] for row in rows if row["error"]] == [
        item.message for item in EVERY[name] if isinstance(item, RnnshapeError)
    ]


@every
def test_json_is_the_documents(tmp_path, name):
    text = saved(tmp_path, EVERY[name], ".json")
    documents = [json.loads(line) for line in text.splitlines()] if len(EVERY[name]) > 1 else [json.loads(text)]
    assert documents == [json.loads(json.dumps(item.to_dict())) for item in EVERY[name]]


def test_nothing_that_a_user_types_breaks_a_picture(tmp_path):
    items = [NASTY, KerasRefused("<b>@x</b>\x1b[2J | `y`", layer="=1+1", hint="# no\x00")]
    root = ET.fromstring(saved(tmp_path, items, ".svg"))  # noqa: S314 - it is our own
    assert not [one for one in root.iter() if one.tag.endswith("script")]
    assert "<script>alert(1)</script>{fill}" in root[0].text
    html = Text()
    html.feed(saved(tmp_path, items, ".html", shown=table(items)))
    assert "script" not in html.tags
    assert "<script>alert(1)</script>{fill}" in html.found


def test_a_new_file_is_like_any_other(tmp_path):
    old = os.umask(0o027)
    try:
        save([gru_state], tmp_path / "new.txt")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new.txt").stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["new.txt"]


def test_an_existing_file_is_replaced_and_keeps_its_permissions(tmp_path):
    path = tmp_path / "old.md"
    path.write_text("old " * 10_000)
    path.chmod(0o600)
    save([gru_state], path)
    assert path.read_text(encoding="utf-8").startswith("**`GRU(4")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_a_link_points_to_is_replaced(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "real.csv", tmp_path / "link.csv"
    target.write_text("old")
    link.symlink_to(target)
    save([gru_state], link)
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8").startswith("layer,")


@pytest.mark.parametrize("fails", ["fchmod", "fsync", "link", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=repr)
def test_whole_or_not_at_all(tmp_path, monkeypatch, fails, error):
    path = tmp_path / "kept.txt"
    path.write_text("old")

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(saving.os, fails, fail)
    with pytest.raises(RnnshapeError if isinstance(error, OSError) else KeyboardInterrupt) as refused:
        save([gru_state], path)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["kept.txt"]
    if isinstance(error, OSError):
        assert refused.value.message == f"{path} cannot be written: No space left on device"
        assert refused.value.status == 1


def test_paths_that_cannot_be(tmp_path):
    def refused(path):
        for refuse in (check_path, lambda path: save([gru_state], path)):
            with pytest.raises(InvalidQuery) as error:
                refuse(path)
        assert error.value.status == 2
        return error.value

    assert refused("x.scg").hint == "Did you mean x.svg?"
    assert refused("notes.htm").hint == "Did you mean notes.html?"
    assert refused("table.pdf").message.endswith("Received: table.pdf")
    known = list(formats.BY_SUFFIX)
    assert f"ends in {', '.join(known[:-1])} or {known[-1]}." in refused("table").message
    assert refused(".svg").message
    assert refused("").message
    assert refused("a\0b.svg").message
    assert refused(tmp_path / "missing" / "x.svg").message.startswith(f"There is no folder {tmp_path / 'missing'}")
    (tmp_path / "folder.svg").mkdir()
    assert "is a folder" in refused(tmp_path / "folder.svg").message
    os.mkfifo(tmp_path / "pipe.svg")
    assert "no ordinary file" in refused(tmp_path / "pipe.svg").message
    assert refused("\x1b[31mx.y").message.isprintable()


def test_a_folder_that_may_not_be_written_to(tmp_path, monkeypatch):
    tmp_path.chmod(0o500)
    if os.geteuid() == 0:  # who may write anywhere
        monkeypatch.setattr(saving.os, "access", lambda *_: False)
    with pytest.raises(InvalidQuery, match="cannot be written to"):
        check_path(tmp_path / "x.svg")


def test_a_folder_that_turns_out_not_to_be_writable(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(saving.os, "open", refuse)
    with pytest.raises(RnnshapeError, match=re.escape("x.svg cannot be written: Permission denied")):
        save([gru_state], tmp_path / "x.svg")


@pytest.mark.parametrize("name", ["x.SVG", "a b/é.svg", "-.svg", "..svg.md"])
def test_the_name_is_taken_as_it_is(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b").mkdir()
    save([gru_state], name)
    assert (tmp_path / name).is_file()


def test_pictures_look_as_they_did(golden):
    for name, kind in (("table", table), ("diagram", diagram)):
        for suffix in (".svg", ".html"):
            shown = None if kind is table else kind([REPORTS["bi"]])
            golden(f"saved-{name}{suffix}", formats.render([REPORTS["bi"]], suffix[1:], shown=shown))


def test_texts_look_as_they_did(golden):
    for suffix in (".md", ".csv", ".tex", ".tsv"):
        several = [REPORTS["lstm"], REPORTS["bi-ave"], REPORTS["mask-lengths"], *EVERY["several"]]
        answers = [[REPORTS["lstm"]], several, EVERY["all_flags"]]
        text = "\n".join(formats.render(some, formats.BY_SUFFIX[suffix]) for some in answers)
        golden(f"saved{suffix}", text)
