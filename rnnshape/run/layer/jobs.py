"""Many queries shared among processes: forked after the import, before any operation, in which nothing is shared.

The process that forks them runs no operation itself, so that it can fork another one at any time. Answers come in
the order of the queries, whatever the number of processes.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

from rnnshape.run.layer.memory import share_among

Task = TypeVar("Task")
Result = TypeVar("Result")

_LIFE = 250
"""Tasks after which a process is replaced: Keras and TensorFlow keep a little of every layer."""
_AHEAD = 64
"""How many tasks may be begun, or done, before the one whose result is to be handed on next."""


def may_share() -> bool:
    """Tell whether processes can be forked here."""
    return hasattr(os, "fork")


def cores() -> int:
    """Return the number of cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(slots=True)
class _Worker:
    """A forked process: the connection to it, the number of the task that it runs, and how many it has been given."""

    pid: int
    connection: Connection
    task: int | None = None
    given: int = 0


@dataclass(slots=True)
class _Crew(Generic[Task, Result]):
    """The processes, and what they are doing."""

    run: Callable[[Task], Result]
    died: Callable[[Task, str], Result]
    prepare: Callable[[], None]
    jobs: int
    workers: list[_Worker] = field(default_factory=list)

    def hire(self) -> _Worker:
        """Fork a process."""
        ours, theirs = Pipe()
        pid = os.fork()
        if pid == 0:
            # Whatever happens, this process must not go on with what its parent was doing.
            try:
                for other in self.workers:
                    other.connection.close()
                ours.close()
                share_among(self.jobs)
                self.prepare()
                _serve(theirs, self.run)
            finally:
                os._exit(0)
        theirs.close()
        worker = _Worker(pid, ours)
        self.workers.append(worker)
        return worker

    def dismiss(self, worker: _Worker, *, kill: bool = False) -> str:
        """End a process, and return in words how it ended."""
        self.workers.remove(worker)
        worker.connection.close()
        if kill:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            _, status = os.waitpid(worker.pid, 0)
            if os.WIFSIGNALED(status):
                return f"signal {os.WTERMSIG(status)}"
        return "it exited"

    def results(self, tasks: Sequence[Task]) -> Iterator[tuple[int, Result]]:
        """Yield (number, result) of the tasks that are done by now, after at least one more is."""
        busy = {worker.connection: worker for worker in self.workers if worker.task is not None}
        for connection in wait(list(busy)):
            worker = busy[connection]  # type: ignore[index]
            number = worker.task
            assert number is not None
            try:
                result = worker.connection.recv()
            except (EOFError, OSError):
                yield number, self.died(tasks[number], self.dismiss(worker))
                continue
            worker.task = None
            if worker.given >= _LIFE:
                self.dismiss(worker)
            yield number, result


def share(
    tasks: Sequence[Task],
    jobs: int,
    *,
    run: Callable[[Task], Result],
    died: Callable[[Task, str], Result],
    prepare: Callable[[], None] = lambda: None,
) -> Iterator[Result]:
    """Yield `run(task)` for each task in order; the tasks run in so many processes at once.

    Args:
        tasks: what to run; tasks and results are pickled.
        jobs: the number of processes; each takes its share of the memory alone.
        run: called in a forked process. It must not raise.
        died: makes the result of a task whose process died; it is told how, in words.
        prepare: called in each process before its first task.

    """
    crew = _Crew(run, died, prepare, jobs)
    done: dict[int, Result] = {}
    begun = 0
    try:
        for wanted in range(len(tasks)):
            while wanted not in done:
                while begun < min(len(tasks), wanted + _AHEAD):
                    free = next((worker for worker in crew.workers if worker.task is None), None)
                    if free is None and len(crew.workers) >= jobs:
                        break
                    worker = free or crew.hire()
                    worker.task, worker.given = begun, worker.given + 1
                    with contextlib.suppress(OSError):
                        # Where it is dead already, its end is noticed when its result is waited for.
                        worker.connection.send(tasks[begun])
                    begun += 1
                done.update(crew.results(tasks))
            yield done.pop(wanted)
    finally:
        for worker in list(crew.workers):
            crew.dismiss(worker, kill=True)


def _serve(connection: Connection, run: Callable[[Task], Result]) -> None:
    """Run what comes over the connection until it is closed; a Ctrl-C is the parent's to deal with."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            return
        connection.send(run(task))
