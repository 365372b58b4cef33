"""Notices: whoever wants to be told of something is told, and changes nothing by it."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Sequence
from copy import deepcopy
from functools import partial
from typing import Any

from overheard.domain import Alert, Answer, ScoreRecord
from overheard.errors import PluginFault
from overheard.interfaces import Listener
from overheard.plugins.guard import Guard

PATIENCE = 5.0
"""Seconds that a listener may take for one notice."""
MOST_FAULTS = 3
"""Faults in a row after which a listener is left alone: everybody waits for it."""


class Listeners:
    """All listeners, by the hook that brought them."""

    def __init__(self) -> None:
        self._by_hook: dict[str, list[tuple[Guard, Listener]]] = defaultdict(list)

    def add(self, hook: str, listener: Listener, guard: Guard) -> None:
        """Tell somebody from now on."""
        self._by_hook[hook].append((guard, listener))

    async def answer_scored(self, answer: Answer, scores: Sequence[ScoreRecord]) -> None:
        """Tell that a scorer has read an answer."""
        await self._tell("overheard_answer_scored", answer, scores)

    async def alert_raised(self, alert: Alert) -> None:
        """Tell of each shift of a new alert."""
        for shift in (alert.shift, *alert.also):
            await self._tell("overheard_shift_detected", shift, alert)

    async def alert_posted(self, alert: Alert, channel: str, message: str) -> None:
        """Tell that an alert's message stands in a channel."""
        await self._tell("overheard_alert_posted", alert, channel, message)

    async def _tell(self, hook: str, *what: Any) -> None:
        for guard, listener in self._by_hook.get(hook, ()):
            with contextlib.suppress(PluginFault):
                # A copy: a frozen object can still be changed on purpose, and others use it too.
                await guard.call(partial(listener, *deepcopy(what)), PATIENCE)
