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

from rnnshape.errors import InvalidQuery, KerasRefused, RnnshapeError
from rnnshape.expression import Call
from rnnshape.report import Report
from rnnshape.show import save as saving
from rnnshape.show.console import as_text
from rnnshape.show.diagram import diagram
from rnnshape.show.marks import marks
from rnnshape.show.save import check_path, save
from rnnshape.show.table import table

REPORTS = found()
SUFFIXES = (".svg", ".html", ".txt", ".md", ".csv", ".json")
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
    """Return the lines of the picture, each piece of text at its place."""
    root = ET.fromstring(document)  # noqa: S314 - it is our own
    lines = {}
    for one in root.iter("{http://www.w3.org/2000/svg}text"):
        row = lines.setdefault(float(one.attrib["y"]), [])
        row.append((float(one.attrib["x"]) / 12.2, one.text.replace("\xa0", " ")))
    texts = []
    for _, row in sorted(lines.items()):
        line = ""
        for x, text in sorted(row):
            line = line.ljust(round(x)) + text
        texts.append(line[2:].rstrip())
    return [line for line in texts if line]


class Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.tags = "", set()

    def handle_starttag(self, tag, _):
        self.tags.add(tag)

    def handle_data(self, data):
        self.found += data


@pytest.mark.parametrize("name", ["lstm", "bi", "mask-right", "stack", "conv-2d"])
@pytest.mark.parametrize("kind", [table, diagram])
def test_pictures_hold_what_is_shown(tmp_path, name, kind):
    shown = kind([REPORTS[name]])
    svg = text_of_svg(saved(tmp_path, [REPORTS[name]], ".svg", shown=shown))
    html = Text()
    html.feed(saved(tmp_path, [REPORTS[name]], ".html", shown=shown))
    # Wide gaps in a table may be a character off, as each piece has its own place.
    assert all(re.sub(r"\s+", " ", line) in re.sub(r"\s+", " ", html.found) for line in svg)
    for tensor in REPORTS[name].tensors:
        assert any(tensor.name in line for line in svg)
    assert html.tags <= {"html", "head", "meta", "title", "style", "body", "pre", "span"}
    assert saved(tmp_path, [REPORTS[name]], ".txt", shown=shown) == as_text(shown) + "\n"


def test_a_diagram_keeps_its_columns_in_svg(tmp_path):
    lines = text_of_svg(saved(tmp_path, [REPORTS["lstm"]], ".svg", shown=diagram(REPORTS["lstm"])))
    expected = [line for line in as_text(diagram(REPORTS["lstm"])).splitlines() if line]
    assert lines[2:] == expected[1:] or lines[1:] == expected[1:] or lines == expected


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


def test_pictures_bring_a_ground_on_which_every_colour_can_be_read(tmp_path):
    svg = saved(tmp_path, EVERY["several"], ".svg")
    ground = re.search(r'rx="10" fill="(#\w{6})"', svg)[1]
    colours = set(re.findall(r"\{ fill: (#\w{6})", svg))
    # The letter of a mark is black, on a ground of its own.
    assert all(contrast(ground, colour) > 4.5 for colour in colours - {"#000000"})
    html = saved(tmp_path, EVERY["several"], ".html")
    assert f"background-color: {ground};" in html


def rows_of(markdown):
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


@every
def test_markdown_is_a_table_with_the_marks(tmp_path, name):
    markdown = saved(tmp_path, EVERY[name], ".md")
    rows = rows_of(markdown)
    reports = [item for item in EVERY[name] if isinstance(item, Report)]
    left = iter(row for row in rows if len(row) == 7 and row[1] not in ("tensor", "---"))
    for report, found_marks in zip(reports, marks(reports), strict=True):
        for tensor in report.tensors:
            row = next(left)
            assert (row[1], row[3]) == (f"**`{tensor.name}`**", f"`{tensor.shape}`")
            letters = [carried.mark.letter for carried in found_marks.of(tensor.name)]
            assert re.findall("[A-Z]", row[0]) == letters
        assert f"```python\n{report.unpack}\n```" in markdown
    assert all(len(row) == 7 for row in rows) or any(report.parameters.formula for report in reports)


def test_a_diagram_in_markdown_is_a_block_of_text(tmp_path):
    markdown = saved(tmp_path, [REPORTS["bi"]], ".md", shown=diagram(REPORTS["bi"]))
    assert markdown == f"```text\n{as_text(diagram(REPORTS['bi']))}\n```\n"


def test_weights_and_errors_in_markdown(tmp_path):
    markdown = saved(tmp_path, EVERY["weights"], ".md")
    assert "| kernel | (8, 16) | features, 4 \\* units | i f c o | multiplies the inputs |" in markdown
    assert "- whole_sequence_output[:, -1, :] is final_memory_state" in markdown
    assert "✗ Exception encountered when calling LSTM.call()" in saved(tmp_path, EVERY["several"], ".md")


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


def test_nothing_that_a_user_types_breaks_a_file(tmp_path):
    items = [NASTY, KerasRefused("<b>@x</b>\x1b[2J | `y`", layer="=1+1", hint="# no\x00")]
    svg = saved(tmp_path, items, ".svg")
    root = ET.fromstring(svg)  # noqa: S314 - it is our own
    assert not [one for one in root.iter() if one.tag.endswith("script")]
    assert "<script>alert(1)</script>{fill}" in root[0].text
    html = Text()
    html.feed(saved(tmp_path, items, ".html"))
    assert "script" not in html.tags
    assert "<script>alert(1)</script>{fill}" in html.found
    markdown = saved(tmp_path, items, ".md")
    assert all(len(row) == 7 for row in rows_of(markdown))
    assert "\n# a" not in markdown
    assert "&lt;b>" in markdown.replace("\\", "")
    rows = list(csv.reader(io.StringIO(saved(tmp_path, items, ".csv"))))
    assert all(len(row) == len(rows[0]) for row in rows)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    for suffix in SUFFIXES[:-1]:
        assert not re.search(r"[\x00-\x08\x0b-\x1f]", saved(tmp_path, items, suffix))


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
    assert "ends in .svg, .html, .txt, .md, .csv or .json" in refused("table").message
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
            write = saving._WRITERS[suffix]
            golden(f"saved-{name}{suffix}", write([REPORTS["bi"]], kind([REPORTS["bi"]])))


def test_texts_look_as_they_did(golden):
    for suffix in (".md", ".csv"):
        items = [REPORTS["lstm"], REPORTS["bi-ave"], REPORTS["mask-lengths"], *EVERY["several"]]
        golden(f"saved{suffix}", saving._WRITERS[suffix](items, None))


def test_the_help_names_every_suffix():
    from rnnshape.cli.command import command

    (save_option,) = (one for one in command().params if one.name == "save")
    assert set(re.findall(r"\.[a-z]+\b", save_option.help)) == set(saving._WRITERS)
