"""What an option is: how it is read, and everything that is said of it to people."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rnnshape.options import readers


class Part(enum.Enum):
    """The part of the question that an option belongs to; its value is the heading in the help."""

    LAYER = "The layer"
    INPUT = "Its input"
    CALL = "How it is called"
    CODE = "Code"
    SHOWN = "What is shown"
    FORM = "In which form"
    CHECK = "For scripts and CI"
    RUN = "How it runs"
    HELP = "Help"


class Color(enum.Enum):
    """Whether colours are wanted, as it is typed."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"

    @property
    def wanted(self) -> bool | None:
        """Whether they are; None where the terminal and the environment decide."""
        return {Color.AUTO: None, Color.ALWAYS: True, Color.NEVER: False}[self]


class Wish(enum.Enum):
    """What may be asked of the worker."""

    STATUS = "status"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What there is to know of an option besides its name.

    `read` turns what is given into the value that is meant, and refuses what cannot be meant. `say` is the help's
    sentence, `values` what is written there in the place of the value, `choices` the only words that there are, of
    which `several` may be given; `default` is what holds where nothing is said. A `repeatable` one collects its values
    in a list. A switch has no value; its `values` and `choices` are about a word that may stand behind it. Flags of the
    constructor, and what only a ConvLSTM has, are marked. So is what the command line alone has (`of_command`), because
    it is about files, screens and processes; and what goes `with_code`.
    """

    part: Part
    read: Callable[[str, Any], Any]
    say: str
    short: str | None = None
    values: str | None = None
    choices: tuple[str, ...] = ()
    several: bool = False
    default: object = None
    repeatable: bool = False
    is_switch: bool = False
    is_flag: bool = False
    is_conv: bool = False
    of_command: bool = False
    with_code: bool = False

    @property
    def sentence(self) -> str:
        """What the help says, with the default."""
        return self.say if self.default is None else f"{self.say} Default: {self.default}."

    @property
    def metavar(self) -> str | None:
        """What is written in the place of the value."""
        return self.values or "|".join(self.choices) or None


def option(part: Part, read: Callable[[str, Any], Any], say: str, *, unsaid: object = None, **more: Any) -> Any:
    """Return a field for an option with a value, and with `unsaid` where nothing was said."""
    return dataclasses.field(default=unsaid, metadata={"option": Option(part=part, read=read, say=say, **more)})


def switch(part: Part, say: str, **more: Any) -> Any:
    """Return a field for an option that is either there or not."""
    return option(part, readers.switch, say, unsaid=False, is_switch=True, **more)
