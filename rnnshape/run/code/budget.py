"""The bounds: how much of a program is run, how much memory its values take, how long it may take.

All of them but one count what the program does, so that a program is refused on every machine, or on none, and at the
same line. What costs most counts most: Keras takes milliseconds for a layer, and Python microseconds for a step. The
clock is the last resort, far behind the time that the counted work takes on a slow machine.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from rnnshape.run.code.halt import TooMuch

MAX_STEPS = 300_000
MAX_DEPTH = 110
MAX_CALLS = 25
MAX_TENSORS = 3_000
MAX_BYTES = 64_000_000
"""Bytes of one array that is really made; a larger one that is all alike is kept as one number and its shape."""
MAX_TOTAL = 1_000_000_000
"""Bytes of all weights, and of all arrays, together."""
MAX_HOLLOW = 2**50
MAX_SECONDS = 60.0
MAX_ITEMS = 200_000
"""Items of a list, characters of a string that an operation makes."""
MAX_NESTING = 40
"""Lists in lists."""
MAX_BITS = 4_096
"""Bits of an integer."""
MAX_ROUNDS = 100_000
MAX_ENDLESS = 3
"""Rounds of a loop that never ends, for certain: an error that is in it shows in these."""
MAX_LAYERS = 600
MAX_BUILDING = 150
"""Rounds of all loops that make layers. The deepest networks that people write have about a hundred blocks; a model
that gets one layer a round takes longer for each layer than for the one before."""
_WALKED = 8
"""Items that are walked in about the time of a step."""


@dataclass(slots=True)
class Budget:
    """What has been used up."""

    steps: int = 0
    tensors: int = 0
    layers: int = 0
    bytes: int = 0
    depth: int = 0
    calls: int = 0
    building: int = 0
    built: int = 0
    """The number of layers when a loop went on the last time."""
    until: float = field(default_factory=lambda: time.monotonic() + MAX_SECONDS)

    def step(self) -> None:
        """Count one evaluation.

        Raises:
            TooMuch: these were too many, or they took too long.

        """
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooMuch(f"The program takes more than {MAX_STEPS:,} steps.", "Give fewer rounds of the loop.")
        if self.steps % 64 == 0 or self.steps < 64:
            self.check_time()

    def round(self) -> None:
        """Count one round of a loop, and one that makes layers where the one before did.

        Raises:
            TooMuch: these were too many.

        """
        self.step()
        self.building += self.layers > self.built
        self.built = self.layers
        if self.building > MAX_BUILDING:
            message = f"Loops make layers in more than {MAX_BUILDING} rounds."
            raise TooMuch(message, "Give fewer rounds of the loop.")

    def check_time(self) -> None:
        """Refuse to go on after `MAX_SECONDS`."""
        if time.monotonic() > self.until:
            raise TooMuch(f"The program takes more than {MAX_SECONDS:.0f} seconds.", "Give smaller sizes.")

    def tensor(self) -> None:
        """Count one tensor."""
        self.tensors += 1
        if self.tensors > MAX_TENSORS:
            raise TooMuch(f"The program makes more than {MAX_TENSORS:,} tensors.", "Give fewer rounds of the loop.")

    def layer(self) -> None:
        """Count one object of Keras's."""
        self.layers += 1
        if self.layers > MAX_LAYERS:
            raise TooMuch(f"The program makes more than {MAX_LAYERS:,} layers.", "Give fewer rounds of the loop.")

    def walk(self, value: object) -> None:
        """Refuse lists in lists that are too many or too deep to be walked: they grow faster than what made them.

        Raises:
            TooMuch: they are.

        """
        waiting = [(value, 0)]
        count = 0
        while waiting:
            item, depth = waiting.pop()
            if not isinstance(item, list | tuple | dict | set):
                continue
            count += len(item)
            if depth > MAX_NESTING:
                raise TooMuch(f"Lists are nested more than {MAX_NESTING} deep.", "Give a flat list.")
            check_items(count)
            inside = [*item, *item.values()] if isinstance(item, dict) else item
            waiting += [(part, depth + 1) for part in inside if isinstance(part, list | tuple | dict | set)]
        self.steps += count // _WALKED

    def hold(self, size: int) -> None:
        """Count the bytes of weights, or of an array."""
        self.bytes += size
        if self.bytes > MAX_TOTAL:
            message = f"The weights and arrays would take more than {MAX_TOTAL / 1e9:.0f} GB."
            raise TooMuch(message, "Give smaller sizes.")


def check_items(count: int, what: str = "items") -> None:
    """Refuse a list or a string that would be too long.

    Raises:
        TooMuch: it would.

    """
    if count > MAX_ITEMS:
        raise TooMuch(f"This would make {_shown(count)} {what}; at most {MAX_ITEMS:,} are made.", "Give smaller sizes.")


def check_bits(bits: int) -> None:
    """Refuse an integer that would be too long.

    Raises:
        TooMuch: it would.

    """
    if bits > MAX_BITS:
        raise TooMuch(f"This would make an integer of more than {MAX_BITS:,} bits.", "Give smaller numbers.")


def check_array(count: int, itemsize: int = 8) -> None:
    """Refuse an array that would be too large.

    Raises:
        TooMuch: it would.

    """
    if count * itemsize > MAX_BYTES:
        message = f"This would make an array of {_shown(count * itemsize)} bytes; at most {MAX_BYTES:,} are made."
        raise TooMuch(message, "Give smaller sizes.")


def _shown(count: int) -> str:
    return f"{count:,}" if count < 10**15 else "too many"
