"""What a worker runs: rnnshape itself, or in the tests of the worker something lighter."""

from __future__ import annotations

import gc
from typing import Protocol

_LARGE = 60
"""Answers that take one process about as long as an import and the half of them."""


class Program(Protocol):
    """A program that a worker makes ready and its spares run."""

    def prepare(self) -> None:
        """Import whatever a run needs, in the worker, so that the spares share it. No TensorFlow operation runs."""

    def warm_up(self) -> None:
        """Do, in a spare, what the first run would do more slowly than the later ones."""

    def run(self, argv: list[str]) -> int:
        """Run on the current streams, and return the exit status; or `ending.DECLINED`, where nothing was done."""


class Rnnshape:
    """The program itself, in a process that has imported Keras."""

    def prepare(self) -> None:
        """Import every module of rnnshape and what they import at their first use."""
        import importlib
        import pkgutil

        import rnnshape

        for module in pkgutil.walk_packages(rnnshape.__path__, "rnnshape."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
        # NumPy loads these late, and Rich and Typer half of themselves; nobody sees this help.
        importlib.import_module("numpy.ma")
        importlib.import_module("numpy.random")
        self.run(["--help"])

    def warm_up(self) -> None:
        """Go the whole way from the words to the table, which nobody sees: the second time costs half of the first."""
        for layer in ("lstm", "gru", "simple-rnn"):
            self.run([layer, "--return-sequences", "--return-state"])
        # One client is served, then this process ends: collecting what it leaves would only make that client wait.
        gc.freeze()
        gc.disable()

    def run(self, argv: list[str]) -> int:
        """Run the command line, unless it asks for so much that it pays to import once more, and to share the work."""
        from rnnshape import cli

        return cli.run(argv, most=_LARGE)
