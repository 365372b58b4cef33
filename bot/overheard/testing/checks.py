"""The checks for each kind of plugin: scorers, update feeds, commands, chats and providers."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf

from overheard.cards.card import Action, Card, Field, File, Quote, Table, Tainted
from overheard.cards.command import CommandSpec, Option
from overheard.chat.parser import parse
from overheard.domain import (
    FailureKind,
    Finish,
    Model,
    ModelUpdate,
    Question,
    Reading,
    Reply,
    Score,
)
from overheard.errors import OverheardError, ProviderFailed, ProviderUnavailable
from overheard.interfaces import Chat, Conversation, Finding, Form, Provider, Scorer, UpdateFeed
from overheard.plugins.validation import NOT_A_SCORE, Nonsense, validated_scores
from overheard.testing.fakes import ASKED, question, readings
from overheard.testing.service import Document, Reaction, Service

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
    """Return the validated scores of a reading. The result of an async scorer is awaited."""
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


async def check_conversation(
    conversation: Conversation, *, sent: Callable[[], Sequence[object]]
) -> None:
    """Check the conversation that a chat makes of a request: it says whether it has forms, shows a
    card, shows a later one in its place, shows one to a single person, and opens a form if it has
    forms.

    Args:
        conversation: What the chat passes to `Desk.serve` with a request that was sent to it.
        sent: Returns the messages and forms that the platform received so far, as text or JSON.

    Raises:
        AssertionError: with the first failure, as a sentence.
    """
    for name in ("forms", "show", "open_form"):
        assert hasattr(conversation, name), f"its conversations lack {name}"
    assert isinstance(conversation.forms, bool), "forms is neither True nor False"
    for card, private in ((Card("First"), False), (Card("Later"), False), (Card("Secret"), True)):
        await conversation.show(card, private=private)
        texts = list(_all_texts(sent()))
        assert any(card.title in text for text in texts), f"the card {card.title} is not sent"
    if conversation.forms:
        before = len(sent())
        await conversation.open_form(Form(_FORM_COMMAND, "Add", {"name": "Acme"}))
        assert len(sent()) > before, "a form that is opened is not sent"


async def _unused(_: object) -> Card:
    return Card("unused")


_FORM_COMMAND = CommandSpec(
    "check add", "Add one.", _unused, (Option("name", "Its name.", required=True),)
)


async def _check_posting(chat: Chat, channel: str, sent: Callable[[], Sequence[object]]) -> None:
    """Raise AssertionError unless a card becomes one message, each of two posts is found by its key
    and no other, and the first can be edited by its id.
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


KEY = "sk-check-0123456789-secret"
ANSWER = "Acme \U0001f600 är bra. Acmeは良いです。"
LONG_TIMEOUT_S, SHORT_TIMEOUT_S = 30.0, 0.5
"""Time-outs of a provider: for a service that answers, and for a silent service."""
REACTION_TIMEOUT_S = 5.0
"""Seconds within which it must notice a time-out or heed its cancelling."""
POLL_INTERVAL_S = 0.01
"""Seconds between two looks whether the service has received a request."""

Make = Callable[[str, str, float], Provider]
"""From a service's address, the key for it and the seconds to wait for an answer to a provider."""
Answer = Callable[[str], Document | str | Reaction]
"""From the text of an answer to what the service sends."""


async def check_provider(provider: Provider, *, model: str = "") -> None:
    """Check that a provider with a working service returns a reply and can be cancelled.

    It asks two questions. The cost of the reply is None or a sum of US dollars, 0 or more; None
    fails when the provider states a price and reports billed tokens.

    Args:
        provider: A provider whose service answers, or that needs no service.
        model: The id of the model to ask; by default the first model.

    Raises:
        AssertionError: with the first failure, as a sentence.
    """
    question = _question(provider, model)
    assert provider.concurrency >= 1, "its concurrency is below 1"
    reply = await provider.ask(question, seed=1)
    assert isinstance(reply, Reply), "it returns no Reply"
    cost, price = reply.cost_usd, provider.price(question.model.name)
    assert cost is None or 0 <= cost < inf, "its cost is no sum of dollars"
    billed = reply.usage.input_tokens + reply.usage.output_tokens > 0
    assert cost is not None or price is None or not billed, "it knows the price and tells no cost"
    await _check_cancelling(provider, question)


async def check_failure(provider: Provider, *, secret: str, model: str = "") -> ProviderFailed:
    """Check that a provider whose service refuses a question raises `ProviderFailed` with a message
    of one line that does not contain the secret.

    Args:
        provider: A provider whose service refuses.
        secret: Text that no message may contain, such as the key.
        model: The id of the model to ask; by default the first model.

    Returns:
        The raised error, for checks of its kind, `retryable` and `retry_after`.

    Raises:
        AssertionError: with the first failure, as a sentence.
    """
    error = await _raised_error(provider, _question(provider, model), secret)
    assert isinstance(error, ProviderFailed), "it gives up for good"
    return error


async def check_hosted_provider(
    make: Make, service: Service, *, answer: Answer, cut: Answer | None = None
) -> None:
    """Check a provider that asks over the network against all reactions of a service.

    The provider must send each question once, with every character; distinguish answers that are
    whole, cut, empty or unreadable; report when to ask again after a rate limit (429); raise the
    right error when a service fails, hangs up, refuses the key or is silent; stop when cancelled;
    and show its key in no message.

    Args:
        make: Makes a provider from the service's address, the key and the timeout in seconds.
        service: The service on loopback, as the fixture `overheard_service` returns it.
        answer: Returns the vendor's response for a whole answer with some text: a document is sent
            as JSON, a text as an event stream (SSE).
        cut: Returns the vendor's response for an answer that was cut, such as at the token limit;
            None to leave out that check.

    Raises:
        AssertionError: with the first failure, as a sentence.
    """
    trial = _Trial(make, service, answer)
    await _check_whole(trial)
    if cut:
        await _check_not_whole(trial, _reaction(cut(ANSWER)), "an answer that was cut")
    await _check_not_whole(trial, _reaction(answer("")), "an empty answer")
    for fault in FAULTS:
        await _check_fault(trial, fault)
    await _check_silence(trial)


@dataclass(frozen=True)
class _Trial:
    make: Make
    service: Service
    answer: Answer

    @asynccontextmanager
    async def asking(
        self, reaction: Reaction, timeout_s: float = LONG_TIMEOUT_S
    ) -> AsyncIterator[_Ready]:
        """Provide a new provider, and a question for it, within the block; close the provider
        afterwards. The calls that the service has recorded before are forgotten.

        Args:
            reaction: The service's reaction to every call.
            timeout_s: The provider's timeout, in seconds.
        """
        self.service.reactions = [reaction]
        self.service.calls.clear()
        provider = self.make(self.service.url, KEY, timeout_s)
        try:
            yield _Ready(provider, _question(provider))
        finally:
            await provider.close()

    @property
    def times(self) -> int:
        """How often the question was asked."""
        return sum(ASKED in call.text for call in self.service.calls)


@dataclass(frozen=True)
class _Ready:
    provider: Provider
    question: Question


@dataclass(frozen=True)
class _Fault:
    """A failure of a service, and the errors that a provider may raise for it.

    Attributes:
        what: The failure in words, for messages.
        reaction: The reaction of the service.
        kinds: The kinds of error that are right.
        retryable: The right value of the error's `retryable`; None when both are right.
        wait: The seconds that the service asks to wait for, or None.
    """

    what: str
    reaction: Reaction
    kinds: frozenset[FailureKind] = frozenset(FailureKind)
    retryable: bool | None = None
    wait: float | None = None


_ERROR_BODY = {"error": {"message": f"Refused: {KEY}", "type": "error", "code": "error"}}
FAULTS = (
    _Fault(
        "asked too often (429)",
        Reaction(_ERROR_BODY, 429, {"Retry-After": "7"}),
        frozenset({FailureKind.RATE_LIMIT}),
        retryable=True,
        wait=7.0,
    ),
    _Fault(
        "broken (500)", Reaction(_ERROR_BODY, 500), frozenset({FailureKind.SERVER}), retryable=True
    ),
    _Fault(
        "refusing the key (401)", Reaction(_ERROR_BODY, 401), frozenset({FailureKind.AUTH}), False
    ),
    _Fault("refusing the question (400)", Reaction(_ERROR_BODY, 400), retryable=False),
    _Fault("no JSON", Reaction(b"<html>Busy</html>", content_type="text/html")),
    _Fault("hanging up", Reaction(hang_up=True)),
)


async def _check_whole(trial: _Trial) -> None:
    """Raise AssertionError unless a whole answer arrives as complete and with every character, its
    question is sent once, the provider's repr reveals no key, and `check_provider` passes.
    """
    async with trial.asking(_reaction(trial.answer(ANSWER))) as ready:
        reply = await ready.provider.ask(ready.question, seed=1)
        assert reply.finish is Finish.COMPLETE, f"a whole answer is {reply.finish}"
        assert reply.text == ANSWER, f"the answer {ANSWER!r} arrives as {reply.text!r}"
        assert trial.times == 1, f"the question was sent as it is {trial.times} times, and not once"
        assert KEY not in repr(ready.provider), "its repr reveals its key"
        await check_provider(ready.provider)


async def _check_not_whole(trial: _Trial, reaction: Reaction, description: str) -> None:
    """Raise AssertionError when an incomplete answer is reported as complete; another finish and
    the error `ProviderFailed` are both right.
    """
    async with trial.asking(reaction) as ready:
        try:
            reply = await ready.provider.ask(ready.question, seed=1)
        except ProviderFailed:
            return
        assert reply.finish is not Finish.COMPLETE, f"{description} passes for a whole one"


async def _check_fault(trial: _Trial, fault: _Fault) -> None:
    """Raise AssertionError unless the provider sends at most one request when the service has a
    fault, and raises the error that belongs to the fault, without the key in its message.

    The right error is a ProviderFailed of one of the fault's kinds, with its `retryable` and the
    seconds of its `retry_after` where the fault states them. A ProviderUnavailable, by which the
    provider gives up for good, is right where a refused key would be.
    """
    async with trial.asking(fault.reaction) as ready:
        error = await _raised_error(ready.provider, ready.question, KEY, f" when {fault.what}")
        assert trial.times <= 1, f"it asks again by itself when {fault.what}"
        if isinstance(error, ProviderUnavailable):
            assert FailureKind.AUTH in fault.kinds, f"it gives up for good when {fault.what}"
            return
        assert error.kind in fault.kinds, f"{fault.what} is reported as {error.kind}"
        if fault.retryable is not None:
            report = f"{fault.what} is reported as retryable = {error.retryable}"
            assert error.retryable == fault.retryable, report
        if fault.wait is not None:
            report = f"the service says to wait for {fault.wait:g} s, and it reports"
            assert error.retry_after == fault.wait, f"{report} {error.retry_after}"


async def _check_silence(trial: _Trial) -> None:
    """Raise AssertionError unless a service that takes a request and never replies becomes a
    failure of the kind TIMEOUT within `REACTION_TIMEOUT_S` (the provider's own time-out is
    `SHORT_TIMEOUT_S`), and a request to it ends when it is cancelled.
    """
    silent = Reaction(silent=True)
    async with trial.asking(silent, SHORT_TIMEOUT_S) as ready:
        try:
            async with asyncio.timeout(REACTION_TIMEOUT_S):
                error = await _raised_error(ready.provider, ready.question, KEY, " when silent")
        except TimeoutError:
            raise AssertionError("it does not heed its time-out") from None
        assert isinstance(error, ProviderFailed), "it gives up for good when silent"
        assert error.kind is FailureKind.TIMEOUT, f"a time-out is reported as {error.kind}"
    async with trial.asking(silent) as ready:
        await _check_cancelling(ready.provider, ready.question, trial)


async def _check_cancelling(
    provider: Provider, question: Question, trial: _Trial | None = None
) -> None:
    """Raise AssertionError unless a cancelled request ends within `REACTION_TIMEOUT_S`."""
    call = asyncio.create_task(provider.ask(question, seed=1))
    await asyncio.sleep(0)
    while trial and not trial.times and not call.done():  # noqa: ASYNC110 - the service has a thread
        await asyncio.sleep(POLL_INTERVAL_S)
    call.cancel()
    await asyncio.wait({call}, timeout=REACTION_TIMEOUT_S)
    assert call.done(), "it does not heed its cancelling"
    assert call.cancelled() or trial is None, "it swallows its cancelling"


async def _raised_error(
    provider: Provider, question: Question, secret: str, when: str = ""
) -> ProviderFailed | ProviderUnavailable:
    """Ask a question, and return the error that the provider raises, its message checked."""
    try:
        await provider.ask(question, seed=1)
    except (ProviderFailed, ProviderUnavailable) as error:
        _check_sentence(error, secret)
        return error
    except Exception as error:
        problem = f"it raises {type(error).__name__} and no ProviderFailed{when}"
        raise AssertionError(problem) from error
    raise AssertionError(f"it does not fail when its service does{when and f':{when}'}")


def _check_sentence(error: OverheardError, secret: str) -> None:
    """Raise AssertionError when an error or one of its causes contains the secret in its text, its
    repr or its details, or when its message has several lines.
    """
    texts = [str(error), repr(error), str(error.details)]
    cause: BaseException | None = error.__cause__
    while cause:
        texts += [str(cause), repr(cause)]
        cause = cause.__cause__
    assert not any(secret in text for text in texts), "it reveals its secret"
    assert "\n" not in str(error), "its error is more than one line"


def _question(provider: Provider, model: str = "") -> Question:
    assert isinstance(provider, Provider), "it lacks a part of a Provider"
    return question(model=f"{provider.name}/{model or provider.models()[0]}")


def _reaction(sent: Document | str | Reaction) -> Reaction:
    if isinstance(sent, str):
        return Reaction(sent.encode(), content_type="text/event-stream")
    return sent if isinstance(sent, Reaction) else Reaction(sent)
