"""Code -> report: it is read, run and compared; where it stops, a change is looked for with which it runs."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rnnshape import versions
from rnnshape.errors import InvalidQuery
from rnnshape.mask import MaskSpec
from rnnshape.program import Code, NotRead, read, read_notebook, read_value

if TYPE_CHECKING:
    from rnnshape.equality import Findings
    from rnnshape.program_report import ProgramReport
    from rnnshape.run.code.code_run import CodeRun
    from rnnshape.trace import CodeTrace


@dataclass(frozen=True, slots=True)
class Source:
    """Code as it was given: its text, where it comes from, and whether it is a notebook.

    `path` is that of a file which Python itself runs, or of a saved model (`is_saved`), which has no text.
    """

    text: str
    name: str = "code"
    is_notebook: bool = False
    path: Path | None = None
    is_saved: bool = False

    def code(self) -> Code:
        """Return the code, read.

        Raises:
            NotRead: it is no Python, or more of it than is read.

        """
        return (read_notebook if self.is_notebook else read)(self.text, source=self.name)

    def code_to_execute(self) -> Code:
        """Return the code, of which Python itself reads more than we do.

        Raises:
            NotRead: it is no Python.

        """
        try:
            return self.code()
        except NotRead as error:
            try:
                tree = ast.parse(self.text)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                raise error from None
            return Code(self.name, tuple(self.text.split("\n")), tree)


def read_lets(lets: Mapping[str, str]) -> dict[str, Code]:
    """Return the values of names that the code does not give.

    Raises:
        InvalidQuery: one of them is no expression.

    """
    found = {}
    for name, text in lets.items():
        if _is_class(text):
            continue
        try:
            found[name] = read_value(text, name=name)
        except NotRead as error:
            said = error.message.removeprefix("Line 1 is not Python: ")
            raise InvalidQuery(f"{name} is no value: {said}. Received: --let {name}={text}", hint=error.hint) from None
    return found


def classes_in(lets: Mapping[str, str]) -> dict[str, str]:
    """Return the names that were given a class: `path/to/file.py:Class`."""
    return {name: text.strip() for name, text in lets.items() if _is_class(text)}


def _is_class(text: str) -> bool:
    path, colon, name = text.strip().rpartition(":")
    return bool(colon) and path.endswith(".py") and name.isidentifier()


@dataclass(slots=True)
class _Runs:
    """The runs of one question: of the code as it was given, and of changes of it that are tried."""

    source: Source
    lets: Mapping[str, Code] | None
    seed: int
    mask: MaskSpec | None = None
    by_lines: dict[tuple[str, ...], CodeRun] = field(default_factory=dict)
    """Those that may become answers: the first one, and those that ran through."""

    def first(self) -> CodeTrace:
        """Return what happens with the code as it was given."""
        return self._read(self.source)

    def changed(self, text: str) -> CodeTrace:
        """Return what happens with changed code."""
        return self._read(Source(text, self.source.name))

    def add(self, run: CodeRun) -> CodeTrace:
        """Take a run, and return its trace."""
        trace = run.trace()
        if not self.by_lines or trace.stop is None:
            self.by_lines[trace.lines] = run
        return trace

    def answered(self, trace: CodeTrace) -> tuple[CodeTrace, Findings]:
        """Return the trace, with as many draws as an answer takes, and what is equal in it."""
        from rnnshape.answer.comparison import compare_tensors

        run = self.by_lines.get(trace.lines)
        return (trace, compare_tensors(trace)) if run is None else _gathered(run, trace)

    def _read(self, source: Source) -> CodeTrace:
        """Return what happens; code that cannot be read is a program that stops before anything runs."""
        try:
            code = source.code()
        except NotRead as error:
            return _unread(source, error)
        from rnnshape.run.code.code_run import interpreted

        return self.add(interpreted(code, self.lets, seed=self.seed, mask=self.mask))


def _gathered(run: CodeRun, known: CodeTrace) -> tuple[CodeTrace, Findings]:
    """Return the trace of a run, of which that of the draws so far is known, and what is equal in it."""
    from rnnshape.evidence import gathered

    def traced(ran: CodeRun) -> CodeTrace:
        return known if ran is run else ran.trace()

    _, trace, findings = gathered(run, traced, lambda ran: ran.with_more_draws())
    return trace, findings


def explore_code(
    source: Source,
    lets: Mapping[str, Code] | None = None,
    *,
    seed: int = 0,
    mask: MaskSpec | None = None,
    with_script: bool = False,
) -> ProgramReport:
    """Read and run a program, and return its answer; where it stops, with a change that was tried.

    Args:
        source: the code.
        lets: values for names that it does not give.
        seed: of the random weights and inputs.
        mask: what the inputs are padded and masked with.
        with_script: also write the code as a script that runs, with an assertion for each equality.

    Raises:
        NoTensorflow: TensorFlow cannot be imported.

    """
    runs = _Runs(source, lets, seed, mask)
    return _with_fixes(runs.first(), runs, with_script=with_script)


def answered(run: CodeRun) -> ProgramReport:
    """Return the answer of code that has run."""
    from rnnshape.answer import report_of

    trace, findings = _gathered(run, run.trace())
    return report_of(trace, versions.installed(), findings=findings)


def _with_fixes(trace: CodeTrace, runs: _Runs, *, with_script: bool = False) -> ProgramReport:
    """Return the report; where the program stops, with changes that were tried by reading the changed code."""
    from rnnshape.answer import report_of

    if not _may_be_fixed(trace):
        trace, findings = runs.answered(trace)
        report = report_of(trace, versions.installed(), findings=findings)
        return _scripted(report, trace) if with_script else report
    from rnnshape import fixes

    found = fixes.find("\n".join(trace.lines), trace, runs.changed)
    ran, with_fix = found.trace, None
    if ran is not None:
        ran, findings = runs.answered(ran)
        numbered = fixes.as_given("\n".join(trace.lines), "\n".join(ran.lines), ran)
        with_fix = report_of(numbered, versions.installed(), findings=findings)
    trace, findings = runs.answered(trace)
    report = report_of(
        trace,
        versions.installed(),
        findings=findings,
        fixes=found.fixes,
        cause=found.cause,
        hint=found.hint,
        with_fix=with_fix,
    )
    return _scripted(report, ran or trace) if with_script else report


def _may_be_fixed(trace: CodeTrace) -> bool:
    """Tell whether a change is looked for; what is too large to be read is too large to be looked through, too."""
    if trace.stop is None:
        return bool(trace.fails_later)
    return trace.stop.kind != "TooLarge"


def _scripted(report: ProgramReport, trace: CodeTrace) -> ProgramReport:
    """Return the report with the script of the program as it ran: with the fix, where there is one."""
    from rnnshape.program.script import script_of

    ran, whose = report.with_fix or report, report.versions
    about = [f"Code from {report.program.source}, checked by rnnshape {whose.rnnshape} with Keras {whose.keras}."]
    fix = report.error.fix if report.error is not None else None
    if fix is not None:
        about.append(f"Fixed in line {fix.line}: {fix.code}")
    script = script_of(trace, equal=ran.equal, close=ran.close or (), about=about)
    return replace(report, program=replace(report.program, script=script))


def execute_code(source: Source, lets: Mapping[str, Code] | None = None, *, seed: int = 0) -> ProgramReport:
    """Run a program in the user's name, as Python does, and return what its layers returned.

    Args:
        source: the code.
        lets: values for names that it does not give.
        seed: of the random weights and inputs with which values are compared.

    Raises:
        NoTensorflow: TensorFlow cannot be imported.

    """
    from rnnshape.run.watching.execute import execute

    runs = _Runs(source, lets, seed)
    try:
        trace = runs.add(execute(source.code_to_execute(), source.path, lets, seed=seed))
    except NotRead as error:
        trace = _unread(source, error)
    return _with_fixes(trace, runs)


def explore_saved(
    path: Path, classes: Mapping[str, str] | None = None, *, seed: int = 0, with_script: bool = False
) -> ProgramReport:
    """Return every tensor on its way through a saved model.

    Args:
        path: a `.keras` or a `.h5` file.
        classes: where the classes are that are not Keras's own: `{"Own": "path/to/file.py:Own"}`.
        seed: of the random weights and inputs with which values are compared.
        with_script: whether the report has the script, too.

    Raises:
        InvalidQuery: there is no such file, it is none that is read, or no script can be made of it.
        KerasRefused: Keras cannot make the model.
        NoTensorflow: TensorFlow cannot be imported.

    """
    from rnnshape.run.code.saved import describe, load

    run = describe(load(path, classes), path.name, seed=seed)
    return _scripted_as_code(answered(run), run.trace(), seed) if with_script else answered(run)


def _scripted_as_code(report: ProgramReport, trace: CodeTrace, seed: int) -> ProgramReport:
    """Return the report with the script of the lines that describe the model, which are read as any code is."""
    read = explore_code(Source("\n".join(trace.lines), trace.source), seed=seed, with_script=True)
    if read.error is not None:
        message = f"No script can be made of {trace.source}: {read.error.message}"
        raise InvalidQuery(message, hint="Leave --code out.")
    return replace(report, program=replace(report.program, script=read.program.script))


def _unread(source: Source, error: NotRead) -> CodeTrace:
    from rnnshape.trace import CodeTrace, Stop

    lines = tuple(source.text.split("\n"))
    length = len(lines[error.line - 1]) if 0 < error.line <= len(lines) else 0
    stop = Stop(
        code=error.code,
        line=error.line,
        column=min(error.column, length),
        end_line=error.line,
        end_column=length,
        kind=error.kind,
        message=error.message,
        hint=error.hint,
    )
    return CodeTrace(source=source.name, lines=lines, executed=False, inputs=(), steps=(), tensors=(), stop=stop)
