"""What equals what as facts, each once, and the words for the signs that stand in front of tensors and facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rnnshape.report import Statement, Tensor
from rnnshape.show.marks import Carried, Marks, Part
from rnnshape.show.rows import INSIDE, ONLY, STEPPED, Fact, Kind, Section, Sign


def place(tensor: Tensor) -> str:
    """Return a tensor's place in the return value: `[1][0]`, ONLY; STEPPED or INSIDE for what is not returned."""
    if tensor.path is None:
        return STEPPED if tensor.layer is None else INSIDE
    return "".join(f"[{step}]" for step in tensor.path) or ONLY


def facts_of(found: Marks, different: Sequence[Statement]) -> Iterator[Fact]:
    """Yield what equals what, in the order of the letters, and then what only has the same shape."""
    for mark in found.all:
        parts = {one.part for some in found.by_tensor.values() for one in some if one.mark is mark}
        kind = Kind.CLOSE if mark.is_close else Kind.EQUAL
        yield Fact(kind, mark.statement, mark, next(part for part in Part if part in parts))
    for group in different:
        yield Fact(Kind.DIFFERENT, group)


def said_of(section: Section) -> Iterator[Fact | Sign]:
    """Yield each fact, and then what the signs mean that are no plain letters, those that occur."""
    yield from section.facts
    carried = [one for row in section.rows for one in row.marks]
    for part, said in ((Part.SLICE, _slice), (Part.MERGED, _merged)):
        some = [one for one in carried if one.part is part]
        if some:
            # One of them says how all of them are read; a step is the plainest.
            first = next((one for one in some if part is Part.SLICE and _is_step(one)), some[0])
            yield Sign((said(first),), part, first.mark)
    if any(fact.kind is Kind.CLOSE for fact in section.facts):
        yield Sign(("equal but for rounding",))


def _slice(one: Carried) -> str:
    return f"a {'step' if _is_step(one) else 'part'} of it is {one.mark.letter}"


def _merged(one: Carried) -> str:
    return f"{one.mark.letter} is made from it"


def _is_step(one: Carried) -> bool:
    return all(index.is_step for index in one.own)
