"""Old spellings as a candidate: all of them at once, for where one stands, the next is not far."""

from __future__ import annotations

from collections.abc import Iterator

from rnnshape.fixes.edits import Candidate
from rnnshape.fixes.fault import Fault
from rnnshape.fixes.modern import respellings


def spelled_today(fault: Fault) -> Iterator[Candidate]:
    """Every old spelling in today's words, where one of them stands in the statement that stopped."""
    found = respellings(fault.source.text)
    here = [each for each in found if fault.start <= each.at < fault.end]
    first = (here or found)[:1]
    if first:
        edits = tuple(edit for each in found for edit in each.edits)
        yield Candidate(edits=edits, why=first[0].why, at=first[0].at, weight=-10)
