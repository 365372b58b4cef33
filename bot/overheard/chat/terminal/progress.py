"""The progress of a command in a terminal.

rich is imported when there is progress to show: `run` and `worker` show none.
"""

from __future__ import annotations

from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING

from overheard.cards import wording

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID


class RichProgress:
    """Shows the progress of a command, on standard error or another console.

    In a terminal, it is a bar. In a file or pipe, it is a line at the start and one at every tenth
    of the work.

    Args:
        console: Where to show the progress; None for standard error.
    """

    def __init__(self, console: Console | None = None) -> None:
        """Begin without a piece of work; nothing is printed, and rich is not imported yet."""
        self._given_console = console
        self._bar: tuple[Progress, TaskID] | None = None
        self._title = ""
        self._total = self._done = 0
        self._began = 0.0

    @cached_property
    def _console(self) -> Console:
        from rich.console import Console

        return self._given_console or Console(stderr=True)

    def start(self, title: str, total: int) -> None:
        """Begin a piece of work; this ends the piece before, and shows the bar or prints a line.

        Args:
            title: The work, in a few words.
            total: The number of steps; 0 when it is not known, and then the bar has no end and no
                line is printed.
        """
        self.finish()
        self._title, self._total, self._done = wording.line(title), total, 0
        self._began = monotonic()
        if self._console.is_terminal:
            bar = _bar(self._console)
            self._bar = bar, bar.add_task(self._title, total=total or None)
            bar.start()
        elif total:
            self._print(f"{self._title}: {total:,} to do")

    def advance(self, steps: int = 1) -> None:
        """Count steps as done.

        The bar is moved. Without a bar, a line is printed if the steps complete a further tenth of
        the work. Nothing is printed if the number of all steps is not known.
        """
        tenths_before = self._tenths_done()
        self._done += steps
        if self._bar is not None:
            bar, task = self._bar
            bar.advance(task, steps)
        elif self._tenths_done() > tenths_before:
            time_spent = wording.duration(monotonic() - self._began)
            self._print(f"{self._title}: {self._done:,} of {self._total:,} after {time_spent}")

    def _tenths_done(self) -> int:
        """Return how many tenths of the work are done; 0 if the number of steps is not known."""
        return self._done * 10 // self._total if self._total else 0

    def finish(self) -> None:
        """End the piece of work, and remove its bar; do nothing without one."""
        if self._bar is not None:
            self._bar[0].stop()
        self._bar = None
        self._total = 0

    def _print(self, line: str) -> None:
        """Print a line without reading markup in it and without breaking it."""
        from rich.text import Text

        self._console.print(Text(line), soft_wrap=True)


def _bar(console: Console) -> Progress:
    """Return a bar with the work's title, counts, the time elapsed and the time left; it is removed
    from the terminal when it stops.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
