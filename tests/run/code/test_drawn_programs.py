"""Drawn programs, answered twice: by the reader of code, and by bare Keras with a comparison of all with all.

Nothing that is said is false, and nothing that holds is missed. RNNSHAPE_TEST_PROGRAMS is how many are drawn.
"""

from __future__ import annotations

import itertools
import os
import random
from dataclasses import dataclass, field

import numpy as np
import pytest
from bruteforce import Consequences, Expressions, Value

from rnnshape import explore

COUNT = int(os.environ.get("RNNSHAPE_TEST_PROGRAMS", "40"))
DRAWS = 2
BATCH, TIME = 3, 4
UNITS = (2, 3)
NAMES = "abcdefghijklmnopqrst"
MERGES = ("Add", "Multiply", "Average", "Maximum", "Subtract")


@dataclass(frozen=True)
class Tensor:
    """A tensor of a drawn program: its name, whether it has timesteps, its width; of which cell it is a state."""

    name: str
    is_sequence: bool
    width: int
    cell: str | None = None
    half: int | None = None


@dataclass
class Drawing:
    """A program as it grows."""

    random: random.Random
    lines: list[str] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    shared: list[tuple[str, str, dict, int]] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)

    def new(self) -> str:
        return NAMES[len(self.tensors)]

    def one(self, *, is_sequence: bool | None = None) -> Tensor | None:
        known = [one for one in self.tensors if is_sequence is None or one.is_sequence is is_sequence]
        return self.random.choice(known) if known else None

    def add_input(self) -> None:
        name, width = self.new(), self.random.choice(UNITS)
        self.lines.append(f"{name} = Input(batch_shape=({BATCH}, {TIME}, {width}))")
        self.inputs.append(name)
        self.tensors.append(Tensor(name, True, width))

    def add_step(self) -> None:
        steps = (self.recurrent, self.recurrent, self.merge, self.merge, self.again, self.plain)
        while not self.random.choice(steps)():
            pass

    def recurrent(self) -> bool:
        source = self.one(is_sequence=True)
        assert source is not None
        cell, units = self.random.choice(("SimpleRNN", "GRU", "LSTM")), self.random.choice(UNITS)
        merge = self.random.choice(("concat", "sum", "mul", "ave")) if self.random.random() < 0.3 else None
        shares = {"return_sequences": 0.6, "return_state": 0.6, "go_backwards": 0.15 if merge is None else 0}
        flags = {name: self.random.random() < share for name, share in shares.items()}
        given = ", ".join([str(units), *(f"{name}=True" for name, is_on in flags.items() if is_on)])
        layer = f"{cell}({given})"
        states = ""
        if merge is not None:
            layer = f"Bidirectional({layer}, merge_mode='{merge}')"
        else:
            states = self._states(cell, units)
        if self.random.random() < 0.4:
            variable = f"layer_{len(self.shared)}"
            self.lines.append(f"{variable} = {layer}")
            self.shared.append((variable, cell, {**flags, "units": units, "merge": merge}, source.width))
            layer = variable
        self._returned(f"{layer}({source.name}{states})", cell, units, flags, merge)
        return True

    def _states(self, cell: str, units: int) -> str:
        """Return the argument that passes on states that another layer returned, now and then."""
        fitting = [one for one in self.tensors if one.width == units and not one.is_sequence]
        count = 2 if cell == "LSTM" else 1
        if len(fitting) < count or self.random.random() < 0.5:
            return ""
        return f", initial_state=[{', '.join(one.name for one in self.random.sample(fitting, count))}]"

    def _returned(self, call: str, cell: str, units: int, flags: dict, merge: str | None) -> None:
        width = 2 * units if merge == "concat" else units
        made = [Tensor(self.new(), flags["return_sequences"], width, half=units if merge == "concat" else None)]
        count = (2 if cell == "LSTM" else 1) * (1 if merge is None else 2)
        for _ in range(count if flags["return_state"] else 0):
            made.append(Tensor(NAMES[len(self.tensors) + len(made)], False, units, cell))
        self.lines.append(f"{', '.join(one.name for one in made)} = {call}")
        self.tensors += made

    def again(self) -> bool:
        if not self.shared:
            return False
        variable, cell, about, width = self.random.choice(self.shared)
        sources = [one for one in self.tensors if one.is_sequence and one.width == width]
        source = self.random.choice(sources)
        self._returned(f"{variable}({source.name})", cell, about["units"], about, about["merge"])
        return True

    def merge(self) -> bool:
        one = self.one()
        assert one is not None
        others = [other for other in self.tensors if other.is_sequence is one.is_sequence and other is not one]
        alike = [other for other in others if other.width == one.width]
        if self.random.random() < 0.4 and others:
            other = self.random.choice(others)
            made = Tensor(self.new(), one.is_sequence, one.width + other.width)
            self.lines.append(f"{made.name} = Concatenate()([{one.name}, {other.name}])")
        elif alike:
            made = Tensor(self.new(), one.is_sequence, one.width)
            other = self.random.choice(alike)
            self.lines.append(f"{made.name} = {self.random.choice(MERGES)}()([{one.name}, {other.name}])")
        else:
            return False
        self.tensors.append(made)
        return True

    def plain(self) -> bool:
        source = self.one()
        assert source is not None
        name = self.new()
        if source.is_sequence and self.random.random() < 0.3:
            self.lines.append(f"{name} = {source.name}[:, {self.random.choice((0, -1))}, :]")
            self.tensors.append(Tensor(name, False, source.width))
        elif not source.is_sequence and self.random.random() < 0.3:
            self.lines.append(f"{name} = RepeatVector({TIME})({source.name})")
            self.tensors.append(Tensor(name, True, source.width))
        else:
            layer, width = self.random.choice(
                (("Dense(3)", 3), ("Dropout(0.5)", source.width), ("Activation('linear')", source.width))
            )
            self.lines.append(f"{name} = {layer}({source.name})")
            self.tensors.append(Tensor(name, source.is_sequence, width))
        return True


def drawn(seed: int) -> Drawing:
    """Return a program of one to four steps."""
    drawing = Drawing(random.Random(seed))  # noqa: S311 - the same programs each time
    drawing.add_input()
    if drawing.random.random() < 0.3:
        drawing.add_input()
    for _ in range(drawing.random.randint(1, 4)):
        drawing.add_step()
    return drawing


def values_of(drawing: Drawing, seed: int) -> list[Value]:
    """Return the values of all tensors, by running the program as Python does, with weights of our own."""
    import keras

    names = {**vars(keras.layers), "Input": keras.Input}
    exec("\n".join(drawing.lines), names)  # noqa: S102 - a program of this file
    tensors = drawing.tensors
    model = keras.Model([names[name] for name in drawing.inputs], [names[one.name] for one in tensors])
    chance = np.random.default_rng(seed + 1_000)
    draws = []
    for _ in range(DRAWS):
        model.set_weights([chance.normal(0, 0.6, weight.shape) for weight in model.get_weights()])
        given = [chance.normal(size=names[name].shape).astype("float32") for name in drawing.inputs]
        draws.append([np.asarray(one) for one in model(given)])
    return [
        Value(one.name, list(values), one.is_sequence, one.half)
        for one, values in zip(tensors, zip(*draws, strict=True), strict=True)
    ]


@pytest.mark.parametrize("seed", range(COUNT))
def test_equality_in_a_drawn_program(seed):
    drawing = drawn(seed)
    code = "\n".join(drawing.lines)
    report = explore(code)
    assert report.error is None, code
    expressions = Expressions(values_of(drawing, seed), {})
    said = [tuple(map(str, statement)) for statement in report.equal]
    for statement in said:
        for one, other in itertools.combinations(map(expressions.evaluate, statement), 2):
            assert all(map(np.array_equal, one, other)), f"false: {statement}\n{code}"
    unchanged = [(one.unchanged, one.name) for one in report.tensors if one.unchanged is not None]
    assert not missed(expressions, [*said, *unchanged]), f"{report.equal}\n{code}"
    # The test of the test: without any one of them, something is missed.
    for statement in said:
        assert missed(expressions, [*(one for one in said if one is not statement), *unchanged])


def missed(expressions, statements):
    """Return the pairs of equal expressions that do not follow from the statements."""
    known = Consequences(expressions, statements)
    return [pair for pair in expressions.equal_pairs() if not known.follows(*pair)]


def test_the_drawn_programs_have_something_to_find():
    """States are passed on, layers shared, and all kinds of steps drawn."""
    codes = ["\n".join(drawn(seed).lines) for seed in range(200)]
    for part in ("initial_state=", "layer_0(", "Bidirectional", "Concatenate", "[:, -1, :]", "RepeatVector", *MERGES):
        assert any(part in code for code in codes), part
