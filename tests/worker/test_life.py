"""How a worker comes, how it goes, and that there is one of it."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import pytest

from rnnshape.worker import admin, server, start

from .conftest import House, is_over, wait_for


def test_the_first_run_leaves_a_worker_that_answers_the_second(house: House):
    first, second = house.run("say", "a"), house.run("say", "b")
    assert (first.stdout, second.stdout) == ("cold a\n", "warm b\n")
    assert house.worker().served == 1


def test_off_uses_none_and_leaves_none(house: House):
    assert house.run("say", env={"RNNSHAPE_WORKER": "off"}).stdout == "cold\n"
    assert not house.sockets.exists()
    house.run("say")
    assert house.run("say", env={"RNNSHAPE_WORKER": "off"}).stdout == "cold\n"


def test_auto_without_a_terminal_uses_one_but_leaves_none(house: House):
    auto = {"RNNSHAPE_WORKER": "auto"}
    assert house.run("say", env=auto).stdout == "cold\n"
    assert not house.sockets.exists()
    house.run("say")
    assert house.run("say", env=auto).stdout == "warm\n"


def test_auto_on_a_terminal_leaves_one(house: House):
    ours, theirs = pty.openpty()
    done = house.run("say", env={"RNNSHAPE_WORKER": "auto"}, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    assert done.stdout == "cold\n"
    assert house.rested()
    os.close(ours)


def test_a_program_that_never_imports_keras_leaves_none(house: House):
    assert house.run("--worker", "status").stdout == "about workers cold\n"
    assert not house.sockets.exists()


def test_words_about_workers_are_never_the_workers(house: House):
    house.run("say")
    assert house.run("--worker", "status").stdout == "about workers cold\n"
    assert house.run("--worker=stop").returncode != 0  # the stand-in knows no such word; it was asked itself
    assert house.worker().served == 0


def test_command_substitution_returns_at_once(house: House):
    script = 'echo "got $("$@")"'
    done = house.run("say", command=["sh", "-c", script, "sh", *house.command])
    assert done.stdout == "got cold\n"
    assert house.rested()


def test_a_worker_holds_nothing_of_its_first_client(house: House):
    reader, writer = os.pipe()
    house.run("say", pass_fds=[writer])
    os.close(writer)
    assert os.read(reader, 1) == b""  # would wait for the worker if it held the pipe
    os.close(reader)
    worker = house.rested()
    for pid in (worker.pid, *worker.spares):
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        links = {os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
        kinds = (os.devnull, "socket:", "anon_inode:inotify", "anon_inode:[eventpoll]")
        assert all(link.startswith(kinds) for link in links), links
        assert os.getsid(pid) == worker.pid


def test_two_at_once_leave_one(house: House):
    both = [house.start("later", "0.3") for _ in range(2)]
    assert [client.communicate(timeout=60)[0] for client in both] == ["cold at last\n"] * 2
    wait_for(lambda: len(house.processes()) == 3)  # it and its two spares
    assert house.rested().pid in house.processes()


def test_a_worker_whose_path_another_took_ends(house: House):
    house.run("say")
    first = house.rested()
    (path,) = house.sockets.iterdir()
    path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        wait_for(lambda: is_over(first.pid))
    assert path.exists()
    path.unlink()


def test_a_stale_socket_is_no_obstacle(house: House):
    house.run("say")
    os.kill(house.rested().pid, signal.SIGKILL)
    wait_for(lambda: not house.processes())
    assert len(list(house.sockets.iterdir())) == 1
    assert house.run("say").stdout == "cold\n"
    assert house.run("say").stdout == "warm\n"
    assert len(list(house.sockets.iterdir())) == 1


def test_it_ends_when_idle(house: House):
    house.run("say", env={"RNNSHAPE_WORKER_IDLE": "0.3"})
    wait_for(lambda: not house.processes())
    assert list(house.sockets.iterdir()) == []


@pytest.mark.parametrize(("text", "seconds"), [("", 900), ("5", 5), ("0", 900), ("-1", 900), ("inf", 900), ("x", 900)])
def test_the_idle_time_is_a_number_of_seconds_else_the_default(monkeypatch, text, seconds):
    monkeypatch.setenv("RNNSHAPE_WORKER_IDLE", text)
    assert start.terms().idle == seconds


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it(house: House, number: int):
    house.run("say")
    os.kill(house.rested().pid, number)
    wait_for(lambda: not house.processes())


def edit_source(house: House):
    with (house.site / "rnnshape" / "query.py").open("a") as file:
        file.write("\n# edited\n")


def add_source(house: House):
    (house.site / "rnnshape" / "new.py").write_text("")


def upgrade_keras(house: House):
    (house.site / "keras-3.0.dist-info").rename(house.site / "keras-3.1.dist-info")


def touch_tensorflow(house: House):
    os.utime(house.site / "tensorflow" / "__init__.py", (1, 1))


def configure_keras(house: House):
    (house.path / ".keras").mkdir()
    (house.path / ".keras" / "keras.json").write_text('{"floatx": "float16"}')


@pytest.mark.parametrize("change", [edit_source, add_source, upgrade_keras, touch_tensorflow, configure_keras])
def test_a_change_on_disk_is_never_served_from_memory(house: House, change):
    house.run("say")
    before = house.rested()
    change(house)
    assert house.run("say").stdout == "cold\n"
    wait_for(lambda: is_over(before.pid))
    assert house.run("say").stdout == "warm\n"
    assert house.worker().pid != before.pid


@pytest.mark.parametrize("name", ["worker/server.py", "new.py"])
def test_a_change_that_the_system_does_not_tell_is_found_in_a_while(house: House, name: str):
    house.run("say", env={"STANDIN_HEARS": "nothing", "RNNSHAPE_WORKER_IDLE": "900"})
    before = house.rested()
    with (house.site / "rnnshape" / name).open("a") as file:
        file.write("\n# edited\n")
    wait_for(lambda: is_over(before.pid))


def test_a_file_that_another_takes_the_place_of_is_another_fingerprint(house: House):
    script = (
        "import sys; sys.path[0] = sys.argv[1]; from rnnshape.worker.fingerprint import *; print(fingerprint().name())"
    )

    def name() -> str:
        return house.run(str(house.site), command=[sys.executable, "-c", script]).stdout

    before, path = name(), house.site / "rnnshape" / "query.py"
    assert name() == before
    shutil.copy(path, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
    assert name() not in {before, ""}


def test_the_configuration_that_keras_writes_at_its_first_import_is_no_change(house: House):
    assert house.run("say", env={"STANDIN_CONFIGURES": "1"}).stdout == "cold\n"
    assert house.run("say").stdout == "warm\n"


def test_it_ends_when_its_package_is_gone(house: House):
    house.run("say")
    house.rested()
    shutil.rmtree(house.site / "rnnshape")
    wait_for(lambda: not house.processes())


@pytest.mark.parametrize("variable", ["TF_ANYTHING", "KERAS_BACKEND", "OMP_NUM_THREADS", "PYTHONUTF8", "LC_CTYPE"])
def test_another_environment_has_another_worker(house: House, variable: str):
    house.run("say")
    assert house.run("say", env={variable: "1"}).stdout == "cold\n"
    assert house.run("say", env={variable: "1"}).stdout == "warm\n"
    assert house.run("say", env={"WHATEVER": "1"}).stdout == "warm\n"
    wait_for(lambda: len(house.workers()) == 2)


def test_another_interpreter_flag_has_another_worker(house: House):
    house.run("say")
    house.command.insert(1, "-O")
    assert house.run("say").stdout == "cold\n"


def test_spares_that_never_get_ready_end_it(house: House):
    house.run("say", env={"STANDIN_BROKEN": "1"})
    wait_for(lambda: not house.processes())


def test_status_and_stop(house: House, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(house.runtime))
    assert admin.status() is None
    assert admin.stop() is False
    assert house.processes() == []
    house.run("say")
    house.run("say")
    house.rested()
    status = admin.status()
    assert status is not None
    assert (status.served, status.is_ours, len(status.spares)) == (1, False, 2)
    assert status.memory_bytes > 1_000_000
    assert os.stat(status.socket).st_uid == os.geteuid()
    assert admin.stop() is True
    assert house.processes() == []
    assert admin.status() is None
    assert list(house.sockets.iterdir()) == []


def test_status_knows_its_own_worker(house: House):
    house.run("say")
    house.rested()
    script = "import sys; sys.path[0] = sys.argv[1]; from rnnshape.worker import admin; print(admin.status().is_ours)"
    own = [sys.executable, "-c", script, str(house.site)]
    env = house.env
    assert subprocess.run(own, env=env, capture_output=True, text=True, check=True).stdout == "True\n"
    assert subprocess.run(own, env={**env, "TF_X": "1"}, capture_output=True, text=True, check=True).stdout == "False\n"


def test_stop_lets_a_client_have_its_answer(house: House, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(house.runtime))
    house.run("say")
    house.rested()
    client = house.start("later", "0.3")
    wait_for(lambda: house.worker().serving)
    assert admin.stop() is True
    assert client.communicate(timeout=60)[0] == "warm at last\n"


def test_a_path_that_is_taken_in_the_very_moment_after_is_not_owned(monkeypatch):
    """Two workers that bind at once: whoever comes first must see that it lost the path, or both live on."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as other:
        path = f"{folder}/worker"
        other.bind(f"{folder}/other")
        rename = os.rename

        def rename_and_lose(old, new):
            rename(old, new)
            rename(f"{folder}/other", new)

        monkeypatch.setattr(os, "rename", rename_and_lose)
        listener, owned = start._listen(path)
        with listener:
            assert not server.still_owns(path, owned)
