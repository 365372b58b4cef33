"""One call into a provider: whatever it raises or returns becomes an answer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from overheard.domain import COMPLETE, Answer, FailureKind, Finish, Model, Question, Reply, Run
from overheard.errors import OverheardError, ProviderFailed, ProviderUnavailable
from overheard.interfaces import Clock, Provider
from overheard.plugins import GuardedProvider, remedy_of
from overheard.plugins.validate import Nonsense, validated_reply
from overheard.reading.languages import is_foreign
from overheard.runs.budget import CHARACTERS_A_TOKEN, TYPICAL, call_cost
from overheard.telemetry import traced

CALL_TIMEOUT_S = 600.0
"""Seconds after which a provider that gives no sign of life is given up for one call."""

NO_ANSWER = Reply("", Finish.FAILED)
RECKONED = "What an answer to it usually costs is counted, since it may be billed."


class Call:
    """A call to be made.

    Args:
        provider: Who is called.
        question: What is asked.
        run: For which run.
        clock: Says when the call began.

    Attributes:
        begun: When it began, on the event loop's clock, which never jumps.
        ended: When it ended.
    """

    def __init__(self, provider: Provider, question: Question, run: Run, clock: Clock) -> None:
        self.begun = self.ended = asyncio.get_running_loop().time()
        self._provider = provider
        self._question = question
        self._run = run
        self._asked_at = clock.now()

    @traced("ask", lambda call: {"overheard.model": str(call.model)})
    async def make(self) -> tuple[Answer, ProviderFailed | None]:
        """Call, and return the answer, and how the call failed when the provider says so.

        Raises:
            ProviderUnavailable: when it cannot be used at all.
        """
        reply, error, failure = NO_ANSWER, "", None
        try:
            reply, error = await self._reply()
        except ProviderFailed as known:
            error, failure = str(known), known
        self.ended = asyncio.get_running_loop().time()
        latency = self.ended - self.begun
        answer = Answer(self._run.id, self._question, reply, self._asked_at, latency, error)
        return answer, failure

    @property
    def model(self) -> Model:
        """Who is asked."""
        return self._question.model

    async def _reply(self) -> tuple[Reply, str]:
        """Return a reply, and what is wrong with it."""
        seed = sampling_seed(self._run, self._question)
        deadline = asyncio.timeout(CALL_TIMEOUT_S)
        try:
            async with deadline:
                given = await self._provider.ask(self._question, seed=seed)
        except (ProviderFailed, ProviderUnavailable):
            raise
        except OverheardError as failure:
            return NO_ANSWER, str(failure)
        except asyncio.CancelledError:
            if _is_being_cancelled():
                raise
            return NO_ANSWER, self._fault("it cancels its own call")
        except (Exception, SystemExit) as failure:  # its text may hold a secret: its kind is told
            if deadline.expired():
                raise self._silence() from None
            return NO_ANSWER, self._fault(type(failure).__name__)
        if isinstance(self._provider, GuardedProvider):  # it has validated the reply
            return _scorable(given, self._question)
        return judged(given, self._question, remedy_of(self._provider))

    def _fault(self, what: str) -> str:
        return fault(self._provider.name, what, remedy_of(self._provider))

    def _silence(self) -> ProviderFailed:
        return ProviderFailed(
            model=self._question.model,
            reason=f"it gave no sign of life for {CALL_TIMEOUT_S:.0f} s; try again later.",
            kind=FailureKind.TIMEOUT,
            ambiguous=True,
        )


def reckoned(
    answer: Answer, failure: ProviderFailed | None, providers: Mapping[str, Provider]
) -> Answer:
    """Return an answer with an estimated cost where the service may bill it and does not say what.

    That is so for an answer without usage, one that cannot be read, and a call that timed out or
    broke off after the question was sent.
    """
    question, reply = answer.question, answer.reply
    size, told = TYPICAL, ""
    if failure is None:
        if reply.cost_usd is not None or answer.error:
            return answer
        size = replace(TYPICAL, answer=round(len(reply.text) / CHARACTERS_A_TOKEN))
    elif failure.ambiguous or failure.kind is FailureKind.MALFORMED:
        told = f" {RECKONED}"
    else:
        return answer
    usual = call_cost(question.prompt, question.model, providers, size)
    if not usual:
        return answer
    return replace(answer, reply=replace(reply, cost_usd=usual), error=f"{answer.error}{told}")


def judged(given: object, question: Question, remedy: str) -> tuple[Reply, str]:
    """Return what a provider gave as a reply, and what is wrong with it as a sentence.

    Args:
        given: What it gave.
        question: What it was asked.
        remedy: What to do about a fault of it.
    """
    provider = question.model.provider
    try:
        reply = validated_reply(given)
    except Nonsense as nonsense:
        return NO_ANSWER, fault(provider, str(nonsense), remedy)
    return _scorable(reply, question)


def _scorable(reply: Reply, question: Question) -> tuple[Reply, str]:
    """Return a reply, marked where its language is not the prompt's, and why it is none."""
    if reply.finish in COMPLETE and is_foreign(reply.text, question.prompt.language):
        return replace(reply, finish=Finish.FOREIGN), ""
    empty = reply.finish is Finish.FAILED
    empty_answer = f"{question.model.provider} returned an empty answer; try again later."
    return reply, empty_answer if empty else ""


def fault(provider: str, what: str, remedy: str) -> str:
    """Say that a provider does what it must not."""
    return f"The provider {provider} fails ({what}); {remedy}."


def sampling_seed(run: Run, question: Question) -> int:
    """Return a seed for a call, the same when a run is taken up again.

    Each prompt and repeat has its own, and all models have the same: what differs between their
    answers is then due to them.
    """
    base = run.panel.seed if run.panel else 0
    asked = (base, question.prompt.key, question.repeat)
    digest = hashlib.blake2b(repr(asked).encode(), digest_size=4).digest()
    return int.from_bytes(digest) >> 1


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

LATENCY_BUCKETS_S = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
ANSWERED, CUT, FAULT = "answered", "cut", "fault"
"""How a call may end, in addition to the failures that a provider reports (`FailureKind`): with an
answer that can be scored, with one that cannot, or by a fault in the provider's plugin.
"""


class CallCounters:
    """Counts calls by provider."""

    @property
    def registry(self) -> CollectorRegistry:
        """The metrics, for the exposition."""
        return self._metrics.registry

    def called(self, answer: Answer, failure: ProviderFailed | None = None) -> None:
        """Count a call that ended."""
        self._ended(answer, failure)
        self._metrics.latency.labels(answer.question.model.provider).observe(answer.latency)

    def collected(self, answers: Iterable[Answer]) -> None:
        """Count answers of a batch, whose hours are no latency."""
        for answer in answers:
            self._ended(answer, None)

    def retried(self, provider: str) -> None:
        """Count a call that is made again."""
        self._metrics.retries.labels(provider).inc()

    def _ended(self, answer: Answer, failure: ProviderFailed | None) -> None:
        provider = answer.question.model.provider
        self._metrics.asks.labels(provider, _outcome(answer, failure)).inc()
        self._metrics.spend.labels(provider).inc(answer.reply.cost_usd or 0.0)

    @cached_property
    def _metrics(self) -> _Metrics:
        return _Metrics()


class _Metrics:
    """The metrics, made when the first call is counted: prometheus_client is slow to import."""

    def __init__(self) -> None:
        from prometheus_client import (
            CollectorRegistry,
            Counter,
            Histogram,
            disable_created_metrics,
        )

        disable_created_metrics()  # type: ignore[no-untyped-call]
        own = self.registry = CollectorRegistry()  # several deployments may be open in a process
        by = ["provider"]
        self.asks = Counter(
            "overheard_asks",
            "Calls to providers, by how they ended.",
            ["provider", "outcome"],
            registry=own,
        )
        self.latency = Histogram(
            "overheard_ask_duration_seconds",
            "How long calls to providers took.",
            by,
            buckets=LATENCY_BUCKETS_S,
            registry=own,
        )
        self.retries = Counter(
            "overheard_ask_retries", "Calls that were made again.", by, registry=own
        )
        self.spend = Counter("overheard_spend_dollars", "What answers cost.", by, registry=own)


def _outcome(answer: Answer, failure: ProviderFailed | None) -> str:
    if failure:
        return failure.kind.value.replace(" ", "_")
    if answer.error:
        return FAULT
    return ANSWERED if answer.complete else CUT
