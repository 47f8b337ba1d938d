"""A user's own cells and layers: found in the working directory, among the installed packages, or in a file."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import inspect
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from rnnshape.errors import InvalidQuery, KerasRefused, RnnshapeError, nearest
from rnnshape.explorer.refusal import refusal, shown_path, users_line
from rnnshape.expression import Call


def users_class(call: Call) -> Any:
    """Return the class that the call names, imported from its file or its module.

    Raises:
        InvalidQuery: there is no such file, module or class.
        KerasRefused: the user's code failed while it was imported; the message shows its line.

    """
    if call.file is not None:
        module, path = _from_file(call), call.name
    else:
        module_name, _, path = call.name.rpartition(".")
        module = _from_module(module_name, call)
    found: Any = module
    for part in path.split("."):
        if not hasattr(found, part):
            near = nearest(part, [name for name, item in vars(found).items() if inspect.isclass(item)])
            hint = f"Did you mean {near}?" if near else None
            message = f"{call.file or module.__name__} has no class {part}. Received: {call}"
            raise InvalidQuery(message, hint=hint, layer=str(call))
        found = getattr(found, part)
    if not inspect.isclass(found):
        raise InvalidQuery(f"{call.name} is not a class. Received: {call}", layer=str(call))
    return found


def _from_file(call: Call) -> ModuleType:
    try:
        path = Path(call.file or "").expanduser()
        is_there = path.is_file()
    except (OSError, RuntimeError) as error:  # a name that is too long; the home of nobody
        raise InvalidQuery(f"There is no file {call.file}: {error}. Received: {call}", layer=str(call)) from None
    if not is_there:
        raise InvalidQuery(f"There is no file {call.file}. Received: {call}", layer=str(call))
    path = path.resolve()
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


def _from_module(name: str, call: Call) -> ModuleType:
    try:
        return _loaded(name, _working_directory(call), lambda: importlib.import_module(name))
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            hint = "A module is looked for in the working directory and among the installed packages."
            message = f"There is no module {error.name}. Received: {call}"
            raise InvalidQuery(message, hint=hint, layer=str(call)) from None
        raise _broken(error, name, call) from error
    except (Exception, SystemExit) as error:
        raise _broken(error, name, call) from error


def _working_directory(call: Call) -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        message = f"There is no working directory to look for {call.name} in: {error.strerror}"
        raise InvalidQuery(message, layer=str(call)) from None


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
