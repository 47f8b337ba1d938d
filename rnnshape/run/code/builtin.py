"""Python's own functions that are read. They take the interpreter where they need it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnshape.run import engine
from rnnshape.run.code import texts, unknowns
from rnnshape.run.code.budget import MAX_ROUNDS, check_bits, check_items
from rnnshape.run.code.halt import TooMuch, Unreadable
from rnnshape.run.code.iteration import items_of
from rnnshape.run.code.truth import is_true
from rnnshape.run.code.values import Closure, Constructor, Function, Unknown
from rnnshape.run.tensors import is_symbolic, is_tensor, shape_of

if TYPE_CHECKING:
    from rnnshape.run.code.machine import Machine


class Builtin:
    """One of Python's functions; `call` takes the interpreter first."""

    __slots__ = ("call", "name", "takes_unknown")

    def __init__(self, name: str, call: Callable[..., Any], *, takes_unknown: bool = False) -> None:
        """Keep the function; `takes_unknown` says that it deals with unknown values itself."""
        self.name = name
        self.call = call
        self.takes_unknown = takes_unknown


def _len(machine: Machine, value: Any) -> int:
    if isinstance(value, Unknown):
        return unknowns.length(machine, value)
    if is_tensor(value):
        shape = shape_of(value)
        if not shape or shape[0] is None:
            raise TypeError("len() of a tensor whose first size is not known")
        return shape[0]
    if isinstance(value, str | list | tuple | dict | set | range | bytes):
        return len(value)
    if isinstance(value, engine.load().Sequential):
        return len(value.layers)
    raise TypeError(f"object of type '{type(value).__name__}' has no len()")


def _range(machine: Machine, *bounds: Any) -> range:
    bounds = tuple(unknowns.sized(machine, bound, "a range") for bound in bounds)
    found = range(*(operator.index(bound) for bound in bounds))
    if range(0) or _length(found) > MAX_ROUNDS:
        raise TooMuch(f"A range has at most {MAX_ROUNDS:,} numbers.", "Give fewer rounds of the loop.")
    return found


def _length(found: range) -> int:
    try:
        return len(found)
    except OverflowError:
        return MAX_ROUNDS + 1


def _int(machine: Machine, value: Any = 0, base: Any = None) -> Any:
    if isinstance(value, Unknown):
        return value
    if isinstance(value, str):
        check_items(len(value) * 40, "digits")
        return int(value) if base is None else int(value, base)
    if is_tensor(value):
        value = _item(value)
    return int(value)


def _float(machine: Machine, value: Any = 0.0) -> Any:
    if isinstance(value, Unknown):
        return value
    return float(_item(value) if is_tensor(value) else value)


def _item(value: Any) -> Any:
    if is_symbolic(value):
        return float(value)  # Keras says why it has none.
    if shape_of(value) not in {(), (1,)}:
        raise TypeError("only length-1 arrays can be converted to Python scalars")
    return np.asarray(value).reshape(()).item()


def _extreme(choose: Callable[..., Any]) -> Callable[..., Any]:
    def call(machine: Machine, *values: Any, key: Any = None, default: Any = None) -> Any:
        found = items_of(machine, values[0]) if len(values) == 1 else list(values)
        if any(isinstance(value, Unknown) for value in found):
            found = [unknowns.sized(machine, value, "a number") for value in found]
        if not found and default is not None:
            return default
        if key is None:
            return choose(found)
        return choose(found, key=lambda item: machine.call(key, [item], {}))

    return call


def _sum(machine: Machine, values: Any, start: Any = 0) -> Any:
    total = start
    for value in items_of(machine, values):
        machine.budget.step()
        total = machine.add(total, value)
    return total


def _zip(machine: Machine, *values: Any, strict: bool = False) -> list[Any]:
    return list(zip(*(items_of(machine, value) for value in values), strict=strict))


def _enumerate(machine: Machine, values: Any, start: int = 0) -> list[Any]:
    return list(enumerate(items_of(machine, values), start))


def _as(kind: Callable[..., Any]) -> Callable[..., Any]:
    def call(machine: Machine, *values: Any) -> Any:
        if values and isinstance(values[0], Unknown):
            return values[0]
        return kind(items_of(machine, values[0])) if values else kind()

    return call


def _dict(machine: Machine, *values: Any, **kwargs: Any) -> dict[Any, Any]:
    first = values[0] if values else {}
    pairs = dict(first) if isinstance(first, dict) else dict(map(tuple, items_of(machine, first)))
    return {**pairs, **kwargs}


def _sorted(machine: Machine, values: Any, *, key: Any = None, reverse: bool = False) -> list[Any]:
    found = items_of(machine, values)
    if key is None:
        return sorted(found, reverse=is_true(reverse))
    return sorted(found, key=lambda item: machine.call(key, [item], {}), reverse=is_true(reverse))


def _reversed(machine: Machine, values: Any) -> list[Any]:
    return items_of(machine, values)[::-1]


def _map(machine: Machine, function: Any, *values: Any) -> list[Any]:
    rows = zip(*(items_of(machine, value) for value in values), strict=False)
    return [machine.call(function, list(row), {}) for row in rows]


def _filter(machine: Machine, function: Any, values: Any) -> list[Any]:
    return [item for item in items_of(machine, values) if is_true(machine.call(function, [item], {}))]


def _str(machine: Machine, value: Any = "") -> str:
    return texts.shown(value)


def _round(machine: Machine, value: Any, digits: Any = None) -> Any:
    return round(value) if digits is None else round(value, digits)


def _power(machine: Machine, base: Any, exponent: Any, modulus: Any = None) -> Any:
    if isinstance(base, int) and isinstance(exponent, int):
        check_bits(base.bit_length() * max(exponent, 1))
    return pow(base, exponent, modulus)


def _type(machine: Machine, value: Any) -> Any:
    return value if isinstance(value, Unknown) else type(value).__name__


def _isinstance(machine: Machine, value: Any, kinds: Any) -> Any:
    found = kinds if isinstance(kinds, tuple) else (kinds,)
    for kind in found:
        host = kind.cls if isinstance(kind, Constructor) else _HOST_TYPES.get(getattr(kind, "name", ""))
        if isinstance(value, Unknown) or host is None:
            return Unknown("isinstance(…)")
        if isinstance(value, host):
            return True
    return False


_HOST_TYPES = {"int": int, "float": float, "str": str, "list": list, "tuple": tuple, "dict": dict, "bool": bool}


def _callable(machine: Machine, value: Any) -> bool:
    return isinstance(value, Closure | Function | Constructor | Builtin) or hasattr(value, "call")


def _bool(machine: Machine, value: Any = False) -> Any:  # noqa: FBT002 - as in Python
    return is_true(value)


def _every(machine: Machine, values: Any) -> bool:
    return all(map(is_true, items_of(machine, values)))


def _some(machine: Machine, values: Any) -> bool:
    return any(map(is_true, items_of(machine, values)))


def _divmod(machine: Machine, one: Any, other: Any) -> Any:
    return divmod(one, other)


def _abs(machine: Machine, value: Any) -> Any:
    return abs(value)


def _slice(machine: Machine, *parts: Any) -> slice:
    return slice(*parts)


def _print(machine: Machine, *_: Any, **__: Any) -> None:
    return None


def _unread(name: str) -> Callable[..., Any]:
    def call(machine: Machine, *_: Any, **__: Any) -> Any:
        raise Unreadable(f"{name}() is not read.", "--run executes the code instead of reading it.")

    return call


def _outside(name: str) -> Callable[..., Any]:
    def call(machine: Machine, *_: Any, **__: Any) -> Any:
        return Unknown(f"{name}()")

    return call


_READ: dict[str, Callable[..., Any]] = {
    "range": _range,
    "min": _extreme(min),
    "max": _extreme(max),
    "sum": _sum,
    "zip": _zip,
    "enumerate": _enumerate,
    "dict": _dict,
    "sorted": _sorted,
    "reversed": _reversed,
    "map": _map,
    "filter": _filter,
    "round": _round,
    "pow": _power,
    "bool": _bool,
    "all": _every,
    "any": _some,
    "divmod": _divmod,
    "abs": _abs,
    "slice": _slice,
    "callable": _callable,
}
_WITH_UNKNOWN: dict[str, Callable[..., Any]] = {
    "len": _len,
    "int": _int,
    "float": _float,
    "str": _str,
    "repr": _str,
    "list": _as(list),
    "tuple": _as(tuple),
    "set": _as(set),
    "iter": _as(list),
    "type": _type,
    "isinstance": _isinstance,
    "print": _print,
    "display": _print,
}
_NOT_READ = """
    eval exec compile getattr setattr delattr globals locals vars __import__ super memoryview object property
    """.split()
_OUTSIDE = ["open", "input", "id", "hash", "next", "dir", "format", "chr", "ord", "bytes", "bytearray", "help"]
_EXCEPTIONS = """
    ValueError TypeError ImportError Exception RuntimeError NameError KeyError ModuleNotFoundError AttributeError
    OSError IndexError NotImplementedError AssertionError FileNotFoundError IOError KeyboardInterrupt StopIteration
    ZeroDivisionError
    """.split()
BUILTINS: dict[str, Any] = {
    **{name: Builtin(name, call) for name, call in _READ.items()},
    **{name: Builtin(name, call, takes_unknown=True) for name, call in _WITH_UNKNOWN.items()},
    **{name: Builtin(name, _unread(name), takes_unknown=True) for name in _NOT_READ},
    **{name: Builtin(name, _outside(name), takes_unknown=True) for name in _OUTSIDE},
    **{name: name for name in _EXCEPTIONS},
}
