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
    """Progress as a bar in a terminal; in a file or pipe, as a line at the start and every tenth.

    Args:
        console: Where to show the progress; by default standard error.
    """

    def __init__(self, console: Console | None = None) -> None:
        """Prepare to show progress at a console, by default standard error; nothing is
        printed yet.
        """
        self._given = console
        self._bar: tuple[Progress, TaskID] | None = None
        self._title = ""
        self._total = self._done = 0
        self._began = 0.0

    @cached_property
    def _console(self) -> Console:
        from rich.console import Console

        return self._given or Console(stderr=True)

    def start(self, title: str, total: int) -> None:
        """Begin a piece of work, and end the piece before.

        Args:
            title: The work, in a few words.
            total: The number of steps; 0 when the number is not known.
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
        """Count steps as done; draw the bar, or print a line at every tenth of the work."""
        before, self._done = self._done, self._done + steps
        if self._bar is not None:
            bar, task = self._bar
            bar.advance(task, steps)
        elif self._total and before * 10 // self._total < self._done * 10 // self._total:
            spent = wording.duration(monotonic() - self._began)
            self._print(f"{self._title}: {self._done:,} of {self._total:,} after {spent}")

    def finish(self) -> None:
        """End the piece of work, and remove its bar."""
        if self._bar is not None:
            self._bar[0].stop()
        self._bar = None
        self._total = 0

    def _print(self, line: str) -> None:
        from rich.text import Text

        self._console.print(Text(line), soft_wrap=True)


def _bar(console: Console) -> Progress:
    """Return a progress bar with counts, the time elapsed and the time left."""
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
