"""The script: the same query as runnable Python, as it would stand in the documentation of Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from rnnshape import tree
from rnnshape.catalogue import EMBEDDING, STACKED_CELLS
from rnnshape.errors import printable
from rnnshape.expression import Call
from rnnshape.report import Into, Report, Shape, Tensor
from rnnshape.show import unreturned_code as unreturned
from rnnshape.show.fold import fill, fold, fold_assignment
from rnnshape.show.keras_code import WIDTH, Imports, assigned, folded, keras_code, smaller
from rnnshape.show.mask_code import mask_lines, mask_steps, padding
from rnnshape.show.rows import PLAIN_DTYPE
from rnnshape.structure import Expression, Place, Term

_ROUNDING = 1e-5
"""What the values that are equal but for rounding are compared with."""
_ROUNDING_OF = {"float16": 1e-2, "bfloat16": 1e-1}
"""The same for numbers of few digits: some steps of rounding, of values around 1."""
_DECODER_FEATURES = 8
_BYTES = 4
_LARGEST_WEIGHTS = 2 * 10**9
"""Bytes of weights that a script may ask a reader's machine for: a symbolic call makes them, too."""


def code(report: Report) -> str:
    """Return a script that runs the report's layer, prints each tensor's shape and asserts what is equal.

    Only that is asserted which holds for any weights, so that it holds for those of a new layer. Where the sizes are
    unknown or too large, the shapes come from a symbolic call, and the values from a call at the small sizes at which
    the report's own came about.
    """
    script = _Script(report)
    blocks = script.at_small_sizes() if report.ran.reduced_to else script.as_asked()
    blocks += [script.handing_on()] if report.into else []
    blocks = [script.imports.lines(), script.policy(), *blocks]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


class _Script:
    """The pieces of the script, each a block of lines."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.imports = Imports()
        self.is_cell = report.unpack.call.is_cell
        self.variable = report.unpack.call.variable
        stepped = unreturned.stepped_tensors(report)
        self.unstepped = unreturned.cannot_step(report) if stepped else None
        self.stepped = [] if self.unstepped else stepped
        inside = unreturned.inside_tensors(report)
        self.unshown = unreturned.cannot_show_inside(report) if inside else None
        self.inside = [] if self.unshown else inside

    def policy(self) -> list[str]:
        """Return what has Keras build all layers under the dtype policy, where one was asked for."""
        name = self.report.dtype_policy
        return [f'keras.mixed_precision.set_dtype_policy("{name}")'] if name else []

    def as_asked(self) -> list[list[str]]:
        """Return the run at the sizes that were asked."""
        shape = tuple(size or 1 for size in self.report.input.shape)
        setting = [*self._real_inputs(shape, {}), *self._layer(self.report.layer)]
        return [
            setting,
            self._unpacking(),
            _printed(self.report.returned_tensors),
            *self._on_the_way(),
            *self._stepping(),
            self._asserts({}),
        ]

    def at_small_sizes(self) -> list[list[str]]:
        """Return the symbolic call at the sizes that were asked, and the real run at small ones."""
        reduced = self.report.ran.reduced_to
        assert reduced is not None
        small = smaller(self.report.layer, reduced.layer)
        weights = self.report.parameters.total * _BYTES
        if weights > _LARGEST_WEIGHTS:
            said = (
                f"At the sizes that were asked for, the weights alone take {weights // 10**9} GB: this is a small one."
            )
            symbolic = [_comment(said)]
        elif not self.report.declared.agrees:
            said = "What Keras declares at the sizes that were asked for is not what it returns: a real run tells."
            symbolic = [_comment(said)]
        else:
            said = "The shapes at the sizes that were asked for: nothing is computed."
            symbolic = [[f"# {said}", *self._symbolic_inputs(), *self._layer(self.report.layer)]]
            symbolic += [self._unpacking(), _printed(self.report.returned_tensors), *self._on_the_way()]
        asserts = self._asserts(small)
        if not (asserts or self.stepped) and len(symbolic) > 1:
            return symbolic
        layer = self._layer(reduced.layer) if reduced.layer != self.report.layer or len(symbolic) == 1 else []
        setting = ["# The values at small sizes.", *self._real_inputs(reduced.input, small), *layer]
        prints = [] if len(symbolic) > 1 else [_printed(self.report.returned_tensors)]
        inside = self._on_the_way() if prints else [unreturned.inside_code(self.report)] if self.inside else []
        return [*symbolic, setting, self._unpacking(), *prints, *inside, *self._stepping(), asserts]

    def handing_on(self) -> list[str]:
        """Return the call of the layer that the states are passed on to, or why there is none."""
        into = self.report.into
        assert into is not None
        reduced = self.report.ran.reduced_to
        if into.initial_state is None or (reduced is not None and reduced.layer != self.report.layer):
            return _comment(f"{into.layer} does not take these states: {into.change or f'it wants {into.wants}'}.")
        said = _comment(f"{into.layer} does not take the states as they are: {into.change}.") if into.change else []
        return [*said, *self._decoder(into, into.initial_state)]

    def _decoder(self, into: Into, states: Expression) -> list[str]:
        given = self.report.input
        reduced = self.report.ran.reduced_to
        shape = tuple(size or 1 for size in (reduced.input if reduced else given.shape))
        shape = shape if "features" in given.axes else (*shape, _DECODER_FEATURES)
        layer = into.layer_that_fits or into.layer
        is_cell = _is_cell(layer)
        if is_cell:
            shape = (shape[0], shape[-1])
        elif self.is_cell:
            shape = (shape[0], 10, shape[-1])
        argument, name = ("states", "states") if is_cell else ("initial_state=initial_state", "initial_state")
        return [
            *assigned("decoder", keras_code(layer, self.imports)),
            f"decoder_inputs = keras.random.normal({shape})",
            *assigned(name, states.written(module="keras.ops.")),
            f"decoder_outputs = decoder(decoder_inputs, {argument})",
        ]

    def _layer(self, layer: Call) -> list[str]:
        return assigned(self.variable, keras_code(layer, self.imports))

    def _real_inputs(self, shape: Sequence[int], small: Mapping[int, int]) -> list[str]:
        """Return the inputs, and the states and the mask where some are given, of random numbers."""
        given = self.report.input
        if given.dtype.startswith(("int", "uint")):
            tokens = _tokens(self.report.layer)
            least = min(1, max(tokens - 1, 0))
            made = f'keras.random.randint({tuple(shape)}, {least}, {tokens}, dtype="{given.dtype}")'
        else:
            made = f"keras.random.normal({tuple(shape)}{_of_dtype(given.dtype)})"
        lines = self._inputs(made)
        if self.report.mask is not None:
            self.imports.numpy = True
            lines += mask_lines(self.report.mask, shape[0], shape[given.axes.index("timesteps")])
            lines += padding(self.report.mask, shape, given.dtype)
        batch = shape[0] if self.report.ran.reduced_to else None
        return lines + self._states(lambda state: self._real_state(_resized(state, batch, small)))

    def _symbolic_inputs(self) -> list[str]:
        given = self.report.input
        lines = self._inputs(_symbolic(given.shape, given.dtype))
        if self.report.mask is not None:
            lines.append(f"mask = {_symbolic(given.shape[:2], 'bool')}")
        return lines + self._states(_symbolic)

    def _inputs(self, made: str) -> list[str]:
        """Return the assignment of the inputs, their axes behind it or, where there is no room, above it."""
        comment = f"# {', '.join(self.report.input.axes)}"
        line = f"inputs = {made}  {comment}"
        return [line] if len(line) <= WIDTH else [comment, *assigned("inputs", made)]

    def _states(self, made: Callable[[Shape], str]) -> list[str]:
        report = self.report
        if report.states is None or (report.initial_state is None and not self.is_cell):
            return []
        shapes = tree.shapes(report.states.accepts)
        name = "states" if self.is_cell else "initial_state"
        if len(shapes) > 2 and isinstance(shapes[0], tree.Size) and all(shape == shapes[0] for shape in shapes):
            return assigned(name, f"[{made(tuple(shapes[0]))} for _ in range({len(shapes)})]")
        return assigned(name, tree.as_code(shapes, made))

    def _real_state(self, shape: Sequence[int | None]) -> str:
        return f"keras.ops.zeros({shape})" if self.report.initial_state == "zeros" else f"keras.random.normal({shape})"

    @property
    def _rounding(self) -> float:
        """What values that are equal but for rounding are compared with: more, where the numbers are short."""
        shortest = max((_ROUNDING_OF.get(tensor.dtype, _ROUNDING) for tensor in self.report.tensors), default=_ROUNDING)
        return max(shortest, _ROUNDING)

    def _unpacking(self) -> list[str]:
        unpack = self.report.unpack
        head = f"{unpack.targets} = {self.variable}("
        if len(str(unpack)) > WIDTH >= len(head) and unpack.call.arguments:
            inside = ", ".join(("inputs", *unpack.call.arguments))
            return [head, *fold(f"    {inside}", WIDTH), f"){unpack.call.end}"]
        return fold_assignment(str(unpack), WIDTH)

    def _on_the_way(self) -> list[list[str]]:
        """Return what makes and prints the tensors on the way through a Sequential, or why it is not here."""
        if self.unshown:
            return [_comment(f"The tensors on the way are not made here: {self.unshown}.")]
        return [unreturned.inside_code(self.report), _printed(self.inside)] if self.inside else []

    def _stepping(self) -> list[list[str]]:
        """Return what makes and prints the states after every timestep, or why it is not here."""
        if self.unstepped:
            return [_comment(f"The layer's cell is not stepped here: {self.unstepped}.")]
        if not self.stepped:
            return []
        return [["", *unreturned.stepping_code(self.report)], _printed(self.stepped)]

    def _asserts(self, small: Mapping[int, int]) -> list[str]:
        """Return an assertion for each equality between tensors of the script; slices are for the small sizes."""
        known = {tensor.name for tensor in (*self.report.returned_tensors, *self.inside, *self.stepped)}
        said: list[str] = []
        used: set[Place] = set()
        for close, statements in ((False, self.report.equal), (True, self.report.close or ())):
            for statement in statements:
                kept = [one for one in statement if known.issuperset(term.tensor for term in one.terms)]
                used.update(term.at.place for one in kept for term in one.terms)
                said += _compared([_as_numpy(one, small) for one in kept], close=close, rounding=self._rounding)
        if not said:
            return []
        self.imports.numpy = True
        return [*mask_steps(self.report.mask, used), *said]


def _printed(tensors: Iterable[Tensor]) -> list[str]:
    return [f'print("{tensor.name}", {tensor.name}.shape)' for tensor in tensors]


def _of_dtype(dtype: str) -> str:
    """Return the argument that asks for a dtype; Keras's default needs none."""
    return "" if dtype == PLAIN_DTYPE else f', dtype="{dtype}"'


def _compared(codes: Sequence[str], *, close: bool, rounding: float) -> list[str]:
    function, more = ("allclose", f", atol={rounding}") if close else ("array_equal", "")
    lines = []
    for other in codes[1:]:
        lines += folded(f"assert np.{function}({codes[0]}, {other}{more})")
    return lines


def _as_numpy(expression: Expression, small: Mapping[int, int]) -> str:
    """Return an expression over the tensors as code: an index of arrays is NumPy's to understand, not TensorFlow's."""

    def numpy(term: Term) -> str:
        half = term.at.half
        index = term.at if half is None else replace(term.at, half=small.get(half, half))
        return f"np.array({term.tensor}){index}" if index.place.is_of_mask else f"{term.tensor}{index}"

    return expression.written(numpy, "np.")


def _symbolic(shape: Shape, dtype: str = PLAIN_DTYPE) -> str:
    """Return a symbolic input; an unknown batch size goes without saying."""
    sizes = tuple(shape[1:]) if shape[0] is None else f"batch_shape={tuple(shape)}"
    return f"keras.Input({sizes}{_of_dtype(dtype)})"


def _resized(shape: Sequence[int | None], batch: int | None, small: Mapping[int, int]) -> tuple[int, ...]:
    sizes = tuple(size or 1 for size in shape)
    return sizes if batch is None else (batch, *(small.get(size, size) for size in sizes[1:]))


def _is_cell(call: Call) -> bool:
    return call.name == STACKED_CELLS or call.name.endswith("Cell")


def _tokens(layer: Call) -> int:
    """Return how many tokens the layer's embedding knows: two at least, if it is a user's; ten, if there is none."""
    found: object = None
    for call in layer.calls():
        if call.name == EMBEDDING:
            found = call.args[0] if call.args else call.argument("input_dim")
    if isinstance(found, int):
        return found
    return 2 if any(call.is_users for call in layer.calls()) else 10


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in fill(printable(text).split(), WIDTH - 2)]
