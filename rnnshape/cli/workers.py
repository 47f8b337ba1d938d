"""`--worker status` and `--worker stop`: telling about the warm interpreter, and ending it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rnnshape.errors import InvalidQuery
from rnnshape.options import Wish

if TYPE_CHECKING:
    from rnnshape.worker.admin import WorkerStatus


def check_policy() -> None:
    """Refuse a value of `RNNSHAPE_WORKER` that is none.

    Raises:
        InvalidQuery: it is not auto, on or off.

    """
    from rnnshape.worker import client

    try:
        client.policy()
    except ValueError as error:
        raise InvalidQuery(str(error)) from None


def answer(wish: Wish, *, json: bool) -> int:
    """Do what was asked, say what came of it, and return the exit status. A worker is never started."""
    from rnnshape.worker import admin

    if wish is Wish.STOP:
        stopped = admin.stop()
        _write({"stopped": stopped}, "stopped" if stopped else "there was no worker", json=json)
    else:
        _tell_of(admin.statuses(), json=json)
    return 0


def _tell_of(found: list[WorkerStatus], *, json: bool) -> None:
    """Tell about the worker that would answer here, and about the others."""
    document: dict[str, Any] = {"worker": None}
    if found:
        document["worker"], *document["others"] = map(_document, found)
    _write(document, "\n\n".join(map(_words, found)) or "no worker", json=json)


def _write(document: dict[str, Any], words: str, *, json: bool) -> None:
    from rnnshape.cli.printing import write
    from rnnshape.show.json import as_json

    write(f"{as_json(document) if json else words}\n")


def _document(status: WorkerStatus) -> dict[str, Any]:
    return {
        "pid": status.pid,
        "since": status.since,
        "served": status.served,
        "memory_bytes": status.memory_bytes,
        "socket": status.socket,
        "spares": list(status.spares),
        "serves_this_environment": status.is_ours,
    }


def _words(status: WorkerStatus) -> str:
    memory = "unknown" if status.memory_bytes is None else f"{status.memory_bytes / 1e6:.0f} MB, its spares included"
    lines = {
        "pid": str(status.pid),
        "since": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(status.since)),
        "served": str(status.served),
        "memory": memory,
        "socket": status.socket,
    }
    text = "\n".join(f"{name:<8}{value}" for name, value in lines.items())
    return text if status.is_ours else f"{text}\nIt does not answer here: its version or its environment is another."
