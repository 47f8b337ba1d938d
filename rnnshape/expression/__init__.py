"""A Keras constructor call as data: parsed from text, checked, printed as code. Never evaluated.

Only what a layer expression needs is understood: calls by (dotted) name, literals, lists, tuples and dicts.
Which names are layers is Keras's to say, at build time; here a name only has to look like a class.
"""

from __future__ import annotations

from rnnshape.expression.data import Call, Items, Pairs, as_code
from rnnshape.expression.parser import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_ITEMS,
    parse,
    parse_value,
)
from rnnshape.expression.prefixes import PREFIXES, without_prefix
from rnnshape.expression.recurrent import flag, flag_layer, like, stacked, takes_flags, with_flags
from rnnshape.expression.torch import instead_of_torch

__all__ = [
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "MAX_ITEMS",
    "PREFIXES",
    "Call",
    "Items",
    "Pairs",
    "as_code",
    "flag",
    "flag_layer",
    "instead_of_torch",
    "like",
    "parse",
    "parse_value",
    "stacked",
    "takes_flags",
    "with_flags",
    "without_prefix",
]
