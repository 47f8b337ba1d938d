"""Everything that can be asked, read and checked: `Options` is the one list of it.

The command line and `rnnshape.explore` both fill it, the one with strings, the other with Python's values.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rnnshape.errors import InvalidQuery, nearest
from rnnshape.expression import Call, parse, parse_value
from rnnshape.mask import MaskSpec, parse_mask
from rnnshape.query import DEFAULT_SEED, InitialState, MergeMode, check_size

Size = int | None

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,20}")


def typed(name: str) -> str:
    """Return an option as it is typed: `return_state` -> `--return-state`."""
    return f"--{name.replace('_', '-')}"


def _listed(value: object) -> list[object]:
    """Return the values of an option: comma-separated in a string, or the items of a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return list(value) if isinstance(value, list) else [value]


def _size(name: str, value: object, *, unknown: bool) -> Size:
    if unknown and (value is None or (isinstance(value, str) and value.lower() == "none")):
        return None
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        value = int(value)
    check_size(name, value, unknown=False)
    assert isinstance(value, int)
    return value


def _sizes(name: str, value: object) -> tuple[int, ...]:
    return tuple(_size(name, item, unknown=False) or 0 for item in _listed(value))


def _sizes_or_unknown(name: str, value: object) -> tuple[Size, ...]:
    return tuple(_size(name, item, unknown=True) for item in _listed(value))


def _tuples(value: object) -> list[object]:
    """Return the tuples of a repeatable option; each is a string with commas or a Python tuple."""
    return list(value) if isinstance(value, list) else [value]


def _spaces(name: str, value: object) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(_size(name, item, unknown=False) or 0 for item in _items(one)) for one in _tuples(value))


def _shapes(name: str, value: object) -> tuple[tuple[Size, ...], ...]:
    found = []
    for one in _tuples(value):
        shape = tuple(_size(name, item, unknown=at < 2) for at, item in enumerate(_items(one)))
        if len(shape) < 2:
            raise InvalidQuery(f"input must be a whole shape such as 32,10,8. Received: input={one}")
        found.append(shape)
    return tuple(found)


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, tuple) else _listed(value)


def _flag(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise InvalidQuery(f"{name} must be True or False. Received: {name}={value!r}")


def _number(name: str, value: object) -> int:
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


def _merge_modes(name: str, value: object) -> tuple[MergeMode, ...]:
    choices = [mode.value for mode in MergeMode]
    return tuple(MergeMode(_choice(name, "none" if item is None else item, choices)) for item in _listed(value))


def _paddings(name: str, value: object) -> tuple[str, ...]:
    return tuple(_choice(name, item, ["valid", "same"]) for item in _listed(value))


def _initial_state(name: str, value: object) -> InitialState:
    return InitialState(_choice(name, value, [state.value for state in InitialState]))


def _mask(_: str, value: object) -> MaskSpec:
    return parse_mask(",".join(map(str, value)) if isinstance(value, list | tuple) else str(value))


def _into(_: str, value: object) -> Call:
    return parse(str(value))


def _arguments(name: str, value: object) -> tuple[tuple[str, object], ...]:
    """Return constructor arguments: from a dict, or from strings `NAME=VALUE` with a literal or a bare word."""
    if isinstance(value, Mapping):
        return tuple((str(key), parse_value(repr(item))) for key, item in value.items())
    found = []
    for item in value if isinstance(value, list | tuple) else [value]:
        key, equals, text = str(item).partition("=")
        key = key.strip().replace("-", "_")
        if not equals or not key.isidentifier() or not text.strip():
            message = f"{name} must be NAME=VALUE, such as use_bias=False. Received: {typed(name)} {item}"
            raise InvalidQuery(message)
        # A shell has eaten the quotes of activation='relu'.
        bare = text.strip().isidentifier() and text.strip() not in ("None", "True", "False")
        found.append((key, text.strip() if bare else parse_value(text)))
    return tuple(found)


def _option(read: Callable[[str, Any], Any], *, of: str, default: object = None) -> Any:
    return dataclasses.field(default=default, metadata={"read": read, "of": of})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything that can be asked besides the layers, read and checked; several values make several queries.

    An option of the constructor belongs to a named layer only, an expression carries its own arguments; `conv` ones
    belong to the ConvLSTM layers. None: nothing was said.
    """

    units: tuple[int, ...] | None = _option(_sizes, of="constructor")
    kernel_size: tuple[int, ...] | None = _option(_sizes, of="conv")
    strides: tuple[int, ...] | None = _option(_sizes, of="conv")
    padding: tuple[str, ...] | None = _option(_paddings, of="conv")
    dilation_rate: tuple[int, ...] | None = _option(_sizes, of="conv")
    return_sequences: bool = _option(_flag, of="constructor", default=False)
    return_state: bool = _option(_flag, of="constructor", default=False)
    go_backwards: bool = _option(_flag, of="constructor", default=False)
    stateful: bool = _option(_flag, of="constructor", default=False)
    unroll: bool = _option(_flag, of="constructor", default=False)
    zero_output_for_mask: bool = _option(_flag, of="constructor", default=False)
    set: tuple[tuple[str, object], ...] | None = _option(_arguments, of="constructor")
    bidirectional: bool = _option(_flag, of="constructor", default=False)
    merge_mode: tuple[MergeMode, ...] | None = _option(_merge_modes, of="constructor")
    all_flags: bool = _option(_flag, of="constructor", default=False)
    batch: tuple[Size, ...] | None = _option(_sizes_or_unknown, of="input")
    time: tuple[Size, ...] | None = _option(_sizes_or_unknown, of="input")
    features: tuple[int, ...] | None = _option(_sizes, of="input")
    space: tuple[tuple[int, ...], ...] | None = _option(_spaces, of="input")
    input: tuple[tuple[Size, ...], ...] | None = _option(_shapes, of="input")
    mask: MaskSpec | None = _option(_mask, of="call")
    initial_state: InitialState | None = _option(_initial_state, of="call")
    training: bool = _option(_flag, of="call", default=False)
    into: Call | None = _option(_into, of="call")
    every_state: bool = _option(_flag, of="shown", default=False)
    weights: bool = _option(_flag, of="shown", default=False)
    seed: int = _option(_number, of="call", default=DEFAULT_SEED)

    def given(self, *kinds: str) -> list[str]:
        """Return the names of the options of these kinds that something was said of."""
        fields = [field for field in dataclasses.fields(self) if field.metadata["of"] in kinds]
        return [field.name for field in fields if getattr(self, field.name) not in (None, False)]


NAMES = tuple(field.name for field in dataclasses.fields(Options))
FLAGS = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")


def read_options(raw: Mapping[str, object]) -> Options:
    """Return the options that were given by name, as strings or as Python's values.

    Raises:
        InvalidQuery: no such option, or a value that is none of its values.

    """
    readers = {field.name: field.metadata["read"] for field in dataclasses.fields(Options)}
    for name in raw:
        if name not in readers:
            near = nearest(name, readers)
            hint = f"Did you mean {near}?" if near else f"There are {', '.join(readers)}."
            raise InvalidQuery(f"There is no option {name}. Received: {name}={raw[name]!r}", hint=hint)
    options = Options(**{name: readers[name](name, value) for name, value in raw.items()})
    sizes = [name for name in options.given("input") if name != "input"]
    if options.input is not None and sizes:
        message = f"--input gives the whole shape, so {typed(sizes[0])} does not go with it."
        raise InvalidQuery(message, hint=f"Leave out --input or {typed(sizes[0])}.")
    if options.merge_mode is not None and not options.bidirectional:
        raise InvalidQuery("--merge-mode belongs to a Bidirectional layer.", hint="Add --bidirectional.")
    for name in ("return_sequences", "return_state"):
        if options.all_flags and getattr(options, name):
            raise InvalidQuery(f"--all-flags runs every combination, so {typed(name)} does not go with it.")
    return options
