"""Changes of a text as small data: applied, everything else stays as it was, byte for byte."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from rnnshape.fixes.source import split_lines


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Put `text` in the place of the characters from `start` up to `end` (not included)."""

    start: int
    end: int
    text: str


def insertion(at: int, text: str) -> Edit:
    """Return the edit that puts a text in at a place, and takes nothing away."""
    return Edit(at, at, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A change that might be the fix. `why` says what was wrong, in words that stand on a line of their own.

    `at` is the offset of the change that matters most, where it is not the first. `changes_meaning`: the result is
    another one than was written. `placeholders`: it has values that only the user knows. `weight` orders candidates
    that are equal in all this: the likelier one has the smaller weight.
    """

    edits: tuple[Edit, ...]
    why: str
    at: int | None = None
    changes_meaning: bool = False
    placeholders: bool = False
    weight: int = 0

    @property
    def place(self) -> int:
        """Where the change that matters most is in the text."""
        return self.edits[0].start if self.at is None else self.at

    @property
    def size(self) -> tuple[bool, bool, int, int]:
        """What candidates are tried in the order of: the smaller, the better."""
        return (self.changes_meaning, self.placeholders, self.weight, len(self.edits))


@dataclass(frozen=True, slots=True)
class Change:
    """Lines that go and lines that come in their place; `line` counts from 1, in the text before."""

    line: int
    removes: tuple[str, ...]
    adds: tuple[str, ...]


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with the edits in it.

    Raises:
        ValueError: two edits overlap, or one reaches beyond the text.

    """
    done: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not at <= edit.start <= edit.end <= len(text):
            message = f"the edit {edit} overlaps another one, or the end"
            raise ValueError(message)
        done += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*done, text[at:]])


def changes(before: str, after: str) -> tuple[Change, ...]:
    """Return the lines that differ, as a diff shows them."""
    old, new = split_lines(before), split_lines(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return tuple(
        Change(old_start + 1, _bare(old[old_start:old_end]), _bare(new[new_start:new_end]))
        for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes()
        if tag != "equal"
    )


def _bare(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(line.rstrip("\r\n") for line in lines)


def moved(changed: Iterable[Change], line: int) -> int:
    """Return where a line of the text before stands in the text after; where it goes, what comes in its place."""
    shift = 0
    for change in changed:
        if change.line + len(change.removes) <= line:
            shift += len(change.adds) - len(change.removes)
        elif change.line <= line:
            line = min(line, change.line + max(len(change.adds) - 1, 0))
    return line + shift
