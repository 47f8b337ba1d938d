"""The run: see the package."""

from __future__ import annotations

import argparse
import faulthandler
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from . import __doc__ as what_it_is
from . import seeds
from .checks import (
    READERS,
    wrong_with_document,
    wrong_with_expression,
    wrong_with_line,
    wrong_with_message,
    wrong_with_status,
    wrong_with_value,
)
from .lines import MASKS, NO_NUMBERS, NUMBERS, SETS, SHAPES, line, real_line
from .messages import document
from .standin import stand_in
from .texts import mutated, text_of_expression

ROOT = Path(__file__).parents[2]
SLOW = 10.0
"""Seconds that no input without Keras takes, on any machine."""


class Tally:
    """What was done, and what was found."""

    def __init__(self, seconds: float) -> None:
        self.until = time.monotonic() + seconds
        self.found = 0
        self.slowest = (0.0, "")

    def run(self, name: str, count: int, check: Callable[[], tuple[object, list[str], object]]) -> None:
        """Check so many inputs, if there is time; `check` returns a kind, what is wrong, and the input."""
        kinds: Counter[object] = Counter()
        begun = time.monotonic()
        self.slowest = (0.0, "")
        for number in range(count):
            start = time.monotonic()
            if start > self.until:
                break
            if number % 1000 == 0:
                faulthandler.dump_traceback_later(600, exit=True)  # whatever hangs is shown, and ends the run
            kind, wrong, given = check()
            taken = time.monotonic() - start
            if taken > self.slowest[0]:
                self.slowest = taken, repr(given)[:200]
            if taken > SLOW:
                wrong = [*wrong, f"it took {taken:.1f} seconds"]
            kinds[kind] += 1
            if wrong:
                self.found += 1
                print(f"\nFOUND in {name}: {'; '.join(wrong)[:1000]}\n  for {given!r}"[:4000])
        faulthandler.cancel_dump_traceback_later()
        total, taken = sum(kinds.values()), time.monotonic() - begun
        told = ", ".join(f"{kind}: {number}" for kind, number in sorted(kinds.items(), key=str))
        print(f"{total:>9} {name} in {taken:.0f} s ({told})")
        if total:
            print(f"{'':>9} the slowest took {self.slowest[0]:.2f} s: {self.slowest[1]}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=what_it_is.partition("\n")[0])
    counts = {"lines": 10_000, "real": 200, "seeds": 400, "acting": 3_000}
    counts |= {"expressions": 1_000_000, "messages": 10_000, "reports": 20_000}
    for name, count in counts.items():
        parser.add_argument(f"--{name}", type=int, default=count, metavar="N", help=f"default: {count}")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end after these, whatever is left to do")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        # Nothing of the user's is in reach: no home, no worker, no file.
        os.environ.update(HOME=home, XDG_RUNTIME_DIR=home, RNNSHAPE_WORKER="off")
        os.chdir(home)
        try:
            return _run(asked)
        finally:
            os.chdir("/")


def _run(asked: argparse.Namespace) -> int:
    tally, random = Tally(asked.seconds), Random(asked.seed)  # noqa: S311 - the same ones again, please

    def checks_line(make: Callable[[Random], list[str]]) -> Callable[[], tuple[object, list[str], object]]:
        def check() -> tuple[object, list[str], object]:
            argv = make(random)
            stdin = "\n".join(text_of_expression(random) for _ in range(random.randrange(3)))
            encoding = random.choice(["utf-8", "utf-8", "ascii", "latin-1"])
            return *wrong_with_line(argv, stdin, encoding), (argv, stdin, encoding)

        return check

    def check_text() -> tuple[object, list[str], object]:
        text = text_of_expression(random)
        if random.random() < 0.875:
            return "expressions", wrong_with_expression(text), text
        if random.random() < 0.5:
            text = random.choice([*NUMBERS, *NO_NUMBERS, *SHAPES, *MASKS, *SETS])
            text = mutated(random, text) if random.random() < 0.7 else text
        return "values", wrong_with_value(random.choice(READERS), text), text

    def check_message() -> tuple[object, list[str], object]:
        if random.random() < 0.1:
            return "statuses", wrong_with_status(random), ""
        state = random.getstate()
        return "requests", wrong_with_message(random), state[1][-1]

    def check_document() -> tuple[object, list[str], object]:
        found = document(random)
        return "documents", wrong_with_document(found), found

    print(f"seed {asked.seed}, Python {sys.version.split()[0]}")
    with stand_in(random):
        tally.run("command lines (by exit status)", asked.lines, checks_line(line))
    tally.run("texts", asked.expressions, check_text)
    tally.run("messages", asked.messages, check_message)
    tally.run("reports", asked.reports, check_document)
    if asked.real:
        tally.run("command lines with real layers (by exit status)", asked.real, checks_line(real_line))
    questions = iter(seeds.all_questions(random))
    tally.run("questions with five seeds each (by layer)", asked.seeds, lambda: seeds.check(next(questions)))
    if asked.acting:
        words = [sys.executable, "-m", "tests.fuzz.acting", f"--words={asked.acting}", f"--seed={asked.seed}"]
        tally.found += subprocess.run(words, cwd=ROOT, check=False).returncode  # a status of 1: it tells what it found
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB; {tally.found} findings")
    return int(tally.found > 0)


if __name__ == "__main__":
    sys.exit(main())
