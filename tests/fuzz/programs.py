"""Keras code, mostly broken: what people post, cut up, shuffled and mutated.

    python -m tests.fuzz.programs [--texts N] [--run N] [--seed K]

`--texts` programs are read; of a smaller number (`--run`) what was read is run, too, with what listens to the
interpreter on: see `acting`. What is held against each: nothing gets out but an error of ours with a line of the text,
no message is empty or has a control character, running a program opens no file, starts no process and asks no address,
and nothing takes long. Prints what was found; the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from .acting import Listener
from .checks import CONTROL
from .texts import mutated, text_of_expression

TESTS = Path(__file__).parents[1]
SLOW_TO_READ, SLOW_TO_RUN = 5.0, 70.0
"""Seconds that nothing takes, on any machine; a program has a minute by its own bounds."""
CODES = {None, "keras-refused", "not-read"}
PIECES = [
    *(
        "for i in range(3):\n    ",
        "def f(a, b=2, *c, **d):\n    ",
        "if x is None:\n    ",
        "with a as b: ",
        "lambda t: ",
    ),
    *(
        "try:\n    ",
        "except: pass\n",
        "else:\n    ",
        "while True:\n    ",
        "class A:\n    pass\n",
        "return ",
        "*a, b = ",
    ),
    *(
        "[x for x in y]",
        "{**a}",
        "f'{x!r:>{n}}'",
        "x[::-1, ..., None]",
        "del x\n",
        "global x\n",
        "x += ",
        "x @ y",
        "await x",
    ),
    *(">>> ", "... ", "In [3]: ", "Out[3]: ", "%matplotlib inline\n", "!ls\n", "```python\n", "```\n", "\t", "\r\n"),
    *(
        "__import__('os').system('x')",
        "().__class__.__mro__",
        "open('x', 'w')",
        "eval('1')",
        "exec('1')",
        "getattr(x, 'y')",
    ),
    *("9**9**9", "'x' * 10**9", "[0] * 10**9", "range(10**12)", "x = x\n", "list = 3\n", "x.append(x)\n"),
]


def corpus() -> list[str]:
    """Return the programs that the tests hold."""
    cases = json.loads((TESTS / "snippets" / "cases.json").read_text(encoding="utf-8"))
    found = [case["code"] for case in cases if isinstance(case.get("code"), str)]
    blocks = (TESTS / "snippets" / "against_python.txt").read_text(encoding="utf-8").split("#### ")[1:]
    faulty = (TESTS / "fixes" / "faulty.txt").read_text(encoding="utf-8").split("#### ")[1:]
    return [*found, *(block.partition("\n")[2] for block in (*blocks, *faulty))]


def program(random: Random, known: list[str]) -> str:
    """Return a program, mostly a broken one."""
    lines = random.choice(known).splitlines()
    kind = random.randrange(6)
    if kind == 0:
        return text_of_expression(random)
    if kind == 1:
        lines += random.choice(known).splitlines()
        random.shuffle(lines)
    if kind <= 2:
        lines = random.sample(lines, min(len(lines), random.randrange(1, 12)))
    for _ in range(random.randrange(3)):
        at = random.randrange(len(lines) + 1)
        lines.insert(at, random.choice(PIECES) + (random.choice(lines) if lines else ""))
    text = "\n".join(lines)
    return text if random.random() < 0.2 else mutated(random, text)


def wrong_with_reading(text: str, random: Random) -> tuple[str, list[str]]:
    """Return how a text is read, and what is wrong with that."""
    from rnnshape.program import NotRead, is_code, read, read_notebook

    reader: Callable[..., object] = read
    given = text
    if random.random() < 0.1:
        cells = [
            {"cell_type": "code", "source": text.splitlines(keepends=True)},
            {"cell_type": "markdown", "source": "#"},
        ]
        given, reader = json.dumps({"cells": cells, "nbformat": 4, "metadata": {}}), read_notebook
        text += "\n"  # an empty cell has a line, too
    try:
        is_code(text)
        reader(given)
    except NotRead as error:
        return "refused", _wrong_with_words(error.message, error.hint, error.line, text)
    except BaseException as error:  # noqa: BLE001
        return "broken", [repr(error)]
    return "read", []


def wrong_with_running(text: str, listener: Listener) -> tuple[str, list[str]]:
    """Return how a program ends, and what is wrong with that."""
    from rnnshape.program import NotRead, read
    from rnnshape.run.code import run_program

    try:
        code = read(text)
    except NotRead:
        return "refused", []
    listener.heard = []
    try:
        trace = run_program(code, draws=1)
    except BaseException as error:  # noqa: BLE001
        return "broken", [repr(error)]
    finally:
        heard, listener.heard = listener.heard, None
    stop = trace.stop
    if stop is None:
        return "whole", heard
    wrong = _wrong_with_words(stop.message, stop.hint, stop.line, text)
    return f"stopped: {stop.code}", [*heard, *wrong, *([] if stop.code in CODES else [f"code {stop.code}"])]


def _wrong_with_words(message: str, hint: str | None, line: int, text: str) -> list[str]:
    wrong = [] if message else ["no message"]
    if CONTROL.search(f"{message}{hint}"):
        wrong.append(f"a control character in {message!r}")
    lines = len(text.splitlines()) + 1
    return wrong if 0 < line <= lines else [*wrong, f"line {line} of {lines}"]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz.programs", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--texts", type=int, default=1_000_000, metavar="N", help="default: 1,000,000")
    parser.add_argument("--run", type=int, default=10_000, metavar="N", help="default: 10,000")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    random, known = Random(asked.seed), corpus()  # noqa: S311 - the same ones again, please
    print(f"seed {asked.seed}, Python {sys.version.split()[0]}, {len(known)} programs to begin with")
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(HOME=home, XDG_RUNTIME_DIR=home, RNNSHAPE_WORKER="off")
        os.chdir(home)
        try:
            found = _check(
                "read", asked.texts, SLOW_TO_READ, lambda text: wrong_with_reading(text, random), random, known
            )
            if asked.run:
                listener = Listener()
                # Whatever is loaded on first use is loaded before.
                wrong_with_running("x = Input((3, 2))\ny = LSTM(4, return_sequences=True)(x)", listener)
                found += _check(
                    "run", asked.run, SLOW_TO_RUN, lambda text: wrong_with_running(text, listener), random, known
                )
        finally:
            os.chdir("/")
    return int(found > 0)


def _check(
    what: str,
    count: int,
    slow: float,
    check: Callable[[str], tuple[str, list[str]]],
    random: Random,
    known: list[str],
) -> int:
    kinds: Counter[str] = Counter()
    begun, found, slowest = time.monotonic(), 0, 0.0
    for _ in range(count):
        text = program(random, known)
        start = time.monotonic()
        kind, wrong = check(text)
        taken = time.monotonic() - start
        slowest = max(slowest, taken)
        wrong = [*wrong, f"it took {taken:.1f} s"] if taken > slow else wrong
        kinds[kind] += 1
        if wrong:
            found += 1
            print(f"\nFOUND: {'; '.join(wrong)[:1000]}\n  for {text!r}"[:4000])
    told = ", ".join(f"{kind}: {number}" for kind, number in sorted(kinds.items()))
    print(f"{count:>9} programs {what} in {time.monotonic() - begun:.0f} s ({told}); the slowest took {slowest:.2f} s")
    return found


if __name__ == "__main__":
    sys.exit(main())
