"""The reports that the renderers are tested with are those that the real layers give."""

from __future__ import annotations

from pathlib import Path

import pytest
from asked import ASKED, FOUND, real, stored


@pytest.fixture(autouse=True)
def among_the_users_modules(monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)


def test_the_stored_reports_are_the_real_ones(same_as_file):
    lines = [stored(name, real(name)) for name in ASKED]
    same_as_file(FOUND, "".join(f"{line}\n" for line in lines))
