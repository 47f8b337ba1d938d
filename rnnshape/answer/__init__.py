"""Trace -> report: what the tensors are, and which of them are equal. Nothing is run here.

- comparison: what is compared with what, of code and of a layer alike; whether more draws may tell more
- layer: the trace of one layer -> its report
- program: the trace of code -> its report
"""

from rnnshape.answer.program import report_of

__all__ = ["report_of"]
