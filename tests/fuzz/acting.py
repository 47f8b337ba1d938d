"""Words that would act: names from the standard library and the installed packages, in every place of an expression.

    python -m tests.fuzz.acting [--words N] [--seed K]

A program of its own, since what listens to the interpreter (`sys.addaudithook`) stays until it ends. Names are taken
from the sources, and nothing is imported to find them. What is held against each: no file is made, none is read but by
the import of what was named, no process is started, no address is asked; and a module of the standard library is not
even imported. Prints what was found; the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import os
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

STANDARD = Path(sysconfig.get_path("stdlib"))
INSTALLED = [Path(path) for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
KNOWN = [
    *("subprocess.Popen", "io.FileIO", "_io.FileIO", "os.path.X", "this.X", "antigravity.X", "test.autotest.X"),
    *("keras.utils.FeatureSpace", "keras.src.export.tfsm_layer.TFSMLayer", "tf.io.FixedLenFeature", "pip.X"),
    *("keras.applications.ResNet50", "tensorflow.io.TFRecordWriter", "TFSMLayer", "Lambda", "socket.SocketType"),
    *("random.Random", "mixed_precision.LossScaleOptimizer", "keras.layers.subprocess.Popen", "layers.io.FileIO"),
    *(f"{STANDARD}/antigravity.py:X", f"{STANDARD}/subprocess.py:Popen", "numpy.testing.X"),
    *(f"{folder}/keras/src/layers/layer.py:Layer" for folder in INSTALLED),
]
ARGUMENTS = ["", "'made'", "'made', 'w'", "'touch made', shell=True", "['touch', 'made']", "'http://127.0.0.1:9'", "4"]
PLACES = [
    *("{}", "RNN({})", "RNN([LSTMCell(4), {}])", "Bidirectional(LSTM(4), backward_layer={})", "Sequential([{}])"),
    *("GRU(4, nosuch={})", "GRU(4, activation={})", "GRU(4, kernel_regularizer={{'l2': {}}})", "x = GRU({})"),
    *(
        "TimeDistributed({})",
        "GRU(4, dtype={})",
        "Sequential([Input(({}, 8))])",
        "keras.layers.LSTM(4, seed=(1, [{}]))",
    ),
]
WATCHED = ("open", "subprocess.", "os.", "socket.", "shutil.", "ctypes.dlopen", "webbrowser.", "urllib.", "pty.")
PASSED_OVER = ("os.listdir", "os.scandir", "os.putenv", "os.unsetenv", "os.walk", "os.fwalk")


def names(random: Random) -> Iterator[str]:
    """Yield dotted names of classes without end; one in three is well known for what it does."""
    trees = [(root, files) for root in (STANDARD, *INSTALLED) if (files := _files(root))]
    while True:
        if random.random() < 0.34:
            yield random.choice(KNOWN)
            continue
        root, files = random.choice(trees)
        path = random.choice(files)
        module = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        yield f"{module}.{random.choice([*_classes(path), 'X'])}"


def _files(root: Path) -> list[Path]:
    """Return the modules below a folder, but for what is installed and what has no name that can be typed."""
    found = []
    for folder, inner, files in os.walk(root):
        inner[:] = sorted(
            name for name in inner if name.isidentifier() and name not in ("__pycache__", "site-packages")
        )
        found += [Path(folder, file) for file in sorted(files) if file.endswith(".py") and file[:-3].isidentifier()]
    return found


def _classes(path: Path) -> list[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return []
    return [node.name for node in tree.body if isinstance(node, ast.ClassDef) and node.name.strip("_")[:1].isupper()]


class Listener:
    """Notes what the interpreter is asked to do, while it is on."""

    def __init__(self) -> None:
        self.heard: list[str] | None = None
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.heard is None or not event.startswith(WATCHED) or event.startswith(PASSED_OVER):
            return
        if event != "open" or _is_foreign(*arguments[:3]):
            self.heard.append(f"{event}{arguments!r}"[:300])


def _is_foreign(path: object, _mode: object, flags: object) -> bool:
    """Tell whether opening a file is more than reading code that is installed, or a log that has no name."""
    if not isinstance(path, str | bytes):
        return False
    name = os.fsdecode(path)
    # An unnamed file among the temporary ones is where TensorFlow's log goes; the settings of Keras name a backend.
    # Python looks for the line of a mistake in what has no file, too.
    if name in (tempfile.gettempdir(), "<unknown>"):
        return False
    if name.endswith("keras.json") and flags == os.O_RDONLY | os.O_CLOEXEC:
        return False
    if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return True
    code = (str(STANDARD), *map(str, INSTALLED), sys.base_prefix, str(Path(__file__).parents[2]))
    return not name.startswith((*code, "/proc/", "/sys/", "/dev/null"))


def asked_in_every_way(word: str, into: bool, random: Random) -> None:
    """Ask with the word as a layer, a value of an option, a line of standard input, from Python."""
    from rnnshape import cli, explore
    from rnnshape.errors import RnnshapeError

    way = random.randrange(4)
    if way == 0:
        with contextlib.suppress(RnnshapeError):
            explore("gru", into=word) if into else explore(word, batch=2, time=2, features=2)
        return
    stdin, sys.stdin = sys.stdin, io.StringIO(f"{word}\n")
    try:
        value = word.partition("=")[2].rpartition(")")[0] if word.startswith("GRU(4, ") else word
        argv = {
            1: ["gru", "--return-state", "--into", word] if into else [word],
            2: ["gru", "--set", f"{random.choice(['activation', 'nosuch'])}={value}"],
            3: ["-", "--json"],
        }[way]
        cli.run([*argv, "--batch", "2", "--time", "2", "-q"])
    finally:
        sys.stdin = stdin


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.acting")
    parser.add_argument("--words", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    random = Random(asked.seed)  # noqa: S311
    os.environ["RNNSHAPE_WORKER"] = "off"
    from rnnshape import explore

    listener, source, count = Listener(), names(random), 0
    with tempfile.TemporaryDirectory() as home:
        os.chdir(home)
        explore("gru", batch=2, time=2, features=2)  # what Keras imports late is imported now
        streams = sys.stdout, sys.stderr
        for _ in range(asked.words):
            name, arguments, place = next(source), random.choice(ARGUMENTS), random.choice(PLACES)
            word = place.format(f"{name}({arguments})")
            loaded = set(sys.modules)
            sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
            listener.heard = heard = []
            try:
                asked_in_every_way(word, random.random() < 0.2, random)
            finally:
                listener.heard = None
                sys.stdout, sys.stderr = streams
            heard += [f"made {path}" for path in os.listdir(home)]
            top = name.partition(".")[0]
            if top in sys.stdlib_module_names or top == "test" or name.startswith(str(STANDARD)):
                heard += sorted({name.rpartition(".")[0]} & set(sys.modules) - loaded)
            if heard:
                count += 1
                print(f"FOUND for {word}: {heard[:5]}")
        os.chdir("/")
    print(f"{asked.words} words that would act, {count} findings")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
