"""What holds for every plugin of a kind, as checks for its tests. The built-in ones pass them too.

Each raises AssertionError with what is wrong.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from overheard.cards.card import Card, Field, Tainted
from overheard.cards.command import CommandSpec
from overheard.checks.scoring import RANGES
from overheard.domain import Answer, Brand, Finish, Model, Prompt, Question, Reading, Reply, Score
from overheard.errors import ProviderFailed, ProviderUnavailable
from overheard.interfaces import Chat, Provider, Scorer, UpdateFeed
from overheard.measure.reading import Reader

ACME, ZENITH = Brand("Acme", domains=("acme.com",)), Brand("Zenith")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXTS = (
    "Acme is good. Zenith is better.",
    "Nobody is named here.",
    " ",
    "Acme \U0001f600 är bra, и Acme хорош. Acmeは良いです。 عربي Acme.",
    "Acme is fine, says everybody who has tried it. " * 2_000,
    "# Acme\n\n| a | b |\n|---|---|\n| Acme | `x` |\n\n<b>Acme</b> [link](https://acme.com)",
)
"""Answers of all sorts: usual, silent, empty, in other scripts, huge, full of markup."""


def question(
    text: str = "Which one? Größe, 大きさ, \U0001f600", model: str = "svc/m-1"
) -> Question:
    """Return a question as a check asks it."""
    return Question(Prompt(text), Model.parse(model))


def readings() -> list[Reading]:
    """Return an answer for each of `TEXTS`, read for the brand Acme beside Zenith."""
    reader = Reader([ACME, ZENITH])
    answers = (Answer(1, question(), Reply(text, Finish.COMPLETE), NOW) for text in TEXTS)
    return [reader.read(answer).reading(ACME, (ZENITH,)) for answer in answers]


async def check_scorer(scorer: Scorer) -> None:
    """Check that a scorer is deterministic, and gives only values of its metrics, in range."""
    assert isinstance(scorer, Scorer), "it lacks a part of a Scorer"
    assert scorer.name, "it has no name"
    assert scorer.version, "it has no version"
    ranges = {metric.name: RANGES[metric.scale] for metric in scorer.metrics}
    for reading in readings():
        scores = await _scores(scorer, reading)
        assert scores == await _scores(scorer, reading), "the same answer gets another score"
        for score in scores:
            assert score.metric in ranges, f"{score.metric} is none of its metrics"
            low, high = ranges[score.metric]
            assert low <= score.value <= high, f"{score.metric} = {score.value} is out of range"


async def _scores(scorer: Scorer, reading: Reading) -> Sequence[Score]:
    result = scorer.score(reading)
    return list(await result if inspect.isawaitable(result) else result)


async def check_provider(provider: Provider, *, model: str = "") -> None:
    """Check that a provider, whose service answers, returns a whole reply and can be cancelled.

    Args:
        provider: Connected to a service that answers, such as one on loopback.
        model: Which of its models; by default the first one.
    """
    assert isinstance(provider, Provider), "it lacks a part of a Provider"
    assert provider.concurrency >= 1, "its concurrency is below 1"
    asked = question(model=f"{provider.name}/{model or provider.models()[0]}")
    reply = await provider.ask(asked, seed=1)
    assert isinstance(reply, Reply), "it returns no Reply"
    assert reply.cost_usd is None or reply.cost_usd >= 0, "its cost is below 0"
    call = asyncio.create_task(provider.ask(asked, seed=1))
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.wait({call}, timeout=5)
    assert call.done(), "it does not heed its cancelling"


async def check_failure(provider: Provider, *, secret: str, model: str = "") -> ProviderFailed:
    """Check that a provider, whose service refuses, says so without its secret.

    Returns:
        What it raised, to look at its kind, `retryable` and `retry_after`.
    """
    try:
        await provider.ask(
            question(model=f"{provider.name}/{model or provider.models()[0]}"), seed=1
        )
    except (ProviderFailed, ProviderUnavailable) as error:
        assert secret not in f"{error}{error!r}{error.__cause__}", "it tells its secret"
        assert isinstance(error, ProviderFailed), "it gives up for good"
        return error
    raise AssertionError("it does not fail when its service does")


async def check_chat(chat: Chat, channel: str) -> None:
    """Check that a chat finds what it posted by its key, and takes cards of any size."""
    assert isinstance(chat, Chat), "it lacks a part of a Chat"
    message = await chat.post(channel, Card("Title", "Text"), key="check-1")
    assert message, "it returns no id"
    found = await chat.find(channel, "check-1")
    assert found in {message, None}, "it finds another message"
    assert await chat.find(channel, "check-2") is None, "it finds what was never posted"
    fields = tuple(
        Field(f"Field {n}", Tainted("@everyone <!channel> *x* " * 400)) for n in range(30)
    )
    await chat.post(channel, Card("T" * 400, "x" * 50_000, fields=fields), key="check-3")


async def check_feed(feed: UpdateFeed) -> None:
    """Check that a feed tells the same twice, with times that have a zone."""
    assert isinstance(feed, UpdateFeed), "it lacks a part of an UpdateFeed"
    since = datetime.now(UTC) - timedelta(days=3_650)
    found = list(await feed.updates(since))
    assert found == list(await feed.updates(since)), "it tells something else each time"
    assert all(update.at.tzinfo for update in found), "a time has no zone"


def check_command(spec: CommandSpec) -> None:
    """Check that a command can be taught and typed."""
    assert spec.summary.endswith("."), "its summary is no sentence"
    assert spec.name == spec.name.lower(), "its name has capitals"
    assert inspect.iscoroutinefunction(spec.run), "its function is not async"
    places = [option for option in spec.options if option.positional]
    assert not any(option.many for option in places[:-1]), "only the last one can take many"


__all__ = [
    "NOW",
    "TEXTS",
    "check_chat",
    "check_command",
    "check_failure",
    "check_feed",
    "check_provider",
    "check_scorer",
    "question",
    "readings",
]
