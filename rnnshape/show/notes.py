"""What there is to say about a layer's answer besides its tensors and what equals what."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from rnnshape import tree
from rnnshape.catalogue import GATES
from rnnshape.expression import Call, stacked
from rnnshape.mask import parse_mask
from rnnshape.program_report import ProgramReport
from rnnshape.report import Into, Mask, Measured, Parameters, Report, States, Versions
from rnnshape.show.rows import INSIDE, STEPPED, Code, Note, Small, Tone, Words, listed, shape_code

_WEIGHTS = ("weight", "shape", "axes", "gates", "what it is")
_ROWS_LISTED = 12


def notes(report: Report) -> list[Note]:
    """Return everything to be said below the facts, what matters most first."""
    explained = [Note((sentence,)) for sentence in report.explanation or ()]
    longer = [block for block in (explained, weights(report.parameters), _into(report.into)) if block]
    last = [*_reduced(report), *_takes(report), *_measured(report)]
    if not longer:
        return [*found(report), *last]
    return found(report) + [note for block in (*longer, last) for note in _apart(block)]


def time(measured: Measured | None) -> str:
    """Return how long a call takes, its quartiles, and how that is to the fastest; empty where it was not measured."""
    if measured is None:
        return ""
    return f"{_took(measured)}{'' if measured.relative > 1 else ', the fastest'}"


def _took(measured: Measured) -> str:
    low, high = (f"{seconds * 1e3:.2f}" for seconds in measured.quartiles)
    relative = f", {measured.relative:.2f} x the fastest" if measured.relative > 1 else ""
    return f"{measured.median * 1e3:.2f} ms ({low}–{high}){relative}"


def _measured(report: Report) -> Iterator[Note]:
    if report.measured is not None:
        yield Note((f"a call takes {_took(report.measured)}",))


def has_blocks(report: Report) -> bool:
    """Tell whether there is more to say than a few lines: sentences, weights, another layer."""
    return bool(report.explanation or report.into or weights(report.parameters))


def found(report: Report) -> list[Note]:
    """Return what was found out besides the tensors, without what is told of every layer."""
    return [*_stepped(report), *uncompared(report), *_mask(report), *_masks_made(report), *_declared(report)]


def whose(versions: Versions, device: str, seed: int | None) -> str:
    """Return the seed, and whose answer it is: the line at the end."""
    passed_over = f" (the backend {versions.passed_over} is passed over)" if versions.passed_over else ""
    said = f"Keras {versions.keras}, TensorFlow {versions.tensorflow}{passed_over}, {device}"
    return said if seed is None else f"seed {seed}; {said}"


def _stepped(report: Report) -> Iterator[Note]:
    if any(tensor.layer is not None for tensor in report.tensors):
        yield Note((f"{INSIDE}: on the way; the layer does not return it",), Tone.QUIET)
    if any(tensor.path is None and tensor.layer is None for tensor in report.tensors):
        yield Note((f"{STEPPED}: the layer does not return it; its cell was called step by step",), Tone.QUIET)


def uncompared(report: Report | ProgramReport) -> Iterator[Note]:
    """Yield which tensors are in no fact because their values tell nothing."""
    if report.constant:
        yield Note(("constant, so compared with nothing: ", *listed(report.constant)))
    if report.undecided:
        yield Note(("not compared, since the values vary too little: ", *listed(report.undecided)))


def _mask(report: Report) -> list[Note]:
    mask = report.mask
    if mask is None:
        return []
    said = [
        Note(listed(statement, " = "), Tone.WRONG, "holds without the mask, not with it:")
        for statement in report.broken or ()
    ]
    said += _what_became_of(mask, report)
    if any(
        term.at.place.is_of_mask
        for statement in (*report.equal, *(report.close or ()))
        for one in statement
        for term in one.terms
    ):
        said.append(Note((Code(f"rows = arange({len(mask.last_step)})"),), Tone.QUIET))
    return said


def _masks_made(report: Report) -> Iterator[Note]:
    """Yield which layers make a mask of their own, and how to have the first one mask something."""
    for made in report.masks_made or ():
        begins = str(_entrance(report.layer)).startswith(made)
        if report.mask is None:
            yield Note((Code(made), f" makes a mask{'; --mask pads these inputs' if begins else ''}"), Tone.QUIET)
        elif report.mask.padding is None or not begins:
            yield Note((Code(made), " makes a mask of its own"), Tone.QUIET)
    for lost in report.masks_lost or ():
        if report.mask is None or lost != report.mask.lost_at:
            said = (Code(lost), ": the layers behind it run without")
            yield Note(said, Tone.WRONG, "a mask that is made here is lost at")


def _entrance(call: Call) -> Call:
    """Return the layer that the inputs meet first."""
    layers = stacked(call)
    return _entrance(layers[0]) if layers else call


def _what_became_of(mask: Mask, report: Report) -> Iterator[Note]:
    """Yield whether the mask was used, where it was lost, and which steps it leaves."""
    reduced = report.ran.reduced_to
    time = (reduced.input if reduced else report.input.shape)[1]
    if parse_mask(mask.given).masks_nothing(time or 0):
        yield Note(("the mask masks nothing: every step counts",), Tone.QUIET)
        return
    if mask.lost_at is not None:
        what = "the layers behind it run without" if mask.applied else "nothing here changes without it"
        yield Note((Code(mask.lost_at), f": {what}"), Tone.WRONG, "the mask is lost at")
    elif mask.applied is False:
        yield Note(("nothing here changes without it",), Tone.WRONG, "no layer uses the mask:")
    if mask.padding is not None:
        yield Note((f"padded: the inputs are {mask.padding:g} at the masked steps",), Tone.QUIET)
    steps = unmasked(mask.first_step, mask.last_step)
    if None not in mask.last_step:
        yield Note((steps,), Tone.QUIET)
    elif set(mask.last_step) == {None}:
        yield Note(("no row has an unmasked step",), Tone.QUIET)
    else:
        yield Note((f"{steps}; not every row has one, so nothing is said of these steps",), Tone.QUIET)


def unmasked(first: Sequence[int | None], last: Sequence[int | None]) -> str:
    """Return the first and the last unmasked step of each row in words."""
    return f"unmasked: {_steps('first_step', first)}, {_steps('last_step', last)}"


def _steps(name: str, steps: Sequence[int | None]) -> str:
    """Return the steps of a mask's rows: one number where all are alike, "none" for a row without any."""
    if len(set(steps)) == 1 and len(steps) > 1:
        return f"{name}={steps[0]} in every row"
    said = ", ".join("none" if step is None else str(step) for step in steps[:_ROWS_LISTED])
    return f"{name}=[{said}{f', … {len(steps)} in all' if len(steps) > _ROWS_LISTED else ''}]"


def _declared(report: Report) -> list[Note]:
    declared = report.declared
    if declared.agrees and declared.compute_output_shape is None:
        return []
    said = [
        Note((), Tone.WRONG, "Keras declares another shape than it returns:"),
        _detail("declared", declared.structure),
    ]
    if declared.compute_output_shape is not None:
        said.append(_detail("compute_output_shape", declared.compute_output_shape))
    return [*said, _detail("returned", report.returned.structure)]


def _detail(name: str, code: str) -> Note:
    return Note((f"{name}: ", Code(code)), indent=2)


def _into(into: Into | None) -> list[Note]:
    if into is None:
        return []
    if into.fits:
        said = [Note((), Tone.GOOD, f"The states fit into {into.layer}:")]
    else:
        said = [
            Note((), Tone.WRONG, f"The states do not fit into {into.layer}:"),
            _detail("it wants", into.wants),
            _detail("they are", into.gives),
        ]
    if into.change is not None and into.initial_state is not None:
        said.append(Note((f"To make them fit: {into.change}",)))
    elif into.change is not None:
        said.append(Note((f"{into.change[:1].upper()}{into.change[1:]}",)))
    if into.initial_state is not None:
        said.append(Note((Code(f"initial_state = {into.initial_state}"),), paste=True))
    if into.caution is not None:
        said.append(Note((into.caution,), Tone.WRONG, "Their shapes fit, their meaning does not:"))
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
        headings = tuple(_WEIGHTS[at] for at in kept)
        said.append(Note(table=Small(headings, tuple(tuple(row[at] for at in kept) for row in rows))))
    if parameters.formula is not None:
        formulas = " = ".join(filter(None, [parameters.formula_by_name, parameters.formula]))
        said.append(Note((f"{parameters.total:,} parameters = ", Code(formulas))))
    orders = dict.fromkeys(one.gates for one in parameters.weights if one.gates and len(one.gates) > 1)
    return [*said, *map(_gates, orders)]


def _gates(gates: Sequence[str]) -> Note:
    return Note((f"gates: {', '.join(f'{gate} {GATES.get(gate, gate)}' for gate in gates)}",), Tone.QUIET)


def _reduced(report: Report) -> Iterator[Note]:
    """Yield at which sizes the values were compared, where these are not the asked ones."""
    reduced = report.ran.reduced_to
    if reduced is not None:
        layer = () if reduced.layer == report.layer else (Code(reduced.layer), " on ")
        said = ("values compared at small sizes: ", *layer, f"inputs {shape_code(reduced.input)}")
        yield Note(said, Tone.QUIET)


def _takes(report: Report) -> Iterator[Note]:
    if report.states is not None:
        yield Note((*takes(report), _of_shape(report.states)), spare="takes")


def size(report: Report) -> str:
    """Return the number of parameters; empty where the notes explain it."""
    return counted(report.parameters.total, "parameter") if report.parameters.formula is None else ""


def takes(report: Report) -> Words:
    """Return which initial states the layer takes, without their shapes; nothing where it takes none."""
    if report.states is None:
        return ()
    name = "states" if report.unpack.call.is_cell else "initial_state"
    return (Code(f"{name}={report.states.structure}"),)


def counted(number: int, what: str) -> str:
    """Return a number with its thousands apart, and what is counted, in the plural but for one."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _of_shape(states: States) -> str:
    shapes = tree.shapes(states.accepts)
    first = shapes[0] if shapes else None
    if not isinstance(first, tree.Size) or any(shape != first for shape in shapes):
        return f", of shapes {tree.as_code(shapes)}"
    return f", {'each' if len(shapes) > 1 else 'of shape'} {shape_code(first)}"


def _apart(block: list[Note]) -> list[Note]:
    return [dataclasses.replace(note, apart=not at) for at, note in enumerate(block)]
