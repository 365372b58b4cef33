"""Parts of other people's plugins as the rest of the house sees them: watched over."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from overheard.cards.card import Card
from overheard.cards.command import CommandSpec
from overheard.domain import ModelUpdate, Reading, Score
from overheard.interfaces import Scorer, UpdateFeed, View
from overheard.plugins.guard import Guard, off_loop

LONGEST_SCORE = 30.0
"""Seconds that a scorer may take for one reading."""
LONGEST_FEED = 30.0
"""Seconds that a feed may take."""
LONGEST_COMMAND = 600.0
"""Seconds that a command may take."""
MOST_RESULTS = 1_000
"""Scores of one reading, or updates of one feed; more is a fault."""


class WatchedScorer:
    """A scorer that is asked in a thread of its own when its code is not async.

    What it says of itself is read once, so that it cannot change or fail later.
    """

    def __init__(self, scorer: Scorer, guard: Guard) -> None:
        self.name = scorer.name
        self.version = scorer.version
        self.metrics = tuple(scorer.metrics)
        self.reads_facts = getattr(scorer, "reads_facts", False) is True
        self._scorer = scorer
        self._guard = guard

    async def score(self, reading: Reading) -> Iterable[Score]:
        """Score one brand in one answer.

        Raises:
            PluginFault: when that fails.
        """
        return await self._guard.call(partial(self._score, reading), LONGEST_SCORE)

    async def _score(self, reading: Reading) -> list[Score]:
        if inspect.iscoroutinefunction(self._scorer.score):
            return _listed(await self._scorer.score(reading))
        result = await off_loop(lambda: _given(self._scorer.score(reading)))
        return result if isinstance(result, list) else _listed(await result)


class WatchedFeed:
    """A feed whose results are looked at."""

    def __init__(self, feed: UpdateFeed, guard: Guard) -> None:
        self.name = feed.name
        self._feed = feed
        self._guard = guard

    async def updates(self, since: datetime) -> Sequence[ModelUpdate]:
        """Return the updates since a moment.

        Raises:
            PluginFault: when that fails.
        """
        return await self._guard.call(partial(self._updates, since), LONGEST_FEED)

    async def _updates(self, since: datetime) -> list[ModelUpdate]:
        found: list[ModelUpdate] = _listed(await self._feed.updates(since))
        if not all(isinstance(update, ModelUpdate) and update.at.tzinfo for update in found):
            raise TypeError
        return found


def watched_command(spec: CommandSpec, guard: Guard) -> CommandSpec:
    """Return a command whose function sees a `View` and nothing else of the deployment."""

    async def run(context: Any, **options: Any) -> Card:
        view = View(
            context.catalogue,
            context.store,
            context.clock,
            context.zone,
            context.who,
            context.channel,
        )
        return await guard.call(partial(_card, spec, view, options), LONGEST_COMMAND)

    return replace(spec, run=run, fill=None, opens=True)


async def _card(spec: CommandSpec, view: View, options: dict[str, Any]) -> Card:
    card = await spec.run(view, **options)
    if not isinstance(card, Card):
        raise TypeError
    return card


def _given(result: Any) -> Any:
    """Draw what a generator yields while still in the thread; leave what is to be awaited."""
    return result if inspect.isawaitable(result) else _listed(result)


def _listed(result: Iterable[Any]) -> list[Any]:
    found = list(islice(result, MOST_RESULTS + 1))
    if len(found) > MOST_RESULTS:
        raise OverflowError
    return found
