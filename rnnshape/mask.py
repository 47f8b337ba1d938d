"""The mask a layer is called with: as typed, and as rows of booleans (True: the step counts)."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from rnnshape.errors import InvalidQuery, nearest

FORMS = "right:N, left:N, lengths:N,N,… or 1,1,0,…"
MOST_STEPS = 20_000
_NUMBER = re.compile(r"\s*[0-9]{1,9}\s*")


class MaskKind(enum.Enum):
    """Which steps are masked."""

    RIGHT = "right"
    LEFT = "left"
    LENGTHS = "lengths"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class MaskSpec:
    """A mask before the sizes are known. `numbers` are one count, the lengths of the rows, or zeros and ones."""

    kind: MaskKind
    numbers: tuple[int, ...]

    def __str__(self) -> str:
        """Return the mask as it is typed."""
        listed = ",".join(map(str, self.numbers))
        return listed if self.kind is MaskKind.STEPS else f"{self.kind.value}:{listed}"

    @property
    def batch(self) -> int | None:
        """The batch size that the mask implies."""
        return len(self.numbers) if self.kind is MaskKind.LENGTHS else None

    @property
    def time(self) -> int | None:
        """The number of timesteps that the mask implies."""
        return len(self.numbers) if self.kind is MaskKind.STEPS else None

    @property
    def least_time(self) -> int:
        """The least number of timesteps that the mask fits."""
        return len(self.numbers) if self.kind is MaskKind.STEPS else max(1, *self.numbers)

    def check(self, batch: int | None, time: int | None) -> None:
        """Refuse sizes that the mask does not fit; None is an unknown size.

        Raises:
            InvalidQuery: the batch or the time axis is of another size.

        """
        if self.batch is not None and batch is not None and batch != self.batch:
            message = f"The mask has a length for each of {self.batch} rows, the batch {batch}. Received: --mask {self}"
            raise InvalidQuery(message, hint=f"Give --batch {self.batch}, or {batch} lengths.")
        if time is None:
            return
        if self.time is not None and time != self.time:
            message = f"The mask has {self.time} steps, the time axis {time}. Received: --mask {self}"
            raise InvalidQuery(message, hint=f"Give --time {self.time}, or {time} zeros and ones.")
        if self.least_time > time:
            message = f"The mask needs at least {self.least_time} timesteps, there are {time}. Received: --mask {self}"
            raise InvalidQuery(message, hint=f"Give --time {self.least_time} or more.")

    def row(self, at: int, time: int) -> tuple[bool, ...]:
        """Return one row of the mask, of `time` steps. All rows are alike but those of lengths."""
        match self.kind:
            case MaskKind.RIGHT:
                return tuple(step < time - self.numbers[0] for step in range(time))
            case MaskKind.LEFT:
                return tuple(step >= self.numbers[0] for step in range(time))
            case MaskKind.LENGTHS:
                return tuple(step < self.numbers[at] for step in range(time))
        return tuple(bool(number) for number in self.numbers)

    def masks_nothing(self, time: int) -> bool:
        """Tell whether every one of `time` steps counts, in every row."""
        match self.kind:
            case MaskKind.RIGHT | MaskKind.LEFT:
                return self.numbers[0] == 0
            case MaskKind.LENGTHS:
                return min(self.numbers) >= time
        return all(self.numbers)


def parse_mask(text: str) -> MaskSpec:
    """Return the mask that a word of the command line means.

    Raises:
        InvalidQuery: the word is none of the forms.

    """
    word, colon, rest = text.strip().partition(":")
    kinds = {kind.value: kind for kind in MaskKind if kind is not MaskKind.STEPS}
    kind = kinds.get(word.strip().lower()) if colon else MaskKind.STEPS
    if kind is None:
        # Keras's pad_sequences has words of its own for the two sides.
        near = {"post": "right", "pre": "left"}.get(word.strip().lower()) or nearest(word, kinds)
        raise _refusal(text, f"{word!r} is not a kind of mask", hint=f"Did you mean {near}:{rest}?" if near else None)
    numbers = []
    for part in (rest if colon else word).split(","):
        if not _NUMBER.fullmatch(part):
            raise _refusal(text, f"{part!r} is not a number of steps")
        # Not all that is a space to `strip` is one to `int`.
        numbers.append(int(part.strip()))
    if kind is MaskKind.STEPS and set(numbers) - {0, 1}:
        raise _refusal(text, "a step is 1 (it counts) or 0 (it is masked)")
    if kind in (MaskKind.RIGHT, MaskKind.LEFT) and len(numbers) != 1:
        raise _refusal(text, f"{kind.value} takes one number of steps")
    if max(numbers) > MOST_STEPS:
        raise _refusal(text, f"it is of at most {MOST_STEPS} steps, for it is run with so many")
    return MaskSpec(kind, tuple(numbers))


def _refusal(text: str, reason: str, *, hint: str | None = None) -> InvalidQuery:
    return InvalidQuery(f"A mask must be {FORMS}; {reason}. Received: --mask {text}", hint=hint)
