"""A file is written whole or not at all, and stays the file that it was: owner, links, attributes."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import stat
import subprocess
import sys

import pytest

from rnnshape.show.whole import write

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture(params=["nameless", "named"])
def every_system(request, monkeypatch):
    """Do without what only some systems have, too: files without a name."""
    if request.param == "named":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)


def failing(monkeypatch, name, error):
    """Have a function of `os` fail once."""
    real = getattr(os, name)

    def fail(*_, **__):
        monkeypatch.setattr(os, name, real)
        raise error

    monkeypatch.setattr(os, name, fail)


def test_a_new_file_and_another_text(tmp_path, every_system):
    path = tmp_path / "a.md"
    for text in ("first é\n", "second, longer\n" * 9_000, ""):
        write(str(path), text)
        assert path.read_bytes() == text.encode()
    assert os.listdir(tmp_path) == ["a.md"]


@as_root
def test_the_owner_the_group_and_the_mode_stay(tmp_path, every_system):
    path = tmp_path / "theirs.md"
    path.write_text("old")
    os.chown(path, 12_345, 54_321)
    path.chmod(0o4640)
    write(str(path), "new")
    now = path.stat()
    assert (path.read_text(), now.st_uid, now.st_gid, stat.S_IMODE(now.st_mode)) == ("new", 12_345, 54_321, 0o4640)


@as_root
def test_a_writer_who_cannot_keep_the_owner_writes_to_the_file_itself(tmp_path, monkeypatch):
    path = tmp_path / "theirs.md"
    path.write_text("old")
    os.chown(path, 12_345, 54_321)
    monkeypatch.setattr(os, "geteuid", lambda: 4_711)
    write(str(path), "new")
    assert (path.read_text(), path.stat().st_uid) == ("new", 12_345)


def test_extended_attributes_stay(tmp_path, every_system):
    path = tmp_path / "noted.md"
    path.write_text("old")
    try:
        os.setxattr(path, "user.note", b"mine")
    except (AttributeError, OSError):
        pytest.skip("no extended attributes here")
    write(str(path), "new")
    assert (path.read_text(), os.getxattr(path, "user.note")) == ("new", b"mine")


def test_a_symbolic_link_stays_one(tmp_path, every_system):
    (tmp_path / "real.md").write_text("old")
    (tmp_path / "link.md").symlink_to("real.md")
    write(str(tmp_path / "link.md"), "new")
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "real.md").read_text() == "new"
    (tmp_path / "to-be.md").symlink_to("not-yet.md")
    write(str(tmp_path / "to-be.md"), "new")
    assert (tmp_path / "not-yet.md").read_text() == "new"


@pytest.mark.parametrize("text", ["new", "new, and longer than the old one", ""])
def test_a_hard_link_stays_one(tmp_path, text):
    path, other = tmp_path / "a.md", tmp_path / "b.md"
    path.write_text("the old one")
    os.link(path, other)
    write(str(path), text)
    assert (path.read_text(), other.read_text()) == (text, text)
    assert path.samefile(other)
    assert sorted(os.listdir(tmp_path)) == ["a.md", "b.md"]


@pytest.mark.parametrize("fails", ["write", "ftruncate", "fsync"])
@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()], ids=repr)
def test_an_error_leaves_a_hard_link_as_it_was(tmp_path, monkeypatch, fails, error):
    path, other = tmp_path / "a.md", tmp_path / "b.md"
    path.write_text("old")
    os.link(path, other)
    failing(monkeypatch, fails, error)
    with pytest.raises(type(error)):
        write(str(path), "new and longer")
    assert (path.read_text(), other.read_text()) == ("old", "old")


@pytest.mark.parametrize("fails", ["write", "fsync", "link", "replace"])
@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("text", [None, "old"])
def test_an_error_leaves_nothing_behind(tmp_path, monkeypatch, every_system, fails, error, text):
    path = tmp_path / "a.md"
    if text is not None:
        path.write_text(text)
    if not hasattr(os, "O_TMPFILE"):
        # Of an unnamed file there is the step that names it, of a named one only the replacing.
        fails = "replace" if fails == "link" else fails
    elif text is None:
        fails = "link" if fails == "replace" else fails
    failing(monkeypatch, fails, error)
    with pytest.raises(type(error)):
        write(str(path), "new")
    assert os.listdir(tmp_path) == ([] if text is None else ["a.md"])
    assert text is None or path.read_text() == text


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="this system has no files without a name")
@pytest.mark.parametrize("text", [None, "old"])
def test_a_kill_in_the_middle_leaves_nothing_behind(tmp_path, text):
    path = tmp_path / "a.md"
    if text is not None:
        path.write_text(text)
    code = (
        "import os, sys; from rnnshape.show import whole; os.fsync = lambda _: os.kill(os.getpid(), 9);"
        "whole.write(sys.argv[1], 'new')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert os.listdir(tmp_path) == ([] if text is None else ["a.md"])
    assert text is None or path.read_text() == text


@pytest.fixture
def append_only(tmp_path):
    """Make a folder in which files can be made and written, and neither renamed nor removed."""
    folder = tmp_path / "log"
    folder.mkdir()
    (folder / "old.md").write_text("old")
    chattr = shutil.which("chattr")
    if chattr is None or subprocess.run([chattr, "+a", folder], check=False, capture_output=True).returncode:
        pytest.skip("no such folder can be made here")
    yield folder
    subprocess.run([chattr, "-a", folder], check=True)


def test_in_an_append_only_folder_nothing_else_stays(append_only):
    with contextlib.suppress(OSError):
        os.unlink(append_only / "old.md")
    assert (append_only / "old.md").exists(), "the folder is not what this test needs"
    write(str(append_only / "old.md"), "new")
    write(str(append_only / "new.md"), "new")
    assert {name: (append_only / name).read_text() for name in os.listdir(append_only)} == {
        "old.md": "new",
        "new.md": "new",
    }


def test_a_file_that_appears_meanwhile_is_replaced(tmp_path, monkeypatch):
    path = tmp_path / "a.md"
    real = os.fsync

    def appear(descriptor):
        path.write_text("another's")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", appear)
    write(str(path), "new")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.md"]
