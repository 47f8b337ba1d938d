"""Which tensors, slices and merges of tensors are equal. NumPy arrays in, statements out.

Two expressions are equal when their values are, bit for bit, in every draw. A draw is one run of the layer with
its own random weights and inputs; draws may differ in size (a time axis of 1 is also run at a longer one, so that
what holds only because a size is 1 is no finding). A value that is one constant throughout, such as all zeros, is
no evidence: what does not vary in at least two draws takes part in no statement.

What is compared is the grammar of the statements: whole tensors; where there is time, the first and the last step
of all rows, and the first and the last unmasked step of each row, counted from the end where the sequence is in
reversed order; where a tensor is two side by side, the halves of all these; and the merges
of two whole tensors of one dtype (`a + b`, `a * b`, `(a + b) / 2`, concatenation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rnnshape.equality import values as of
from rnnshape.equality.merges import find_merges
from rnnshape.equality.statements import close, clusters_of, different, equal
from rnnshape.equality.terms import Groups, Steps, Subject, terms_of

__all__ = ["Findings", "Steps", "Subject", "compare"]


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found; each statement is a tuple of expressions over the subjects' names.

    `close` are values that differ by rounding only; the first of a statement is close to each of the others.
    `constant` are the tensors that hold one single value throughout. `undecided` are those that are neither
    constant nor vary in enough draws to say anything of them: more draws may tell.
    """

    equal: tuple[tuple[str, ...], ...]
    close: tuple[tuple[str, ...], ...]
    same_shape_different_values: tuple[tuple[str, ...], ...]
    constant: tuple[str, ...]
    undecided: tuple[str, ...] = ()


def compare(subjects: Sequence[Subject], steps: Steps | None = None) -> Findings:
    """Return every equality among the subjects, their first and last steps, halves and merges, each fact once."""
    numeric = [(at, subject) for at, subject in enumerate(subjects) if of.are_numbers(subject.draws)]
    terms = [term for at, subject in numeric for term in terms_of(at, subject, steps)]
    varying = [term for term in terms if of.vary(term.values)]
    groups: Groups = {}
    for term in varying:
        groups.setdefault(term.signature, []).append(term)
    clusters = clusters_of(groups)
    exact, near = find_merges(groups)
    telling = {term.key.owner for term in varying if term.is_whole}
    constant = {at for at, subject in numeric if at not in telling and of.are_constant(subject.draws)}
    return Findings(
        equal=equal(groups, exact),
        close=close(groups, clusters, exact, near),
        same_shape_different_values=different(groups, clusters),
        constant=tuple(subjects[at].name for at in sorted(constant)),
        undecided=tuple(s.name for at, s in enumerate(subjects) if at not in telling | constant),
    )
