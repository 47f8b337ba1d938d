"""How long and how large answers become over the whole range of sizes: python -m tests.bench_sizes [-n QUESTIONS].

Each question is asked in a process of its own, one after the other, with a limit of time and of memory. The program
without a question of size is measured beside them: what is judged is how much more a question takes. Seconds are
those of the processor, which other work on the machine changes least.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

MOST_SECONDS, MOST_BYTES = 5.0, 1.5e9
WALL, ADDRESSES = 20.0, 12 * 2**30
"""Seconds after which a question is ended, and its addresses; TensorFlow maps many that it never uses."""
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
from rnnshape.cli import run
sys.exit(run(sys.argv[2:]))
"""

SIZES = (1, 2, 7, 64, 1_000, 4_096, 50_000, 10**6, 10**9, 2**31 - 1)
OPTIONS = ("--units", "--batch", "--time", "--features")
FLAGS = (
    (),
    ("--return-sequences", "--return-state"),
    ("--bidirectional", "--merge-mode", "sum", "--return-state"),
    ("--unroll",),
    ("--every-state", "--return-sequences"),
    ("--stateful",),
    ("--training", "--set", "dropout=0.5"),
)
NAMED = ("simple-rnn", "gru", "lstm")


def nested(times: int, inner: str) -> str:
    return "TimeDistributed(" * times + inner + ")" * times


# Each has {size} or {small} in it; the input's shape follows, if it is not the default.
EXPRESSIONS = (
    ("Dense({size})", None),
    ("Conv1D({size}, 3, padding='same')", None),
    ("Embedding({size}, {small})", None),
    ("RepeatVector({size})", "4,8"),
    ("UpSampling1D({size})", None),
    ("ZeroPadding1D({size})", None),
    ("TimeDistributed(Dense({small}))", "2,{size},8"),
    ("TimeDistributed(LSTM({small}))", "2,{size},10,8"),
    ("TimeDistributed(Conv2D({small}, 3))", "2,{small},{small},{small},3"),
    ("Sequential([RepeatVector({size}), LSTM(4)])", "4,8"),
    ("Sequential([Reshape(({size}, 1)), GRU(4)])", "4,{size}"),
    ("Sequential([Permute((2, 1)), GRU(4)])", "4,10,{size}"),
    ("Sequential([Conv1D({small}, 9), Conv1D({size}, 9), LSTM(4)])", "4,{size},8"),
    ("Sequential([LSTM({size}, return_sequences=True), GRU({small}), Dense({size})])", None),
    ("Bidirectional(GRU({size}), backward_layer=GRU({small}, go_backwards=True))", None),
    ("Bidirectional(LSTM({small}), merge_mode='mul')", "{small},{size},{small}"),
    ("GRU({small}, unroll=1)", "2,{size},8"),
    ("LSTMCell({size})", None),
)
DEEP = (
    (nested(28, "Dense(2)"), ",".join("2" * 30)),
    (nested(12, "LSTM(2)"), ",".join("2" * 15)),
    (nested(3, "GRU(2)"), "2,9,9,9,9,8"),
    ("Dense(2)", ",".join("2" * 29)),
    ("Sequential([" + ", ".join(["UpSampling1D(60)"] * 5) + "])", None),
    *((f"RNN([{', '.join(['LSTMCell(4)'] * count)}])", None) for count in (10, 20, 30, 300)),
    ("Sequential([" + ", ".join(["LSTM(4, return_sequences=True)"] * 29) + "])", None),
    ("Sequential([" + ", ".join(["Dense(4)"] * 150) + "])", None),
)


def questions() -> Iterator[tuple[str, ...]]:
    """Yield every question: each size alone, in pairs, masks, spaces, expressions, and what is deep."""
    for layer in NAMED:
        for flags in FLAGS:
            for at, option in enumerate(OPTIONS):
                for size in SIZES:
                    yield (layer, option, str(size), *flags)
                    yield from ((layer, option, str(size), o, str(s), *flags) for o in OPTIONS[at + 1 :] for s in SIZES)
        for rows, steps in ((8, 8), (1_000, 1_000), (5_000, 200), (8_000, 8_000), (20_000, 20)):
            lengths = ",".join(str(row % steps + 1) for row in range(rows))
            yield (layer, "--batch", str(rows), "--time", str(steps), "--mask", f"lengths:{lengths}")
        for size in SIZES[2:]:
            yield (layer, "--time", str(size), "--mask", "right:3")
    for rank in (1, 2, 3):
        for size in SIZES:
            space = ",".join([str(size)] * rank)
            yield (f"conv-lstm-{rank}d", "--space", space, "--kernel-size", str(min(size, 3)))
            yield (f"conv-lstm-{rank}d", "--space", space, "--kernel-size", str(max(1, size // 2)), "--units", "64")
    for text, shape in EXPRESSIONS:
        for size in SIZES:
            for small in (1, 3, 40, 300):
                given = () if shape is None else ("--input", shape.format(size=size, small=small))
                yield (text.format(size=size, small=small), *given)
    for text, shape in DEEP:
        yield (text, *(() if shape is None else ("--input", shape)))
        yield (text, *(() if shape is None else ("--input", shape)), "--every-state")


@dataclass(frozen=True, slots=True)
class Taken:
    """What one question took. `status` is the process's, or None where it was ended."""

    words: tuple[str, ...]
    status: int | None
    wall: float
    processor: float
    peak: int
    said: str

    def __str__(self) -> str:
        text = " ".join(self.words)
        shown = text if len(text) <= 100 else f"{text[:97]}..."
        numbers = f"{self.processor:7.2f} s {self.wall:7.2f} s {self.peak / 1e6:8.0f} MB"
        return f"{numbers}  {'ended' if self.status is None else self.status!s:>5}  {shown}  {self.said}"


def asked(words: tuple[str, ...], wall: float = WALL) -> Taken:
    """Ask one question in a fresh process."""
    command = [sys.executable, "-c", LIMITED, str(ADDRESSES), *words, "--json"]
    environ = {**os.environ, "RNNSHAPE_WORKER": "off"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ)
    assert process.stdout is not None
    taken = _awaited(words, process.pid, process.stdout, wall)
    process.returncode = taken.status or 0
    return taken


def asked_forked(words: tuple[str, ...], wall: float = WALL) -> Taken:
    """Ask one question in a process that is forked from this one after the import, which is not counted."""
    from rnnshape.cli import run
    from rnnshape.run import engine

    engine.load()
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
            os.dup2(theirs, 1)
            os.dup2(theirs, 2)
            with open(1, "w", closefd=False) as stream:
                sys.stdout = sys.stderr = stream
                status = run([*words, "--json"])
            os._exit(status)
        finally:
            os._exit(99)
    os.close(theirs)
    with open(ours, "rb") as stdout:
        return _awaited(words, pid, stdout, wall)


def _awaited(words: tuple[str, ...], pid: int, stdout: IO[bytes], wall: float) -> Taken:
    """Read all that the process writes, and end it, and nothing else, after so many seconds."""
    start = time.perf_counter()
    timer = threading.Timer(wall, os.kill, (pid, signal.SIGKILL))
    timer.start()
    out = stdout.read()
    _, status, usage = os.wait4(pid, 0)
    timer.cancel()
    code = os.waitstatus_to_exitcode(status)
    return Taken(
        words=words,
        status=None if code == -signal.SIGKILL else code,
        wall=time.perf_counter() - start,
        processor=usage.ru_utime + usage.ru_stime,
        peak=usage.ru_maxrss * 1024,
        said=_said(out),
    )


def _said(out: bytes) -> str:
    """Return in a word how it was answered."""
    try:
        document = json.loads(out.splitlines()[0])
    except (ValueError, IndexError):
        return "no document"
    if "error" in document:
        return str(document["error"]["code"])
    return "as asked" if document["ran"]["reduced_to"] is None else "reduced"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure answers over the whole range of sizes.")
    parser.add_argument("-n", type=int, default=60, help="number of questions, drawn at random; 0: all of them")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--wall", type=float, default=WALL, help="seconds after which a question is ended")
    parser.add_argument("--forked", action="store_true", help="without the import of TensorFlow: quicker by far")
    parser.add_argument("--deep", action="store_true", help="only what is deep, all of it")
    options = parser.parse_args(arguments)
    deep = {text for text, _ in DEEP}
    every = [words for words in questions() if not options.deep or words[0] in deep]
    order = random.Random(options.seed)  # noqa: S311 - the same questions for the same seed
    drawn = order.sample(every, min(options.n, len(every))) if options.n else every
    ask = asked_forked if options.forked else asked
    plain = sorted((ask(("gru",), options.wall) for _ in range(3)), key=lambda taken: taken.processor)[1]
    print(f"{len(drawn)} of {len(every)} questions; processor, wall, peak; the plain one:\n{plain}", flush=True)
    found = []
    for words in drawn:
        found.append(ask(words, options.wall))
        if found[-1].status is None or found[-1].said in ("no document", "unexpected"):
            print(f"{found[-1]}  <- FAILED", flush=True)
    for title, key in (("slowest", lambda taken: taken.processor), ("largest", lambda taken: taken.peak)):
        print(f"\nthe {title}")
        print(*sorted(found, key=key, reverse=True)[:10], sep="\n")
    over = [taken for taken in found if taken.processor > MOST_SECONDS or taken.peak > MOST_BYTES]
    print(f"\n{len(over)} of {len(found)} above {MOST_SECONDS:g} s of the processor or {MOST_BYTES / 1e9:g} GB")


if __name__ == "__main__":
    main()
