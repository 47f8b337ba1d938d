"""Drawing layers that are no cells over time: boxes on top of each other, the inputs below, the tensors above."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells

from rnnshape.expression import stacked
from rnnshape.report import Report
from rnnshape.show.diagram.canvas import Canvas
from rnnshape.show.fold import fold, prose
from rnnshape.show.look import Look
from rnnshape.show.marks import Marks, Part
from rnnshape.show.palette import FAINT
from rnnshape.show.rows import Tone


def draw_layers(report: Report, found: Marks, look: Look) -> Canvas:
    """Return the layers of a report as boxes, the last one on top."""
    canvas = Canvas()
    room = max(look.width - 4, 1)
    boxes = [
        [piece for line in fold(look.safe(code), room) for piece in (chop_cells(line, room) if line else [line])]
        for code in map(str, stacked(report.layer) or [report.layer])
    ]
    inner = max(2, *(cell_len(line) for box in boxes for line in box))
    y = 0
    for tensor in report.tensors:
        marked = next((one.mark for one in found.of(tensor.name) if one.part is Part.WHOLE), None)
        named = f"{marked.letter} {tensor.name}" if marked else tensor.name
        for line in prose(f"{named} {tuple(tensor.shape)}", max(look.width - 2, 1), "  "):
            name = line.removesuffix(f" {tuple(tensor.shape)}")
            canvas.put(2, y, name, look.tone(Tone.STRONG))
            canvas.put(2 + cell_len(name), y, line[len(name) :], FAINT)
            y += 1
    for box in reversed(boxes):
        canvas.put(4, y, "▲")
        canvas.put(0, y + 1, f"┌───┴{'─' * (inner - 2)}┐", FAINT)
        for at, line in enumerate(box, y + 2):
            canvas.put(0, at, "│", FAINT)
            canvas.put(2, at, line)
            canvas.put(inner + 3, at, "│", FAINT)
        y += len(box) + 2
        canvas.put(0, y, f"└{'─' * (inner + 2)}┘", FAINT)
        y += 1
    canvas.put(4, y, "▲")
    canvas.put(2, y + 1, "inputs", look.tone(Tone.STRONG))
    shape = f"{tuple(report.input.shape)}"
    if 9 + len(shape) <= look.width:
        canvas.put(9, y + 1, shape, FAINT)
    return canvas
