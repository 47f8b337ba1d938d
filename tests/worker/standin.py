"""rnnshape's entry point and worker, with a stand-in for everything that takes time: the program, and Keras's import.

A test copies it next to a copy of the package. The first argument says what the program does; what it prints first
tells whether a worker ran it.
"""

import atexit
import contextlib
import os
import resource
import sys
import tempfile
import threading
import time
import types
import warnings

_loaded = []
_warmed = []
_callbacks = []


def load():
    if not _loaded:
        _loaded.append(True)
        from rnnshape.worker import child, protocol, start, watching

        child.PATIENCE = 1.0
        if "STANDIN_SEES" in os.environ:
            protocol.is_stopped = lambda _: False
        if "STANDIN_HEARS" in os.environ:
            watching.Watch.tells = lambda _: False
        child.MOST_ANSWERS = int(os.environ.get("STANDIN_ANSWERS", "250"))
        start.terms = terms
        if "STANDIN_CONFIGURES" in os.environ:
            os.makedirs(os.path.expanduser("~/.keras"), exist_ok=True)
            with open(os.path.expanduser("~/.keras/keras.json"), "a") as file:
                print("{}", file=file)
        for callback in _callbacks:
            callback()


def terms():
    from rnnshape.worker.spares import Terms

    idle = float(os.environ.get("RNNSHAPE_WORKER_IDLE", "60"))
    return Terms(idle=idle, tick=0.1, patience=0.5, grace=1.0, answer=float(os.environ.get("STANDIN_ANSWER", "20")))


class Program:
    libraries = frozenset()

    def put_back(self):
        return "STANDIN_ONCE" not in os.environ and not any(".py:" in word for word in sys.argv)

    def prepare(self):
        pass

    def warm_up(self):
        _warmed.append(True)
        time.sleep(float(os.environ.get("STANDIN_WARM_UP", "0")))
        if "STANDIN_BROKEN" in os.environ:
            os._exit(3)

    def run(self, argv):
        return run(argv)


def run(argv):
    where = "warm" if _loaded else "cold"
    what, *rest = [word for word in argv if word != "--debug"]
    if what != "--worker":
        load()
    return globals()[f"do_{what.strip('-')}"](where, *rest)


def do_say(where, *words):
    print(where, *words)
    return 0


def do_fail(where, status):
    print("what was wrong", file=sys.stderr)
    return int(status)


def do_later(where, seconds):
    time.sleep(float(seconds))
    print(where, "at last")
    return 0


def do_begin(where, seconds):
    print(where, "begun", flush=True)
    time.sleep(float(seconds))
    print("finished")
    return 0


def do_wait(where, file):
    print(where, "begun", flush=True)
    while not os.path.exists(file):
        time.sleep(0.01)
    print("finished")
    return 0


def do_raise(where):
    print("before", flush=True)
    raise RuntimeError("a defect")


def do_die(where):
    if where == "warm":
        os._exit(9)
    print("cold answer")
    return 0


def do_decline(where, *_):
    read = sys.stdin.read()
    if where == "warm":
        from rnnshape.worker.ending import DECLINED

        return DECLINED
    print("cold answer to", read)
    return 0


def do_fork(where, seconds):
    warnings.simplefilter("ignore")  # from Python 3.12 on, it warns of threads, on stderr
    if os.fork() == 0:
        print(where, "forked", flush=True)
        os.close(1)
        os.close(2)
        time.sleep(float(seconds))
        os._exit(0)
    time.sleep(float(seconds))
    return 0


def do_flood(where):
    try:
        for number in range(10**7):
            print(number)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    return 0


def do_surroundings(where, *_):
    mask = os.umask(0)
    os.umask(mask)
    print(sys.argv, os.getcwd(), oct(mask), sorted(os.environ.items()))
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            print(name, "is closed")
        else:
            facts = (stream.encoding, stream.errors, stream.line_buffering, stream.write_through, stream.isatty())
            print(stream.name, stream.mode, facts, getattr(sys, f"__{name}__") is stream)
    print(sys.stdin and sys.stdin.read())
    return 0


def do_mark(where, *_):
    with open("mark", "a") as file:
        print(where, file=file)
    return 0


def do_warmed(where, *_):
    print(where, "warmed up" if _warmed else "fresh")
    return 0


def do_temporary(where, *_):
    print(where, tempfile.gettempdir())
    return 0


def do_end(where, *_):
    with open("mark", "a") as file:
        print(where, file=file)
    os._exit(5)


def do_descend(where, depth):
    """Tell at how many depths of calls a loop of calls has the system give memory again and again."""

    def nothing():
        pass

    def thrashes(left):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(100):
            nothing()
        here = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before > 50
        return here + (thrashes(left - 1) if left else 0)

    print(where, thrashes(int(depth)))
    return 0


def do_leave(where, what):
    if what == "thread":
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    elif what == "file":
        os.dup(0)
    elif what == "child":
        if os.fork() == 0:
            os._exit(0)
    elif what == "module":
        sys.modules["somebody_else_s"] = types.ModuleType("somebody_else_s")
    elif what == "limit":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    elif what == "exit":
        atexit.register(print, "at the end")
    return 0


def do_process(where, *_):
    print(os.getpid())
    return 0


def do_disturb(where, *_):
    os.environ["DISTURBED"] = "1"
    os.umask(0)
    os.chdir("/")
    sys.path.append("disturbed")
    warnings.simplefilter("error")
    sys.stdout.reconfigure(line_buffering=True)
    return 0


def do_blurt(where, *_):
    with contextlib.suppress(OSError):
        os.write(1, b"into whatever this is")
    return 0


def do_worker(where, *_):
    print("about workers", where)
    return 0


engine = types.ModuleType("rnnshape.run.engine")
engine.after_import = _callbacks.append
cli = types.ModuleType("rnnshape.cli")
cli.run = run
sys.modules[engine.__name__] = engine
warm = types.ModuleType("rnnshape.cli.warm")
warm.Rnnshape = Program
sys.modules[cli.__name__] = cli
sys.modules[warm.__name__] = warm

if __name__ == "__main__":
    from rnnshape.__main__ import main
    from rnnshape.worker import client

    client._LIVELY = float(os.environ.get("STANDIN_LIVELY", "10"))
    main()
