"""How fast an answer is, in whole processes, against a script without rnnshape: python -m tests.bench [-n ROUNDS].

What is compared runs in turn, so that whatever else the machine does hits all of it alike. Each number is the ratio of
two medians. The worker is one of its own, and is ended.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from rnnshape.worker import admin

BARE = """
import numpy as np
import tensorflow as tf
import keras

layer = keras.layers.LSTM(4, return_sequences=True, return_state=True)
for tensor in layer(np.random.default_rng(0).normal(size=(32, 10, 8)).astype("float32")):
    print(tensor.shape)
"""

LOOP = """
import numpy as np
import tensorflow as tf
import keras

for layer_class in (keras.layers.GRU, keras.layers.LSTM):
    for units in range(1, 11):
        for time in range(1, 11):
            layer = layer_class(units, return_sequences=True, return_state=True)
            inputs = np.random.default_rng(0).normal(size=(32, time, 8)).astype("float32")
            print([tensor.shape for tensor in layer(inputs)])
"""

SNIPPET = """
from keras import Input, Model
from keras.layers import LSTM, GRU, Bidirectional, Conv1D, Dense, Dropout, LayerNormalization

inputs = Input(shape=(20, 8))
x = Conv1D(16, 3, padding="same")(inputs)
x = Bidirectional(LSTM(16, return_sequences=True))(x)
x = Dropout(0.2)(x)
x = LSTM(32, return_sequences=True)(x)
x = GRU(32, return_sequences=True)(x)
x = LayerNormalization()(x)
x = LSTM(16)(x)
x = Dense(32, activation="relu")(x)
x = Dense(16, activation="relu")(x)
outputs = Dense(3, activation="softmax")(x)
model = Model(inputs, outputs)
"""

CALLS = f"""
import statistics, time
code = compile({SNIPPET!r}, "snippet", "exec")
seconds = []
for _ in range(6):
    start = time.perf_counter()
    exec(code, {{}})
    seconds.append(time.perf_counter() - start)
print(statistics.median(seconds[1:]))
"""
"""The same calls in an interpreter that has imported Keras: the first time does not count."""

PROGRAM = str(Path(sys.executable).with_name("rnnshape"))


class Bench:
    """A runtime folder, and the commands that are timed in it."""

    def __init__(self, folder: str) -> None:
        # An installed package is compiled once; with this variable it would be at every start.
        left_out = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "RNNSHAPE_WORKER_IDLE"}
        self.env = {name: value for name, value in os.environ.items() if name not in left_out}
        self.env |= {"XDG_RUNTIME_DIR": folder, "TF_CPP_MIN_LOG_LEVEL": "3"}
        self.units = count(5)

    def timed(self, command: list[str], worker: str = "off") -> float:
        """Run a command and return its seconds."""
        start = time.perf_counter()
        done = subprocess.run(command, env={**self.env, "RNNSHAPE_WORKER": worker}, capture_output=True, check=False)
        seconds = time.perf_counter() - start
        if done.returncode:
            sys.exit(f"{command}: status {done.returncode}\n{done.stderr.decode()}")
        return seconds

    def nothing(self) -> float:
        return self.timed([sys.executable, "-c", "pass"])

    def bare(self) -> float:
        return self.timed([sys.executable, "-c", BARE])

    def help(self) -> float:
        return self.timed([PROGRAM, "--help"])

    def cold(self) -> float:
        return self.timed(self.query(4))

    def cold_leaving_a_worker(self) -> float:
        seconds = self.timed(self.query(4), worker="on")
        self.rest()
        admin.stop()
        return seconds

    def warm(self, *more: str) -> float:
        """Ask what was never asked before, of a worker that rests."""
        self.rest()
        return self.timed([*self.query(next(self.units)), *more], worker="on")

    def query(self, units: int) -> list[str]:
        return [PROGRAM, "lstm", "--units", str(units), "--return-sequences", "--return-state"]

    def snippet(self, worker: str = "off") -> float:
        """Answer ten layers of code."""
        if worker == "on":
            self.rest()
        return self.timed([PROGRAM, SNIPPET], worker=worker)

    def bare_snippet(self) -> float:
        return self.timed([sys.executable, "-c", SNIPPET])

    def calls(self) -> float:
        """Return the seconds of the snippet's calls in an interpreter that has imported Keras."""
        done = subprocess.run([sys.executable, "-c", CALLS], env=self.env, capture_output=True, check=True)
        return float(done.stdout)

    def loop(self) -> float:
        """Call the 200 layers of the grid below in a plain loop."""
        return self.timed([sys.executable, "-c", LOOP])

    def grid(self, *more: str) -> float:
        """Answer 200 queries, or as many more as there are more values of something."""
        numbers = ",".join(map(str, range(1, 11)))
        flags = ("--return-sequences", "--return-state", "--json")
        return self.timed([PROGRAM, "gru", "lstm", "--units", numbers, "--time", numbers, *flags, *more])

    def rest(self) -> admin.WorkerStatus:
        """Wait until the worker has its spares ready: what is timed is an answer, not its predecessor's end."""
        for _ in range(1000):
            status = admin.status()
            if status is not None and status.is_rested:
                time.sleep(0.05)
                return status
            time.sleep(0.02)
        sys.exit("the worker never came to rest")

    def bare_memory(self) -> int:
        """Return the peak of the bare script's proportional set size, in bytes."""
        process = subprocess.Popen(
            [sys.executable, "-c", BARE], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        peak = 0
        while process.poll() is None:
            peak = max(peak, admin._memory((process.pid,)) or 0)
            time.sleep(0.02)
        return peak


def in_turn(rounds: int, **runs: Callable[[], float]) -> dict[str, float]:
    """Run all of them in each round, and return the median of each."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            seconds[name].append(run())
    return {name: statistics.median(values) for name, values in seconds.items()}


def in_a_row(bench: Bench, length: int) -> list[float]:
    """Ask one query after the other without a pause, as a shell's loop does, and check every answer."""
    seconds = []
    for units in range(1, length + 1):
        start = time.perf_counter()
        command = [PROGRAM, "gru", "--units", str(units), "--json"]
        done = subprocess.run(command, env={**bench.env, "RNNSHAPE_WORKER": "on"}, capture_output=True, check=True)
        seconds.append(time.perf_counter() - start)
        if json.loads(done.stdout)["tensors"][0]["shape"] != [32, units]:
            sys.exit(f"a wrong answer: {done.stdout!r}")
    return seconds


def show(what: str, value: float, most: float, aim: float, note: str = "") -> None:
    verdict = "reached" if value <= aim else "within" if value <= most else "MISSED"
    print(f"{what:<58}{value:>8.3f}{most:>8.3f}{aim:>8.3f}  {verdict:<8}{note}", flush=True)


@contextmanager
def a_bench() -> Iterator[Bench]:
    before = os.environ.get("XDG_RUNTIME_DIR")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        try:
            yield Bench(folder)
        finally:
            admin.stop()
            os.environ.pop("XDG_RUNTIME_DIR")
            if before is not None:
                os.environ["XDG_RUNTIME_DIR"] = before


def measure(bench: Bench, rounds: int) -> None:
    print(f"{'':<58}{'is':>8}{'most':>8}{'aim':>8}")
    bench.bare(), bench.help()  # what is compiled or read from the disk now is not timed
    starts = in_turn(max(3, rounds // 3), bare=bench.bare, leaving=bench.cold_leaving_a_worker, cold=bench.cold)
    bare = starts["bare"]
    seconds = {name: f"{value:.2f} s" for name, value in starts.items()}
    print(f"{'bare script':<58}{seconds['bare']:>8}")
    show("cold, leaving a worker behind / bare script", starts["leaving"] / bare, 1.05, 0.85, seconds["leaving"])
    show("cold, without a worker / bare script", starts["cold"] / bare, 1.05, 0.85, seconds["cold"])

    many = in_turn(max(3, rounds // 5), loop=bench.loop, grid=bench.grid, twice=lambda: bench.grid("--features", "8,9"))
    show(
        "200 queries / a loop that calls each layer once", many["grid"] / many["loop"], 1, 0.6, f"{many['grid']:.1f} s"
    )
    later, first = many["twice"] - many["grid"], many["grid"] - starts["cold"]
    show("the second 200 queries / the first 200", later / first, 1.1, 1, f"{1000 * later / 200:.0f} ms a query")

    bench.timed(bench.query(4), worker="on")
    bench.warm()
    quick = in_turn(
        rounds,
        bare=bench.bare,
        nothing=bench.nothing,
        warm=bench.warm,
        longer=lambda: bench.warm("--time", "1000"),
        longest=lambda: bench.warm("--time", "10000"),
        help=bench.help,
    )
    milliseconds = {name: f"{1000 * value:.0f} ms" for name, value in quick.items()}
    show("warm, never asked before / bare script", quick["warm"] / quick["bare"], 1 / 25, 1 / 45, milliseconds["warm"])
    show(
        "warm, never asked before / python -c pass",
        quick["warm"] / quick["nothing"],
        8,
        5,
        f"of {milliseconds['nothing']}",
    )
    show("warm, --time 1000 / --time 10", quick["longer"] / quick["warm"], 3, 1.5, milliseconds["longer"])
    show("warm, --time 10000 / --time 10", quick["longest"] / quick["warm"], 3, 1.5, milliseconds["longest"])
    show("--help without a worker / python -c pass", quick["help"] / quick["nothing"], 14, 8, milliseconds["help"])

    code = in_turn(
        max(3, rounds // 3),
        calls=bench.calls,
        warm=lambda: bench.snippet("on"),
        bare=bench.bare_snippet,
        cold=bench.snippet,
    )
    note = f"{1000 * code['warm']:.0f} ms; the calls {1000 * code['calls']:.0f} ms"
    show(
        "ten layers of code, warm / 1.3 of the calls and 40 ms", code["warm"] / (1.3 * code["calls"] + 0.04), 1, 1, note
    )
    show("ten layers of code, cold / python snippet.py", code["cold"] / code["bare"], 1.05, 1, f"{code['cold']:.2f} s")

    row = in_a_row(bench, 100)
    first, last = statistics.median(row[:10]), statistics.median(row[-10:])
    show("100 in a row: the last ten / the first ten", last / first, 1.2, 1.0, f"100 right; {sum(row):.1f} s in all")

    # Each by itself: processes that share a library share its size, too.
    memory = bench.rest().memory_bytes or 0
    admin.stop()
    bare_memory = bench.bare_memory()
    note = f"{memory / 1e6:.0f} and {bare_memory / 1e6:.0f} MB"
    show("memory of the worker with its spares / bare script", memory / bare_memory, 1.2, 1.1, note)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure rnnshape's answers against a script without it.")
    parser.add_argument("-n", type=int, default=15, help="rounds of the quick ones; a third of the slow ones")
    with a_bench() as bench:
        measure(bench, parser.parse_args().n)


if __name__ == "__main__":
    main()
