"""A trace -> a script that runs for real: the code, what it lacks, and an assertion for each equality.

Nothing is run here. The code's lines stay as they are, but for those that cannot be run with Keras alone,
and for calls of `_keep` around expressions whose tensors have no name at the end.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from rnnshape.program.script_lines import comment, count, drawn, folded, given, merged, pass_over, runnable
from rnnshape.structure import Expression
from rnnshape.trace import CodeTrace, Span, StepKind, Stop, TracedTensor

Statement = Sequence[Expression]
_ROUNDING = "rtol=1e-4, atol=1e-5"
_LENGTH = re.compile(r"len\((\w+)\)")
_OURS = {"keras": "import keras", "np": "import numpy as np"}
_KEEP = '''
_kept = {}


def _keep(names, value):
    """Note the tensors in a value under the next of these names, and hand it on."""
    waiting = [name for name in names.split() if name not in _kept]
    _kept.update(zip(waiting, _tensors(value)))
    return value


def _tensors(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in _tensors(item)]
    is_tensor = hasattr(value, "shape") and hasattr(value, "dtype") and not isinstance(value, np.generic)
    return [value] if is_tensor else []
'''.strip().splitlines()


def script_of(trace: CodeTrace, *, equal: Sequence[Statement], close: Sequence[Statement], about: Sequence[str]) -> str:
    """Return the script of a program that was run.

    Args:
        trace: what happened.
        equal: what is equal bit for bit, as expressions over the names of tensors.
        close: what is equal but for rounding.
        about: what to say of the script at its top, a comment each.

    """
    for with_kept in (True, False):
        text = _Script(trace, equal, close, with_kept=with_kept).text(about)
        if _is_python(text):
            break
    return text


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


class _Script:
    def __init__(
        self, trace: CodeTrace, equal: Sequence[Statement], close: Sequence[Statement], *, with_kept: bool
    ) -> None:
        self.trace = trace
        self.outline = trace.outline
        self.end = self.outline.end if trace.stop is None or self.outline.end else 1
        self.tensors = {tensor.name: tensor for tensor in trace.tensors}
        self.reached = dict(self.outline.reached)
        self.statements = [(statement, False) for statement in equal] + [(statement, True) for statement in close]
        needed = {name for statement, _ in self.statements for name in self._names_in(statement)}
        if any(not self._is_eager(name) for name in needed):
            needed |= {one.name for one in trace.inputs}
        self.kept = [
            one
            for one in self.outline.kept
            if with_kept and self._is_live(one.span) and (needed - set(self.reached)) & set(one.names)
        ]
        self.in_kept = {name for one in self.kept for name in one.names}
        self.asserted: list[tuple[Statement, bool]] = []
        self.left: list[Statement] = []
        """What cannot be asserted, each with an expression that can be."""
        for statement, is_close in self.statements:
            told = [expression for expression in statement if self._is_told(expression)]
            if len(told) > 1:
                self.asserted.append((told, is_close))
            if len(told) < len(statement):
                self.left.append([*told[:1], *(expression for expression in statement if expression not in told)])

    def _names_in(self, statement: Statement) -> list[str]:
        return list(dict.fromkeys(term.tensor for expression in statement for term in expression.terms))

    def _is_live(self, span: Span) -> bool:
        is_before_end = self.end is None or span.line < self.end
        return is_before_end and not any(
            (passed.line, passed.column) <= (span.line, span.column) < (passed.end_line, passed.end_column)
            for passed, _ in self.outline.passed_over
        )

    def _can_reach(self, name: str) -> bool:
        tensor = self.tensors[name]
        return name in self.in_kept or (name in self.reached and (self.end is None or tensor.line < self.end))

    def _is_told(self, expression: Expression) -> bool:
        """Tell whether an expression can be computed: all its tensors can be named."""
        names = self._names_in([expression])
        is_graph = all(self._can_reach(one.name) for one in self._inputs()) and not _has_doubles(self.trace)
        return all(self._can_reach(name) and (self._is_eager(name) or is_graph) for name in names)

    def _is_eager(self, name: str) -> bool:
        return self.tensors[name].kind != "symbolic"

    def _inputs(self) -> list[TracedTensor]:
        return [self.tensors[one.name] for one in self.trace.inputs if not self._is_eager(one.name)]

    def text(self, about: Sequence[str]) -> str:
        values, code, checks = self._values(), self._code(), self._checks()
        front = "\n".join([*values, *(_KEEP if self.kept else [])])
        imports = [line for name, line in _OURS.items() if f"{name}." in front and line not in self.outline.imports]
        imports += merged(self.outline.imports)
        known = [*imports, *code]
        ours = [line for name, line in _OURS.items() if f"{name}." in "\n".join(checks) and line not in known]
        head = [*(line for said in about for line in comment(said)), *imports]
        blocks = [head, values, _KEEP if self.kept else [], code, [*checks[:1], *ours, *[""][: len(ours)], *checks[1:]]]
        gap = "\n\n\n" if self.kept else "\n\n"
        return gap.join(filter(None, ("\n".join(block).strip("\n") for block in blocks))) + "\n"

    def _values(self) -> list[str]:
        inputs = {one.variable for one in self.trace.inputs}
        found = []
        for one in self.trace.assumed:
            length = _LENGTH.fullmatch(one.name)
            if length is not None:
                found.append(f"{length[1]} = range({one.code})  # assumed: {one.name} = {one.code}")
            elif one.name.isidentifier() and (not one.code.startswith("Input(") or one.name in inputs):
                found.append(f"{one.name} = {runnable(one.code)}  # assumed")
        found += [given(one) for line, one in self.outline.given if line == 0]
        return found + [f"{name} = None  # not known" for name in self.outline.unknown]

    def _code(self) -> list[str]:
        lines = list(self.trace.lines)
        passed_lines = self.outline.passed_over
        # From the end, so that no change moves the place of another one.
        for (line, column), text in sorted(self._insertions(), key=lambda one: one[0], reverse=True):
            lines[line - 1] = lines[line - 1][:column] + text + lines[line - 1][column:]
        for span, names in sorted(passed_lines, reverse=True):
            if self.end is None or span.line < self.end:
                pass_over(lines, span, names)
        if self.end is not None:
            rest = [f"# {line}".rstrip() for line in lines[self.end - 1 :] if line.strip()]
            lines[self.end - 1 :] = [*self._why_it_ends(), *rest]
        for line, one in sorted(self.outline.given, key=lambda given: given[0], reverse=True):
            if line and (self.end is None or line <= self.end):
                lines.insert(line - 1, given(one))
        return lines

    def _insertions(self) -> Iterator[tuple[tuple[int, int], str]]:
        """Yield what is put in, with its place; of several at one place, the last one stands in front."""
        blanks = 0
        inside_out = sorted(self.kept, key=lambda one: (one.span.line, one.span.column, _reversed(one.span)))
        for one in inside_out[::-1]:
            names = []
            for name in one.names:
                blanks += not name
                names.append(name or str(blanks))
            yield (one.span.end_line, one.span.end_column), ")"
            yield (one.span.line, one.span.column), f'_keep("{" ".join(names)}", '

    def _why_it_ends(self) -> Iterator[str]:
        stop: Stop | None = self.trace.stop
        if stop is None:
            yield from comment("What follows needs what rnnshape does not read.")
            return
        message = " ".join(stop.message.split()).removeprefix(f"Line {stop.line} is ")
        yield from comment(f"The code stops here. Line {stop.line}: {message}")

    def _checks(self) -> list[str]:
        comments = [line for one in self.left for line in comment(f"Not asserted: {' == '.join(one)}")]
        if not self.asserted:
            return comments or ["# No two of the tensors are equal: there is nothing to assert."]
        names = list(dict.fromkeys(name for one, _ in self.asserted for name in self._names_in(one)))
        return [
            "# What rnnshape found: the tensors for random inputs, and an assertion for each equality.",
            *self._computed(names),
            "",
            "",
            *folded("def _check(", names, "):"),
            *(f"    {line}" for one, is_close in self.asserted for line in self._assertions(one, is_close=is_close)),
            "",
            "",
            "_check(**_values)",
            f'print("{count(len(self.asserted))}")',
            *comments,
        ]

    def _assertions(self, statement: Statement, *, is_close: bool) -> Iterator[str]:
        # A prediction is compiled, and so rounds in its own way.
        is_close |= any(self._is_predicted(name) for name in self._names_in(statement))
        first, *others = (expression.written(module="np.") for expression in statement)
        for other in others:
            yield (
                f"assert np.allclose({first}, {other}, {_ROUNDING})"
                if is_close
                else f"assert np.array_equal({first}, {other})"
            )

    def _is_predicted(self, name: str) -> bool:
        tensor = self.tensors[name]
        step = None if tensor.step is None else self.trace.steps[tensor.step]
        return tensor.kind == "array" and step is not None and step.kind is StepKind.MODEL

    def _computed(self, names: Sequence[str]) -> Iterator[str]:
        eager = [name for name in names if self._is_eager(name)]
        symbolic = [name for name in names if not self._is_eager(name)]
        if not symbolic:
            yield from folded("_values = {", [f'"{name}": np.asarray({self._place(name)})' for name in eager], "}")
            return
        yield "_random = np.random.default_rng(0)"
        yield from (f"{model}.build({shape})" for model, shape in self.outline.built)
        yield from folded("_inputs = [", [self._place(one.name) for one in self._inputs()], "]")
        yield from folded("_data = [", [drawn(one) for one in self._inputs()], "]")
        yield from folded("_tensors = {", [f'"{name}": {self._place(name)}' for name in symbolic], "}")
        yield "_computed = keras.tree.flatten(keras.Model(_inputs, list(_tensors.values()))(_data))"
        yield "_values = dict(zip(_tensors, map(np.asarray, _computed)))"
        if eager:
            yield from folded("_values |= {", [f'"{name}": np.asarray({self._place(name)})' for name in eager], "}")

    def _place(self, name: str) -> str:
        return self.reached.get(name, f'_kept["{name}"]')


def _has_doubles(trace: CodeTrace) -> bool:
    """Tell whether two layers have one name: Keras makes no model of both."""
    names = [step.name for step in trace.steps if step.kind is not StepKind.FUNCTION and not step.is_shared]
    return len(names) > len(set(names))


def _reversed(span: Span) -> tuple[int, int]:
    return -span.end_line, -span.end_column
