"""Drawn queries, answered twice: by the program, and by bare Keras with a comparison of everything with everything.

Nothing that the program says is false, and nothing that holds is missed.
"""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from bruteforce import Consequences, Expressions, Value
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rnnshape import explore
from rnnshape.errors import KerasRefused

DRAWS = 2
SIZE = st.integers(1, 5)
CELLS = ("SimpleRNN", "GRU", "LSTM")


def written(kind, units, flags):
    """Return the layer as an expression."""
    inside = [str(units), *(f"{name}={value!r}" for name, value in flags.items())]
    return f"{kind}({', '.join(inside)})"


def built(kind, units, flags):
    import keras

    return getattr(keras.layers, kind)(units, **flags)


@st.composite
def flags(draw, *, sequences=None):
    found = {
        "return_sequences": draw(st.booleans()) if sequences is None else sequences,
        "return_state": draw(st.sampled_from([True, True, True, False])),
    }
    for name in ("go_backwards", "zero_output_for_mask", "unroll", "stateful"):
        if draw(st.integers(0, 4)) == 0:
            found[name] = True
    if draw(st.integers(0, 2)) == 0:
        found["activation"] = draw(st.sampled_from(["relu", "linear", "sigmoid", "softsign"]))
    return found


@st.composite
def called(draw):
    """Return sizes, the mask as it is typed, and whether there are random initial states."""
    batch, time, features = draw(SIZE), draw(st.sampled_from([1, 2, 2, 2, 3, 3, 3, 4, 5])), draw(SIZE)
    form = draw(st.sampled_from(["none", "none", "right", "left", "lengths", "steps"]))
    count = draw(st.integers(0, time))
    lengths = draw(st.lists(st.integers(0, time), min_size=batch, max_size=batch))
    steps = draw(st.lists(st.integers(0, 1), min_size=time, max_size=time))
    rows = {
        "none": None,
        "right": [[step < time - count for step in range(time)]] * batch,
        "left": [[step >= count for step in range(time)]] * batch,
        "lengths": [[step < length for step in range(time)] for length in lengths],
        "steps": [[bool(step) for step in steps]] * batch,
    }[form]
    typed = {
        "none": None,
        "right": f"right:{count}",
        "left": f"left:{count}",
        "lengths": f"lengths:{','.join(map(str, lengths))}",
        "steps": ",".join(map(str, steps)),
    }[form]
    return (batch, time, features), rows, typed, draw(st.sampled_from([False, False, True]))


def flat(value):
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in flat(item)]
    return [np.asarray(value)]


def values_of(layer, sizes, rows, states):
    """Return, for each draw, what bare Keras returns, with weights, inputs and states of our own."""
    random = np.random.default_rng(20_240_501)
    draws = []
    for _ in range(DRAWS):
        inputs = random.normal(0, 1.3, sizes).astype("float32")
        if not layer.built:
            layer.build(sizes)
        layer.set_weights([random.normal(0, 0.6, weight.shape) for weight in layer.get_weights()])
        if hasattr(layer, "reset_state") and getattr(layer, "stateful", False):
            layer.reset_state()
        keywords = {} if rows is None else {"mask": np.array(rows)}
        if states:
            keywords["initial_state"] = [random.normal(0, 1, (sizes[0], width)).astype("float32") for width in states]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            draws.append(flat(layer(inputs, **keywords)))
    return [list(group) for group in zip(*draws, strict=True)]


def check(expression, layer, call, *, half=None, sequences, outputs=1, widths=()):
    sizes, rows, mask, initial = call
    options = {"input": sizes, **({"mask": mask} if mask else {}), **({"initial_state": "random"} if initial else {})}
    try:
        found = of_returned(explore(expression, **options).to_dict())
    except KerasRefused:
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever Keras refuses it with
            values_of(layer, sizes, rows, widths if initial else None)
        return
    values = values_of(layer, sizes, rows, widths if initial else None)
    assert [list(draws[0].shape) for draws in values] == [tensor["shape"] for tensor in found["tensors"]]
    steps = steps_of(rows)
    assert {name: found["mask"][name] for name in steps} == steps
    compare(found, values, steps, [sequences and at < outputs for at in range(len(values))], half)
    if sizes[1] == 1:
        # What holds because there is one step is no finding, and what is said holds for more steps.
        sizes, rows = (sizes[0], 3, sizes[2]), [row * 3 for row in rows] if rows else None
        try:
            values = values_of(layer, sizes, rows, widths if initial else None)
        except Exception:  # noqa: BLE001 - some stacks of a single cell run for a single step only
            return
        has_time = [sequences and at < outputs for at in range(len(values))]
        compare(found, values, steps_of(rows), has_time, half, missed=True)


def of_returned(found):
    """Return a document with what is said of the returned tensors alone, not of those on the way through a stack."""
    inside = {tensor["name"] for tensor in found["tensors"] if "layer" in tensor}

    def told(statements):
        kept = ([code for code in one if not inside & set(re.findall(r"\w+", code))] for one in statements or ())
        return [codes for codes in kept if len(codes) > 1]

    tensors = [tensor for tensor in found["tensors"] if tensor["name"] not in inside]
    return {**found, "tensors": tensors, "equal": told(found["equal"]), "broken": told(found.get("broken"))}


def steps_of(rows):
    """Return the first and the last step that the mask leaves of each row; of a row without any, None."""
    kept = [[step for step, keeps in enumerate(row) if keeps] or [None] for row in rows or ()]
    return {"first_step": [row[0] for row in kept], "last_step": [row[-1] for row in kept]} if rows else {}


def compare(found, values, steps, has_time, half, *, missed=None):
    """Compare what was found with all that holds for these values; what was missed, too, unless there is one step."""
    tensors = [
        Value(tensor["name"], draws, timed, None if at else half, "reversed" in tensor.get("meaning", ""))
        for at, (tensor, draws, timed) in enumerate(zip(found["tensors"], values, has_time, strict=True))
    ]
    # Where some row has no unmasked step, there is no array of such steps.
    steps = (
        {} if any(None in some for some in steps.values()) else {name: np.array(some) for name, some in steps.items()}
    )
    expressions = Expressions(tensors, steps)
    for statement in found["equal"]:
        first, *others = map(expressions.evaluate, statement)
        for other in others:
            for one, another in zip(first, other, strict=True):
                assert np.array_equal(one, another), f"false: {statement}"
    for statement in found.get("broken") or []:
        evaluated = list(map(expressions.evaluate, statement))
        pairs = [zip(evaluated[0], other, strict=True) for other in evaluated[1:]]
        assert not all(np.array_equal(a, b) for pair in pairs for a, b in pair), f"not broken: {statement}"
    if missed is None and found["input"]["shape"][1] == 1:
        return
    consequences = Consequences(expressions, found["equal"])
    missed = [pair for pair in expressions.equal_pairs() if not consequences.follows(*pair)]
    assert not missed, f"missed: {missed}, said: {found['equal']}"


def drawn(count):
    """Return the settings of a test that is the same on every machine."""
    return settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


@drawn(150)
@given(st.sampled_from(CELLS), SIZE, flags(), called())
def test_plain_layers(kind, units, given_flags, call):
    widths = [units] * (2 if kind == "LSTM" else 1)
    layer = built(kind, units, given_flags)
    expression = written(kind, units, given_flags)
    check(expression, layer, call, sequences=given_flags["return_sequences"], widths=widths)


@drawn(30)
@given(
    st.sampled_from(CELLS), st.sampled_from(CELLS), SIZE, SIZE, flags(), called(),
    st.sampled_from(["concat", "concat", "sum", "mul", "ave", None]), st.booleans(),
)  # fmt: skip
def test_bidirectional_layers(kind, other, units, others, given_flags, call, mode, uneven):
    import keras

    given_flags = {name: value for name, value in given_flags.items() if name != "stateful"}
    if given_flags.get("go_backwards"):
        # Keras wants a backward layer that runs the other way.
        uneven = True
    other, others = (other, others) if uneven else (kind, units)
    if mode in ("sum", "mul", "ave"):
        others = units
    forward, backward = built(kind, units, given_flags), None
    expression = written(kind, units, given_flags)
    if uneven:
        reversed_flags = {**given_flags, "go_backwards": not given_flags.get("go_backwards")}
        backward = built(other, others, reversed_flags)
        expression += f", backward_layer={written(other, others, reversed_flags)}"
    layer = keras.layers.Bidirectional(forward, merge_mode=mode, backward_layer=backward)
    widths = [units] * (2 if kind == "LSTM" else 1) + [others] * (2 if other == "LSTM" else 1)
    if len(set(map(widths.count, widths))) > 1 or (len(widths) % 2 and call[3]):
        # Keras deals the initial states out by halves, which fits two layers of one kind only.
        call = (*call[:3], False)
    check(
        f"Bidirectional({expression}, merge_mode={mode!r})",
        layer,
        call,
        half=units if mode == "concat" else None,
        sequences=given_flags["return_sequences"],
        outputs=1 if mode else 2,
        widths=widths,
    )


@drawn(55)
@given(st.lists(st.tuples(st.sampled_from(CELLS), SIZE), min_size=1, max_size=3), flags(), called())
def test_stacks_of_cells(cells, given_flags, call):
    import keras

    given_flags = {name: value for name, value in given_flags.items() if name not in ("activation", "stateful")}
    layer = keras.layers.RNN([getattr(keras.layers, f"{kind}Cell")(units) for kind, units in cells], **given_flags)
    if len(cells) == 1:
        # Keras nests the state of a single stacked cell in one way, and of its masked steps in another.
        call = (call[0], None, None, False)
    written_cells = ", ".join(f"{kind}Cell({units})" for kind, units in cells)
    expression = written("RNN", f"[{written_cells}]", given_flags)
    check(expression, layer, (*call[:3], False), sequences=given_flags["return_sequences"])


@drawn(25)
@given(st.lists(st.tuples(st.sampled_from(CELLS), SIZE), min_size=2, max_size=3), flags(), called())
def test_stacks_of_layers(layers, given_flags, call):
    import keras

    last, units = layers[-1]
    inner = [(kind, size, {"return_sequences": True}) for kind, size in layers[:-1]]
    given_flags = {name: value for name, value in given_flags.items() if name != "stateful"}
    layer = keras.Sequential([built(*each) for each in (*inner, (last, units, given_flags))])
    expression = f"Sequential([{', '.join(written(*each) for each in (*inner, (last, units, given_flags)))}])"
    check(expression, layer, (*call[:3], False), sequences=given_flags["return_sequences"])


SEQUENCE = [np.random.default_rng(draw).normal(size=(2, 3, 4)) for draw in range(DRAWS)]
LAST = "whole_sequence_output[:, -1, :]"


def checked(*statements, broken=()):
    """Check these statements against a sequence and its last step."""
    found = {"equal": statements, "broken": broken, "input": {"shape": [2, 3, 1]}}
    found["tensors"] = [{"name": "whole_sequence_output"}, {"name": "final_state"}]
    compare(found, [SEQUENCE, [array[:, -1] for array in SEQUENCE]], {}, [True, False], None)


def test_the_check_itself():
    checked((LAST, "final_state"))
    with pytest.raises(AssertionError, match="missed"):
        checked()
    with pytest.raises(AssertionError, match="false"):
        checked((LAST, "final_state"), ("whole_sequence_output[:, 0, :]", "final_state"))
    with pytest.raises(AssertionError, match="not broken"):
        checked((LAST, "final_state"), broken=[(LAST, "final_state")])


def test_the_check_finds_what_is_missed():
    random = np.random.default_rng(0)
    halves = [[random.normal(size=(2, 3)) for _ in range(DRAWS)] for _ in range(2)]
    joined = [np.concatenate(pair, axis=-1) for pair in zip(*halves, strict=True)]
    tensors = [Value("output", joined, False, 3), Value("a", halves[0], False), Value("b", halves[1], False)]
    expressions = Expressions(tensors, {})
    said_nothing, said_it = (
        Consequences(expressions, []),
        Consequences(expressions, [["output", "concatenate([a, b], axis=-1)"]]),
    )
    missed = [pair for pair in expressions.equal_pairs() if not said_nothing.follows(*pair)]
    assert len(missed) == 3
    assert all(said_it.follows(*pair) for pair in missed)
