"""How a run ends, in a worker or without one: the same way, so that nobody can tell which it was."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DECLINED = -1
"""In the place of an exit status: more is asked than one process should answer, and nothing was done."""

INTERRUPTED = 130
LOST_OUTPUT = 120
"""Python's own exit status for output that could not be flushed."""


def finish(run: Callable[[list[str]], int], argv: list[str]) -> int:
    """Run the program, flush what it printed, and return the exit status."""
    try:
        status = run(argv)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except Exception:  # noqa: BLE001 - a defect of ours; what follows is what Python would do
        sys.excepthook(*sys.exc_info())
        status = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except (OSError, ValueError):
            status = status or LOST_OUTPUT
    return status
