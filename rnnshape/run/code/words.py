"""What each tensor is: its axes, whether it has a time axis, and what it is in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rnnshape.names import Kind, Leaf, name_tensors
from rnnshape.run import engine
from rnnshape.run.code.world import Called, Made, World
from rnnshape.run.layer.anatomy import anatomy_of, last_of
from rnnshape.trace import StepKind


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of one tensor. `ending` is our own name for it among several that a layer returns."""

    axes: tuple[str, ...]
    meaning: str
    has_time: bool = False
    half: int | None = None
    ending: str = ""


_PLAIN = {
    0: (),
    1: ("batch",),
    2: ("batch", "features"),
    3: ("batch", "timesteps", "features"),
    4: ("batch", "rows", "cols", "channels"),
    5: ("batch", "timesteps", "rows", "cols", "channels"),
}
BATCH = "batch"
"""The label of a tensor that Keras's own training, or prediction, calls a model with."""
DATA = "data"
"""The root, and the meaning, of an array that the code makes."""
_WITH_TIME = {"Conv1D", "RepeatVector", "Embedding", "TimeDistributed", "Masking"}


def described_tensors(world: World) -> dict[Made, Described]:
    """Return what each tensor of a program is."""
    found: dict[Made, Described] = {}
    for made in world.tensors:
        if made.call is None or made.root is not None or made not in made.call.outputs:
            known = None if made.alias is None else found.get(made.alias)
            found[made] = known or _of_input(made, world)
    for call in world.calls:
        found.update(zip(call.outputs, _of_call(call, found), strict=True))
    for made in world.tensors:
        if made.alias is not None and made.call is None:
            found[made] = found[made.alias]
    return found


def _of_input(made: Made, world: World) -> Described:
    axes = _plain_axes(len(made.shape))
    if len(made.shape) == 2 and _is_of_tokens(made, world):
        axes = ("batch", "timesteps")
    meaning = made.root or ("batch of data" if made.label == BATCH else "computed by the code")
    return Described(axes, f"{meaning}, assumed" if made.assumed else meaning, has_time="timesteps" in axes)


def _is_of_tokens(made: Made, world: World) -> bool:
    embedding = engine.load().layers.Embedding
    return any(made in call.inputs and isinstance(_first_of(call.owner), embedding) for call in world.calls)


def _first_of(layer: Any) -> Any:
    keras = engine.load()
    while isinstance(layer, keras.Sequential) and layer.layers:
        layer = layer.layers[0]
    return layer


def _plain_axes(rank: int) -> tuple[str, ...]:
    return _PLAIN.get(rank, ("batch", *(f"axis_{at}" for at in range(1, rank - 1)), "features"))


def _of_call(call: Called, found: dict[Made, Described]) -> list[Described]:
    if call.kind is StepKind.FUNCTION or call.owner is None:
        return [_of_function(call, made, found) for made in call.outputs]
    layer = last_of(call.owner)
    try:
        anatomy = anatomy_of(layer)
        if anatomy.kind is Kind.OTHER:
            return [_of_other(call, layer, made, found) for made in call.outputs]
        leaves = tuple(
            Leaf(made.path, len(made.shape), has_batch=True, has_time=len(made.shape) > 2) for made in call.outputs
        )
        named = name_tensors(anatomy, leaves)
    except Exception:  # noqa: BLE001 - words are no reason to fail
        return [_of_other(call, layer, made, found) for made in call.outputs]
    merged = anatomy.kind is Kind.BIDIRECTIONAL and anatomy.merge_mode == "concat"
    return [
        Described(
            one.axes,
            one.meaning,
            has_time="timesteps" in one.axes,
            half=_half(layer, made) if merged and made.path in {(), (0,)} else None,
            ending=one.name,
        )
        for one, made in zip(named, call.outputs, strict=True)
    ]


def _half(layer: Any, made: Made) -> int | None:
    size = made.shape[-1] if made.shape else None
    units = getattr(layer.forward_layer, "units", None) or getattr(layer.forward_layer, "filters", None)
    return units if isinstance(units, int) and isinstance(size, int) and size > units else None


def _of_other(call: Called, layer: Any, made: Made, found: dict[Made, Described]) -> Described:
    name = type(layer).__name__
    before = next((found[one] for one in call.inputs if one in found), None)
    rank = len(made.shape)
    has_time = rank >= 2 and (name in _WITH_TIME or _keeps_time(call, made, before))
    axes = _axes_after(name, before, rank, has_time=has_time, dims=tuple(getattr(layer, "dims", ())))
    has_time = axes[1:2] == ("timesteps",)
    ending = f"output_{made.path[0]}" if made.path else ""
    return Described(axes, _meaning(name, layer, has_time=has_time), has_time=has_time, ending=ending)


def _keeps_time(call: Called, made: Made, before: Described | None) -> bool:
    source = call.inputs[0] if call.inputs else None
    if source is None or before is None or not before.has_time or len(made.shape) < 2 or len(source.shape) < 2:
        return False
    same = made.shape[1] == source.shape[1]
    return same and (len(made.shape) == len(source.shape) or len(made.shape) >= 3)


def _axes_after(
    name: str, before: Described | None, rank: int, *, has_time: bool, dims: tuple[int, ...] = ()
) -> tuple[str, ...]:
    if name == "Permute" and before is not None and len(before.axes) == rank:
        return (before.axes[0], *(before.axes[at] for at in dims))
    if before is not None and len(before.axes) == rank and has_time == before.has_time:
        front = before.axes[:-1]
        last = ("features" if "units" in front else "units") if name == "Dense" else before.axes[-1] if rank else ""
        return (*front, last) if rank else ()
    plain = _plain_axes(rank)
    if before is not None and len(before.axes) == rank and not has_time:
        # What was the time axis is another one now.
        plain = tuple("axis_1" if axis == "timesteps" else axis for axis in plain)
    return (*plain[:-1], "units") if name == "Dense" and rank else plain


def _meaning(name: str, layer: Any, *, has_time: bool) -> str:
    if name == "TimeDistributed":
        return f"{type(layer.layer).__name__} at every timestep"
    if isinstance(layer, engine.load().Model):
        return f"output of {layer.name}"
    article = f"output of {name}"
    return f"{article} at every timestep" if has_time and name in {"Dense", "Activation"} else article


def _of_function(call: Called, made: Made, found: dict[Made, Described]) -> Described:
    before = next((found[one] for one in call.inputs if one in found), None)
    has_time = _keeps_time(call, made, before)
    axes = _axes_after("", before, len(made.shape), has_time=has_time)
    has_time = axes[1:2] == ("timesteps",)
    what = call.layer.split("(")[0] if call.kind is not StepKind.FUNCTION else call.layer
    text = " ".join(what.split())
    sources = [found.get(one) for one in call.inputs]
    if call.kind is StepKind.FUNCTION and sources and all(one and one.meaning == DATA for one in sources):
        # What is done to data before a layer sees it leaves it data.
        text = DATA
    return Described(axes, text if len(text) <= 40 else f"{text[:39]}…", has_time=has_time, ending=_ending(made))


def _ending(made: Made) -> str:
    return "_".join(map(str, made.path))
