"""A value of an option as it is given, a string or one of Python's, -> the value that is meant.

Each reader takes the option's name, for what it says where it refuses (`InvalidQuery`), and the value.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from rnnshape.catalogue import by_word
from rnnshape.errors import InvalidQuery, nearest
from rnnshape.expression import Call, parse, parse_value
from rnnshape.mask import MaskSpec, parse_mask
from rnnshape.query import InitialState, MergeMode, check_size

Size = int | None
Kind = TypeVar("Kind", bound=enum.Enum)

PADDINGS = ("valid", "same")
"""What Keras's convolutions take."""

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,20}")
_CROSS = re.compile("[x×*]", re.IGNORECASE)
# Linear in the length of what is given: no space can be taken in two ways.
_BY_OTHER_SIGNS = re.compile(r"[0-9]{1,20}(?:(?:\s*[x×*;]\s*|\s+)[0-9]{1,20})+")


def _listed(value: object) -> list[object]:
    """Return the values of an option: comma-separated in a string, or the items of a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return list(value) if isinstance(value, list) else [value]


def _size(name: str, value: object, *, unknown: bool, least: int = 1) -> Size:
    if unknown and (value is None or (isinstance(value, str) and value.lower() == "none")):
        return None
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        value = int(value)
    check_size(name, value, unknown=False, least=least)
    assert isinstance(value, int)
    return value


def sizes(name: str, value: object) -> tuple[int, ...]:
    """Return sizes: `4`, `4,8`, a number, or a list of numbers."""
    return tuple(_size(name, item, unknown=False) or 0 for item in _listed(value))


def sizes_or_unknown(name: str, value: object) -> tuple[Size, ...]:
    """Return sizes of which some may be unknown: None, or the word none."""
    return tuple(_size(name, item, unknown=True) for item in _listed(value))


def sizes_per_axis(name: str, value: object) -> tuple[int | tuple[int, ...], ...]:
    """Return sizes of which each may be one per axis: `3`, `3,5`, `3x2`, a number, a tuple, or a list of these."""
    return tuple(
        tuple(_number(name, size) for size in one) if isinstance(one, tuple) else _number(name, one)
        for one in map(_per_axis, _listed(value))
    )


def _number(name: str, value: object) -> int:
    return _size(name, value, unknown=False) or 0


def _per_axis(value: object) -> object:
    """Return the sizes that a string has between crosses as a tuple; anything else as it is."""
    parts = [part.strip() for part in _CROSS.split(value)] if isinstance(value, str) else []
    return tuple(parts) if len(parts) > 1 else value


def _tuples(value: object) -> list[object]:
    """Return the tuples of a repeatable option; each is a string with commas or a Python tuple."""
    return list(value) if isinstance(value, list) else [value]


def spaces(name: str, value: object) -> tuple[tuple[int, ...], ...]:
    """Return the sizes of the spatial axes, one tuple for each time that they are given; `9x7` is the same as `9,7`."""
    crossed = [
        part
        for one in _tuples(value)
        for part in (map(_per_axis, _listed(one)) if isinstance(one, str) and _CROSS.search(one) else (one,))
    ]
    return tuple(tuple(_number(name, item) for item in _items(one)) for one in crossed)


def shapes(name: str, value: object) -> tuple[tuple[Size, ...], ...]:
    """Return whole input shapes; their first two axes may be unknown."""
    found = []
    for one in _tuples(value):
        if isinstance(one, str) and _BY_OTHER_SIGNS.fullmatch(one.strip()):
            sizes = ",".join(re.findall("[0-9]+", one))
            raise InvalidQuery(f"{name} is a shape with commas. Received: {name}={one}", hint=f"--{name} {sizes}")
        shape = tuple(_size(name, item, unknown=at < 2) for at, item in enumerate(_items(one)))
        if len(shape) < 2:
            raise InvalidQuery(f"input must be a whole shape such as 32,10,8. Received: input={one}")
        found.append(shape)
    return tuple(found)


def _items(value: object) -> list[object]:
    """Return the sizes of a tuple, which a string may spell as Python does: `(32, 10, 8)`."""
    if isinstance(value, str):
        value = value.strip()
        if value[:1] in ("(", "[") and value[-1:] in (")", "]"):
            value = value[1:-1].rstrip().removesuffix(",")
    return list(value) if isinstance(value, tuple) else _listed(value)


def switch(name: str, value: object) -> bool:
    """Return whether the option is on."""
    if isinstance(value, bool):
        return value
    raise InvalidQuery(f"{name} must be True or False. Received: {name}={value!r}")


def number(name: str, value: object) -> int:
    """Return a number from 0 on."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidQuery(f"{name} must be a whole number from 0 on. Received: {name}={value}")
    return value


def _choice(name: str, value: object, choices: Sequence[str]) -> str:
    word = str(value).strip().lower()
    if word in choices:
        return word
    near = nearest(word, choices)
    hint = f"Did you mean {near}?" if near else None
    raise InvalidQuery(f"{name} must be {', '.join(choices[:-1])} or {choices[-1]}. Received: {value}", hint=hint)


def one_of(kind: type[Kind]) -> Callable[[str, object], Kind]:
    """Return the reader of an option whose values are those of an enum."""
    return lambda name, value: kind(_choice(name, value, [one.value for one in kind]))


def one_word_of(words: Sequence[str]) -> Callable[[str, object], str]:
    """Return the reader of an option whose values are these words."""
    return lambda name, value: _choice(name, value, words)


def at_least(least: int) -> Callable[[str, object], int]:
    """Return the reader of a size that must not be smaller."""
    return lambda name, value: _size(name, value, unknown=False, least=least) or 0


def text(_: str, value: object) -> str:
    """Return a text as it is, such as the name of a file."""
    return str(value)


def count(name: str, value: object) -> int:
    """Return a number from 1 on."""
    return _size(name, value, unknown=False) or 0


def merge_modes(name: str, value: object) -> tuple[MergeMode, ...]:
    """Return Bidirectional's merge modes; None is a merge mode, too."""
    choices = [mode.value for mode in MergeMode]
    return tuple(MergeMode(_choice(name, "none" if item is None else item, choices)) for item in _listed(value))


def paddings(name: str, value: object) -> tuple[str, ...]:
    """Return paddings of a convolution."""
    return tuple(_choice(name, item, PADDINGS) for item in _listed(value))


def initial_state(name: str, value: object) -> InitialState:
    """Return what the initial states are filled with."""
    return InitialState(_choice(name, value, [state.value for state in InitialState]))


def mask(_: str, value: object) -> MaskSpec:
    """Return a mask: one of the forms as a string, or the steps as a list."""
    return parse_mask(",".join(map(str, value)) if isinstance(value, list | tuple) else str(value))


def into(_: str, value: object) -> Call | str:
    """Return the layer that the states are to go into; the bare name of one stands for itself."""
    word = str(value).strip()
    return word if by_word(word) is not None else parse(str(value))


def arguments(name: str, value: object) -> tuple[tuple[str, object], ...]:
    """Return constructor arguments: from a dict, or from strings `NAME=VALUE` with a literal or a bare word."""
    if isinstance(value, Mapping):
        return tuple((str(key), parse_value(repr(item))) for key, item in value.items())
    found = []
    for item in value if isinstance(value, list | tuple) else [value]:
        key, equals, text = str(item).partition("=")
        key = key.strip().replace("-", "_")
        if not equals or not key.isidentifier() or not text.strip():
            message = f"{name} must be NAME=VALUE, such as use_bias=False. Received: --{name} {item}"
            raise InvalidQuery(message)
        # A shell has eaten the quotes of activation='relu'.
        bare = text.strip().isidentifier() and text.strip() not in ("None", "True", "False")
        found.append((key, text.strip() if bare else parse_value(text)))
    return tuple(found)


def lets(name: str, value: object) -> tuple[tuple[str, str], ...]:
    """Return names with the code of their values: from a dict, or from strings `NAME=CODE`."""
    if isinstance(value, Mapping):
        return tuple((str(key), item if isinstance(item, str) else repr(item)) for key, item in value.items())
    found = []
    for item in value if isinstance(value, list | tuple) else [value]:
        key, equals, text = str(item).partition("=")
        if not equals or not key.strip().isidentifier() or not text.strip():
            message = f"{name} must be NAME=CODE, such as latent_dim=256. Received: --{name} {item}"
            raise InvalidQuery(message)
        found.append((key.strip(), text.strip()))
    return tuple(found)
