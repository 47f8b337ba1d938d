"""Code on the command line, answered by real Keras: the forms, the statuses, what does not go with it."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from rnnshape.cli import run

SEQ2SEQ = """\
encoder_inputs = Input(shape=(None, 7))
encoder_outputs, state_h, state_c = LSTM(latent, return_state=True)(encoder_inputs)
decoder_inputs = Input(shape=(None, 5))
decoder = LSTM(latent, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder(decoder_inputs, initial_state=[state_h, state_c])
outputs = Dense(5, activation="softmax")(decoder_outputs)
model = Model([encoder_inputs, decoder_inputs], outputs)
model.compile(optimizer="adam", loss="categorical_crossentropy")
"""
BROKEN = "model = Sequential()\nmodel.add(LSTM(8, input_shape=(6, 2)))\nmodel.add(LSTM(4))\nmodel.add(Dense(1))\n"


@pytest.fixture
def ran(capsys, monkeypatch):
    """Run a command line; return the status, stdout and stderr."""
    monkeypatch.setenv("RNNSHAPE_WORKER", "off")

    def call(*argv):
        status = run(list(argv))
        return status, *capsys.readouterr()

    return call


@pytest.fixture(scope="module")
def schema():
    from importlib import resources

    return Draft202012Validator(json.loads(resources.files("rnnshape").joinpath("schema.json").read_text("utf-8")))


def test_a_program_s_document(ran, schema):
    status, out, err = ran(SEQ2SEQ, "--json", "--let", "latent=6")
    assert (status, err) == (0, "")
    (line,) = out.splitlines()
    document = json.loads(line)
    schema.validate(document)
    shapes = {tensor["name"]: tensor["shape"] for tensor in document["tensors"]}
    assert shapes["encoder_outputs"] == shapes["state_h"] == shapes["state_c"] == [None, 6]
    assert shapes["outputs"] == [None, None, 5]
    assert ["encoder_outputs", "state_h"] in document["equal"]
    assert ["decoder_outputs[:, -1, :]", "_"] in document["equal"]
    assert document["same_shape_different_values"][0] == ["state_h", "state_c"]
    assert document["assumed"] == []
    assert {"line": 8, "what": "model.compile"} in document["skipped"]
    assert document["parameters"]["total"] == 4 * 6 * (7 + 6 + 1) + 4 * 6 * (5 + 6 + 1) + 7 * 5
    assert document["steps"][1]["initial_state"] == ["state_h", "state_c"]
    assert document["error"] is None


def test_a_name_that_is_not_given_is_assumed_and_told_first(ran):
    status, out, _ = ran(SEQ2SEQ)
    assert status == 0
    assert "assumed: latent = " in out.splitlines()[1]


def test_an_error_has_its_line_its_cause_and_a_fix_that_was_tried(ran, schema):
    status, out, _ = ran(BROKEN, "--json")
    assert status == 1
    document = json.loads(out)
    schema.validate(document)
    error = document["error"]
    assert (error["code"], error["line"]) == ("keras-refused", 3)
    assert error["fix"]["line"] == 2
    assert "return_sequences=True" in error["fix"]["code"]
    assert error["fix"]["then"] == [None, 1]
    assert [tensor["name"] for tensor in document["tensors"]][-1] == "lstm"


def test_the_table_shows_the_line_and_the_fix(ran):
    status, out, _ = ran(BROKEN)
    assert status == 1
    assert "error: Keras refuses line 3" in out
    assert "+ 2 │ model.add(LSTM(8, input_shape=(6, 2), return_sequences=True))" in out


def test_quiet_tells_the_error_in_one_line(ran):
    status, out, err = ran(BROKEN, "-q")
    assert (status, out) == (1, "")
    assert err.startswith("rnnshape: the command line, line 3: ")
    assert len(err.splitlines()) == 1


def test_what_is_no_python_is_not_read(ran):
    status, out, _ = ran("x = Input((3, 4))\ny = LSTM(4(x)\n", "--json")
    document = json.loads(out)
    assert (status, document["error"]["code"], document["error"]["line"]) == (2, "not-read", 2)
    assert document["tensors"] == []


@pytest.mark.parametrize(
    "text", ["import os\nos.getcwd()\n", "a = 1\nb = a + 2\n", "import torch\nx = torch.nn.LSTM(4, 5)\n"]
)
def test_code_without_keras_is_said_to_be(ran, text):
    status, out, err = ran(text)
    assert (status, err) == (0, "")
    assert "no tensors: this code calls no Keras layer" in out
    assert "values from a run" not in out


def test_a_class_that_is_not_defined_is_told_where_nothing_fails(ran):
    status, out, err = ran("x = LTSM(4)(x)\ny = Own(3)(x)\n")
    assert (status, err) == (0, "")
    assert "passed over: LTSM, which is not defined (line 1), Own, which is not defined (line 2)" in out


def test_what_is_too_large_to_be_read_is_not_looked_through_for_a_change(tmp_path, monkeypatch, ran):
    from rnnshape import fixes

    def find(*_args, **_options):
        raise AssertionError

    monkeypatch.setattr(fixes, "find", find)
    path = tmp_path / "long.py"
    path.write_text("a = 1\n" * 70_000)
    status, out, _ = ran(str(path), "--json")
    error = json.loads(out)["error"]
    assert (status, error["code"], error["fix"]) == (2, "not-read", None)
    assert "at most 400,000 characters" in error["message"]


def test_what_python_refuses_is_not_laid_to_keras(ran):
    status, out, _ = ran("x = Input((3, 4))\nprint(x.nothing)")
    assert status == 1
    assert "error: Python refuses line 2  AttributeError" in out
    assert "Keras says" not in out


def test_what_is_done_to_data_leaves_it_data(ran):
    text = "x = np.random.rand(2, 5, 3).astype('float32')\nz = x[:, -1]\ny = GRU(4)(x)\nw = y * 2"
    _, out, _ = ran(text, "--json")
    meanings = {tensor["name"]: tensor["meaning"] for tensor in json.loads(out)["tensors"]}
    assert meanings == {"x": "data", "z": "data", "y": "output of the last timestep", "w": "y * 2"}


def test_the_diagram_is_a_graph(ran):
    status, out, _ = ran(SEQ2SEQ, "--diagram", "--let", "latent=6")
    assert status == 0
    assert "initial_state=[state_h, state_c]" in out
    assert "▶ Dense(5, activation=" in out


@pytest.mark.parametrize("suffix", ["svg", "html", "txt", "md", "csv", "json"])
@pytest.mark.parametrize("code", [SEQ2SEQ, BROKEN], ids=["runs", "broken"])
def test_every_format_takes_a_program(ran, tmp_path, suffix, code):
    path = tmp_path / f"answer.{suffix}"
    status, _, err = ran(code, "-q", "--save", str(path), "--let", "latent=6")
    assert status == int(code is BROKEN)
    text = path.read_text(encoding="utf-8")
    assert ("state_h" if code is SEQ2SEQ else "return_sequences") in text
    assert "Traceback" not in err


def test_layers_and_code_are_answered_in_their_order(ran):
    status, out, _ = ran("GRU(3)", "x = Input((4, 2)); y = GRU(3)(x)", "nonsense(4)", "--json")
    documents = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert [set(one) & {"layer", "program"} for one in documents] == [{"layer"}, {"program"}, {"layer"}]
    assert "error" in documents[2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--units", "3"], "--units does not go with it"),
        (["--mask", "right:2", "--code"], "not with --code"),
        (["--into", "LSTM(4)"], "--into does not go with it"),
        (["--explain"], "rnnshape gru --explain"),
        (["--measure"], "--measure is about a single layer"),
        (["--weights"], "--weights is about a single layer"),
        (["--run", "--code"], "--code goes with code that is read, not with --run"),
        (["--let", "latent"], "must be NAME=CODE"),
        (["--let", "latent=3 4"], "latent"),
    ],
    ids=str,
)
def test_what_does_not_go_with_code(ran, options, said):
    status, out, err = ran(SEQ2SEQ, *options)
    assert (status, out) == (2, "")
    assert said in err


def test_the_seed_is_taken(ran):
    documents = [json.loads(ran(SEQ2SEQ, "--json", "--seed", seed)[1]) for seed in ("0", "7")]
    assert [one["ran"]["seed"] for one in documents] == [0, 7]
    assert documents[0]["equal"] == documents[1]["equal"]
