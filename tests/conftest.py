"""What the tests share: one flag that rewrites every golden and generated file, and the comparison with them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings

# No deadline: the machine may be busy with something else. No database: no test leaves a file behind.
settings.register_profile("rnnshape", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rnnshape")

# TensorFlow has kernels for channels_first on a CPU in oneDNN alone, and leaves that out on some processors.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

GOLDEN = Path(__file__).parent / "golden"


BOUND = 900
"""Seconds that no test takes, on any machine: whatever a test waits for, it does not wait for ever."""


def pytest_configure() -> None:
    # Where the tests are a background job of a shell without job control, Ctrl-C is ignored, and what they start
    # would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGALRM, _give_up)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    signal.alarm(BOUND)
    try:
        return (yield)
    finally:
        signal.alarm(0)


def _give_up(_number: int, _frame: FrameType | None) -> None:
    pytest.fail(f"it waited for more than {BOUND} seconds")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the golden and the generated files")


@pytest.fixture
def same_as_file(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a file of the repository; with --update, write the file instead."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path} is missing: run pytest --update, and read what it wrote"
        assert path.read_text(encoding="utf-8") == text, f"{path.name} differs: run pytest --update, and read the diff"

    return compare


@pytest.fixture
def golden(same_as_file: Callable[[Path, str], None]) -> Callable[[str, str], None]:
    """Compare a text with `tests/golden/NAME`."""
    return lambda name, text: same_as_file(GOLDEN / name, text)
