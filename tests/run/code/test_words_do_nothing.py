"""Whatever code says, reading it opens no file, reaches no address, starts no process, imports nothing."""

from __future__ import annotations

import random
import sys
import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnshape.errors import RnnshapeError
from rnnshape.program import read
from rnnshape.run.code import run_program

WATCHED = ("open", "socket", "subprocess", "os.", "shutil", "exec", "import", "ctypes", "pty", "glob", "tempfile")
LIBRARIES = ("keras", "tensorflow", "numpy", "optree", "ml_dtypes", "h5py", "rnnshape", "absl", "google", "wrapt")

LINES = [
    "import os",
    "from keras.layers import *",
    "os.system('touch pwned')",
    "x = open('/etc/passwd').read()",
    "x = Input((3, 2))",
    "y = LSTM(4, return_sequences=True)(x)",
    "y, h, c = LSTM(n, return_state=True)(y)",
    "z = Lambda(lambda t: open('pwned', 'w'))(x)",
    "m = Sequential([LSTM(3), Dense(2)])",
    "m.save('pwned.keras')",
    "m.fit(x, y, callbacks=[keras.callbacks.ModelCheckpoint('pwned.keras')])",
    "m = keras.models.load_model('pwned.keras')",
    "d = np.load('pwned.npy')",
    "np.save('pwned', np.zeros(3))",
    "for i in range(3): y = Dense(i + 1)(y)",
    "f = keras.utils.get_file('pwned', 'http://localhost/pwned')",
    "(x_train, y_train), _ = keras.datasets.imdb.load_data()",
    "v = keras.applications.VGG16()",
    "k = tf.io.read_file('pwned')",
    "w = keras.ops.ones((2, 3)) @ np.ones((3, 2))",
    "q = [a for a in (1, 2) if a].__class__",
    "e = eval('1')",
    "lam = lambda self: self",
    "g = f'{x!r:>10}'",
]


class Watch:
    """Notes what Python is about to do while it is on; a hook can never be taken away again."""

    def __init__(self):
        self.is_on = False
        self.seen = []

    def __call__(self, event, args):
        if self.is_on and event.startswith(WATCHED) and not self.is_own(event, args):
            self.seen.append((event, str(args)[:200]))

    @staticmethod
    def is_own(event, args):
        """Tell whether it is Keras that loads a module of its own, or what the reader itself does to be quiet."""
        first = str(args[0]) if args else ""
        if event == "import":
            return first.split(".")[0] in {*LIBRARIES, *sys.stdlib_module_names}
        if event == "open":
            # Python's parser looks for the file "<unknown>", to show a line of it; the log goes to an unnamed file.
            unnamed = first in {"<unknown>", "...", tempfile.gettempdir()} or first.isdecimal()
            return unnamed or any(f"/{name}/" in first for name in LIBRARIES)
        # Compiled code of dataclasses, of signatures; folders that are looked through for a module.
        return event in {"exec", "os.listdir", "os.putenv", "tempfile.mkstemp", "os.remove"}


@pytest.fixture(scope="module")
def watch():
    # Whatever is loaded on first use is loaded before.
    run_program(read("x = Input((3, 2))\ny = LSTM(4, return_sequences=True)(x)\nz = Lambda(lambda t: t)(y)"))
    found = Watch()
    sys.addaudithook(found)
    return found


def mutated(text, seed):
    chosen = random.Random(seed)  # noqa: S311 - it only has to be the same again
    characters = list(text)
    for _ in range(chosen.randrange(3)):
        at = chosen.randrange(len(characters))
        characters[at] = chosen.choice([*"()[]=.,:x0\n\"'", characters[at]])
    return "".join(characters)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=6), seed=st.integers(0, 10**6))
def test_nothing_is_done_by_words(watch, lines, seed):
    text = mutated("\n".join(lines), seed)
    watch.seen.clear()
    watch.is_on = True
    try:
        trace = run_program(read(text), draws=0)
        assert trace.stop is None or trace.stop.code in {"keras-refused", "not-read"}
    except RnnshapeError:
        pass
    finally:
        watch.is_on = False
    assert watch.seen == []


def test_the_watch_sees_a_file(watch, tmp_path):
    watch.seen.clear()
    watch.is_on = True
    try:
        with open(__file__.replace(".py", ".txt"), "rb"):
            pass
    except OSError:
        pass
    finally:
        watch.is_on = False
    assert watch.seen
