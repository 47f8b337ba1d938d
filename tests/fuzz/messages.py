"""Bytes for the worker, and documents for `Report.from_dict`: whole ones, and what is left of them."""

from __future__ import annotations

import os
from contextlib import suppress
from random import Random
from typing import Any

from rnnshape.errors import InvalidQuery
from rnnshape.report import Report
from rnnshape.worker import protocol

from .standin import canned
from .texts import expression, word


def message(random: Random) -> bytes:
    """Return bytes that a worker may get."""
    environ = {
        b"A": b"b=c",
        b"E": b"",
        os.fsencode(word(random).replace("\0", "").replace("\ud800", "")) or b"N": b"\xff",
    }
    streams = random.random() < 0.5, random.random() < 0.5, random.random() < 0.5
    data = bytearray(protocol.Request(["rnnshape", "gru", "\udcff"], environ, streams, random.randrange(512)).pack())
    for _ in range(random.choice([0, 1, 1, 2, 5])):
        at = random.randrange(len(data) + 1)
        data[at : at + random.choice([0, 1, 4])] = random.choice(
            [b"", b"\0", b"-1", b"\xff", os.urandom(0), b"9" * 6000]
        )
    return bytes(data) if random.random() < 0.9 else random.randbytes(random.randrange(40))


def document(random: Random) -> object:
    """Return a document that may be a report's."""
    answer: Any = None
    while not isinstance(answer, Report):
        with suppress(InvalidQuery):  # one without an error has a layer that can be one
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
