"""`--expect FILE`: what is read, which answers belong together, where the differences are told, and the status."""

from __future__ import annotations

import json

import pytest
from test_differences import ERROR, LAYER, PROGRAM, changed

from rnnshape import Report, cli
from rnnshape.cli.expected import compared, read
from rnnshape.errors import InvalidQuery, KerasRefused

OTHER = changed(LAYER, [32, 5], "tensors", 0, "shape")


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "before.jsonl"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


@pytest.mark.parametrize(
    "text",
    [
        f"{json.dumps(LAYER)}\n{json.dumps(ERROR)}\n{json.dumps(PROGRAM)}\n",
        "\n\n".join(json.dumps(one, indent=2) for one in (LAYER, ERROR, PROGRAM)),
        "\ufeff" + "".join(json.dumps(one) for one in (LAYER, ERROR, PROGRAM)) + "\r\n\t ",
    ],
    ids=["lines", "indented", "joined"],
)
def test_documents_of_every_form_are_read(text, file):
    assert read(file(text)) == (LAYER, ERROR, PROGRAM)


BAD = {
    "empty": ("", "is empty"),
    "blank": (" \n", "is empty"),
    "no JSON": ("a table", "line 1 is no JSON"),
    "no JSON later": (f"{json.dumps(LAYER)}\n{{", "line 2 is no JSON"),
    "too deep": ("[" * 100_000, "is no JSON"),
    "too long a number": (f'{{"schema_version": {"9" * 10_000}}}', "schema_version|no JSON"),
    "a list": ("[1]", "no schema_version"),
    "another document": ('{"a": 1}', "Document 1 of .* has no schema_version"),
    "another schema": (json.dumps(changed(LAYER, 2, "schema_version")), "schema_version 1. Received: 2"),
    "no answer": ('{"schema_version": 1, "worker": null}', "no layer, or no tensors"),
    "an odd error": ('{"schema_version": 1, "layer": "gru", "error": 3}', "no layer, or no tensors"),
    "no text": (b"\xff\xfe{", "no text in UTF-8"),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_before_anything_runs(text, said, file, monkeypatch, capsys):
    monkeypatch.setattr("rnnshape.run.engine.load", lambda: pytest.fail("it ran"))
    path = file(text)
    with pytest.raises(InvalidQuery, match=said) as caught:
        read(path)
    assert "--json" in caught.value.hint
    assert cli.run(["gru", "--expect", path]) == 2
    out, err = capsys.readouterr()
    assert (out, err[:7]) == ("", "error: ")


@pytest.mark.parametrize("name", ["nowhere.jsonl", ".", "\0"])
def test_what_is_no_file(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidQuery):
        read(name)


def test_without_a_layer_nothing_is_asked(file, capsys):
    assert cli.run(["--expect", file(json.dumps(LAYER))]) == 2
    assert "layer" in capsys.readouterr().err.lower()


def on(shape, document=LAYER):
    return changed(document, shape, "input", "shape")


# before, after; how many differ, are gone, are new
PAIRS = [
    ([LAYER], [LAYER], (0, 0, 0)),
    ([LAYER], [OTHER], (1, 0, 0)),
    ([LAYER, LAYER], [LAYER], (0, 1, 0)),
    ([LAYER], [LAYER, LAYER], (0, 0, 1)),
    ([on([1]), on([2])], [on([2]), on([1])], (0, 0, 0)),
    ([on([1]), on([2])], [on([2])], (0, 1, 0)),
    ([on([1])], [on([2])], (1, 0, 0)),
    ([ERROR], [changed(LAYER, "GRU(4)", "layer")], (1, 0, 0)),
    ([ERROR], [LAYER], (0, 1, 1)),
    ([PROGRAM, LAYER], [LAYER, PROGRAM], (0, 0, 0)),
    ([], [PROGRAM], (0, 0, 1)),
]


FLAGS = LAYER | {"combination": {"return_state": True}, "same_weights": True, "equal_across": [["a", "b"]]}
SECOND = changed(FLAGS, "GRU(9)", "layer")


@pytest.mark.parametrize(
    ("before", "after", "last"),
    [
        ([FLAGS, SECOND], [LAYER], "before.jsonl was asked with --all-flags, and this is not."),
        ([LAYER], [FLAGS, SECOND], "before.jsonl was asked without --all-flags."),
    ],
)
def test_a_file_that_was_asked_with_other_flags_is_said_to_be(before, after, last):
    found = compared(before, after, "before.jsonl")
    assert found.lines[-1] == last
    assert "gone:" not in " ".join(found.lines)
    assert "new:" not in " ".join(found.lines)
    assert "0 changed" in found.summary


@pytest.mark.parametrize(("before", "after", "counts"), PAIRS)
def test_which_answers_belong_together(before, after, counts):
    found = compared(before, after, "before.jsonl")
    assert found.is_same is (counts == (0, 0, 0))
    changed_, gone, new = counts
    said = f"differ from before.jsonl: {changed_} changed, {gone} not asked now, {new} new."
    assert found.summary.endswith("the same as in before.jsonl." if found.is_same else said)


def test_versions_are_told_and_no_difference():
    found = compared([LAYER], [changed(LAYER, "4.0", "versions", "keras")], "f")
    assert found.lines == ("The answer is the same as in f (keras 3.0 -> 4.0).",)


@pytest.fixture
def answered(monkeypatch):
    """Have this answer in the place of Keras's."""

    def answer(document):
        found = KerasRefused("no", layer="GRU(4)") if "error" in document else Report.from_dict(document)
        monkeypatch.setattr("rnnshape.cli.answering.answers_to", lambda *_, **__: [found])

    return answer


DIFFER = (
    "The answers differ from {}:\nGRU(4, return_state=True) on (32, 10, 8):\n  shape of output: (32, 4) -> (32, 5)\n"
)
SAME = "The answer is the same as in {}.\n"
SHORT = "rnnshape: The answers differ from {}: 1 changed, 0 not asked now, 0 new.\n"


@pytest.mark.parametrize(
    ("words", "document", "status", "out", "err"),
    [
        ([], LAYER, 0, SAME, ""),
        ([], OTHER, 1, DIFFER, ""),
        (["-q"], LAYER, 0, "", ""),
        (["-q"], OTHER, 1, "", SHORT),
        (["--json"], OTHER, 1, json.dumps(OTHER) + "\n", f"rnnshape: {DIFFER}"),
        (["--json"], LAYER, 0, json.dumps(LAYER) + "\n", f"rnnshape: {SAME}"),
        (["--format", "table"], OTHER, 1, None, f"rnnshape: {DIFFER}"),
    ],
)  # fmt: skip
def test_where_it_is_told(words, document, status, out, err, answered, file, capsys):
    path = file(json.dumps(LAYER))
    answered(document)
    assert cli.run(["gru", "--expect", path, *words]) == status
    found = capsys.readouterr()
    assert found.err == err.format(path)
    assert ("final_state" in found.out) if out is None else found.out == out.replace("{}", path)


def test_a_program_s_answers_are_compared_too(file, capsys):
    code = "x = Input((3, 2))\ny = LSTM(4)(x)"
    assert cli.run([code, "--json"]) == 0
    path = file(capsys.readouterr().out)
    assert cli.run([code, "--expect", path]) == 0
    assert cli.run([code.replace("4", "5"), "--expect", path]) == 1
    assert "shape of y: (none, 4) -> (none, 5)" in capsys.readouterr().out


def test_python_tells_the_same(file):
    before, after = Report.from_dict(LAYER), Report.from_dict(OTHER)
    assert [str(one) for one in before.differences(after)] == ["shape of output: (32, 4) -> (32, 5)"]
    assert before.differences(before) == ()
