"""What there is to write on: how wide, in which encoding, with which colours; and lines that are made to fit it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from rnnshape.show import palette
from rnnshape.show.console import NATURAL_WIDTH, is_unicode, safe
from rnnshape.show.marks import Mark
from rnnshape.show.rows import Tone


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

    @property
    def is_ascii(self) -> bool:
        """Whether lines are drawn with the signs of ASCII."""
        return not is_unicode(self.encoding)

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


@dataclass(frozen=True, slots=True)
class Shown:
    """Lines that fit what they are written on, for Rich to print: it leaves them whole unless it `wraps` them."""

    lines: Callable[[Look], Iterable[Text]]
    wraps: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines(Look.of(console, options)):
            if not self.wraps:
                line.no_wrap, line.overflow = True, "ignore"
            yield line


def apart(answers: Iterable[Iterable[Text]]) -> Iterator[Text]:
    """Yield the lines of all answers, with an empty line between two of them."""
    for at, answer in enumerate(answers):
        if at:
            yield Text()
        yield from answer
