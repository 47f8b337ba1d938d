"""One old spelling."""

from __future__ import annotations

from dataclasses import dataclass

from rnnshape.fixes.edits import Edit


@dataclass(frozen=True, slots=True)
class Respelling:
    """An old spelling at an offset of the text: what it is today, in words and as edits."""

    at: int
    why: str
    edits: tuple[Edit, ...]
