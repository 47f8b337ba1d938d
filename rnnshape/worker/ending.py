"""How a run ends, in a worker or without one: the same way, so that nobody can tell which it was."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DECLINED = -1
"""In the place of an exit status: more is asked than one process should answer, and nothing was done."""

INTERRUPTED = 130
LOST_OUTPUT = 120
"""Python's own exit status for output that could not be flushed."""

_GENERATED = "__autograph_generated_file"
"""How the names of the modules begin that TensorFlow makes of a user's code, in the folder for temporary files."""


def finish(run: Callable[[list[str]], int], argv: list[str]) -> int:
    """Run the program, do what it left for its end, flush what it printed, and return the exit status."""
    waiting = atexit._ncallbacks()  # noqa: SLF001 - the only way to know
    try:
        status = run(argv)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except Exception:  # noqa: BLE001 - a defect of ours; what follows is what Python would do
        sys.excepthook(*sys.exc_info())
        status = 1
    if atexit._ncallbacks() > waiting:  # noqa: SLF001
        _run_exit_functions()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except (OSError, ValueError):
            status = status or LOST_OUTPUT
    return status


def _run_exit_functions() -> None:
    """Call what was registered for the end of the interpreter, since the process ends without it.

    TensorFlow removes the files there that it makes of a user's code, and users remove theirs.
    """
    # What one of them raises, Python has told of on stderr; the answer is there, and so is its status.
    with contextlib.suppress(Exception, KeyboardInterrupt, SystemExit):
        atexit._run_exitfuncs()  # noqa: SLF001 - what Python itself calls
    _remove_compiled()


def _remove_compiled() -> None:
    """Remove what Python has made of the files that TensorFlow made of a user's code: TensorFlow leaves that behind."""
    for name, module in list(sys.modules.items()):
        compiled = getattr(module, "__cached__", None)
        if name.startswith(_GENERATED) and isinstance(compiled, str):
            try:
                os.unlink(compiled)
                os.rmdir(os.path.dirname(compiled))  # where there is more in it, it stays
            except OSError:
                continue
