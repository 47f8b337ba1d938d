"""`--expect FILE`: today's answers beside those of earlier JSON documents, and what differs in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnshape.differences import differences, versions
from rnnshape.errors import SCHEMA_VERSION, InvalidQuery

_LARGEST = 200_000_000
"""Bytes of a file of documents: those of about 100,000 questions."""
_HINT = "Make the file with --json: rnnshape LAYER... --json > before.jsonl"

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it: whether all is the same, all that is to be said, line by line, and that in one line."""

    is_same: bool
    lines: tuple[str, ...]
    summary: str


def read(name: str) -> tuple[Document, ...]:
    """Return the documents of a file: one a line, or indented, one or several.

    Raises:
        InvalidQuery: it cannot be read, or it holds something else.

    """
    text = _text(name)
    decoder = json.JSONDecoder()
    found: list[Document] = []
    at = _skipped(text, 0)
    while at < len(text):
        try:
            document, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            line = text.count("\n", 0, getattr(error, "pos", at)) + 1
            raise InvalidQuery(f"{name} is no file of JSON documents: line {line} is no JSON.", hint=_HINT) from None
        found.append(_checked(document, name, len(found) + 1))
        at = _skipped(text, at)
    if not found:
        raise InvalidQuery(f"{name} is empty.", hint=_HINT)
    return tuple(found)


def _text(name: str) -> str:
    try:
        with Path(name).expanduser().open("rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise InvalidQuery(f"There is no file {name}.", hint=_HINT) from None
    except (OSError, ValueError, RuntimeError) as error:
        raise InvalidQuery(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}", hint=_HINT) from None
    if len(data) > _LARGEST:
        raise InvalidQuery(f"{name} has more than {_LARGEST:,} bytes.", hint="Split it, and the layers with it.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidQuery(f"{name} is no text in UTF-8.", hint=_HINT) from None


def _skipped(text: str, at: int) -> int:
    """Return the place of the next character that is no space."""
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _checked(document: object, name: str, number: int) -> Document:
    """Return a document that is one of ours.

    Raises:
        InvalidQuery: it is something else.

    """
    where = f"Document {number} of {name}"
    if not isinstance(document, dict) or "schema_version" not in document:
        raise InvalidQuery(f"{where} is no answer of rnnshape: it has no schema_version.", hint=_HINT)
    if document["schema_version"] != SCHEMA_VERSION:
        message = f"{where} must have the schema_version {SCHEMA_VERSION}. Received: {document['schema_version']!r:.80}"
        raise InvalidQuery(message, hint=_HINT)
    if not isinstance(document.get("program" if "program" in document else "error", {}), dict) or not (
        {"layer", "program"} & document.keys() and {"tensors", "error"} & document.keys()
    ):
        raise InvalidQuery(f"{where} is no answer of rnnshape: it has no layer, or no tensors.", hint=_HINT)
    return document


def compared(before: Sequence[Document], after: Sequence[Document], name: str) -> Comparison:
    """Return what differs between the documents of the file of this name, and today's."""
    pairs, gone, new = _pairs(before, after)
    lines: list[str] = []
    differing = 0
    for was, now in pairs:
        found = differences(*_of_one_kind(was, now))
        if found:
            differing += 1
            lines += [f"{_title(now)}:", *(f"  {line}" for one in found for line in _lines(str(one)))]
    lines += [f"{_title(one)}: it is in {name}, and is not asked now." for one in gone]
    lines += [f"{_title(one)}: it is asked now, and is not in {name}." for one in new]
    lines += _told_of_flags(pairs, name) if lines else []
    told = list(dict.fromkeys(line for was, now in pairs for line in versions(was, now)))
    by = f" ({', '.join(told)})" if told else ""
    if not lines:
        answers = "The answer is" if len(pairs) == 1 else f"The {len(pairs)} answers are"
        same = f"{answers} the same as in {name}{by}."
        return Comparison(is_same=True, lines=(same,), summary=same)
    summary = f"The answers differ from {name}{by}: {differing} changed, {len(gone)} not asked now, {len(new)} new."
    return Comparison(is_same=False, lines=(f"The answers differ from {name}{by}:", *lines), summary=summary)


_OF_ALL_FLAGS = ("combination", "same_weights", "equal_across")
"""The keys that only an answer to --all-flags has."""


def _of_one_kind(was: Document, now: Document) -> tuple[Document, Document]:
    """Return both without what only one of them can have, since only one was asked with --all-flags."""
    if ("combination" in was) == ("combination" in now):
        return was, now
    alike = [{key: value for key, value in one.items() if key not in _OF_ALL_FLAGS} for one in (was, now)]
    return alike[0], alike[1]


def _told_of_flags(pairs: Sequence[tuple[Document, Document]], name: str) -> list[str]:
    """Return the sentence that says which of both was asked with --all-flags, where one was and one was not."""
    befores = {"combination" in was for was, now in pairs if ("combination" in was) != ("combination" in now)}
    said = {
        True: f"{name} was asked with --all-flags, and this is not.",
        False: f"{name} was asked without --all-flags.",
    }
    return [said[before] for before in sorted(befores)]


def _lines(text: str) -> Sequence[str]:
    """Return the lines of a difference; an error's message may have several."""
    return [line for line in text.splitlines() if line.strip()]


def _pairs(
    before: Sequence[Document], after: Sequence[Document]
) -> tuple[list[tuple[Document, Document]], list[Document], list[Document]]:
    """Return the documents that answer one question, in today's order, and what is left of both.

    Among those of one layer, or one piece of code, those with one input belong together; the rest by their order.
    """
    waiting: dict[str, list[Document]] = {}
    for one in before:
        waiting.setdefault(_asked(one), []).append(one)
    found: list[tuple[Document, Document] | None] = [None] * len(after)
    for is_alike in (_are_alike, lambda *_: True):
        for at, now in enumerate(after):
            left = waiting.get(_asked(now), [])
            was = next((one for one in left if is_alike(one, now)), None) if found[at] is None else None
            if was is not None:
                left.remove(was)
                found[at] = (was, now)
    gone = [one for left in waiting.values() for one in left]
    return [pair for pair in found if pair], gone, [now for now, pair in zip(after, found, strict=True) if pair is None]


def _asked(document: Document) -> str:
    program = document.get("program")
    return f"code: {program.get('source')}" if isinstance(program, Mapping) else f"layer: {document.get('layer')}"


_QUESTION = ("input", "mask", "initial_state", "training", "dtype_policy", "combination")


def _are_alike(was: Document, now: Document) -> bool:
    def question(one: Document) -> Iterator[object]:
        for key in _QUESTION:
            value = one.get(key)
            yield value.get("given", value.get("shape", value)) if isinstance(value, Mapping) else value

    return list(question(was)) == list(question(now))


def _title(document: Document) -> str:
    """Return what was asked, in words."""
    program, asked = document.get("program"), document.get("input")
    if isinstance(program, Mapping):
        return str(program.get("source"))
    shape = asked.get("shape") if isinstance(asked, Mapping) else None
    sizes = ", ".join("none" if size is None else str(size) for size in shape) if isinstance(shape, list) else ""
    return f"{document.get('layer')} on ({sizes})" if sizes else str(document.get("layer"))
