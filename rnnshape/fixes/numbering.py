"""The lines of a changed program, by their numbers in the program that was given: that is what people have at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rnnshape.fixes.edits import changes, moved
from rnnshape.trace import CodeTrace, Stop


def as_given(code_text: str, text: str, trace: CodeTrace) -> CodeTrace:
    """Return the trace of a changed text with the line numbers of the text that was given.

    A line that the change put in has the number of what it came in place of, or in front of.
    """
    shifts = changes(text, code_text)

    def at(line: int) -> int:
        return moved(shifts, line)

    return replace(
        trace,
        inputs=tuple(replace(one, line=at(one.line)) for one in trace.inputs),
        steps=tuple(replace(one, line=at(one.line)) for one in trace.steps),
        tensors=tuple(replace(one, line=at(one.line)) for one in trace.tensors),
        skipped=tuple(replace(one, line=at(one.line)) for one in trace.skipped),
        masks=tuple(replace(one, line=at(one.line)) for one in trace.masks),
        fails_later=tuple(replace(one, line=at(one.line)) for one in trace.fails_later),
        lines=_lines(code_text, trace, at),
        stop=None if trace.stop is None else _stop(trace.stop, at),
    )


def _stop(stop: Stop, at: Callable[[int], int]) -> Stop:
    line = at(stop.line)
    return replace(
        stop,
        line=line,
        end_line=line + stop.end_line - stop.line,
        operands=tuple(replace(one, line=None if one.line is None else at(one.line)) for one in stop.operands),
    )


def _lines(code_text: str, trace: CodeTrace, at: Callable[[int], int]) -> tuple[str, ...]:
    """Return the lines that were given; the one where the changed program stops is as it is there."""
    lines = code_text.split("\n")
    stop = trace.stop
    if stop is not None and 0 < stop.line <= len(trace.lines) and at(stop.line) <= len(lines):
        lines[at(stop.line) - 1] = trace.lines[stop.line - 1]
    return tuple(lines)
