"""What is held against each input: functions that return what is wrong with what came of it."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import sys
from collections.abc import Callable
from importlib import resources
from random import Random

from jsonschema import Draft202012Validator

from rnnshape import cli
from rnnshape.cli import workers
from rnnshape.errors import InvalidQuery
from rnnshape.expression import Call, parse, parse_value
from rnnshape.mask import MaskSpec, parse_mask
from rnnshape.options import read_options
from rnnshape.report import Report
from rnnshape.worker import admin, protocol

from .messages import message

STATUSES = {0, 1, 2, 3, 130}
SCHEMA = Draft202012Validator(json.loads(resources.files("rnnshape").joinpath("schema.json").read_text("utf-8")))
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


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
            asked, descriptors = protocol.receive(theirs)
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
    real, admin._tell = admin._tell, lambda *_, **__: (told, True)
    try:
        found = admin._status("/run/\x1b[31m\udcff")
        if found is not None:
            workers._words(found)
            workers._document(found)
    except BaseException as error:  # noqa: BLE001
        return [f"{error!r} for {told}"]
    finally:
        admin._tell = real
    return []


def wrong_with_document(found: object) -> list[str]:
    """Return what is wrong with what `from_dict` makes of a document."""
    try:
        read = Report.from_dict(found)
    except InvalidQuery as error:
        return ["a control character"] if CONTROL.search(str(error)) else []
    except BaseException as error:  # noqa: BLE001
        return [repr(error)]
    wrong = [f"not by the schema: {error.message}" for error in SCHEMA.iter_errors(read.to_dict())]
    if Report.from_dict(read.to_dict()) != read:
        wrong.append("it is read as another one")
    return wrong
