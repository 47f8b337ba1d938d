"""How far a long command has come: a bar on stderr, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def with_progress(items: Iterable[Item], total: int, *, colour: bool | None = None) -> Iterator[Item]:
    """Hand the items on, and show how many there have been, at which rate, and how long the rest will take.

    `colour` is what was said of it, None where nothing was.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
    from rich.text import Text

    from rnnshape.show.console import Look, stderr_console

    console = stderr_console(look=Look(colour))
    if console.color_system is None:
        # No escapes are welcome, and a bar that moves is made of them.
        yield from items
        return
    console.is_interactive = True

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text("" if task.speed is None else f"{task.speed:.1f} queries/s")

    # No thread of its own: processes are forked meanwhile.
    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    task = bar.add_task("", total=total)
    try:
        # The bar begins with the first item: what is told before that stands alone.
        for item in items:
            bar.start()
            bar.advance(task)
            bar.refresh()
            yield item
    finally:
        bar.stop()
