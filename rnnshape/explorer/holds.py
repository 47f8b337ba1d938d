"""Whether a statement holds for given values: its expressions, evaluated as NumPy evaluates them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnshape.equality import values as of


def holds(statement: Sequence[str], names: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether all expressions of a statement are equal, but for rounding, with the names of each draw.

    Unlike the comparison this asks for no evidence: where everything is zero, everything is equal.
    """
    known = {"__builtins__": {}, "concatenate": np.concatenate}
    # The expressions are the comparison's own, over names that are identifiers.
    first, *others = (tuple(np.asarray(eval(code, known, dict(draw))) for draw in names) for code in statement)  # noqa: S307
    within = of.tolerance(first)
    return all(of.are_close(first, other, within) for other in others)
