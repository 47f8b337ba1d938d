"""The answer to a program: every tensor in the order of the code, and an error at its line.

table      a row for each tensor, what equals what, and what else there is to say
diagram    who feeds whom
diagnosis  where and why a program stopped, and the changed line with which it runs
"""

from rnnshape.show.program.diagram import diagram
from rnnshape.show.program.table import table

__all__ = ["diagram", "table"]
