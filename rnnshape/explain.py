"""A report in a few plain sentences: what came back, why some of it is equal, what to pass on, and the traps.

Each sentence rests on something that this very run found (a statement of `report.equal`, say); without the finding
there is no sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rnnshape.expression import parse
from rnnshape.report import Report, Statement, Tensor
from rnnshape.torch_names import torch_sentence

MOST = 7
"""A reader takes in about this many sentences."""

_SEQUENCE = "whole_sequence_output"
_STEP = "rows, (?:-1 - )?(?:first|last)_step"


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
        # What the layer itself returns; a report may hold more than that.
        returned = set(re.findall(r"\w+", report.unpack.partition(" = ")[0]))
        self.tensors = [tensor for tensor in report.tensors if tensor.name in returned]
        self.names = [tensor.name for tensor in self.tensors]
        self.states = [tensor for tensor in self.tensors if "final_" in tensor.name]
        self.layer = parse(report.layer)
        self.is_cell = report.unpack.endswith("= cell(inputs, states)")

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
            for slice_, state in self._ends(statement, r"\[:, -1(?:, :)+\]"):
                if self._is_reversed():
                    yield (
                        f"{slice_.partition('[')[0]} is in the order of running, the last timestep first, so its step "
                        f"-1 is timestep 0: {slice_} {verb} {state.name}."
                    )
                elif not state.name.startswith("forward_"):
                    kept = "whoever keeps the sequence has this state already"
                    yield f"{slice_} {verb} {state.name}, {_the(state)}: {kept}."

    def opposite_ends(self) -> Iterator[str]:
        """Say at which end of the sequence which direction of a Bidirectional layer has its state."""
        ends = {
            state.name.partition("_")[0]: (slice_, state.name, statement, verb)
            for statement, verb in self._statements()
            for slice_, state in self._ends(statement, rf"\[(?::, -1|:, 0|{_STEP})\b.*\]")
        }
        if "backward" not in ends or "[:, -1" in ends["backward"][0]:
            return
        slice_, state_name, statement, verb = ends["backward"]
        forward = f"{ends['forward'][0]} {ends['forward'][3]} {ends['forward'][1]}, and " if "forward" in ends else ""
        yield f"Each direction's state is at the end that it runs to: {forward}{slice_} {verb} {state_name}."
        trap = slice_.replace("[:, 0,", "[:, -1,")
        if trap not in statement and trap != slice_ and self.report.input.shape[1] != 1:
            why = "" if self.report.mask else ": there, the backward layer has read a single timestep"
            yield f"{trap} is not {state_name}{why}."

    def side_by_side(self) -> Iterator[str]:
        """Say what an output that holds both directions is made of."""
        for statement, verb in self._statements():
            for output in (one for one in statement if one == "output"):
                joined = next((one for one in statement if one.startswith("concatenate(")), None)
                states = [state for state in self.states if joined and _is_in(state.name, joined)]
                if len(states) == 2 and "first timestep" in states[1].meaning:
                    yield (
                        f"{output} {verb} {states[0].name} and {states[1].name} side by side, from after the last "
                        "timestep and from after the first: no single step of a sequence holds both."
                    )

    def merged(self) -> Iterator[str]:
        """Say what merge_mode did, and that it did nothing to the states."""
        for statement, verb in self._statements():
            made = [one for one in statement if re.search(r" [+*] ", one)]
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
            for slice_, tensor in self._ends(statement, rf"\[{_STEP}.*\]")
            for state in [tensor.name]
        }
        for statement in self.report.broken or ():
            for slice_, state in self._ends(statement, r"\[:, (?:-1|0), .*\]"):
                more = f": take {instead[state.name]}" if state.name in instead else ""
                yield f"Without the mask {slice_} is {state.name}, with it it is not{more}."
        for statement, _ in self._statements():
            last = [slice_ for slice_, _ in self._ends(statement, r"\[:, -1, .*\]")]
            if last and any("[rows, last_step" in one for one in statement):
                yield f"Masked steps at the end repeat the step before them, so {last[0]} is the state all the same."

    def across(self) -> Iterator[str]:
        """Say what holds between the combinations of the flags."""
        for statement in self.report.equal_across or ():
            whole = [one for one in statement if one == "output"]
            if not whole:
                continue
            last = next((one for one in statement if one.startswith(f"{_SEQUENCE}[:, -1")), None)
            listed = any(_SEQUENCE in one for other in self.report.equal_across or () for one in other)
            if last:
                yield f"Without return_sequences, the output is {last}."
            elif listed and self.layer.name == "Bidirectional":
                yield f"Without return_sequences, the output is not {_SEQUENCE}[:, -1, :]."

    def order(self) -> Iterator[str]:
        """Say that h and c look alike and are not."""
        for group in self.report.same_shape_different_values:
            memory = next((name for name in group if name.endswith("final_memory_state")), None)
            carry = memory and memory.replace("memory", "carry")
            if memory and carry in group and carry is not None:
                first, second = sorted((memory, carry), key=self.names.index)
                yield f"{first} comes before {second}: the same shape, different values, so mind the order."
                return

    def passed_on(self) -> Iterator[str]:
        """Say how the states are handed to a layer that takes states of these shapes."""
        accepted = self.report.states
        if accepted is None or not self.states or self.is_cell:
            return
        shapes = [list(state.shape) for state in self.states]
        if shapes == list(_leaves(accepted.accepts)):
            nested = _filled(accepted.accepts, iter([state.name for state in self.states]))
            yield f"A decoder that is a layer like this one goes on from here with initial_state={nested}."

    def constant(self) -> Iterator[str]:
        """Say why nothing is said of a tensor."""
        for name in self.report.constant or ():
            if name in self.names:
                yield f"{name} holds one single value throughout, so it is not compared with anything."

    def _statements(self) -> Iterator[tuple[Statement, str]]:
        """Yield the statements, each with the verb for them."""
        yield from ((statement, "is") for statement in self.report.equal)
        yield from ((statement, "is, but for rounding,") for statement in self.report.close or ())

    def _ends(self, statement: Statement, index: str) -> Iterator[tuple[str, Tensor]]:
        """Yield the slices of sequences in a statement that have such an index, each with the state that it equals."""
        states = [state for state in self.states if state.name in statement]
        for one in statement:
            if states and re.fullmatch(rf"\w*{_SEQUENCE}{index}", one):
                yield one, states[0]

    def _equals_something(self, name: str) -> bool:
        return any(_is_in(name, one) for statement, _ in self._statements() for one in statement)

    def _is_reversed(self) -> bool:
        return self.layer.argument("go_backwards") is True and "reversed" in self.tensors[0].meaning


def _the(tensor: Tensor) -> str:
    """Return what a tensor is, as a phrase behind its name."""
    return f"the {tensor.meaning}"


def _is_in(name: str, code: str) -> bool:
    return re.search(rf"\b{name}\b", code) is not None


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _leaves(shapes: Sequence[object]) -> Iterator[object]:
    for shape in shapes:
        if isinstance(shape, list) and any(isinstance(size, list) for size in shape):
            yield from _leaves(shape)
        else:
            yield shape


def _filled(shapes: Sequence[object], names: Iterator[str]) -> str:
    """Return names in the nesting of shapes, as code."""
    parts = [
        _filled(shape, names)
        if isinstance(shape, list) and any(isinstance(size, list) for size in shape)
        else next(names)
        for shape in shapes
    ]
    return f"[{', '.join(parts)}]"
