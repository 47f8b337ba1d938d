"""A worker under load and under attack, seen from outside: python -m tests.load.

First many clients ask at once, and every byte of each answer must be right. Then somebody kills and stops the worker,
its spares, the processes that answer, and the clients, at random moments. No answer may be wrong, none may be late, and
nothing may be left behind. It knows the command line and `/proc`, and nothing of the program's inside.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

PROGRAM = str(Path(sys.executable).with_name("rnnshape"))
QUESTIONS = (
    ("gru", "--json"),
    ("lstm", "--units", "3", "--return-state", "--return-sequences"),
    ("lstm", "--all-flags", "--json"),
    ("LSMT(4)",),
    ("GRU(4, return_state=True)", "--explain"),
)
PATIENCE = 5.0
"""Seconds by which an answer may be later than a cold one, which tells how busy the machine is at that time."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    out: bytes
    err: bytes
    seconds: float = field(compare=False)


class Ground:
    """A runtime folder of its own, and the right answers."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.env = {**os.environ, "XDG_RUNTIME_DIR": folder, "RNNSHAPE_WORKER": "on"}
        self.right = {words: self.ask(words, worker="off") for words in QUESTIONS}

    def start(self, words: tuple[str, ...], worker: str = "on") -> subprocess.Popen[bytes]:
        env = self.env | {"RNNSHAPE_WORKER": worker}
        pipe = subprocess.PIPE
        return subprocess.Popen([PROGRAM, *words], env=env, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)

    def ask(self, words: tuple[str, ...], worker: str = "on") -> Answer:
        begun = time.perf_counter()
        with self.start(words, worker) as client:
            out, err = client.communicate(timeout=300)
        return Answer(client.returncode, out, err, time.perf_counter() - begun)

    def workers(self) -> list[dict[str, object]]:
        done = subprocess.run([PROGRAM, "--worker", "status", "--json"], env=self.env, capture_output=True, check=True)
        told = json.loads(done.stdout)
        return [] if told["worker"] is None else [told["worker"], *told["others"]]

    def warm(self) -> None:
        """Have a worker that waits."""
        while not self.workers():
            self.ask(("gru",))
            time.sleep(0.2)

    def processes(self) -> dict[int, int]:
        """Return the processes that belong here, and the parent of each."""
        ours = f"XDG_RUNTIME_DIR={self.folder}".encode(), f"RNNSHAPE=rnnshape worker {self.folder}/".encode()
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                words = (entry / "environ").read_bytes().split(b"\0")
                if state != "Z" and any(word.startswith(ours) for word in words):
                    found[int(entry.name)] = int(parent)
        return found


def many(ground: Ground, clients: int, at_once: int) -> int:
    """Have so many clients ask, so many of them at once, and return how many got a wrong answer."""
    ground.warm()
    asked = [QUESTIONS[number % len(QUESTIONS)] for number in range(clients)]
    begun = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        answers = list(pool.map(ground.ask, asked))
    seconds = time.perf_counter() - begun
    wrong = sum(answer != ground.right[words] for words, answer in zip(asked, answers, strict=True))
    longest = max(answer.seconds for answer in answers)
    print(
        f"{clients} clients, {at_once} at once: {wrong} wrong; {seconds:.1f} s, the longest {longest:.1f} s", flush=True
    )
    return wrong


@dataclass(slots=True)
class Tally:
    wrong: int = 0
    late: int = 0
    told: int = 0
    blows: dict[str, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


def victims(ground: Ground) -> dict[str, list[int]]:
    """Return the processes that wait for the next client; one of the spares is the one that will answer it."""
    workers = ground.workers()
    spares = [pid for worker in workers for pid in worker["spares"]]  # type: ignore[attr-defined]
    return {"worker": [worker["pid"] for worker in workers], "spare": spares, "child": spares}  # type: ignore[misc]


def hit(ground: Ground, drawn: random.Random, tally: Tally) -> None:
    """Hit somebody while a client waits for its answer."""
    words = drawn.choice(QUESTIONS)
    kind, number = drawn.choice(("worker", "spare", "child", "client")), drawn.choice((signal.SIGKILL, signal.SIGSTOP))
    known = victims(ground)
    if kind == "spare":
        strike(known[kind], kind, number, drawn, tally)
    begun = time.perf_counter()
    client = ground.start(words)
    time.sleep(drawn.random() * 0.15)
    if kind != "spare":
        strike([client.pid] if kind == "client" else known[kind], kind, number, drawn, tally)
    if kind == "client" and number == signal.SIGSTOP:
        time.sleep(0.2)
        client.send_signal(signal.SIGCONT)
    out, err = client.communicate(timeout=300)
    seconds = time.perf_counter() - begun
    tally.seconds.append(seconds)
    if seconds > PATIENCE:
        cold = ground.ask(words, worker="off").seconds
        tally.late += seconds > PATIENCE + cold
        print(f"{seconds:.1f} s after {kind} {number.name}; a cold answer takes {cold:.1f} s", flush=True)
    if kind == "client" and number == signal.SIGKILL and client.returncode == -signal.SIGKILL:
        return
    answer = Answer(client.returncode, out, err, seconds)
    if answer != ground.right[words]:
        is_told = answer.status == 1 and b"ended in the middle of the answer" in err
        tally.told += is_told
        tally.wrong += not is_told
        if not is_told:
            print(f"WRONG after {kind} {number.name}: {words} {answer}", flush=True)


def strike(pids: list[int], kind: str, number: signal.Signals, drawn: random.Random, tally: Tally) -> None:
    if pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(drawn.choice(pids), number)
            tally.blows[f"{kind} {number.name}"] = tally.blows.get(f"{kind} {number.name}", 0) + 1


def attack(ground: Ground, blows: int, seed: int) -> Tally:
    """Hit so often, and return what came of it."""
    drawn, tally = random.Random(seed), Tally()  # noqa: S311 - the same moments for the same seed
    for _ in range(blows):
        ground.warm()
        hit(ground, drawn, tally)
    print(f"{blows} blows ({tally.blows}): {tally.wrong} wrong, {tally.told} told that the worker ended")
    median, longest = statistics.median(tally.seconds), max(tally.seconds)
    late = f"{tally.late} later than {PATIENCE:g} s and a cold answer"
    print(f"{late}; in the median {median:.2f} s, at most {longest:.1f} s", flush=True)
    return tally


def left_behind(ground: Ground) -> int:
    """Stop the workers, and return how many processes and files are left of all."""
    for pid in ground.processes():  # a worker that was stopped cannot hear that it is to end
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    subprocess.run([PROGRAM, "--worker", "stop"], env=ground.env, capture_output=True, check=True)
    until = time.monotonic() + 20
    while ground.processes() and time.monotonic() < until:
        time.sleep(0.1)
    processes = list(ground.processes())
    files = [path for path in Path(ground.folder).rglob("*") if not path.is_dir()]
    print(f"left behind: processes {processes}, files {files}")
    for pid in processes:
        os.kill(pid, signal.SIGKILL)
    # The socket of a worker that was killed is no worker's; the next one takes its place.
    return len(processes)


def main() -> None:
    parser = argparse.ArgumentParser(description="Load a worker, and attack it.")
    parser.add_argument("--clients", type=int, default=600)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--blows", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="rnn")
    try:
        ground = Ground(folder)
        wrong = many(ground, options.clients, options.at_once) if options.clients else 0
        tally = attack(ground, options.blows, options.seed) if options.blows else Tally()
        left = left_behind(ground)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(bool(wrong or tally.wrong or tally.late or left))


if __name__ == "__main__":
    main()
