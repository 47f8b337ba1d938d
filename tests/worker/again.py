"""Ask one process many questions, and a fresh process each of them: python -m tests.worker.again [QUESTIONS] [SEED].

Every byte that is printed, every file that is written and every status must be the same. The processes are a worker's
real spares, forked from a process that has imported Keras; this is their worker and their client.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from rnnshape.cli.warm import Rnnshape
from rnnshape.run import engine
from rnnshape.worker import child, process, protocol

LAYERS = (
    *("gru", "lstm", "simple-rnn", "GRU(3, return_sequences=True)", "LSTM(2, dropout=0.5, recurrent_dropout=0.25)"),
    *("Bidirectional(LSTM(3, return_state=True), merge_mode='sum')", "RNN([LSTMCell(3), GRUCell(2)])", "Dense(4)"),
    *("Sequential([Embedding(9, 4, mask_zero=True), LSTM(3)])", "TimeDistributed(Dense(3))", "LSTMCell(4)"),
    *("Sequential([Conv1D(4, 3), Dropout(0.5), GRU(3)])", "GRU(4, activation='none-such')", "LSMT(4)"),
    *("Lambda(1)", "GRU(4, dtype='float16')", "LSTM(3, stateful=True, kernel_initializer='random_normal')"),
    "conv-lstm-1d",
)
OPTIONS: tuple[tuple[str, ...], ...] = (
    (), (), (), ("--return-sequences",), ("--return-state",), ("--all-flags",), ("--units", "2,3"), ("--time", "1"),
    ("--time", "none"), ("--time", "60"), ("--batch", "3", "--mask", "lengths:1,2,3"), ("--mask", "right:2"),
    ("--every-state",), ("--into", "GRU(4)"), ("--training",), ("--seed", "3"), ("--initial-state", "random"),
    ("--go-backwards",), ("--bidirectional",), ("--set", "dropout=0.5"), ("--features", "x"), ("--input", "2,3"),
    ("--weights",), ("--batch", "100000", "--time", "100000"), ("--no-such-option",), ("--strict",),
)  # fmt: skip
FORMS: tuple[tuple[str, ...], ...] = (
    (), (), ("--json",), ("--json",), ("--code",), ("--diagram",), ("--explain",), ("--quiet",), ("--save", "a.md"),
    ("--save", "a.html"), ("--save", "a.csv"), ("--debug",),
)  # fmt: skip
OTHERS: tuple[tuple[str, ...], ...] = (
    ("--help",), ("--version",), (), ("x = LSTM(4)(Input((5, 3)))",), ("-",), ("m = Sequential([LSTM(4), GRU(3)])",),
    ("keras.mixed_precision.set_global_policy('mixed_float16')\nx = LSTM(4)(Input((5, 3)))",), ("cells.py:Mine(3)",),
)  # fmt: skip
ENVIRON = ({}, {}, {"COLUMNS": "50"}, {"FORCE_COLOR": "1"}, {"NO_COLOR": "1"}, {"TZ": "Asia/Tokyo", "LINES": "9"})
CELLS = "import keras\nclass Mine(keras.layers.GRU):\n    pass\nkeras.config.set_epsilon(1e-3)\n"
LIST = "gru\nLSTM(3)\nBidirectional(GRU(2))\n"
SHELLS = {"_RNNSHAPE_COMPLETE": "complete_bash", "COMP_WORDS": "rnnshape --uni", "COMP_CWORD": "1"}


@dataclass(frozen=True, slots=True)
class Question:
    words: tuple[str, ...]
    environ: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    out: bytes
    err: bytes
    files: tuple[tuple[str, bytes], ...]


def questions(number: int, seed: int) -> Iterator[Question]:
    """Yield so many questions, in an order that nobody chose."""
    drawn = random.Random(seed)  # noqa: S311 - the same questions for the same seed
    for _ in range(number):
        environ = dict(drawn.choice(ENVIRON))
        if drawn.random() < 0.1:
            yield Question(drawn.choice(OTHERS), environ)
        elif drawn.random() < 0.03:
            yield Question((), {**environ, **SHELLS})
        else:
            yield Question((drawn.choice(LAYERS), *drawn.choice(OPTIONS), *drawn.choice(FORMS)), environ)


@dataclass(slots=True)
class Spare:
    """A spare of a worker, seen from there and from its clients."""

    is_warm: bool
    found: process.Child = field(init=False)
    answers: int = 0

    def __post_init__(self) -> None:
        def live(channel: socket.socket) -> NoReturn:
            child.live(channel, PROGRAM, AROUND, is_awaited=not self.is_warm)

        self.found = process.fork_child(live, [])
        assert self.found.channel.recv(1) == child.READY

    def ask(self, question: Question, folder: Path) -> Answer:
        """Be a client with this question, in this folder."""
        ours, theirs = socket.socketpair()
        socket.send_fds(self.found.channel, [b"c"], [theirs.fileno()])
        theirs.close()
        assert self.found.channel.recv(1) == child.TAKEN
        said = protocol.words(ours, lambda: False)
        assert next(said) == (protocol.ASKING, 0)
        streams = [os.memfd_create(name) for name in ("in", "out", "err")]
        os.write(streams[0], LIST.encode())
        os.lseek(streams[0], 0, os.SEEK_SET)
        where = os.open(folder, os.O_PATH)
        environ = {os.fsencode(name): os.fsencode(value) for name, value in (BASE | question.environ).items()}
        request = protocol.Request(["rnnshape", *question.words], environ, (True, True, True), 0o22)
        protocol.send(ours, request, [where, *streams])
        status = [number for word, number in said if word == protocol.ENDED]
        os.close(where)
        _, out, err = (_content(stream) for stream in streams)
        ours.close()
        self.answers += 1
        return Answer(status[0] if status else -1, out, err, _files(folder))

    def is_ready_again(self) -> bool:
        """Wait until it is, or has ended."""
        return self.found.channel.recv(1) == child.AGAIN

    def end(self) -> None:
        self.found.kill()
        process.reap(self.found)


def _content(stream: int) -> bytes:
    os.lseek(stream, 0, os.SEEK_SET)
    with open(stream, "rb") as file:
        return file.read()


def _files(folder: Path) -> tuple[tuple[str, bytes], ...]:
    """Return the files that were written, and remove them."""
    found = tuple((path.name, path.read_bytes()) for path in sorted(folder.iterdir()) if path.name != "cells.py")
    for name, _ in found:
        (folder / name).unlink()
    return found


def compare(asked: Sequence[Question], folder: Path) -> tuple[int, int]:
    """Return how many questions were answered otherwise, and how many by a process that had answered before."""
    differ = again = 0
    spare = Spare(is_warm=True)
    for question in asked:
        again += spare.answers > 0
        mine = spare.ask(question, folder)
        if not spare.is_ready_again():
            spare.end()
            spare = Spare(is_warm=True)
        fresh = Spare(is_warm=False)
        theirs = fresh.ask(question, folder)
        fresh.end()
        if mine != theirs:
            differ += 1
            print(f"DIFFERS: {question}\n{mine}\n{theirs}", flush=True, file=sys.__stdout__)
    spare.end()
    return differ, again


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare one process that answers many questions with fresh ones.")
    parser.add_argument("questions", type=int, nargs="?", default=500)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    options = parser.parse_args()
    number, seed = options.questions, options.seed
    folder = Path(tempfile.mkdtemp(prefix="rnn"))
    try:
        (folder / "cells.py").write_text(CELLS)
        differ, again = compare(list(questions(number, seed)), folder)
    finally:
        shutil.rmtree(folder)
    print(f"{number} questions, {again} to a process that had answered before: {differ} differ", file=sys.__stdout__)
    sys.exit(bool(differ))


if __name__ == "__main__":
    BASE = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
    BASE["RNNSHAPE_WORKER"] = "off"
    PROGRAM, BEFORE = Rnnshape(), dict(os.environb)
    engine.load()
    AROUND = child.Surroundings(BEFORE)
    with open(os.devnull, "w") as sys.stdout:
        PROGRAM.prepare()
        main()
