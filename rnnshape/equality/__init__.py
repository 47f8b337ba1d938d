"""Which tensors, slices and merges of tensors are equal. NumPy arrays in, statements out.

Two expressions are equal when their values are, bit for bit, in every draw. A draw is one run of the layer with
its own random weights and inputs; draws may differ in size (a time axis of 1 is also run at a longer one, so that
what holds only because a size is 1 is no finding). A value that is one constant throughout, such as all zeros, is
no evidence: what does not vary in at least two draws takes part in no statement. Nor is a merge one of whose terms does
not matter: each has to change the merge measurably, in most elements of at least two draws.

What is compared is the grammar of the statements: whole tensors; where there is time, the first and the last step
of all rows, and the first and the last unmasked step of each row, counted from the end where the sequence is in
reversed order; where a tensor is two side by side, the halves of all these; and the merges
of two whole tensors of one dtype (`a + b`, `a * b`, `(a + b) / 2`, concatenation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rnnshape.equality import values as of
from rnnshape.equality.merges import find_merges
from rnnshape.equality.statements import Expression, close, clusters_of, different, equal
from rnnshape.equality.terms import Groups, Steps, Subject, Term, terms_of, values_at
from rnnshape.structure import Expression as Code

__all__ = ["Findings", "Steps", "Subject", "compare", "holds"]


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found; each statement is a tuple of expressions over the subjects' names.

    `close` are values that differ by rounding only; the first of a statement is close to each of the others.
    `constant` are the tensors that hold one single value throughout. `undecided` are those that are neither
    constant nor vary in enough draws to say anything of them: more draws may tell.
    """

    equal: tuple[tuple[Code, ...], ...]
    close: tuple[tuple[Code, ...], ...]
    same_shape_different_values: tuple[tuple[Code, ...], ...]
    constant: tuple[str, ...]
    undecided: tuple[str, ...] = ()
    statements: tuple[tuple[Expression, ...], ...] = field(default=(), compare=False, repr=False)
    """Those of `equal`, with their values."""
    is_unsure: bool = field(default=False, compare=False)
    """Whether more draws may well tell more: a tensor, a slice or a merge is neither evidence nor constant."""
    partly_constant: frozenset[str] = field(default=frozenset(), compare=False)
    """The tensors that are, or have a slice that is, one single value throughout: by their nature, or by accident."""


def compare(subjects: Sequence[Subject], steps: Steps | None = None) -> Findings:
    """Return every equality among the subjects, their first and last steps, halves and merges, each fact once."""
    numeric = [(at, subject) for at, subject in enumerate(subjects) if of.are_numbers(subject.draws)]
    terms = [term for at, subject in numeric for term in terms_of(at, subject, steps)]
    varying: list[Term] = []
    quiet: list[Term] = []
    for term in terms:
        (varying if term.varies() else quiet).append(term)
    groups: Groups = {}
    for term in varying:
        groups.setdefault(term.signature, []).append(term)
    clusters = clusters_of(groups)
    exact, near, may_merge = find_merges(groups)
    statements = equal(groups, exact)
    telling = {term.key.owner for term in varying if term.is_whole}
    constant = [term for term in quiet if of.are_constant(term.values)]
    wholes = {term.key.owner for term in constant if term.is_whole}
    return Findings(
        equal=tuple(tuple(expression.code for expression in statement) for statement in statements),
        close=close(groups, clusters, exact, near),
        same_shape_different_values=different(groups, clusters),
        constant=tuple(subjects[at].name for at in sorted(wholes)),
        undecided=tuple(s.name for at, s in enumerate(subjects) if at not in telling | wholes),
        statements=statements,
        is_unsure=may_merge or len(quiet) > len(constant),
        partly_constant=frozenset(subjects[term.key.owner].name for term in constant),
    )


def holds(statement: Sequence[Expression], subjects: Sequence[Subject]) -> bool:
    """Tell whether a statement about such subjects holds for these, but for rounding, in each of their draws.

    Unlike the comparison this asks for no evidence: where everything is zero, everything is equal.
    """

    def values(expression: Expression) -> of.Values:
        if isinstance(expression, Term):
            return values_at(subjects[expression.key.owner], expression.key)
        return expression.values(values(expression.left), values(expression.right))

    first, *others = map(values, statement)
    within = of.tolerances(first)
    return all(of.are_close(first, other, within) for other in others)
