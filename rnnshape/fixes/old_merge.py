"""`merge` and `Merge` of Keras 1: today a layer for each of their modes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rnnshape.fixes.edits import Edit
from rnnshape.fixes.respelling import Respelling
from rnnshape.fixes.rewrite import remove_arguments, rename_call, rename_keyword, replace, spell
from rnnshape.fixes.source import Source, called, keyword, spelled
from rnnshape.fixes.spellings import MERGE_MODES


def merges(source: Source) -> Iterator[Respelling]:
    """Yield what `merge` and `Merge` are today."""
    own = source.defined()
    for call in source.calls():
        layer = _layer(call)
        if layer is None or called(call) in own:
            continue
        why = f"`{called(call)}` is `{layer}` today"
        if not call.args:
            if called(call) == "Merge":
                edits = (rename_call(source, call, layer), *_axis(source, call))
                yield Respelling(source.span(call)[0], why, edits)
            continue
        if called(call) == "merge":
            yield Respelling(
                source.span(call)[0], why, (rename_call(source, call, layer.lower()), *_axis(source, call))
            )
        else:
            yield from _of_models(source, call, layer, why)


def _layer(call: ast.Call) -> str | None:
    """Return which layer the mode of a merge is."""
    if called(call) not in ("merge", "Merge"):
        return None
    mode = keyword(call, "mode")
    name = mode.value.value if mode is not None and isinstance(mode.value, ast.Constant) else "sum"
    return MERGE_MODES.get(str(name)) if mode is None or isinstance(mode.value, ast.Constant) else None


def _axis(source: Source, call: ast.Call) -> tuple[Edit, ...]:
    mode, axis, axes = keyword(call, "mode"), keyword(call, "concat_axis"), keyword(call, "dot_axes")
    edits = remove_arguments(source, call, mode) if mode is not None else ()
    edits += (rename_keyword(source, axis, "axis"),) if axis is not None else ()
    return edits + ((rename_keyword(source, axes, "axes"),) if axes is not None else ())


def _of_models(source: Source, call: ast.Call, layer: str, why: str) -> Iterator[Respelling]:
    """`model.add(Merge([a, b], mode='concat'))`: a `Model` of both; what is added later is called on it."""
    add = source.parents.get(call)
    branches = call.args[0]
    if not isinstance(add, ast.Call) or called(add) != "add" or not isinstance(branches, ast.List | ast.Tuple):
        return
    assert isinstance(add.func, ast.Attribute)
    name = spelled(add.func.value)
    models = [source.code(each) for each in branches.elts]
    axis = keyword(call, "concat_axis", "dot_axes")
    given = "" if axis is None else f"{'axis' if axis.arg == 'concat_axis' else 'axes'}={source.code(axis.value)}"
    merged, imported = spell(source, layer, like=call.func)
    model, needs = spell(source, "Model", like=call.func)
    inputs = ", ".join(f"{each}.inputs[0]" for each in models)
    outputs = ", ".join(f"{each}.outputs[0]" for each in models)
    edits = [replace(source, add, f"{name} = {model}([{inputs}], {merged}({given})([{outputs}]))"), *imported, *needs]
    yield Respelling(source.span(call)[0], why, (*edits, *called_behind(source, add, name, model)))


def called_behind(source: Source, add: ast.Call, name: str, model: str) -> tuple[Edit, ...]:
    """Return the edits that call what is added to a model later on the model's output."""
    return tuple(
        replace(source, later, f"{name} = {model}({name}.inputs, {source.code(later.args[0])}({name}.outputs[0]))")
        for later in source.calls()
        if later is not add and _is_added_to(later, name) and source.span(later)[0] > source.span(add)[0]
    )


def _is_added_to(call: ast.Call, name: str) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "add"
        and spelled(call.func.value) == name
        and bool(call.args)
    )
