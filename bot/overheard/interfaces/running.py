"""What long work is given: the time, and somebody to show how far it is."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """Return the time as an aware datetime in UTC."""
        ...


class Progress(Protocol):
    """Somebody who is shown how long work goes on."""

    def start(self, title: str, total: int) -> None:
        """Begin a piece of work of so many steps (0: nobody knows); ends the one before."""
        ...

    def advance(self, steps: int = 1) -> None:
        """Say that steps are done."""
        ...

    def finish(self) -> None:
        """Say that the work is done or given up."""
        ...
