"""Command lines: words from a grammar of the real options, with values that are right, nearly right or absurd."""

from __future__ import annotations

from random import Random

from .texts import EXPRESSIONS, LAYERS, mutated, word

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
    "--format": ["md", "html", "json", "table", "csv", "txt", "svg", "tex", "plain", "mkd"],
    # Not always, whose escapes would be taken for the input's own.
    "--color": ["auto", "never", "sometimes"],
    "--width": ["60", "20", "19", "1000000"],
    "--expect": ["none-such.jsonl", ".", "/dev/null"],
    "--dtype": ["float16", "mixed_bfloat16", "int32", "float8"],
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
