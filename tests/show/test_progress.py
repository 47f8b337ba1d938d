"""The bar on stderr: for a person at a terminal, and for nobody else."""

from __future__ import annotations

import io

import pytest

from rnnshape.show.progress import with_progress


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, **environ: str) -> str:
    """Return what three items print on a terminal with this environment."""
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert list(with_progress(iter("abc"), 3)) == ["a", "b", "c"]
    return screen.getvalue()


def test_it_counts_and_wipes_itself_out(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch)
    assert "1/3" in text
    assert "3/3" in text
    assert text.endswith("\x1b[2K")


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_without_escapes_there_is_none(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    assert shown(monkeypatch, **{name: value}) == ""
