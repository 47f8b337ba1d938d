"""What an expression of a statement is about: the one place where the renderers read the text of a statement."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SLICE = re.compile(r"(\w+)(\[[^\[\]]*\])")
_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Term:
    """One expression: its code, the names in it, and its index where it is a slice of one tensor (`[:, -1, :]`)."""

    code: str
    names: tuple[str, ...]
    index: str = ""

    @property
    def is_step(self) -> bool:
        """Whether it is a slice that takes nothing but a step: all of the other axes."""
        items = self.index.strip("[]").split(", ")
        return bool(self.index) and all(item == ":" for item in items[2:])


def term(code: str) -> Term:
    """Return what an expression is about."""
    sliced = _SLICE.fullmatch(code)
    return Term(code, (sliced[1],), sliced[2]) if sliced else Term(code, tuple(_NAME.findall(code)))
