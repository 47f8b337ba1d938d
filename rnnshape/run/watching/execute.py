"""Code that its user asked to run: run as `python FILE` runs it, and watched."""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib
import linecache
import sys
import traceback
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from rnnshape.errors import said_by
from rnnshape.program import Code
from rnnshape.program_report import Operand
from rnnshape.run import engine
from rnnshape.run.code.code_run import CodeRun, Guard, drawn
from rnnshape.run.code.halt import NOT_READ, REFUSED
from rnnshape.run.code.library import NO_IMPORT, SEARCHED, import_of
from rnnshape.run.code.world import World
from rnnshape.run.layer.refusal import clean
from rnnshape.run.tensors import is_tensor, shape_of
from rnnshape.run.watching.observer import Observer, observer_for
from rnnshape.trace import CodeTrace, Stop


def execute(code: Code, path: Path | None, lets: Mapping[str, Code] | None = None, *, seed: int = 0) -> CodeRun:
    """Run the code in the user's name, and return what its layers were called with, and what they returned.

    Args:
        code: the code; where it is in a file of Python's, the lines are the file's own.
        path: that file; None for text, which has the names of Keras's neighbours without an import.
        lets: values of names that the code does not give.
        seed: of the random weights and inputs with which the values are compared.

    Raises:
        NoTensorflow: TensorFlow cannot be imported.
        KeyboardInterrupt: the user stopped it.

    """
    keras = engine.load()
    engine.is_about_to_run()
    # Layers are numbered from the start, as in a fresh process.
    keras.utils.clear_session(free_memory=False)
    filename = str(path) if path is not None else f"<{code.source}>"
    observer = observer_for(code, filename, seed=seed)
    with engine.quiet():
        stop = _run(observer, code, filename, path, lets or {})
    return watched(observer, stop)


def watched(observer: Observer, stop: Stop | None, *, guard: Guard = engine.quiet) -> CodeRun:
    """Return the run of what was watched; `stop` is where the code ended, if it did not run through."""

    def finish(trace: CodeTrace) -> CodeTrace:
        return replace(trace, executed=True, stop=stop)

    return drawn(observer.machine, finish=finish, guard=guard)


def _run(observer: Observer, code: Code, filename: str, path: Path | None, lets: Mapping[str, Code]) -> Stop | None:
    module = types.ModuleType("__main__")
    if path is not None:
        module.__file__ = filename
    text = "\n".join(code.lines)
    if path is None:
        # Python, and TensorFlow's rewriting for graphs, look for the lines of a function there.
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    with _as_main(module, path):
        try:
            compiled = compile(text, filename, "exec", dont_inherit=True)
            if path is None:
                vars(module).update(_without_import(code.tree))
            for name, value in lets.items():
                names = {**_without_import(value.tree), **vars(module)}
                vars(module)[name] = eval("\n".join(value.lines), names)  # noqa: S307 - the user's own, and asked for
            with observer.watching():
                exec(compiled, vars(module))  # noqa: S102 - what was asked for
        except SystemExit as error:
            return None if error.code in (None, 0) else stop_of(error, code, filename, observer.machine.world)
        except Exception as error:  # noqa: BLE001 - the code is anybody's
            return stop_of(error, code, filename, observer.machine.world)
    return None


@contextlib.contextmanager
def _as_main(module: types.ModuleType, path: Path | None) -> Iterator[None]:
    """Have a module be the program meanwhile: its directory first on the path, and arguments of its own."""
    main, argv, folders = sys.modules.get("__main__"), sys.argv, sys.path[:]
    sys.modules["__main__"] = module
    sys.argv = [str(path) if path is not None else "-c"]
    sys.path.insert(0, str(path.parent) if path is not None else "")
    try:
        yield
    finally:
        sys.path[:], sys.argv = folders, argv
        if main is not None:
            sys.modules["__main__"] = main


def _without_import(tree: ast.Module) -> dict[str, Any]:
    """Return what the names of Keras and its neighbours mean that text uses and does not import."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in nodes if not isinstance(node.ctx, ast.Load)}
    used = {node.id for node in nodes if isinstance(node.ctx, ast.Load)} - bound - set(dir(builtins))
    found = {name: _meant(name) for name in sorted(used)}
    return {name: value for name, value in found.items() if value is not None}


def _meant(name: str) -> Any:
    if name in NO_IMPORT:
        return _module(NO_IMPORT[name])
    places = (_module(place) for place in SEARCHED)
    return next((getattr(place, name) for place in places if hasattr(place, name)), None)


def _module(path: str) -> Any:
    names = {"np": "numpy", "tf": "tensorflow"}
    first, *rest = names.get(path, path).split(".")
    found: Any = importlib.import_module(first)
    for name in rest:
        found = getattr(found, name, None)
    return found


def stop_of(error: BaseException, code: Code, filename: str, world: World) -> Stop:
    """Return where and why the code stopped: the innermost line of its own."""
    if isinstance(error, SyntaxError) and error.filename == filename:
        line = error.lineno or 1
        return _stop(error, code, line, max((error.offset or 1) - 1, 0), line, None, NOT_READ)
    place = _innermost(error.__traceback__, filename)
    if place is None:
        return _stop(error, code, 1, 0, 1, None, REFUSED)
    line, end_line, column, end_column = _position(place)
    stop = _stop(error, code, line, column, end_line or line, end_column, REFUSED)
    return replace(stop, operands=tuple(_operands(code.tree, place, line, world)))


def _stop(
    error: BaseException, code: Code, line: int, column: int, end: int, end_column: int | None, kind: str
) -> Stop:
    length = len(code.lines[end - 1]) if 0 < end <= len(code.lines) else 0
    hint = None
    if isinstance(error, NameError) and (name := getattr(error, "name", None)):
        # A file runs as it is: what needs no import where code is read needs one here.
        hint = f"Give it: --let {name}=…" if _meant(name) is None else f"Put in front: {import_of(name)}"
    return Stop(
        code=kind,
        line=line,
        column=column,
        end_line=end,
        end_column=length if end_column is None else end_column,
        kind=type(error).__name__,
        message=clean(said_by(error)) or type(error).__name__,
        hint=hint,
    )


def _innermost(found: TracebackType | None, filename: str) -> TracebackType | None:
    place = None
    while found is not None:
        if found.tb_frame.f_code.co_filename == filename:
            place = found
        found = found.tb_next
    return place


def _position(place: TracebackType) -> tuple[int, int | None, int, int | None]:
    """Return the line, the last line, the column and the last column of what was running, as far as Python knows."""
    summary = next(iter(traceback.StackSummary.extract([(place.tb_frame, place.tb_lineno)], capture_locals=False)))
    positions = getattr(place.tb_frame.f_code, "co_positions", None)
    if positions is not None and place.tb_lasti >= 0:
        line, end, column, end_column = list(positions())[place.tb_lasti // 2]
        if line is not None and column is not None:
            return line, end, column, end_column
    return summary.lineno or 1, None, 0, None


def _operands(tree: ast.Module, place: TracebackType, line: int, world: World) -> Iterator[Operand]:
    """Yield the tensors that the failing line names."""
    names: Mapping[str, Any] = {**place.tb_frame.f_globals, **place.tb_frame.f_locals}
    seen: set[str] = set()
    for node in _nodes_at(tree, line):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in seen:
            seen.add(node.id)
            if is_tensor(value := names.get(node.id)):
                made = world.made(value)
                yield Operand(code=node.id, shape=shape_of(value), line=None if made is None else made.line)


def _nodes_at(tree: ast.Module, line: int) -> Sequence[ast.AST]:
    return [node for node in ast.walk(tree) if getattr(node, "lineno", None) == line]
