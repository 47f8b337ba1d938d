"""A plain check of what equals what, by trying everything: all expressions of the grammar, compared in full.

It shares nothing with the program but the syntax of an expression. Tensors are NumPy arrays by name; an expression is a
key (see `Expressions`), its code is what the program would write. Values are taken from draws of its own.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

CONCATENATION = "concatenate([{}, {}], axis=-1)"
ARITHMETIC = {"{} + {}": np.add, "{} * {}": np.multiply, "({} + {}) / 2": lambda a, b: (a + b) / 2}
STEPS = {"last_step": "rows, last_step", "first_step": "rows, first_step"}
REVERSED = {"first_step_reversed": "rows, -1 - first_step", "last_step_reversed": "rows, -1 - last_step"}
PLACES = {"last": ":, -1", "first": ":, 0", **STEPS, **REVERSED}


@dataclass
class Value:
    """What is known of one tensor: its value in each draw, whether it has a time axis, the width of its first half.

    With `is_reversed` its first step is the last timestep.
    """

    name: str
    draws: list
    has_time: bool
    half: int | None = None
    is_reversed: bool = False


@dataclass
class Expressions:
    """All expressions over some tensors: (place, side, name), or (merge, name, name), and the values in each draw."""

    tensors: list
    steps: dict
    values: dict = field(default_factory=dict)

    def __post_init__(self):
        for tensor in self.tensors:
            for place in ("", *(PLACES if tensor.has_time else ())):
                if place in (*STEPS, *REVERSED) and not (self.steps and (place in REVERSED) == tensor.is_reversed):
                    continue
                whole = [self._at(array, place) for array in tensor.draws]
                self.values["", place, "", tensor.name] = whole
                if tensor.half:
                    self.values["", place, "left", tensor.name] = [array[..., : tensor.half] for array in whole]
                    self.values["", place, "right", tensor.name] = [array[..., tensor.half :] for array in whole]
        for a, b in itertools.permutations(self.tensors, 2):
            if a.draws[0].shape == b.draws[0].shape:
                for form, merge in ARITHMETIC.items():
                    self.values[form, a.name, b.name] = [merge(x, y) for x, y in zip(a.draws, b.draws, strict=True)]
            if a.draws[0].shape[:-1] == b.draws[0].shape[:-1]:
                joined = [np.concatenate([x, y], axis=-1) for x, y in zip(a.draws, b.draws, strict=True)]
                self.values[CONCATENATION, a.name, b.name] = joined

    def _at(self, array, place):
        rows = np.arange(len(array))
        at = {"": (), "last": (rows, -1), "first": (rows, 0)}
        return array[at[place] if place in at else (rows, self.step(place))]

    def step(self, place):
        """Return the index of each row at an unmasked step, in a sequence in either order."""
        if place in STEPS:
            return self.steps[place]
        return -1 - self.steps[place.removesuffix("_reversed")]

    def evaluate(self, code):
        """Return the values of an expression as it is written, with NumPy's own syntax."""
        names = {"concatenate": np.concatenate, "rows": np.arange(len(self.tensors[0].draws[0])), **self.steps}
        found = []
        for draw in range(len(self.tensors[0].draws)):
            tensors = {tensor.name: tensor.draws[draw] for tensor in self.tensors}
            found.append(eval(code, {}, {**names, **tensors}))  # noqa: S307 - the program's own statements
        return found

    def key(self, code):
        """Return the key of an expression as it is written: the one that has the same code."""
        return self._codes()[code]

    def _codes(self):
        codes = {}
        by_name = {tensor.name: tensor for tensor in self.tensors}
        for key in self.values:
            if key[0]:
                codes[key[0].format(*key[1:])] = key
                continue
            _, place, side, name = key
            tensor = by_name[name]
            rank = tensor.draws[0].ndim
            index = [PLACES[place]] if place else []
            if side:
                middle = [":"] * (rank - 1 - 2 * bool(place))
                index += [*middle, f":{tensor.half}" if side == "left" else f"{tensor.half}:"]
            elif place in ("last", "first"):
                index += [":"] * (rank - 2)
            codes[name + (f"[{', '.join(index)}]" if index else "")] = key
        return codes

    def varies(self, key):
        """Tell whether the value is evidence: no draw of it is one number throughout (a single number has to change).

        Both parts of a merge have to be, too: to add what is zero in all draws is no finding. And each has to matter:
        in two draws at least, most elements of a sum, product or mean are other ones than those of either part.
        """
        if key[0] and not all(self.varies(("", "", "", name)) for name in key[1:]):
            return False
        if key[0] in ARITHMETIC and not all(self._matters(key, name) for name in key[1:]):
            return False
        draws = self.values[key]
        if draws[0].size == 1:
            return len({float(array.reshape(-1)[0]) for array in draws}) == len(draws)
        return all((array != array.reshape(-1)[0]).any() for array in draws)

    def _matters(self, key, name):
        shares = (1, 0.5) if "/ 2" in key[0] else (1,)
        changed = [
            all(
                np.count_nonzero(abs(merged - share * part) > 1e-3 * np.ptp(merged)) * 2 > merged.size
                for share in shares
            )
            for merged, part in zip(self.values[key], self.values["", "", "", name], strict=True)
        ]
        return sum(changed) >= 2

    def equal_pairs(self):
        """Yield the pairs of different expressions that are equal, bit for bit, in every draw."""
        groups = {}
        for key, draws in self.values.items():
            if self.varies(key):
                groups.setdefault(tuple((array.shape, array.tobytes()) for array in draws), []).append(key)
        for group in groups.values():
            yield from itertools.combinations(group, 2)


class Consequences:
    """What follows from some statements: a union of expressions, closed under what is true of any tensors."""

    def __init__(self, expressions, statements):
        self.expressions = expressions
        self.parents = {key: key for key in expressions.values}
        for statement in statements:
            first, *others = map(expressions.key, statement)
            for other in others:
                self._unite(first, other)
        self._unite_places()
        while self._close():
            pass

    def follows(self, one, other):
        return self._root(one) == self._root(other)

    def _root(self, key):
        while self.parents[key] != key:
            key = self.parents[key]
        return key

    def _unite(self, one, other):
        if one not in self.parents or other not in self.parents or self.follows(one, other):
            return False
        self.parents[self._root(one)] = self._root(other)
        return True

    def _unite_places(self):
        """Unite the places that are the same steps, such as the first and the last one of a single step."""
        for tensor in self.expressions.tensors:
            if tensor.has_time:
                batch, time = tensor.draws[0].shape[:2]
                steps = {"last": [time - 1] * batch, "first": [0] * batch}
                if self.expressions.steps:
                    places = REVERSED if tensor.is_reversed else STEPS
                    steps |= {place: self.expressions.step(place) % time for place in places}
                for one, other in itertools.combinations(steps, 2):
                    if list(steps[one]) == list(steps[other]):
                        for side in ("", "left", "right"):
                            self._unite(("", one, side, tensor.name), ("", other, side, tensor.name))

    def _close(self):
        changed = False
        tensors = self.expressions.tensors
        for a, b in itertools.permutations(tensors, 2):
            for form in ARITHMETIC:
                changed |= self._unite((form, a.name, b.name), (form, b.name, a.name))
            if self.follows(("", "", "", a.name), ("", "", "", b.name)):
                changed |= self._alike(a.name, b.name)
        for a, b in itertools.product(tensors, repeat=2):
            changed |= self._halves_of_equals(a, b)
        for whole, a, b in itertools.product(tensors, repeat=3):
            changed |= self._halves(whole, a, b)
        return changed | self._merges_of_equals() | self._doubles() | self._halved_sums() | self._joined_in_turn()

    def _halved_sums(self):
        """Equal sums have equal means, and the other way round: to halve a number loses nothing."""
        changed = False
        for one, other in (("{} + {}", "({} + {}) / 2"), ("({} + {}) / 2", "{} + {}")):
            known = {}
            for form, *names in [key for key in self.parents if key[0] == one]:
                changed |= self._unite(known.setdefault(self._root((form, *names)), (other, *names)), (other, *names))
        return changed

    def _joined_in_turn(self):
        """Concatenations are equal where the same tensors follow each other, however they were put together."""
        changed = False
        known = {}
        for key in [key for key in self.parents if key[0] == CONCATENATION]:
            for parts in self._parts(key, 3):
                changed |= self._unite(known.setdefault(parts, key), key)
        return changed

    def _parts(self, key, depth):
        """Return the ways to write a concatenation as the values that follow each other in it."""
        found = [()]
        for name in key[1:]:
            root = self._root(("", "", "", name))
            inside = [(root,)]
            if depth:
                joined = [one for one in self.parents if one[0] == CONCATENATION and self._root(one) == root]
                inside += [parts for one in joined for parts in self._parts(one, depth - 1)]
            found = list(dict.fromkeys((*front, *back) for front in found for back in inside))
        return found

    def _doubles(self):
        """A mean is half of a sum: what equals the mean, twice, is the sum."""
        changed = False
        names = [tensor.name for tensor in self.expressions.tensors]
        for (a, b), (one, other) in itertools.product(itertools.permutations(names, 2), repeat=2):
            mean = ("({} + {}) / 2", a, b)
            if mean in self.parents and all(self.follows(mean, ("", "", "", name)) for name in (one, other)):
                changed |= self._unite(("{} + {}", one, other), ("{} + {}", a, b))
        return changed

    def _merges_of_equals(self):
        changed = False
        known = {}
        for key in self.parents:
            if key[0]:
                parts = (key[0], *(self._root(("", "", "", name)) for name in key[1:]))
                changed |= self._unite(known.setdefault(parts, key), key)
        return changed

    def _alike(self, a, b):
        """Equal tensors have equal slices, and are their own mean."""
        changed = self._unite(("({} + {}) / 2", a, b), ("", "", "", a))
        for place, side in itertools.product(("", *PLACES), ("", "left", "right")):
            changed |= self._unite(("", place, side, a), ("", place, side, b))
        return changed

    def _halves_of_equals(self, a, b):
        changed = False
        if a.half and a.half == b.half:
            for one, other in itertools.product(("", *PLACES), repeat=2):
                full = ("", one, "", a.name), ("", other, "", b.name)
                if full[0] in self.parents and full[1] in self.parents and self.follows(*full):
                    for side in ("left", "right"):
                        changed |= self._unite(("", one, side, a.name), ("", other, side, b.name))
        return changed

    def _halves(self, whole, a, b):
        """A tensor is two side by side if, and only if, its halves are the two; at a place in time as well."""
        if not whole.half or a.draws[0].shape[-1] != whole.half or a.name == b.name:
            return False
        changed = False
        joined = (CONCATENATION, a.name, b.name)
        for place in ("", *PLACES):
            left, right = ("", place, "left", whole.name), ("", place, "right", whole.name)
            if joined in self.parents and left in self.parents:
                if self.follows(left, ("", "", "", a.name)) and self.follows(right, ("", "", "", b.name)):
                    changed |= self._unite(("", place, "", whole.name), joined)
                if self.follows(("", place, "", whole.name), joined):
                    changed |= self._unite(left, ("", "", "", a.name)) | self._unite(right, ("", "", "", b.name))
        return changed
