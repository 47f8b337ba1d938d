"""A user's own cells and layers: found, imported, run, and when they fail it is the user's line that is shown."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import textwrap

import pytest

from rnnshape import explore
from rnnshape.errors import InvalidQuery, KerasRefused

BOTH = "return_sequences=True, return_state=True"
_number = itertools.count()

HEAD = """
    import keras
    from keras import ops


    class Base(keras.layers.Layer):
        def __init__(self, units=4, **kwargs):
            super().__init__(**kwargs)
            self.units = self.state_size = units

        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

        def get_config(self):
            return {**super().get_config(), "units": self.units}


    class Plain(Base):
        def call(self, inputs, states):
            output = ops.tanh(ops.matmul(inputs, self.kernel) + states[0])
            return output, [output]


"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a module of a new name into the working directory; returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(code="", head=HEAD, name=None):
        name = name or f"users_{next(_number)}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(head) + textwrap.dedent(code))
        return name

    return write


def document(layer, **options):
    return explore(layer, **{"batch": 2, "time": 3, "features": 5, **options}).to_dict()


def shapes(found):
    return [tuple(tensor["shape"]) for tensor in found["tensors"]]


LAST = "whole_sequence_output[:, -1, :]"

# what the class is, arguments, shapes, equal, states accepted
CELLS = {
    "state_size is an int": (
        "class Cell(Plain): pass",
        [(2, 3, 4), (2, 4)],
        [[LAST, "final_state"]],
        [[2, 4]],
    ),
    "state_size is a list of one": (
        """
        class Cell(Plain):
            def __init__(self):
                super().__init__()
                self.state_size = [4]
        """,
        [(2, 3, 4), (2, 4)],
        [[LAST, "final_state"]],
        [[2, 4]],
    ),
    "state_size is a tuple of two": (
        """
        class Cell(Base):
            def __init__(self):
                super().__init__()
                self.state_size = (4, 3)

            def call(self, inputs, states):
                output = ops.tanh(ops.matmul(inputs, self.kernel) + states[0])
                return output, [output, states[1] + output[:, :3]]
        """,
        [(2, 3, 4), (2, 4), (2, 3)],
        [[LAST, "final_state_0"]],
        [[2, 4], [2, 3]],
    ),
    "the output is the second state": (
        """
        class Cell(Base):
            def __init__(self):
                super().__init__()
                self.state_size = [4, 4]

            def call(self, inputs, states):
                output = ops.tanh(ops.matmul(inputs, self.kernel) + states[0])
                return output, [states[0] - output, output]
        """,
        [(2, 3, 4), (2, 4), (2, 4)],
        [[LAST, "final_state_1"]],
        [[2, 4], [2, 4]],
    ),
    "the output is the sum of the states": (
        """
        class Cell(Base):
            def __init__(self):
                super().__init__()
                self.state_size = [4, 4]

            def call(self, inputs, states):
                first = ops.tanh(ops.matmul(inputs, self.kernel) + states[0])
                second = ops.tanh(first - states[1])
                return first + second, [first, second]
        """,
        [(2, 3, 4), (2, 4), (2, 4)],
        [[LAST, "final_state_0 + final_state_1"]],
        [[2, 4], [2, 4]],
    ),
    "a state of several axes": (
        """
        class Cell(Base):
            def __init__(self):
                super().__init__()
                self.state_size = [(4, 3), 4]
                self.output_size = 4

            def get_initial_state(self, batch_size=None):
                return [ops.zeros((batch_size, 4, 3)), ops.zeros((batch_size, 4))]

            def call(self, inputs, states):
                output = ops.tanh(ops.matmul(inputs, self.kernel) + states[1])
                return output, [states[0] + output[:, :, None], output]
        """,
        [(2, 3, 4), (2, 4, 3), (2, 4)],
        [[LAST, "final_state_1"]],
        [[2, 4, 3], [2, 4]],
    ),
    "the output is wider than the state": (
        """
        class Cell(Plain):
            def call(self, inputs, states):
                output, states = super().call(inputs, states)
                return ops.concatenate([output, output[:, :2] * 2], axis=-1), states
        """,
        [(2, 3, 6), (2, 4)],
        [],
        [[2, 4]],
    ),
    "the output is wider than the state, and says so": (
        """
        class Cell(Plain):
            output_size = 6

            def call(self, inputs, states):
                output, states = super().call(inputs, states)
                return ops.concatenate([output, output[:, :2] * 2], axis=-1), states
        """,
        [(2, 3, 6), (2, 4)],
        [],
        [[2, 4]],
    ),
    "it returns its input": (
        """
        class Cell(keras.layers.Layer):
            state_size = 5

            def call(self, inputs, states):
                return inputs, [inputs]
        """,
        [(2, 3, 5), (2, 5)],
        [[LAST, "final_state"]],
        [[2, 5]],
    ),
    "it does not call what Keras calls weights": (
        """
        class Cell(keras.layers.Layer):
            state_size = 1

            def call(self, inputs, states, training=False):
                output = states[0] + ops.sum(inputs, axis=-1, keepdims=True)
                return output, [output]
        """,
        [(2, 3, 1), (2, 1)],
        [[LAST, "final_state"]],
        [[2, 1]],
    ),
    "its new states are a bare tensor": (
        """
        class Cell(Plain):
            def call(self, inputs, states):
                output, states = super().call(inputs, states)
                return output, output
        """,
        [(2, 3, 4), (2, 4)],
        [[LAST, "final_state"]],
        [[2, 4]],
    ),
    "it looks at values, which no graph can": (
        """
        class Cell(Plain):
            def call(self, inputs, states):
                if float(ops.sum(inputs)) > 1e9:
                    raise RuntimeError
                return super().call(inputs, states)
        """,
        [(2, 3, 4), (2, 4)],
        [[LAST, "final_state"]],
        [[2, 4]],
    ),
}


@pytest.mark.parametrize("cell", CELLS)
def test_cells(write, cell):
    code, expected, equal, accepts = CELLS[cell]
    name = write(code)
    found = document(f"RNN({name}.Cell(), {BOTH})")
    assert shapes(found) == expected
    assert found["equal"] == equal
    assert found["states"]["accepts"] == accepts
    assert found["declared"]["agrees"] == (
        cell not in ("the output is wider than the state", "a state of several axes")
    )


@pytest.mark.parametrize("cell", CELLS)
def test_the_same_cells_at_sizes_that_are_unknown_have_no_wrong_shape(write, cell):
    code, expected, equal, _ = CELLS[cell]
    name = write(code)
    found = document(f"RNN({name}.Cell(), {BOTH})", batch=None, time=None)
    for shape, real in zip(shapes(found), expected, strict=True):
        assert shape[0] is None
        assert all(size in (None, wanted) for size, wanted in zip(shape, real, strict=True))
    assert found["equal"] == equal
    if cell == "the output is wider than the state":
        # What Keras declares here is wrong; tracing the cell tells.
        assert shapes(found)[0][-1] == 6


@pytest.mark.parametrize("time", [30, 300])
def test_a_cell_that_cannot_be_traced_with_a_long_time_axis(write, time):
    name = write(CELLS["it looks at values, which no graph can"][0])
    found = document(f"RNN({name}.Cell(), {BOTH})", time=time)
    assert found["equal"] == [[LAST, "final_state"]]
    assert found["ran"]["reduced_to"] is None


def test_a_cell_that_cannot_be_traced_with_a_time_axis_that_would_take_minutes(write):
    name = write(CELLS["it looks at values, which no graph can"][0])
    with pytest.raises(InvalidQuery, match="cannot be traced"):
        document(f"RNN({name}.Cell(), {BOTH})", time=50_000)


def test_a_cell_by_itself_and_what_it_returns_besides(write):
    name = write(
        """
        class More(Plain):
            def call(self, inputs, states):
                output, states = super().call(inputs, states)
                return output, [*states, output * 2]

        class Third(Plain):
            def call(self, inputs, states):
                output, states = super().call(inputs, states)
                return output, states, output - 1

        class Pair(Plain):
            def call(self, inputs, states):
                output, states = super().call(inputs, states)
                return (output, output - 1), states
        """
    )
    for cell, structure in (
        ("Plain", "((2, 4), [(2, 4)])"),
        ("More", "((2, 4), [(2, 4), (2, 4)])"),
        ("Third", "((2, 4), [(2, 4)], (2, 4))"),
        ("Pair", "(((2, 4), (2, 4)), [(2, 4)])"),
    ):
        found = document(f"{name}.{cell}(4)")
        assert found["returned"]["structure"] == structure
        assert found["states"]["accepts"] == [[2, 4]]
        known = [tensor["name"] for tensor in found["tensors"]]
        assert len(set(known)) == len(known)


def test_stacks_of_a_user_s_cells_and_keras_s(write):
    name = write()
    found = document(f"RNN([LSTMCell(3), {name}.Plain(4)], return_state=True)")
    assert found["unpack"].startswith(
        "output, (cell_0_final_memory_state, cell_0_final_carry_state), cell_1_final_state ="
    )
    assert found["states"]["accepts"] == [[[2, 3], [2, 3]], [2, 4]]
    assert found["equal"] == [["output", "cell_1_final_state"]]
    assert document(f"RNN([LSTMCell(3), {name}.Plain(4)], return_state=True)", initial_state="random")["equal"]


def test_a_user_s_layer_and_a_subclass_of_keras_s(write):
    name = write(
        """
        class Twice(keras.layers.Layer):
            def call(self, inputs):
                return inputs, inputs * 2

        class Named(keras.layers.Layer):
            def call(self, inputs):
                return {"a": inputs, "b": inputs * 2}

        class Mine(keras.layers.LSTM):
            pass
        """
    )
    assert document(f"{name}.Mine(4, {BOTH})")["equal"] == [[LAST, "final_memory_state"]]
    assert document(f"{name}.Twice()")["returned"] == {"structure": "((2, 3, 5), (2, 3, 5))", "container": "tuple"}
    assert shapes(document(f"{name}.Named()")) == [(2, 3, 5), (2, 3, 5)]


def test_inside_bidirectional_a_cell_has_to_be_registered(write):
    name = write(
        """
        @keras.saving.register_keras_serializable(package=__name__)
        class Wide(Plain):
            def call(self, inputs, states):
                output, states = super().call(inputs, states)
                return ops.concatenate([output, output[:, :2] * 2], axis=-1), states
        """
    )
    found = document(f"Bidirectional(RNN({name}.Wide(4), return_sequences=True))", mask="right:1")
    assert found["tensors"][0]["shape"] == [2, 3, 12]
    with pytest.raises(KerasRefused, match="Could not locate class 'Plain'") as caught:
        document(f"Bidirectional(RNN({name}.Plain(4)))")
    assert "register_keras_serializable" in caught.value.hint
    assert "config={" not in caught.value.message


def test_the_halves_of_a_bidirectional_are_those_of_the_cells_that_ran(write):
    """The states are narrower than the outputs, and the middle is not where the halves meet."""
    name = write(
        """
        @keras.saving.register_keras_serializable(package=__name__)
        class Wide(Plain):
            def call(self, inputs, states):
                output, states = super().call(inputs, states)
                return ops.concatenate([output, output[:, :2]], axis=-1), [output]
        """
    )
    layer = f"Bidirectional(RNN({name}.Wide(4), {BOTH}), backward_layer=SimpleRNN(3, go_backwards=True, {BOTH}))"
    for sizes in ({}, {"batch": None}):
        found = document(layer, **sizes)
        assert ["whole_sequence_output[:, 0, 6:]", "backward_final_state"] in found["equal"]
        assert found["tensors"][0]["shape"][-1] == 9


# the code, the words that the message has
BROKEN = {
    "the call": (
        """
        class Cell(Plain):
            def call(self, inputs, states):
                wrong = ops.matmul(inputs, inputs)
                return wrong, [wrong]
        """,
        "wrong = ops.matmul(inputs, inputs)",
    ),
    "the constructor": (
        """
        class Cell(Plain):
            def __init__(self):
                raise ValueError("not today")
        """,
        'raise ValueError("not today")',
    ),
    "build": (
        """
        class Cell(Plain):
            def build(self, shape):
                self.kernel = self.no_such_thing
        """,
        "self.kernel = self.no_such_thing",
    ),
    "get_initial_state": (
        """
        class Cell(Plain):
            def get_initial_state(self, batch_size=None):
                return 1 / 0
        """,
        "return 1 / 0",
    ),
    "an exit": (
        """
        class Cell(Plain):
            def call(self, inputs, states):
                raise SystemExit(3)
        """,
        "raise SystemExit(3)",
    ),
    "an end without a word": (
        """
        import os

        class Cell(Plain):
            def call(self, inputs, states):
                os._exit(0)
        """,
        "os._exit(0)",
    ),
    "a helper": (
        """
        def helper(value):
            return value.nothing

        class Cell(Plain):
            def call(self, inputs, states):
                return helper(inputs), states
        """,
        "return value.nothing",
    ),
}


@pytest.mark.parametrize("layer", ["RNN({}.Cell())", "RNN([GRUCell(5), {}.Cell()])", "{}.Cell()"])
@pytest.mark.parametrize("what", BROKEN)
def test_an_error_in_a_user_s_code_shows_the_user_s_line(write, what, layer):
    code, line = BROKEN[what]
    name = write(code)
    number = 1 + (textwrap.dedent(HEAD) + textwrap.dedent(code)).splitlines().index(
        next(text for text in (textwrap.dedent(HEAD) + textwrap.dedent(code)).splitlines() if line in text)
    )
    with pytest.raises(KerasRefused) as caught:
        document(layer.format(name))
    assert f"{name}.py:{number} ({line})" in caught.value.message
    assert "rnnshape" not in caught.value.message
    assert "Arguments received" not in caught.value.message


@pytest.mark.parametrize("base", ["BaseException", "Exception", "GeneratorExit"])
def test_what_a_user_s_code_raises_is_never_called_a_bug(write, base, capsys):
    from rnnshape import cli

    name = write(
        f"""
        class Odd({base}):
            def __str__(self):
                return 4

        class Cell(Plain):
            def call(self, inputs, states):
                raise Odd
        """
    )
    assert cli.run([f"RNN({name}.Cell(4))", "--batch", "2", "--time", "2"]) == 1
    said = capsys.readouterr().err
    assert f"Odd in {name}.py:" in said
    assert "(its __str__ raises TypeError)" in " ".join(said.split())
    assert "a bug" not in said


def test_a_process_that_a_user_s_code_forks_ends_as_it_likes(write):
    name = write(
        """
        import os
        from os import _exit

        class Cell(Plain):
            def __init__(self, units):
                super().__init__(units)
                child = os.fork()
                if child == 0:
                    _exit(7)
                self.status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                assert self.status == 7
        """
    )
    assert shapes(document(f"RNN({name}.Cell(4))")) == [(2, 4)]


# what is wrong with the file, and the words
UNIMPORTABLE = {
    "class Cell(:\n    pass\n": (KerasRefused, "{}.py:1 (class Cell(:)", ""),
    "import no_such_module_anywhere\n": (
        KerasRefused,
        "No module named 'no_such_module_anywhere'",
        "Install no_such_mod",
    ),
    "import sys\n\nsys.exit(2)\n": (KerasRefused, "{}.py:3 (sys.exit(2)) ends the program", ""),
    "1 / 0\n": (KerasRefused, "ZeroDivisionError in {}.py:1 (1 / 0)", ""),
    "class Sell:\n    pass\n": (InvalidQuery, "has no class Cell", "Did you mean Sell?"),
    "Cell = 5\n": (InvalidQuery, "is not a class", ""),
    "class Cell:\n    pass\n": (InvalidQuery, "is not a Keras layer or cell", ""),
}


@pytest.mark.parametrize("way", ["{}.Cell()", "{}.py:Cell()"])
@pytest.mark.parametrize("code", UNIMPORTABLE)
def test_a_file_that_cannot_be_imported_says_why(write, code, way):
    error, message, hint = UNIMPORTABLE[code]
    name = write(code, head="")
    with pytest.raises(error) as caught:
        document(way.format(name))
    assert message.format(name) in caught.value.message
    assert hint in (caught.value.hint or "")
    # And once it is mended, it is imported.
    write("class Cell(Plain): pass", name=name)
    assert document(f"RNN({way.format(name)}, return_state=True)")["equal"] == [["output", "final_state"]]


@pytest.mark.parametrize("way", ["{}.Plain(4)", "{}.py:Plain(4)"])
def test_a_file_that_was_edited_is_imported_anew(write, way):
    name = write()
    layer = f"RNN({way.format(name)}, return_state=True)"
    assert document(layer)["equal"] == [["output", "final_state"]]
    # As long as before, and within the same second.
    write(head=HEAD.replace("return output, [output]", "return output, [inputs]"), name=name)
    with pytest.raises(KerasRefused):
        document(layer)
    write(head=HEAD.replace("return output, [output]", "return output, states  "), name=name)
    found = document(layer)
    assert found["equal"] == []
    assert not any("__pycache__" in folder for folder, _, _ in os.walk("."))


@pytest.mark.parametrize("way", ["{}.Cell(4)", "{}.py:Cell(4)"])
def test_a_module_that_it_imports_and_that_was_edited_is_imported_anew_too(write, way):
    helper = write()
    name = write(f"from {helper} import Plain as Cell", head="")
    layer = f"RNN({way.format(name)}, return_state=True)"
    assert document(layer)["equal"] == [["output", "final_state"]]
    write(head=HEAD.replace("return output, [output]", "return output, states  "), name=helper)
    assert document(layer)["equal"] == []


def test_a_module_of_one_name_in_two_working_directories_is_two_modules(tmp_path, monkeypatch):
    name = f"users_{next(_number)}"
    for folder, head in (("a", HEAD), ("b", HEAD.replace("[output]", "states"))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.py").write_text(textwrap.dedent(head))
    for folder, equal in (("a", [["output", "final_state"]]), ("b", []), ("a", [["output", "final_state"]])):
        monkeypatch.chdir(tmp_path / folder)
        assert document(f"RNN({name}.Plain(4), return_state=True)")["equal"] == equal


def test_two_files_with_one_class_name_in_one_expression(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder, head in (("one", HEAD), ("other", HEAD.replace("[output]", "states"))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "cells.py").write_text(textwrap.dedent(head))
    found = document(f"RNN([one/cells.py:Plain(4), other/cells.py:Plain(6)], {BOTH})")
    assert shapes(found) == [(2, 3, 6), (2, 4), (2, 6)]
    assert found["equal"] == []
    other = document(f"RNN([other/cells.py:Plain(4), one/cells.py:Plain(6)], {BOTH})")
    assert other["equal"] == [[LAST, "cell_1_final_state"]]


def test_there_is_no_such_file_or_module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidQuery, match=r"There is no file nowhere\.py"):
        document("nowhere.py:Cell(4)")
    with pytest.raises(InvalidQuery, match="There is no module nowhere_at_all"):
        document("RNN(nowhere_at_all.Cell(4))")


def test_what_a_user_s_code_prints_never_reaches_stdout(write):
    name = write(
        """
        print("while it is imported")

        class Loud(Plain):
            def __init__(self, *args):
                super().__init__(*args)
                print("while it is built")

            def call(self, inputs, states):
                print("while it is called")
                return super().call(inputs, states)
        """
    )
    done = subprocess.run(
        [sys.executable, "-m", "rnnshape", f"RNN({name}.Loud(4))", "--json", "--batch", "2", "--time", "3"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "RNNSHAPE_WORKER": "off"},
    )
    assert done.stdout.startswith("{")
    assert done.stdout.count("\n") == 1
    for when in ("imported", "built", "called"):
        assert f"while it is {when}" in done.stderr
    assert done.stderr.count("while it is imported") == 1


@pytest.mark.parametrize("time", [3, 40])
@pytest.mark.parametrize("batch", [2, None])
def test_a_layer_that_returns_a_dict(write, batch, time):
    name = write(
        """
        class Both(keras.layers.Layer):
            def call(self, inputs):
                return {"first": inputs[:, 0], "whole": inputs}


        class Wrong(Both):
            def compute_output_shape(self, shape):
                return {"first": (shape[0], 7), "whole": shape}
        """
    )
    for layer in ("Both", "Wrong"):
        found = document(f"{name}.{layer}()", batch=batch, time=time)
        assert shapes(found) == [(batch, 5), (batch, time, 5)]
        assert found["unpack"] == "output, output_1 = layer(inputs).values()"
        assert found["declared"]["agrees"] == (layer == "Both")


def test_weights_of_one_name_and_a_weight_that_is_no_number_to_draw(write):
    name = write(
        """
        class Counting(keras.layers.Layer):
            def build(self, shape):
                self.steps = self.add_weight(shape=(), dtype="int32", trainable=False, name="count")
                self.scale = self.add_weight(shape=(shape[-1],), name="count")

            def call(self, inputs):
                return inputs * self.scale + ops.cast(self.steps, "float32")
        """
    )
    found = document(f"{name}.Counting()")["parameters"]["weights"]
    assert sorted((weight["name"], tuple(weight["shape"])) for weight in found) == [("count", (5,)), ("count_2", ())]


def test_a_backward_layer_that_has_no_cell(write):
    name = write(
        """
        @keras.saving.register_keras_serializable(package=__name__)
        class Back(keras.layers.Layer):
            return_sequences = return_state = stateful = False
            go_backwards = True
            input_spec = None

            def call(self, sequences, initial_state=None, mask=None, training=None):
                return sequences[:, 0, :4]
        """
    )
    assert shapes(document(f"Bidirectional(LSTM(4), backward_layer={name}.Back())")) == [(2, 8)]


def test_a_layer_that_cannot_be_traced_is_run_and_its_declaration_is_told(write):
    name = write(
        """
        class Eager(keras.layers.Layer):
            def call(self, inputs):
                return ops.convert_to_tensor(inputs.numpy() * 2)
        """
    )
    found = document(f"{name}.Eager()")
    assert shapes(found) == [(2, 3, 5)]
    assert not found["declared"]["agrees"]
    assert "has no attribute 'numpy'" in found["declared"]["structure"]
    with pytest.raises(KerasRefused, match="has no attribute 'numpy'"):
        document(f"{name}.Eager()", batch=None)


def test_every_state_of_a_cell_of_the_users(write):
    name = write(
        """
        class Two(Base):
            def __init__(self):
                super().__init__()
                self.state_size = [4, 4]

            def call(self, inputs, states):
                output = ops.tanh(ops.matmul(inputs, self.kernel) + states[0])
                return output, [output, states[1] - output]


        class Matrix(Base):
            def __init__(self):
                super().__init__()
                self.state_size = [(4, 3)]

            def call(self, inputs, states):
                return inputs[:, :4], [states[0] + inputs[:, :4, None]]

            def get_initial_state(self, batch_size=None):
                return [ops.zeros((batch_size, 4, 3))]
        """
    )
    found = document(f"RNN({name}.Two(), return_state=True)", every_state=True)
    assert ["every_state_1[:, -1, :]", "final_state_1"] in [sorted(statement) for statement in found["equal"]]
    found = document(f"RNN({name}.Matrix(), return_state=True)", every_state=True)
    assert ["every_state[:, -1, :, :]", "final_state"] in [sorted(statement) for statement in found["equal"]]


def test_a_file_that_is_no_python(write, tmp_path):
    (tmp_path / "cells.txt").write_text("class Cell: pass")
    with pytest.raises(InvalidQuery):
        document("cells.txt:Cell(4)")


def test_a_working_directory_that_is_gone(write, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(InvalidQuery, match="There is no working directory"):
        document("RNN(no_such_module_of_mine.Cell(4))")


def test_a_file_that_takes_itself_off_the_path(write):
    name = write("import sys\n\ndel sys.path[0]\n\nclass Cell(Plain): pass")
    before = list(sys.path)
    assert shapes(document(f"RNN({name}.Cell(4))")) == [(2, 4)]
    assert sys.path == before


def test_unknown_sizes_of_states_that_keras_declares_wrongly(write):
    name = write(
        """
        class Matrix(Base):
            def __init__(self):
                super().__init__()
                self.state_size = [(4, 3)]
                self.output_size = 4

            def call(self, inputs, states):
                return inputs[:, :4], [states[0] + inputs[:, :4, None]]

            def get_initial_state(self, batch_size=None):
                return [ops.zeros((batch_size, 4, 3))]


        class Eager(keras.layers.Layer):
            def call(self, inputs):
                return ops.convert_to_tensor(inputs.numpy()[:, :, :2])

            def compute_output_shape(self, shape):
                return (*shape[:-1], 7)


        class Flat(Eager):
            def compute_output_shape(self, shape):
                return (shape[0], 2)


        class Cell(Plain):
            def compute_output_shape(self, shape):
                return (shape[0], 7)
        """
    )
    assert shapes(document(f"RNN({name}.Matrix(), return_state=True)", batch=None)) == [(None, 4), (None, 4, 3)]
    # It cannot be traced either, so that what is declared wrongly at small sizes is unknown at these.
    assert shapes(document(f"{name}.Eager()", batch=None)) == [(None, 3, None)]
    assert shapes(document(f"{name}.Flat()", batch=None)) == [(None, None, None)]
    assert not document(f"{name}.Cell(4)", batch=None)["declared"]["agrees"]


def test_the_halves_where_nothing_tells_how_wide_the_forward_layer_is(write):
    name = write(
        """
        @keras.saving.register_keras_serializable(package=__name__)
        class Wide(Plain):
            def call(self, inputs, states):
                output, states = super().call(inputs, states)
                return ops.concatenate([output, output], axis=-1), states


        @keras.saving.register_keras_serializable(package=__name__)
        class Mine(keras.layers.RNN):
            def get_build_config(self):
                return None
        """
    )
    found = document(f"Bidirectional({name}.Mine({name}.Wide(4), return_state=True))")
    assert shapes(found) == [(2, 16), (2, 4), (2, 4)]


def test_a_file_elsewhere_is_named_in_full(write, tmp_path, monkeypatch):
    name = write("class Cell(Plain):\n    def call(self, inputs, states):\n        raise ValueError('no')")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    with pytest.raises(KerasRefused) as caught:
        document(f"RNN({tmp_path}/{name}.py:Cell(4))")
    assert f"{tmp_path}/{name}.py:" in caught.value.message


def test_a_file_that_is_gone_once_it_is_imported(write):
    name = write("import os\n\nos.remove(__file__)\n\n\nclass Cell(Plain):\n    pass")
    assert shapes(document(f"RNN({name}.Cell(4))")) == [(2, 4)]
