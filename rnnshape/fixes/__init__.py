"""What to change where a program stops: changes of the text, each of which was tried before it is told."""

from __future__ import annotations

from rnnshape.fixes.modern import modernised
from rnnshape.fixes.numbering import as_given
from rnnshape.fixes.search import Budget, Diagnosis, Run, find
from rnnshape.fixes.spellings import today, today_module

__all__ = ["Budget", "Diagnosis", "Run", "as_given", "find", "modernised", "today", "today_module"]
