"""The command line: words -> queries -> reports -> something to look at.

The one place where an error becomes a message and an exit status. Keras, TensorFlow and NumPy are not imported
before there is a query to answer.

    command     the command: a parameter for each option of the list in `rnnshape.options`
    helppage    how `--help` is laid out
    completion  what a TAB offers
    scripts     the shells' completion scripts
    asking      words and options -> what is asked -> the exit status
    forms       in which form answers are printed and saved
    answering   queries -> answers
    printing    answers -> standard output, and files
    expected    answers beside those of earlier documents
    meant       what was meant by an option that there is not
    words       words that stand for something else
    interrupts  Ctrl-C
    workers     what can be asked of the warm interpreter
    warm        the command line as the warm interpreter runs it
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import sys
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from rnnshape.errors import InvalidQuery, KerasRefused, RnnshapeError, printable, said_by

if TYPE_CHECKING:
    from typer import TyperException

EXIT_INTERRUPTED = 130

_SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


def run(argv: Sequence[str], *, most: int | None = None) -> int:
    """Run the whole program on these arguments and the standard streams; return the exit status.

    Where as many answers are asked for as `most`, or more, nothing is done, and it returns `worker.ending.DECLINED`.
    Never raises, not even SystemExit.
    """
    status = 0
    try:
        status, error = _run(list(argv), most)
        if error is not None:
            _show(error, argv)
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        _silence_stdout()
    except (OSError, ValueError) as lost:
        _silence_stdout()
        why = getattr(lost, "strerror", None) or lost
        _tell(RnnshapeError(f"The answer cannot be written: {why}"), argv)
        return status or 1
    return status


def _run(argv: list[str], most: int | None) -> tuple[int, RnnshapeError | None]:
    """Return the exit status, and what is to be said about it where something went wrong."""
    from typer import TyperException

    from rnnshape.cli import interrupts
    from rnnshape.cli.command import command

    stdout, stderr = sys.stdout, sys.stderr
    try:
        if os.environ.get("_RNNSHAPE_COMPLETE") and _has_completed():
            return 0, None
        _check_dashes(argv)
        with interrupts.noted():
            words = _with_shell_apart(argv)
            status = command()(args=words, prog_name="rnnshape", standalone_mode=False, obj=most)
            return int(status or 0), None
    except SystemExit as end:
        if sys.stdout is not stdout:
            # What Typer does about a broken pipe: it puts a silent stream in the place of stdout, and leaves.
            sys.stdout, sys.stderr = stdout, stderr
            raise BrokenPipeError from None
        # Completion ends this way, too.
        return end.code if isinstance(end.code, int) else 0, None
    except TyperException as error:
        found: RnnshapeError = _parsers_refusal(error, argv)
    except RnnshapeError as error:
        found = error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if _is_of_output(error):
            raise
        if os.environ.get("_RNNSHAPE_COMPLETE"):
            # The shell would take our words for something to complete with.
            return 1, None
        found = _unexpected(error)
        found.__cause__ = error
    return found.status, found


def _with_shell_apart(argv: list[str]) -> list[str]:
    """Return the words with `--install-completion=fish` as two: Typer has no option whose value may be left out."""
    asked = ("--install-completion=", "--show-completion=")
    return [part for word in argv for part in (word.split("=", 1) if word.startswith(asked) else [word])]


def _is_of_output(error: BaseException) -> bool:
    """Tell whether an error comes from writing to a stream.

    It names no file then, and nothing that may run out is short; or something has closed our stdout.
    """
    if not isinstance(error, OSError):
        return isinstance(error, ValueError) and _is_closed(sys.stdout)
    is_of_fork = isinstance(error, BlockingIOError) and not hasattr(error, "characters_written")
    return error.filename is None and error.errno not in _SHORT and not is_of_fork


def _is_closed(stream: IO[str] | None) -> bool:
    try:
        return stream is not None and stream.closed
    except ValueError:  # its buffer was taken away
        return True


def _unexpected(error: BaseException) -> RnnshapeError:
    """Return the error that nobody foresaw: whatever it is, nobody sees a traceback."""
    if isinstance(error, MemoryError):
        return RnnshapeError(
            "There is not enough memory for this.", hint="Ask for less at once, or raise the limit of ulimit -v."
        )
    if isinstance(error, OSError) and error.filename is None:
        return RnnshapeError(f"The system refuses: {error.strerror or error}", hint="ulimit -a shows its limits.")
    from rnnshape.run.layer.refusal import users_line

    said, line = said_by(error), users_line(error)
    if line is not None and "-packages" not in line:
        # What is no Exception is caught nowhere on the way; it is the user's own nevertheless. Rich is installed, too.
        return KerasRefused(f"{type(error).__name__} in {line}: {said}")
    return RnnshapeError(f"{type(error).__name__}: {said}", hint="This is a bug; --debug shows where.")


def _has_completed() -> bool:
    """Write what a TAB offers, and tell whether a shell that we know asked for it."""
    from rnnshape.cli.completion import answer

    offered = answer(os.environ)
    if offered is not None and sys.stdout is not None:
        sys.stdout.write(f"{offered}\n")
    return offered is not None


def _parsers_refusal(error: TyperException, argv: Sequence[str]) -> InvalidQuery:
    from rnnshape.cli.meant import instead_of

    message = error.format_message().partition(" (Possible")[0].partition(" Did you")[0]
    option = getattr(error, "option_name", None) or ""
    instead = instead_of(option, argv, _options()) if option and message.startswith("No such option") else None
    if instead:
        hint = f"Did you mean {instead}?" if instead.startswith("-") else f"{instead[0].upper()}{instead[1:]}"
    elif "does not take a value" in message:
        hint = f"{option} takes no value."
    else:
        hint = "rnnshape --help lists the options."
    return InvalidQuery(message, hint=hint)


def _check_dashes(argv: Sequence[str]) -> None:
    """Refuse an option with one dash instead of two.

    Raises:
        InvalidQuery: there is one.

    """
    from rnnshape.cli.meant import with_one_dash

    found = with_one_dash(argv, _options())
    if found is not None:
        typed, meant = found
        raise InvalidQuery(f"No such option: {typed}", hint=f"Did you mean {meant}?")


def _options() -> list[str]:
    from rnnshape.cli.command import command

    return [spelling for parameter in command().params for spelling in parameter.opts]


def _show(error: RnnshapeError, argv: Sequence[str]) -> None:
    """Say on stderr what was wrong; with --json, write the document on stdout, too."""
    from rnnshape.cli.printing import write_json

    try:
        if _said(argv, "--json") or _value(argv, "--format") == "json":
            write_json(error)
    finally:
        _tell(error, argv)


def _tell(error: RnnshapeError, argv: Sequence[str]) -> None:
    """Say on stderr what was wrong, if anybody can hear it."""
    from rnnshape.show.console import Look, stderr_console
    from rnnshape.show.error import error_text

    if sys.stderr is None:
        return
    with contextlib.suppress(OSError, ValueError):
        if _said(argv, "--debug"):
            import traceback

            from rnnshape.run import engine

            sys.stderr.write(printable(engine.last_log() + "".join(traceback.format_exception(error))))
        colour = {"always": True, "never": False}.get(_value(argv, "--color") or "")
        stderr_console(look=Look(colour)).print(error_text(error))


def _said(argv: Sequence[str], option: str) -> bool:
    """Tell whether a switch was typed; the words may be such that the parser refuses them."""
    return option in _options_in(argv)


def _value(argv: Sequence[str], option: str) -> str | None:
    """Return the value that was typed last for an option, as it was typed, in words that the parser may refuse."""
    words = _options_in(argv)
    values = [value for word, value in itertools.pairwise([*words, ""]) if word == option]
    values += [word.partition("=")[2] for word in words if word.startswith(f"{option}=")]
    return values[-1].strip().lower() if values else None


def _options_in(argv: Sequence[str]) -> list[str]:
    """Return the words before `--`, behind which nothing is an option."""
    words = list(argv)
    return words[: words.index("--")] if "--" in words else words


def _silence_stdout() -> None:
    """Send what is still buffered nowhere, so that it does not fail again when the interpreter ends."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
