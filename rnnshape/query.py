"""What is asked: one layer, one set of sizes, one way of calling it. Knows no Keras."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from rnnshape.errors import InvalidQuery
from rnnshape.expression import Call
from rnnshape.mask import MaskSpec

LARGEST_SIZE = 2**31 - 1

DEFAULT_UNITS = 4
DEFAULT_BATCH = 32
DEFAULT_TIME = 10
DEFAULT_FEATURES = 8
DEFAULT_SPACE = 8
DEFAULT_KERNEL_SIZE = 3
DEFAULT_SEED = 0


class InitialState(enum.Enum):
    """What `initial_state` is filled with."""

    ZEROS = "zeros"
    RANDOM = "random"


class MergeMode(enum.Enum):
    """Bidirectional's merge modes, as they are typed."""

    CONCAT = "concat"
    SUM = "sum"
    MUL = "mul"
    AVE = "ave"
    NONE = "none"

    @property
    def keras(self) -> str | None:
        """The value of Keras's `merge_mode`."""
        return None if self is MergeMode.NONE else self.value


class Dtype(enum.Enum):
    """What the numbers are, as it is typed: Keras's policy for the layer, and with it the dtype of the input."""

    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    MIXED_FLOAT16 = "mixed_float16"
    MIXED_BFLOAT16 = "mixed_bfloat16"
    INT32 = "int32"

    @property
    def policy(self) -> str | None:
        """The dtype policy; None where it is the layer's own, because whole numbers are no policy."""
        return None if self is Dtype.INT32 else self.value

    @property
    def input(self) -> str:
        """The dtype of the input; under a mixed policy Keras itself casts the input to the short one."""
        return "float32" if self.value.startswith("mixed_") else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The sizes of the input's axes; None is an unknown size. `shape`, the whole shape at once, goes before them.

    `space` is None where nothing was said of it. `given` are the names of the others that were asked for; the rest
    are defaults, which give way to what a layer's own code says of its input.
    """

    batch: int | None = DEFAULT_BATCH
    time: int | None = DEFAULT_TIME
    features: int = DEFAULT_FEATURES
    space: tuple[int, ...] | None = None
    shape: tuple[int | None, ...] | None = None
    given: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse what is not a size."""
        for name in ("batch", "time"):
            check_size(name, getattr(self, name), unknown=True)
        check_size("features", self.features)
        for size in self.space or ():
            check_size("space", size)
        if self.shape == ():
            raise InvalidQuery("input must have at least one axis. Received: input=()")
        for axis, axis_size in enumerate(self.shape or ()):
            check_size("input", axis_size, unknown=axis < 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question: this layer, on an input of these sizes, called in this way."""

    layer: Call
    sizes: Sizes = field(default_factory=Sizes)
    mask: MaskSpec | None = None
    initial_state: InitialState | None = None
    training: bool = False
    seed: int = DEFAULT_SEED
    into: Call | None = None
    weights: bool = False
    every_state: bool = False
    dtype: Dtype | None = None

    @property
    def policy(self) -> str | None:
        """The dtype policy that the layer is built under; None for Keras's default."""
        return None if self.dtype is None else self.dtype.policy

    def __post_init__(self) -> None:
        """Refuse a mask that does not fit the sizes, and a seed that is none."""
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed < 2**32:
            message = f"seed must be a whole number from 0 to {2**32 - 1}. Received: seed={self.seed!r}"
            raise InvalidQuery(message)
        shape = self.sizes.shape
        batch, time = (self.sizes.batch, self.sizes.time) if shape is None else (*shape, None, None)[:2]
        self.check_mask(batch, time)

    def check_mask(self, batch: int | None, time: int | None) -> None:
        """Refuse a mask that does not fit an input of these sizes; None is an unknown one.

        Raises:
            InvalidQuery: the batch or the time axis is of another size.

        """
        if self.mask is not None:
            self.mask.check(batch, time)


def check_size(name: str, size: object, *, unknown: bool = False, least: int = 1) -> None:
    """Refuse what is not a size.

    Raises:
        InvalidQuery: the size is not a whole number from `least` on (or None, where it may be unknown).

    """
    if size is None and unknown:
        return
    if isinstance(size, bool) or not isinstance(size, int) or not least <= size <= LARGEST_SIZE:
        wanted = f"a whole number from {least} to {LARGEST_SIZE}" + (", or none" if unknown else "")
        raise InvalidQuery(f"{name} must be {wanted}. Received: {name}={size!r}")
