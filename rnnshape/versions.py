"""Whose answers these are, by what is installed: nothing is imported to find out."""

from __future__ import annotations

import platform
from importlib import metadata

import rnnshape
from rnnshape.report import Versions

_TENSORFLOW = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tf-nightly", "tensorflow-macos", "tensorflow-rocm")
UNKNOWN = "unknown"


def installed() -> Versions:
    """Return the versions of rnnshape, Keras, TensorFlow and Python; "unknown" for a package that is not installed."""
    return Versions(
        rnnshape=rnnshape.__version__,
        keras=_version("keras"),
        tensorflow=_version(*_TENSORFLOW),
        python=platform.python_version(),
    )


def _version(*names: str) -> str:
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return UNKNOWN
