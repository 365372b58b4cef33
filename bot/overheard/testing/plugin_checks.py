"""The checks for scorers, update feeds, commands and chats; those for providers are apart."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from overheard.cards.card import Action, Card, Field, File, Quote, Table, Tainted
from overheard.cards.command import CommandSpec
from overheard.chat.parser import parse
from overheard.domain import Model, ModelUpdate, Reading, Score
from overheard.interfaces import Chat, Finding, Scorer, UpdateFeed
from overheard.plugins.validation import NOT_A_SCORE, Nonsense, validated_scores
from overheard.testing.fakes import readings

MAX_COMPUTE_S = 1.0
"""Seconds that a scorer may compute for one answer: a check scores thousands."""


async def check_scorer(
    scorer: Scorer, *, others: Iterable[Scorer] = (), seconds: float = MAX_COMPUTE_S
) -> None:
    """Check that a scorer has a name, a version and a metric, is deterministic and quick, and gives
    only values of its metrics, each metric once and in range.

    It is given usual, empty and huge answers, and answers in other scripts, each twice.

    Args:
        scorer: The scorer.
        others: The same scorer with other settings, under which an answer can get another score:
            each needs another version.
        seconds: The CPU time in seconds that one answer may take; waiting for a service does not
            count.

    Raises:
        AssertionError: with the first failure, as a sentence.
    """
    assert isinstance(scorer, Scorer), "it lacks a part of a Scorer"
    assert scorer.name, "it has no name"
    assert scorer.version, "it has no version"
    assert scorer.metrics, "it has no metric"
    versions = [scorer.version, *(other.version for other in others)]
    assert len(set(versions)) == len(versions), "other settings leave its version as it is"
    for reading in readings():
        scores = await _timed_scores(scorer, reading, seconds)
        assert scores == await _timed_scores(scorer, reading, seconds), (
            "the same answer scores otherwise"
        )
        _check_values(scorer, scores)


def _check_values(scorer: Scorer, scores: Sequence[Score]) -> None:
    """Raise AssertionError unless scores are of the scorer's metrics, at most one of each, and
    within the metrics' scales, both ends included.
    """
    scales = {metric.name: metric.scale for metric in scorer.metrics}
    metrics = [score.metric for score in scores]
    assert len(set(metrics)) == len(metrics), "it gives one metric twice"
    for score in scores:
        assert score.metric in scales, f"{score.metric} is none of its metrics"
        scale = scales[score.metric]
        assert scale.low <= score.value <= scale.high, (
            f"{score.metric} = {score.value} is out of range"
        )


async def _timed_scores(scorer: Scorer, reading: Reading, seconds: float) -> Sequence[Score]:
    """Return the validated scores of a reading. The result of an async scorer is awaited.

    Args:
        scorer: The scorer.
        reading: The reading.
        seconds: The largest CPU time of this thread, in seconds; waiting does not count.

    Raises:
        AssertionError: when the scores are invalid, or took longer.
        Exception: as the scorer raises it.
    """
    start_s = time.thread_time()  # only of this thread: other programs do not count
    result = scorer.score(reading)
    returned = list(await result if inspect.isawaitable(result) else result)
    cpu_s = time.thread_time() - start_s
    length = len(reading.answer.reply.text)
    report = f"it computes {cpu_s:.1f} s for an answer of {length:,} characters"
    assert cpu_s <= seconds, f"{report}, and may take {seconds:g} s"
    try:
        scores = validated_scores(returned)
    except Nonsense as nonsense:
        raise AssertionError(str(nonsense)) from None
    assert NOT_A_SCORE not in scores, "it returns what is no Score, or wrong types"
    return scores


_LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)


async def check_feed(feed: UpdateFeed) -> None:
    """Check that a feed returns at least one update, the same ones twice, all with time zones, and
    none from before the time that it is asked for.

    Raises:
        AssertionError: with the first failure, as a sentence.
    """
    assert isinstance(feed, UpdateFeed), "it lacks a part of an UpdateFeed"
    assert feed.name, "it has no name"
    updates = list(await feed.updates(_LONG_AGO))
    assert updates, "it tells of nothing: give it a source with an update"
    assert updates == list(await feed.updates(_LONG_AGO)), "it tells something else each time"
    assert all(isinstance(update, ModelUpdate) for update in updates), "it tells no ModelUpdate"
    assert all(isinstance(update.model, Model) for update in updates), "an update is of no Model"
    assert all(update.at.tzinfo for update in updates), "a time has no zone"
    later = max(update.at for update in updates) + timedelta(seconds=1)
    assert not list(await feed.updates(later)), "it tells what was before the time it is asked for"


def check_command(spec: CommandSpec) -> None:
    """Check the summary, the name, the function, the options and the examples of a command.

    - Its summary ends with a full stop, its name has no capitals, and its function is async.
    - Its options have different names. Of those that are written without a name, the required ones
      come first, and only the last takes several values.
    - Each example is read as this command.

    Raises:
        AssertionError: with the first failure, as a sentence.
    """
    assert spec.summary.endswith("."), "its summary is no sentence"
    assert spec.name == spec.name.lower(), "its name has capitals"
    assert inspect.iscoroutinefunction(spec.run), "its function is not async"
    names = [option.written for option in spec.options]
    assert len(set(names)) == len(names), "two options have one name"
    positional = [option for option in spec.options if option.positional]
    assert not any(option.many for option in positional[:-1]), "only the last one can take many"
    required = [option.required for option in positional]
    assert required == sorted(required, reverse=True), "what is required stands behind what is not"
    for example in spec.examples:
        parsed = parse(example, [spec]).spec
        assert parsed.name == spec.name, f"its example {example!r} is another command"


PINGS = ("@everyone", "@here", "@channel", "@all", "<!channel>", "<@U1>")
"""Texts that notify many people on some platform."""
_STRANGE = Tainted(" ".join(PINGS) + " *x* `y` [z](https://evil.example) " + "long " * 400)
_ACTIONS = tuple(Action(f"alerts show {n}", f"Show {n} " + "x" * 80) for n in range(30))
HUGE = Card(
    "T" * 400,
    "x" * 50_000,
    fields=tuple(Field(f"Field {n} " + "y" * 300, _STRANGE) for n in range(30)),
    table=Table(("A", "B"), tuple((f"{n}", _STRANGE) for n in range(60))),
    quotes=tuple(Quote("svc/m-1", _STRANGE) for _ in range(12)),
    actions=_ACTIONS,
    footer="f" * 3_000,
    more=(Card("More", "z" * 5_000, file=File(b"a,b", "table.csv", "text/csv", "f" * 3_000)),),
)
"""A card beyond every platform's limits."""


async def check_chat(
    chat: Chat,
    channel: str,
    *,
    sent: Callable[[], Sequence[object]],
    longest: int,
    pings: Sequence[str] = PINGS,
) -> None:
    """Check that a chat posts each card once, finds its posts by their keys, edits a post, sends no
    text that is too long or notifies people, and examines itself.

    The channel is empty before and has several messages afterwards.

    Args:
        chat: Connected to a platform on loopback.
        channel: The id of the channel to post to.
        sent: Returns the messages that the platform received so far, as text or JSON; a
            part in which the platform reads no markup may be left out.
        longest: The largest number of characters in any one text of a message.
        pings: Texts that must never reach the platform unescaped; by default the texts that notify
            many people on some platform.

    Raises:
        AssertionError: with the first failure, as a sentence.
    """
    assert isinstance(chat, Chat), "it lacks a part of a Chat"
    assert chat.name, "it has no name"
    await _check_posting(chat, channel, sent)
    await chat.post(channel, HUGE, key="check-3")
    await chat.post(channel, Card("Said", _STRANGE, quotes=HUGE.quotes[:1]), key="check-4")
    for text in _all_texts(sent()):
        assert len(text) <= longest, f"a text of {len(text):,} characters is sent"
        for ping in pings:
            problem = f"{ping}, which a stranger wrote, is sent as it is"
            assert ping not in text, f"{problem}: {text[:200]}"
    findings = await chat.examine([channel])
    assert all(isinstance(finding, Finding) for finding in findings), "it examines otherwise"


async def _check_posting(chat: Chat, channel: str, sent: Callable[[], Sequence[object]]) -> None:
    """Raise AssertionError unless a card becomes one message, each of two posts is found by its key
    and no other, and the first can be edited by its id.

    Args:
        chat: The chat.
        channel: The id of the channel to post to.
        sent: Returns the messages that the platform received so far; none before this check.
    """
    message = await chat.post(channel, Card("Title", "Text"), key="check-1")
    assert message, "it returns no id"
    assert len(sent()) == 1, f"one card became {len(sent())} messages"
    assert any("Title" in text for text in _all_texts(sent())), "the title is not sent"
    assert await chat.find(channel, "check-1") == message, "it does not find what it posted"
    assert await chat.find(channel, "check-2") is None, "it finds what was never posted"
    second = await chat.post(channel, Card("Other"), key="check-2")
    assert await chat.find(channel, "check-2") == second, "it does not find its second post"
    assert await chat.find(channel, "check-1") == message, "a second post hides the first"
    await chat.edit(channel, message, Card("Edited"))  # a chat edits by the id, without a search


def _all_texts(sent: object) -> Iterator[str]:
    """Yield each text in the sent messages, at any depth of their JSON; keys, bytes and numbers are
    left out.
    """
    if isinstance(sent, str):
        yield sent
    elif isinstance(sent, Mapping):
        for value in sent.values():
            yield from _all_texts(value)
    elif isinstance(sent, Sequence) and not isinstance(sent, bytes):
        for item in sent:
            yield from _all_texts(item)
