"""What a worker runs: the command line, or in the tests of the worker something lighter."""

from __future__ import annotations

from typing import Protocol


class Program(Protocol):
    """A program that a worker makes ready and its spares run."""

    def prepare(self) -> None:
        """Import whatever a run needs, in the worker, so that the spares share it. No TensorFlow operation runs."""

    def warm_up(self) -> None:
        """Do, in a spare, what the first run would do more slowly than the later ones."""

    def run(self, argv: list[str]) -> int:
        """Run on the current streams, and return the exit status; or `ending.DECLINED`, where nothing was done."""

    def put_back(self) -> bool:
        """Have its libraries be as they were before any run, and tell whether they are: then it may run once more."""

    libraries: frozenset[str]
    """The packages of which a run may import more than was imported when it was prepared."""
