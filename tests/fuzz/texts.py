"""Expressions, mostly broken ones, and other texts that are nothing in particular."""

from __future__ import annotations

import string
from random import Random

ODD = [
    *("\x1b[31m", "\x1b]0;title\x07", "\x9b2J", "\x1b", "\x07", "\r", "\n", "\t", "\0", "\x7f", "\x85", "\u2028"),
    *("\u202e", "\u200b", "\ufeff", "é", "漢", "ｕｎｉｔｓ", "🙂", "\udcff", "\ud800", "٣", "²", "İ", "ß"),
    *("'", '"', "'''", '"""', "\\", "\\x1b", "\\N{DIGIT ONE}", "\\u202e", "f'{", "b''", "#", "%s", "{}", "[bold]", ":"),
    *(
        "(" * 40,
        ")" * 40,
        "[" * 300,
        "-" * 50,
        "not " * 200,
        "~",
        "a." * 300,
        "lambda:" * 60,
        "**",
        "*",
        ":=",
        "=",
        ";",
    ),
    *("9" * 30, "9" * 5000, "1e999", "-1", "+-5", "0x7f", "1_000", "1j", "nan", "None", "True", "…", "/", "..", "~"),
    *("x.py:A(", "'a b.py':A(", "__import__('os')", "__class__", ">>> ", "... ", "a=", "a==", "layers.", "if", "else"),
    *("a" * 200, " " * 300, "\n" * 300, "--json", "--", "-", ",", ",,", "1,1,0", "right:", "lengths:1,2"),
]
ALPHABETS = [string.ascii_lowercase, string.printable, "".join(ODD), "0123456789,+-:_"]
LAYERS = ["simple-rnn", "gru", "lstm", "conv-lstm-1d", "conv-lstm-2d", "conv-lstm-3d", "GRU", "SimpleRNN", "ConvLSTM2D"]
EXPRESSIONS = [
    "LSTM(4)",
    "keras.layers.GRU(3, return_sequences=True, return_state=True)",
    "Bidirectional(LSTM(4, return_state=True), merge_mode='sum')",
    "RNN([LSTMCell(4), GRUCell(6)], return_state=True)",
    "RNN(StackedRNNCells([LSTMCell(2), SimpleRNNCell(2)]))",
    "TimeDistributed(Dense(3))",
    "Sequential([LSTM(6, return_sequences=True), GRU(3)])",
    "ConvLSTM2D(2, kernel_size=(3, 3), padding='same')",
    "GRU(4, kernel_initializer=initializers.RandomNormal(0.0, 1e-3), bias_regularizer={'l2': 0.1}, name='ü')",
    ">>> layer = tf.keras.layers.LSTM(units=4),",
    "RNN(my_cells.MinimalCell(5))",
    "RNN(path/to/my_cells.py:MinimalCell(5, -2.5, None))",
    "RNN('a path/cells.py':Cell(5))",
]
NAMES = ["units", "activation", "use_bias", "dropout", "name", "filters", "return_state", "seed", "dtype"]


def word(random: Random) -> str:
    """Return something short that is nothing in particular."""
    return "".join(random.choices(random.choice(ALPHABETS), k=random.randrange(9)))


def mutated(random: Random, text: str) -> str:
    """Return the text with a few changes."""
    for _ in range(random.choice([1, 1, 2, 3, 8])):
        at = random.randrange(len(text) + 1)
        to = min(len(text), at + random.choice([0, 1, 1, 2, 5]))
        piece = random.choice(["", text[at:to] * 2, random.choice(ODD), word(random), random.choice("()[]{},='\" .:")])
        text = text[:at] + piece + text[to:]
        if len(text) > 20_000:
            break
    return text


def expression(random: Random, depth: int = 0) -> str:
    """Return a valid expression."""
    if depth == 0 and random.random() < 0.3:
        return random.choice(EXPRESSIONS)
    name = random.choice(["LSTM", "GRU", "RNN", "Bidirectional", "keras.layers.Dense", "my.Cell", "a/b.py:Cell", "Ü"])
    arguments = [_value(random, depth) for _ in range(random.randrange(3))]
    arguments += [f"{name}={_value(random, depth)}" for name in random.sample(NAMES, random.randrange(4))]
    return f"{name}({', '.join(arguments)})"


def _value(random: Random, depth: int) -> str:
    kind = random.randrange(9)
    if kind < 4:
        return random.choice(
            [str(random.randrange(-9, 99)), repr(random.uniform(-9, 9)), "True", "None", "1e-9", "-0.0"]
        )
    if kind == 4 or depth > 3:
        return repr(word(random))
    if kind == 5:
        return expression(random, depth + 1)
    inner = [_value(random, depth + 1) for _ in range(random.randrange(4))]
    if kind == 6:
        return f"[{', '.join(inner)}]"
    if kind == 7:
        return f"({''.join(f'{item}, ' for item in inner)})"
    return "{" + ", ".join(f"{word(random)!r}: {item}" for item in inner) + "}"


def text_of_expression(random: Random) -> str:
    """Return an expression, mostly a broken one."""
    kind = random.randrange(8)
    if kind == 0:
        return expression(random)
    if kind == 1:
        return "".join(random.choice(ODD) for _ in range(random.randrange(1, 12)))
    return mutated(random, random.choice(EXPRESSIONS) if kind < 5 else expression(random))
