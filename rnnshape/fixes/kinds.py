"""Which changes are worth a try at which kind of error: one row for each kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rnnshape.fixes import (
    conv,
    data,
    forms,
    functions,
    importing,
    inputs,
    labels,
    merging,
    old,
    stateful,
    states,
    syntax,
    time_axis,
    types_of,
    unpack,
)
from rnnshape.fixes.edits import Candidate, apply
from rnnshape.fixes.fault import Fault
from rnnshape.trace import CodeTrace

Generator = Callable[[Fault], Iterator[Candidate]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of error, by what its message says, and what makes candidates for it."""

    pattern: re.Pattern[str]
    generators: tuple[Generator, ...]


def _kind(says: str, *generators: Generator) -> Kind:
    """Return the kind whose messages say one of these things, apart by " / "; any message for none."""
    return Kind(re.compile("|".join(says.split(" / ")), re.IGNORECASE | re.DOTALL), generators)


KINDS = (
    _kind("", old.spelled_today),
    _kind(
        r"expected (?:min_)?ndim=\d+, found ndim=\d+ / with at least 3 dimensions",
        time_axis.lost,
        time_axis.one_more_axis,
        time_axis.one_axis_less,
        inputs.declared,
        conv.ranks,
    ),
    _kind(r"too? many indices / automatically infer / out of bounds", time_axis.lost),
    _kind(r"unpack / Iterating over a symbolic / not iterable", unpack.targets),
    _kind(
        r"incompatible / must be equal / expected axis / Matrix size / expected shape / input shape / expects \d+ ",
        data.ranks,
        data.sizes,
        data.several,
    ),
    _kind(
        r"states?\b / must be equal / out of range / PyTreeSpec / Matrix size / structure / nested / incompatible"
        r" / unpack / broadcast / iterab",
        states.passed,
    ),
    _kind(
        r"Concatenate / incompatible / Dimension / Attention / Matrix size / must be equal / broadcast / rank / shape"
        r" / tuple index",
        merging.operands,
    ),
    _kind(
        r"target / labels?\b / Graph execution / logits / must be equal / incompatible / compile_loss / broadcast"
        r" / ndim / rank",
        labels.fitting,
    ),
    _kind(
        r"stateful / batch / Graph execution / enters the loop / incompatible / compile_loss / must be equal",
        stateful.batches,
    ),
    _kind(
        r"to a shape / shape / positional argument / fully-defined / activation function identifier", inputs.declared
    ),
    _kind(
        r"not supported / positive integer / invalid (?:value|dimension) / units / not interpret / must be"
        r" / Cannot convert / Expected / interpreted / unsupported operand",
        types_of.arguments,
    ),
    _kind(
        r"Unrecognized / unexpected keyword / not interpret / could not / Unknown / no attribute / not defined"
        r" / not recognized / cannot import / no argument / Invalid merge mode",
        types_of.misspelt,
    ),
    _kind(r"index out of range", inputs.beyond),
    _kind(r"not connected to `inputs` / Graph disconnected", inputs.unlisted),
    _kind(r"No module named / cannot import name", importing.modules),
    _kind(r"must call `compile", data.compiled),
    _kind(r"'NoneType' object", functions.unreturned),
    _kind(r"is not in \[0", types_of.vocabulary),
    _kind(r"weight shape", types_of.weights),
    _kind(r"total size", conv.reshaped),
    _kind(r"zero or negative / Negative dimension / channels", conv.sizes, conv.channels),
    _kind("", forms.calls),
    _kind(r"never been called / no defined / not iterable / NoneType / subscriptable", functions.undeclared),
    _kind(r"never been called / Lambda / KerasTensor / TensorFlow function / no attribute", functions.symbolic),
)


def propose(text: str, trace: CodeTrace) -> list[Candidate]:
    """Return what is worth a try, the smallest change first, each once."""
    fault = Fault.of(text, trace)
    found: dict[str, Candidate] = {}
    message = trace.stop.message if trace.stop is not None else ""
    generators = [each for kind in KINDS if kind.pattern.search(message) for each in kind.generators]
    for generator in dict.fromkeys(generators):
        for candidate in generator(fault) if fault is not None else syntax.unread(text, trace):
            after = apply(text, candidate.edits)
            if after != text and (after not in found or candidate.size < found[after].size):
                found[after] = candidate
        if fault is None:
            break
    return sorted(found.values(), key=lambda each: each.size)
