"""The entry point: a worker answers if one is there; else the program, which may leave one behind.

Standard library only until it knows which, and as little of it as will do.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from rnnshape.worker.fingerprint import Fingerprint


def main() -> NoReturn:
    """Run the command line in `sys.argv`, and exit with its status."""
    try:
        _hold_closed_streams()
        status = _answer()
    except KeyboardInterrupt:
        status = 130
    # The interpreter would now take a million objects apart, which takes longer than many an answer.
    os._exit(status)


def _hold_closed_streams() -> None:
    """Open nothing on the number of a standard stream that is closed.

    A file of ours would get the lowest number that is free, and TensorFlow's log goes to number 2, whatever that is.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The numbers below are taken, so this is the one that comes.
            os.open(os.devnull, os.O_RDWR)


def _answer() -> int:
    from rnnshape.worker import client, protocol
    from rnnshape.worker.fingerprint import fingerprint
    from rnnshape.worker.folder import NoWorker

    seen = None
    try:
        policy = client.policy()
    except ValueError:
        policy = "off"  # the program says what is wrong
    if policy != "off" and protocol.usable() and not _is_about_here():
        is_kept = False
        try:
            is_kept = _keep_standard_input()
            seen = fingerprint()
            return client.ask(seen)
        except NoWorker as reason:
            _debug(f"no worker is used: {reason}")
            if is_kept:
                os.lseek(0, 0, os.SEEK_SET)
    if seen is not None and (policy == "on" or (sys.stderr is not None and sys.stderr.isatty())):
        _leave_worker_behind(seen)
    from rnnshape import cli
    from rnnshape.worker.ending import finish

    return finish(cli.run, sys.argv[1:])


def _is_about_here() -> bool:
    """Tell whether it is asked about the worker, or about the shell that started this very process."""
    words = sys.argv[1:]
    is_about_workers = any(word == "--worker" or word.startswith("--worker=") for word in words)
    return is_about_workers or "--show-completion" in words or "--install-completion" in words


def _keep_standard_input() -> bool:
    """Have standard input, if it is to be read, keep what it holds for whoever reads it after the worker did.

    Raises:
        NoWorker: there is nowhere to keep it.

    """
    if "-" not in sys.argv[1:]:
        return False
    from rnnshape.worker import spool
    from rnnshape.worker.folder import NoWorker

    try:
        spool.read_ahead()
    except (OSError, AttributeError) as error:
        raise NoWorker(f"standard input cannot be kept: {error}") from None
    return True


def _leave_worker_behind(seen: Fingerprint) -> None:
    """Have this process fork a worker once Keras is imported, if it comes to that."""
    from rnnshape.run import engine

    before = dict(os.environb)

    def leave() -> None:
        from rnnshape.cli.warm import Rnnshape
        from rnnshape.worker import start
        from rnnshape.worker.folder import NoWorker

        try:
            start.leave_behind(Rnnshape(), seen, before, start.terms())
        except (NoWorker, OSError) as reason:
            _debug(f"no worker is left behind: {reason}")

    engine.after_import(leave)


def _debug(message: str) -> None:
    if "--debug" in sys.argv and sys.stderr is not None:
        print(f"rnnshape: {message}", file=sys.stderr)  # noqa: T201


# Since 3.11, Python keeps the frames of calls in pieces of 16 KiB. Where the calls of a loop cross the end of a piece,
# the system gives one and takes it back at each call, hundreds of times in an answer, for 10 µs each. A frame that says
# that it is large gets a piece in which all that it calls has room. What is not touched of it costs nothing.
main.__code__ = main.__code__.replace(co_stacksize=2**16)

if __name__ == "__main__":
    main()
