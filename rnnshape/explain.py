"""A report in a few plain sentences: what came back, why some of it is equal, what to pass on, and the traps.

Each sentence rests on something that this very run found (a statement of `report.equal`, say); without the finding
there is no sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from rnnshape import tree
from rnnshape.catalogue import BIDIRECTIONAL
from rnnshape.report import Report, Statement, Tensor
from rnnshape.structure import OUTPUT, Direction, Expression, Form, Index, Merge, Place, Role, Side, Term
from rnnshape.torch_names import torch_sentence

MOST = 7
"""A reader takes in about this many sentences."""

_SEQUENCE = replace(OUTPUT, every_step=True)


def explain(report: Report) -> tuple[str, ...]:
    """Return the sentences, what matters most first; at most `MOST`."""
    told = _Told(report)
    found = [
        *told.bare(), *told.twice(), *told.last_steps(), *told.opposite_ends(), *told.side_by_side(), *told.merged(),
        *told.masked(), *told.alone(), *told.across(), *told.order(), *told.passed_on(), *told.constant(),
    ]  # fmt: skip
    torch = torch_sentence(report)
    return (*found[: MOST - 1], torch) if torch else tuple(found[:MOST])


class _Told:
    """What there is to tell of one report; each method yields the sentences that its findings bear out."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.tensors = report.returned_tensors
        self.names = [tensor.name for tensor in self.tensors]
        self.roles = {tensor.name: tensor.role for tensor in self.tensors}
        self.states = [tensor for tensor in self.tensors if tensor.role.is_state]
        self.layer = report.layer
        self.is_cell = report.unpack.call.is_cell

    def bare(self) -> Iterator[str]:
        """Say that there is nothing to unpack."""
        if self.report.returned.container == "tensor" and len(self.tensors) == 1:
            tensor = self.tensors[0]
            yield f"The layer returns one tensor, not a tuple: {tensor.name} ({tensor.meaning})."

    def twice(self) -> Iterator[str]:
        """Say which returned tensors are others once more."""
        for statement, verb in self._statements():
            same = [tensor for tensor in self.tensors if tensor.name in statement]
            if len(same) < 2 or same[-1] not in self.states:
                continue
            kept = f"{_listed([one.name for one in same[:-1]])} {verb} {same[-1].name}, {_the(same[-1])}"
            nothing_new = all(self._equals_something(state.name) for state in self.states)
            yield f"{kept}: " + (
                f"return_state adds nothing{'' if len(self.names) > 2 else ' here'}, one of the two is enough to keep."
                if nothing_new and not self.is_cell
                else "one of the two is enough to keep."
            )

    def alone(self) -> Iterator[str]:
        """Say which state is to be had in no other way."""
        found = bool(self.report.equal or self.report.close)
        new = [state for state in self.states if not self._equals_something(state.name)]
        different = {name for group in self.report.same_shape_different_values for name in group}
        if found and len(new) == 1 and new[0].name in different and not self.is_cell:
            yield f"{new[0].name}, {_the(new[0])}, is equal to nothing else that came back: only return_state gives it."

    def last_steps(self) -> Iterator[str]:
        """Say which state is the last step of a sequence."""
        for statement, verb in self._statements():
            for slice_, state in self._ends(statement, _is_last_step):
                if self._is_reversed():
                    yield (
                        f"{slice_.tensor} is in the order of running, the last timestep first, so its step "
                        f"-1 is timestep 0: {slice_} {verb} {state.name}."
                    )
                elif state.role.direction is not Direction.FORWARD:
                    kept = "whoever keeps the sequence has this state already"
                    yield f"{slice_} {verb} {state.name}, {_the(state)}: {kept}."

    def opposite_ends(self) -> Iterator[str]:
        """Say at which end of the sequence which direction of a Bidirectional layer has its state."""
        ends = {
            state.role.direction: (slice_, state.name, statement, verb)
            for statement, verb in self._statements()
            for slice_, state in self._ends(statement, lambda at: at.place is not Place.WHOLE)
        }
        if Direction.BACKWARD not in ends or ends[Direction.BACKWARD][0].at.place is Place.LAST:
            return
        slice_, state_name, statement, verb = ends[Direction.BACKWARD]
        first = ends.get(Direction.FORWARD)
        forward = f"{first[0]} {first[3]} {first[1]}, and " if first else ""
        yield f"Each direction's state is at the end that it runs to: {forward}{slice_} {verb} {state_name}."
        trap = Term(slice_.tensor, replace(slice_.at, place=Place.LAST))
        if trap not in statement and slice_.at.place is Place.FIRST and self.report.input.shape[1] != 1:
            why = "" if self.report.mask else ": there, the backward layer has read a single timestep"
            yield f"{trap} is not {state_name}{why}."

    def side_by_side(self) -> Iterator[str]:
        """Say what an output that holds both directions is made of."""
        for statement, verb in self._statements():
            for output in (one for one in statement if one == OUTPUT.name):
                joined = next((one for one in statement if _form(one) is Form.SIDE_BY_SIDE), None)
                states = [state for state in self.states if joined and joined.has(state.name)]
                if len(states) == 2 and states[1].role.is_backwards:
                    yield (
                        f"{output} {verb} {states[0].name} and {states[1].name} side by side, from after the last "
                        "timestep and from after the first: no single step of a sequence holds both."
                    )

    def merged(self) -> Iterator[str]:
        """Say what merge_mode did, and that it did nothing to the states."""
        for statement, verb in self._statements():
            made = [one for one in statement if _form(one) not in (None, Form.SIDE_BY_SIDE)]
            whole = [one for one in statement if one in self.names]
            if made and whole:
                yield f"{whole[0]} {verb} {made[0]}: merge_mode merges the outputs, and the states stay apart."

    def masked(self) -> Iterator[str]:
        """Say what the mask changes, or where it was lost."""
        mask = self.report.mask
        if mask is None:
            return
        if mask.lost_at is not None and not mask.applied:
            yield f"The mask is lost at {mask.lost_at}: without it all values are the same."
        instead = {
            state: slice_
            for statement, _ in self._statements()
            for slice_, tensor in self._ends(statement, lambda at: at.place.is_of_mask)
            for state in [tensor.name]
        }
        for statement in self.report.broken or ():
            for slice_, state in self._ends(statement, lambda at: at.place in (Place.LAST, Place.FIRST)):
                more = f": take {instead[state.name]}" if state.name in instead else ""
                yield f"Without the mask {slice_} is {state.name}; with the mask it is not{more}."
        for statement, _ in self._statements():
            last = [slice_ for slice_, _ in self._ends(statement, lambda at: at.place is Place.LAST)]
            if last and any(term.at.place is Place.LAST_STEP for one in statement for term in one.terms):
                yield f"Masked steps at the end repeat the step before them, so {last[0]} is the state all the same."

    def across(self) -> Iterator[str]:
        """Say what holds between the combinations of the flags."""
        for statement in self.report.equal_across or ():
            if OUTPUT.name not in statement:
                continue
            slices = [term for one in statement for term in one.terms if term.tensor == _SEQUENCE.name]
            last = next((term for term in slices if term.at.place is Place.LAST), None)
            listed = any(one.has(_SEQUENCE.name) for other in self.report.equal_across or () for one in other)
            if last:
                yield f"Without return_sequences, the output is {last}."
            elif listed and self.layer.name == BIDIRECTIONAL:
                yield f"Without return_sequences, the output is not {Term(_SEQUENCE.name, Index(Place.LAST, 3))}."

    def order(self) -> Iterator[str]:
        """Say that h and c look alike and are not."""
        for group in self.report.same_shape_different_values:
            cells: dict[Role, list[str]] = {}
            for name, role in self.roles.items():
                if name in group and role.state is not None:
                    cells.setdefault(replace(role, state=None), []).append(name)
            alike = next((names for names in cells.values() if len(names) > 1), None)
            if alike is not None:
                yield f"{alike[0]} comes before {alike[1]}: the same shape, different values, so mind the order."
                return

    def passed_on(self) -> Iterator[str]:
        """Say how the states are handed to a layer that takes states of these shapes."""
        accepted = self.report.states
        # A layer of the user's own may return its states in another order than it takes them.
        if accepted is None or not self.states or self.is_cell or self.layer.is_users:
            return
        shapes = tree.shapes(accepted.accepts)
        if tree.flat(shapes) == [state.shape for state in self.states]:
            names = tree.as_code(tree.refilled(shapes, [state.name for state in self.states]))
            yield f"To go on from here in a decoder, call a layer like this one with initial_state={names}."

    def constant(self) -> Iterator[str]:
        """Say why nothing is said of a tensor."""
        for name in self.report.constant or ():
            if name in self.names:
                yield f"{name} holds one single value throughout, so it is not compared with anything."

    def _statements(self) -> Iterator[tuple[Statement, str]]:
        """Yield the statements, each with the verb for them."""
        yield from ((statement, "is") for statement in self.report.equal)
        yield from ((statement, "is, but for rounding,") for statement in self.report.close or ())

    def _ends(self, statement: Statement, is_meant: Callable[[Index], bool]) -> Iterator[tuple[Term, Tensor]]:
        """Yield the slices of sequences in a statement that are meant, each with the state that it equals."""
        states = [state for state in self.states if state.name in statement]
        for one in statement if states else ():
            role = self.roles.get(one.tensor) if isinstance(one, Term) else None
            if isinstance(one, Term) and role is not None and role.is_sequence and is_meant(one.at):
                yield one, states[0]

    def _equals_something(self, name: str) -> bool:
        return any(one.has(name) for statement, _ in self._statements() for one in statement)

    def _is_reversed(self) -> bool:
        role = self.tensors[0].role
        return self.layer.argument("go_backwards") is True and role.every_step and role.is_backwards


def _the(tensor: Tensor) -> str:
    """Return what a tensor is, as a phrase behind its name."""
    return f"the {tensor.meaning}"


def _is_last_step(at: Index) -> bool:
    return at.place is Place.LAST and at.side is Side.FULL


def _form(one: Expression) -> Form | None:
    return one.form if isinstance(one, Merge) else None


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
