"""Which sums, products, means and concatenations of two tensors equal another term.

No pair of tensors is merged in full to find out: a few elements of the merges of all pairs are computed at once and
looked up among the same elements of what they could equal; only what is alike there is computed and compared.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from rnnshape.equality import values as of
from rnnshape.equality.terms import Groups, Term
from rnnshape.equality.values import Array, Shelf, Signature, Values
from rnnshape.structure import Form
from rnnshape.structure import Merge as Code


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge of two tensors. `width` is the width of the first one of a concatenation."""

    form: Form
    left: Term
    right: Term
    width: int | None = None

    def values(self, left: Values, right: Values) -> Values:
        """Return the merge of other values than its terms have."""
        with np.errstate(all="ignore"):
            return tuple(map(_FUNCTIONS[self.form], left, right))

    def is_borne_out(self, *, is_exact: bool) -> bool:
        """Tell whether both terms matter in enough draws: what vanishes beside the other term is no evidence.

        With `is_exact` something equals the merge bit for bit; without, it is only close to it.
        """
        draws = list(zip(self.left.values, self.right.values, strict=True))
        if self.form is Form.SIDE_BY_SIDE:
            told = sum(of.tells(left) and of.tells(right) for left, right in draws)
        else:
            merged = self.values(self.left.values, self.right.values)
            without = itertools.starmap(self._without, draws)
            told = sum(of.differ(*each, is_exact=is_exact) for each in zip(merged, without, strict=True))
        return told >= min(of.EVIDENCE, len(draws))

    def _without(self, left: Array, right: Array) -> list[Array]:
        """Return what the merge may be where one of its terms does not matter."""
        return [left, right, left / 2, right / 2] if self.form is Form.MEAN else [left, right]

    @property
    def code(self) -> Code:
        """What the merge is made of, without the values."""
        return Code(self.form, self.left.code, self.right.code)


Merges = dict[Signature, list[Merge]]
"""Merges by the signature of the terms that they equal, or are close to."""
_Piece = list[Term]
"""Tensors of equal values, to be merged with others."""
_Found = Iterator[tuple[Merge, Term, bool]]
"""A merge, what it is like, and whether it equals it."""


def find_merges(groups: Groups) -> tuple[Merges, Merges, bool]:
    """Return the merges that equal a term, those that are only close to one, and whether any more may be true.

    These hold in all draws, but in too few of them both of their terms matter. More draws may tell.
    """
    pieces: dict[tuple[of.Shapes, object], list[_Piece]] = {}
    targets: dict[of.Shapes, list[Term]] = {}
    for group in groups.values():
        values = group[0].values
        targets.setdefault(of.shapes(values), []).append(group[0])
        if piece := [term for term in group if term.is_whole]:
            pieces.setdefault((of.shapes(values), values[0].dtype), []).append(piece)
    exact: Merges = {}
    near: Merges = {}
    is_unsure = False
    for merge, target, is_exact in (*_arithmetic(pieces, targets), *_concatenations(pieces, targets)):
        if merge.is_borne_out(is_exact=is_exact):
            (exact if is_exact else near).setdefault(target.signature, []).append(merge)
        else:
            is_unsure = True
    return exact, near, is_unsure


def _pair(left: _Piece, right: _Piece) -> _Piece:
    """Return two different tensors, one of each piece, or nothing: `a + a` is no merge of two tensors.

    Of equal tensors the first is merged, since what holds for it holds for the others; with each other only two.
    """
    if left is right:
        return left[:2] if len(left) > 1 else []
    return [left[0], right[0]]


def _mean(left: Array, right: Array) -> Array:
    return (left + right) / 2


def _side_by_side(left: Array, right: Array) -> Array:
    return np.concatenate([left, right], axis=-1)


_ARITHMETIC: tuple[tuple[Form, Callable[[Array, Array], Array]], ...] = (
    (Form.SUM, operator.add),
    (Form.PRODUCT, operator.mul),
    (Form.MEAN, _mean),
)
_FUNCTIONS = {**dict(_ARITHMETIC), Form.SIDE_BY_SIDE: _side_by_side}


def _arithmetic(
    pieces: Mapping[tuple[of.Shapes, object], list[_Piece]], targets: Mapping[of.Shapes, list[Term]]
) -> _Found:
    """Yield the sums, products and means that equal, or are close to, a target."""
    for (shapes, _), members in pieces.items():
        known = targets[shapes]
        shelf = Shelf([term.values for term in known])
        probes = np.stack([of.probe(piece[0].values[0]) for piece in members])
        for (at, left), (form, merge) in itertools.product(enumerate(members), _ARITHMETIC):
            with np.errstate(all="ignore"):
                merged = of.comparable(merge(probes[at], probes[at:]))
            for row, found in shelf.near(merged):
                pair = _pair(left, members[at + row])
                # The mean of two equal tensors is them: that is no finding.
                if not pair or (merge is _mean and row == 0):
                    continue
                with np.errstate(all="ignore"):
                    values = tuple(map(merge, pair[0].values, pair[1].values))
                is_exact = of.signature(values) == known[found].signature
                if is_exact or shelf.is_close(values, found):
                    yield Merge(form, pair[0], pair[1]), known[found], is_exact


def _concatenations(
    pieces: Mapping[tuple[of.Shapes, object], list[_Piece]], targets: Mapping[of.Shapes, list[Term]]
) -> _Found:
    """Yield the concatenations that equal, or are close to, a target.

    The target is cut in two, and each part looked up among the tensors of its shape.
    """
    shelves = {key: Shelf([piece[0].values for piece in members]) for key, members in pieces.items()}

    def like(values: Values, dtype: object) -> Iterator[tuple[_Piece, bool]]:
        key = (of.shapes(values), dtype)
        if key not in shelves:
            return
        for _, at in shelves[key].near(of.comparable(of.probe(values[0]))[None]):
            is_exact = of.signature(values) == pieces[key][at][0].signature
            if is_exact or shelves[key].is_close(values, at):
                yield pieces[key][at], is_exact

    cuts = dict.fromkeys((shapes[0][-1], dtype) for shapes, dtype in pieces if shapes[0])
    for target, (width, dtype) in itertools.product(itertools.chain(*targets.values()), cuts):
        if target.values[0].ndim == 0 or any(width >= array.shape[-1] for array in target.values):
            continue
        rights = list(like(tuple(array[..., width:] for array in target.values), dtype))
        for left, left_exact in like(tuple(array[..., :width] for array in target.values), dtype) if rights else ():
            for right, right_exact in rights:
                if pair := _pair(left, right):
                    yield Merge(Form.SIDE_BY_SIDE, pair[0], pair[1], width), target, left_exact and right_exact
