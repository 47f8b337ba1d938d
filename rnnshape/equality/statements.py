"""From classes of equal terms to statements: each fact once, and nothing that follows from another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from rnnshape.equality import values as of
from rnnshape.equality.merges import Merge, Merges
from rnnshape.equality.terms import Groups, Key, Term
from rnnshape.equality.values import Shelf, Signature
from rnnshape.structure import Expression as Code
from rnnshape.structure import Form, Place, Side

Expression = Term | Merge
"""One side of a statement, with its values: `code` says what it is made of."""


def clusters_of(groups: Groups) -> dict[Signature, Signature]:
    """Return, for each class of equal terms, the first class that it is close to: itself, on most machines."""
    heads: dict[Signature, Signature] = {}
    by_shape: dict[of.Shapes, list[Term]] = {}
    for group in groups.values():
        by_shape.setdefault(of.shapes(group[0].values), []).append(group[0])
    for terms in by_shape.values():
        shelf = Shelf([term.values for term in terms])
        for row, at in shelf.near(np.stack([of.comparable(of.probe(term.values[0])) for term in terms])):
            head, term = terms[row].signature, terms[at].signature
            if heads.setdefault(head, head) == head and term not in heads and shelf.is_close(terms[row].values, at):
                heads[term] = head
    return heads


def equal(groups: Groups, merges: Merges) -> tuple[tuple[Expression, ...], ...]:
    """Return the statements of what is equal bit for bit."""
    told = _Told(groups.values(), merges)
    statements = []
    for signature, group in groups.items():
        kept = [term for term in group if not told.is_consequence(term)]
        said: tuple[Expression, ...] = (*kept, *merges.get(signature, ()))
        if len(said) > 1:
            statements.append(said)
    return tuple(statements)


def close(
    groups: Groups, heads: Mapping[Signature, Signature], exact: Merges, near: Merges
) -> tuple[tuple[Code, ...], ...]:
    """Return the statements of what differs by rounding, each class of equal terms by its first."""
    clusters: dict[Signature, list[Signature]] = {}
    for signature in groups:
        clusters.setdefault(heads[signature], []).append(signature)
    statements = []
    found = {
        head: [[merge for each in members for merge in merges.get(each, ())] for merges in (exact, near)]
        for head, members in clusters.items()
    }
    merges = {head: [*known, *others] for head, (known, others) in found.items()}
    told = _Told([[term for each in members for term in groups[each]] for members in clusters.values()], merges)
    for head, members in clusters.items():
        kept = ([term.code for term in groups[each] if not told.is_consequence(term)] for each in members)
        codes = [*(code[0] for code in kept if code), *_new(heads, *found[head])]
        if len(codes) > 1:
            statements.append(tuple(codes))
    return tuple(statements)


def _new(heads: Mapping[Signature, Signature], exact: list[Merge], near: list[Merge]) -> list[Code]:
    """Return the near merges that do not follow from an exact one, or another near one, of tensors close to theirs."""

    def gist(merge: Merge) -> tuple[object, ...]:
        return merge.form, heads[merge.left.signature], heads[merge.right.signature]

    known = {gist(merge) for merge in exact}
    codes: list[Code] = []
    for merge in near:
        is_mean_of_close = merge.form is Form.MEAN and heads[merge.left.signature] == heads[merge.right.signature]
        if gist(merge) not in known and not is_mean_of_close:
            known.add(gist(merge))
            codes.append(merge.code)
    return codes


class _Told:
    """What the classes say already, and so need not say again of slices."""

    def __init__(self, classes: Iterable[list[Term]], merges: Merges) -> None:
        self._terms: dict[Key, Term] = {}
        self._equals: dict[Key, list[Term]] = {}
        self._joined: dict[Key, set[int | None]] = {}
        for members in classes:
            widths = {merge.width for term in members for merge in merges.get(term.signature, ())}
            for term in members:
                self._terms[term.key] = term
                self._equals[term.key] = members
                self._joined[term.key] = widths

    def is_consequence(self, term: Term) -> bool:
        """Tell whether all that the term equals follows from what is said of another term.

        Where a tensor equals an earlier one, its slices equal the earlier one's same slices; so do the halves of
        slices. Where a tensor is a concatenation, its halves are the concatenated tensors. "Earlier" makes sure that
        of two terms that follow from each other, one is kept.
        """
        owner, place, side = term.key
        full, whole = Key(owner, place, Side.FULL), Key(owner, Place.WHOLE, side)
        if side is not Side.FULL and full in self._terms:
            if term.half in self._joined[full]:
                return True
            if any(
                other.half == term.half and other.key._replace(side=side) in self._terms
                for other in self._earlier(full)
                if other.key.side is Side.FULL
            ):
                return True
        return place is not Place.WHOLE and any(
            other.key._replace(place=place) in self._terms
            for other in self._earlier(whole)
            if other.key.place is Place.WHOLE
        )

    def _earlier(self, key: Key) -> Iterator[Term]:
        def rank(key: Key) -> tuple[bool, Key]:
            return key.side is not Side.FULL, key

        return (term for term in self._equals.get(key, ()) if rank(term.key) < rank(key))


def different(groups: Groups, heads: Mapping[Signature, Signature]) -> tuple[tuple[Code, ...], ...]:
    """Return the groups of tensors of one shape whose values all differ, one tensor per class of equal ones.

    The last tensor of a class stands for it: the state rather than the output it equals.
    """
    found: dict[of.Shapes, dict[Signature, Code]] = {}
    wholes = [term for group in groups.values() for term in group if term.is_whole]
    for term in sorted(wholes, key=lambda term: term.key):
        found.setdefault(of.shapes(term.values), {})[heads[term.signature]] = term.code
    return tuple(tuple(group.values()) for group in found.values() if len(group) > 1)
