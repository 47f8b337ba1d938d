"""Whom a client trusts, and what a worker puts up with."""

from __future__ import annotations

import contextlib
import os
import socket

import pytest

from rnnshape.worker import folder, protocol

from .conftest import House, wait_for


def refuses(house: House, reason: str) -> None:
    done = house.run("say", "--debug")
    assert (done.returncode, done.stdout) == (0, "cold\n")
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert house.run("say").stderr == ""
    assert house.processes() == []


def test_a_folder_that_others_may_enter(house: House):
    house.sockets.mkdir()
    house.sockets.chmod(0o777)
    refuses(house, "is open to other users (mode 777, not 700)")


def test_a_link(house: House, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    house.sockets.symlink_to(elsewhere)
    refuses(house, "is not a folder, or a link to one")


def test_a_file(house: House):
    house.sockets.write_text("")
    refuses(house, "is not a folder, or a link to one")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_users_folder(house: House):
    house.sockets.mkdir(mode=0o700)
    os.chown(house.sockets, 12345, 12345)
    refuses(house, "belongs to another user")


def test_a_long_path(house: House):
    long = house.path / ("long" * 30)
    long.mkdir()
    house.env["XDG_RUNTIME_DIR"] = str(long)
    refuses(house, "is longer than 103 bytes")
    assert list(long.iterdir()) == []


def test_a_folder_that_cannot_be_made(monkeypatch, tmp_path):
    def refuses(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(os, "mkdir", refuses)
    with pytest.raises(folder.NoWorker, match="its folder cannot be made"):
        folder.make_folder()


@pytest.mark.parametrize("runtime", ["", "relative", "/not/there"])
def test_without_a_runtime_folder_it_is_the_user_s_whatever_the_temporary_one_is(monkeypatch, runtime):
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    uid = os.geteuid()
    for temporary in ("/somewhere", "relative"):
        monkeypatch.setenv("TMPDIR", temporary)
        is_there = os.path.isdir(f"/run/user/{uid}")
        assert folder.folder() == (f"/run/user/{uid}/rnnshape" if is_there else f"/tmp/rnnshape-{uid}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_users_runtime_folder_is_not_used(monkeypatch, tmp_path):
    os.chown(tmp_path, 12345, 12345)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert not folder.folder().startswith(str(tmp_path))


def test_a_wrong_peer(house: House, monkeypatch):
    house.run("say")
    path = house.rested().socket
    protocol.connect(path, seconds=5).close()
    monkeypatch.setattr(protocol, "peer", lambda _: 12345)
    with pytest.raises(folder.NoWorker, match="belongs to another user"):
        protocol.connect(path, seconds=5)


def test_the_folder_and_the_socket_are_private(house: House):
    house.run("say")
    path = house.rested().socket
    assert house.sockets.stat().st_mode & 0o777 == 0o700
    assert os.stat(path).st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"garbage",
        b"q",
        b"q\x00",
        b"q" + (2**39).to_bytes(5, "big") + b"too long",
        b"q" + (100).to_bytes(5, "big") + b"half a message",
        b"q" + (5).to_bytes(5, "big") + b"wrong",
        b"q" + (9).to_bytes(5, "big") + b"111\x0018\x001\x00",
        b"q" + (12).to_bytes(5, "big") + b"111\x0018\x001\x00say",  # no descriptors
    ],
)
@pytest.mark.parametrize("and_leaves", [True, False], ids=["leaves", "stays"])
def test_a_peer_that_makes_no_sense_costs_nobody_anything(house: House, sent: bytes, and_leaves):
    house.run("say")
    worker = house.rested()
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(worker.socket)
        peer.sendall(sent)
        if and_leaves:
            peer.close()
        assert house.run("say", "meanwhile").stdout == "warm meanwhile\n"
        if not and_leaves:
            wait_for_the_end(peer)
    after = house.rested()
    assert after.pid == worker.pid
    assert house.run("say", "after").stdout == "warm after\n"
    wait_for(lambda: house.worker().served == 2)


def wait_for_the_end(peer: socket.socket):
    peer.settimeout(30)
    with contextlib.suppress(ConnectionResetError):
        while peer.recv(64):
            pass


def test_a_request_survives_the_wire():
    environ = {b"A": b"b=c\nd", b"EMPTY": b""}
    packed = protocol.Request(["x", "", "ü", "\udcff"], environ, (True, False, True), 0o22).pack()
    read = protocol.Request.unpack(packed[5:])
    assert int.from_bytes(packed[:5], "big") == len(packed) - 5
    assert (read.argv, read.environ) == (["x", "", "ü", "\udcff"], environ)
    assert (read.streams, read.umask) == ((True, False, True), 0o22)


@pytest.mark.parametrize("missing", ["fork", "AF_UNIX", "SO_PEERCRED"])
def test_systems_without_what_it_takes(house: House, missing: str):
    where = "os" if missing == "fork" else "_socket"
    script = (
        f"import sys, os, _socket; del {where}.{missing}; sys.argv = ['rnnshape', 'say', '--debug'];"
        f"sys.path[0] = {str(house.site)!r}; import standin; from rnnshape.__main__ import main; main()"
    )
    done = house.run(command=[house.command[0], "-c", script])
    assert (done.returncode, done.stdout, done.stderr) == (0, "cold\n", "")
    assert not house.sockets.exists()


def test_a_wrong_policy_is_the_programs_business(house: House):
    assert house.run("say", env={"RNNSHAPE_WORKER": "perhaps"}).stdout == "cold\n"
    assert not house.sockets.exists()
