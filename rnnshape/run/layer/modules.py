"""Which module a dotted name is of, whose it is, and what is in it: all without importing anything."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from importlib.util import decode_source
from pathlib import Path

_LANDMARKS = ("os.py", "site.py", "antigravity.py")
"""Files of the standard library; Python itself knows the folder by the first one."""
_INSTALLED = ("site-packages", "dist-packages")
_MOST_STEPS = 50
"""Classes that are looked at where one is followed through the imports of packages."""
_LIBRARIES = {"keras": "Keras", "tensorflow": "TensorFlow", "tf_keras": "Keras"}


def find(name: str) -> tuple[ModuleSpec | None, list[str]]:
    """Return the longest module that the name `package.module.Class` begins with, and the parts that are left.

    The last part is never taken for a module. No package is imported to look into it, as Python's own search does.
    """
    parts = name.split(".")
    found = spec = _spec(parts[0], None)
    known = 1
    for at in range(1, len(parts) - 1):
        places = spec.submodule_search_locations if spec is not None else None
        spec = _spec(".".join(parts[: at + 1]), list(places)) if places is not None else None
        if spec is None:
            break
        found, known = spec, at + 1
    return found, parts[known:]


def _spec(name: str, places: list[str] | None) -> ModuleSpec | None:
    for finder in sys.meta_path:
        look = getattr(finder, "find_spec", None)
        try:
            spec = look(name, places, None) if look is not None else None
        except KeyError:
            # A folder of modules without an __init__.py, whose parent Python would want to have imported.
            return _folder(name, places or [])
        if spec is not None:
            return spec if isinstance(spec, ModuleSpec) else None
    return None


def _folder(name: str, places: list[str]) -> ModuleSpec:
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(Path(place, name.rpartition(".")[2])) for place in places]
    return spec


def library_of(path: Path) -> str | None:
    """Return whose a module's file is where it is none of the user's: Python's, Keras's or TensorFlow's.

    That of any Python or Keras on this machine is meant, not only of those that run. A module that is built into the
    interpreter has no file but a word, and is Python's.
    """
    if not path.is_absolute():
        return "Python's own"
    parts = path.resolve().parts
    for at, part in enumerate(parts):
        if part in _INSTALLED:
            return _LIBRARIES.get(parts[at + 1]) if at + 1 < len(parts) else None
    standard = any(all((parent / file).is_file() for file in _LANDMARKS) for parent in path.resolve().parents)
    return "Python's own" if standard else None


def is_installed(spec: ModuleSpec) -> bool:
    """Tell whether a module is of an installed package, and not of the user's own folder."""
    places = (spec.origin, *(spec.submodule_search_locations or ()))
    return any(set(_INSTALLED) & set(Path(place).parts) for place in places if place is not None)


def may_have_layer(spec: ModuleSpec, name: str) -> bool:
    """Tell by its source whether a class of an installed module may be a layer, a cell or a model of Keras's.

    Importing a module runs it, and of the modules of some hundred packages a few start programs. So a class that has
    nothing to do with Keras is told from the sources: the class or one of its bases is followed to where it is defined,
    and a module that imports Keras or TensorFlow has to be on the way.
    """
    ahead = [(spec, name)]
    seen: set[tuple[str, str]] = set()
    while ahead and len(seen) < _MOST_STEPS:
        module, wanted = ahead.pop()
        tree = _tree(module)
        if tree is None or (module.name, wanted) in seen:
            continue
        seen.add((module.name, wanted))
        imported = dict(_imported(tree, module))
        defined = next((node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == wanted), None)
        if any(_LIBRARIES.keys() & set(full.split(".")) for full in imported.values()) and (
            defined is not None or "__getattr__" in names_in(module)
        ):
            return True
        bases = [wanted] if defined is None else list(filter(None, map(_dotted, defined.bases)))
        ahead += [(module, base) for base in bases if defined is not None and "." not in base]
        for base in bases:
            first, dot, rest = base.partition(".")
            homes = [full[:-1] + base for full in imported.values() if full.endswith(".*")]
            homes += [f"{imported[first]}{dot}{rest}"] if first in imported else []
            found = [find(home) for home in homes if "." in home]
            ahead += [(other, left[0]) for other, left in found if other is not None]
    return False


def names_in(spec: ModuleSpec) -> set[str]:
    """Return the names that a module's source gives to something, outside functions and classes."""
    tree = _tree(spec)
    return set() if tree is None else set(_names(tree))


def _tree(spec: ModuleSpec) -> ast.Module | None:
    """Return the source of a module; None where it has none."""
    path = Path(spec.origin or "")
    try:
        return ast.parse(decode_source(path.read_bytes())) if path.suffix == ".py" else None
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _imported(tree: ast.Module, spec: ModuleSpec) -> Iterator[tuple[str, str]]:
    """Yield under which name a module knows what it imports, and the full name of that; `module.*` under its own."""
    package = spec.name if spec.submodule_search_locations is not None else spec.name.rpartition(".")[0]
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for one in names:
                    first = one.name.partition(".")[0]
                    yield (one.asname, one.name) if one.asname else (first, first)
            case ast.ImportFrom(module=module, names=names, level=level):
                parts = package.split(".")
                home = ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])]) if level else module
                for one in names:
                    full = f"{home}.{one.name}"
                    yield full if one.name == "*" else one.asname or one.name, full


def _dotted(base: ast.expr) -> str | None:
    """Return the dotted name of a base class; None where it is something else."""
    name = ast.unparse(base)
    return name if all(part.isidentifier() for part in name.split(".")) else None


def _names(node: ast.AST) -> Iterator[str]:
    """Yield every name that is defined, imported or assigned in a module, outside functions and classes."""
    for inner in ast.iter_child_nodes(node):
        match inner:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
                continue
            case ast.alias(name=name, asname=other):
                yield other or name.partition(".")[0]
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
        yield from _names(inner)
