"""`watch`: every call of a layer in a block of the program itself."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from rnnshape.api.reports import ProgramReport, of_program
from rnnshape.errors import InvalidQuery

if TYPE_CHECKING:
    from rnnshape.run.watching.blocks import Block


class Watch:
    """What `watch()` gives: the answer about the layers that were called in its block, as `report`."""

    def __init__(self, *, seed: int = 0) -> None:
        """Keep the seed of the random weights and inputs with which values are compared."""
        self._seed = seed
        self._block: Block | None = None
        self._report: ProgramReport | None = None
        self._is_over = False

    def __enter__(self) -> Watch:  # noqa: PYI034 - Python 3.10 has no Self, and nobody inherits
        """Begin to watch the code around."""
        from rnnshape.run.watching.blocks import Block

        if self._block is not None:
            raise InvalidQuery("A watch() watches one block.", hint="Call watch() for each: with watch() as seen:")
        self._block = Block(sys._getframe(1), seed=self._seed)  # noqa: SLF001 - the frame that is watched
        self._block.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Watch no more."""
        assert self._block is not None
        self._is_over = True
        self._block.end(error)

    @property
    def report(self) -> ProgramReport:
        """The answer: every tensor that the block's layers took and returned.

        Raises:
            InvalidQuery: the block is not over.

        """
        if self._block is None or not self._is_over:
            raise InvalidQuery("The block is not over.", hint="with watch() as seen: …   and then: seen.report")
        if self._report is None:
            from rnnshape.programs import answered

            self._report = of_program(answered(self._block.run()))
        return self._report

    def _repr_html_(self) -> str:
        """Return the answer as HTML: how a notebook shows it."""
        return self.report._repr_html_()


def watch(*, seed: int = 0) -> Watch:
    """Return what watches every call of a layer in its block; with `as seen`, the answer is `seen.report`.

    Args:
        seed: of the random weights and inputs with which values are compared.

    """
    return Watch(seed=seed)
