"""The mask that a layer is called with, and what becomes of masks inside: made, handed on, used, lost.

A Sequential hands a mask from layer to layer on the tensors (`_keras_mask`). Nothing is known beforehand of which layer
does what with it: every call of a layer is watched for the mask that it received and the one that it handed on, and
the layer is called without any mask, too, to see whether that makes a difference.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnshape import tree
from rnnshape.catalogue import INPUTS
from rnnshape.equality import values as of
from rnnshape.expression import Call, Items
from rnnshape.mask import MaskKind, MaskSpec
from rnnshape.run import engine
from rnnshape.run.layer.anatomy import Layout, entrance, in_turn, is_cell, is_recurrent
from rnnshape.run.layer.states import reset_states
from rnnshape.run.tensors import MASK

NO_STEP = -1


@dataclass(frozen=True, slots=True)
class Given:
    """The mask of one draw.

    `rows` has the shape (batch, timesteps), True where a step counts; `first` and `last` are the first and the last
    unmasked step of each row, of shape (batch,), `NO_STEP` in a row without any. `padding` is what the inputs hold at
    the masked steps, None where they hold whatever was drawn.
    """

    rows: NDArray[np.bool_]
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    padding: float | None


@dataclass(frozen=True, slots=True)
class Passed:
    """One call of a layer: whether it received a mask, whether its outputs carry one, and whether it made that."""

    layer: Any
    received: bool
    handed_on: bool
    made: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """What is known of the masks of one draw.

    `passed` are the calls of layers in the order in which they ended. `bare` is what the layer returns without any
    mask, with the same weights, inputs and noise; None where it was not called so, or cannot be. `makers` are the
    layers that made a mask all the same, which no other layer then received.
    """

    given: Given | None = None
    passed: tuple[Passed, ...] = ()
    bare: tuple[NDArray[Any], ...] | None = None
    makers: tuple[Any, ...] = ()

    def of_the_first(self, count: int) -> Trial:
        """Return the same with so many of the tensors that came back without a mask."""
        return self if self.bare is None else replace(self, bare=self.bare[:count])


def takes_mask(layer: Any) -> bool:
    """Tell whether the layer can be called with a mask."""
    parameters = inspect.signature(layer.call).parameters.values()
    return any(item.name == "mask" or item.kind is item.VAR_KEYWORD for item in parameters) and not is_cell(layer)


def given(spec: MaskSpec, layer: Any, layout: Layout, asked: Layout) -> Given:
    """Return the mask of the asked layout, each step repeated where this layout is longer."""
    time = asked.size("timesteps") or 1
    batch = layout.shape[0] or 1
    if spec.kind is MaskKind.LENGTHS:
        rows = np.arange(time) < np.array(spec.numbers)[:, None]
    else:
        # All rows are alike: there may be a million of them.
        rows = np.array([spec.row(0, time)])
    rows = rows.repeat((layout.size("timesteps") or 1) // time, axis=1)
    first, last = first_and_last(rows)
    return Given(
        rows=np.broadcast_to(rows, (batch, rows.shape[1])).copy(),
        first=np.broadcast_to(first, batch),
        last=np.broadcast_to(last, batch),
        padding=_padding(layer),
    )


def first_and_last(rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the first and the last unmasked step of each row of a mask, `NO_STEP` in a row without any."""
    counts = rows.any(axis=1)
    first = np.where(counts, rows.argmax(axis=1), NO_STEP)
    last = np.where(counts, rows.shape[1] - 1 - rows[:, ::-1].argmax(axis=1), NO_STEP)
    return first, last


def _padding(layer: Any) -> float | None:
    """Return what the inputs hold at a step that the first layer masks by itself; None where it masks none."""
    layers = engine.load().layers
    first = entrance(layer)
    if isinstance(first, layers.Embedding) and first.mask_zero:
        return 0.0
    return float(first.mask_value) if isinstance(first, layers.Masking) else None


def padded(inputs: NDArray[Any], mask: Given | None) -> NDArray[Any]:
    """Return the inputs with the padding at the masked steps, and nowhere else."""
    if mask is None or mask.padding is None:
        return inputs
    rows = mask.rows.reshape(*mask.rows.shape, *[1] * (inputs.ndim - 2))
    if inputs.dtype.kind == "i":
        inputs = np.maximum(inputs, min(1, inputs.max()))
    return np.where(rows, inputs, np.array(mask.padding, inputs.dtype))


def tried(
    layer: Any, call: Callable[[Any], Any], mask: Given | None, noise: Callable[[], AbstractContextManager[None]]
) -> tuple[Any, Trial]:
    """Return what the layer returns when it is called with the mask, and what became of masks meanwhile.

    `call` takes the rows of a mask, or None. In `noise`, what is random in the layer is the same each time.
    """
    if mask is None and is_recurrent(layer):
        # Nothing in it makes a mask.
        return call(None), Trial()
    if mask is None:
        with _watched() as passed:
            return call(None), Trial(passed=tuple(passed))
    with noise(), _watched() as passed:
        value = call(mask.rows)
    reset_states(layer)
    bare = None
    # A layer that cannot be called without a mask certainly uses it.
    with contextlib.suppress(Exception, SystemExit), noise(), _watched(unmasked=True) as made:
        bare = tuple(np.asarray(leaf) for _, leaf in tree.leaves(call(None)))
    return value, Trial(mask, tuple(passed), bare, tuple(one.layer for one in made if one.made))


@contextlib.contextmanager
def _watched(*, unmasked: bool = False) -> Iterator[list[Passed]]:
    """Note every call of a layer. With `unmasked`, none receives a mask, whichever way it comes.

    It comes on the inputs, and as an argument too: a Sequential that was built keeps what makes a mask as a part of its
    graph.
    """
    base = engine.load().layers.Layer
    original = base.__call__
    seen: list[Passed] = []

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        before = len(seen)
        inputs = args or tuple(kwargs.values())[:1]
        if unmasked:
            kwargs |= {"mask": None} if "mask" in kwargs else {}
            _unmask(inputs)
        received = _is_masked(inputs) or _is_any(kwargs.get("mask"))
        outputs = original(layer, *args, **kwargs)
        handed_on = _is_masked(outputs)
        made = handed_on and not received and not any(inner.made for inner in seen[before:])
        seen.append(Passed(layer, received, handed_on, made))
        return outputs

    base.__call__ = call
    try:
        yield seen
    finally:
        base.__call__ = original


def _is_masked(value: Any) -> bool:
    return any(getattr(tensor, MASK, None) is not None for _, tensor in tree.leaves(value))


def _unmask(value: Any) -> None:
    for _, tensor in tree.leaves(value):
        if getattr(tensor, MASK, None) is not None:
            setattr(tensor, MASK, None)


def _is_any(mask: Any) -> bool:
    return any(item is not None for _, item in tree.leaves(mask))


def is_applied(draws: Sequence[tuple[Sequence[NDArray[Any]], Trial]]) -> bool:
    """Tell whether the mask changes any returned tensor in any draw by more than rounding.

    The draws have the values with the mask, and the trial, which has those without.
    """
    for arrays, trial in draws:
        if trial.bare is None:
            return True
        for masked, bare in zip(arrays, trial.bare, strict=True):
            if masked.shape != bare.shape:
                return True
            numbers = of.are_numbers((masked,))
            if not (of.are_close((bare,), (masked,), of.tolerances((bare,))) if numbers else (masked == bare).all()):
                return True
    return False


def lost_at(layer: Any, trial: Trial, *, applied: bool) -> Any:
    """Return the layer at which the mask that was given ends unused, or before a layer that could use it; else None.

    A layer that makes a mask of its own passes over the one that it received, but for padded inputs: there the two
    are the same. Where the mask changes something, a layer that takes it and hands none on has used it up, as a
    recurrent layer does that returns no sequence.
    """
    chain = in_turn(layer)
    is_padded = trial.given is not None and trial.given.padding is not None
    makers = {id(maker) for maker in trial.makers}
    passed_over = [at for at, part in enumerate(chain) if id(part) in makers and not (at == 0 and is_padded)]
    end = _end(chain, trial, 0)
    if passed_over and (end is None or passed_over[0] <= end):
        return chain[passed_over[0]]
    if end is None:
        return None
    if any(map(takes_mask, chain[end + 1 :])):
        return None if applied and takes_mask(chain[end]) else chain[end]
    return None if applied or takes_mask(chain[end]) else chain[end]


def made_and_lost(layer: Any, trial: Trial) -> list[Any]:
    """Return the layers at which a mask that another one made ends, although one behind them takes a mask."""
    chain = in_turn(layer)
    makers = set(map(id, made_in([trial])))
    ends = [_end(chain, trial, at) for at, part in enumerate(chain) if id(part) in makers]
    lost = [at for at in ends if at is not None and not takes_mask(chain[at]) and any(map(takes_mask, chain[at + 1 :]))]
    return [chain[at] for at in dict.fromkeys(lost)]


def _end(chain: Sequence[Any], trial: Trial, start: int) -> int | None:
    """Return which of the layers, from this one on, is the first after which there is no mask any more."""
    calls = {id(one.layer): one for one in reversed(trial.passed)}
    for at in range(start, len(chain)):
        one, following = (calls.get(id(part)) for part in (chain[at], chain[min(at + 1, len(chain) - 1)]))
        if one is None or following is None:
            return None
        if not one.handed_on or (following is not one and not following.received):
            return at
    return None


def made_in(trials: Sequence[Trial]) -> list[Any]:
    """Return the layers that make a mask of their own, in the order in which they are called."""
    makers = [maker for trial in trials for maker in (*(one.layer for one in trial.passed if one.made), *trial.makers)]
    return list({id(maker): maker for maker in makers}.values())


def as_written(layer: Any, whole: Any, call: Call) -> str:
    """Return a layer inside of another as it stands in the other's expression; its class where it does not."""
    found = _calls(whole, call).get(id(layer))
    return type(layer).__name__ if found is None else str(found)


def as_call(layer: Any, whole: Any, call: Call) -> Call:
    """Return the call in the other's expression that makes a layer inside of it; one without arguments if none does."""
    return _calls(whole, call).get(id(layer), Call(type(layer).__name__))


def _calls(layer: Any, call: Call) -> dict[int, Call]:
    found = {id(layer): call}
    arguments = [*call.args, *(value for _, value in call.kwargs)]
    if isinstance(layer, engine.load().Sequential):
        listed = [item for value in arguments if isinstance(value, Items) for item in value.values]
        inner = [item for item in listed if isinstance(item, Call) and item.name not in INPUTS]
        pairs = list(zip(layer.layers, inner, strict=False))
    else:
        pairs = [(getattr(layer, "layer", None), item) for item in arguments[:1] if isinstance(item, Call)]
    for part, item in pairs:
        found |= _calls(part, item)
    return found
