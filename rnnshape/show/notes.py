"""What there is to say about an answer besides its tensors: the lines around the table."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from rnnshape.mask import parse_mask
from rnnshape.report import Into, Mask, Parameters, Report, Statement, States
from rnnshape.show import grid
from rnnshape.show.fold import fold_assignment, prose
from rnnshape.show.grid import Look, Row, plain

_WEIGHTS = ("weight", "shape", "axes", "gates", "what it is")
_ROWS_LISTED = 12
_GATES = {"i": "input", "f": "forget", "c": "candidate", "o": "output", "z": "update", "r": "reset", "h": "candidate"}
"""The gates of LSTM and GRU by the letters that Keras's code has for them."""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence; or, with `code`, a line of code to paste; or, with `rows`, a small table of these headings.

    `apart` asks for an empty line before it.
    """

    text: str
    style: str = "dim"
    lead: str = ""
    lead_style: str = ""
    code: bool = False
    apart: bool = False
    indent: int = 0
    headings: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


def notes(report: Report) -> list[Note]:
    """Return everything to be said below the table, what matters most first."""
    first = [
        *(_different(group) for group in report.same_shape_different_values),
        *(Note(f"undecided, since its values vary too little: {name}", style="") for name in report.undecided or ()),
        *_mask(report),
        *_masks_made(report),
        *_declared(report),
    ]
    explained = [Note(sentence, style="") for sentence in report.explanation or ()]
    longer = [block for block in (explained, weights(report.parameters), _into(report.into)) if block]
    if not longer:
        return first + _facts(report)
    blocks = [block for block in (first, *longer, _facts(report)) if block]
    return blocks[0] + [note for block in blocks[1:] for note in _apart(block)]


def called_with(report: Report) -> list[str]:
    """Return the phrases that say what the layer was called with."""
    given = report.input
    comma = "," if len(given.axes) == 1 else ""
    phrases = [f"on inputs {shape_code(given.shape)}", f"= ({', '.join(given.axes)}{comma})"]
    if given.dtype != "float32":
        phrases.append(given.dtype)
    if report.mask is not None:
        phrases.append(f"mask={report.mask.given}")
    if report.initial_state is not None:
        phrases.append(f"initial_state={report.initial_state}")
    if report.training is not None:
        phrases.append(f"training={report.training}")
    return [phrases[0], *(f"{phrase}," for phrase in phrases[1:-1]), phrases[-1]]


def shape_code(shape: Sequence[int | None]) -> str:
    """Return a shape as Python writes it."""
    return str(tuple(shape))


def lines(said: Iterable[Note], look: Look) -> Iterator[Text]:
    """Yield the notes as lines that fit."""
    for note in said:
        if note.apart:
            yield Text()
        if note.rows:
            yield from _small_table(note, look)
        elif note.code:
            yield from (Text(line) for line in fold_assignment(look.safe(note.text), look.width))
        else:
            yield from _sentence(note, look)


def _sentence(note: Note, look: Look) -> Iterator[Text]:
    lead = look.safe(note.lead)
    text = look.safe(f"{note.lead} {note.text}".strip())
    left = len(lead)
    for line in prose(text, look.width - note.indent, "  "):
        shown = Text(line, note.style)
        shown.stylize(note.lead_style, 0, left)
        left = max(left - len(line), 0)
        yield Text(" " * note.indent).append_text(shown)


def _small_table(note: Note, look: Look) -> Iterator[Text]:
    cells = [
        Row(
            (),
            tuple(plain(look.safe(cell.lines[0][0]), cell.lines[0][1]) if cell.lines else cell for cell in row.cells),
        )
        for row in note.rows
    ]
    columns = grid.layout(note.headings, cells, look)
    yield from grid.head(columns)
    for row in cells:
        yield from grid.body(row, columns)


def _different(group: Statement) -> Note:
    return Note(f"same shape, different values: {', '.join(group)}", style="", lead="≠", lead_style="bold")


def _mask(report: Report) -> list[Note]:
    mask = report.mask
    if mask is None:
        return []
    said = [
        Note(" = ".join(statement), style="", lead="holds without the mask, not with it:", lead_style="bold red")
        for statement in report.broken or ()
    ]
    said += _what_became_of(mask, report)
    if any("[rows," in code for statement in (*report.equal, *(report.close or ())) for code in statement):
        said.append(Note(f"rows = arange({len(mask.last_step)})"))
    return said


def _masks_made(report: Report) -> Iterator[Note]:
    """Yield which layers make a mask of their own, and how to have the first one mask something."""
    for made in report.masks_made or ():
        begins = re.sub(r"^(?:Sequential\(\[)+", "", str(report.layer)).startswith(made)
        if report.mask is None:
            yield Note(f"{made} makes a mask{'; --mask pads these inputs' if begins else ''}")
        elif report.mask.padding is None or not begins:
            yield Note(f"{made} makes a mask of its own")
    for lost in report.masks_lost or ():
        if report.mask is None or lost != report.mask.lost_at:
            said = f"{lost}: the layers behind it run without"
            yield Note(said, style="", lead="a mask that is made here is lost at", lead_style="bold red")


def _what_became_of(mask: Mask, report: Report) -> Iterator[Note]:
    """Yield whether the mask was used, where it was lost, and which steps it leaves."""
    reduced = report.ran.reduced_to
    time = (reduced.input if reduced else report.input.shape)[1]
    if parse_mask(mask.given).masks_nothing(time or 0):
        yield Note("the mask masks nothing: every step counts")
        return
    if mask.lost_at is not None:
        what = "the layers behind it run without" if mask.applied else "nothing here changes without it"
        yield Note(f"{mask.lost_at}: {what}", style="", lead="the mask is lost at", lead_style="bold red")
    elif mask.applied is False:
        yield Note("nothing here changes without it", style="", lead="no layer uses the mask:", lead_style="bold red")
    if mask.padding is not None:
        yield Note(f"padded: the inputs are {mask.padding:g} at the masked steps")
    if None not in mask.last_step:
        yield Note(
            f"unmasked: {steps_in_words('first_step', mask.first_step)}, {steps_in_words('last_step', mask.last_step)}"
        )
    elif set(mask.last_step) == {None}:
        yield Note("no row has an unmasked step")
    else:
        steps = f"{steps_in_words('first_step', mask.first_step)}, {steps_in_words('last_step', mask.last_step)}"
        yield Note(f"unmasked: {steps}; nothing is said of these steps, since not every row has one")


def steps_in_words(name: str, steps: Sequence[int | None]) -> str:
    """Return the steps of a mask's rows: one number where all are alike, "none" for a row without any."""
    if len(set(steps)) == 1 and len(steps) > 1:
        return f"{name}={steps[0]} in every row"
    listed = ", ".join("none" if step is None else str(step) for step in steps[:_ROWS_LISTED])
    return f"{name}=[{listed}{f', … {len(steps)} in all' if len(steps) > _ROWS_LISTED else ''}]"


def _declared(report: Report) -> list[Note]:
    declared = report.declared
    if declared.agrees and declared.compute_output_shape is None:
        return []
    said = [
        Note("", style="", lead="Keras declares another shape than it returns:", lead_style="bold red"),
        Note(f"declared: {declared.structure}", style="", indent=2),
        Note(f"returned: {report.returned.structure}", style="", indent=2),
    ]
    if declared.compute_output_shape is not None:
        said.insert(2, Note(f"compute_output_shape: {declared.compute_output_shape}", style="", indent=2))
    return said


def _into(into: Into | None) -> list[Note]:
    if into is None:
        return []
    if into.fits:
        said = [Note("", style="", lead=f"The states fit into {into.layer}:", lead_style="bold green")]
    else:
        said = [
            Note("", style="", lead=f"The states do not fit into {into.layer}:", lead_style="bold red"),
            Note(f"it wants: {into.wants}", style="", indent=2),
            Note(f"they are: {into.gives}", style="", indent=2),
        ]
    if into.change is not None and into.initial_state is not None:
        said.append(Note(f"To make them fit: {into.change}", style=""))
    elif into.change is not None:
        said.append(Note(f"{into.change[:1].upper()}{into.change[1:]}", style=""))
    if into.initial_state is not None:
        said.append(Note(f"initial_state = {into.initial_state}", code=True))
    if into.caution is not None:
        said.append(
            Note(into.caution, style="", lead="Their shapes fit, their meaning does not:", lead_style="bold red")
        )
    return said


def weights(parameters: Parameters) -> list[Note]:
    """Return the table of the weights, where they are explained; its empty columns are left out."""
    if parameters.formula is None and not any(one.axes or one.gates or one.note for one in parameters.weights):
        return []
    rows = [
        (one.name, shape_code(one.shape), ", ".join(one.axes or ()), " ".join(one.gates or ()), one.note or "")
        for one in parameters.weights
    ]
    kept = [at for at in range(len(_WEIGHTS)) if any(row[at] for row in rows)]
    said = []
    if rows:
        cells = tuple(Row((), tuple(plain(row[at], "bold" if at == 0 else "") for at in kept)) for row in rows)
        said.append(Note("", headings=tuple(_WEIGHTS[at] for at in kept), rows=cells))
    if parameters.formula is not None:
        formulas = " = ".join(filter(None, [parameters.formula_by_name, parameters.formula]))
        said.append(Note(f"{parameters.total} parameters = {formulas}", style=""))
    orders = dict.fromkeys(one.gates for one in parameters.weights if one.gates and len(one.gates) > 1)
    said += [Note(f"gates: {', '.join(f'{gate} {_GATES.get(gate, gate)}' for gate in gates)}") for gates in orders]
    return said


def _facts(report: Report) -> list[Note]:
    said = []
    reduced = report.ran.reduced_to
    if reduced is not None:
        said.append(Note(f"values compared at small sizes: {reduced.layer} on inputs {shape_code(reduced.input)}"))
    if report.close:
        said.append(Note("≈ is equal but for rounding"))
    if report.versions.passed_over is not None:
        said.append(Note(f"answered by TensorFlow; the backend {report.versions.passed_over} is passed over"))
    total, facts = report.parameters.total, []
    if report.parameters.formula is None:
        facts.append(f"{total} parameter{'' if total == 1 else 's'}")
    if report.states is not None:
        name = "states" if report.unpack.call.is_cell else "initial_state"
        facts.append(f"takes {name}={report.states.structure}{_of_shape(report.states)}")
    return [*said, Note(", ".join(facts))] if facts else said


def _of_shape(states: States) -> str:
    shapes = states.accepts
    if any(_is_nested(shape) for shape in shapes):
        return f", of shapes {_nested(shapes)}"
    if not shapes or any(shape != shapes[0] for shape in shapes):
        return f", of shapes {_nested(shapes)}"
    return f", {'each ' if len(shapes) > 1 else ''}of shape {shape_code(shapes[0])}"


def _apart(block: list[Note]) -> list[Note]:
    return [dataclasses.replace(block[0], apart=True), *block[1:]]


def _nested(value: Sequence[object]) -> str:
    """Return nested shapes as code: a list of sizes is a shape, a list of anything else a list."""
    if not _is_nested(value):
        return shape_code(value)  # type: ignore[arg-type]
    return f"[{', '.join(_nested(item) for item in value if isinstance(item, list | tuple))}]"


def _is_nested(value: Sequence[object]) -> bool:
    return any(isinstance(item, list | tuple) for item in value)
