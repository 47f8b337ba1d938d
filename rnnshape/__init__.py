"""What Keras's recurrent layers return, and which of it is the same thing twice.

>>> from rnnshape import explore
>>> report = explore("gru", units=4, return_state=True)
>>> report.equal
(('output', 'final_state'),)

Importing this package imports neither TensorFlow nor Keras; the first call of `explore` does.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rnnshape.api import ProgramReport, Report, Watch, explore, watch
    from rnnshape.errors import InvalidQuery, KerasRefused, NoTensorflow, RnnshapeError
    from rnnshape.program import NotRead

__version__ = "0.1.0"
__all__ = [
    "InvalidQuery",
    "KerasRefused",
    "NoTensorflow",
    "NotRead",
    "ProgramReport",
    "Report",
    "RnnshapeError",
    "Watch",
    "__version__",
    "explore",
    "watch",
]

_HOMES = {
    "InvalidQuery": "rnnshape.errors",
    "KerasRefused": "rnnshape.errors",
    "NoTensorflow": "rnnshape.errors",
    "NotRead": "rnnshape.program",
    "ProgramReport": "rnnshape.api",
    "Report": "rnnshape.api",
    "RnnshapeError": "rnnshape.errors",
    "Watch": "rnnshape.api",
    "explore": "rnnshape.api",
    "watch": "rnnshape.api",
}


def __getattr__(name: str) -> object:
    """Load a public name on first use, so that the command line pays only for what it needs."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
