"""Program -> trace: the checked code is interpreted with real Keras objects, and what happened is written down.

Nothing of the code is executed as Python; nothing but Keras's layers and the listed functions is ever called.
"""

from __future__ import annotations

from rnnshape.run.code.code_run import run_program

__all__ = ["run_program"]
