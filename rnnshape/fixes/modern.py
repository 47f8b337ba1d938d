"""Old spellings, all of them at once: what Keras 3 no longer has, in today's words."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rnnshape.fixes import spellings
from rnnshape.fixes.edits import Edit, apply, insertion
from rnnshape.fixes.flow import Flow
from rnnshape.fixes.layers import is_layer
from rnnshape.fixes.old_backend import backend
from rnnshape.fixes.old_imports import imports
from rnnshape.fixes.old_merge import merges
from rnnshape.fixes.respelling import Respelling
from rnnshape.fixes.rewrite import is_in_model, layer_before, remove_arguments, rename_keyword, replace, spell
from rnnshape.fixes.source import Source, called, keyword


def modernised(code_text: str) -> tuple[str, tuple[Edit, ...]]:
    """Return the code with every old spelling in today's words, and the edits that make it."""
    edits = tuple(edit for each in respellings(code_text) for edit in each.edits)
    return apply(code_text, edits), edits


def respellings(code_text: str) -> list[Respelling]:
    """Return each old spelling with its edits, in the order of the text. No two of them overlap."""
    source = Source.read(code_text)
    if source is None:
        return []
    flow = Flow(source)
    found = [*imports(source), *backend(source), *merges(source), *_names(source), *_calls(source, flow)]
    return _apart(sorted(found, key=lambda each: each.at))


def _apart(found: list[Respelling]) -> list[Respelling]:
    """Leave out what overlaps something else: it is in a text that goes, and the copy of it is enough."""
    kept: list[Respelling] = []
    for each in sorted(found, key=lambda each: -max((edit.end - edit.start for edit in each.edits), default=0)):
        taken = [edit for other in kept for edit in other.edits]
        if not any(_overlap(edit, other) for edit in each.edits for other in taken):
            kept.append(each)
    return sorted(kept, key=lambda each: each.at)


def _overlap(one: Edit, other: Edit) -> bool:
    if one == other and one.start == one.end:
        return True
    return max(one.start, other.start) < min(one.end, other.end)


def _names(source: Source) -> Iterator[Respelling]:
    """Classes that are called otherwise today, wherever they are named."""
    own = source.defined()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in own:
            name = node.id
        elif isinstance(node, ast.Attribute):
            name = node.attr
        else:
            continue
        new = spellings.CLASSES.get(name)
        if new is not None and name not in ("Merge", "merge"):
            end = source.span(node)[1]
            yield Respelling(end - len(name), f"`{name}` is `{new}` today", (Edit(end - len(name), end, new),))


def _calls(source: Source, flow: Flow) -> Iterator[Respelling]:
    for call in source.calls():
        yield from _arguments(source, call)
        yield from _method(source, call)
        if is_layer(call):
            yield from _input(source, flow, call)


def _arguments(source: Source, call: ast.Call) -> Iterator[Respelling]:
    """Arguments that are called otherwise, or are gone."""
    table = spellings.ARGUMENTS.get(called(call), {})
    gone = [each for each in call.keywords if table.get(each.arg or "") == "" and _may_go(call, each)]
    for edit, given in zip(remove_arguments(source, call, *gone), gone, strict=True):
        yield Respelling(source.span(given)[0], f"`{given.arg}` is gone", (edit,))
    for given in call.keywords:
        new = table.get(given.arg or "")
        if new and keyword(call, new) is None:
            why = f"`{given.arg}` is `{new}` today"
            yield Respelling(source.span(given)[0], why, (rename_keyword(source, given, new),))
        old = given.value.value if isinstance(given.value, ast.Constant) else None
        value = spellings.VALUES.get((new or given.arg or "", old)) if isinstance(old, str) else None
        if value is not None:
            yield Respelling(
                source.span(given.value)[0],
                f"`{old!r}` is `{value!r}` today",
                (replace(source, given.value, repr(value)),),
            )
    yield from _kernel(source, call)


def _may_go(call: ast.Call, given: ast.keyword) -> bool:
    """Tell whether the argument can be left out without a change: `time_major=True` cannot."""
    if given.arg == "time_major":
        return isinstance(given.value, ast.Constant) and not given.value.value
    if called(call) == "get_initial_state" and given.arg == "inputs":
        return keyword(call, "batch_size") is not None
    if given.arg == "input_length":
        return called(call) != "Embedding" and keyword(call, "input_dim") is None
    return True


def _kernel(source: Source, call: ast.Call) -> Iterator[Respelling]:
    """`Convolution2D(32, 3, 3)` of Keras 1, where both numbers are the kernel's."""
    old = {"nb_row", "nb_col", "border_mode", "subsample", "dim_ordering", "nb_filter", "init", "W_regularizer"}
    if called(call) not in ("Conv2D", "Convolution2D", "ConvLSTM2D", "ConvRecurrent2D"):
        return
    row, column = keyword(call, "nb_row"), keyword(call, "nb_col")
    if row is not None and column is not None:
        size = f"kernel_size=({source.code(row.value)}, {source.code(column.value)})"
        edits = (replace(source, row, size), *remove_arguments(source, call, column))
        yield Respelling(source.span(row)[0], "`nb_row` and `nb_col` are `kernel_size` today", edits)
    elif len(call.args) == 3 and (called(call) == "Convolution2D" or old & {each.arg for each in call.keywords}):
        edits = (insertion(source.span(call.args[1])[0], "("), insertion(source.span(call.args[2])[1], ")"))
        yield Respelling(edits[0].start, "the kernel's size is one argument today", edits)


def _method(source: Source, call: ast.Call) -> Iterator[Respelling]:
    """Methods of models and of layers."""
    name = called(call)
    if not isinstance(call.func, ast.Attribute):
        return
    end = source.span(call.func)[1]
    if name in spellings.METHODS:
        new = spellings.METHODS[name]
        edits = [Edit(end - len(name), end, new)]
        if name == "predict_classes":
            edits.append(insertion(source.span(call)[1], ".argmax(axis=-1)"))
        yield Respelling(end - len(name), f"`{name}` is `{new}` today", tuple(edits))
        yield from _arguments(source, _as(call, new))
    if name == "reset_states" and len(call.args) == 1 and isinstance(call.args[0], ast.List | ast.Tuple):
        layer = source.code(call.func.value)
        code = "; ".join(
            f"{layer}.states[{at}].assign({source.code(value)})" for at, value in enumerate(call.args[0].elts)
        )
        yield Respelling(source.span(call)[0], "`reset_states` takes no values today", (replace(source, call, code),))


def _as(call: ast.Call, name: str) -> ast.Call:
    """Return the call with another name, for the look into the tables; its arguments are the same nodes."""
    return ast.copy_location(ast.Call(ast.Name(name), call.args, call.keywords), call)


def _input(source: Source, flow: Flow, call: ast.Call) -> Iterator[Respelling]:
    """Arguments of a layer that say what its input is."""
    batch_shape = keyword(call, "batch_input_shape")
    batch, shape = keyword(call, "batch_size"), keyword(call, "input_shape")
    width, length = keyword(call, "input_dim"), keyword(call, "input_length")
    dtype = keyword(call, "input_dtype")
    if dtype is not None:
        yield Respelling(source.span(dtype)[0], "`input_dtype` is gone", remove_arguments(source, call, dtype))
    if batch_shape is not None:
        code = f"batch_shape={source.code(batch_shape.value)}"
        old = [each for each in (batch_shape, batch, shape) if each is not None]
        yield from _in_front(source, flow, call, old, code)
    elif batch is not None:
        axes = source.code(shape.value) if shape is not None else "(None,)" if called(call) == "Embedding" else ""
        code = f"shape={axes}, batch_size={source.code(batch.value)}" if axes else ""
        yield from _in_front(source, flow, call, [each for each in (batch, shape) if each is not None], code)
    elif length is not None and width is None and called(call) != "Embedding":
        yield Respelling(source.span(length)[0], "`input_length` is gone", remove_arguments(source, call, length))
    elif width is not None and shape is None and called(call) in _SEQUENCES:
        steps = source.code(length.value) if length is not None else "None"
        size = f"input_shape=({steps}, {source.code(width.value)})"
        extra = remove_arguments(source, call, length) if length is not None else ()
        why = "`input_dim` is the last axis of `input_shape` today"
        yield Respelling(source.span(width)[0], why, (replace(source, width, size), *extra))


_SEQUENCES = {"LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU", "Conv1D", "Convolution1D", "TimeDistributedDense"}


def _in_front(source: Source, flow: Flow, call: ast.Call, old: list[ast.keyword], code: str) -> Iterator[Respelling]:
    """The arguments as an `Input` in front of the layer, where it is the first one of its model; else they go."""
    edits = remove_arguments(source, call, *old)
    at = source.span(old[0])[0]
    makers = (flow.by_maker.get(each) for each in (call, *source.above(call)))
    place = next((each for each in makers if each is not None), None)
    if not code or place is None or place.before is not None or not is_in_model(source, place.node):
        yield Respelling(at, f"`{old[0].arg}` is gone", edits)
        return
    name, imported = spell(source, "Input", like=call.func)
    why = f"`{old[0].arg}` of a layer is an `Input` in front of it today"
    yield Respelling(at, why, (*layer_before(source, place.node, f"{name}({code})"), *imported, *edits))
