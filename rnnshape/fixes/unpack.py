"""What a call returns and the names that it is unpacked into are not as many."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

from rnnshape.fixes.edits import Candidate, Edit, insertion
from rnnshape.fixes.fault import Fault
from rnnshape.fixes.layers import STATES, core, is_layer, is_recurrent
from rnnshape.fixes.rewrite import line_after, listed, replace, set_keyword, spell
from rnnshape.fixes.source import called, is_true, keyword, spelled

_STATE = re.compile(r"state|hidden|memory|carry|cell|(?:^|_|[fb]|forward|backward)[hc]\d*$", re.IGNORECASE)
"""What the names of states look like."""
_COUNTS = re.compile(r"expected (\d+), got (\d+)")


def targets(fault: Fault) -> Iterator[Candidate]:
    """Yield the flag that is missing, and the names that are too few or too many."""
    statement = fault.statement
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Tuple | ast.List):
        return
    names = statement.targets[0]
    value = statement.value
    if isinstance(value, ast.Call) and is_layer(value) and value.args is not None and _is_layer_only(fault, value):
        yield from _called(fault, value, names)
        return
    maker = _maker(fault, value)
    if maker is None or not is_recurrent(maker):
        yield from _counted(fault, names)
        return
    yield from _flag(fault, maker, names)
    if is_true(_state_flag(maker)):
        yield from _names(fault, maker, names, ())
    else:
        yield from _last_step(fault, maker, names)


def _is_layer_only(fault: Fault, value: ast.Call) -> bool:
    return "non-iterable" in fault.message or fault.flow.maker(value, fault.end) is value


def _maker(fault: Fault, value: ast.expr) -> ast.Call | None:
    """Return what makes the layer whose result is unpacked."""
    origins = fault.flow.origins(value, fault.at(value))
    return origins[0].maker if origins else None


def _state_flag(maker: ast.Call) -> ast.expr | None:
    given = keyword(core(maker), "return_state")
    return given.value if given is not None else None


def returned(maker: ast.Call) -> list[str] | None:
    """Return the usual names of what a recurrent layer with `return_state` returns; None where it is not known."""
    states = STATES.get(called(core(maker)))
    if states is None:
        return None
    both = [f"{side}_{each}" for side in ("forward", "backward") for each in states]
    return ["output", *(both if core(maker) is not maker else [f"state_{each}" for each in states])]


def _flag(fault: Fault, maker: ast.Call, names: ast.Tuple | ast.List) -> Iterator[Candidate]:
    """Yield `return_state=True`, with as many names as there are states then."""
    if is_true(_state_flag(maker)):
        return
    edit = set_keyword(fault.source, core(maker), "return_state", "True")
    known = returned(maker)
    why = f"`{called(core(maker))}` returns no states here: return_state is missing"
    at = fault.at(core(maker))
    if known is None or len(known) == len(names.elts):
        yield Candidate(edits=(edit,), why=why, at=at)
    else:
        for each in _names(fault, maker, names, (edit,)):
            yield Candidate(edits=each.edits, why=why, at=at, weight=each.weight)


def _last_step(fault: Fault, maker: ast.Call, names: ast.Tuple | ast.List) -> Iterator[Candidate]:
    """Yield the last step of the sequence for the one state that was expected: it is the same."""
    flag = keyword(maker, "return_sequences")
    if len(names.elts) != 2 or core(maker) is not maker or flag is None or not is_true(flag.value):
        return
    assert fault.statement is not None
    sequence, state = map(fault.code, names.elts)
    edits = (
        replace(fault.source, names, sequence),
        line_after(fault.source, fault.statement, f"{state} = {sequence}[:, -1, :]"),
    )
    yield Candidate(edits=edits, why=f"`{called(maker)}` returns one tensor here", weight=3)


def _names(fault: Fault, maker: ast.Call, names: ast.Tuple | ast.List, front: tuple[Edit, ...]) -> Iterator[Candidate]:
    """Yield the unpacking with as many names as the layer returns tensors."""
    known = returned(maker)
    if known is None:
        yield from _counted(fault, names)
        return
    count, have = len(known), len(names.elts)
    why = f"`{called(maker)}` returns {count} tensors here, {have} are unpacked"
    at = fault.at(names)
    if have > count:
        yield from _dropped(fault, names, count, why, front)
    elif have < count:
        edits = _more(fault, maker, names, known)
        yield Candidate(edits=(*front, *edits), why=why, at=at)
    if have == 2 and count > 2:
        last = fault.at(names.elts[1])
        weight = -1 if spelled(names.elts[1]).endswith("states") else 2
        yield Candidate(edits=(*front, insertion(last, "*")), why=why, at=at, weight=weight)


def _more(fault: Fault, maker: ast.Call, names: ast.Tuple | ast.List, known: list[str]) -> tuple[Edit, ...]:
    """Return the edits that add names; where both directions have states, the old names become both side by side."""
    written = [fault.code(each) for each in names.elts]
    unbound = _unbound(fault)
    if len(written) + len(unbound) == len(known):
        return (insertion(fault.source.span(names.elts[-1])[1], "".join(f", {each}" for each in unbound)),)
    if len(written) == len(known) - 1 and all(map(_STATE.search, written)):  # the output is what is missing
        return (insertion(fault.at(names.elts[0]), "_, "),)
    if core(maker) is maker or len(written) != 1 + len(known) // 2 or not _used_later(fault, written[1:]):
        fresh = [_fresh(fault, each, written) for each in known[len(written) :]]
        if core(maker) is not maker and not _used_later(fault, written[1:]):
            return (_written(fault, names, [written[0], *(_fresh(fault, each, []) for each in known[1:])]),)
        end = fault.source.span(names.elts[-1])[1]
        return (insertion(end, "".join(f", {each}" for each in fresh)),)
    assert fault.statement is not None
    layer, imported = spell(fault.source, "Concatenate", like=maker.func)
    half = len(known) // 2
    pairs = zip(written[1:], known[1 : 1 + half], known[1 + half :], strict=True)
    joined = "; ".join(f"{name} = {layer}()([{forward}, {backward}])" for name, forward, backward in pairs)
    return (
        _written(fault, names, [written[0], *known[1:]]),
        line_after(fault.source, fault.statement, joined.replace("; ", "\n" + fault.source.indent(fault.statement))),
        *imported,
    )


def _unbound(fault: Fault) -> list[str]:
    """Return the names that are used behind the place and that nothing gives a value, in their order."""
    bound = fault.source.defined() | fault.source.imported() | set(dir(builtins))
    later = dict.fromkeys(node.id for node in _later(fault))
    return [name for name in later if name not in bound and _STATE.search(name)]


def _written(fault: Fault, names: ast.Tuple | ast.List, new: list[str]) -> Edit:
    start, end = fault.at(names.elts[0]), fault.source.span(names.elts[-1])[1]
    return Edit(start, end, ", ".join(new))


def _fresh(fault: Fault, name: str, taken: list[str]) -> str:
    return "_" if "_" in taken else name if name not in fault.source.names() and name not in taken else f"{name}_2"


def _used_later(fault: Fault, names: list[str]) -> bool:
    return any(_uses(fault, name) for name in names if name != "_")


def _uses(fault: Fault, name: str) -> list[ast.Name]:
    return [node for node in _later(fault) if node.id == name]


def _later(fault: Fault) -> list[ast.Name]:
    """Return the places behind the statement where a name is used."""
    nodes = (node for node in ast.walk(fault.source.tree) if isinstance(node, ast.Name))
    later = [node for node in nodes if isinstance(node.ctx, ast.Load) and fault.at(node) >= fault.end]
    return sorted(later, key=fault.source.span)


def _dropped(
    fault: Fault, names: ast.Tuple | ast.List, count: int, why: str, front: tuple[Edit, ...]
) -> Iterator[Candidate]:
    """Yield the unpacking without its last names; where those are used, they leave the lists that they are in."""
    edits = list(front)
    gone = {spelled(each) for each in names.elts[count:]} - {"_"}
    holders = dict.fromkeys(fault.source.parents.get(use) for use in _later(fault) if use.id in gone)
    for holder in holders:
        kept = [each for each in getattr(holder, "elts", []) if spelled(each) not in gone]
        if not isinstance(holder, ast.List | ast.Tuple) or not kept:
            return
        edits.append(replace(fault.source, holder, listed(list(map(fault.code, kept)))))
    start, end = fault.source.span(names.elts[count - 1])[1], fault.source.span(names.elts[-1])[1]
    comma = "," if count == 1 else ""
    if count == 1:
        edits.append(Edit(*fault.source.span(names), fault.code(names.elts[0])))
    else:
        edits.append(Edit(start, end, comma))
    yield Candidate(edits=tuple(edits), why=why, at=fault.at(names), weight=1)


def _counted(fault: Fault, names: ast.Tuple | ast.List) -> Iterator[Candidate]:
    """Yield as many names as Keras says there are, or one more and two more where it does not say."""
    found = _COUNTS.search(fault.message)
    why = f"{len(names.elts)} names for another number of tensors"
    if found is not None and int(found[2]) >= 1:
        yield from _dropped(fault, names, int(found[2]), why, ())
        return
    end = fault.source.span(names.elts[-1])[1]
    for more in (1, 2, 3):
        extra = "".join(f", state_{len(names.elts) + each}" for each in range(more))
        yield Candidate(edits=(insertion(end, extra),), why=why, at=fault.at(names), weight=2 + more)


def _called(fault: Fault, layer: ast.Call, names: ast.Tuple | ast.List) -> Iterator[Candidate]:
    """Yield the call of a layer that was made and not called."""
    end = fault.source.span(layer)[1]
    why = f"`{called(layer)}` is made here, and not called on a tensor"
    known = returned(layer) if is_recurrent(layer) else None
    flag: tuple[Edit, ...] = ()
    if known is not None and not is_true(_state_flag(layer)):
        flag = (set_keyword(fault.source, core(layer), "return_state", "True"),)
    extra = _more(fault, layer, names, known) if known is not None and len(known) > len(names.elts) else ()
    if known is not None and len(known) < len(names.elts):
        for each in _dropped(fault, names, len(known), why, flag):
            extra = each.edits
    for tensor in list(dict.fromkeys(fault.tensors_before(3)))[:1]:
        yield Candidate(edits=(insertion(end, f"({tensor})"), *flag, *extra), why=why, at=end - 1)
    inputs, imported = spell(fault.source, "Input", like=layer.func)
    code = f"({inputs}(shape=(10, 8)))"
    yield Candidate(edits=(insertion(end, code), *flag, *extra, *imported), why=why, at=end - 1, placeholders=True)
