"""Constructor calls and the values in them, as data that prints as code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rnnshape.catalogue import MODULES

KERAS_MODULES = tuple(f"{module}." for module in MODULES)
"""The modules of Keras that hold what a layer is built with; all other dotted names are the user's own."""
PLAIN_FILE = r"[^\s'\"()\[\]{},=:]+\.py"
"""A file that is written without quotes."""


def as_code(value: object) -> str:
    """Return the value as Python code."""
    return str(value) if isinstance(value, Call | Items | Pairs) else repr(value)


@dataclass(frozen=True, slots=True)
class Items:
    """A list (`[…]`) or a tuple (`(…)`) of values."""

    values: tuple[object, ...]
    is_list: bool

    def __str__(self) -> str:
        """Return the display as code."""
        return self.written()

    def written(self, spelled: Callable[[object], str] = as_code) -> str:
        """Return the display as code, each value in it as `spelled` writes it."""
        inside = ", ".join(map(spelled, self.values))
        if self.is_list:
            return f"[{inside}]"
        return f"({inside},)" if len(self.values) == 1 else f"({inside})"


@dataclass(frozen=True, slots=True)
class Pairs:
    """A dict of values."""

    pairs: tuple[tuple[object, object], ...]

    def __str__(self) -> str:
        """Return the display as code."""
        return self.written()

    def written(self, spelled: Callable[[object], str] = as_code) -> str:
        """Return the display as code, each key and value in it as `spelled` writes it."""
        return "{" + ", ".join(f"{spelled(key)}: {spelled(value)}" for key, value in self.pairs) + "}"


@dataclass(frozen=True, slots=True)
class Call:
    """A constructor call. `file` is the user's file that defines the class, where one was named."""

    name: str
    args: tuple[object, ...] = ()
    kwargs: tuple[tuple[str, object], ...] = ()
    file: str | None = None

    def __str__(self) -> str:
        """Return the call as code, in one line, as it could be pasted into the command again."""
        file = self.file or ""
        if file and not re.fullmatch(PLAIN_FILE, file):
            file = f'"{file}"' if "'" in file else f"'{file}'"
        prefix = f"{file}:" if file else ""
        return self.written(f"{prefix}{self.name}")

    def written(self, name: str, spelled: Callable[[object], str] = as_code) -> str:
        """Return the call as code, under this name, each argument as `spelled` writes it."""
        inside = [*map(spelled, self.args), *(f"{keyword}={spelled(value)}" for keyword, value in self.kwargs)]
        return f"{name}({', '.join(inside)})"

    @property
    def is_users(self) -> bool:
        """Whether the class is the user's own: it comes from a file or from a module that is not Keras."""
        return self.file is not None or ("." in self.name and not self.name.startswith(KERAS_MODULES))

    def argument(self, name: str, default: object = None) -> object:
        """Return a keyword argument's value."""
        return next((value for key, value in self.kwargs if key == name), default)

    def with_arguments(self, **arguments: object) -> Call:
        """Return the call with these keyword arguments set, the ones that it has in their places."""
        kwargs = [(key, arguments.pop(key, value)) for key, value in self.kwargs]
        return replace(self, kwargs=(*kwargs, *arguments.items()))

    def calls(self) -> Iterator[Call]:
        """Yield this call and all calls inside it, outermost first."""
        yield self
        for value in (*self.args, *(value for _, value in self.kwargs)):
            yield from _calls_in(value)


def _calls_in(value: object) -> Iterator[Call]:
    match value:
        case Call():
            yield from value.calls()
        case Items():
            for item in value.values:
                yield from _calls_in(item)
        case Pairs():
            for _, item in value.pairs:
                yield from _calls_in(item)
