"""Everything that can be asked: `Options` is the one list of it.

The command line and `rnnshape.explore` both fill it, the one with strings, the other with Python's values.

    listed   the options: how each is read, what is said of it in the help
    readers  a value as it is given -> the value that is meant, checked
"""

from rnnshape.options.listed import (
    CONV,
    FLAGS,
    NAMES,
    Option,
    Options,
    Part,
    for_code,
    for_layers,
    option_of,
    read_options,
    typed,
)

__all__ = [
    "CONV",
    "FLAGS",
    "NAMES",
    "Option",
    "Options",
    "Part",
    "for_code",
    "for_layers",
    "option_of",
    "read_options",
    "typed",
]
