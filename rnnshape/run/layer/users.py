"""A user's own cells and layers: found in the working directory, among the installed packages, or in a file."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from rnnshape.errors import InvalidQuery, KerasRefused, RnnshapeError, nearest
from rnnshape.expression import Call, instead_of_torch
from rnnshape.run import engine
from rnnshape.run.layer import modules
from rnnshape.run.layer.refusal import refusal, shown_path, users_line


def users_class(call: Call) -> Any:
    """Return the class that the call names, imported from its file or its module.

    Raises:
        InvalidQuery: there is no such file, module or class, or it is not the user's.
        KerasRefused: the user's code failed while it was imported; the message shows its line.

    """
    engine.runs_code()
    if call.file is not None:
        module, path = _from_file(call), call.name.split(".")
    else:
        module, path = _from_module(call)
    found: Any = module
    for part in path:
        if not hasattr(found, part):
            names = [name for name, item in vars(found).items() if inspect.isclass(item)]
            raise _no_class(part, names, call.file or module.__name__, call)
        found = getattr(found, part)
    if not inspect.isclass(found):
        raise InvalidQuery(f"{call.name} is not a class. Received: {call}", layer=str(call))
    return found


def is_users_own(cls: Any) -> bool:
    """Tell whether a class comes from a file that the user named, from the working directory, or from beside them."""
    return any(cls.__module__ in known.files for known in _imported.values())


def _no_class(name: str, names: Iterable[str], where: str, call: Call) -> InvalidQuery:
    near = nearest(name, names)
    hint = f"Did you mean {near}?" if near else None
    return InvalidQuery(f"{where} has no class {name}. Received: {call}", hint=hint, layer=str(call))


def _from_file(call: Call) -> ModuleType:
    try:
        path = Path(call.file or "").expanduser()
        is_there = path.is_file()
    except (OSError, RuntimeError) as error:  # a name that is too long; the home of nobody
        raise InvalidQuery(f"There is no file {call.file}: {error}. Received: {call}", layer=str(call)) from None
    if not is_there:
        raise InvalidQuery(f"There is no file {call.file}. Received: {call}", layer=str(call))
    path = path.resolve()
    _check_is_no_libraries(path, call.file or "", call)
    # Two files of one name are two modules.
    name = f"_rnnshape_user_{path.stem}_{zlib.crc32(str(path).encode()):08x}"

    def load() -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None  # An expression names files that end in .py alone.
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    try:
        return _loaded(name, path.parent, load)
    except (Exception, SystemExit) as error:
        raise _broken(error, call.file or "", call) from error


def _from_module(call: Call) -> tuple[ModuleType, list[str]]:
    """Return the module that a dotted name begins with, and what is left of the name."""
    top = call.name.partition(".")[0]
    if top in sys.stdlib_module_names:
        hint = f"A file of that name is meant by {top}.py:Class(…)."
        raise InvalidQuery(f"{top} is a module of Python's own. Received: {call}", hint=hint, layer=str(call))
    folder = _working_directory(call)
    with _importing_from(folder):
        spec, path = modules.find(call.name)
    of_torch = instead_of_torch(call)
    if spec is None or (of_torch is not None and modules.is_installed(spec)):
        said = f"There is no module {top}." if spec is None else f"{call.name} is not a Keras layer or cell."
        hint = of_torch or "A module is looked for in the working directory and among the installed packages."
        raise InvalidQuery(f"{said} Received: {call}", hint=hint, layer=str(call))
    if spec.origin is not None:
        _check_is_no_libraries(Path(spec.origin), spec.name, call)
    if modules.is_installed(spec) and not modules.may_have_layer(spec, path[0]):
        names = modules.names_in(spec)
        if path[0] not in names:
            raise _no_class(path[0], names, spec.name, call)
        raise InvalidQuery(f"{call.name} is not a Keras layer or cell. Received: {call}", layer=str(call))
    name = spec.name
    try:
        module = _loaded(name, folder, lambda: importlib.import_module(name))
    except (Exception, SystemExit) as error:
        raise _broken(error, name, call) from error
    if spec.origin is not None and getattr(module, "__file__", None) != spec.origin:
        hint = f"Name the file: {shown_path(spec.origin)}:{'.'.join(path)}(…)."
        message = f"There is another module {name}, which is imported already. Received: {call}"
        raise InvalidQuery(message, hint=hint, layer=str(call))
    return module, path


def _check_is_no_libraries(path: Path, shown: str, call: Call) -> None:
    owner = modules.library_of(path)
    if owner is not None:
        message = f"{shown} is a module of {owner}, and only layers of Keras and the user's own are called."
        raise InvalidQuery(f"{message} Received: {call}", layer=str(call))


def _working_directory(call: Call) -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        message = f"There is no working directory to look for {call.name} in: {error.strerror}"
        raise InvalidQuery(message, layer=str(call)) from None


@contextlib.contextmanager
def no_sudden_end() -> Iterator[None]:
    """Have `os._exit`, called by a user's code meanwhile, raise SystemExit: else this process ended without a word.

    A process that is forked meanwhile may end as it likes, and so may this one later, whoever has kept the function.
    """
    real, process, is_on = os._exit, os.getpid(), [True]

    def end(status: int) -> NoReturn:
        if is_on and os.getpid() == process:
            raise SystemExit(f"os._exit({status}) ends the program.")
        real(status)

    os._exit = end
    try:
        yield
    finally:
        os._exit = real
        is_on.clear()


@dataclass(frozen=True, slots=True)
class _Imported:
    """What one import from a folder brought in: by module name, the file and a digest of what was in it."""

    folder: Path
    files: dict[str, tuple[Path, bytes]]

    def is_current(self) -> bool:
        return all(name in sys.modules and _digest(path) == known for name, (path, known) in self.files.items())


_imported: dict[str, _Imported] = {}


def _loaded(name: str, folder: Path, load: Callable[[], ModuleType]) -> ModuleType:
    """Return a module of the folder's, imported anew where it, or a file that it brought in, has changed since."""
    for other, known in list(_imported.items()):
        # A module of the same name in another working directory is another module.
        if (other == name or other.partition(".")[0] == name.partition(".")[0]) and (
            known.folder != folder or not known.is_current()
        ):
            for stale in known.files:
                sys.modules.pop(stale, None)
            del _imported[other]
    if name in _imported:
        return sys.modules[name]
    before = set(sys.modules)
    with _importing_from(folder):
        try:
            module = load()
        except BaseException:
            for half_done in set(sys.modules) - before:
                if _file_in(sys.modules[half_done], folder) is not None:
                    del sys.modules[half_done]
            raise
    added = {word: _file_in(sys.modules[word], folder) for word in set(sys.modules) - before}
    files = {word: (path, _digest(path)) for word, path in added.items() if path is not None}
    if files:
        _imported[name] = _Imported(folder, files)
    return module


@contextlib.contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Look for modules in the folder first, as they are in the files now, and leave no compiled file behind."""
    here, wrote_none = str(folder), sys.dont_write_bytecode
    sys.path.insert(0, here)
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = wrote_none
        if here in sys.path:
            sys.path.remove(here)


def _file_in(module: ModuleType, folder: Path) -> Path | None:
    """Return the module's file if it lies in the folder, and not among installed packages below it."""
    path = Path(getattr(module, "__file__", None) or "/")
    return path if path.is_relative_to(folder) and "site-packages" not in path.parts else None


def _digest(path: Path) -> bytes:
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
    except OSError:
        return b""


def _broken(error: BaseException, what: str, call: Call) -> RnnshapeError:
    if isinstance(error, SyntaxError):
        line = (error.text or "").strip()
        file = what if error.filename is None else shown_path(error.filename)
        return KerasRefused(f"{file}:{error.lineno} ({line}): {error.msg}", layer=str(call))
    if isinstance(error, SystemExit):
        return KerasRefused(f"{users_line(error) or what} ends the program while it is imported.", layer=str(call))
    hint = None
    if isinstance(error, ModuleNotFoundError) and error.name:
        hint = f"Install {error.name.partition('.')[0]} for this Python, or import it only where it is needed."
    found = refusal(error, layer=str(call), doing=f"importing {what}")
    return (
        KerasRefused(found.message, hint=found.hint or hint, layer=str(call))
        if found.code == "keras-refused"
        else found
    )
