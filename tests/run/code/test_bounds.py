"""What code asks for too much of is refused at its line, before anything is computed; and words do nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rnnshape.program import code, read
from rnnshape.run.code import budget, run_program

TOO_MUCH = [
    "x = 9**9**9",
    "x = pow(9, 9**8)",
    "x = 1 << 10**9",
    "x = 'x' * 10**9",
    "x = [0] * 10**10",
    "x = f'{3:999999999}'",
    "w = 10**9; x = f'{3:{w}}'",
    "x = '{:999999999}'.format(3)",
    "x = '%999999999d' % 3",
    "x = '%*d' % (10**9, 3)",
    "x = ('a' * 1000).replace('a', 'b' * 100000)",
    "x = 'a'.join(['b' * 100000] * 1000)",
    "x = int('9' * 100000)",
    "a = [1]\nfor i in range(60): a = a + a",
    "a = [1]\nfor i in range(60): a = [a, a]\nx = str(a)",
    "a = []\na.append(a)\nx = str(a)",
    "a = {}\na[1] = a\nx = LSTM(4)(a)",
    "while True: pass",
    "def f(n): return f(n + 1)\nf(0)",
    "x = Input((3, 4))\nn = 2\nwhile n > 1 and not False: x = Dense(4)(x)",
    "m = Sequential([Input((3,))])\nfor i in range(10**4): m.add(Dense(2))",
    "a = [Dense(3) for i in range(200)]",
    "a = []\nfor i in range(10**5): b = sorted(a); a.append(i)",
    "for i in range(10**12): pass",
    "x = list(range(10**9))",
    "x = tf.zeros((10**6, 10**6))",
    "x = keras.ops.zeros((10**5, 10**6))",
    "x = np.arange(10**10)",
    "x = np.eye(10**5)",
    "x = np.linspace(0, 1, 10**10)",
    "x = np.tile(np.zeros(1000), 10**8)",
    "x = np.zeros(10).repeat(10**9)",
    "x = np.pad(np.ones(3), 10**9)",
    "x = np.outer(np.ones(10**6), np.ones(10**6))",
    "x = np.ones((10**4, 1, 100)) + np.ones((1, 10**5, 1))",
    "x = tf.one_hot(tf.zeros((1000, 1000), dtype=tf.int32), 10**6)",
    "x = to_categorical([1, 10**9])",
    "x = pad_sequences([[1, 2]], maxlen=10**10)",
    "y = Dense(10**9)(Input((10**6,)))",
    "y = Embedding(10**9, 512)(Input((3,)))",
    "y = LSTM(64, unroll=True)(Input((5000, 8)))",
    "a = [Dense(3) for i in range(10**4)]",
    "y = Lambda(lambda t: 9**9**9)(Input((3,)))",
]


@pytest.mark.parametrize("text", TOO_MUCH)
def test_too_much_is_refused_at_its_line(text):
    stop = run_program(read(text), draws=0).stop
    assert stop is not None
    assert (stop.code, stop.kind) == ("not-read", "TooMuch")
    assert stop.line == text.count("\n") + 1 or text.startswith(("a =", "for", "def"))


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("x = np.zeros((10**6, 10**6))", (10**6, 10**6)),
        ("x = np.random.rand(10**5, 10**5) * 2", (10**5, 10**5)),
        ("x = np.zeros((10**6, 28, 28)).reshape(-1, 784).astype('float32')[:7] / 255", (7, 784)),
        ("m = Sequential([Input((28, 28)), LSTM(4)])\nx = m.predict(np.zeros((60000, 28, 28)))", (60000, 4)),
        ("x = LSTM(64)(Input((100000, 8)))", (None, 64)),
    ],
)
def test_large_data_that_is_all_alike_takes_no_memory(text, shape):
    trace = run_program(read(text), draws=0)
    assert trace.stop is None
    assert next(tensor.shape for tensor in trace.tensors if tensor.variable == "x") == shape


@pytest.mark.parametrize(
    "loop",
    [
        "while True: n += 1",
        "while 1:\n    while n < 9: n += 1\n    y = Dense(4)(x)",
        "while n > 0: y = [Dense(4)(x) for _ in range(2)]",
    ],
)
def test_a_loop_without_an_end_is_told_after_few_rounds(loop):
    trace = run_program(read(f"x = Input((3, 4))\nn = 1\n{loop}"), draws=0)
    assert trace.stop is not None
    assert (trace.stop.kind, trace.stop.line) == ("TooMuch", 3)
    assert trace.stop.message.startswith("This loop has no end")
    assert len(trace.tensors) <= 7


@pytest.mark.parametrize(
    "loop",
    [
        "while True:\n    n += 1\n    if n > 9: break",
        "def f():\n    n = 0\n    while True:\n        n += 1\n        if n > 9: return n\nf()",
        "while n < 9: n += 1",
        "a = [1] * 9\nwhile a: a.pop()",
        "def f():\n    global n\n    n += 1\nwhile n < 9: f()",
        "for i in range(100): y = Dense(4)(y)",
        "for i in range(500):\n    for j in range(5): z = y[:, 0]",
    ],
)
def test_a_loop_with_an_end_is_run_to_it(loop):
    assert run_program(read(f"y = Input((3, 4))\nn = 1\n{loop}"), draws=0).stop is None


def test_an_error_in_a_loop_without_an_end_is_the_error():
    stop = run_program(read("x = Input((3, 4))\nwhile True:\n    x = LSTM(4)(x)"), draws=0).stop
    assert stop is not None
    assert (stop.code, stop.line) == ("keras-refused", 3)


def test_the_bounds_are_those_of_the_docs():
    page = (Path(__file__).parents[3] / "docs" / "code.md").read_text(encoding="utf-8")
    table = page.partition("## Bounds")[2]
    for what, bound in {
        "text": (code.MAX_CHARACTERS, code.MAX_LINES, code.MAX_NOTEBOOK),
        "statements and expressions that are evaluated": (budget.MAX_STEPS,),
        "tensors": (budget.MAX_TENSORS,),
        "layers": (budget.MAX_LAYERS,),
        "rounds of loops that make layers": (budget.MAX_BUILDING,),
        "calls inside calls of the code's functions": (budget.MAX_CALLS,),
        "weights and arrays together": (budget.MAX_TOTAL,),
        "time to read the code": (int(budget.MAX_SECONDS),),
    }.items():
        row = re.search(rf"^\| {re.escape(what)} \| (.*) \|$", table, re.MULTILINE)
        assert row is not None, what
        assert tuple(int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", row[1])) == bound


NOT_READ = [
    "x = np.__builtins__",
    "getattr(np, 'load')",
    "__import__('os')",
    "eval('1 + 1')",
    "x = keras.layers.TFSMLayer('/tmp')",
    "x = keras.layers.StringLookup(vocabulary='words.txt')",
    "x = LSTM(4, kernel_initializer={'module': 'os', 'class_name': 'system', 'config': {'command': 'ls'}})",
    "x = LSTM.from_config({})",
    "x = LSTM(4)._layers",
    "x = ().__class__.__bases__",
    "x = 'a'.swapcase()",
    "y = LSTM(4)(np.load('x.npy'))",
    "class A(Layer): pass\nx = A()",
    "def g():\n    yield 1\ng()",
    "if flag: pass",
    "x = Input((3,))\nimport torch\ny = torch.relu(x)",
]


@pytest.mark.parametrize("text", NOT_READ)
def test_what_is_not_read_says_what_to_do(text):
    stop = run_program(read(text), draws=0).stop
    assert stop is not None
    assert (stop.code, stop.kind) == ("not-read", "NotRead")
    assert stop.message
