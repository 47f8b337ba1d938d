"""Everything that can be asked: `Options` is the one list of it.

The command line and `rnnshape.explore` both fill it, the one with strings, the other with Python's values.

    option   what there is to know of an option
    listed   the options: how each is read, what is said of it in the help
    readers  a value as it is given -> the value that is meant, checked
    given    what was given -> the options; and which of them go together
"""

from rnnshape.options.given import for_code, for_layers, read_options
from rnnshape.options.listed import ALL, CONV, FLAGS, MANY, NAMES, SHELLS, Options, option_of, typed
from rnnshape.options.option import Color, Option, Part, Wish

__all__ = [
    "ALL",
    "CONV",
    "FLAGS",
    "MANY",
    "NAMES",
    "SHELLS",
    "Color",
    "Option",
    "Options",
    "Part",
    "Wish",
    "for_code",
    "for_layers",
    "option_of",
    "read_options",
    "typed",
]
