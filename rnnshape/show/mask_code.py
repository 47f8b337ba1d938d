"""The code of a mask: the mask itself, the inputs that are padded where it masks, and the steps that it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rnnshape.mask import MaskKind, parse_mask
from rnnshape.report import Mask
from rnnshape.show.keras_code import assigned
from rnnshape.structure import Place


def mask_steps(mask: Mask | None, used: Iterable[Place]) -> list[str]:
    """Return the assignments of the names that stand for steps of the mask, those that are used."""
    names = {place.step for place in used if place.is_of_mask}
    if mask is None or not names:
        return []
    spec = parse_mask(mask.given)
    lines = [f"rows = np.arange({len(mask.last_step)})"]
    for name, steps in (("first_step", mask.first_step), ("last_step", mask.last_step)):
        if name not in names:
            continue
        if len(set(steps)) == 1:
            lines.append(f"{name} = {steps[0]}")
        elif name == "last_step" and spec.kind is MaskKind.LENGTHS and 0 not in spec.numbers:
            lines.append("last_step = lengths - 1")
        else:
            lines += assigned(name, f"np.array({list(steps)})")
    return lines


def mask_lines(mask: Mask, batch: int, time: int) -> list[str]:
    """Return the assignment of the mask, of so many rows and timesteps."""
    spec = parse_mask(mask.given)
    if spec.kind is MaskKind.LENGTHS:
        lengths = assigned("lengths", f"np.array({list(spec.numbers)})")
        return [*lengths, f"mask = np.arange({time}) < lengths[:, None]"]
    steps = {
        MaskKind.RIGHT: f"np.arange({time}) < {time - spec.numbers[0]}",
        MaskKind.LEFT: f"np.arange({time}) >= {spec.numbers[0]}",
        MaskKind.STEPS: f"np.array({list(spec.numbers)}, dtype=bool)",
    }[spec.kind]
    return assigned("mask", f"np.broadcast_to({steps}, ({batch}, {time}))")


def padding(mask: Mask, shape: Sequence[int], dtype: str) -> list[str]:
    """Return the line that pads the inputs, which the first layer of the model makes its mask from."""
    if mask.padding is None:
        return []
    value = repr(int(mask.padding) if dtype == "int32" else mask.padding)
    rows = f"mask[{', '.join([':', ':', *['None'] * (len(shape) - 2)])}]" if len(shape) > 2 else "mask"
    return assigned("inputs", f"keras.ops.where({rows}, inputs, {value})")
