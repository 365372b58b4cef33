"""Model updates: canary texts that show them, and feeds that announce them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from overheard.detection.update_signs import BORDER_PROMPTS, BorderPrompt, nearest_ties
from overheard.domain import (
    Capabilities,
    Model,
    ModelUpdate,
    Panel,
    Price,
    Prompt,
    Question,
    Reply,
    Run,
)
from overheard.errors import PluginFault
from overheard.interfaces import Provider, Store, UpdateFeed
from overheard.interfaces.alerts import UpdateRepository
from overheard.plugins import remedy_of
from overheard.runs.price import capabilities_of

LIMIT = 16
"""Tokens of an answer: the fewest that every service takes. Only the first word is read."""
SEARCH, REFERENCE, DAILY = "canary search", "canary reference", "canary"
"""Labels of the runs: the search for border prompts, what they usually answer, each day's."""
SEARCHED, REFERRED = 6, 20
"""How often the search asks each candidate, and the reference each border prompt."""
CANARY_SOURCE = "canary"
"""The `ModelUpdate.source` of an update that a canary found."""

_THINGS = (
    "a colour",
    "an animal",
    "a fruit",
    "a vegetable",
    "a tree",
    "a flower",
    "a bird",
    "a fish",
    "a city in Europe",
    "a city in Asia",
    "a country",
    "a river",
    "a mountain",
    "an island",
    "a planet",
    "a metal",
    "a gemstone",
    "a musical instrument",
    "a sport",
    "a board game",
    "a dance",
    "a spice",
    "a drink",
    "a dessert",
    "a kind of cheese",
    "a piece of furniture",
    "a tool",
    "a vehicle",
    "a profession",
    "a school subject",
    "a first name",
    "a family name",
    "a month",
    "a day of the week",
    "a number between 1 and 100",
    "a letter of the alphabet",
    "a shape",
    "a fabric",
    "a feeling",
    "an English verb",
)
CANDIDATES = tuple(
    Prompt(f"Name {thing} at random. Answer with one word only.") for thing in _THINGS
)
"""Questions with many right answers, some of which are nearly tied."""
FEED_SOURCE = "feed"
"""The `ModelUpdate.source` of an announced update."""
FEED_LOOKBACK = timedelta(days=90)
"""How old updates may be for which feeds are asked."""
MAX_NOTE_CHARS = 200
"""Characters of a note that are kept."""


class Probe:
    """A provider that is asked for first words: short answers at temperature 0.

    Args:
        provider: Who is asked.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    @property
    def name(self) -> str:
        """The provider's name."""
        return self._provider.name

    @property
    def concurrency(self) -> int:
        """How many calls the provider may be given at a time."""
        return self._provider.concurrency

    @property
    def remedy(self) -> str:
        """What to do about a fault of the provider."""
        return remedy_of(self._provider)

    def models(self) -> Sequence[str]:
        """Return the provider's models."""
        return self._provider.models()

    def price(self, model: str) -> Price | None:
        """Return what a model charges."""
        return self._provider.price(model)

    def capabilities(self, model: str) -> Capabilities:
        """Return what can be done with a model, with short answers."""
        able = capabilities_of(Model(self.name, model), {self.name: self._provider})
        return replace(able, answer_limit=LIMIT)

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask for the first word."""
        return await self._provider.ask(replace(question, limit=LIMIT), seed=seed)

    async def close(self) -> None:
        """Do nothing: the provider is closed where it was opened."""


@dataclass(frozen=True, slots=True)
class Canary:
    """What the store knows of a model's canary.

    Attributes:
        model: The model.
        prompts: Its border prompts.
        answers: What they were answered since the search, by prompt key.
        since: When the search began.
        hit: The update that it found, if any; from then on it is silent until a new search.
    """

    model: Model
    prompts: tuple[Prompt, ...]
    answers: Mapping[str, tuple[str, ...]]
    since: datetime
    hit: ModelUpdate | None = None


def search_panel(model: Model) -> Panel:
    """Lay out the search for border prompts."""
    return Panel((), CANDIDATES, (model,), SEARCHED)


def whole_panel(model: Model) -> Panel:
    """Lay out as many calls as search and reference need together, to price them beforehand."""
    extra = ceil(BORDER_PROMPTS * REFERRED / len(CANDIDATES))
    return Panel((), CANDIDATES, (model,), SEARCHED + extra)


def reference_panel(model: Model, found: Sequence[BorderPrompt]) -> Panel:
    """Lay out the asking of border prompts for what they usually answer."""
    chosen = {border.prompt for border in found}
    prompts = tuple(prompt for prompt in CANDIDATES if prompt.key in chosen)
    return Panel((), prompts, (model,), REFERRED)


def daily_panel(canary: Canary) -> Panel:
    """Lay out a day's run: every border prompt once."""
    return Panel((), canary.prompts, (canary.model,))


async def first_words(store: Store, runs: Sequence[Run]) -> dict[str, tuple[str, ...]]:
    """Return the texts of the answers of some runs, by prompt key."""
    found: dict[str, list[str]] = defaultdict(list)
    if runs:
        async for answer in store.answers.stream(runs={run.id for run in runs}):
            if answer.reply.text:
                found[answer.question.prompt.key].append(answer.reply.text)
    return {prompt: tuple(texts) for prompt, texts in found.items()}


async def canaries(store: Store) -> list[Canary]:
    """Return the canaries that have a reference, in the order of their models."""
    runs = [run for run in await store.runs.find() if run.aside and run.panel]
    referred = {
        run.panel.models[0]: run for run in reversed(runs) if run.panel and run.label == REFERENCE
    }
    return [await _canary(store, model, referred[model], runs) for model in sorted(referred)]


async def _canary(store: Store, model: Model, reference: Run, runs: Sequence[Run]) -> Canary:
    """Return the canary of a model from its reference run and the runs outside the history."""
    model_runs = [run for run in runs if run.panel and run.panel.models == (model,)]
    searches = [
        run for run in model_runs if run.label == SEARCH and run.started_at <= reference.started_at
    ]
    begun = max((run.started_at for run in searches), default=reference.started_at)
    since = [
        run
        for run in model_runs
        if run.label in {SEARCH, REFERENCE, DAILY} and run.started_at >= begun
    ]
    hits = [
        u for u in await store.updates.find(model) if u.source == CANARY_SOURCE and u.at >= begun
    ]
    prompts = reference.panel.prompts if reference.panel else ()
    return Canary(
        model=model,
        prompts=prompts,
        answers=await first_words(store, since),
        since=begun,
        hit=next(iter(hits), None),
    )


async def border_prompts(store: Store, search: Run) -> list[BorderPrompt]:
    """Choose the border prompts that a search found."""
    return nearest_ties(await first_words(store, [search]))


async def read_feeds(
    feeds: Iterable[UpdateFeed], stored: UpdateRepository, providers: Collection[str], now: datetime
) -> list[str]:
    """Store the new updates of all feeds.

    Args:
        feeds: The feeds, each behind its guard.
        stored: The stored updates.
        providers: The providers in use; updates of other providers' models are left out.
        now: The current time; later updates are left out.

    Returns:
        The problems of feeds, as sentences.
    """
    problems: list[str] = []
    asked = (_updates(feed, now - FEED_LOOKBACK, problems) for feed in feeds)
    updates_by_feed = await asyncio.gather(*asked)  # concurrently: a feed may use up its timeout
    known = {(update.model, update.at) for update in await stored.find()}
    for update in (update for updates in updates_by_feed for update in updates):
        new = (update.model, update.at) not in known
        if new and update.model.provider in providers and update.at <= now:
            await stored.add(_with_note(update))
    return problems


async def _updates(feed: UpdateFeed, since: datetime, problems: list[str]) -> Sequence[ModelUpdate]:
    """Return a feed's updates since a time; its fault is added to `problems` as a sentence."""
    try:
        return await feed.updates(since)
    except PluginFault as fault:
        problems.append(str(fault))
        return ()


def _with_note(update: ModelUpdate) -> ModelUpdate:
    note = " ".join(update.note.split())[:MAX_NOTE_CHARS]
    return replace(update, source=FEED_SOURCE, note=note, id=0)
