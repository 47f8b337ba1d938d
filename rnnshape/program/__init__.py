"""Keras code as people hold it -> checked statements, as data. Nothing is executed, and no Keras is known here.

Text comes in as it was pasted (prompts, magics, outputs, a common indentation) or as a notebook; what goes out is
`Code`: the lines, and Python's syntax tree, bounded in size. `run` interprets it.
"""

from __future__ import annotations

from rnnshape.program.code import Code, is_code, read, read_notebook, read_value
from rnnshape.program.refused import NotRead

__all__ = ["Code", "NotRead", "is_code", "read", "read_notebook", "read_value"]
