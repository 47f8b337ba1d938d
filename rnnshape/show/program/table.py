"""The table of a program: a row for each tensor, its line in front, and below what equals what."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from rnnshape.program_report import Assumed, ProgramReport, ProgramTensor
from rnnshape.show import grid, notes
from rnnshape.show.fold import fill, prose
from rnnshape.show.grid import Cell, Grid, Look, Row, plain
from rnnshape.show.marks import Carried, Mark, Marks, Part, marks_of
from rnnshape.show.program.diagnosis import diagnosis

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

_HEADINGS = ("tensor", "shape", "what it is", "made by")
_MEANING = 2
_MOST_COUNTS = 20
"""Layers whose parameters are told one by one."""
_LENGTH = re.compile(r"len\((\w+)\)")
_SIGNS = {Part.WHOLE: "{}", Part.SLICE: "[{}]", Part.MERGED: "({})"}


def table(report: ProgramReport) -> RenderableType:
    """Return what is shown for a program. It fits the width it is rendered at, and nothing is cut."""
    return _Table(report)


@dataclass(frozen=True, slots=True)
class _Table:
    report: ProgramReport

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        look = Look(options.max_width, options.encoding)
        for line in _lines(self.report, look):
            line.no_wrap, line.overflow = True, "ignore"
            yield line


def _lines(report: ProgramReport, look: Look) -> Iterator[Text]:
    yield from _head(report, look)
    yield from _body(report, look)
    if report.error is not None:
        yield Text()
        yield from diagnosis(report, look)
        if report.with_fix is not None and report.with_fix.tensors:
            yield Text()
            yield Text("with the fix:", "bold")
            yield from _body(report.with_fix, look)
    said = list(facts(report if report.error is None else report.with_fix or report))
    if said:
        yield Text()
        yield from notes.lines(said, look)


def _body(report: ProgramReport, look: Look) -> Iterator[Text]:
    """Yield the tensors, and what equals what."""
    marks = marks_of([tensor.name for tensor in report.tensors], report.equal, report.close or ())
    rows = _rows(report, marks, look)
    if not rows:
        return
    yield Text()
    columns = _layout(rows, look)
    headings, rule = grid.head(columns)
    yield Text("line", "dim").append_text(headings[len("line") :])
    yield rule
    for row in rows:
        yield from grid.body(row, columns)
    said = list(_equalities(report, marks, look))
    if said:
        yield Text()
    yield from said


def _layout(rows: Sequence[Row], look: Look) -> Grid:
    """Return the columns: what made a tensor is left out before anything else has to wrap."""
    whole = grid.layout(_HEADINGS, rows, look)
    return whole if len(whole.widths) == len(_HEADINGS) else grid.layout(_HEADINGS[:-1], rows, look, wraps=_MEANING)


def _head(report: ProgramReport, look: Look) -> Iterator[Text]:
    """Yield where the code comes from and, first of all, what was assumed of it."""
    program = report.program
    count = f"{program.lines} line{'' if program.lines == 1 else 's'}"
    done = "executed" if program.executed else "read, not executed"
    line = Text(look.safe(program.source), "bold")
    yield line.append(f"  {count}, {done}", "not bold dim")
    # Where the code stopped early, what was assumed shows only with the fix.
    fixed = report.with_fix.assumed if report.with_fix is not None else ()
    for one in dict.fromkeys((*report.assumed, *fixed)):
        said = look.safe(_assumed(one, report))
        yield from (Text(part, "bold") for part in fill(said.split(" "), look.width, "  "))


def _assumed(one: Assumed, report: ProgramReport) -> str:
    """Say what was assumed, and how to give it."""
    length = _LENGTH.fullmatch(one.name)
    variables = {given.variable for answer in (report, report.with_fix) if answer for given in answer.inputs}
    if one.code.startswith("Input(") and one.name not in variables:
        return f"assumed: the input of {one.name} is {one.code} (set it in the code)"
    name = length[1] if length is not None else one.name
    how = f" (set it with --let {name}=…)" if name.isidentifier() else ""
    return f"assumed: {one.name} = {one.code}{how}"


def _rows(report: ProgramReport, marks: Marks, look: Look) -> list[Row]:
    rows, before = [], (0, -1)
    for tensor in report.tensors:
        at = (tensor.line, -1 if tensor.step is None else tensor.step)
        made_by = report.steps[at[1]].layer if at[1] >= 0 and at != before else ""
        rows.append(_row(report, tensor, made_by, marks, look, is_first=tensor.line != before[0]))
        before = at
    return rows


def _row(
    report: ProgramReport, tensor: ProgramTensor, made_by: str, marks: Marks, look: Look, *, is_first: bool
) -> Row:
    whole = next((one.mark for one in marks.of(tensor.name) if one.part is Part.WHOLE), None)
    number = f"{tensor.line if is_first else '':>4}"
    return Row(
        mark=((number, "dim"), ("  ", ""), *_letters(marks.of(tensor.name))),
        cells=(
            plain(look.safe(tensor.name), f"bold {whole.colour}" if whole else "bold"),
            plain(_shape(tensor)),
            plain(look.safe(_meaning(report, tensor))),
            _only_in_column(look.safe(made_by)),
        ),
    )


def _letters(carried: Sequence[Carried]) -> Iterator[grid.Span]:
    """Yield `A`, `[A]` where a slice of the tensor is A, `(A)` where the tensor is merged into A."""
    for part, sign in _SIGNS.items():
        letters = [(one.mark.letter, f"bold {one.mark.colour}") for one in carried if one.part is part]
        opening, closing = sign.split("{}")
        if letters:
            yield from (span for span in ((opening, ""), *letters, (closing, "")) if span[0])


def _only_in_column(text: str) -> Cell:
    """Return a cell that is left out where its column does not fit."""
    return Cell(((text, "dim"),) if text else (), ())


def _shape(tensor: ProgramTensor) -> str:
    shape = notes.shape_code(tensor.shape)
    return shape if tensor.dtype == "float32" else f"{shape} {tensor.dtype}"


def _meaning(report: ProgramReport, tensor: ProgramTensor) -> str:
    said = [tensor.meaning]
    if tensor.unchanged is not None:
        said = [f"{tensor.unchanged}, handed through unchanged"]
    is_assumed = any(one.name == tensor.name and one.assumed for one in report.inputs)
    if is_assumed and "assumed" not in tensor.meaning:
        said.append("assumed")
    if tensor.masked:
        said.append("masked")
    calls = report.steps[tensor.step].calls if tensor.step is not None else None
    if calls is not None:
        said.append(f"the first of {calls:,} calls")
    return ", ".join(filter(None, said))


def _equalities(report: ProgramReport, marks: Marks, look: Look) -> Iterator[Text]:
    """Yield each equality once, its letter first, and what only looks alike."""
    leads = [_lead(mark, marks) for mark in marks.all]
    wide = max([1, *map(len, leads)])
    for mark, lead in zip(marks.all, leads, strict=True):
        yield from _fact(lead, wide, _joined(mark), f"bold {mark.colour}", look)
    for group in report.same_shape_different_values:
        yield from _fact("≠", wide, f"{', '.join(group)}: same shape, different values", "bold", look)
    if report.close:
        yield from _fact("≈", wide, "equal but for rounding", "dim", look)


def _fact(lead: str, wide: int, text: str, style: str, look: Look) -> Iterator[Text]:
    front = f" {look.safe(lead):^{wide}}  "
    for at, line in enumerate(prose(look.safe(text), max(look.width - len(front), 20), "  ")):
        yield Text(front if at == 0 else " " * len(front), style).append(line, "not bold default")


def _lead(mark: Mark, marks: Marks) -> str:
    whole = any(one.mark is mark and one.part is Part.WHOLE for some in marks.by_tensor.values() for one in some)
    return mark.letter if whole else f"[{mark.letter}]"


def _joined(mark: Mark) -> str:
    return (" ≈ " if mark.is_close else " = ").join(mark.statement)


def facts(report: ProgramReport) -> Iterator[notes.Note]:
    """Yield what there is to say of a program besides its tensors."""
    yield from _mask(report)
    for one in report.masks or ():
        yield notes.Note(f"line {one.line}: {one.layer} {'makes a mask' if one.made else 'loses the mask'}", style="")
    yield from _failing_later(report)
    yield from _broken_promises(report)
    if report.constant:
        yield notes.Note(f"constant, so compared with nothing: {', '.join(report.constant)}")
    if report.undecided:
        yield notes.Note(f"vary too little to be compared: {', '.join(report.undecided)}")
    if report.skipped:
        yield notes.Note(f"passed over: {_skipped(report)}")
    if report.parameters.total:
        yield notes.Note(_parameters(report))
    if report.tensors:
        yield notes.Note(_ran(report))
    elif report.error is None:
        yield notes.Note("no tensors: nothing of Keras is called here", style="")


def _mask(report: ProgramReport) -> Iterator[notes.Note]:
    mask = report.mask
    if mask is None:
        return
    yield notes.Note(f"mask={mask.given}: the inputs hold zeros at the masked steps")
    if mask.first_step is not None and mask.last_step is not None:
        first, last = (
            notes.steps_in_words("first_step", mask.first_step),
            notes.steps_in_words("last_step", mask.last_step),
        )
        yield notes.Note(f"unmasked: {first}, {last}; rows = arange({len(mask.last_step)})")


def _failing_later(report: ProgramReport) -> Iterator[notes.Note]:
    for one in report.fails_later or ():
        lead = f"line {one.line}: with values, in fit or predict, this fails:"
        yield notes.Note(one.message, style="", lead=lead, lead_style="bold red")
        if one.fix is not None:
            yield notes.Note(
                f"{one.fix.code.strip()}  (line {one.fix.line}; tried: it runs)",
                style="",
                lead="fix:",
                lead_style="bold green",
            )


def _broken_promises(report: ProgramReport) -> Iterator[notes.Note]:
    for step in report.steps:
        if not step.declared.agrees:
            said = f"declared {step.declared.structure}, returned {step.declared.returned}"
            yield notes.Note(said, style="", lead=f"line {step.line}: {step.layer}:", lead_style="bold yellow")


def _skipped(report: ProgramReport) -> str:
    lines: dict[str, list[int]] = collections.defaultdict(list)
    for one in report.skipped:
        lines[one.what].append(one.line)
    return ", ".join(f"{what} (line{'s' if len(at) > 1 else ''} {_listed(at)})" for what, at in lines.items())


def _listed(numbers: Sequence[int]) -> str:
    unique = list(dict.fromkeys(map(str, numbers)))
    return ", ".join(unique[:5]) + (", …" if len(unique) > 5 else "")


def _parameters(report: ProgramReport) -> str:
    """Return the parameters of each layer that has some, once each, and in all."""
    each = {step.name: step.parameters for step in report.steps if step.parameters and step.kind == "layer"}
    total = f"{report.parameters.total:,} parameter{'' if report.parameters.total == 1 else 's'}"
    if len(each) < 2:
        return total
    said = [f"{name} {count:,}" for name, count in each.items()]
    more = [f"{len(said) - _MOST_COUNTS:,} more"] if len(said) > _MOST_COUNTS else []
    return f"{total}: {', '.join([*said[:_MOST_COUNTS], *more])}"


def _ran(report: ProgramReport) -> str:
    ran, versions = report.ran, report.versions
    sizes = ", ".join(f"{name} = {size}" for name, size in ran.sizes.items())
    values = f"values from a run with {sizes}" if sizes else "values from a run at the code's own sizes"
    whose = f"Keras {versions.keras}, TensorFlow {versions.tensorflow}, {ran.device}"
    return f"{values}, seed {ran.seed}; {whose}" if ran.draws else whose
