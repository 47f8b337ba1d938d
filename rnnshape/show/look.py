"""What there is to write on: how wide, in which encoding, with which colours."""

from __future__ import annotations

from dataclasses import dataclass

from rnnshape.show import palette
from rnnshape.show.console import NATURAL_WIDTH, safe
from rnnshape.show.marks import Mark
from rnnshape.show.rows import Tone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to write on. `fixed`: the terminal has colours of its own that no theme changes."""

    width: int
    encoding: str
    fixed: bool = False

    @classmethod
    def of(cls, console: Console, options: ConsoleOptions) -> Look:
        """Return what this console is to write on."""
        return cls(options.max_width, options.encoding, console.color_system in ("256", "truecolor"))

    @property
    def is_natural(self) -> bool:
        """Whether nothing limits the width: a pipe or a file."""
        return self.width >= NATURAL_WIDTH

    @property
    def quiet(self) -> str:
        """The style of what matters less."""
        return self.tone(Tone.QUIET)

    def safe(self, text: str) -> str:
        """Return the text as it can be written here."""
        return safe(text, self.encoding)

    def tone(self, tone: Tone) -> str:
        """Return the style of what is meant so."""
        return palette.TONES[tone]

    def mark(self, mark: Mark) -> str:
        """Return the style of a mark's letter."""
        return palette.mark(mark.number, fixed=self.fixed)

    @property
    def added(self) -> str:
        """The style of the sign of a line that comes in."""
        return palette.added(fixed=self.fixed)

    @property
    def alarm(self) -> str:
        """The style of a sign or a word that says that something is wrong."""
        return palette.alarm(fixed=self.fixed)
