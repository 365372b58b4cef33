"""Calls into plugins: each has its time, and whoever keeps failing is left alone for a while."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from overheard.cards import wording
from overheard.errors import OverheardError, PluginFault
from overheard.plugins.aside import Aside, made
from overheard.plugins.notices import Notice, Notices
from overheard.plugins.threads import Outcome, TooLong
from overheard.plugins.wording import ASK, cut, redacted, said

MOST_FAULTS = 5
"""Faults in a row after which a part is left alone."""
MOST_LATE = 2
"""The same for calls that took too long: everybody waits for each."""
PAUSE = 600.0
"""Seconds for which it is left alone; then it has one try."""

log = logging.getLogger("overheard")

Result = TypeVar("Result")


class Nonsense(Exception):
    """Raised where a plugin returns what it must not; its text is ours, and quotes nothing."""


class Guard:
    """Watches over the calls into one part of a plugin.

    Args:
        part: What it is, as sentences begin, such as ``The scorer acme``.
        most: Faults in a row after which it is left alone; None for never.
        now: Seconds that never jump.
        plugin: Whose part it is.
        source: What that was installed with and its version, so that people know whom to ask.
        aside: Where its code runs; by default in the loop of whoever calls.
        secrets: What must not be seen in what it says.
        notices: Who is told when it is left alone: once, until it works again.
    """

    def __init__(
        self,
        part: str,
        most: int | None = MOST_FAULTS,
        now: Callable[[], float] = time.monotonic,
        *,
        plugin: str = "",
        source: str = "",
        aside: Aside | None = None,
        secrets: Collection[str] = (),
        notices: Notices | None = None,
    ) -> None:
        self.part = part
        self.plugin = plugin
        self.remedy = f"ask the author of {source}, or remove it" if source else ASK
        self._most = most
        self._now = now
        self._aside = aside
        self._secrets = secrets
        self._notices = notices
        self.resume()

    @property
    def pause(self) -> str:
        """That it is left alone for now and why, as a sentence, or an empty string."""
        return str(self._paused()) if self._now() < self._until else ""

    def resume(self) -> None:
        """Forget its faults, so that the next call is made."""
        self._faults = self._late = 0
        self._until = 0.0
        self._last = ""
        self._noticed = False

    async def call(
        self,
        work: Callable[[], Awaitable[Result]],
        patience: float | None,
        *,
        passing: tuple[type[OverheardError], ...] = (),
    ) -> Result:
        """Make a call that may take so many seconds, or as long as it likes.

        It runs in a task of its own, so that one that does not heed its cancelling is left behind.

        Args:
            work: Makes the call.
            patience: Seconds, or None.
            passing: Errors that are no fault, and are raised as they are.

        Raises:
            PluginFault: when it fails, takes too long, or is left alone for now.
        """
        if self._now() < self._until:
            raise self._paused()
        outcome = await self._outcome(work, patience)
        if isinstance(outcome.error, passing):
            raise outcome.error
        if outcome.error is not None:
            raise self._fault(self._told(outcome.error)) from None
        self.resume()
        return outcome.get()

    async def _outcome(
        self, work: Callable[[], Awaitable[Result]], patience: float | None
    ) -> Outcome[Result]:
        task = asyncio.create_task(self._aside.call(work) if self._aside else made(work))
        try:
            await asyncio.wait({task}, timeout=patience)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.done():
            outcome = task.result()
            if isinstance(outcome.error, TooLong):  # it was interrupted for what ran before it
                raise self._tardiness(patience)
            return outcome
        task.cancel()
        raise self._tardiness(patience)

    def _tardiness(self, patience: float | None) -> PluginFault:
        self._late += 1
        within = "" if patience is None else f" within {patience:g} s"
        return self._fault(f"gave no result{within}")

    def _fault(self, problem: str) -> PluginFault:
        self._faults += 1
        self._last = problem
        if self._notices:
            self._notices.faults[self.plugin] += 1
        if self._most is not None and (self._faults >= self._most or self._late >= MOST_LATE):
            self._until = self._now() + PAUSE
            log.warning("%s", self._paused())
            if self._notices and not self._noticed:
                self._notices.add(Notice(str(self._paused()), self.plugin))
            self._noticed = True
        return PluginFault(part=self.part, problem=f"{problem}; {self.remedy}")

    def _paused(self) -> PluginFault:
        return PluginFault(
            part=self.part,
            problem=f"is left alone for {wording.count(round(PAUSE / 60), 'minute')} after "
            f"{wording.count(self._faults, 'fault')} in a row (it {self._last}); {self.remedy}",
        )

    def _told(self, error: BaseException) -> str:
        """Say what was raised; a foreign error's text may hold a secret, so only its kind."""
        words = said(error) if isinstance(error, OverheardError) else ""
        if words:
            return f"says: {cut(redacted(words, self._secrets)).rstrip('.')}"
        return f"fails ({error if isinstance(error, Nonsense) else type(error).__name__})"
