"""One call of a provider: each exception and each reply becomes an answer, usable or failed.

`checked_reply` decides whether a reply holds a usable answer: one without visible text has failed,
one in another language is marked. `CallCounters` count calls, tokens and US dollars for Prometheus.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import astuple, replace
from functools import cached_property
from typing import TYPE_CHECKING

from overheard.domain import (
    COMPLETE,
    FOLLOW_UP,
    FREE,
    Answer,
    FailureKind,
    Finish,
    Model,
    Question,
    Reply,
    Run,
    Usage,
    UsualUsage,
)
from overheard.domain.models import has_visible_text
from overheard.errors import OverheardError, PluginPaused, ProviderFailed, ProviderUnavailable
from overheard.interfaces import Clock, Provider
from overheard.plugins import GuardedProvider, remedy_of
from overheard.plugins.validation import Nonsense, validated_reply
from overheard.reading.language import is_foreign
from overheard.runs.budget import CHARACTERS_A_TOKEN, TYPICAL, Tariff
from overheard.telemetry import traced

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

CALL_TIMEOUT_S = 600.0
"""Seconds after which a call without a reply is given up."""

EMPTY_ANSWER = "returned an empty answer; try again later."
"""The problem with an answer without visible text, behind the name of the provider."""
NO_ANSWER = Reply("", Finish.FAILED)
ESTIMATE_NOTE = "What an answer to it usually costs is counted, since it may be billed."
LATENCY_BUCKETS_S = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
ANSWERED, CUT, FAULT = "answered", "cut", "fault"
"""How a call may end, in addition to the failures that a provider reports (`FailureKind`): with an
answer that can be scored, with one that cannot, or by a fault in the provider's plugin.
"""


class ProviderCall:
    """One call of a provider.

    Attributes:
        begun: When the call began, on the event loop's monotonic clock.
        ended: When the call ended, on the same clock.
        unread: Whether the plugin broke at the call: the service may charge it, whatever it
            replied.
    """

    def __init__(self, provider: Provider, question: Question, run: Run, clock: Clock) -> None:
        """Note the present time as the call's begin; `make` makes the call."""
        self.begun = self.ended = asyncio.get_running_loop().time()
        self._provider = provider
        self._question = question
        self._run = run
        self._asked_at = clock.now()
        self._earlier = list[Reply]()
        self.unread = False

    @traced("ask", lambda call: {"overheard.model": str(call.model)})
    async def make(self) -> tuple[Answer, ProviderFailed | None]:
        """Call the provider, over the network, for at most `CALL_TIMEOUT_S` seconds.

        Returns:
            The answer, not stored, and a failure. The failure is what the provider reported, or
            that the call timed out; the answer then has no text and the failure as its error.
            Otherwise the failure is None: also after a fault of the plugin, which is only the
            answer's error.

        Raises:
            CancelledError: when this task is cancelled; see `cut_off`.
            ProviderUnavailable: as the provider raises it at the first turn; at a later one it is a
                failure.
        """
        try:
            reply, error = await self._reply()
        except ProviderFailed as failure:
            return self._answer(NO_ANSWER, str(failure)), failure
        return self._answer(reply, error), None

    def cut_off(self) -> tuple[Answer, ProviderFailed]:
        """Return the answer, without text, and the failure of a call that was cancelled under way;
        it is ambiguous, because the service may charge the call.
        """
        failure = ProviderFailed(
            model=self.model,
            reason="the call was cut off before its answer arrived.",
            ambiguous=True,
        )
        return self._answer(NO_ANSWER, str(failure)), failure

    def _answer(self, reply: Reply, error: str) -> Answer:
        """Return the answer of the call, which ends now, with what was answered to earlier turns;
        ``error`` is a sentence or empty.
        """
        if self._earlier:
            replies = (*self._earlier, reply)
            costs = [one.cost_usd for one in replies if one is not NO_ANSWER]
            cost = None if None in costs else sum(filter(None, costs))
            usage = Usage(*map(sum, zip(*(astuple(one.usage) for one in replies), strict=True)))
            texts = tuple(one.text for one in self._earlier)
            reply = replace(reply, usage=usage, cost_usd=cost, earlier=texts)
        self.ended = asyncio.get_running_loop().time()
        latency = self.ended - self.begun
        return Answer(self._run.id, self._question, reply, self._asked_at, latency, error)

    @property
    def model(self) -> Model:
        """The model that is asked."""
        return self._question.model

    async def _reply(self) -> tuple[Reply, str]:
        """Call the provider, and return the reply with its problem as a sentence; empty without a
        problem.

        A fault of the plugin (another error, an invalid reply, a cancelled call of its own) gives
        `NO_ANSWER` and the fault as the problem. It sets `unread`, unless the plugin was paused or
        has cancelled its call.
        """
        seed = sampling_seed(self._run, self._question)
        deadline = asyncio.timeout(CALL_TIMEOUT_S)
        try:
            async with deadline:
                reply = await self._conversation(seed)
        except ProviderFailed:
            raise
        except ProviderUnavailable as error:
            if self._earlier:  # which may have a cost, that is stored with the answer
                raise ProviderFailed(model=self.model, reason=str(error)) from error
            raise
        except OverheardError as failure:
            self.unread = not isinstance(failure, PluginPaused)
            return NO_ANSWER, str(failure)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling() > 0:
                raise
            return NO_ANSWER, self._fault("it cancels its own call")
        except (Exception, SystemExit) as failure:  # its text may contain a secret
            if deadline.expired():
                raise self._timeout_failure() from None
            self.unread = True
            return NO_ANSWER, self._fault(type(failure).__name__)
        if isinstance(self._provider, GuardedProvider):  # it has validated the reply
            return _with_problem(reply, self._question)
        checked = checked_reply(reply, self._question, remedy_of(self._provider))
        self.unread = checked[0] is NO_ANSWER
        return checked

    async def _conversation(self, seed: int) -> Reply:
        """Ask the turns of the question, each with what was said before, until one has no whole
        answer; return the last reply.
        """
        question, turns = self._question, self._question.prompt.turns
        if FOLLOW_UP not in question.prompt.text or question.limit:  # judges quote any text
            return await self._provider.ask(question, seed=seed)
        while True:
            turn = turns[len(self._earlier)]
            asked = replace(question, prompt=replace(question.prompt, text=turn))
            reply = await self._provider.ask(asked, seed=seed)
            if len(self._earlier) == len(turns) - 1 or reply.finish not in COMPLETE:
                return reply
            self._earlier.append(reply)
            question = replace(question, said=(*question.said, turn, reply.text))

    def _fault(self, what: str) -> str:
        return fault(self._provider.name, what, remedy_of(self._provider))

    def _timeout_failure(self) -> ProviderFailed:
        """Return the failure of a call that timed out; it is ambiguous, because the service may
        charge the call.
        """
        return ProviderFailed(
            model=self._question.model,
            reason=f"it gave no sign of life for {CALL_TIMEOUT_S:.0f} s; try again later.",
            kind=FailureKind.TIMEOUT,
            ambiguous=True,
        )


def with_estimated_cost(
    answer: Answer,
    failure: ProviderFailed | None,
    tariff: Tariff,
    usual: Mapping[Model, UsualUsage] | None = None,
    *,
    unread: bool = False,
) -> Answer:
    """Return an answer with an estimated cost if the service may bill it without a reported cost.

    - A call that may be billed although its reply is missing (an ambiguous failure, such as a
      timeout or a lost connection; a malformed reply; ``unread``) gets its usual cost, and its
      error ends with `ESTIMATE_NOTE`.
    - Any other failure is not billed: the answer is returned unchanged, but for earlier turns
      without a cost, which get the price of their usage.
    - A reply with a cost other than 0 is returned unchanged, and so is each reply of a model that
      is free or has no price.
    - A reply with the cost 0 and reported usage gets the price of that usage: a provider may report
      0 for what it does not know.
    - Any other reply gets the price of an answer with a text of its length, and at least its
      usual cost: a model may have thought at length before a short answer.

    An answer whose estimate is 0, such as for an unknown price, is returned unchanged.

    Args:
        failure: The failure that the provider reported, or None.
        tariff: What calls of the model cost.
        usual: The mean usage of the model's answers so far, by model.
        unread: Whether the plugin broke at the call, so that the reply could not be read.
    """
    question, reply = answer.question, answer.reply
    prompt, model, limit = question.prompt, question.model, question.limit
    if unread or (failure and (failure.ambiguous or failure.kind is FailureKind.MALFORMED)):
        size, note = TYPICAL, f" {ESTIMATE_NOTE}"
    elif failure and not reply.earlier:
        return answer
    else:
        price = tariff.price
        if price is None or price == FREE or reply.cost_usd:
            return answer
        if (failure or reply.cost_usd == 0) and reply.usage.input_tokens:
            return replace(answer, reply=replace(reply, cost_usd=price.cost(reply.usage)))
        size = replace(TYPICAL, answer=round(len(reply.text) / CHARACTERS_A_TOKEN))
        note = ""
    estimated_usd = max(
        reply.cost_usd or 0.0,  # of earlier turns
        tariff.cost(prompt, size, answer_limit=limit),
        tariff.cost(prompt, TYPICAL, answer_limit=limit)
        if limit
        else tariff.usual_cost(prompt, (usual or {}).get(model)),
    )
    if not estimated_usd:
        return answer
    reply = replace(reply, cost_usd=estimated_usd)
    return replace(answer, reply=reply, error=f"{answer.error}{note}")


def checked_reply(given: object, question: Question, remedy: str) -> tuple[Reply, str]:
    """Return the validated reply of a provider, and the problem with it as a sentence, empty
    without a problem.

    An invalid reply becomes `NO_ANSWER`. A complete reply without visible text gets the finish
    FAILED and a problem; one in another language than the prompt's gets FOREIGN and no problem.

    Args:
        remedy: What people can do about a fault of the provider, as a clause.
    """
    provider = question.model.provider
    try:
        reply = validated_reply(given)
    except Nonsense as nonsense:
        return NO_ANSWER, fault(provider, str(nonsense), remedy)
    return _with_problem(reply, question)


def _with_problem(reply: Reply, question: Question) -> tuple[Reply, str]:
    """Return a reply, and the problem with it as a sentence, empty without a problem.

    - A complete reply without visible text gets the finish FAILED, because it would look as if no
      brand were named.
    - A complete reply in another language than the prompt's gets the finish FOREIGN; that is no
      problem.
    - A reply with the finish FAILED has the problem that the answer is empty.
    """
    if reply.finish in COMPLETE and not has_visible_text(reply.text):
        reply = replace(reply, finish=Finish.FAILED)
    if reply.finish in COMPLETE and is_foreign(reply.text, question.prompt.language):
        return replace(reply, finish=Finish.FOREIGN), ""
    if reply.finish is Finish.FAILED:
        return reply, f"{question.model.provider} {EMPTY_ANSWER}"
    return reply, ""


def fault(provider: str, what: str, remedy: str) -> str:
    """Return the sentence on a provider that violates its protocol. ``what`` names the violation,
    ``remedy`` what people can do.
    """
    return f"The provider {provider} fails ({what}); {remedy}."


def sampling_seed(run: Run, question: Question) -> int:
    """Return the seed of a call, from 0 to 2**31 - 1, which is the same when a run is resumed.

    The seed depends on the panel's seed (0 without a panel), the prompt and the repeat. It does not
    depend on the model, so that differences between answers are due to the models.
    """
    base = 0 if run.panel is None else run.panel.seed
    asked = (base, question.prompt.key, question.repeat)
    digest = hashlib.blake2b(repr(asked).encode(), digest_size=4).digest()
    return int.from_bytes(digest) >> 1


class CallCounters:
    """Counts calls, retries, latency and dollars by provider, as Prometheus metrics."""

    @property
    def registry(self) -> CollectorRegistry:
        """The metrics, for the exposition."""
        return self._metrics.registry

    def called(self, answer: Answer, failure: ProviderFailed | None = None) -> None:
        """Count a call that ended."""
        self._count_ended(answer, failure)
        self._metrics.latency.labels(answer.question.model.provider).observe(answer.latency)

    def collected(self, answers: Iterable[Answer]) -> None:
        """Count the answers of a batch; the hours of waiting are not observed as latency."""
        for answer in answers:
            self._count_ended(answer, None)

    def retried(self, provider: str) -> None:
        """Count a retry."""
        self._metrics.retries.labels(provider).inc()

    def _count_ended(self, answer: Answer, failure: ProviderFailed | None) -> None:
        provider = answer.question.model.provider
        self._metrics.asks.labels(provider, _outcome_label(answer, failure)).inc()
        self._metrics.spend.labels(provider).inc(answer.reply.cost_usd or 0.0)

    @cached_property
    def _metrics(self) -> _Metrics:
        return _Metrics()


class _Metrics:
    """The Prometheus metrics, created when the first call is counted: prometheus_client is slow to
    import.
    """

    def __init__(self) -> None:
        """Create the counters and the histogram by provider, in a registry of their own."""
        from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

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


def _outcome_label(answer: Answer, failure: ProviderFailed | None) -> str:
    """Return how a call ended, as the label of its Prometheus metric.

    That is the kind of failure that the provider reported (``rate_limit``), `FAULT` for an answer
    with another error, `ANSWERED` for a complete answer, or `CUT` for an incomplete one.
    """
    if failure:
        return failure.kind.value.replace(" ", "_")
    if answer.error:
        return FAULT
    return ANSWERED if answer.complete else CUT
