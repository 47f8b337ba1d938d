"""The command line as a worker runs it: ready before the first question, and put back after each."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnshape.run.afresh import Libraries


_MANY = 25
"""Answers after which the memory that TensorFlow keeps of them is worth 15 ms of the next one."""

_LARGE = 60
"""Answers that take one process about as long as an import and the half of them."""


class Rnnshape:
    """The program itself, in a process that has imported Keras."""

    libraries = frozenset({"rnnshape", "keras", "tensorflow", "numpy", "rich", "typer", "h5py", "ml_dtypes"})

    def __init__(self) -> None:
        """Know nothing of the libraries yet: they may not be imported."""
        self._before: Libraries | None = None
        self._answers = 0

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
        from rnnshape.run import afresh

        self._before = afresh.look()

    def warm_up(self) -> None:
        """Go the whole way from the words to the table, which nobody sees: the second time costs half of the first."""
        for layer in ("lstm", "gru", "simple-rnn"):
            self.run([layer, "--return-sequences", "--return-state"])
        # What a client leaves is collected when it has its answer.
        gc.freeze()
        gc.disable()

    def run(self, argv: list[str]) -> int:
        """Run the command line, unless it asks for so much that it pays to import once more, and to share the work."""
        from rnnshape import cli

        return cli.run(argv, most=_LARGE)

    def put_back(self) -> bool:
        """Have Keras and NumPy be as they were when they were imported; False where code has run that is a user's."""
        from rnnshape.run import afresh

        self._answers += 1
        if self._answers % _MANY == 0:
            afresh.tidy()
        return self._before is not None and self._before.put_back()
