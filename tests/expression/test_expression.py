"""Layer expressions: what is read, what is refused and how that is said, and that printing gives what was read."""

from __future__ import annotations

import contextlib
import itertools
import string
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnshape import explore
from rnnshape.errors import InvalidQuery
from rnnshape.expression import (
    MAX_CHARACTERS,
    Call,
    Items,
    Pairs,
    as_code,
    instead_of_torch,
    parse,
    parse_value,
    without_prefix,
)

LSTM = Call("LSTM", (4,))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("LSTM(4)", LSTM, id="plain"),
        pytest.param("keras.layers.LSTM(4)", LSTM, id="keras.layers"),
        pytest.param("tf.keras.layers.LSTM(4)", LSTM, id="tf.keras.layers"),
        pytest.param("tensorflow.keras.layers.LSTM(4)", LSTM, id="tensorflow.keras.layers"),
        pytest.param("layers.LSTM(4)", LSTM, id="layers"),
        pytest.param("  LSTM(\n    4,\n)  ", LSTM, id="lines, spaces and a last comma inside"),
        pytest.param("LSTM(4),", LSTM, id="comma"),
        pytest.param("LSTM(4);", LSTM, id="semicolon"),
        pytest.param("LSTM(4)  # the encoder", LSTM, id="comment"),
        pytest.param("(LSTM(4))", LSTM, id="parentheses"),
        pytest.param("layer = LSTM(4)", LSTM, id="assigned"),
        pytest.param("self.rnn=(\n  LSTM(4)\n)", LSTM, id="assigned to an attribute, in parentheses"),
        pytest.param(">>> layer = keras.layers.LSTM(\n...     4)", LSTM, id="prompts"),
        pytest.param("LSTM(units=4)", Call("LSTM", (), (("units", 4),)), id="keyword"),
        pytest.param("Sequential([LSTM(4)])", Call("Sequential", (Items((LSTM,), is_list=True),)), id="list"),
        pytest.param("keras.Sequential([])", Call("Sequential", (Items((), is_list=True),)), id="keras.Sequential"),
        pytest.param("tf.keras.models.Sequential()", Call("Sequential"), id="tf.keras.models.Sequential"),
        pytest.param("models.Sequential()", Call("Sequential"), id="models.Sequential"),
        pytest.param(
            "A((1,), {'a': 1})", Call("A", (Items((1,), is_list=False), Pairs((("a", 1),)))), id="tuple, dict"
        ),
        pytest.param("A(None, True, -1, +2, -0.5, 'a' 'b')", Call("A", (None, True, -1, 2, -0.5, "ab")), id="literals"),
        pytest.param("A('LSTM(\"4), x.py:B(')", Call("A", ('LSTM("4), x.py:B(',)), id="code in a string"),
        pytest.param(f"A('{'(' * 100}')", Call("A", ("(" * 100,)), id="parentheses in a string"),
        pytest.param("A('--------------------------------------')", Call("A", ("-" * 38,)), id="signs in a string"),
        pytest.param(
            "A(l2=keras.regularizers.l2(0.1))", Call("A", (), (("l2", Call("regularizers.l2", (0.1,))),)), id="l2"
        ),
        pytest.param("my_cells.Cell(5)", Call("my_cells.Cell", (5,)), id="module"),
        pytest.param("models.MyCell(5)", Call("models.MyCell", (5,)), id="a module of the user's named models"),
        pytest.param("a.b._Cell()", Call("a.b._Cell"), id="underscore"),
        pytest.param("cells.py:Cell(5)", Call("Cell", (5,), file="cells.py"), id="file"),
        pytest.param("cells.py:Outer.Cell()", Call("Outer.Cell", file="cells.py"), id="class in a class in a file"),
        pytest.param("~/a-b/c.d.py:Cell()", Call("Cell", file="~/a-b/c.d.py"), id="home"),
        pytest.param("./cells.py:Cell()", Call("Cell", file="./cells.py"), id="here"),
        pytest.param("../cells.py:Cell()", Call("Cell", file="../cells.py"), id="above"),
        pytest.param("/tmp/cells.py:lower()", Call("lower", file="/tmp/cells.py"), id="absolute, lower case"),
        pytest.param("'my cells/c.py':Cell()", Call("Cell", file="my cells/c.py"), id="file in quotes"),
        pytest.param(
            "RNN([a.py:B(1), a.py:C(2)])",
            Call("RNN", (Items((Call("B", (1,), file="a.py"), Call("C", (2,), file="a.py")), is_list=True),)),
            id="files in a list",
        ),
    ],
)
def test_what_is_read(text: str, expected: Call) -> None:
    assert parse(text) == expected
    assert parse(str(expected)) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "it is empty", id="nothing"),
        pytest.param("4", "it is a value, not a call", id="number"),
        pytest.param("LSTM(4), GRU(4)", "it is a value, not a call", id="two layers"),
        pytest.param("LSTM", "bare name LSTM", id="name"),
        pytest.param("LSTM(4).weights", "the attribute weights", id="attribute"),
        pytest.param("LSTM(4).build()", "what it calls is not a plain name", id="method"),
        pytest.param("LSTM(4)(x)", "what it calls is not a plain name", id="called again"),
        pytest.param("(lambda: 1)()", "what it calls is not a plain name", id="called lambda"),
        pytest.param("A(lambda: 1)", "a lambda", id="lambda"),
        pytest.param("A([x for x in y])", "a comprehension", id="comprehension"),
        pytest.param("A(x for x in y)", "a comprehension", id="generator"),
        pytest.param("A({x: 1 for x in y})", "a comprehension", id="dict comprehension"),
        pytest.param("A(f'{x}')", "an f-string", id="f-string"),
        pytest.param("A(*x)", "unpacks arguments with *", id="star"),
        pytest.param("A([*x])", "a *", id="star in a list"),
        pytest.param("A(**x)", "unpacks arguments with **", id="two stars"),
        pytest.param("A({**x})", "unpacks a dict with **", id="two stars in a dict"),
        pytest.param("A(x := 4)", "an assignment", id="walrus"),
        pytest.param("A(x[0])", "an index", id="subscript"),
        pytest.param("A({1})", "a set", id="set"),
        pytest.param("A(1 if 2 else 3)", "a condition", id="condition"),
        pytest.param("A(2 * 4)", "an operator", id="times"),
        pytest.param("A(not 1)", "an operator", id="not"),
        pytest.param("A(1 < 2)", "an operator", id="comparison"),
        pytest.param("A(-True)", "an operator", id="minus a boolean"),
        pytest.param("A(-'a')", "an operator", id="minus a string"),
        pytest.param("A(--4)", "an operator", id="minus minus"),
        pytest.param("A(await x)", "", id="await"),
        pytest.param("A(b'a')", "a literal of type bytes", id="bytes"),
        pytest.param("A(4j)", "a literal of type complex", id="complex"),
        pytest.param("A(...)", "a literal of type ellipsis", id="ellipsis"),
        pytest.param("A(1e999)", "a number too large", id="infinity"),
        pytest.param(f"A({2**63})", "more than 63 bits", id="large integer"),
        pytest.param(f"A({'9' * 4900})", "", id="integer that Python refuses"),
        pytest.param("A({[1]: 2})", "keys are not plain values", id="list as a key"),
        pytest.param("A(a=1, a=2)", "a twice", id="keyword twice"),
        pytest.param("A(a=1, 2)", "not valid Python", id="positional after keyword"),
        pytest.param("A(activation=tanh)", "bare name tanh", id="activation"),
        pytest.param("A(cells.py:Cell)", "bare name cells.py:Cell", id="file without a call"),
        pytest.param("print(1)", "print is not a layer", id="function"),
        pytest.param("os.system('x')", "os.system is not a layer", id="function of a module"),
        pytest.param("__import__('os')", "__import__ is not the name", id="import"),
        pytest.param("a.__class__.B()", "is not the name", id="dunder"),
        pytest.param("cells.py:__import__('os')", "is not the name", id="dunder in a file"),
        pytest.param("__import__('os').System()", "not a plain name", id="attribute of a call"),
        pytest.param("model.add(LSTM(4))", "model.add is not a layer", id="method of a name"),
        pytest.param("LSTM(4", "not valid Python", id="open"),
        pytest.param("LSTM(4))", "not valid Python", id="closed twice"),
        pytest.param("LSTM(4\0)", "", id="NUL"),
        pytest.param("LSTM(4\ud800)", "", id="half a character"),
        pytest.param("import os", "not valid Python", id="statement"),
        pytest.param("x = y = LSTM(4)", "not valid Python", id="assigned twice"),
        pytest.param("A(" + "x" * 10_000 + ")", "at most", id="10,000 characters"),
        pytest.param("(" * 2_000 + ")" * 2_000, "levels deep", id="parentheses"),
        pytest.param("A(" * 40 + ")" * 40, "levels deep", id="calls"),
        pytest.param("[" * 2_000, "levels deep", id="brackets"),
        pytest.param("-" * 4_000 + "1", "levels deep", id="signs"),
        pytest.param("- " * 2_000 + "1", "levels deep", id="spaced signs"),
        pytest.param("A(" + "not " * 1_200 + "1)", "", id="nots"),
        pytest.param("A(" + "1+" * 2_400 + "1)", "", id="long sum"),
        pytest.param("a." * 2_400 + "b", "bare name", id="long chain"),
        pytest.param("a." * 2_400 + "b()", "is not a layer", id="long called chain"),
        pytest.param("A(4)" + ".b" * 2_400, "attribute", id="long chain of attributes"),
        pytest.param("A(4)" + "()" * 2_400, "not a plain name", id="long chain of calls"),
        pytest.param("A(" + "1," * 2_000 + ")", "parts", id="many arguments"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        parse(text)
    assert reason in caught.value.message
    assert "Received: " in caught.value.message
    assert len(caught.value.message) < 400
    assert len(caught.value.hint or "") < 200
    assert "_rnnshape" not in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("A(activation=tanh)", "Quote it: activation='tanh'."),
        ("A(activation=tf.nn.relu)", "Quote it: activation='relu'."),
        ("A(tanh)", "Quote it: 'tanh'."),
        ("A(4, dtype=tf.float16)", "Quote it: dtype='float16'."),
        ("A(padding=same)", "Quote it: padding='same'."),
        ("A(kernel_initializer=GlorotUniform)", "Call it: GlorotUniform(…)."),
        (
            "LSTM(latent_dim)",
            (
                "Write a value in the place of latent_dim, such as 4. Or call the layer on a tensor, as code, "
                "and give it: rnnshape 'y = LSTM(latent_dim)(x)' --let latent_dim=4"
            ),
        ),
        (
            "layer = GRU(units=SIZE)",
            (
                "Write a value in the place of SIZE, such as units=4. Or call the layer on a tensor, as code, "
                "and give it: rnnshape 'y = GRU(units=SIZE)(x)' --let SIZE=4"
            ),
        ),
        (f"GRU(SIZE, name='{'x' * 80}')", "Write a value in the place of SIZE, such as 4."),
        ("GRU(units=conf.units)", "Write a value in the place of conf.units, such as units=4."),
        ("A(use_bias=false)", "Write False."),
        ("Bidirectional(keras.layers.LSTM)", "Call it: keras.layers.LSTM(…)."),
        ("Bidirectional(lstm)", "Call it: LSTM(…)."),
        ("gru", "Call it: GRU(…)."),
        ("RNN(a/b.py:Cell)", "Call the class: 'a/b.py:Cell(…)'."),
        ("lstm(4)", "Did you mean LSTM?"),
        ("conv_lstm_2d(4)", "Did you mean ConvLSTM2D?"),
        ("model.add(LSTM(4))", "Give the constructor call of a layer alone: 'LSTM(4)'."),
        ("LSTM(4)(inputs)", "Give the layer alone, without the call on its inputs."),
        ("Bidirectional(LSTM(4)", "1 closing parenthesis too few. Quote the whole expression."),
        ("A('(((', B(4)", "1 closing parenthesis too few. Quote the whole expression."),
        ("LSTM(4)))", "2 closing parentheses too many."),
        ("A(2 * 4)", "Only calls, literals, lists, tuples and dicts are read."),
        ("4", "Write a call such as 'LSTM(4)'."),
    ],
)
def test_hints(text: str, hint: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        parse(text)
    assert caught.value.hint == hint
    assert caught.value.layer == text


def test_the_limit_of_characters() -> None:
    text = "A(" + "'" + "x" * (MAX_CHARACTERS - 5) + "')"
    assert len(text) == MAX_CHARACTERS
    assert parse(text).args == ("x" * (MAX_CHARACTERS - 5),)
    with pytest.raises(InvalidQuery):
        parse(text + " ")


@pytest.mark.parametrize("text", ["A(4 is 3)", r"A('\d')", "4(3)", "A('a'(1))", "A(1if 2else 3)", "A(0_7or 1)"])
def test_python_s_own_warnings_reach_nobody(text: str) -> None:
    code = (
        f"from rnnshape.expression import parse\ntry: parse({text!r})\nexcept Exception as e: print(type(e).__name__)"
    )
    done = subprocess.run([sys.executable, "-W", "always", "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout in ("", "InvalidQuery\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'relu'", "relu"),
        ("None", None),
        ("1e-3", 1e-3),
        ("[1, 2]", Items((1, 2), is_list=True)),
        ("LSTM(4)", LSTM),
        ("{'a': (1,)}", Pairs((("a", Items((1,), is_list=False)),))),
    ],
)
def test_values(text: str, expected: object) -> None:
    assert parse_value(text) == expected
    assert parse_value(as_code(expected)) == expected


def test_assignments_are_no_values() -> None:
    with pytest.raises(InvalidQuery):
        parse_value("a = 4")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("keras.layers.LSTM", "LSTM"),
        ("layers.LSTM", "LSTM"),
        ("keras.Sequential", "Sequential"),
        ("keras.models.Sequential", "Sequential"),
        ("tf.keras.initializers.Zeros", "initializers.Zeros"),
        ("my_cells.Cell", "my_cells.Cell"),
        ("keras.ops.Cell", "keras.ops.Cell"),
        ("models.Cell", "models.Cell"),
    ],
)
def test_prefixes(name: str, expected: str) -> None:
    assert without_prefix(name) == expected


@pytest.mark.parametrize(
    ("text", "is_users"),
    [
        ("LSTM(4)", False),
        ("keras.regularizers.L2(0.1)", False),
        ("tf.keras.models.Sequential()", False),
        ("my_cells.Cell()", True),
        ("cells.py:Cell()", True),
    ],
)
def test_whose_class_it_is(text: str, is_users: bool) -> None:
    assert parse(text).is_users is is_users


def test_arguments() -> None:
    call = parse("LSTM(4, return_state=True)")
    assert call.argument("return_state") is True
    assert call.argument("unroll", "absent") == "absent"
    assert str(call.with_arguments(unroll=True, return_state=False)) == "LSTM(4, return_state=False, unroll=True)"
    assert str(call) == "LSTM(4, return_state=True)"


def test_calls_are_found_wherever_they_are() -> None:
    call = parse("A(B(1), [C(), (D(),)], e={'x': E(f=F())})")
    assert [inner.name for inner in call.calls()] == ["A", "B", "C", "D", "E", "F"]


# --- properties

identifiers = st.from_regex(r"[a-z][a-z_0-9]{0,6}", fullmatch=True).filter(
    lambda word: (
        word not in ("as", "if", "in", "is", "or", "and", "not", "for", "def", "del", "try", "pass", "else")
        and word
        not in ("elif", "from", "with", "class", "break", "raise", "while", "yield", "async", "await", "return")
        and word not in ("global", "import", "lambda", "assert", "except")
    )
)
classes = st.from_regex(r"_?[A-Z][A-Za-z0-9_]{0,6}", fullmatch=True).filter(
    lambda w: w not in ("None", "True", "False")
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12).filter(lambda text: text.isprintable() or "\0" not in text)
)
files = st.none() | st.text(string.ascii_letters + " ~/.-_'", min_size=1, max_size=8).map(
    lambda stem: f"{stem.strip()}.py"
)


def calls(values: st.SearchStrategy[object]) -> st.SearchStrategy[Call]:
    return st.builds(
        lambda name, module, file, args, kwargs: Call(
            name if file or not module else f"{module}.{name}", tuple(args), tuple(kwargs.items()), file
        ),
        classes,
        st.none() | st.just("my_cells") | st.just("initializers"),
        files,
        st.lists(values, max_size=3),
        st.dictionaries(identifiers, values, max_size=3),
    )


values = st.recursive(
    scalars,
    lambda inner: (
        st.builds(lambda items, is_list: Items(tuple(items), is_list), st.lists(inner, max_size=3), st.booleans())
        | st.builds(lambda items: Pairs(tuple(items)), st.lists(st.tuples(scalars, inner), max_size=2))
        | calls(inner)
    ),
    max_leaves=8,
)


@given(calls(values))
def test_what_is_printed_is_read_again(call: Call) -> None:
    text = str(call)
    if len(text) <= MAX_CHARACTERS:
        assert parse(text) == call
        assert str(parse(text)) == text


PIECES = (*"()[]{}.,=:'\"-*#\\\n\0 é\ud800a4", "LSTM", ".py:", "f'", "lambda")


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join) | st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidQuery):
        call = parse(text)
        assert parse(str(call)) == call


def test_the_pieces_make_calls() -> None:
    """The property above is worth nothing if nothing it draws is ever read."""
    read = 0
    for parts in itertools.product(["LSTM", "x.py:A"], ["("], ["", "4", "a=4", "'é'"], [")", ")\n"]):
        read += isinstance(parse("".join(parts)), Call)
    assert read == 16


OF_TORCH = [
    ("nn.LSTM(8, 4, batch_first=True)", "LSTM(4, return_sequences=True, return_state=True)"),
    ("torch.nn.LSTM(input_size=8, hidden_size=4, dropout=0.5)", "LSTM(4, return_sequences=True, return_state=True)"),
    ("torch.nn.GRU(8, 4, 2)", "RNN([GRUCell(4), GRUCell(4)], return_sequences=True, return_state=True)"),
    (
        "nn.RNN(8, 4, nonlinearity='relu')",
        "SimpleRNN(4, activation='relu', return_sequences=True, return_state=True)",
    ),
    (
        "nn.LSTM(8, 4, 1, False, bidirectional=True)",
        "Bidirectional(LSTM(4, use_bias=False, return_sequences=True, return_state=True))",
    ),
    (
        "nn.GRU(8, 4, 2, bidirectional=True)",
        "Sequential([Bidirectional(GRU(4, return_sequences=True)), Bidirectional(GRU(4, return_sequences=True))])",
    ),
    ("nn.LSTMCell(8, 4, False)", None),
    ("nn.LSTMCell(8, 4, bias=False)", "RNN(LSTMCell(4, use_bias=False))"),
    ("nn.LSTM(8, 4, proj_size=2)", None),
    ("nn.LSTM(8, 4, 100)", None),
    ("nn.LSTM()", None),
]


@pytest.mark.parametrize(("typed", "ours"), OF_TORCH)
def test_a_layer_of_pytorch_is_told_as_one_of_keras(typed: str, ours: str | None) -> None:
    instead = f'Keras\'s is: rnnshape "{ours}" --features 8' if ours else "Did you mean lstm, of Keras?"
    assert instead_of_torch(parse(typed)) == f"That is a layer of PyTorch. {instead}"


@pytest.mark.parametrize("typed", ["nn.Linear(8, 4)", "my.LSTM(8, 4)", "LSTM(4)", "torch.LSTM(4)", "nn.py:LSTM(8, 4)"])
def test_no_other_layer_is_one_of_pytorch(typed: str) -> None:
    assert instead_of_torch(parse(typed)) is None


@pytest.mark.parametrize("ours", [ours for _, ours in OF_TORCH if ours])
def test_what_stands_for_a_layer_of_pytorch_runs(ours: str) -> None:
    assert explore(ours, batch=2, time=3, features=8).parameters.total > 0


def test_a_layer_of_pytorch_that_is_no_module_here_has_the_hint() -> None:
    with pytest.raises(InvalidQuery, match="There is no module nn") as caught:
        explore("nn.GRU(8, 4)")
    assert caught.value.hint == instead_of_torch(parse("nn.GRU(8, 4)"))
