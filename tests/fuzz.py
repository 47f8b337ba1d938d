"""Hostile and tired input, much of it: python -m tests.fuzz [--lines N] [--expressions N] [--seconds S] [--seed K].

What a run does, and says at its end that it did:

- command lines (`--lines`): words from a grammar of the real options with values that are right, nearly right or
  absurd, run in this process as `rnnshape.cli.run` runs them. Most end before Keras is needed. For the others Keras
  takes too long to be asked ten thousand times: a stand-in answers in its place, with a canned report or error in which
  the layer of the query stands (with escapes in it, for Keras repeats what users wrote);
- of these lines, `--real` more without the stand-in: the real layers, at tiny sizes or far too large ones;
- texts for the parser of expressions (`--expressions`): valid ones, mutated ones, rubbish; one in eight goes to the
  readers of values, sizes and masks;
- messages for the worker (`--messages`): bytes that are no request, over a real pair of sockets, and
  for one in ten a status that no worker of ours tells;
- documents for `Report.from_dict` (`--reports`): mutated reports, and JSON that is none.

What is held against each: no exception but the documented one gets out, the exit status is one of the contract's, no
traceback, no control character on a stream, with --json nothing but documents that are valid against the schema, an
expression that is printed is read as itself again, no descriptor stays open, and nothing takes long.

The same seed makes the same inputs. What was found is printed as it is found; the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import faulthandler
import io
import json
import os
import re
import resource
import socket
import string
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from random import Random
from typing import Any

from jsonschema import Draft202012Validator

from rnnshape import cli, report
from rnnshape.cli import answering, workers
from rnnshape.errors import InvalidQuery, KerasRefused, RnnshapeError
from rnnshape.expression import Call, parse, parse_value
from rnnshape.mask import MaskSpec, parse_mask
from rnnshape.options import read_options
from rnnshape.report import Report
from rnnshape.worker import control, wire

STATUSES = {0, 1, 2, 3, 130}
SLOW = 10.0
"""Seconds that no input without Keras takes, on any machine."""
SCHEMA = Draft202012Validator(json.loads(resources.files("rnnshape").joinpath("schema.json").read_text("utf-8")))
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

# --- texts

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


# --- command lines

NUMBERS = ["1", "2", "3", "4", "2,3", "1,2,3", " 2", "none", "None", "1,none", "2147483647", "1000000"]
NO_NUMBERS = [
    "0",
    "-1",
    "+-5",
    "2.0",
    "",
    ",",
    "1,",
    "four",
    "2147483648",
    "9" * 25,
    "9" * 5000,
    "1e3",
    "٣",
    "1_0",
    "²",
]
SHAPES = ["2,3,2", "2,3,4,4,2", "none,none,3", "2,4,6,2", "3", "2,3,none", "1,1,1", ",".join("1" * 40)]
MASKS = ["right:1", "left:1", "lengths:1,2", "1,0,1", "rigth:1", "right", "right:", "lengths:0", "2", "right:999999999"]
SETS = [
    "use_bias=False",
    "activation=relu",
    "dropout=0.5",
    "unts=3",
    "units=3",
    "=",
    "a",
    "for=1",
    "name=x\x1b[1m",
    "a=[(",
]
VALUES: dict[str, list[str]] = {
    **dict.fromkeys(
        ["--units", "-u", "--kernel-size", "--strides", "--dilation-rate", "--batch", "-b", "--time", "-t", "--jobs"],
        NUMBERS,
    ),
    **dict.fromkeys(["--features", "-f", "--space", "--seed", "-j"], NUMBERS),
    "--input": SHAPES,
    "--mask": MASKS,
    "--set": SETS,
    "--into": EXPRESSIONS,
    "--merge-mode": ["sum", "none", "concat,ave", "avg"],
    "--padding": ["same", "valid,same", "smae"],
    "--initial-state": ["zeros", "random", "zero"],
    "--worker": ["status", "stop", "start"],
    "--save": ["a.svg", "b.json", "c.md", "d.csv", "e.html", "f.txt", "g.pdf", "no/h.svg", ".", "\x1b[1m.txt"],
}
FLAGS = [
    *("--return-sequences", "--return-state", "--go-backwards", "--stateful", "--unroll", "--zero-output-for-mask"),
    *("--bidirectional", "--all-flags", "--training", "--code", "--diagram", "--explain", "--weights"),
    *("--strict", "--quiet", "-q", "--yes", "--debug", "--version", "--help", "-h", "--measure", "--no-such-option"),
]


def line(random: Random) -> list[str]:
    """Return the words of a command line."""
    words: list[str] = []
    for _ in range(random.choice([1, 1, 1, 1, 2, 3])):
        words.append(random.choice([*LAYERS, *LAYERS, *EXPRESSIONS, "-"]) if random.random() < 0.8 else word(random))
        if random.random() < 0.15:
            words[-1] = mutated(random, words[-1])
    for _ in range(random.choice([0, 1, 1, 2, 2, 3, 5, 9])):
        words += _option(random)
    if random.random() < 0.5:
        words.append("--json")
    random.shuffle(words) if random.random() < 0.2 else None
    # No argument of a process has a NUL in it.
    return [word.replace("\0", "") for word in words if random.random() > 0.02]


def _option(random: Random) -> list[str]:
    if random.random() < 0.4:
        flag = random.choice(FLAGS)
        return [mutated(random, flag) if random.random() < 0.1 else flag]
    name = random.choice(list(VALUES))
    value = random.choice(VALUES[name])
    kind = random.random()
    if kind < 0.15:
        value = random.choice(NO_NUMBERS)
    elif kind < 0.25:
        value = mutated(random, value)
    elif kind < 0.3:
        value = word(random)
    if random.random() < 0.05:
        name = mutated(random, name)
    return [f"{name}={value}"] if name.startswith("--") and random.random() < 0.3 else [name, value]


def real_line(random: Random) -> list[str]:
    """Return a line that mostly reaches Keras, of sizes that take no time, or that cannot be run at all."""
    layer = random.choice([*LAYERS, *EXPRESSIONS])
    words = [mutated(random, layer) if random.random() < 0.15 else layer]
    if layer in LAYERS:
        words += ["--units", random.choice(["1", "2", "3", "1000000"])]
        words += random.sample(FLAGS[:8], random.randrange(4))
        words += random.choice([[], [], ["--set", random.choice(SETS)], ["--bidirectional", "--merge-mode", "ave"]])
    sizes = {
        "--batch": ["1", "2", "none", "2000000000"],
        "--time": ["1", "3", "none", "1000000"],
        "--features": ["1", "2"],
    }
    for name, values in sizes.items():
        words += [name, random.choice(values)]
    words += random.choice(
        [[], [], ["--mask", random.choice(MASKS[:4])], ["--initial-state", "random"], ["--training"]]
    )
    words += random.choice([[], [], ["--into", random.choice(EXPRESSIONS)], ["--weights", "--explain"], ["--strict"]])
    return [
        word.replace("\0", "") for word in (*words, random.choice(["--json", "--json", "--code", "--diagram", "-q"]))
    ]


# --- what answers in the place of Keras


def canned(random: Random, layer: str) -> Report | RnnshapeError:
    """Return what the stand-in answers."""
    if random.random() < 0.2:
        return KerasRefused(f"\x1b[1mInput\x1b[0m of \u202e{layer}\r\n\x9b1m is refused {word(random)}", layer=layer)
    document = {
        "schema_version": 1,
        "layer": layer,
        "input": {"shape": [None, 3, 2], "axes": ["batch", "timesteps", "features"], "dtype": "float32"},
        "unpack": "output, final_state = layer(inputs)",
        "tensors": [
            {
                "name": name,
                "path": [at],
                "shape": [2, 4],
                "axes": ["batch", "units"],
                "dtype": "float32",
                "meaning": said,
            }
            for at, (name, said) in enumerate([("output", "\x1b[5moutput"), ("final_state", "…")])
        ],
        "equal": [["output", "final_state"]],
        "same_shape_different_values": [],
        "states": {"accepts": [[2, 4]], "structure": "[h]"},
        "declared": {"agrees": random.random() < 0.5, "structure": "((2, 4), (2, 4))"},
        "returned": {"structure": "((2, 4), (2, 4))", "container": "tuple"},
        "parameters": {"total": 3, "weights": [{"name": "kernel", "shape": [3]}]},
        "ran": {"seed": 0, "draws": 2, "device": "CPU", "reduced_to": None},
        "versions": {"rnnshape": "0", "keras": "3", "tensorflow": "2", "python": "3"},
    }
    return Report.from_dict(document)


@contextmanager
def stand_in(random: Random) -> Iterator[None]:
    """Have canned answers in the place of Keras's."""

    def answers_to(asked: Any, **_: Any) -> Iterator[Report | RnnshapeError]:
        for at, family in enumerate(asked):
            for query in family:
                answer = canned(random, str(query.layer))
                if asked.total == 1 and isinstance(answer, RnnshapeError):
                    raise answer
                yield answer
            if at > 20:
                return

    real, answering.answers_to = answering.answers_to, answers_to
    try:
        yield
    finally:
        answering.answers_to = real


# --- what is held against an input


def told_by(argv: list[str], stdin: str, encoding: str) -> tuple[object, str, str]:
    """Run a command line in this process; return its exit status (or what it raised) and what it printed."""
    streams = sys.stdin, sys.stdout, sys.stderr
    out, err = io.BytesIO(), io.BytesIO()
    sys.stdin = io.StringIO(stdin)
    sys.stdout = io.TextIOWrapper(out, encoding=encoding, newline="\n")
    sys.stderr = io.TextIOWrapper(err, encoding=encoding, errors="backslashreplace", newline="\n")
    try:
        status: object = cli.run(argv)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException as error:  # noqa: BLE001 - nothing may get out
        status = error
    finally:
        written = sys.stdout, sys.stderr
        sys.stdin, sys.stdout, sys.stderr = streams
        for stream in written:
            stream.detach()  # else it closes what is to be read now
    return status, *(text.getvalue().decode(encoding, "surrogateescape") for text in (out, err))


def wrong_with_line(argv: list[str], stdin: str = "", encoding: str = "utf-8") -> tuple[object, list[str]]:
    """Return a command line's exit status, and everything that is wrong with what it did."""
    status, out, err = told_by(argv, stdin, encoding)
    wrong = []
    if status not in STATUSES:
        wrong.append(f"the status is {status!r}")
    if "Traceback" in err and "--debug" not in argv:
        wrong.append("a traceback")
    if "This is a bug" in err:
        wrong.append(f"an error that nobody foresaw: {err}")
    wrong += [f"{found[0]!r} on a stream" for found in map(CONTROL.search, (out, err)) if found]
    if re.search("[\udc80-\udcff]", out + err):
        wrong.append("bytes that are not of the stream's encoding")
    if status and not err and not out and not {"-q", "--quiet"} & set(argv):
        wrong.append("a status and no word about it")
    is_documents = "--json" in argv and not out.startswith(
        ("Usage: ", "rnnshape ", '{"worker"', '{"stopped"', "no worker\n", "there was no")
    )
    for text in out.splitlines() if is_documents else []:
        try:
            wrong += [f"not by the schema: {error.message}" for error in SCHEMA.iter_errors(json.loads(text))]
        except ValueError:
            wrong.append(f"no JSON: {text[:200]}")
    return status, wrong


def wrong_with_expression(text: str) -> list[str]:
    """Return what is wrong with what the parser makes of a text."""
    try:
        call = parse(text)
    except InvalidQuery as error:
        return [] if error.message and not CONTROL.search(f"{error.message}{error.hint}") else ["a control character"]
    except BaseException as error:  # noqa: BLE001
        return [repr(error)]
    if not isinstance(call, Call):
        return [f"it is read as {call!r}"]
    try:
        again = parse(str(call))
    except InvalidQuery as error:
        # What is printed may be longer than what was typed: '\x1b' is.
        return [] if len(str(call)) > 5000 else [f"it is printed as {call}, which is none: {error}"]
    return [] if repr(again) == repr(call) else [f"it is printed as {call}, which is read as {again}"]


READERS: list[Callable[[str], object]] = [
    parse_value,
    parse_mask,
    lambda text: read_options({"batch": text, "units": text}),
    lambda text: read_options({"input": [text], "set": [text]}),
    lambda text: read_options({"set": [text]}),
    lambda text: read_options({"seed": text, "space": [text]}),
    lambda text: read_options({"merge_mode": text, "bidirectional": True}),
    lambda text: read_options({"into": text, "initial_state": text}),
]


def wrong_with_value(read: Callable[[str], object], text: str) -> list[str]:
    """Return what is wrong with what a reader makes of a text."""
    try:
        found = read(text)
    except InvalidQuery:
        return []
    except BaseException as error:  # noqa: BLE001
        return [repr(error)]
    again = parse_mask(str(found)) if isinstance(found, MaskSpec) else found
    return [] if again == found else [f"{found} is read as {again}"]


def message(random: Random) -> bytes:
    """Return bytes that a worker may get."""
    environ = {
        b"A": b"b=c",
        b"E": b"",
        os.fsencode(word(random).replace("\0", "").replace("\ud800", "")) or b"N": b"\xff",
    }
    streams = random.random() < 0.5, random.random() < 0.5, random.random() < 0.5
    data = bytearray(wire.Request(["rnnshape", "gru", "\udcff"], environ, streams, random.randrange(512)).pack())
    for _ in range(random.choice([0, 1, 1, 2, 5])):
        at = random.randrange(len(data) + 1)
        data[at : at + random.choice([0, 1, 4])] = random.choice(
            [b"", b"\0", b"-1", b"\xff", os.urandom(0), b"9" * 6000]
        )
    return bytes(data) if random.random() < 0.9 else random.randbytes(random.randrange(40))


def wrong_with_message(random: Random) -> list[str]:
    """Send a message, with some descriptors, and return what is wrong with how it is received."""
    data, count = message(random), random.choice([0, 1, 2, 3, 4, 4, 9])
    before = len(os.listdir("/proc/self/fd"))
    ours, theirs = socket.socketpair()
    wrong = []
    with ours, theirs, open(os.devnull) as null:
        theirs.settimeout(1)
        if count and data:
            sent = socket.send_fds(ours, [data], [null.fileno()] * count)
            ours.sendall(data[sent:])
        else:
            ours.sendall(data)
        ours.close()
        try:
            asked, descriptors = wire.receive(theirs)
            if len(descriptors) != 1 + sum(asked.streams):
                wrong.append("too many descriptors, or too few")
            for descriptor in descriptors:
                os.close(descriptor)
        except (ValueError, OSError):
            pass
        except BaseException as error:  # noqa: BLE001
            wrong.append(repr(error))
    return wrong + ["a descriptor is left open"] * (len(os.listdir("/proc/self/fd")) != before)


def wrong_with_status(random: Random) -> list[str]:
    """Return what is wrong with what is made of a status that no worker of ours tells."""
    keys = ["pid", "since", "served", "ready", "warming", "serving", "more"]
    told = {key: random.choice(["1", "0", "", "-1", "inf", "nan", "1e300", "9" * 30, "1,2", "x"]) for key in keys}
    real, control._tell = control._tell, lambda *_, **__: (told, True)
    try:
        found = control._status("/run/\x1b[31m\udcff")
        workers._words(found)
        workers._document(found)
    except BaseException as error:  # noqa: BLE001
        return [f"{error!r} for {told}"]
    finally:
        control._tell = real
    return []


def document(random: Random) -> object:
    """Return a document that may be a report's."""
    answer: Any = None
    while not isinstance(answer, Report):
        answer = canned(random, expression(random))
    found: Any = answer.to_dict()
    for _ in range(random.choice([0, 1, 1, 2, 4])):
        place = found
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = random.choice(keys)
            if isinstance(place[key], dict | list) and random.random() < 0.7:
                place = place[key]
                continue
            if random.random() < 0.2:
                del place[key]
            else:
                place[key] = _json(random)
            break
    return found if random.random() < 0.9 else _json(random)


def _json(random: Random, depth: int = 0) -> object:
    kind = random.randrange(9 if depth < 5 else 7)
    if kind < 7:
        return random.choice([None, True, 0, -1, 10**30, 1.5, float("inf"), word(random), "\x1b[1m", 3, [], {}])
    items = [_json(random, depth + 1) for _ in range(random.randrange(4))]
    return items if kind == 7 else {random.choice([word(random), "shape", "layer"]): item for item in items}


def wrong_with_document(found: object) -> list[str]:
    """Return what is wrong with what `from_dict` makes of a document."""
    try:
        read = Report.from_dict(found)
    except InvalidQuery as error:
        return ["a control character"] if CONTROL.search(str(error)) else []
    except BaseException as error:  # noqa: BLE001
        return [repr(error)]
    wrong = [f"not by the schema: {error.message}" for error in SCHEMA.iter_errors(read.to_dict())]
    if report.Report.from_dict(read.to_dict()) != read:
        wrong.append("it is read as another one")
    return wrong


# --- the run


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
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    counts = {"lines": 10_000, "real": 200, "expressions": 1_000_000, "messages": 10_000, "reports": 20_000}
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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB; {tally.found} findings")
    return int(tally.found > 0)


if __name__ == "__main__":
    sys.exit(main())
