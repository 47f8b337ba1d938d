"""Try the candidates, the smallest first, by running the changed program; what runs is a fix."""

from __future__ import annotations

import dataclasses
import enum
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from rnnshape.fixes.edits import Candidate, Change, apply, changes, moved
from rnnshape.fixes.kinds import propose
from rnnshape.fixes.numbering import as_given
from rnnshape.fixes.source import Source, without_prompt
from rnnshape.program_report import Cause, ChangedLine, Fix
from rnnshape.trace import CodeTrace, Stop

Run = Callable[[str], CodeTrace]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much may be tried: programs run, seconds, and how many fixes are looked for behind the first one."""

    tries: int = 24
    seconds: float = 20.0
    others: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found out about a stop.

    `fixes` all work; the first one is the smallest. `text` is the program with it, and `trace` what that gives;
    `as_given` is the same with the line numbers of the program that was given, and `remaining` where it stops then,
    None where it runs to its end.
    """

    fixes: tuple[Fix, ...] = ()
    cause: Cause | None = None
    hint: str | None = None
    text: str | None = None
    trace: CodeTrace | None = None
    as_given: CodeTrace | None = None

    @property
    def remaining(self) -> Stop | None:
        """Where the program with the fix stops."""
        return self.as_given.stop if self.as_given is not None else None


class Verdict(enum.IntEnum):
    """What a change did: the program runs to its end, it stops further on, it stops otherwise, or it is no better."""

    RUNS = 0
    LATER = 1
    OTHERWISE = 2
    NO_BETTER = 3


@dataclass(frozen=True, slots=True)
class _Node:
    """A changed program that was run, and the changes that led to it."""

    text: str
    trace: CodeTrace
    chain: tuple[Candidate, ...] = ()
    verdict: Verdict = Verdict.NO_BETTER
    has_passed: bool = False

    @property
    def cost(self) -> tuple[object, ...]:
        sizes = [each.size for each in self.chain]
        return (self.verdict, not self.has_passed, any(s[0] for s in sizes), any(s[1] for s in sizes), len(sizes))


@dataclass(slots=True)
class _Session:
    """What was tried so far, and what is left of the budget."""

    run: Run
    budget: Budget
    tried: set[str] = field(default_factory=set)
    until: float = 0.0
    left: int = 0

    def __post_init__(self) -> None:
        self.until = time.monotonic() + self.budget.seconds
        self.left = self.budget.tries

    def has_budget(self) -> bool:
        return self.left > 0 and time.monotonic() < self.until

    def _ran(self, text: str) -> CodeTrace | None:
        """Run a changed program; None where running it breaks: then it is no fix, whatever the reason."""
        try:
            return settled(self.run(text))
        except Exception:  # noqa: BLE001
            return None

    def children(self, node: _Node) -> Iterator[_Node]:
        """Yield what the candidates make of a program, each run once, the smallest change first."""
        for candidate in propose(node.text, node.trace):
            text = apply(node.text, candidate.edits)
            if text in self.tried or not self.has_budget():
                continue
            self.tried.add(text)
            self.left -= 1
            trace = self._ran(text)
            if trace is None:
                continue
            verdict = judge(node.text, node.trace, text, trace)
            has_passed = node.has_passed or verdict <= Verdict.LATER
            yield _Node(text, trace, (*node.chain, candidate), verdict, has_passed)


def find(code_text: str, trace: CodeTrace, run: Run, *, budget: Budget | None = None) -> Diagnosis:
    """Return the fixes of the place where the program stopped.

    `run` runs a changed program; `trace` is what it made of `code_text`. A call that passed
    symbolically and fails with values is a stop, too.
    """
    trace = settled(trace)
    if trace.stop is None:
        return Diagnosis()
    budget = budget or Budget()
    session = _Session(run, budget, {code_text})
    done, best = _explore(session, _Node(code_text, trace), budget.others)
    found = done or ([best] if best is not None else [])
    if not found:
        return Diagnosis()
    return _diagnosis(code_text, found)


def settled(trace: CodeTrace) -> CodeTrace:
    """Return the trace with a stop where a call passed symbolically and fails with values."""
    if trace.stop is not None or not trace.fails_later:
        return trace
    first = min(trace.fails_later, key=lambda each: each.line)
    length = len(trace.lines[first.line - 1]) if 0 < first.line <= len(trace.lines) else 0
    stop = Stop(
        code="keras-refused",
        line=first.line,
        column=0,
        end_line=first.line,
        end_column=length,
        kind=first.kind or "Exception",
        message=first.message,
    )
    return dataclasses.replace(trace, stop=stop)


def _explore(session: _Session, start: _Node, others: int) -> tuple[list[_Node], _Node | None]:
    """Return the programs that run to their end, and the best of those that get past the place where this one stops."""
    frontier, passed = [start], None
    while frontier and session.has_budget():
        node = frontier.pop(0)
        children: list[_Node] = []
        for child in session.children(node):
            children.append(child)
            done = [each for each in children if each.verdict is Verdict.RUNS]
            if len(done) > others or (done and len(children) >= children.index(done[0]) + 2 * others + 1):
                break
        done = [each for each in children if each.verdict is Verdict.RUNS]
        if done:
            return done, None
        useful = [each for each in children if each.verdict is not Verdict.NO_BETTER]
        passed = min(
            [each for each in (passed, *useful) if each is not None and each.has_passed], key=_reach, default=None
        )
        frontier = sorted([*useful, *frontier], key=lambda each: each.cost)
    return [], passed


def _reach(node: _Node) -> tuple[object, ...]:
    """Order programs that stop later: the one that gets furthest first, then the one that changes less."""
    stop = node.trace.stop
    return (-stop.line if stop is not None else 0, node.cost)


def judge(before: str, old: CodeTrace, after: str, new: CodeTrace) -> Verdict:
    """Tell whether a change is one for the better."""
    assert old.stop is not None
    if new.stop is None:
        return Verdict.RUNS
    first, last = _extent(before, old.stop.line)
    shifts = changes(before, after)
    if new.stop.line > moved(shifts, last):
        return Verdict.LATER
    is_further = len(new.steps) > len(old.steps)
    if new.stop.line >= moved(shifts, first):
        return Verdict.OTHERWISE if new.stop.message != old.stop.message or is_further else Verdict.NO_BETTER
    return Verdict.OTHERWISE if is_further else Verdict.NO_BETTER


def _extent(text: str, line: int) -> tuple[int, int]:
    """Return the first and the last line of the statement that the line is part of."""
    source = Source.read(text)
    statement = source.statement_at(line) if source is not None else None
    if statement is None:
        return line, line
    return statement.lineno, max(statement.end_lineno or line, line) if not hasattr(statement, "body") else line


def _diagnosis(code_text: str, found: list[_Node]) -> Diagnosis:
    best = found[0]
    numbered = as_given(code_text, best.text, best.trace)
    candidate = best.chain[0]
    line = code_text.count("\n", 0, candidate.place) + 1
    return Diagnosis(
        fixes=tuple(as_fix(code_text, each) for each in found),
        cause=Cause(line=line, what=candidate.why),
        hint=_hint(numbered.stop),
        text=best.text,
        trace=best.trace,
        as_given=numbered,
    )


def _hint(remaining: Stop | None) -> str | None:
    if remaining is None:
        return None
    said = remaining.message.strip().splitlines()
    return f"With the fix, the next error is at line {remaining.line}: {said[0] if said else remaining.kind}"


def _distance(change: Change, line: int) -> int:
    """Return how many lines a change is away from a line."""
    return max(change.line - line, line - (change.line + max(len(change.removes) - 1, 0)), 0)


def as_fix(code_text: str, node: _Node) -> Fix:
    """Return the change as lines that go and lines that come, with what the changed program gives."""
    all_changes = changes(code_text, node.text)
    first = node.chain[0]
    line = code_text.count("\n", 0, first.place) + 1
    main = min(all_changes, key=lambda each: (not each.adds, _distance(each, line)))
    made = [each for each in node.trace.tensors if each.step is not None] or list(node.trace.tensors)
    last = made[-1] if made else None
    removes, adds = _numbered(all_changes)
    return Fix(
        line=main.line,
        code=without_prompt(main.adds[max(0, min(line - main.line, len(main.adds) - 1))]) if main.adds else "",
        then=last.shape if last is not None else None,
        removes=tuple(removes),
        adds=tuple(adds),
        changes_meaning=any(each.changes_meaning for each in node.chain),
        placeholders=any(each.placeholders for each in node.chain),
        then_name=last.name if last is not None else None,
    )


def _numbered(all_changes: Iterable[Change]) -> tuple[list[ChangedLine], list[ChangedLine]]:
    """Return the lines that go, numbered as in the text before, and those that come, as in the text after."""
    removes: list[ChangedLine] = []
    adds: list[ChangedLine] = []
    for each in all_changes:
        shift = len(adds) - len(removes)
        removes += [ChangedLine(each.line + at, code) for at, code in enumerate(each.removes)]
        adds += [ChangedLine(each.line + shift + at, code) for at, code in enumerate(each.adds)]
    return removes, adds
