"""The diagram: the layer unrolled over time, and each returned tensor where it leaves."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from rich.text import Text

from rnnshape.errors import RnnshapeError
from rnnshape.program_report import ProgramReport
from rnnshape.report import Report
from rnnshape.show.diagram.canvas import Canvas, Overlap
from rnnshape.show.diagram.labels import Labels
from rnnshape.show.diagram.layers import draw_layers
from rnnshape.show.diagram.scene import STARTS, Scene, scene
from rnnshape.show.diagram.sketch import Plan
from rnnshape.show.diagram.unroll import draw
from rnnshape.show.fold import prose
from rnnshape.show.layout import heading
from rnnshape.show.lines import letters
from rnnshape.show.look import Look, Shown, apart
from rnnshape.show.marks import Marks, Part, marks
from rnnshape.show.palette import FAINT
from rnnshape.show.rows import Answers, shape_code
from rnnshape.show.sections import sections
from rnnshape.show.table import whole

_ALL_DRAWN = 4
"""Up to this many steps, all are drawn where there is room."""

_PLAIN_AXES = frozenset(["batch", "timesteps", "features", "units"])
"""A shape of these alone is read without their names."""


def diagram(answers: Report | Answers) -> Shown:
    """Return the picture of one report or of several answers; an error among them says what went wrong.

    It fits the width it is rendered at, down to about 60 columns.
    """
    some = [answers] if isinstance(answers, Report) else answers
    return Shown(lambda look: apart(_pictures(some, look)))


def _pictures(answers: Answers, look: Look) -> Iterator[Iterator[Text]]:
    found = iter(marks([answer for answer in answers if not isinstance(answer, RnnshapeError)]))
    for answer, section in zip(answers, sections(answers), strict=True):
        match answer:
            case RnnshapeError():
                yield whole(section, look)
            case Report():
                yield itertools.chain(heading(section, look), [Text()], _picture(answer, next(found), look))
            case ProgramReport():
                # What only a program needs is not imported for a layer.
                from rnnshape.show.program.graph import graph

                yield itertools.chain(heading(section, look), [Text()], graph(answer, next(found), look))


def _picture(report: Report, found: Marks, look: Look) -> Iterator[Text]:
    shown = scene(report)
    fitted = None if shown is None else _fitted(shown, found, look)
    if fitted is None:
        shown, fitted = None, (draw_layers(report, found, look), True)
    canvas, has_shapes = fitted
    yield from canvas.lines(ascii_only=look.is_ascii)
    below = (list(_shapes(report, shown, look, has_shapes=has_shapes)), list(_legend(report, shown, found, look)))
    for said in filter(None, below):
        yield Text()
        yield from said


def _fitted(shown: Scene, found: Marks, look: Look) -> tuple[Canvas, bool] | None:
    """Return the first of the ways to draw it that fits, the most telling first; None where none does.

    The second value tells whether the shapes are in the picture.
    """
    for plan, shapes in _plans(shown):
        try:
            canvas = draw(shown, plan, Labels(shown, found, look, shapes))
        except Overlap:
            continue
        if canvas.width <= look.width:
            return canvas, shapes
    return None


def _plans(shown: Scene) -> Iterator[tuple[Plan, bool]]:
    beside = (False,) * len(shown.rows)
    turned = (True,) * len(shown.rows)
    # The names of one of two rows may stand beside the cells, as they leave at opposite ends.
    mixed = tuple(row.leftwards for row in shown.rows) if len(shown.rows) > 1 else beside
    # A picture without shapes is the last resort: rather a step less, or the names around the corner.
    for shapes, is_tight, ways in itertools.product(
        (True, False), (False, True), (dict.fromkeys([beside, mixed]), (turned,))
    ):
        for steps, way, named in itertools.product(_steps(shown), ways, (True, False)):
            yield Plan(steps, way, named, is_tight), shapes


def _steps(shown: Scene) -> list[tuple[int, ...]]:
    """Return the choices of steps to draw, the one with the most of them first."""
    count = shown.steps
    if count is None:
        return [(0, 1, -1), (0, -1)]
    every = tuple(range(count))
    if shown.masked:
        told = {0, count - 1} | {step for step in (shown.first_step, shown.last_step) if step is not None}
        told |= {min(shown.masked)} if told.isdisjoint(shown.masked) else set()
        return [*([every] if count <= _ALL_DRAWN + 1 else []), tuple(sorted(told))]
    ends = (0, count - 1)
    if count <= 2:
        return [every]
    second = count - 2 if all(row.leftwards for row in shown.rows) else 1
    chosen = [tuple(sorted({*ends, second})), ends]
    return [every, *chosen] if 3 < count <= _ALL_DRAWN else chosen


def _shapes(report: Report, shown: Scene | None, look: Look, *, has_shapes: bool) -> Iterator[Text]:
    """Yield the shapes that are not in the picture: all where it has no room, and that of an output drawn as halves."""
    rows = shown.rows if shown is not None and shown.merged is None and not shown.sequences else ()
    halved = {row.output.name for row in rows if row.half is not None}
    for tensor in report.tensors:
        if has_shapes and tensor.name not in halved:
            continue
        for line in prose(look.safe(f"{tensor.name} {shape_code(tensor.shape)}"), look.width, "  "):
            yield Text(line)


def _legend(report: Report, shown: Scene | None, found: Marks, look: Look) -> Iterator[Text]:
    """Yield what the letters stand for, and what else there is to say of the picture."""
    yield from letters(found, look)
    for sentence in _remarks(report, shown, found):
        yield from (Text(line, FAINT) for line in prose(look.safe(sentence), look.width, "  "))


def _remarks(report: Report, shown: Scene | None, found: Marks) -> Iterator[str]:
    if shown is None:
        return
    rest = [tensor for tensor in report.tensors if tensor.name not in _placed(shown)]
    if rest:
        yield f"also: {', '.join(f'{tensor.name} {tuple(tensor.shape)}' for tensor in rest)}"
    whole = report.tensors[0]
    if not _PLAIN_AXES.issuperset(whole.axes):
        # Of four or five numbers, it is not plain which are rows and which are filters.
        yield f"{whole.name} {shape_code(whole.shape)} = ({', '.join(whole.axes)})"
    reduced = report.ran.reduced_to
    if reduced is not None and report.mask is not None:
        yield f"drawn at the small sizes at which the values were compared, inputs {tuple(reduced.input)}"
    if shown.start == "s":
        yield f"s: the {'states' if shown.is_cell else 'initial_state'} given"
    own = next((words for words, sign in STARTS.items() if sign == shown.start != "1"), None)
    if own is not None:
        yield f"{shown.start}: {own}, which the layer starts from"
    if shown.batch_row is not None:
        yield f"drawn for row {shown.batch_row} of the batch: each row has its own mask"
    if shown.masked:
        yield "dotted: masked steps, where the states stay as they are"
    merged = (one.mark.letter for some in found.by_tensor.values() for one in some if one.part is Part.MERGED)
    for letter in itertools.islice(merged, 1):
        yield f"({letter}): a part of {letter}"


def _placed(shown: Scene) -> set[str]:
    """Return the names of the tensors that are in the picture."""
    states = {state.tensor.name for row in shown.rows for floor in row.floors for state in floor.states if state.tensor}
    return states | {row.output.name for row in shown.rows}
