"""What a tensor is, in fewer words: for a column that has no room for all of them."""

from __future__ import annotations

_FEWER = (
    (
        (" after the last timestep", ", last timestep"),
        (" after the first timestep, run last", ", first timestep"),
        (" after the first timestep", ", first timestep"),
        (" after every timestep, by stepping the cell", ", every timestep"),
        (" after every timestep", ", every timestep"),
        (" of the last timestep", ", last timestep"),
        (" of the first timestep, run last", ", first timestep"),
        ("forward and backward side by side", "forward beside backward"),
    ),
    ((" at every timestep", ", every step"), ("timestep", "step")),
    (("hidden state h", "h"), ("carry state c", "c")),
    (("forward beside backward, ", "side by side, "),),
    (("side by side, ", "both, "), (", first step", ", step 0"), (", every step", ", each step")),
)
"""Phrases and what stands for them: in turn, as ever less room is left."""

_IN_FRONT = "at every timestep, "

LEVELS = len(_FEWER)


def shorter(meaning: str, level: int) -> str:
    """Return a meaning in fewer words: all of them at level 0, the fewest at LEVELS."""
    if level and meaning.startswith(_IN_FRONT):
        what, comma, masked = meaning.removeprefix(_IN_FRONT).partition(", masked")
        meaning = f"{what}, every timestep{comma}{masked}"
    for phrases in _FEWER[:level]:
        for long, short in phrases:
            meaning = meaning.replace(long, short)
    return meaning
