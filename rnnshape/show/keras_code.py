"""Layer expressions as the Keras code of a script: every name from where it is imported, and those imports."""

from __future__ import annotations

import itertools
import keyword
import sys
from dataclasses import dataclass, field
from pathlib import PurePath

from rnnshape.catalogue import INPUTS, MODULES, TOP_LEVEL
from rnnshape.expression import Call, Items, Pairs, as_code
from rnnshape.show.fold import fold

WIDTH = 88
"""The most characters of a line."""

_TAKEN = ("keras", "layers", "np", "runpy", "sys")
"""Names that a script has for itself."""
_NEEDED = {*sys.stdlib_module_names, "keras", "numpy", "tensorflow"}
"""Modules that a script imports, or that those import; a file of such a name is never imported by it."""

_PLAIN = frozenset("_ .,:;/+-")
"""Signs that need no escape between double quotes, besides letters and digits."""
_OF_THE_INPUT = ("input_shape", "batch_input_shape", "input_dim", "input_length")
"""Arguments that are no widths of what comes out."""


@dataclass(slots=True)
class Imports:
    """What a script has to import, filled while its code is written.

    `files` holds for each file and class the name that the class has in the script: two of one name get two.
    """

    numpy: bool = False
    layers: bool = False
    modules: dict[str, None] = field(default_factory=dict)
    files: dict[tuple[str, str], str] = field(default_factory=dict)

    def name_of(self, file: str, name: str) -> str:
        """Return what a file's class is called in the script, and have it imported."""
        if (file, name) not in self.files:
            names = itertools.chain([name], (f"{name}_{number}" for number in itertools.count(2)))
            used = {*self.files.values(), *_TAKEN}
            self.files[file, name] = next(free for free in names if free not in used)
        return self.files[file, name]

    def lines(self) -> list[str]:
        """Return the import statements, in the order in which import sorters put them."""
        found = ["import keras"]
        found += ["import numpy as np"] if self.numpy else []
        found += ["from keras import layers"] if self.layers else []
        folders = dict.fromkeys(str(PurePath(file).parent) for file, _ in self.files)
        elsewhere = [folder for folder in folders if folder != "."]
        hidden = [
            file for file, _ in self.files if str(PurePath(file).parent) == "." and PurePath(file).stem in _NEEDED
        ]
        runs = any(not self._is_module(file) for file, _ in self.files)
        standard = (["import runpy"] if runs else []) + (["import sys"] if elsewhere else [])
        first = [
            "import sys",
            "",
            f"# {''.join(hidden[:1])} lies here, and other modules need the one of that name: this folder comes last.",
            "sys.path.append(sys.path.pop(0))",
            "",
        ]
        own = [f"sys.path.insert(0, {folder!r})" for folder in elsewhere]
        own += [f"import {module}" for module in self.modules]
        own += [self._from_file(file, name, known_as) for (file, name), known_as in self.files.items()]
        return [
            *(first if hidden else []),
            *([line for line in standard if not hidden or line != "import sys"]),
            *([""] if standard else []),
            *found,
            *([""] if own else []),
            *own,
        ]

    def _is_module(self, file: str) -> bool:
        """Tell whether a file can be imported by its name, and no other one is."""
        stem = PurePath(file).stem
        alone = {str(PurePath(other)) for other, _ in self.files if PurePath(other).stem == stem}
        return stem.isidentifier() and not keyword.iskeyword(stem) and stem not in _NEEDED and len(alone) == 1

    def _from_file(self, file: str, name: str, known_as: str) -> str:
        if self._is_module(file):
            return f"from {PurePath(file).stem} import {name}{f' as {known_as}' if known_as != name else ''}"
        return f'{known_as} = runpy.run_path({file!r})["{name}"]'


def smaller(asked: Call, small: Call) -> dict[int, int]:
    """Return which small number stands in the one expression where the other, of the same build, has a large one."""
    return dict(_pairs(asked, small))


def keras_code(value: object, imports: Imports) -> str:
    """Return a layer expression, or a value in one, as code that runs after these imports."""

    def spelled(item: object) -> str:
        return keras_code(item, imports)

    match value:
        case Call():
            inside = value.written("", spelled)
            return f"{_name(value, imports)}{inside}"
        case Items() | Pairs():
            return value.written(spelled)
    return as_code(value).replace("'", '"') if isinstance(value, str) and _is_plain(value) else as_code(value)


def assigned(name: str, value: str) -> list[str]:
    """Return an assignment as lines that fit."""
    return folded(f"{name} = {value}")


def folded(statement: str) -> list[str]:
    """Return a statement as lines that fit, with a comma behind the last of several items that have a line each."""
    return fold(statement, WIDTH, commas=True)


def _name(call: Call, imports: Imports) -> str:
    if call.file is not None:
        first, dot, rest = call.name.partition(".")
        return f"{imports.name_of(call.file, first)}{dot}{rest}"
    if call.is_users:
        # `package.cells.Cell` may be a class in a module, or a class in a class: the capital letter tells.
        parts = call.name.split(".")
        module = [part for part in parts[:-1] if not part[:1].isupper()] or parts[:1]
        imports.modules[".".join(module)] = None
        return call.name
    if call.name in TOP_LEVEL or call.name.partition(".")[0] in MODULES:
        return f"keras.{call.name}"
    imports.layers = True
    return f"layers.{call.name}"


def _is_plain(text: str) -> bool:
    return all(sign.isalnum() or sign in _PLAIN for sign in text)


def _pairs(asked: object, small: object) -> list[tuple[int, int]]:
    match asked, small:
        case Call(), Call() if asked.name not in INPUTS:
            ours = (*asked.args, *(value for name, value in asked.kwargs if name not in _OF_THE_INPUT))
            theirs = (*small.args, *(value for name, value in small.kwargs if name not in _OF_THE_INPUT))
        case Items(), Items():
            ours, theirs = asked.values, small.values
        case Pairs(), Pairs():
            ours, theirs = tuple(value for _, value in asked.pairs), tuple(value for _, value in small.pairs)
        case int(), int():
            return [(asked, small)]
        case _:
            return []
    return [pair for both in zip(ours, theirs, strict=False) for pair in _pairs(*both)]
