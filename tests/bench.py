"""How fast an answer is, in whole processes, against a script without rnnshape: python -m tests.bench [-n ROUNDS].

What is compared runs in turn, so that whatever else the machine does hits all of it alike. Each number is the ratio of
two medians. The worker is one of its own, and is ended.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from rnnshape.worker import admin, again

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

LIMITS = """
import statistics, sys, time
from rnnshape.run import engine
from rnnshape.layers import explore
keras = engine.load()
import numpy as np
import tensorflow as tf
from rnnshape.options import read_options
from rnnshape.request import request

def own(units, steps):
    layer = keras.layers.LSTM(units, return_sequences=True, return_state=True)
    inputs = np.random.default_rng(0).normal(size=(32, steps, 8)).astype("float32")
    called = layer if steps < 100 else tf.function(layer)
    return [tensor.numpy() for tensor in called(inputs)]

def ours(units, steps):
    asked = {"units": str(units), "time": str(steps), "return_sequences": True, "return_state": True}
    ((query,),) = request(["lstm"], read_options(asked))
    return explore(query)

steps, seconds = int(sys.argv[1]), ([], [])
for units in range(5, 5 + int(sys.argv[2])):
    for run, taken in zip((own, ours), seconds):
        start = time.perf_counter()
        run(units, steps)
        taken.append(time.perf_counter() - start)
print(*(statistics.median(taken[2:]) for taken in seconds))
"""
"""A layer built and called in a warm interpreter, and explored there: new ones each time, in turn. That is the limit.

A call of many timesteps is traced, as a user would: each timestep by itself would take ten times as long.
"""

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

    def limits(self, steps: int, rounds: int) -> tuple[float, float]:
        """Return the seconds of a layer's own call in a warm interpreter, and of its exploration there."""
        command = [sys.executable, "-c", LIMITS, str(steps), str(rounds + 2)]
        done = subprocess.run(command, env=self.env, capture_output=True, check=True)
        own, ours = map(float, done.stdout.split())
        return own, ours

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


def in_a_row(bench: Bench, first: int, length: int) -> list[float]:
    """Ask one query after the other without a pause, as a shell's loop does, and check every answer."""
    seconds = []
    for units in range(first, first + length):
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
    tell_noise(bench)
    starts = measure_starts(bench, max(3, rounds // 3))
    measure_many(bench, max(3, rounds // 5), starts["cold"])
    measure_grid(bench)
    bench.timed(bench.query(4), worker="on")
    bench.warm()
    measure_warm(bench, rounds)
    measure_limits(bench, rounds)
    measure_code(bench, max(3, rounds // 3))
    measure_loop(bench)
    measure_memory(bench)


def tell_noise(bench: Bench, rounds: int = 40) -> None:
    """Tell how much the same thing differs from itself on this machine now: no ratio is more exact than that."""
    low, middle, high = statistics.quantiles([bench.nothing() for _ in range(rounds)], n=4)
    noise = f"{low / middle:.2f} to {high / middle:.2f} of its median, {1000 * middle:.0f} ms"
    print(f"noise: half of the runs of python -c pass take {noise}; load {os.getloadavg()[0]:.1f}")


def measure_starts(bench: Bench, rounds: int) -> dict[str, float]:
    starts = in_turn(rounds, bare=bench.bare, leaving=bench.cold_leaving_a_worker, cold=bench.cold)
    bare = starts["bare"]
    seconds = {name: f"{value:.2f} s" for name, value in starts.items()}
    print(f"{'bare script':<58}{seconds['bare']:>8}")
    show("cold, leaving a worker behind / bare script", starts["leaving"] / bare, 1.05, 0.85, seconds["leaving"])
    show("cold, without a worker / bare script", starts["cold"] / bare, 1.05, 0.85, seconds["cold"])
    return starts


def measure_many(bench: Bench, rounds: int, cold: float) -> None:
    many = in_turn(rounds, loop=bench.loop, grid=bench.grid, twice=lambda: bench.grid("--features", "8,9"))
    note = f"{many['grid']:.1f} s"
    show("200 queries / a loop that calls each layer once", many["grid"] / many["loop"], 1, 0.6, note)
    later, first = many["twice"] - many["grid"], many["grid"] - cold
    show("the second 200 queries / the first 200", later / first, 1.1, 1, f"{1000 * later / 200:.0f} ms a query")


def measure_grid(bench: Bench, part: int = 300) -> None:
    """Ask for a grid of 10,000, and stop it when it has shown that it goes on as it began."""
    numbers = ",".join(map(str, range(1, 101)))
    single = bench.timed([PROGRAM, "gru", "--json"])
    start = time.perf_counter()
    command = [PROGRAM, "gru", "--units", numbers, "--time", numbers, "--json"]
    with subprocess.Popen(command, env={**bench.env, "RNNSHAPE_WORKER": "off"}, stdout=subprocess.PIPE) as grid:
        assert grid.stdout is not None
        grid.stdout.readline()
        first, parts, memory = time.perf_counter() - start, [], []
        for _ in range(4):
            begun = time.perf_counter()
            for _ in range(part):
                grid.stdout.readline()
            parts.append(time.perf_counter() - begun)
            memory.append(again.resident(grid.pid))
        start = time.perf_counter()
        grid.send_signal(signal.SIGINT)
        grid.stdout.read()
    ended = time.perf_counter() - start
    show("10,000 queries: seconds to the first - to a single one", first - single, 1, 0.5, f"{first:.2f} s")
    show("10,000 queries: later ones / those before", parts[3] / parts[1], 1.2, 1, f"{1000 * parts[3] / part:.0f} ms")
    show("10,000 queries: memory later / before", memory[3] / memory[0], 1.05, 1.02, f"{memory[3] / 1e6:.0f} MB")
    show("10,000 queries: seconds from Ctrl-C to the end", ended, 1, 0.2, f"status {grid.returncode}")


def measure_warm(bench: Bench, rounds: int) -> None:
    quick = in_turn(
        rounds,
        bare=bench.bare,
        nothing=bench.nothing,
        warm=bench.warm,
        longer=lambda: bench.warm("--time", "1000"),
        help=bench.help,
    )
    milliseconds = {name: f"{1000 * value:.0f} ms" for name, value in quick.items()}
    nothing, note = quick["nothing"], f"of {milliseconds['nothing']}"
    show("warm, never asked before / bare script", quick["warm"] / quick["bare"], 1 / 25, 1 / 40, milliseconds["warm"])
    show("warm, never asked before / python -c pass", quick["warm"] / nothing, 8, 5.5, note)
    show("warm, --time 1000 / --time 10", quick["longer"] / quick["warm"], 3, 1.5, milliseconds["longer"])
    show("--help without a worker / python -c pass", quick["help"] / nothing, 14, 8, milliseconds["help"])


def measure_limits(bench: Bench, rounds: int) -> None:
    """Compare with what the layer itself takes in a warm interpreter: no answer can be quicker than that."""
    own, ours = bench.limits(10, 2 * rounds)
    note = f"{1000 * ours:.0f} of {1000 * own:.0f} ms"
    show("explore in a warm interpreter / the layer's own call", ours / own, 2, 1.3, note)
    taken = [(*bench.limits(10_000, 3), bench.warm("--time", "10000")) for _ in range(max(3, rounds // 5))]
    own, ours, warm = (statistics.median(one) for one in zip(*taken, strict=True))
    note = f"{1000 * warm:.0f} ms, {1000 * ours:.0f} of them explore; the call {1000 * own:.0f}"
    show("warm, --time 10000 / the layer's own traced call", warm / own, 1.5, 1.2, note)


def measure_code(bench: Bench, rounds: int) -> None:
    code = in_turn(
        rounds, calls=bench.calls, warm=lambda: bench.snippet("on"), bare=bench.bare_snippet, cold=bench.snippet
    )
    note = f"{1000 * code['warm']:.0f} ms; the calls {1000 * code['calls']:.0f} ms"
    limit = 1.3 * code["calls"] + 0.04
    show("ten layers of code, warm / 1.3 of the calls and 40 ms", code["warm"] / limit, 1, 1, note)
    show("ten layers of code, cold / python snippet.py", code["cold"] / code["bare"], 1.05, 1, f"{code['cold']:.2f} s")


def measure_loop(bench: Bench, length: int = 100) -> None:
    """Ask single questions and pieces of a loop in turn; then a whole loop."""
    singles, pieces = [], []
    for units in range(length + 1, length + 121, 12):
        bench.rest()
        time.sleep(1)
        singles += in_a_row(bench, units, 1)
        pieces += in_a_row(bench, units + 1, 11)
    single, each = statistics.median(singles), statistics.mean(pieces)
    note = f"{1000 * each:.0f} of {1000 * single:.0f} ms"
    show("in a loop, each / one after a second's rest", each / single, 1.3, 1.15, note)
    row = in_a_row(bench, 1, length)
    first, last = statistics.median(row[:10]), statistics.median(row[-10:])
    show("100 in a loop: the last ten / the first ten", last / first, 1.2, 1.0, f"{length} right; {sum(row):.1f} s")


def measure_memory(bench: Bench) -> None:
    """Measure each by itself: processes that share a library share its size, too."""
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
