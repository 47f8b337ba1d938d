"""What differs between two answers, of the same question, as their JSON documents tell it: data in, sentences out.

What is compared is what a layer, or a program, returns and declares; versions, times and how the answer came about are
not. Statements are sets: neither their order nor the order within one counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that differs: what it is, and what it was and is, in words; None where there is, or was, no such."""

    what: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        """Return it in one line."""
        if self.before is None:
            return f"{self.what}, new: {self.after}"
        if self.after is None:
            return f"{self.what}, gone: {self.before}"
        return f"{self.what}: {self.before} -> {self.after}"


_STATEMENTS = {
    "equal": ("equal", " = "),
    "close": ("equal up to rounding", " ≈ "),
    "same_shape_different_values": ("same shape, different values", ", "),
    "constant": ("constant", " = "),
    "undecided": ("undecided", " = "),
    "broken": ("broken by the mask", " = "),
    "equal_across": ("equal across the combinations", " = "),
}
"""The keys that hold statements, or names: in words, and what stands between the expressions of one."""

_NOT_COMPARED = frozenset(
    # The statements are compared apart, and the unpacking line is made of names that are.
    {*_STATEMENTS, "schema_version", "versions", "ran", "measured", "explanation", "unpack", "script", "with_fix"}
)


def differences(before: Document, after: Document) -> tuple[Difference, ...]:
    """Return what differs between two documents, the earlier one first; nothing if they say the same.

    A key that one of them lacks counts only where both are by the same version of rnnshape: a later one may say more.
    """
    if "tensors" not in before or "tensors" not in after:
        old, new = _outcome(before), _outcome(after)
        return () if old == new else (Difference(what="outcome", before=old, after=new),)
    is_same_version = _version(before) == _version(after)
    comparison = _Comparison(counts_missing=is_same_version)
    return (*comparison.of_objects("{}", before, after), *_of_statements(before, after))


def versions(before: Document, after: Document) -> tuple[str, ...]:
    """Return which versions differ, each in words, such as `keras 3.13.0 -> 3.15.1`."""
    old, new = (_objects(one.get("versions")) for one in (before, after))
    return tuple(
        f"{name} {_text(old[name])} -> {_text(new[name])}"
        for name in ("rnnshape", "keras", "tensorflow", "python", "backend")
        if name in old and name in new and old[name] != new[name]
    )


def _outcome(document: Document) -> str:
    """Return whether there is an answer, or the error that there is instead."""
    error = _objects(document.get("error"))
    return "an answer" if "tensors" in document else f"{error.get('code')}: {error.get('message')}"


def _version(document: Document) -> object:
    return _objects(document.get("versions")).get("rnnshape")


def _objects(value: object) -> Document:
    return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Two values of a document, compared: objects by key, lists of named things by name, all else as a whole."""

    counts_missing: bool

    def of_objects(self, what: str, before: Document, after: Document) -> Iterator[Difference]:
        """Compare objects by key; `what` stands around the key, in the place of the braces."""
        for key in dict.fromkeys((*before, *after)):
            if key in _NOT_COMPARED or not (self.counts_missing or (key in before and key in after)):
                continue
            words = what.replace("{}", str(key).replace("_", " "))
            yield from self.of(words, before.get(key), after.get(key))

    def of(self, what: str, before: object, after: object) -> Iterator[Difference]:
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from self.of_objects(f"{what} {{}}", before, after)
        elif _are_objects(before or after) and _are_objects(after or before):
            yield from self.of_lists(what, before or [], after or [])
        elif before != after:
            yield Difference(what=what, before=_said(before), after=_said(after))

    def of_lists(self, what: str, before: Any, after: Any) -> Iterator[Difference]:
        """Compare lists of objects: those of one name, or else those in one place; then what is left over."""
        pairs, old, new = _matched(before, after)
        for name, (was, now) in pairs:
            yield from self.of_objects(f"{{}} of {name}", was, now)
        for was, now in zip_longest(old, new):
            yield Difference(
                what=what,
                before=None if was is None else _named(was),
                after=None if now is None else _named(now),
            )


def _matched(before: Sequence[Document], after: Sequence[Document]) -> tuple[list[Any], list[Document], list[Document]]:
    """Return (name, (before, after)) of the objects that belong together, and what is left of both."""
    if not all("name" in one for one in (*before, *after)):
        both = min(len(before), len(after))
        pairs = [(_place(was, at), (was, now)) for at, (was, now) in enumerate(zip(before, after, strict=False))]
        return pairs, list(before[both:]), list(after[both:])
    # Of two with one name, such as the kernels of two cells, the first belongs to the first.
    left = list(after)
    found: list[Any] = []
    gone = []
    for was in before:
        now = next((one for one in left if one["name"] == was["name"]), None)
        if now is None:
            gone.append(was)
        else:
            left.remove(now)
            found.append((was["name"], (was, now)))
    for was in list(gone):
        now = next((one for one in left if _place(one) == _place(was)), None)
        if _place(was) and now is not None:
            gone.remove(was)
            left.remove(now)
            found.append((_place(was), (was, now)))
    return found, gone, left


def _place(one: Document, at: int | None = None) -> str:
    """Return where something stands, in words; empty where nobody knows."""
    path, step = one.get("path"), one.get("step", one.get("line"))
    if isinstance(path, list):
        index = "".join(f"[{number}]" for number in path)
        return f"the tensor at {index or 'the only place'}" + (f" of call {step}" if isinstance(step, int) else "")
    if at is None:
        return ""
    return f"line {one['line']}" if isinstance(one.get("line"), int) else f"number {at + 1}"


def _named(one: Document) -> str:
    name = one.get("name")
    shape = f" {_text(one['shape'])}" if "shape" in one else ""
    return f"{name}{shape}" if name is not None else _text(one)


def _are_objects(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _of_statements(before: Document, after: Document) -> Iterator[Difference]:
    for key, (words, sign) in _STATEMENTS.items():
        old, new = (_statements(one.get(key), sign) for one in (before, after))
        yield from (Difference(what=words, before=text, after=None) for one, text in old.items() if one not in new)
        yield from (Difference(what=words, before=None, after=text) for one, text in new.items() if one not in old)


def _statements(value: object, sign: str) -> dict[frozenset[str], str]:
    """Return each statement as the set of its expressions, and in words; a bare name is a statement of its own."""
    found = {}
    for one in value if isinstance(value, list | tuple) else ():
        codes = [str(code) for code in one] if isinstance(one, list | tuple) else [str(one)]
        found[frozenset(codes)] = sign.join(codes)
    return found


def _said(value: object) -> str | None:
    """Return a value in words; None where there is nothing."""
    return None if value is None or value == [] else _text(value)


def _text(value: object) -> str:
    """Return a value in words: a list of sizes is a shape."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_text(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        items = [_text(item) for item in value]
        is_shape = all(item is None or isinstance(item, int) for item in value)
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})" if is_shape else ", ".join(items)
    return "none" if value is None else str(value)
